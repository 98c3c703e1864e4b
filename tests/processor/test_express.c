/* Express executions: told as they end, billed, and forgotten; of a name there may be many. */
#include "tests/processor/fixture.h"

#include "base/buffer.h"

#define CREATE(name, definition)                                                                                       \
    "\"operation\":\"CreateStateMachine\",\"type\":\"EXPRESS\",\"name\":\"" name "\",\"definition\":" definition
#define TASK_OF(resource)                                                                                              \
    "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" resource "\",\"End\":true}}}"
#define FAIL "{\"StartAt\":\"F\",\"States\":{\"F\":{\"Type\":\"Fail\",\"Error\":\"E\",\"Cause\":\"why\"}}}"
#define WAIT "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":1,\"End\":true}}}"

/* Rows of pawl.state that were put, less those that were deleted, of the kinds that executions have. */
static int count_rows(struct fixture *fixture)
{
    struct bus_error error = {""};
    const struct bus_topic *topic;
    int count = 0;
    assert_int_equal(bus_topic_open(fixture->bus, STR("pawl.state"), &topic, &error), STATUS_OK);
    for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
        struct bus_reader *reader;
        struct bus_record record;
        struct buffer seen = buffer_in(fixture->arena);
        assert_int_equal(bus_reader_open(fixture->bus, topic, partition, 0, &reader, &error), STATUS_OK);
        while (bus_reader_next(reader, 5, &record, &error) == STATUS_OK) {
            if (strchr("efpnt", record.key.bytes[0]) == NULL) {
                continue;
            }
            bool known = str_find_str(buffer_text(&seen), record.key) < seen.length;
            assert_int_equal(buffer_add(&seen, record.key), STATUS_OK);
            /* An Express execution's rows are put again and again, and deleted once. */
            count += record.value.bytes == NULL ? -1 : !known;
        }
        bus_reader_close(reader);
    }
    return count;
}

/* The status as it ended; the record after it forgets it. */
static const struct execution_status *await_end(struct fixture *fixture, const char *name, const char *status)
{
    const struct execution_status *end = fixture_await_status(fixture, name, status);
    assert_true(str_equal(end->type, STR("EXPRESS")));
    return end;
}

static void test_ends(void **state)
{
    struct fixture *fixture = *state;
    fixture_expect_accepted(fixture, CREATE("p", PASS));
    fixture_expect_accepted(fixture, CREATE("f", FAIL));
    fixture_expect_accepted(fixture, CREATE("w", WAIT));
    fixture_expect_accepted(fixture, START("p", ",\"name\":\"e\",\"input\":{\"a\":1}"));
    const struct execution_status *end = await_end(fixture, ":express:p:e:", "SUCCEEDED");
    assert_true(str_equal(end->name, STR("e")));
    assert_true(str_equal(end->output, STR("{\"a\":1}")));
    assert_int_equal(end->billed_duration_ms, 100);
    assert_int_equal(end->billed_memory_mb, 64);
    fixture_expect_accepted(fixture, START("f", ",\"name\":\"e\""));
    end = await_end(fixture, ":express:f:e:", "FAILED");
    assert_true(str_equal(end->error, STR("E")) && str_equal(end->cause, STR("why")));
    assert_null(end->output.bytes);
    fixture_expect_accepted(fixture, START("w", ",\"name\":\"e\""));
    const struct execution_status *running = await_end(fixture, ":express:w:e:", "RUNNING");
    assert_true(running->billed_duration_ms == RECORD_NONE && running->billed_memory_mb == RECORD_NONE);
    end = await_end(fixture, ":express:w:e:", "SUCCEEDED");
    assert_true(end->billed_duration_ms >= 1000 && end->billed_duration_ms % 100 == 0);
    assert_int_equal(count_rows(fixture), 0);
}

/* The same name again is another execution, on whichever partition it comes to. */
static void test_names(void **state)
{
    struct fixture *fixture = *state;
    fixture_expect_accepted(fixture, CREATE("p", PASS));
    const struct reply *first = fixture_expect_accepted(fixture, START("p", ",\"name\":\"e\""));
    const struct reply *second = fixture_expect_accepted(fixture, START("p", ",\"name\":\"e\""));
    assert_false(str_equal(first->data, second->data));
    fixture_expect_accepted(fixture, START("p", ""));
}

static void test_versions(void **state)
{
    struct fixture *fixture = *state;
    fixture_expect_accepted(fixture, CREATE("p", PASS) ",\"publish\":true");
    fixture_expect_accepted(fixture, START("p:1", ",\"name\":\"e\""));
    const struct execution_status *end = await_end(fixture, ":express:p:e:", "SUCCEEDED");
    assert_true(str_equal(end->state_machine_version_arn, STR(MACHINE_ARN "p:1")));
}

static void test_refusals(void **state)
{
    struct fixture *fixture = *state;
    static const char prefix[] = "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: ";
    static const struct {
        const char *members;
        const char *message;
    } rows[] = {
        {CREATE("x", TASK_OF("arn:aws:states:::sqs:sendMessage.waitForTaskToken")),
         "Express state machine does not support '.waitForTaskToken' service integration  at /States/T/Resource'"},
        {CREATE("x", TASK_OF("arn:aws:states:::states:startExecution.sync")),
         "Express state machine does not support '.sync' service integration at /States/T/Resource'"},
        {CREATE("x", TASK_OF("arn:aws:states:us-east-1:000000000000:activity:a")),
         "Express state machine does not support Activity ARN at /States/T/Resource'"},
    };
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        const struct reply *reply = fixture_ask(fixture, rows[at].members);
        assert_true(str_equal(reply->error, STR("InvalidDefinition")));
        if (!str_starts_with(reply->message, str_of(prefix)) ||
            str_find_str(reply->message, str_of(rows[at].message)) == reply->message.length) {
            fail_msg("%s: %.*s", rows[at].members, STR_ARGS(reply->message));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ends, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_names, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_versions, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, fixture_set_up, fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
