/* A redrive of many: in pages and steps that are bounded, whatever was broken off; and what DescribeExecution says of one. */
#include "asl/interpreter.h"
#include "asl/redrive.h"
#include "asl/value.h"
#include "base/buffer.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ITEMS 10000
#define START_MS 1700000000000
#define START_US (START_MS * 1000)
#define DAY_US (24LL * 3600 * 1000000)
#define WIDE                                                                                                           \
    "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"End\":true,\"ItemProcessor\":{\"StartAt\":\"T\",\"States\":{"   \
    "\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\",\"End\":true}}}}}}"

struct wide {
    struct arena *arena;
    struct step_config config;
    struct interpreter *interpreter;
};

/* What the last event made visible is no more than a step may do. */
static void check_step(struct wide *wide, size_t events_before, size_t tasks_before)
{
    size_t made = interpreter_event_count(wide->interpreter) - events_before + interpreter_task_count(wide->interpreter) - tasks_before;
    assert_true(made <= STEP_EFFECTS_MAX);
}

static void apply(struct wide *wide, struct step_event event)
{
    enum step_outcome outcome = STEP_UNKNOWN;
    size_t events = interpreter_event_count(wide->interpreter);
    size_t tasks = interpreter_task_count(wide->interpreter);
    assert_int_equal(interpreter_apply(wide->interpreter, event, &outcome), STATUS_OK);
    assert_int_equal(outcome, STEP_APPLIED);
    check_step(wide, events, tasks);
    assert_int_equal(interpreter_advance(wide->interpreter, interpreter_now_ms(wide->interpreter)), STATUS_OK);
}

static void answer(struct wide *wide, size_t task, struct step_event event)
{
    enum step_outcome outcome = STEP_UNKNOWN;
    assert_int_equal(interpreter_answer(wide->interpreter, interpreter_task(wide->interpreter, task)->request, event, &outcome),
                     STATUS_OK);
    assert_int_equal(outcome, STEP_APPLIED);
    assert_int_equal(interpreter_advance(wide->interpreter, interpreter_now_ms(wide->interpreter)), STATUS_OK);
}

/* All iterations of a Map without a limit have asked for their task. */
static int set_up(void **state)
{
    struct arena *arena = arena_create((size_t)1 << 30);
    struct wide *wide = arena_new(arena, struct wide);
    struct buffer input = buffer_in(arena);
    const struct machine *machine;
    struct findings findings;
    *wide = (struct wide){.arena = arena, .config = step_config_default};
    wide->config.history_events_max = 0;
    wide->config.map_concurrency_default = 0;
    assert_int_equal(machine_compile(arena, STR(WIDE), MACHINE_STANDARD, &machine, &findings), STATUS_OK);
    const struct interpreter_options options = {
        .machine = machine, .config = &wide->config, .start_ms = START_MS, .seed = 1, .memory_bytes_max = (size_t)4 << 30};
    assert_int_equal(interpreter_create(&options, &wide->interpreter), STATUS_OK);
    for (int at = 0; at < ITEMS; at++) {
        assert_int_equal(buffer_format(&input, "%s%d", at == 0 ? "[" : ",", at), STATUS_OK);
    }
    assert_int_equal(buffer_add_byte(&input, ']'), STATUS_OK);
    assert_int_equal(interpreter_start(wide->interpreter, buffer_text(&input)), STATUS_OK);
    assert_int_equal(interpreter_advance(wide->interpreter, START_MS), STATUS_OK);
    assert_int_equal(interpreter_task_count(wide->interpreter), ITEMS);
    *state = wide;
    return 0;
}

static int tear_down(void **state)
{
    struct wide *wide = *state;
    interpreter_destroy(wide->interpreter);
    arena_destroy(wide->arena);
    return 0;
}

/* Each of those that had not succeeded has asked once more, and the execution ends as it would have. */
static void check_again(struct wide *wide, size_t asked, size_t again)
{
    assert_string_equal(interpreter_status(wide->interpreter)->status.bytes, "RUNNING");
    assert_int_equal(interpreter_task_count(wide->interpreter), asked + again);
    for (size_t at = asked; at < asked + again; at++) {
        answer(wide, at, (struct step_event){.type = STEP_TASK_SUCCEEDED, .output = STR("1")});
    }
    assert_string_equal(interpreter_status(wide->interpreter)->status.bytes, "SUCCEEDED");
    assert_int_equal(interpreter_status(wide->interpreter)->output.length, 2 * ITEMS + 1);
}

static void test_stopped(void **state)
{
    struct wide *wide = *state;
    apply(wide, (struct step_event){.type = STEP_STOP});
    apply(wide, (struct step_event){.type = STEP_REDRIVE});
    check_again(wide, ITEMS, ITEMS);
}

static void test_failed(void **state)
{
    struct wide *wide = *state;
    for (size_t at = 0; at < 100; at++) {
        answer(wide, at, (struct step_event){.type = STEP_TASK_SUCCEEDED, .output = STR("1")});
    }
    answer(wide, 5000, (struct step_event){.type = STEP_TASK_FAILED, .error = STR("E")});
    assert_string_equal(interpreter_status(wide->interpreter)->status.bytes, "FAILED");
    apply(wide, (struct step_event){.type = STEP_REDRIVE});
    check_again(wide, ITEMS, ITEMS - 100);
}

