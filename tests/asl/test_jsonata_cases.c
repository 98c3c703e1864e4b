/* The published cases of JSONata (shared/languages/jsonata), and our own in tests/conformance/jsonata.jsonl. */
#include "asl/jsonata/jsonata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define FILE_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define STEPS_OF_TIMELIMIT 2000000

/* One file of cases and what its cases name. */
struct suite {
    struct arena *files;
    struct arena *scratch; /* reset after each case */
    const struct value *datasets;
    const struct value *bindings;
    size_t passed;
    size_t skipped;
    size_t failed;
};

static bool read_file(struct arena *arena, const char *path, struct str *out_text)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    char *bytes = arena_allocate(arena, FILE_BYTES_MAX);
    assert_non_null(bytes);
    *out_text = (struct str){bytes, fread(bytes, 1, FILE_BYTES_MAX, file)};
    fclose(file);
    return true;
}

static const char *shared_path(char *out, size_t capacity, const char *name)
{
    const char *shared = getenv("PAWL_SHARED");
    if (shared != NULL) {
        snprintf(out, capacity, "%s/languages/jsonata/%s", shared, name);
    } else {
        snprintf(out, capacity, "%s/../shared/languages/jsonata/%s", PAWL_SOURCE_DIR, name);
    }
    return out;
}

static const struct value *load(struct suite *suite, const char *name)
{
    char path[1024];
    struct str text;
    const struct value *value = NULL;
    if (!read_file(suite->files, shared_path(path, sizeof path, name), &text)) {
        return NULL;
    }
    assert_int_equal(value_parse(suite->files, text, &value, NULL), STATUS_OK);
    return value;
}

static struct str text_of(const struct value *test, const char *name)
{
    const struct value *value = value_get(test, str_of(name));
    return value == NULL || value->type != VALUE_STRING ? STR_NONE : value->string;
}

static bool has_tag(const struct value *test, const char *name)
{
    const struct value *tags = value_get(test, STR("tags"));
    for (size_t at = 0; value_item(tags, at) != NULL; at++) {
        if (str_equal(value_item(tags, at)->string, str_of(name))) {
            return true;
        }
    }
    return false;
}

/* What evaluating gave. */
struct outcome {
    bool failed;
    struct jsonata_error error;
    const struct value *value;
    bool is_function;
};

static struct outcome run(struct suite *suite, const struct value *test, const struct value *input)
{
    struct outcome outcome = {.failed = true};
    const struct jsonata *program = NULL;
    struct env env = {.now_ms = 1600000000000, .seed = {1}};
    struct jsonata_limits limits = jsonata_limits_default;
    int64_t number = 0;
    struct jsonata_scope scope = {.input = input, .limits = &limits, .env = &env};
    const struct value *bindings = value_get(test, STR("bindings"));
    if (bindings != NULL && bindings->type == VALUE_STRING) {
        bindings = value_get(suite->bindings, bindings->string);
    }
    scope.bindings = bindings;
    const struct value *depth = value_get(test, STR("depth"));
    if (depth != NULL && value_to_int64(depth, &number)) {
        limits.depth_max = (uint32_t)number;
    }
    if (value_get(test, STR("timelimit")) != NULL) {
        limits.steps_max = STEPS_OF_TIMELIMIT;
    }
    enum status status = jsonata_compile(suite->scratch, text_of(test, "expr"), &program, &outcome.error);
    if (status == STATUS_OK) {
        status = jsonata_evaluate(suite->scratch, program, &scope, &outcome.value, &outcome.is_function, &outcome.error);
        outcome.failed = status != STATUS_OK;
    }
    if (status != STATUS_OK && status != STATUS_INVALID) {
        outcome.error.code = str_of(status_text(status));
    }
    return outcome;
}

