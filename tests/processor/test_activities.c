/* Activities: made, deleted, tagged; how tasks end without an answer. */
#include "tests/processor/fixture.h"

#define ACTIVITY_ARN "arn:aws:states:us-east-1:000000000000:activity:"
#define CREATE(name) "\"operation\":\"CreateActivity\",\"name\":\"" name "\""
#define DELETE(name) "\"operation\":\"DeleteActivity\",\"activityArn\":\"" ACTIVITY_ARN name "\""

static void test_life(void **state)
{
    struct fixture *fixture = *state;
    const struct reply *first =
        fixture_expect_accepted(fixture, CREATE("a") ",\"tags\":[{\"key\":\"k\",\"value\":\"v\"}]");
    assert_true(str_starts_with(first->data, STR("{\"activityArn\":\"" ACTIVITY_ARN "a\",\"creationDate\":")));
    const struct reply *again = fixture_expect_accepted(fixture, CREATE("a") ",\"tags\":[]");
    assert_true(str_equal(first->data, again->data));
    const struct definition *activity = fixture_find(fixture, "pawl.definitions", SCHEMA_definition, ":activity:a", 0);
    assert_true(str_equal(activity->kind, STR("ACTIVITY")));
    assert_true(str_equal(activity->resource_arn, STR(ACTIVITY_ARN "a")));
    assert_true(str_equal(activity->name, STR("a")));
    assert_true(str_equal(activity->tags, STR("[{\"key\":\"k\",\"value\":\"v\"}]")));
    const struct reply *tagged = fixture_expect_accepted(
        fixture, "\"operation\":\"UntagResource\",\"resourceArn\":\"" ACTIVITY_ARN "a\",\"tagKeys\":[\"k\"]");
    assert_true(tagged->version > first->version);
    const struct reply *deleted = fixture_expect_accepted(fixture, DELETE("a"));
    assert_true(deleted->version > tagged->version);
    fixture_expect_accepted(fixture, DELETE("a"));
    fixture_expect_refused(fixture,
                           "\"operation\":\"TagResource\",\"resourceArn\":\"" ACTIVITY_ARN "a\",\"tags\":[]",
                           "ResourceNotFound", "Resource not found: '" ACTIVITY_ARN "a'");
    fixture_expect_accepted(fixture, CREATE("a") ",\"encryptionConfiguration\":{\"type\":\"AWS_OWNED_KEY\"}");
    fixture_expect_accepted(fixture, CREATE("a") ",\"encryptionConfiguration\":{ \"type\": \"AWS_OWNED_KEY\"}");
    fixture_expect_refused(fixture, CREATE("a"), "ActivityAlreadyExists",
                           "Activity Already Exists: '" ACTIVITY_ARN "a'");
}

#define TASK_OF(name)                                                                                                  \
    "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" ACTIVITY_ARN name "\",\"End\":true}}}"

/* A task of an activity that is not there fails its execution; of one that was made a moment ago it is scheduled. */
static void test_tasks(void **state)
{
    struct fixture *fixture = *state;
    fixture_create(fixture, "m", TASK_OF("a"));
    fixture_expect_accepted(fixture, START("m", ",\"name\":\"before\""));
    const struct execution_status *status = fixture_await_status(fixture, ":m:before", "FAILED");
    assert_true(str_equal(status->error, STR("States.Runtime")));
    assert_true(str_equal(status->cause, STR("An error occurred while executing the state 'T' (entered at the event id #2). "
                                             "The activity " ACTIVITY_ARN "a does not exist.")));
    fixture_expect_accepted(fixture, CREATE("a"));
    fixture_expect_accepted(fixture, START("m", ",\"name\":\"now\""));
    assert_non_null(fixture_find(fixture, "pawl.tasks.activity", SCHEMA_task_request, ":m:now", 0));
    fixture_expect_accepted(fixture, DELETE("a"));
    for (int at = 0; at < 100; at++) { /* the processor follows the topic a moment later */
        char members[200];
        char name[24];
        snprintf(members, sizeof members, START("m", ",\"name\":\"after%d\""), at);
        snprintf(name, sizeof name, ":m:after%d", at);
        fixture_expect_accepted(fixture, members);
        const struct history_event *event = fixture_find(fixture, "pawl.history", SCHEMA_history_event, name, 2);
        if (str_equal(event->type, STR("ExecutionFailed"))) {
            return;
        }
    }
    fail_msg("the activity does not go");
}

