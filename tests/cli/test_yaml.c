#include "cli/yaml.h"

#include "asl/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)

static void test_scalars(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        const char *json; /* NULL: refused */
    } rows[] = {
        {"~", "null"},
        {"null", "null"},
        {"nUll", "\"nUll\""},
        {"True", "true"},
        {"yes", "\"yes\""},
        {"'true'", "\"true\""},
        {"\"a\\tb\"", "\"a\\tb\""},
        {"12", "12"},
        {"+12", "12"},
        {"-0012", "-12"},
        {"00", "0"},
        {"0o17", "15"},
        {"0x1F", "31"},
        {"0xG", "\"0xG\""},
        {"0o8", "\"0o8\""},
        {"0x", "\"0x\""},
        {"0xFFFFFFFFFFFFFFFF", "18446744073709551615"},
        {"1.50", "1.50"},
        {"1.", "1"},
        {".5", "0.5"},
        {"-.5e+3", "-0.5e+3"},
        {"1e5", "1e5"},
        {"1e", "\"1e\""},
        {"1.2.3", "\"1.2.3\""},
        {"-", "[null]"},
        {".", "\".\""},
        {"2024-02-29", "\"2024-02-29\""},
        {"12:30", "\"12:30\""},
        {"1_000", "\"1_000\""},
        {".inf", NULL},
        {"-.INF", NULL},
        {"{a: 1, 2: b}", "{\"a\":1,\"2\":\"b\"}"},
        {"[a, [], {}]", "[\"a\",[],{}]"},
        {"|\n  a\n  b\n", "\"a\\nb\\n\""},
        {"x: &x 1\ny: *x", "{\"x\":1,\"y\":1}"},
        {"*x", NULL},
        {"{a: 1, a: 2}", NULL},
        {"!!binary aGk=", NULL},
        {"a: b: c", NULL},
    };
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct arena *arena = arena_create(ARENA_BYTES);
        struct yaml_json json;
        struct yaml_error error;
        const struct value *value = NULL;
        struct str text = STR("refused");
        enum status status = yaml_to_json(arena, str_of(rows[at].yaml), 1000, &json, &error);
        bool good = status == STATUS_INVALID && rows[at].json == NULL && error.message.length > 0 && error.mark.line > 0;
        if (status == STATUS_OK) {
            assert_int_equal(value_parse(arena, json.text, &value, NULL), STATUS_OK);
            assert_int_equal(value_to_text(arena, value, &text), STATUS_OK);
            good = rows[at].json != NULL && str_equal(text, str_of(rows[at].json));
        }
        if (!good) {
            print_message("%s: %.*s\n", rows[at].yaml, STR_ARGS(text));
        }
        assert_true(good);
        arena_destroy(arena);
    }
}

/* Lines of the JSON lead back to the YAML. */
static void test_marks(void **state)
{
    (void)state;
    struct arena *arena = arena_create(ARENA_BYTES);
    struct yaml_json json;
    struct yaml_error error;
    assert_int_equal(yaml_to_json(arena, STR("a:\n  - 1\n  -   b\nc: {}\n"), 1000, &json, &error), STATUS_OK);
    assert_true(str_equal(json.text, STR("{\n\"a\":\n[\n1,\n\"b\"\n],\n\"c\":\n{\n}\n}")));
    assert_int_equal(json.mark_count, 10);
    assert_int_equal(json.marks[4].line, 3);
    assert_int_equal(json.marks[4].column, 7);
    assert_int_equal(json.marks[6].line, 4);
    assert_int_equal(json.marks[6].column, 1);
    arena_destroy(arena);
}

/* Texts cut off or changed anywhere are converted or refused. */
static void test_mutations(void **state)
{
    (void)state;
    static const char yaml[] = "a: &x [1, 'two', \"\\u0041\"]\nb: {c: *x, ? d : !!str e}\nf: |2-\n   g\n# h\n%i: >+\n j\n";
    static const char bytes[] = "\0\"{}[]:,-?&*!|>'%@`#\t\n\\\xff";
    char changed[sizeof yaml];
    for (size_t at = 0; at < sizeof yaml - 1; at++) {
        for (size_t byte = 0; byte < sizeof bytes; byte++) {
            struct arena *arena = arena_create(ARENA_BYTES);
            struct yaml_json json;
            struct yaml_error error;
            memcpy(changed, yaml, sizeof yaml);
            changed[at] = bytes[byte];
            size_t length = byte == sizeof bytes - 1 ? at : sizeof yaml - 1;
            enum status status = yaml_to_json(arena, (struct str){changed, length}, 10000, &json, &error);
            assert_true(status == STATUS_OK || status == STATUS_INVALID);
            if (status == STATUS_OK && json.text.length > 0) {
                assert_true(value_text_is_valid(json.text));
            }
            arena_destroy(arena);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
