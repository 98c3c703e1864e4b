/* Variables by the megabyte: pages, the limits, and what is left of them. */
#include "asl/variables.h"

#include "base/buffer.h"
#include "base/limits.h"

#include "step_script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define INPUT_BYTES 250000
#define MEMORY_BYTES_MAX ((size_t)1024 * 1024 * 1024)
#define FIT (VARIABLES_BYTES_MAX / (INPUT_BYTES + 4)) /* as many as an execution may hold: "v12" and two quotes */

static int set_up(void **state)
{
    *state = arena_create(MEMORY_BYTES_MAX);
    return *state == NULL;
}

static int tear_down(void **state)
{
    arena_destroy(*state);
    return 0;
}

/* States S0, S1, …, each of which keeps the input in a variable of its own, then those of `rest`. */
static const struct execution_status *run(struct arena *arena, int count, const char *rest, struct script_result *out_result)
{
    struct buffer text = buffer_in(arena);
    const struct value *test = NULL;
    assert_int_equal(buffer_format(&text,
                                   "{\"script\":[{\"do\":\"advance\",\"ms\":2000}],\"input\":\"%0*d\","
                                   "\"definition\":{\"StartAt\":\"S0\",\"States\":{",
                                   INPUT_BYTES, 0),
                     STATUS_OK);
    for (int at = 0; at < count; at++) {
        assert_int_equal(buffer_format(&text, "\"S%d\":{\"Type\":\"Pass\",\"Assign\":{\"v%d.$\":\"$\"},\"Next\":\"S%d\"},", at, at, at + 1),
                         STATUS_OK);
    }
    assert_int_equal(buffer_format(&text, "\"S%d\":%s}}}", count, rest), STATUS_OK);
    assert_int_equal(value_parse(arena, buffer_text(&text), &test, NULL), STATUS_OK);
    assert_int_equal(script_run(arena, test, out_result), STATUS_OK);
    assert_null(out_result->problem.bytes);
    const struct execution_status *status = interpreter_status(out_result->interpreter);
    assert_non_null(status);
    return status;
}

static void assert_str(struct str actual, const char *expected)
{
    assert_int_equal(actual.length, strlen(expected));
    assert_memory_equal(actual.bytes, expected, actual.length);
}

static void test_as_many_as_fit(void **state)
{
    struct script_result result;
    const struct execution_status *status =
        run(*state, FIT,
            "{\"Type\":\"Wait\",\"Seconds\":1,\"Assign\":{\"v3\":\"short\"},\"Next\":\"Z\"},"
            "\"Z\":{\"Type\":\"Wait\",\"Seconds\":1,\"Next\":\"End\"},"
            "\"End\":{\"Type\":\"Pass\",\"Parameters\":{\"same.$\":\"States.ArrayContains(States.Array($v0,$v3),$v40)\",\"v3.$\":\"$v3\"},"
            "\"End\":true}",
            &result);
    assert_str(status->status, "SUCCEEDED");
    assert_str(status->output, "{\"same\":true,\"v3\":\"short\"}");
    /* Nothing is left of the root's pages: the input is a row, and it stays for the status. */
    assert_true(interpreter_counts(result.interpreter).payloads <= 1);
    interpreter_destroy(result.interpreter);
}

static void test_one_too_many(void **state)
{
    struct script_result result;
    const struct execution_status *status = run(*state, FIT + 1, "{\"Type\":\"Pass\",\"End\":true}", &result);
    assert_str(status->status, "FAILED");
    assert_str(status->error, "States.Runtime");
    assert_non_null(strstr(status->cause.bytes, "exceeds the limit of 10485760 bytes"));
    interpreter_destroy(result.interpreter);
}

/* What an iteration sees counts, the outer scope's with its own. */
static void test_scopes_count_together(void **state)
{
    struct script_result result;
    const struct execution_status *status =
        run(*state, FIT,
            "{\"Type\":\"Parallel\",\"Branches\":[{\"StartAt\":\"I\",\"States\":{\"I\":{\"Type\":\"Pass\",\"Assign\":{\"inner.$\":\"$\"},"
            "\"End\":true}}}],\"End\":true}",
            &result);
    assert_str(status->status, "FAILED");
    assert_str(status->error, "States.Runtime");
    interpreter_destroy(result.interpreter);
}

/* An execution that begins with the variables; `definition` has one state. */
static struct interpreter *run_with(struct arena *arena, const char *variables, const char *definition)
{
    const struct machine *machine = NULL;
    struct findings findings = {0};
    const struct value *value = NULL;
    struct interpreter *interpreter = NULL;
    assert_int_equal(value_parse(arena, str_of(variables), &value, NULL), STATUS_OK);
    assert_int_equal(machine_compile(arena, str_of(definition), MACHINE_STANDARD, &machine, &findings), STATUS_OK);
    const struct interpreter_options options = {
        .machine = machine, .start_ms = 1700000000000, .memory_bytes_max = MEMORY_BYTES_MAX, .variables = value};
    assert_int_equal(interpreter_create(&options, &interpreter), STATUS_OK);
    assert_int_equal(interpreter_start(interpreter, STR("{\"x\":1}")), STATUS_OK);
    return interpreter;
}

/* They are data, whatever their keys: nothing in them is evaluated. */
static void test_given_at_the_start(void **state)
{
    static const char variables[] = "{\"v\":{\"a.$\":\"$.x\",\"b\":\"{% 1 %}\"}}";
    static const char *const states[] = {
        "{\"Type\":\"Pass\",\"OutputPath\":\"$v\",\"End\":true}",
        "{\"QueryLanguage\":\"JSONata\",\"Type\":\"Pass\",\"Output\":\"{% $v %}\",\"End\":true}",
        ("{\"Type\":\"Parallel\",\"Branches\":[{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Pass\",\"OutputPath\":\"$v\","
         "\"End\":true}}}],\"OutputPath\":\"$[0]\",\"End\":true}"),
    };
    for (size_t at = 0; at < sizeof states / sizeof *states; at++) {
        struct str definition;
        assert_int_equal(arena_format(*state, &definition, "{\"StartAt\":\"S\",\"States\":{\"S\":%s}}", states[at]), STATUS_OK);
        struct interpreter *interpreter = run_with(*state, variables, definition.bytes);
        assert_str(interpreter_status(interpreter)->status, "SUCCEEDED");
        assert_str(interpreter_status(interpreter)->output, "{\"a.$\":\"$.x\",\"b\":\"{% 1 %}\"}");
        interpreter_destroy(interpreter);
    }
}

static void test_too_large_at_the_start(void **state)
{
    struct str variables;
    assert_int_equal(arena_format(*state, &variables, "{\"v\":\"%0*d\"}", VARIABLE_BYTES_MAX, 0), STATUS_OK);
    struct interpreter *interpreter =
        run_with(*state, variables.bytes, "{\"StartAt\":\"S\",\"States\":{\"S\":{\"Type\":\"Succeed\"}}}");
    assert_str(interpreter_status(interpreter)->status, "FAILED");
    assert_str(interpreter_status(interpreter)->error, "States.Runtime");
    assert_int_equal(interpreter_event_count(interpreter), 2); /* no state was entered */
    interpreter_destroy(interpreter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_as_many_as_fit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_too_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scopes_count_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_given_at_the_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_large_at_the_start, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("asl/variables", tests, NULL, NULL);
}