/* Of one that the redrive has not come to yet: it is scheduled again, and so this one is late. */
static void check_late(struct wide *wide, size_t task)
{
    enum step_outcome outcome;
    const struct step_event event = {.type = STEP_TASK_SUCCEEDED, .output = STR("1")};
    assert_int_equal(interpreter_answer(wide->interpreter, interpreter_task(wide->interpreter, task)->request, event, &outcome),
                     STATUS_OK);
    assert_int_equal(outcome, STEP_LATE);
}

/* Stopped while the first redrive has not come to all of them: the second comes to each of them once. */
static void test_stopped_halfway(void **state)
{
    struct wide *wide = *state;
    enum step_outcome outcome;
    apply(wide, (struct step_event){.type = STEP_STOP});
    assert_int_equal(interpreter_apply(wide->interpreter, (struct step_event){.type = STEP_REDRIVE}, &outcome), STATUS_OK);
    check_late(wide, 0);
    check_late(wide, ITEMS - 1);
    assert_int_equal(interpreter_apply(wide->interpreter, (struct step_event){.type = STEP_STOP}, &outcome), STATUS_OK);
    size_t asked = interpreter_task_count(wide->interpreter);
    assert_true(asked > ITEMS && asked < 2 * ITEMS);
    apply(wide, (struct step_event){.type = STEP_REDRIVE});
    check_again(wide, asked, ITEMS);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *name;
        struct execution_status execution;
        int64_t now_us;
        const char *reason;
    } rows[] = {
        {"running", {.status = STR_INIT("RUNNING"), .stop_date = RECORD_NONE}, START_US, "Execution is RUNNING and cannot be redriven"},
        {"succeeded", {.status = STR_INIT("SUCCEEDED")}, START_US, "Execution is SUCCEEDED and cannot be redriven"},
        {"failed", {.status = STR_INIT("FAILED"), .stop_date = START_US}, START_US, NULL},
        {"aborted", {.status = STR_INIT("ABORTED"), .stop_date = START_US}, START_US, NULL},
        {"timed out", {.status = STR_INIT("TIMED_OUT"), .stop_date = START_US}, START_US, NULL},
        {"in time", {.status = STR_INIT("FAILED"), .stop_date = START_US}, START_US + 14 * DAY_US - 1, NULL},
        {"too late", {.status = STR_INIT("FAILED"), .stop_date = START_US}, START_US + 14 * DAY_US,
         "Execution redrivable period exceeded."},
        {"nearly a year", {.status = STR_INIT("FAILED"), .stop_date = START_US + 364 * DAY_US}, START_US + 365 * DAY_US - 1, NULL},
        {"a year", {.status = STR_INIT("FAILED"), .stop_date = START_US + 364 * DAY_US}, START_US + 365 * DAY_US,
         "Execution has exceeded the max execution time."},
        {"room for two events", {.status = STR_INIT("FAILED"), .stop_date = START_US, .version = 24998}, START_US, NULL},
        {"room for one", {.status = STR_INIT("FAILED"), .stop_date = START_US, .version = 24999}, START_US,
         "Execution history event limit exceeded."},
        {"once more", {.status = STR_INIT("FAILED"), .stop_date = START_US, .redrive_count = 999}, START_US, NULL},
        {"often enough", {.status = STR_INIT("FAILED"), .stop_date = START_US, .redrive_count = 1000}, START_US,
         "Execution redrive limit exceeded."},
    };
    struct arena *arena = arena_create(1 << 20);
    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct execution_status execution = rows[at].execution;
        struct str reason;
        execution.start_date = START_US;
        assert_int_equal(redrive_refusal(arena, &execution, &step_config_default, rows[at].now_us, &reason), STATUS_OK);
        if (!str_equal(reason, rows[at].reason == NULL ? STR_NONE : str_of(rows[at].reason))) {
            fail_msg("%s: %.*s", rows[at].name, STR_ARGS(reason));
        }
    }
    arena_destroy(arena);
}

/* The last ten, for a quarter of an hour. */
static void test_tokens(void **state)
{
    struct arena *arena = arena_create(1 << 20);
    struct execution_row row;
    int64_t date;
    char name[16];
    (void)state;
    record_init(RECORD_execution_row, &row);
    for (int at = 0; at < 12; at++) {
        struct str copy;
        snprintf(name, sizeof name, "t\"%d", at);
        assert_int_equal(arena_copy(arena, str_of(name), &copy), STATUS_OK);
        assert_int_equal(redrive_add_token(arena, &row, copy, START_US + at, &row.redrive_tokens), STATUS_OK);
    }
    assert_int_equal(redrive_token_date(arena, &row, STR("t\"11"), START_US, &date), STATUS_OK);
    assert_int_equal(date, START_US + 11);
    assert_int_equal(redrive_token_date(arena, &row, STR("t\"2"), START_US, &date), STATUS_OK);
    assert_int_equal(redrive_token_date(arena, &row, STR("t\"1"), START_US, &date), STATUS_NOT_FOUND);
    assert_int_equal(redrive_token_date(arena, &row, STR_NONE, START_US, &date), STATUS_NOT_FOUND);
    assert_int_equal(redrive_token_date(arena, &row, STR("t\"2"), START_US + 2 + 900 * 1000000LL - 1, &date), STATUS_OK);
    assert_int_equal(redrive_token_date(arena, &row, STR("t\"2"), START_US + 2 + 900 * 1000000LL, &date), STATUS_NOT_FOUND);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stopped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stopped_halfway, set_up, tear_down),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_tokens),
    };
    return cmocka_run_group_tests_name("asl/redrive", tests, NULL, NULL);
}
