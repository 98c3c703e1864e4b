#include "cli/properties.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define ARENA_BYTES_MAX (1024 * 1024)

static void test_good(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *key;
        const char *value;
        uint32_t line;
    } rows[] = {
        {"a=b", "a", "b", 1},
        {"a = b", "a", "b", 1},
        {"a:b", "a", "b", 1},
        {"a b", "a", "b", 1},
        {"  a  :  b c ", "a", "b c ", 1},
        {"a", "a", "", 1},
        {"a=", "a", "", 1},
        {"a=b=c", "a", "b=c", 1},
        {"# no\n! no\n\n \t\na=b\n", "a", "b", 5},
        {"a=b\r\n", "a", "b", 1},
        {"\r\r\na=b", "a", "b", 3},
        {"a=b\\\n   c", "a", "bc", 1},
        {"a=b\\\r\n   c", "a", "bc", 1},
        {"a\\ b=c", "a b", "c", 1},
        {"a\\=b=c", "a=b", "c", 1},
        {"a=\\t\\n\\r\\f\\\\\\x", "a", "\t\n\r\f\\x", 1},
        {"a=\\u0041\\u00e9\\u20AC", "a", "A\xC3\xA9\xE2\x82\xAC", 1},
        {"a=b\\", "a", "b", 1},
        {"a=# b", "a", "# b", 1},
        {"\xC3\xA9=\xE2\x82\xAC", "\xC3\xA9", "\xE2\x82\xAC", 1},
    };
    struct arena *arena = arena_create(ARENA_BYTES_MAX);
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct properties properties;
        uint32_t line;
        print_message("%s\n", rows[at].text);
        assert_int_equal(properties_parse(arena, str_of(rows[at].text), &properties, &line), STATUS_OK);
        assert_int_equal(properties.count, 1);
        assert_string_equal(properties.items[0].key.bytes, rows[at].key);
        assert_string_equal(properties.items[0].value.bytes, rows[at].value);
        assert_int_equal(properties.items[0].line, rows[at].line);
    }
    arena_destroy(arena);
}

static void test_bad(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        uint32_t line;
    } rows[] = {
        {STR_INIT("=b"), 1},
        {STR_INIT("a=b\n:c"), 2},
        {STR_INIT("a=\\u12"), 1},
        {STR_INIT("a=\\u12zz"), 1},
        {STR_INIT("a=\\uD800"), 1},
        {STR_INIT("a=\\u0000"), 1},
        {STR_INIT("a=b\0c"), 1},
        {STR_INIT("a\0=c"), 1},
        {STR_INIT("a=\xC0\x80"), 0},
        {STR_INIT("a=\xFF"), 0},
    };
    struct arena *arena = arena_create(ARENA_BYTES_MAX);
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct properties properties;
        uint32_t line;
        print_message("%s\n", rows[at].text.bytes);
        assert_int_equal(properties_parse(arena, rows[at].text, &properties, &line), STATUS_INVALID);
        assert_int_equal(line, rows[at].line);
    }
    arena_destroy(arena);
}

static void test_many(void **state)
{
    (void)state;
    struct arena *arena = arena_create(ARENA_BYTES_MAX);
    struct properties properties;
    uint32_t line;
    assert_int_equal(properties_parse(arena, STR("a=1\nb=2\\\n,3\n# c=4\nd 5"), &properties, &line), STATUS_OK);
    assert_int_equal(properties.count, 3);
    assert_string_equal(properties.items[1].value.bytes, "2,3");
    assert_string_equal(properties.items[2].key.bytes, "d");
    assert_int_equal(properties.items[2].line, 5);
    assert_int_equal(properties_parse(arena, STR(""), &properties, &line), STATUS_OK);
    assert_int_equal(properties.count, 0);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
