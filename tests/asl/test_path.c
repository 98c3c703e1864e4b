#include "asl/jsonpath/path.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_create((size_t)256 << 20);
    return arena == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static const struct value *parsed(const char *text)
{
    const struct value *value = NULL;
    assert_int_equal(value_parse(arena, str_of(text), &value, NULL), STATUS_OK);
    return value;
}

static void test_compile(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum path_root root;
        const char *variable;
        bool reference;
        bool is_root;
    } rows[] = {
        {"$", PATH_ROOT_INPUT, "", true, true},
        {"$.a", PATH_ROOT_INPUT, "", true, false},
        {"$$", PATH_ROOT_CONTEXT, "", true, false},
        {"$$.Execution.Id", PATH_ROOT_CONTEXT, "", true, false},
        {"$order", PATH_ROOT_VARIABLE, "order", true, false},
        {"$order_1.items[0]", PATH_ROOT_VARIABLE, "order_1", true, false},
        {"$\xC3\xBC['x']", PATH_ROOT_VARIABLE, "\xC3\xBC", true, false},
        {"$order.items[*]", PATH_ROOT_VARIABLE, "order", false, false},
        {"$.a[-1]", PATH_ROOT_INPUT, "", false, false},
        {"$.a[0,1]", PATH_ROOT_INPUT, "", false, false},
        {"$.a.length()", PATH_ROOT_INPUT, "", false, false},
        {"$..a", PATH_ROOT_INPUT, "", false, false},
    };
    for (size_t at = 0; at < COUNT(rows); at++) {
        const struct path *path = NULL;
        print_message("%s\n", rows[at].text);
        assert_int_equal(path_compile(arena, str_of(rows[at].text), &path, NULL), STATUS_OK);
        assert_true(str_equal(path_text(path), str_of(rows[at].text)));
        assert_int_equal(path_root(path), rows[at].root);
        assert_true(str_equal(path_variable(path), str_of(rows[at].variable)));
        assert_int_equal(path_is_reference(path), rows[at].reference);
        assert_int_equal(path_is_root(path), rows[at].is_root);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",        " $",          "a",           "$a b",        "$1",        "$-",          "@.a",           "$.a\xFF",
        "$.",      "$.a[?(@.b =~ /(/)]", "$.a[?(@.b =~ /a/q)]", "$.a[?()]", "$[?(@.a ==)]", "$$$",         "$.a[1:2:x]",
        "$[''a']", "$['a'",       "$[\"a\\u12\"]", "$.f(",      "$.nope()",  "$.max(1",     "$.concat(\"a)", "$.append({)",
        "$[?(@.a && )]", "$[?(!)]", "$[?((@.a)]", "$[?(@.a in [1)]", "$[?('a)]", "$[?(/a)]", "$[99999999999]", "$..max()",
    };
    for (size_t at = 0; at < COUNT(rows); at++) {
        const struct path *path = NULL;
        struct str message = STR_NONE;
        print_message("%s\n", rows[at]);
        assert_int_equal(path_compile(arena, str_of(rows[at]), &path, &message), STATUS_INVALID);
        assert_true(message.length > 0);
    }
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

/* However a path is built, compiling it ends, in a clear no. */
static void test_compile_limits(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        const char *text;
        size_t count;
        const char *after;
        enum status status;
    } rows[] = {
        {"$", ".a", PATH_TOKENS_MAX, "", STATUS_OK},
        {"$", ".a", PATH_TOKENS_MAX + 1, "", STATUS_INVALID},
        {"$", "[?(@", 100000, "", STATUS_INVALID},
        {"$[?(", "(", 100000, "", STATUS_INVALID},
        {"$[?(", "!", 100000, "@.a)]", STATUS_OK},
        {"$[?(", "!(", 10, "@.a))))))))))))]", STATUS_INVALID},
        {"$[?(@.a", " && @.a", 100000, ")]", STATUS_INVALID},
        {"$[0", ",0", 100000, "]", STATUS_INVALID},
        {"$['a'", ",'a'", 100000, "]", STATUS_INVALID},
        {"$.max(1", ",1", 100000, ")", STATUS_INVALID},
        {"$", ".max($", 1000, "", STATUS_INVALID},
        {"$[?(@ =~ /", "(", 100000, "/)]", STATUS_INVALID},
        {"$[?(@ == ", "[", 100000, ")]", STATUS_INVALID},
        {"$.", "a", 1000000, "", STATUS_OK},
    };
    for (size_t at = 0; at < COUNT(rows); at++) {
        const struct path *path = NULL;
        struct str text = repeated(rows[at].before, rows[at].text, rows[at].count, rows[at].after);
        print_message("%s%s…\n", rows[at].before, rows[at].text);
        assert_int_equal(path_compile(arena, text, &path, NULL), rows[at].status);
    }
}

