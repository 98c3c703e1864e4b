#include "asl/intrinsics/intrinsic.h"
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

static const char *text_of(const struct value *value)
{
    struct str text;
    struct str copy;
    if (value == NULL || value_to_text(scratch, value, &text) != STATUS_OK || arena_copy(scratch, text, &copy) != STATUS_OK) {
        return "nothing";
    }
    return copy.bytes;
}

struct outcome {
    const struct value *value;
    struct failure failure;
    bool compiled;
    struct str message;
};

static struct outcome run_row(const struct value *row, struct env *env)
{
    struct outcome outcome = {.compiled = false};
    const struct intrinsic *call = NULL;
    struct path_roots roots = {.input = value_get(row, STR("input")),
                               .context = value_get(row, STR("context")),
                               .variables = value_get(row, STR("variables"))};
    if (intrinsic_compile(scratch, case_file_string(row, "expr"), &call, &outcome.message) == STATUS_OK) {
        outcome.compiled = true;
        assert_int_equal(intrinsic_evaluate(scratch, call, &roots, env, &outcome.value, &outcome.failure), STATUS_OK);
    }
    return outcome;
}

static double number_of(const struct value *matcher, const char *name, double otherwise)
{
    const struct value *value = value_get(matcher, str_of(name));
    return value == NULL ? otherwise : value->number;
}

static bool matcher_fits(const struct value *matcher, const struct value *value, const struct value *again)
{
    struct str type = case_file_string(matcher, "type");
    const struct value *repeatable = value_get(matcher, STR("repeatable"));
    const struct value *distinct = value_get(matcher, STR("distinct"));
    if ((repeatable != NULL && repeatable->boolean && !value_equal(value, again)) ||
        (distinct != NULL && distinct->boolean && value_equal(value, again))) {
        return false;
    }
    if (str_equal(type, STR("integer"))) {
        return value->type == VALUE_NUMBER && value->number >= number_of(matcher, "min", 0) &&
               value->number <= number_of(matcher, "max", 0);
    }
    if (str_equal(type, STR("array"))) {
        return value->type == VALUE_ARRAY && value->count == number_of(matcher, "length", 0) &&
               value->items[0]->number == number_of(matcher, "first", 0) &&
               value->items[value->count - 1]->number == number_of(matcher, "last", 0);
    }
    /* The only pattern is that of a UUID. */
    return value->type == VALUE_STRING && value->string.length == UUID_CHARACTERS && value->string.bytes[14] == '4';
}

/* As sets; the items here are few. */
static bool sets_equal(const struct value *a, const struct value *b)
{
    bool equal = a->count == b->count;
    for (uint32_t at = 0; equal && at < a->count; at++) {
        bool found = false;
        for (uint32_t other = 0; other < b->count; other++) {
            found |= value_equal(a->items[at], b->items[other]);
        }
        equal = found;
    }
    return equal;
}

static bool row_passes(const struct value *row)
{
    struct env env = {.now_ms = 1};
    const struct value *wanted = value_get(row, STR("result"));
    const struct value *matcher = value_get(row, STR("matcher"));
    struct outcome outcome = run_row(row, &env);
    struct str phase = case_file_string(row, "phase");
    struct str cause = case_file_string(row, "cause");
    bool good = false;
    if (wanted != NULL) {
        bool set = case_file_string(row, "compare").length > 0;
        good = outcome.value != NULL && (set ? sets_equal(outcome.value, wanted) : value_equal(outcome.value, wanted));
    } else if (matcher != NULL) {
        good = outcome.value != NULL && matcher_fits(matcher, outcome.value, run_row(row, &env).value);
    } else if (str_equal(phase, STR("definition"))) {
        good = !outcome.compiled && outcome.message.length > 0;
    } else {
        good = (outcome.compiled && failure_is(&outcome.failure) && str_equal(outcome.failure.error, STR("States.Runtime"))) ||
               (!outcome.compiled && str_starts_with(phase, STR("runtime-or")));
        good = good && (cause.length == 0 || str_equal(cause, outcome.failure.cause));
    }
    if (!good) {
        print_message("%.*s: wanted %s %.*s\n    got %s %.*s %.*s\n", STR_ARGS(case_file_string(row, "expr")), text_of(wanted),
                      STR_ARGS(cause), text_of(outcome.value), STR_ARGS(outcome.failure.cause), STR_ARGS(outcome.message));
    }
    return good;
}

static void run(const char *relative, bool own)
{
    const struct value *rows = case_file_load(arena, relative, own);
    size_t failed = 0;
    if (rows == NULL) {
        skip();
    }
    for (uint32_t at = 0; at < rows->count; at++) {
        failed += !row_passes(rows->items[at]);
        arena_reset(scratch);
    }
    print_message("%s: %u cases, %zu failed\n", relative, rows->count, failed);
    assert_int_equal(failed, 0);
}

static void test_shared(void **state)
{
    (void)state;
    run("intrinsics/cases.jsonl", false);
}

static void test_own(void **state)
{
    (void)state;
    run("intrinsics.jsonl", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared),
        cmocka_unit_test(test_own),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