#define TIMED_TASK(resource, limit)                                                                                    \
    "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" resource "\"," limit ",\"End\":true}}}"
#define CALLBACK "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
#define CALLBACK_PARAMETERS ",\"Parameters\":{\"QueueUrl\":\"q\",\"MessageBody\":{\"token.$\":\"$$.Task.Token\"}}"

static void claim(struct fixture *fixture, const char *execution)
{
    const struct task_request *request = fixture_find(fixture, "pawl.tasks.activity", SCHEMA_task_request, execution, 0);
    struct str members;
    assert_int_equal(arena_format(fixture->arena, &members, "\"type\":\"TaskStarted\",\"workerName\":\"w\",\"taskToken\":\"%.*s\"",
                                  STR_ARGS(request->task_token)),
                     STATUS_OK);
    fixture_post(fixture, "pawl.results", 0, members.bytes);
    assert_true(fixture_reply(fixture)->error.bytes == NULL);
}

/* Missed heartbeats are counted apart, though the history tells both alike; an activity's count from its claim. Both due at once:
 * TimeoutSeconds it was. */
static void test_heartbeats(void **state)
{
    struct fixture *fixture = *state;
    fixture_expect_accepted(fixture, CREATE("a"));
    fixture_create(fixture, "ah", TIMED_TASK(ACTIVITY_ARN "a", "\"HeartbeatSeconds\":1"));
    fixture_create(fixture, "at", TIMED_TASK(ACTIVITY_ARN "a", "\"TimeoutSeconds\":1"));
    fixture_create(fixture, "fh", TIMED_TASK(LAMBDA_ARN "work", "\"HeartbeatSeconds\":1,\"TimeoutSeconds\":600"));
    fixture_create(fixture, "ft", TIMED_TASK(LAMBDA_ARN "work", "\"HeartbeatSecondsPath\":\"$.s\",\"TimeoutSecondsPath\":\"$.s\""));
    fixture_create(fixture, "ih", TIMED_TASK(CALLBACK, "\"HeartbeatSeconds\":1" CALLBACK_PARAMETERS));
    fixture_create(fixture, "it", TIMED_TASK(CALLBACK, "\"TimeoutSeconds\":1" CALLBACK_PARAMETERS));
    fixture_expect_accepted(fixture, START("ah", ",\"name\":\"1\""));
    fixture_expect_accepted(fixture, START("ah", ",\"name\":\"2\""));
    claim(fixture, ":ah:1");
    claim(fixture, ":ah:2");
    fixture_expect_accepted(fixture, START("at", ",\"name\":\"1\""));
    fixture_expect_accepted(fixture, START("fh", ",\"name\":\"1\""));
    fixture_expect_accepted(fixture, START("ft", ",\"name\":\"1\",\"input\":{\"s\":1}"));
    fixture_expect_accepted(fixture, START("ih", ",\"name\":\"1\""));
    fixture_expect_accepted(fixture, START("it", ",\"name\":\"1\""));
    fixture_await_count(fixture, COUNTER_ACTIVITIES_HEARTBEATS, 2);
    fixture_await_count(fixture, COUNTER_ACTIVITIES_TIMED_OUT, 1);
    fixture_await_count(fixture, COUNTER_FUNCTIONS_HEARTBEATS, 1);
    fixture_await_count(fixture, COUNTER_FUNCTIONS_TIMED_OUT, 1);
    fixture_await_count(fixture, COUNTER_INTEGRATIONS_HEARTBEATS, 1);
    fixture_await_count(fixture, COUNTER_INTEGRATIONS_TIMED_OUT, 1);
}

static void test_refusals(void **state)
{
    struct fixture *fixture = *state;
    fixture_expect_refused(fixture, CREATE("a b"), "InvalidName", "Invalid Name: 'a b'");
    fixture_expect_refused(fixture, CREATE(""), "InvalidName", "Invalid Name: ''");
    fixture_expect_refused(fixture, CREATE("a") ",\"encryptionConfiguration\":1", "InvalidEncryptionConfiguration",
                           "Invalid Encryption Configuration: Must be a JSON object.");
    fixture_expect_refused(fixture, "\"operation\":\"DeleteActivity\",\"activityArn\":\"no_an_activity_arn\"",
                           "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: no_an_activity_arn'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_tasks, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_heartbeats, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, fixture_set_up, fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
