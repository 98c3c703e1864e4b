/* The transition, case by case: tests/conformance/steps.jsonl, a machine and a script of answers and time in, the history,
 * the status and what is left in the store out. */
#include "step_script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#define ARENA_BYTES ((size_t)1 << 30)

static void check_history(struct arena *arena, struct interpreter *interpreter, const struct value *expected)
{
    for (size_t at = 0; at < interpreter_event_count(interpreter); at++) {
        struct str line;
        assert_int_equal(script_event_line(arena, interpreter_event(interpreter, at), &line), STATUS_OK);
        const struct value *wanted = value_item(expected, at);
        if (wanted == NULL || !str_equal(wanted->string, line)) {
            struct str text = wanted == NULL ? STR("nothing") : wanted->string;
            fail_msg("event %zu\n  is     %.*s\n  wanted %.*s", at + 1, STR_ARGS(line), STR_ARGS(text));
        }
    }
    assert_int_equal(interpreter_event_count(interpreter), expected->count);
}

static void check_types(struct arena *arena, struct interpreter *interpreter, const struct value *expected)
{
    struct buffer buffer = buffer_in(arena);
    for (size_t at = 0; at < interpreter_event_count(interpreter); at++) {
        const struct history_event *event = interpreter_event(interpreter, at);
        enum status status = buffer_format(&buffer, "%s%lld:%.*s", at == 0 ? "" : " ", (long long)event->previous_event_id,
                                           STR_ARGS(event->type));
        assert_int_equal(status, STATUS_OK);
    }
    if (!str_equal(buffer_text(&buffer), expected->string)) {
        fail_msg("types\n  are    %.*s\n  wanted %.*s", STR_ARGS(buffer_text(&buffer)), STR_ARGS(expected->string));
    }
}

static void check_text(const char *what, const struct value *expected, struct str actual)
{
    if (expected != NULL && !str_equal(expected->string, actual)) {
        fail_msg("%s\n  is     %.*s\n  wanted %.*s", what, STR_ARGS(actual), STR_ARGS(expected->string));
    }
}

static void check_number(const char *what, const struct value *expected, size_t actual)
{
    int64_t number = 0;
    if (expected != NULL && (!value_to_int64(expected, &number) || (size_t)number != actual)) {
        fail_msg("%s is %zu, wanted %lld", what, actual, (long long)number);
    }
}

/* Ids run without gap and name earlier events; when all is over the rows go, too. */
static void check_invariants(struct interpreter *interpreter)
{
    for (size_t at = 0; at < interpreter_event_count(interpreter); at++) {
        const struct history_event *event = interpreter_event(interpreter, at);
        assert_int_equal(event->id, (int64_t)at + 1);
        assert_true(event->previous_event_id < event->id);
    }
    if (str_equal(interpreter_status(interpreter)->status, STR("RUNNING"))) {
        return;
    }
    assert_int_equal(interpreter_advance(interpreter, interpreter_now_ms(interpreter) + 400LL * 24 * 3600 * 1000), STATUS_OK);
    struct interpreter_counts counts = interpreter_counts(interpreter);
    assert_int_equal(counts.executions, 0);
    assert_int_equal(counts.frames, 0);
    assert_int_equal(counts.payloads, 0);
    assert_int_equal(counts.timers, 0);
}

static void run_case(void **state)
{
    struct str line = *(struct str *)*state;
    struct arena *arena = arena_create(ARENA_BYTES);
    const struct value *test = NULL;
    struct script_result result;
    assert_int_equal(value_parse(arena, line, &test, NULL), STATUS_OK);
    assert_int_equal(script_run(arena, test, &result), STATUS_OK);
    const struct value *problem = value_get(test, STR("problem"));
    if (result.problem.bytes != NULL || problem != NULL) {
        check_text("problem", problem == NULL ? &value_empty_object : problem, result.problem);
    }
    if (result.interpreter != NULL) {
        const struct execution_status *status = interpreter_status(result.interpreter);
        const struct value *history = value_get(test, STR("history"));
        if (history != NULL) {
            check_history(arena, result.interpreter, history);
        }
        if (value_get(test, STR("types")) != NULL) {
            check_types(arena, result.interpreter, value_get(test, STR("types")));
        }
        check_text("status", value_get(test, STR("status")), status->status);
        check_text("error", value_get(test, STR("error")), status->error);
        check_text("cause", value_get(test, STR("cause")), status->cause);
        if (value_get(test, STR("output")) != NULL) {
            struct str output;
            assert_int_equal(value_to_text(arena, value_get(test, STR("output")), &output), STATUS_OK);
            assert_non_null(status->output.bytes);
            if (!str_equal(output, status->output)) {
                fail_msg("output\n  is     %.*s\n  wanted %.*s", STR_ARGS(status->output), STR_ARGS(output));
            }
        }
        check_number("tasks", value_get(test, STR("tasks")), interpreter_task_count(result.interpreter));
        check_number("events", value_get(test, STR("events")), interpreter_event_count(result.interpreter));
        check_number("transitions", value_get(test, STR("transitions")), (size_t)interpreter_transitions(result.interpreter));
        check_invariants(result.interpreter);
        interpreter_destroy(result.interpreter);
    }
    arena_destroy(arena);
}

#define CASES_MAX 1000

struct cases {
    struct str lines[CASES_MAX];
    struct CMUnitTest tests[CASES_MAX];
    size_t count;
};

/* Each line of the file is a test. */
static bool read_cases(struct arena *arena, const char *path, struct cases *cases)
{
    struct str rest;
    if (script_read_file(arena, path, &rest) != STATUS_OK) {
        fprintf(stderr, "%s cannot be read\n", path);
        return false;
    }
    while (cases->count < CASES_MAX && script_next_line(&rest, &cases->lines[cases->count])) {
        const struct value *test = NULL;
        struct str name;
        struct str *line = &cases->lines[cases->count];
        if (value_parse(arena, *line, &test, NULL) != STATUS_OK ||
            arena_copy(arena, value_get(test, STR("name"))->string, &name) != STATUS_OK) {
            fprintf(stderr, "%s: case %zu is no JSON\n", path, cases->count + 1);
            return false;
        }
        cases->tests[cases->count++] = (struct CMUnitTest){.name = name.bytes, .test_func = run_case, .initial_state = line};
    }
    return true;
}

int main(void)
{
    struct arena *arena = arena_create(ARENA_BYTES);
    static struct cases cases;
    if (!read_cases(arena, PAWL_SOURCE_DIR "/tests/conformance/steps.jsonl", &cases) ||
        !read_cases(arena, PAWL_SOURCE_DIR "/tests/conformance/language.jsonl", &cases)) {
        return 1;
    }
    int failed = _cmocka_run_group_tests("step", cases.tests, cases.count, NULL, NULL);
    arena_destroy(arena);
    return failed;
}
