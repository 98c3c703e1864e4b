/* A task route that fails for good fails the task, not the execution, and the partition goes on (design, section 3, rule 15). */
#include "tests/processor/fixture.h"

#include "base/buffer.h"
#include "bus/bus_port.h"

#include <stdio.h>

#define LAMBDA_TYPES "ExecutionStarted TaskStateEntered LambdaFunctionScheduled LambdaFunctionScheduleFailed ExecutionFailed"

static void expect_failed(struct fixture *fixture, const char *name, const char *cause_part)
{
    const struct execution_status *status = fixture_await_status(fixture, name, "FAILED");
    assert_true(str_equal(status->error, STR("States.TaskFailed")));
    if (str_find_str(status->cause, str_of(cause_part)) == status->cause.length) {
        fail_msg("%.*s", STR_ARGS(status->cause));
    }
}

static void start(struct fixture *fixture, const char *machine, const char *name, int input_bytes)
{
    struct str members;
    assert_int_equal(arena_format(fixture->arena, &members,
                                  "\"operation\":\"StartExecution\",\"stateMachineArn\":\"" MACHINE_ARN "%s\",\"name\":\"%s\","
                                  "\"input\":\"%0*d\"",
                                  machine, name, input_bytes, 0),
                     STATUS_OK);
    fixture_expect_accepted(fixture, members.bytes);
}

static void make_topic(struct fixture *fixture, const char *name, uint32_t partitions, int64_t bytes_max)
{
    struct bus_error error = {""};
    const struct bus_topic_config config = {
        .name = str_of(name), .partition_count = partitions, .retention_ms = -1, .max_message_bytes = bytes_max};
    assert_int_equal(bus_topic_create(fixture->bus, &config, &error), STATUS_OK);
}

static void expect_nothing_lost(struct fixture *fixture)
{
    const struct counters *counters = processor_counters(fixture->processor);
    assert_int_equal(counters_get(counters, COUNTER_PARKED), 0);
    assert_int_equal(counters_get(counters, COUNTER_DEAD_LETTERS), 0);
}

/* The topic is there, and takes less than the others. */
static void test_small_topic(void **state)
{
    struct fixture *fixture = *state;
    make_topic(fixture, "pawl.tasks.work", PARTITIONS, 6000);
    fixture_create(fixture, "t", TASK);
    start(fixture, "t", "large", 6000);
    start(fixture, "t", "small", 10);
    expect_failed(fixture, ":t:large", "The task could not be sent to topic pawl.tasks.work: its request of ");
    assert_string_equal(fixture_types(fixture, ":t:large", 5), LAMBDA_TYPES);
    assert_non_null(fixture_find(fixture, "pawl.tasks.work", SCHEMA_task_request, ":t:small", 0));
    expect_nothing_lost(fixture);
    assert_int_equal(counters_get(processor_counters(fixture->processor), COUNTER_REFUSED_TASKS), 1);
}

/* Retry and Catch see it as they see a worker's failure. */
static void test_caught(void **state)
{
    struct fixture *fixture = *state;
    make_topic(fixture, "pawl.tasks.sqs", PARTITIONS, 6000);
    fixture_create(fixture, "c",
                   "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::sqs:sendMessage\","
                   "\"Retry\":[{\"ErrorEquals\":[\"States.TaskFailed\"],\"IntervalSeconds\":1,\"MaxAttempts\":1}],"
                   "\"Catch\":[{\"ErrorEquals\":[\"States.ALL\"],\"ResultPath\":null,\"Next\":\"P\"}],\"End\":true},"
                   "\"P\":{\"Type\":\"Pass\",\"Result\":1,\"End\":true}}}");
    start(fixture, "c", "e", 6000);
    fixture_await_status(fixture, ":c:e", "SUCCEEDED");
    assert_string_equal(fixture_types(fixture, ":c:e", 9),
                        "ExecutionStarted TaskStateEntered TaskScheduled TaskSubmitFailed TaskScheduled TaskSubmitFailed "
                        "TaskStateExited PassStateEntered PassStateExited");
    expect_nothing_lost(fixture);
}

/* The topic can't be made: somebody else's is in its place. The route is not known before the execution runs, since the
 * table of routes was changed under it. */
static void test_topic_cannot_be_made(void **state)
{
    struct fixture *fixture = *state;
    fixture_create(fixture, "t", TASK);
    fixture_create(fixture, "p", PASS);
    make_topic(fixture, "pawl.tasks.elsewhere", PARTITIONS + 1, 100000);
    fixture_stop_processor(fixture);
    fixture->config.route_table = STR("*:function:work=elsewhere");
    fixture_start_processor(fixture);
    for (int number = 0; number < 5; number++) {
        char name[16];
        snprintf(name, sizeof name, "e%d", number);
        start(fixture, "t", name, 1);
        start(fixture, "p", name, 1);
    }
    for (int number = 0; number < 5; number++) {
        char name[16];
        snprintf(name, sizeof name, ":t:e%d", number);
        expect_failed(fixture, name, "pawl.tasks.elsewhere has 4 partitions instead of 3");
        snprintf(name, sizeof name, ":p:e%d", number);
        fixture_await_status(fixture, name, "SUCCEEDED");
    }
    assert_string_equal(fixture_types(fixture, ":t:e0", 5), LAMBDA_TYPES);
    expect_nothing_lost(fixture);
}