/* Whether the arrays hold the same items in any order. */
static bool equal_unordered(const struct value *a, const struct value *b)
{
    if (a->type != VALUE_ARRAY || b->type != VALUE_ARRAY || a->count != b->count) {
        return value_equal(a, b);
    }
    for (uint32_t at = 0; at < a->count; at++) {
        bool found = false;
        for (uint32_t other = 0; other < b->count && !found; other++) {
            found = value_equal(a->items[at], b->items[other]);
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static bool matches_pattern(const struct value *matcher, const struct value *value)
{
    if (str_equal(text_of(matcher, "type"), STR("number"))) {
        return value->type == VALUE_NUMBER && value->number >= 0 && value->number < 1;
    }
    return value->type == VALUE_STRING && value->string.length == UUID_CHARACTERS && value->string.bytes[14] == '4';
}

/* Whether the outcome is what `expected` (a case, or its outcome in 2.0.6) says. */
static bool is_expected(const struct value *test, const struct value *expected, const struct outcome *outcome)
{
    struct str error = text_of(expected, "error");
    if (error.bytes != NULL) {
        bool any = str_equal(error, STR("States.QueryEvaluationError")) || str_equal(error, STR("syntax"));
        bool undefined = any && !outcome->failed && outcome->value == NULL;
        struct str token = text_of(expected, "token");
        bool same_token = token.bytes == NULL || str_equal(token, outcome->error.token);
        return undefined || (outcome->failed && same_token && (any || str_equal(error, outcome->error.code)));
    }
    const struct value *result = value_get(expected, STR("result"));
    if (result != NULL && (str_equal(result->string, STR("<NaN>")) || str_equal(result->string, STR("<Infinity>")))) {
        return outcome->failed && str_equal(outcome->error.code, STR("D1001"));
    }
    const struct value *matcher = value_get(expected, STR("matcher"));
    if (outcome->failed) {
        return false;
    }
    if (matcher != NULL) {
        return outcome->value != NULL && matches_pattern(matcher, outcome->value);
    }
    if (result == NULL || outcome->value == NULL) {
        return result == NULL && outcome->value == NULL;
    }
    return has_tag(test, "unordered") ? equal_unordered(result, outcome->value) : value_equal(result, outcome->value);
}

/* Further fields that the error must have. */
static bool has_detail(const struct value *test, const struct outcome *outcome)
{
    const struct value *detail = value_get(test, STR("errorDetail"));
    const struct value *position = value_get(detail, STR("position"));
    struct str token = text_of(detail, "token");
    struct str message = text_of(detail, "message");
    return (token.bytes == NULL || str_equal(token, outcome->error.token)) &&
           (message.bytes == NULL || str_equal(message, outcome->error.message)) &&
           (position == NULL || position->number == outcome->error.position);
}

static void print_failure(struct suite *suite, const struct value *test, const struct outcome *outcome)
{
    struct str text = STR("undefined");
    if (!outcome->failed && outcome->value != NULL) {
        assert_int_equal(value_to_text(suite->scratch, outcome->value, &text), STATUS_OK);
    }
    struct str line;
    assert_int_equal(value_to_text(suite->scratch, test, &line), STATUS_OK);
    print_message("%.*s\n    got %.*s %.*s %.*s token %.*s at %u\n", STR_ARGS(line), outcome->failed ? 0 : (int)text.length,
                  text.bytes, STR_ARGS(outcome->error.code), STR_ARGS(outcome->error.message),
                  STR_ARGS(outcome->error.token), outcome->error.position);
}

/* Why the case does not apply to us, or NULL. docs/differences.md tells them. */
static const char *not_ours(const struct value *test, const struct value *expected)
{
    if (value_get(test, STR("string")) != NULL) {
        return "about the field, not the expression";
    }
    if (str_equal(text_of(test, "field"), STR("Items")) || str_equal(text_of(test, "field"), STR("Timestamp"))) {
        return "about the type that the field wants";
    }
    if (has_tag(test, "eval")) {
        return "AWS has no $eval";
    }
    if (expected != test && (value_get(expected, STR("hang")) != NULL || str_equal(text_of(expected, "error"), STR("internal")))) {
        return "the reference breaks";
    }
    if (has_tag(test, "differs-in-2.0.6") && str_starts_with(text_of(test, "group"), STR("wildcards"))) {
        return "the inside of the reference's function objects";
    }
    return NULL;
}

static void check_case(struct suite *suite, const struct value *test)
{
    if (value_get(test, STR("datasets")) != NULL) { /* ours come with their data */
        suite->datasets = value_get(test, STR("datasets"));
        return;
    }
    const struct value *expected = value_get(test, STR("v206"));
    expected = expected == NULL ? test : expected;
    const struct value *input = value_get(test, STR("data"));
    struct str dataset = text_of(test, "dataset");
    if (dataset.bytes != NULL) {
        input = value_get(suite->datasets, dataset);
    }
    struct outcome outcome = run(suite, test, input);
    if (not_ours(test, expected) != NULL) {
        suite->skipped++;
    } else if (is_expected(test, expected, &outcome) && has_detail(test, &outcome)) {
        suite->passed++;
    } else {
        suite->failed++;
        print_failure(suite, test, &outcome);
    }
    arena_reset(suite->scratch);
}

static void check_file(struct suite *suite, const char *path)
{
    struct str rest;
    if (!read_file(suite->files, path, &rest)) {
        print_message("%s is not there\n", path);
        skip();
    }
    size_t unread = 0;
    while (rest.length > 0) {
        size_t end = str_find(rest, '\n');
        const struct value *test = NULL;
        if (end > 0 && value_parse(suite->files, str_slice(rest, 0, end), &test, NULL) == STATUS_OK) {
            check_case(suite, test);
        } else if (end > 0) {
            unread++;
        }
        rest = str_from(rest, end < rest.length ? end + 1 : end);
    }
    print_message("%s: %zu passed, %zu do not apply, %zu failed, %zu not read\n", path, suite->passed, suite->skipped,
                  suite->failed, unread);
    assert_int_equal(suite->failed, 0);
    assert_int_equal(unread, 0);
}

static int set_up(void **state)
{
    static struct suite suite;
    suite = (struct suite){.files = arena_create((size_t)512 * 1024 * 1024), .scratch = arena_create((size_t)256 * 1024 * 1024)};
    suite.datasets = load(&suite, "datasets.json");
    suite.bindings = load(&suite, "extra-bindings.json");
    *state = &suite;
    return 0;
}

static int tear_down(void **state)
{
    struct suite *suite = *state;
    arena_destroy(suite->files);
    arena_destroy(suite->scratch);
    return 0;
}

static void check_shared(void **state, const char *name)
{
    char path[1024];
    check_file(*state, shared_path(path, sizeof path, name));
}

static void test_suite(void **state)
{
    check_shared(state, "suite.jsonl");
}

static void test_extra(void **state)
{
    check_shared(state, "extra.jsonl");
}

static void test_aws(void **state)
{
    check_shared(state, "aws.jsonl");
}

static void test_ours(void **state)
{
    check_file(*state, PAWL_SOURCE_DIR "/tests/conformance/jsonata.jsonl");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_suite, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_extra, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_aws, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ours, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
