#include "asl/jsonpath/path.h"
#include "case_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct arena *arena;
static struct arena *scratch;

static int set_up(void **state)
{
    (void)state;
    arena = arena_create((size_t)256 << 20);
    scratch = arena_create((size_t)256 << 20);
    return arena == NULL || scratch == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    arena_destroy(arena);
    arena_destroy(scratch);
    return 0;
}

/* Outcomes that docs/differences.md explains. */
static bool is_explained(struct str expression)
{
    static const char *const expressions[] = {""};
    for (size_t at = 0; at < sizeof expressions / sizeof expressions[0]; at++) {
        if (str_equal(expression, str_of(expressions[at]))) {
            return true;
        }
    }
    return false;
}

static const char *text_of(const struct value *value)
{
    struct str text;
    struct str copy;
    if (value == NULL || value_to_text(scratch, value, &text) != STATUS_OK || arena_copy(scratch, text, &copy) != STATUS_OK) {
        return "nothing";
    }
    return copy.bytes;
}

/* "path-not-found" and so on, or "" for a result. */
static const char *outcome(const struct value *row, const struct value **out_value, struct str *out_message,
                           bool *out_reference)
{
    const struct path *path = NULL;
    const struct value *data = value_get(row, STR("data"));
    struct path_roots roots = {.input = data, .context = value_get(row, STR("context")),
                               .variables = value_get(row, STR("variables"))};
    *out_message = STR_NONE;
    *out_reference = false;
    if (path_compile(scratch, case_file_string(row, "expr"), &path, out_message) != STATUS_OK) {
        return "invalid-path";
    }
    *out_reference = path_is_reference(path);
    enum status status = path_evaluate(scratch, path, &roots, out_value, out_message);
    return status == STATUS_OK ? "" : status == STATUS_NOT_FOUND ? "path-not-found" : "evaluation-failed";
}

static bool row_passes(const struct value *row)
{
    const struct value *value = NULL;
    struct str message;
    bool reference = false;
    bool good = true;
    const struct value *wanted = value_get(row, STR("result"));
    const struct value *referable = value_get(row, STR("reference_path"));
    struct str wanted_message = case_file_string(row, "message");
    struct str error = case_file_string(row, "error");
    const char *seen = outcome(row, &value, &message, &reference);
    if (wanted != NULL) {
        good = *seen == '\0' && value_equal(wanted, value);
    } else {
        good = str_equal(error, str_of(seen));
    }
    if (referable != NULL && referable->boolean != reference && !str_equal(error, STR("invalid-path"))) {
        print_message("reference path: %d\n", reference);
        good = false;
    }
    /* The wording of what does not compile is the implementation's own. */
    if (good && wanted == NULL && wanted_message.length > 0 && !str_equal(error, STR("invalid-path")) &&
        !str_equal(wanted_message, message)) {
        good = false;
    }
    if (!good) {
        print_message("%.*s: wanted %s %.*s %.*s\n    got %s %s %.*s\n", STR_ARGS(case_file_string(row, "expr")),
                      text_of(wanted), STR_ARGS(error), STR_ARGS(wanted_message), seen, text_of(value), STR_ARGS(message));
    }
    return good || is_explained(case_file_string(row, "expr"));
}

static void run(const char *relative, bool own, bool (*passes)(const struct value *row))
{
    const struct value *rows = case_file_load(arena, relative, own);
    size_t failed = 0;
    if (rows == NULL) {
        skip();
    }
    for (uint32_t at = 0; at < rows->count; at++) {
        failed += !passes(rows->items[at]);
        arena_reset(scratch);
    }
    print_message("%s: %u cases, %zu failed\n", relative, rows->count, failed);
    assert_int_equal(failed, 0);
}

static void test_shared(void **state)
{
    (void)state;
    run("jsonpath/cases.jsonl", false, row_passes);
}

static void test_own(void **state)
{
    (void)state;
    run("jsonpath.jsonl", true, row_passes);
}

static bool put_passes(const struct value *row)
{
    const struct value *result_path = value_get(row, STR("result_path"));
    const struct value *input = value_get(row, STR("input"));
    const struct value *wanted = value_get(row, STR("output"));
    const struct value *output = NULL;
    const struct path *path = NULL;
    if (result_path->type == VALUE_NULL) {
        return true;
    }
    if (path_compile(scratch, result_path->string, &path, NULL) != STATUS_OK || !path_is_reference(path)) {
        print_message("%.*s: no reference path\n", STR_ARGS(result_path->string));
        return false;
    }
    enum status status = path_put(scratch, path, input, value_get(row, STR("result")), &output);
    bool good = wanted == NULL ? status == STATUS_NOT_FOUND : status == STATUS_OK && value_equal(wanted, output);
    if (!good) {
        print_message("%.*s on %s: wanted %s, got %s\n", STR_ARGS(result_path->string), text_of(input), text_of(wanted),
                      text_of(output));
    }
    return good;
}

static void test_put(void **state)
{
    (void)state;
    run("jsonpath/resultpath.jsonl", false, put_passes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared),
        cmocka_unit_test(test_put),
        cmocka_unit_test(test_own),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
