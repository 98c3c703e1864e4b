#include "schemas/codec/history_event.h"

#include "asl/value.h"
#include "schemas/history_events.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ARENA_BYTES_MAX ((size_t)4 * 1024 * 1024)

static struct history_event event_of(enum history_event_type type)
{
    struct history_event event;
    record_init(RECORD_history_event, &event);
    event.type = history_event_type_name(type);
    event.id = 2;
    event.timestamp = 1763880016123999;
    return event;
}

#define HEAD(type) "{\"timestamp\":1763880016.123,\"type\":\"" type "\",\"id\":2,\"previousEventId\":0"

static void expect(struct arena *arena, const struct history_event *event, const char *text)
{
    struct buffer buffer = buffer_in(arena);
    assert_int_equal(history_event_to_aws(&buffer, event), STATUS_OK);
    print_message("%.*s\n", STR_ARGS(buffer_text(&buffer)));
    assert_true(str_equal(buffer_text(&buffer), str_of(text)));
}

static void test_details(void **state)
{
    struct history_event event = event_of(HISTORY_EVENT_EXECUTION_STARTED);
    event.input = STR("{\"a\":\"b\"}");
    event.role_arn = STR("r");
    expect(*state, &event,
           HEAD("ExecutionStarted") ",\"executionStartedEventDetails\":{\"input\":\"{\\\"a\\\":\\\"b\\\"}\","
                                    "\"inputDetails\":{\"truncated\":false},\"roleArn\":\"r\"}}");
    event = event_of(HISTORY_EVENT_TASK_STATE_EXITED);
    event.name = STR("S");
    event.output = STR("1");
    event.assigned_variables = STR("{\"x\":\"\\\"y\\\"\"}");
    expect(*state, &event,
           HEAD("TaskStateExited") ",\"stateExitedEventDetails\":{\"name\":\"S\",\"output\":\"1\",\"outputDetails\":"
                                   "{\"truncated\":false},\"assignedVariables\":{\"x\":\"\\\"y\\\"\"},"
                                   "\"assignedVariablesDetails\":{\"truncated\":false}}}");
    event = event_of(HISTORY_EVENT_TASK_SCHEDULED);
    event.resource = STR("invoke");
    event.resource_type = STR("lambda");
    event.region = STR("us-east-1");
    event.parameters = STR("{}");
    event.timeout_in_seconds = 5;
    event.task_credentials_role_arn = STR("r");
    expect(*state, &event,
           HEAD("TaskScheduled") ",\"taskScheduledEventDetails\":{\"resourceType\":\"lambda\",\"resource\":\"invoke\","
                                 "\"region\":\"us-east-1\",\"parameters\":\"{}\",\"timeoutInSeconds\":5,"
                                 "\"taskCredentials\":{\"roleArn\":\"r\"}}}");
    event = event_of(HISTORY_EVENT_EXECUTION_ABORTED);
    expect(*state, &event, HEAD("ExecutionAborted") ",\"executionAbortedEventDetails\":{}}");
    event = event_of(HISTORY_EVENT_LAMBDA_FUNCTION_STARTED);
    event.resource = STR("not shown");
    expect(*state, &event, HEAD("LambdaFunctionStarted") "}");
    event = event_of(HISTORY_EVENT_MAP_ITERATION_STARTED);
    event.name = STR("M");
    event.index = 0;
    expect(*state, &event,
           HEAD("MapIterationStarted") ",\"mapIterationStartedEventDetails\":{\"name\":\"M\",\"index\":0}}");
    event.type = STR("OfALaterVersion");
    expect(*state, &event, HEAD("OfALaterVersion") "}");
}

static void test_without_data(void **state)
{
    struct buffer buffer = buffer_in(*state);
    struct history_event event = event_of(HISTORY_EVENT_PASS_STATE_ENTERED);
    event.name = STR("S");
    event.input = STR("{}");
    assert_int_equal(history_event_to_aws_without_data(&buffer, &event), STATUS_OK);
    assert_true(str_equal(buffer_text(&buffer),
                          STR(HEAD("PassStateEntered") ",\"stateEnteredEventDetails\":{\"name\":\"S\"}}")));
}

/* Every type with every column set is JSON, and its name leads back to it. */
static void test_all_types(void **state)
{
    assert_int_equal(HISTORY_EVENT_TYPE_COUNT, 62);
    for (int type = 0; type < HISTORY_EVENT_TYPE_COUNT; type++) {
        struct history_event event = event_of((enum history_event_type)type);
        for (int at = 0; at < HISTORY_COLUMN_COUNT; at++) {
            char *member = (char *)&event + history_columns[at].offset;
            if (history_columns[at].kind == HISTORY_COLUMN_NUMBER) {
                *(int64_t *)member = at;
            } else {
                *(struct str *)member = STR("{\"a\":\"\\\"\"}");
            }
        }
        struct buffer buffer = buffer_in(*state);
        enum history_event_type found = HISTORY_EVENT_TYPE_COUNT;
        assert_int_equal(history_event_to_aws(&buffer, &event), STATUS_OK);
        print_message("%.*s\n", STR_ARGS(buffer_text(&buffer)));
        assert_true(value_text_is_valid(buffer_text(&buffer)));
        assert_true(history_event_type_of(event.type, &found));
        assert_int_equal(found, type);
    }
}

static int setup(void **state)
{
    *state = arena_create(ARENA_BYTES_MAX);
    return *state == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    arena_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_details), cmocka_unit_test(test_without_data),
                                       cmocka_unit_test(test_all_types)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
