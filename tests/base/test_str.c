#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void test_to_int64(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t number;
    } rows[] = {
        {"0", true, 0},
        {"-12", true, -12},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"1.0", false, 0},
        {" 1", false, 0},
    };
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        int64_t number = 0;
        print_message("%s\n", rows[at].text);
        assert_int_equal(str_to_int64(str_of(rows[at].text), &number), rows[at].good);
        if (rows[at].good) {
            assert_true(number == rows[at].number);
        }
    }
}

static void test_utf8(void **state)
{
    (void)state;
    assert_true(str_is_utf8(STR("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80")));
    assert_false(str_is_utf8(STR("\xC0\x80")));
    assert_false(str_is_utf8(STR("\xED\xA0\x80")));
    assert_false(str_is_utf8(STR("\xF4\x90\x80\x80")));
    assert_false(str_is_utf8(STR("\xE2\x82")));
}

static void test_find(void **state)
{
    (void)state;
    assert_int_equal(str_find(STR("abc"), 'c'), 2);
    assert_int_equal(str_find(STR("abc"), 'x'), 3);
    assert_int_equal(str_find_str(STR("abcbc"), STR("bc")), 1);
    assert_int_equal(str_find_str(STR("abc"), STR("bd")), 3);
    assert_int_equal(str_find_str(STR("abc"), STR("")), 0);
    assert_int_equal(str_find_str(STR_NONE, STR("")), 0);
    assert_int_equal(str_find_str(STR_NONE, STR("a")), 0);
    assert_true(str_equal(str_trim(STR(" \t a b\r\n")), STR("a b")));
    assert_true(str_compare(STR("a"), STR("ab")) < 0);
    assert_true(str_ends_with(STR("x.$"), STR(".$")));
}

static void test_cut(void **state)
{
    (void)state;
    assert_true(str_equal(str_cut(STR("abc"), 3), STR("abc")));
    assert_true(str_equal(str_cut(STR("abc"), 2), STR("ab")));
    assert_true(str_equal(str_cut(STR("a\xE2\x82\xAC"), 3), STR("a")));
    assert_true(str_equal(str_cut(STR("\x80\x80"), 1), STR("")));
    assert_true(str_equal(str_cut(STR(""), 0), STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_to_int64),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
