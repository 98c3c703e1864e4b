/* Commands that meet: in one batch, with an execution that ends, with a machine that goes. */
#include "tests/processor/fixture.h"

#include "base/hash.h"

#include <time.h>

#define ARN EXECUTION_ARN "t:e"
#define RESULT "\"type\":\"TaskSucceeded\",\"output\":1,\"taskToken\":\"%.*s\""

/* Sent while no processor runs: the next one finds them in one batch. */
static void post_together(struct fixture *fixture, const char *const *commands, size_t count)
{
    uint32_t partition = hash_partition(STR(ARN), PARTITIONS);
    fixture_stop_processor(fixture);
    for (size_t at = 0; at < count; at++) {
        fixture_post(fixture, "pawl.commands", partition, commands[at]);
    }
    fixture_start_processor(fixture);
}

static void expect_accepted(const struct reply *reply)
{
    if (reply->error.bytes != NULL) {
        fail_msg("%.*s: %.*s", STR_ARGS(reply->error), STR_ARGS(reply->message));
    }
}

static const struct task_request *find_task(struct fixture *fixture, size_t number)
{
    return fixture_find(fixture, "pawl.tasks.work", SCHEMA_task_request, ":t:e", number);
}

/* The answer to a result of the task. */
static const struct reply *answer(struct fixture *fixture, const struct task_request *request)
{
    struct str members;
    assert_int_equal(arena_format(fixture->arena, &members, RESULT, STR_ARGS(request->task_token)), STATUS_OK);
    fixture_post(fixture, "pawl.results", 0, members.bytes);
    return fixture_reply(fixture);
}

static void test_same_start_twice(void **state)
{
    struct fixture *fixture = *state;
    static const char *const commands[] = {
        START("t", ",\"name\":\"e\",\"input\":{\"a\":1}"),
        START("t", ",\"name\":\"e\",\"input\":{\"a\":1}"),
        START("t", ",\"name\":\"e\",\"input\":{\"a\":2}"),
    };
    fixture_create(fixture, "t", TASK);
    post_together(fixture, commands, 3);
    const struct reply *first = fixture_reply(fixture);
    const struct reply *second = fixture_reply(fixture);
    expect_accepted(first);
    expect_accepted(second);
    assert_true(str_equal(first->data, second->data));
    assert_true(first->incarnation == second->incarnation);
    assert_true(str_equal(fixture_reply(fixture)->error, STR("ExecutionAlreadyExists")));
    fixture_await_count(fixture, COUNTER_EXECUTIONS_STARTED, 1);
    expect_accepted(answer(fixture, find_task(fixture, 0)));
    assert_string_equal(fixture_types(fixture, ":t:e", 7),
                        "ExecutionStarted TaskStateEntered LambdaFunctionScheduled LambdaFunctionStarted "
                        "LambdaFunctionSucceeded TaskStateExited ExecutionSucceeded");
}

/* It is started and stopped in one transaction; its task was asked for, and what comes of it is late. */
static void test_stop_with_its_start(void **state)
{
    struct fixture *fixture = *state;
    static const char *const commands[] = {
        START("t", ",\"name\":\"e\""),
        STOP("t:e") ",\"error\":\"E\",\"cause\":\"c\"",
        STOP("t:e"),
    };
    fixture_create(fixture, "t", TASK);
    post_together(fixture, commands, 3);
    for (size_t at = 0; at < 3; at++) {
        expect_accepted(fixture_reply(fixture));
    }
    const struct execution_status *status = fixture_await_status(fixture, ":t:e", "ABORTED");
    assert_true(str_equal(status->error, STR("E")));
    assert_string_equal(fixture_types(fixture, ":t:e", 4),
                        "ExecutionStarted TaskStateEntered LambdaFunctionScheduled ExecutionAborted");
    const struct reply *reply = answer(fixture, find_task(fixture, 0));
    assert_true(str_equal(reply->error, STR("TaskTimedOut")));
    fixture_await_count(fixture, COUNTER_LATE_RESULTS, 1);
    fixture_await_count(fixture, COUNTER_HISTORY_EVENTS, 4);
}

