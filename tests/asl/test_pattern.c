#include "asl/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define LONG 250000

static void test_rows(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *pattern;
        bool matches;
    } rows[] = {
        {"", "", true},
        {"", "*", true},
        {"", "**", true},
        {"a", "", false},
        {"", "a", false},
        {"abc", "abc", true},
        {"abc", "abd", false},
        {"abc", "a*", true},
        {"abc", "*c", true},
        {"abc", "a*c", true},
        {"abc", "*b*", true},
        {"abc", "a*b", false},
        {"abc", "abc*", true},
        {"abc", "*abc", true},
        {"abc", "a**c", true},
        {"aa", "a*a", true},
        {"a", "a*a", false},
        {"abab", "*ab", true},
        {"aXbXc", "a*X*c", true},
        {"mississippi", "m*issip*", true},
        {"mississippi", "m*iss*iss*iss*", false},
        {"a*b", "a\\*b", true},
        {"axb", "a\\*b", false},
        {"a\\b", "a\\\\b", true},
        {"a\\b", "a\\b", true},
        {"x*y*z", "*\\**\\*z", true},
        {"a\\", "a\\", true},
        {"zoo.log", "*.log", true},
        {"a*", "*\\*", true},
        {"ab", "*\\*", false},
    };
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        print_message("%s ~ %s\n", rows[at].text, rows[at].pattern);
        assert_int_equal(pattern_matches(str_of(rows[at].text), str_of(rows[at].pattern)), rows[at].matches);
    }
}

/* What goes back at each mismatch compares every place with the whole pattern: minutes. */
static void test_long(void **state)
{
    (void)state;
    char *text = malloc(LONG);
    char *pattern = malloc(LONG);
    assert_true(text != NULL && pattern != NULL);
    memset(text, 'a', LONG);
    memset(pattern, 'a', LONG);
    pattern[0] = '*';
    pattern[LONG / 2] = 'b';
    assert_false(pattern_matches((struct str){text, LONG}, (struct str){pattern, LONG / 2 + 1}));
    pattern[LONG / 2 + 1] = '*';
    assert_false(pattern_matches((struct str){text, LONG}, (struct str){pattern, LONG / 2 + 2}));
    pattern[1] = '\\';
    pattern[2] = '*';
    assert_false(pattern_matches((struct str){text, LONG}, (struct str){pattern, LONG / 2 + 2}));
    for (size_t at = 1; at < LONG; at += 2) {
        pattern[at] = '*';
    }
    assert_false(pattern_matches((struct str){text, LONG / 4}, (struct str){pattern, LONG}));
    free(text);
    free(pattern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_long)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
