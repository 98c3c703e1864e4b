/* Single comparisons: the shared cases where they are there, and tests/conformance/choice.jsonl. Each is run as the only rule
 * of a Choice state, as the engine would. */
#include "step_script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#define ARENA_BYTES ((size_t)1 << 28)

/* The case as a machine that ends in "true" or "false". */
static struct str machine_of(struct arena *arena, const struct value *test, struct str *out_input)
{
    struct str operator_name = value_get(test, STR("operator"))->string;
    const struct value *variable = value_get(test, STR("variable"));
    const struct value *operand = value_get(test, STR("operand"));
    struct str variable_text = STR("");
    struct str operand_text = STR("null");
    struct str text;
    if (variable != NULL) {
        assert_int_equal(value_to_text(arena, variable, &variable_text), STATUS_OK);
    }
    if (operand != NULL) {
        assert_int_equal(value_to_text(arena, operand, &operand_text), STATUS_OK);
    }
    bool path = str_ends_with(operator_name, STR("Path"));
    assert_int_equal(arena_format(arena, out_input, "{%s%.*s%s\"operand\":%.*s}", variable == NULL ? "" : "\"variable\":",
                                  STR_ARGS(variable_text), variable == NULL ? "" : ",", STR_ARGS(operand_text)),
                     STATUS_OK);
    assert_int_equal(
        arena_format(arena, &text,
                     "{\"StartAt\":\"C\",\"States\":{\"C\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.variable\",\"%.*s\":%.*s,"
                     "\"Next\":\"true\"}],\"Default\":\"false\"},\"true\":{\"Type\":\"Pass\",\"Result\":true,\"End\":true},\"false\":{"
                     "\"Type\":\"Pass\",\"Result\":false,\"End\":true}}}",
                     STR_ARGS(operator_name), STR_ARGS(path ? STR("\"$.operand\"") : operand_text)),
        STATUS_OK);
    return text;
}

/* "true", "false", "error" (the execution failed), or "invalid" (the definition was refused). */
static const char *outcome_of(struct arena *arena, const struct value *test)
{
    struct str input;
    struct str text = machine_of(arena, test, &input);
    const struct machine *machine = NULL;
    struct findings findings;
    struct interpreter *interpreter = NULL;
    enum status status = machine_compile(arena, text, MACHINE_STANDARD, &machine, &findings);
    if (status == STATUS_INVALID) {
        return "invalid";
    }
    assert_int_equal(status, STATUS_OK);
    const struct interpreter_options options = {.machine = machine, .start_ms = 1700000000000, .memory_bytes_max = ARENA_BYTES};
    assert_int_equal(interpreter_create(&options, &interpreter), STATUS_OK);
    assert_int_equal(interpreter_start(interpreter, input), STATUS_OK);
    const struct execution_status *end = interpreter_status(interpreter);
    const char *outcome = str_equal(end->status, STR("FAILED")) ? "error" : str_equal(end->output, STR("true")) ? "true" : "false";
    interpreter_destroy(interpreter);
    return outcome;
}

static size_t check_file(const char *path)
{
    struct arena *files = arena_create(ARENA_BYTES);
    struct str rest;
    struct str line;
    size_t failed = 0;
    size_t count = 0;
    if (script_read_file(files, path, &rest) != STATUS_OK) {
        print_message("skipped: %s is not there\n", path);
        arena_destroy(files);
        return 0;
    }
    while (script_next_line(&rest, &line)) {
        struct arena *arena = arena_create(ARENA_BYTES);
        const struct value *test = NULL;
        assert_int_equal(value_parse(arena, line, &test, NULL), STATUS_OK);
        const struct value *result = value_get(test, STR("result"));
        const char *wanted = result == NULL ? "error" : result->boolean ? "true" : "false";
        const char *outcome = outcome_of(arena, test);
        if (strcmp(outcome, wanted) != 0) {
            failed++;
            print_message("%.*s: %s, wanted %s\n", STR_ARGS(line), outcome, wanted);
        }
        count++;
        arena_destroy(arena);
    }
    print_message("%zu comparisons of %s\n", count, path);
    arena_destroy(files);
    return failed;
}

static void test_cases(void **state)
{
    (void)state;
    char path[1000];
    const char *shared = getenv("PAWL_SHARED");
    snprintf(path, sizeof path, "%s/languages/choice/cases.jsonl", shared != NULL ? shared : PAWL_SOURCE_DIR "/../shared");
    assert_int_equal(check_file(PAWL_SOURCE_DIR "/tests/conformance/choice.jsonl") + check_file(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