static enum status evaluate(const char *text, const struct value *input, const struct value **out_value,
                            struct str *out_message)
{
    const struct path *path = NULL;
    struct path_roots roots = {.input = input};
    assert_int_equal(path_compile(arena, str_of(text), &path, NULL), STATUS_OK);
    return path_evaluate(arena, path, &roots, out_value, out_message);
}

/* What a path may cost is bounded, whatever it says. */
static void test_evaluation_limits(void **state)
{
    (void)state;
    const struct value *value = NULL;
    struct str message = STR_NONE;
    struct str wide = repeated("[0", ",0", 20000, "]");
    struct str deep = repeated("", "[", JSON_DEPTH_MAX, "");
    struct str closing = repeated("", "]", JSON_DEPTH_MAX, "");
    const struct value *array = NULL;
    const struct value *nested = NULL;
    assert_int_equal(arena_concat(arena, deep, closing, &deep), STATUS_OK);
    assert_int_equal(value_parse(arena, wide, &array, NULL), STATUS_OK);
    assert_int_equal(value_parse(arena, deep, &nested, NULL), STATUS_OK);
    assert_int_equal(evaluate("$[?($..x == 1)]", array, &value, &message), STATUS_INVALID);
    assert_true(message.length > 0);
    assert_int_equal(evaluate("$[?(@ in $)]", array, &value, &message), STATUS_OK);
    assert_int_equal(evaluate("$[?(7 in $)]", array, &value, &message), STATUS_INVALID);
    assert_int_equal(evaluate("$..*..*..*", nested, &value, &message), STATUS_INVALID);
    assert_int_equal(evaluate("$..*", nested, &value, &message), STATUS_OK);
    assert_int_equal(value->count, JSON_DEPTH_MAX - 1);
    assert_int_equal(evaluate("$[-2000000000:2000000000]", array, &value, &message), STATUS_OK);
    const struct value *text = parsed("[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"]");
    assert_int_equal(evaluate("$[?(@ =~ /(a|aa)*!!/)]", text, &value, &message), STATUS_INVALID);
    assert_true(message.length > 0);
}

/* Damaged paths, compiled and evaluated: nothing but an answer is asked for. */
static void test_mutations(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "$.a[?(@.x == 1 && !@.y || @.s =~ /a.*/i)].x",
        "$..a['x','y'][0:-1].length()",
        "$.a[?(@.x in [1,'2',{\"k\":null}])][-1,0].concat(\"q\",$.s,@..x)",
        "$$.a[*].x.max(1,$v.b)",
        "$v['a\\u0041\\'b'][?((@.n size 2) && $.a[0].x >= -1.5e2)]",
    };
    static const char bytes[] = "$@.[]()?*'\",:&|!=~/<>-0a \\\xC3{}";
    const struct value *input = parsed("{\"a\":[{\"x\":1,\"y\":[{\"x\":\"2\"}],\"s\":\"abc\",\"n\":[1,2]},{\"x\":null}],\"s\":\"t\"}");
    struct path_roots roots = {.input = input, .context = input, .variables = parsed("{\"v\":{\"a\":[1],\"b\":2}}")};
    struct arena *scratch = arena_create((size_t)64 << 20);
    uint32_t random = 7;
    size_t good = 0;
    for (int round = 0; round < 60000; round++) {
        char text[200];
        const char *source = paths[round % (int)COUNT(paths)];
        size_t length = strlen(source);
        memcpy(text, source, length);
        for (int change = 0; change < 1 + round % 4; change++) {
            random = random * 1664525 + 1013904223;
            text[(random >> 8) % length] = bytes[(random >> 20) % (sizeof bytes - 1)];
        }
        random = random * 1664525 + 1013904223;
        length -= random % 8 == 0 ? (random >> 8) % length : 0;
        const struct path *path = NULL;
        const struct value *value = NULL;
        struct str message = STR_NONE;
        if (path_compile(scratch, (struct str){text, length}, &path, &message) == STATUS_OK) {
            enum status status = path_evaluate(scratch, path, &roots, &value, &message);
            assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND || status == STATUS_INVALID);
            good++;
            if (path_is_reference(path) && path_root(path) == PATH_ROOT_INPUT) {
                status = path_put(scratch, path, input, &value_true, &value);
                assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
            }
        } else {
            assert_true(message.length > 0);
        }
        arena_reset(scratch);
    }
    assert_true(good > 1000);
    arena_destroy(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compile),        cmocka_unit_test(test_refused),           cmocka_unit_test(test_compile_limits),
        cmocka_unit_test(test_evaluation_limits), cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