/* ---- A bus that refuses what it is given for one topic, when it is to be committed ---- */

static struct {
    struct bus_ops ops;
    const struct bus_ops *real;
    size_t bytes; /* of the largest value to the topic in the present transaction */
    size_t bytes_max;
    enum status status;
} faulty;

static enum status faulty_begin(struct bus_member *member, struct bus_error *out_error)
{
    faulty.bytes = 0;
    return faulty.real->begin(member, out_error);
}

static enum status faulty_produce(struct bus_member *member, const struct bus_message *message, struct bus_error *out_error)
{
    if (str_equal(bus_topic_name(message->topic), STR("pawl.tasks.work")) && message->value.length > faulty.bytes) {
        faulty.bytes = message->value.length;
    }
    return faulty.real->produce(member, message, out_error);
}

static enum status faulty_commit(struct bus_member *member, const struct bus_position *positions, size_t position_count,
                                 struct bus_error *out_error)
{
    if (faulty.bytes > faulty.bytes_max) {
        return bus_port_fail(out_error, faulty.status, "the broker says no");
    }
    return faulty.real->commit(member, positions, position_count, out_error);
}

/* From the next processor on. */
static void make_faulty(struct fixture *fixture, size_t bytes_max, enum status status)
{
    fixture_stop_processor(fixture);
    faulty.real = fixture->bus->ops;
    faulty.ops = *faulty.real;
    faulty.ops.begin = faulty_begin;
    faulty.ops.produce = faulty_produce;
    faulty.ops.commit = faulty_commit;
    faulty.bytes_max = bytes_max;
    faulty.status = status;
    fixture->bus->ops = &faulty.ops;
    fixture->config.thread_count = 1; /* it knows of one transaction at a time */
    fixture_start_processor(fixture);
}

/* Only when it is written to the broker says that it takes nothing (no rights, say). */
static void test_refused_when_written(void **state)
{
    struct fixture *fixture = *state;
    fixture_create(fixture, "t", TASK);
    fixture_create(fixture, "p", PASS);
    make_faulty(fixture, 0, STATUS_ABORTABLE);
    fixture_log_begin(fixture);
    for (int number = 0; number < 5; number++) {
        char name[16];
        snprintf(name, sizeof name, "e%d", number);
        start(fixture, "t", name, 1);
        start(fixture, "p", name, 1);
    }
    for (int number = 0; number < 5; number++) {
        char name[16];
        snprintf(name, sizeof name, ":t:e%d", number);
        expect_failed(fixture, name, "The task could not be sent to topic pawl.tasks.work: the broker says no");
        snprintf(name, sizeof name, ":p:e%d", number);
        fixture_await_status(fixture, name, "SUCCEEDED");
    }
    const char *log = fixture_log_end(fixture);
    assert_non_null(strstr(log, "event=route_refused thread=0 topic=pawl.tasks.work reason=\"the broker says no\""));
    expect_nothing_lost(fixture);
    /* Transactions that were taken back have counted nothing. */
    const struct counters *counters = processor_counters(fixture->processor);
    assert_true(counters_get(counters, COUNTER_ABORTS) > 0);
    assert_int_equal(counters_get(counters, COUNTER_EXECUTIONS_STARTED), 10);
    assert_int_equal(counters_get(counters, COUNTER_TASKS), 0);
}

/* The topic was made smaller under us: what is smaller still goes through meanwhile. */
static void test_too_large_when_written(void **state)
{
    struct fixture *fixture = *state;
    fixture_create(fixture, "t", TASK);
    make_faulty(fixture, 4000, STATUS_LIMIT_EXCEEDED);
    start(fixture, "t", "large", 20000);
    start(fixture, "t", "small", 1);
    start(fixture, "t", "larger", 30000);
    expect_failed(fixture, ":t:large", "the broker says no");
    expect_failed(fixture, ":t:larger", "the broker says no");
    assert_non_null(fixture_find(fixture, "pawl.tasks.work", SCHEMA_task_request, ":t:small", 0));
    expect_nothing_lost(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_small_topic, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_caught, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_topic_cannot_be_made, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_refused_when_written, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_too_large_when_written, fixture_set_up, fixture_tear_down),
    };
    return cmocka_run_group_tests_name("processor/routes", tests, NULL, NULL);
}
