#include "asl/intrinsics/intrinsic.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_create((size_t)64 << 20);
    return arena == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static struct str repeated(const char *before, const char *text, size_t count, const char *after)
{
    struct buffer buffer = buffer_in(arena);
    assert_int_equal(buffer_add(&buffer, str_of(before)), STATUS_OK);
    for (size_t at = 0; at < count; at++) {
        assert_int_equal(buffer_add(&buffer, str_of(text)), STATUS_OK);
    }
    assert_int_equal(buffer_add(&buffer, str_of(after)), STATUS_OK);
    return buffer_text(&buffer);
}

static void test_limits(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        const char *text;
        size_t count;
        const char *after;
        enum status status;
    } rows[] = {
        {"", "States.Array(", INTRINSIC_DEPTH_MAX, "))))))))))", STATUS_OK},
        {"", "States.Array(", INTRINSIC_DEPTH_MAX + 1, ")))))))))))", STATUS_INVALID},
        {"", "States.Array(", 100000, "", STATUS_INVALID},
        {"States.Array(1", ",1", 999, ")", STATUS_OK},
        {"States.Array(1", ",1", 1000, ")", STATUS_INVALID},
        {"States.Array(1", ",1", 100000, ")", STATUS_INVALID},
        {"States.Array('", "x", 500000, "')", STATUS_OK},
        {"States.Array(", "9", 500000, ")", STATUS_OK},
        {"States.Array($", "[", 100000, ")", STATUS_INVALID},
    };
    for (size_t at = 0; at < COUNT(rows); at++) {
        const struct intrinsic *call = NULL;
        struct str text = repeated(rows[at].before, rows[at].text, rows[at].count, rows[at].after);
        print_message("%s%s…\n", rows[at].before, rows[at].text);
        assert_int_equal(intrinsic_compile(arena, text, &call, NULL), rows[at].status);
        arena_reset(arena);
    }
}

static void evaluate(const char *text, const struct value *input, const struct value **out_value, struct failure *out_failure)
{
    const struct intrinsic *call = NULL;
    struct path_roots roots = {.input = input};
    struct env env = {.now_ms = 0};
    assert_int_equal(intrinsic_compile(arena, str_of(text), &call, NULL), STATUS_OK);
    assert_int_equal(intrinsic_evaluate(arena, call, &roots, &env, out_value, out_failure), STATUS_OK);
}

/* Long texts and many items: refused, or done in a time that no choice of them makes quadratic. */
static void test_sizes(void **state)
{
    (void)state;
    const struct value *value = NULL;
    const struct value *input = NULL;
    struct failure failure;
    struct str json = repeated("{\"s\":\"", "x", INTRINSIC_TEXT_CHARACTERS_MAX + 1, "\"}");
    assert_int_equal(value_parse(arena, json, &input, NULL), STATUS_OK);
    static const char *const refused[] = {"States.Hash($.s, 'MD5')", "States.Base64Encode($.s)", "States.Base64Decode($.s)"};
    for (size_t at = 0; at < COUNT(refused); at++) {
        evaluate(refused[at], input, &value, &failure);
        assert_true(failure_is(&failure));
    }
    struct buffer array = buffer_in(arena);
    assert_int_equal(buffer_add(&array, STR("[")), STATUS_OK);
    for (int at = 0; at < 40000; at++) {
        assert_int_equal(buffer_format(&array, "%s{\"k\":%d}", at == 0 ? "" : ",", at % 39999), STATUS_OK);
    }
    assert_int_equal(buffer_add(&array, STR("]")), STATUS_OK);
    assert_int_equal(value_parse(arena, buffer_text(&array), &input, NULL), STATUS_OK);
    evaluate("States.ArrayUnique($)", input, &value, &failure);
    assert_int_equal(value->count, 39999);
    evaluate("States.Format('{}{}{}{}{}{}{}{}', $, $, $, $, $, $, $, $)", input, &value, &failure);
    assert_true(failure_is(&failure));
    arena_reset(arena);
}

static void count_path(void *owner, const struct path *path)
{
    size_t *count = owner;
    *count += path_text(path).length;
}

static void test_paths(void **state)
{
    (void)state;
    const struct intrinsic *call = NULL;
    size_t length = 0;
    assert_true(intrinsic_is_call(STR("States.Format('a')")));
    assert_false(intrinsic_is_call(STR("$.a")));
    assert_int_equal(intrinsic_compile(arena, STR("States.Array($.abc, 1, States.ArrayLength( $$.d ), $v)"), &call, NULL),
                     STATUS_OK);
    assert_true(str_equal(intrinsic_name(call), STR("States.Array")));
    intrinsic_paths(call, count_path, &length);
    assert_int_equal(length, 5 + 4 + 2);
    arena_reset(arena);
}

static void test_mutations(void **state)
{
    (void)state;
    static const char *const calls[] = {
        "States.Format('{} \\{x\\} {}', $.a[0], States.MathAdd(-1, 2.5))",
        "States.Array('it\\'s', true, null, 1e3, $$.x, $v.y, States.StringSplit('a,b', ','))",
        "States.ArrayGetItem(States.ArrayPartition($.a, 2), 0)",
        "States.StringToJson(States.JsonToString(States.JsonMerge($, $v, false)))",
        "States.ArrayRange(0, States.MathRandom(1, 10, 3), 2)",
        "States.Base64Decode(States.Base64Encode(States.Hash('x', 'SHA-1')))",
    };
    static const char bytes[] = "'(),.{}\\$ 0-9eStanuMR[]\"\xC3";
    const struct value *input = NULL;
    const struct value *variables = NULL;
    struct arena *scratch = arena_create((size_t)64 << 20);
    assert_int_equal(value_parse(arena, STR("{\"a\":[1,\"2\",{\"b\":null}],\"s\":\"x\"}"), &input, NULL), STATUS_OK);
    assert_int_equal(value_parse(arena, STR("{\"v\":{\"y\":[1.5]}}"), &variables, NULL), STATUS_OK);
    struct path_roots roots = {.input = input, .context = input, .variables = variables};
    struct env env = {.now_ms = 0};
    uint32_t random = 3;
    size_t good = 0;
    for (int round = 0; round < 60000; round++) {
        char text[200];
        const char *source = calls[round % (int)COUNT(calls)];
        size_t length = strlen(source);
        memcpy(text, source, length);
        for (int change = 0; change < round % 4; change++) {
            random = random * 1664525 + 1013904223;
            text[(random >> 8) % length] = bytes[(random >> 20) % (sizeof bytes - 1)];
        }
        random = random * 1664525 + 1013904223;
        length -= random % 16 == 0 ? (random >> 8) % length : 0;
        const struct intrinsic *call = NULL;
        const struct value *value = NULL;
        struct str message = STR_NONE;
        struct failure failure;
        if (intrinsic_compile(scratch, (struct str){text, length}, &call, &message) == STATUS_OK) {
            assert_int_equal(intrinsic_evaluate(scratch, call, &roots, &env, &value, &failure), STATUS_OK);
            assert_true(failure_is(&failure) ? failure.cause.length > 0 : value != NULL);
            good++;
        } else {
            assert_true(message.length > 0);
        }
        arena_reset(scratch);
    }
    assert_true(good > 10000);
    arena_destroy(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