/* The result lies behind the stop on its own topic: whichever comes first, one of them counts. */
static void test_result_for_a_stopped_execution(void **state)
{
    struct fixture *fixture = *state;
    fixture_create(fixture, "t", TASK);
    fixture_expect_accepted(fixture, START("t", ",\"name\":\"e\""));
    const struct task_request *request = find_task(fixture, 0);
    fixture_expect_accepted(fixture, STOP("t:e"));
    assert_true(str_equal(answer(fixture, request)->error, STR("TaskTimedOut")));
    fixture_stop_processor(fixture);
    fixture_lose_disk(fixture);
    fixture_start_processor(fixture);
    assert_true(str_equal(answer(fixture, request)->error, STR("TaskTimedOut")));
    assert_string_equal(fixture_types(fixture, ":t:e", 4),
                        "ExecutionStarted TaskStateEntered LambdaFunctionScheduled ExecutionAborted");
    assert_int_equal(counters_get(processor_counters(fixture->processor), COUNTER_HISTORY_EVENTS), 0);
}

static void await_machine_gone(struct fixture *fixture)
{
    for (int tries = 0; tries < 200; tries++) {
        const struct reply *reply = fixture_ask(fixture, START("t", ""));
        if (reply->error.bytes != NULL && str_equal(reply->error, STR("StateMachineDoesNotExist"))) {
            return;
        }
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    fail_msg("the machine is still there");
}

/* Its executions go on with what they began with, also when another machine takes the name and the processor its place. */
static void test_delete_while_running(void **state)
{
    struct fixture *fixture = *state;
    fixture_create(fixture, "t", TASK);
    fixture_expect_accepted(fixture, START("t", ",\"name\":\"e\""));
    const struct task_request *request = find_task(fixture, 0);
    fixture_expect_accepted(fixture, "\"operation\":\"DeleteStateMachine\",\"stateMachineArn\":\"" MACHINE_ARN "t\"");
    await_machine_gone(fixture);
    fixture_create(fixture, "t", PASS);
    fixture_stop_processor(fixture);
    fixture_lose_disk(fixture);
    fixture_start_processor(fixture);
    expect_accepted(answer(fixture, request));
    fixture_await_status(fixture, ":t:e", "SUCCEEDED");
    fixture_expect_accepted(fixture, START("t", ",\"name\":\"new\""));
    assert_string_equal(fixture_types(fixture, ":t:new", 4),
                        "ExecutionStarted PassStateEntered PassStateExited ExecutionSucceeded");
}

/* A TaskSubmitted for a task that is not handed over is dropped; who asks is told. */
static void test_misplaced_result(void **state)
{
    struct fixture *fixture = *state;
    struct str members;
    fixture_create(fixture, "t", TASK);
    fixture_expect_accepted(fixture, START("t", ",\"name\":\"e\""));
    const struct task_request *request = find_task(fixture, 0);
    assert_int_equal(arena_format(fixture->arena, &members, "\"type\":\"TaskSubmitted\",\"output\":1,\"taskToken\":\"%.*s\"",
                                  STR_ARGS(request->task_token)),
                     STATUS_OK);
    fixture_post(fixture, "pawl.results", 0, members.bytes);
    assert_true(str_equal(fixture_reply(fixture)->error, STR("InvalidToken")));
    fixture_await_count(fixture, COUNTER_MISPLACED_RESULTS, 1);
    expect_accepted(answer(fixture, request));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same_start_twice, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_stop_with_its_start, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_result_for_a_stopped_execution, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_delete_while_running, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_misplaced_result, fixture_set_up, fixture_tear_down),
    };
    return cmocka_run_group_tests_name("processor/batches", tests, NULL, NULL);
}
