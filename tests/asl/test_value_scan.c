/* Every value of every tree is found in the text where the tree has it. */
#include "asl/value_scan.h"

#include "asl/jsonpath/path.h"
#include "asl/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void assert_found(struct arena *arena, struct str text, const struct value *tree)
{
    const struct value *value = NULL;
    assert_int_equal(value_parse(arena, text, &value, NULL), STATUS_OK);
    assert_true(value_equal(value, tree));
}

static void walk(struct arena *arena, struct str text, const struct value *tree)
{
    struct str found = STR_NONE;
    for (uint32_t at = 0; tree->type == VALUE_OBJECT && at < tree->count; at++) {
        assert_int_equal(value_scan_member(arena, text, tree->members[at].key, &found), STATUS_OK);
        assert_found(arena, found, tree->members[at].value);
        walk(arena, found, tree->members[at].value);
    }
    for (uint32_t at = 0; tree->type == VALUE_ARRAY && at < tree->count; at++) {
        assert_int_equal(value_scan_item(text, at, &found), STATUS_OK);
        assert_found(arena, found, tree->items[at]);
        walk(arena, found, tree->items[at]);
    }
    assert_int_equal(value_scan_member(arena, text, STR("no such name"), &found), STATUS_NOT_FOUND);
    assert_int_equal(value_scan_item(text, tree->type == VALUE_ARRAY ? tree->count : 0, &found), STATUS_NOT_FOUND);
}

static void test_trees(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",
        "[]",
        " [ ] ",
        "1",
        "\"{\"",
        "{\"a\":1}",
        "{\"a\":1,\"a\":{\"b\":2}}", /* the last of that name */
        " { \"a\" : [ 1 , -2.5e+3 , true , null , \"x\" ] , \"b\" : { } } ",
        ("{\"\\u0061\\\"\\\\\":[\"\\\\\",\"\\\"]\",\"}\"],"
         "\"longer than eight bytes\\\\\":\"longer than eight bytes\\\\\\\"\",\"é\":\"\\ud83d\"}"),
        "[[[[1],[2,3]],[]],{\"x\":[{\"y\":[{}]}]}]",
        "{\"\":{\"\":[[]]},\"[\":\"]\",\"12345678\":12345678,\"t\":true}",
    };
    struct arena *arena = arena_create(1 << 20);
    for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
        const struct value *tree = NULL;
        struct str text;
        assert_int_equal(arena_copy(arena, str_of(texts[at]), &text), STATUS_OK);
        assert_int_equal(value_parse(arena, text, &tree, NULL), STATUS_OK);
        walk(arena, text, tree);
    }
    arena_destroy(arena);
}

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *found; /* NULL: nothing */
    } cases[] = {
        {"$", "{\"a\":{\"b\":[10,{\"c\":\"x\"}]},\"n\":null}"},
        {"$.a.b[1].c", "\"x\""},
        {"$['a']['b'][0]", "10"},
        {"$.n", "null"},
        {"$.n.m", NULL},
        {"$.a.b[2]", NULL},
        {"$.a[0]", NULL},
        {"$.a.b.c", NULL},
    };
    struct arena *arena = arena_create(1 << 20);
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        const struct path *path = NULL;
        const struct value *value = NULL;
        struct str text;
        assert_int_equal(path_compile(arena, str_of(cases[at].path), &path, NULL), STATUS_OK);
        assert_true(path_is_reference(path));
        enum status status = path_scan(arena, path, STR("{\"a\":{\"b\":[10,{\"c\":\"x\"}]},\"n\":null}"), &value);
        assert_int_equal(status, cases[at].found == NULL ? STATUS_NOT_FOUND : STATUS_OK);
        if (status == STATUS_OK) {
            assert_int_equal(value_to_text(arena, value, &text), STATUS_OK);
            assert_true(str_equal(text, str_of(cases[at].found)));
        }
    }
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees),
        cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests_name("asl/value_scan", tests, NULL, NULL);
}
