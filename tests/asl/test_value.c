#include "asl/value.h"
#include "base/limits.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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
    struct value_error error = {0};
    if (value_parse(arena, str_of(text), &value, &error) != STATUS_OK) {
        fail_msg("%s: %.*s", text, STR_ARGS(error.message));
    }
    return value;
}

static const char *printed(const struct value *value)
{
    struct str text;
    struct str copy;
    assert_int_equal(value_to_text(arena, value, &text), STATUS_OK);
    assert_int_equal(arena_copy(arena, text, &copy), STATUS_OK);
    return copy.bytes;
}

static void test_print(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *compact;
    } rows[] = {
        {"null", "null"},
        {" true\n", "true"},
        {"[ ]", "[]"},
        {"{ }", "{}"},
        {"[1,2]", "[1,2]"},
        {"[1.10, 1e400,-0 ,123456789012345678901234567890]", "[1.10,1e400,-0,123456789012345678901234567890]"},
        {"{\"b\" : 1, \"a\":[ {\"c\":\"\\u00e9 \\/\"} ]}", "{\"b\":1,\"a\":[{\"c\":\"\\u00e9 \\/\"}]}"},
        {"{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"},
        {"{\"a\":1,\"\\u0061\":{ }}", "{\"a\":{}}"},
        {"[[1 ],[2]]", "[[1],[2]]"},
        {"[{\"a\":1,\"a\":1}]", "[{\"a\":1}]"},
        {"{\"\":0}", "{\"\":0}"},
    };
    for (size_t at = 0; at < COUNT(rows); at++) {
        print_message("%s\n", rows[at].text);
        assert_string_equal(printed(parsed(rows[at].text)), rows[at].compact);
        assert_true(value_text_is_valid(str_of(rows[at].text)));
    }
}

static void test_errors(void **state)
{
    (void)state;
#define VALUES "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
    static const struct {
        const char *text;
        uint32_t column;
        const char *message;
    } rows[] = {
        {"not json", 4, "Unrecognized token 'not': was expecting " VALUES},
        {"tru", 4, "Unrecognized token 'tru': was expecting " VALUES},
        {"[truex]", 7, "Unrecognized token 'truex': was expecting " VALUES},
        {"nul\xC3\xA9!", 5, "Unrecognized token 'nul\xC3\xA9': was expecting " VALUES},
        {"{'a': 1}", 3, "Unexpected character (''' (code 39)): was expecting double-quote to start field name"},
        {"{\"a\":1,}", 9, "Unexpected character ('}' (code 125)): was expecting double-quote to start field name"},
        {"", 1, "No content to map due to end-of-input"},
        {"  ", 3, "No content to map due to end-of-input"},
        {"[1,]", 5, "Unexpected character (']' (code 93)): expected a valid value " VALUES},
        {"{\"a\":}", 7, "Unexpected character ('}' (code 125)): expected a valid value " VALUES},
        {"[1,}", 5, "Unexpected character ('}' (code 125)): expected a value"},
        {"[1, // one\n2]", 6,
         "Unexpected character ('/' (code 47)): maybe a (non-standard) comment? (not recognized as one since Feature "
         "'ALLOW_COMMENTS' not enabled for parser)"},
        {"}", 2, "Unexpected close marker '}': expected ']' (for root starting at [Source: (String)\"}\"; line: 1, column: 0])"},
        {"nu\x01l", 5, "Unrecognized token 'nu\x01l': was expecting " VALUES},
        {"{\"a\" 1}", 7, "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value"},
        {"[1 2]", 5, "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries"},
        {"{\"a\":1 \"b\":2}", 9, "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries"},
        {"\"a", 3, "Unexpected end-of-input: was expecting closing quote for a string value"},
        {"{\"a", 4, "Unexpected end-of-input in field name"},
        {"{\"a\"", 5, "Unexpected end-of-input within/between Object entries"},
        {"[1,", 4, "Unexpected end-of-input within/between Array entries"},
        {"{", 2,
         "Unexpected end-of-input: expected close marker for Object (start marker at [Source: (String)\"{\"; line: 1, column: 1])"},
        {"[1", 3,
         "Unexpected end-of-input: expected close marker for Array (start marker at [Source: (String)\"[1\"; line: 1, column: 1])"},
        {"[}", 3, "Unexpected close marker '}': expected ']' (for Array starting at [Source: (String)\"[}\"; line: 1, column: 1])"},
        {"\"\\x\"", 4, "Unrecognized character escape 'x' (code 120)"},
        {"\"\\u12G4\"", 7, "Unexpected character ('G' (code 71)): expected a hex-digit for character escape sequence"},
        {"\"\n\"", 3,
         "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in string value"},
        {"[\x01]", 3, "Illegal character ((CTRL-CHAR, code 1)): only regular white space (\\r, \\n, \\t) is allowed between tokens"},
        {"01", 2, "Invalid numeric value: Leading zeroes not allowed"},
        {"1.", 3, "Unexpected character ('.' (code 46)) in numeric value: Decimal point not followed by a digit"},
        {"-a", 3,
         "Unexpected character ('a' (code 97)) in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value"},
        {"[1e]", 4, "Unexpected character (']' (code 93)) in numeric value: Exponent indicator not followed by a digit"},
        {"\xE2\x86\x92", 2, "Unexpected character ('\xE2\x86\x92' (code 8594 / 0x2192)): expected a valid value " VALUES},
        {"1x", 3, "Unexpected character ('x' (code 120)): Expected space separating root-level values"},
        {"{} x", 5, "Unrecognized token 'x': was expecting " VALUES},
        {"\"\xFF\"", 2, "Invalid UTF-8 start byte 0xff"},
        {"\xEF\xBB\xBF{}", 2, "Unexpected character ('\xEF\xBB\xBF' (code 65279 / 0xfeff)): expected a valid value " VALUES},
    };
    for (size_t at = 0; at < COUNT(rows); at++) {
        const struct value *value = NULL;
        struct value_error error = {0};
        print_message("%s\n", rows[at].text);
        assert_int_equal(value_parse(arena, str_of(rows[at].text), &value, &error), STATUS_INVALID);
        char message[1000];
        snprintf(message, sizeof message, "%.*s", STR_ARGS(error.message));
        assert_string_equal(message, rows[at].message);
        assert_int_equal(error.column, rows[at].column);
        assert_false(value_text_is_valid(str_of(rows[at].text)));
        assert_int_equal(value_parse(arena, str_of(rows[at].text), &value, NULL), STATUS_INVALID);
    }
    struct value_error error = {0};
    const struct value *value = NULL;
    assert_int_equal(value_parse(arena, STR("{\n \"\xF0\x9F\x98\x80\": x}"), &value, &error), STATUS_INVALID);
    assert_int_equal(error.line, 2);
    assert_int_equal(error.column, 9);
    assert_int_equal(error.offset, 12);
}

static void test_strings(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct str string;
        const char *written; /* as a computed string */
    } rows[] = {
        {"\"\"", STR_INIT(""), "\"\""},
        {"\"plain text that is long\"", STR_INIT("plain text that is long"), "\"plain text that is long\""},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", STR_INIT("\"\\/\b\f\n\r\t"), "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {"\"\\u0000\\u001F\\u00e9\"", STR_INIT("\0\x1F\xC3\xA9"), "\"\\u0000\\u001F\xC3\xA9\""},
        {"\"\\ud83d\\uDE00!\"", STR_INIT("\xF0\x9F\x98\x80!"), "\"\xF0\x9F\x98\x80!\""},
        {"\"\\ud83dx\"", STR_INIT("\xED\xA0\xBDx"), "\"\\uD83Dx\""},
        {"\"\\ude00\\ud83d\"", STR_INIT("\xED\xB8\x80\xED\xA0\xBD"), "\"\\uDE00\\uD83D\""},
        {"\"\\ud83d\\u0041\"", STR_INIT("\xED\xA0\xBD" "A"), "\"\\uD83DA\""},
        {"\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\x7F\"", STR_INIT("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\x7F"),
         "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\x7F\""},
    };
    for (size_t at = 0; at < COUNT(rows); at++) {
        print_message("%s\n", rows[at].text);
        const struct value *value = parsed(rows[at].text);
        assert_int_equal(value->type, VALUE_STRING);
        assert_true(str_equal(value->string, rows[at].string));
        const struct value *computed = NULL;
        assert_int_equal(value_string(arena, value->string, &computed), STATUS_OK);
        assert_string_equal(printed(computed), rows[at].written);
        assert_true(value_equal(value, computed));
    }
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double number;
        bool whole;
        int64_t integer;
    } rows[] = {
        {"0", 0, true, 0},
        {"-0", -0.0, true, 0},
        {"-0.0", -0.0, true, 0},
        {"1.0", 1, true, 1},
        {"1e2", 100, true, 100},
        {"1E+2", 100, true, 100},
        {"1200e-2", 12, true, 12},
        {"1250e-2", 12.5, false, 0},
        {"0e99999999999999999999", 0, false, 0},
        {"0.000", 0, true, 0},
        {"0.1", 0.1, false, 0},
        {"-123.456", -123.456, false, 0},
        {"9223372036854775807", 9223372036854775807.0, true, INT64_MAX},
        {"-9223372036854775808", -9223372036854775808.0, true, INT64_MIN},
        {"9223372036854775808", 9223372036854775808.0, false, 0},
        {"-9223372036854775808.0", -9223372036854775808.0, true, INT64_MIN},
        {"123456789012345678901234567890", 123456789012345678901234567890.0, false, 0},
        {"1e400", INFINITY, false, 0},
        {"-1e400", -INFINITY, false, 0},
        {"1e-400", 0, false, 0},
        {"1e999999999999999999999", INFINITY, false, 0},
        {"123456789012345e22", 123456789012345e22, false, 0},
        {"123456789012345e-22", 123456789012345e-22, false, 0},
        {"1234567890123456e-3", 1234567890123456e-3, false, 0},
        {"2.2250738585072011e-308", 2.2250738585072011e-308, false, 0},
        {"0.00000000000000000000000000000001", 1e-32, false, 0},
        {"9007199254740993", 9007199254740993.0, true, 9007199254740993},
    };
    for (size_t at = 0; at < COUNT(rows); at++) {
        print_message("%s\n", rows[at].text);
        const struct value *value = parsed(rows[at].text);
        int64_t integer = 0;
        assert_int_equal(value->type, VALUE_NUMBER);
        assert_true(value->number == rows[at].number && !signbit(value->number) == !signbit(rows[at].number));
        assert_int_equal(value_to_int64(value, &integer), rows[at].whole);
        if (rows[at].whole) {
            assert_true(integer == rows[at].integer);
        }
        assert_string_equal(printed(value), rows[at].text);
    }
}

static void test_doubles(void **state)
{
    (void)state;
    static const struct {
        double number;
        const char *text;
    } rows[] = {
        {0, "0.0"},
        {-0.0, "-0.0"},
        {8, "8.0"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e10, "1.0E10"},
        {9999999, "9999999.0"},
        {10000000, "1.0E7"},
        {12345678.9, "1.23456789E7"},
        {0.001, "0.001"},
        {0.0012345, "0.0012345"},
        {0.01, "0.01"},
        {0.0001, "1.0E-4"},
        {4.9E-324, "4.9E-324"},
        {1.7976931348623157E308, "1.7976931348623157E308"},
        {2e-3, "0.002"},
        {100, "100.0"},
        {1.0 / 3, "0.3333333333333333"},
        {9007199254740992, "9.007199254740992E15"},
    };
    const struct value *value = NULL;
    for (size_t at = 0; at < COUNT(rows); at++) {
        print_message("%s\n", rows[at].text);
        assert_int_equal(value_double(arena, rows[at].number, &value), STATUS_OK);
        assert_string_equal(printed(value), rows[at].text);
        assert_true(parsed(rows[at].text)->number == rows[at].number);
    }
    assert_int_equal(value_double(arena, NAN, &value), STATUS_INVALID);
    assert_int_equal(value_double(arena, INFINITY, &value), STATUS_INVALID);
    assert_int_equal(value_integer(arena, INT64_MIN, &value), STATUS_OK);
    assert_string_equal(printed(value), "-9223372036854775808");
    assert_int_equal(value_integer(arena, 0, &value), STATUS_OK);
    assert_string_equal(printed(value), "0");
    assert_int_equal(value_number_text(arena, STR("1.50"), &value), STATUS_OK);
    assert_string_equal(printed(value), "1.50");
    assert_int_equal(value_number_text(arena, STR("\"1\""), &value), STATUS_INVALID);
    assert_int_equal(value_number_text(arena, STR(" 1"), &value), STATUS_INVALID);
}

static void test_equal(void **state)
{
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        bool equal;
    } rows[] = {
        {"1", "1.0", true},
        {"1", "10e-1", true},
        {"0.5", "5e-1", true},
        {"9007199254740993", "9007199254740992", false},
        {"1e400", "1e401", false},
        {"1", "\"1\"", false},
        {"null", "false", false},
        {"\"\\u0061\"", "\"a\"", true},
        {"[1,2]", "[2,1]", false},
        {"[1]", "[1,2]", false},
        {"{\"a\":1,\"b\":[{}]}", "{ \"b\":[{}],\"a\":1.0}", true},
        {"{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}", false},
        {"{\"a\":1}", "{\"a\":1,\"c\":2}", false},
        {"[]", "{}", false},
    };
    for (size_t at = 0; at < COUNT(rows); at++) {
        print_message("%s = %s\n", rows[at].a, rows[at].b);
        assert_int_equal(value_equal(parsed(rows[at].a), parsed(rows[at].b)), rows[at].equal);
        assert_int_equal(value_equal(parsed(rows[at].b), parsed(rows[at].a)), rows[at].equal);
    }
}

static void test_objects(void **state)
{
    (void)state;
    const struct value *object = parsed("{ \"a\": 1, \"b\": {\"c\": [10, 20]} }");
    const struct value *next = NULL;
    assert_string_equal(printed(value_get(object, STR("b"))), "{\"c\":[10,20]}");
    assert_null(value_get(object, STR("x")));
    assert_null(value_get(NULL, STR("x")));
    assert_null(value_get(value_get(object, STR("a")), STR("x")));
    const struct value *array = value_get(value_get(object, STR("b")), STR("c"));
    assert_string_equal(printed(value_item(array, 1)), "20");
    assert_null(value_item(array, 2));
    assert_null(value_item(object, 0));
    assert_int_equal(value_object_with(arena, object, STR("a"), &value_null, &next), STATUS_OK);
    assert_string_equal(printed(next), "{\"a\":null,\"b\":{\"c\":[10,20]}}");
    assert_int_equal(value_object_with(arena, object, STR("n\"w"), &value_true, &next), STATUS_OK);
    assert_string_equal(printed(next), "{\"a\":1,\"b\":{\"c\":[10,20]},\"n\\\"w\":true}");
    assert_int_equal(value_object_with(arena, &value_empty_object, STR("a"), array, &next), STATUS_OK);
    assert_string_equal(printed(next), "{\"a\":[10,20]}");
    assert_int_equal(value_array_with(arena, array, 0, &value_false, &next), STATUS_OK);
    assert_string_equal(printed(next), "[false,20]");
    assert_string_equal(printed(array), "[10,20]");
    assert_string_equal(printed(&value_empty_object), "{}");
    assert_string_equal(printed(&value_empty_array), "[]");
}

/* 64 KiB of members with few or one name: merged, and not in quadratic time. */
static void test_many_members(void **state)
{
    (void)state;
    enum { MEMBERS = 20000 };
    struct buffer text = buffer_in(arena);
    struct buffer reversed = buffer_in(arena);
    assert_int_equal(buffer_add_byte(&text, '{'), STATUS_OK);
    assert_int_equal(buffer_add_byte(&reversed, '{'), STATUS_OK);
    for (int at = 0; at < MEMBERS; at++) {
        const char *comma = at == 0 ? "" : ",";
        assert_int_equal(buffer_format(&text, "%s\"%06d\":%d", comma, at, at), STATUS_OK);
        assert_int_equal(buffer_format(&reversed, "%s\"%06d\":%d", comma, MEMBERS - 1 - at, MEMBERS - 1 - at), STATUS_OK);
    }
    assert_int_equal(buffer_format(&text, ",\"%06d\":\"last\"}", 7), STATUS_OK);
    assert_int_equal(buffer_format(&reversed, ",\"%06d\":\"last\"}", 7), STATUS_OK);
    const struct value *value = NULL;
    const struct value *other = NULL;
    assert_int_equal(value_parse(arena, buffer_text(&text), &value, NULL), STATUS_OK);
    assert_int_equal(value_parse(arena, buffer_text(&reversed), &other, NULL), STATUS_OK);
    assert_int_equal(value->count, MEMBERS);
    assert_true(str_equal(value->members[7].value->string, STR("last")));
    assert_true(str_equal(value->members[8].key, STR("000008")));
    assert_true(value_equal(value, other));
}

static void nest(struct buffer *buffer, size_t depth, const char *open, const char *close)
{
    for (size_t at = 0; at < depth; at++) {
        assert_int_equal(buffer_add(buffer, str_of(open)), STATUS_OK);
    }
    assert_int_equal(buffer_add(buffer, STR("1")), STATUS_OK);
    for (size_t at = 0; at < depth; at++) {
        assert_int_equal(buffer_add(buffer, str_of(close)), STATUS_OK);
    }
}

static void test_depth(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t depth;
        const char *open;
        const char *close;
        enum status status;
    } rows[] = {
        {"at the limit", JSON_DEPTH_MAX, "[", "]", STATUS_OK},
        {"beyond", JSON_DEPTH_MAX + 1, "[", "]", STATUS_LIMIT_EXCEEDED},
        {"objects", JSON_DEPTH_MAX, "{\"a\":", "}", STATUS_OK},
        {"objects beyond", JSON_DEPTH_MAX + 1, "{\"a\":", "}", STATUS_LIMIT_EXCEEDED},
        {"very deep", 100000, "[{\"a\":", "}]", STATUS_LIMIT_EXCEEDED},
        {"very deep and open", 100000, "[", "", STATUS_LIMIT_EXCEEDED},
    };
    for (size_t at = 0; at < COUNT(rows); at++) {
        print_message("%s\n", rows[at].name);
        struct buffer text = buffer_in(arena);
        nest(&text, rows[at].depth, rows[at].open, rows[at].close);
        const struct value *value = NULL;
        struct value_error error = {0};
        assert_int_equal(value_parse(arena, buffer_text(&text), &value, &error), rows[at].status);
        assert_int_equal(value_text_is_valid(buffer_text(&text)), rows[at].status == STATUS_OK);
        if (rows[at].status == STATUS_OK) {
            struct str written;
            const struct value *outer = NULL;
            assert_int_equal(value->depth, rows[at].depth);
            assert_int_equal(value_array(arena, &value, 1, &outer), STATUS_OK);
            assert_int_equal(value_to_text(arena, value, &written), STATUS_OK);
            assert_int_equal(value_to_text(arena, outer, &written), STATUS_LIMIT_EXCEEDED);
        } else {
            assert_true(error.message.length > 0);
        }
    }
}

static const char document[] =
    "{\"a\":[1,-2.5e+3,true,false,null,\"x\\u00e9\\n\"],\"b\":{\"c\":{},\"d\":[]},\"\":\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"}";

static void test_truncated(void **state)
{
    (void)state;
    for (size_t length = 0; length < sizeof document - 1; length++) {
        /* Its own allocation, so that the sanitizer sees a read behind the end. */
        char *copy = malloc(length + 1);
        memcpy(copy, document, length);
        copy = realloc(copy, length == 0 ? 1 : length);
        const struct value *value = NULL;
        struct value_error error = {0};
        assert_int_equal(value_parse(arena, (struct str){copy, length}, &value, &error), STATUS_INVALID);
        assert_true(error.message.length > 0 && error.offset <= length);
        assert_false(value_text_is_valid((struct str){copy, length}));
        free(copy);
    }
}

/* Deterministic damage: the parser and the validator must agree, and what was accepted prints to something equal. */
static void test_mutations(void **state)
{
    (void)state;
    static const char bytes[] = "{}[],:\"\\u0019.eE+-tfn \n\x01\x80\xC3\xED\xF0\xFF";
    uint32_t random = 1;
    size_t length = sizeof document - 1;
    for (int round = 0; round < 100000; round++) {
        char text[sizeof document];
        memcpy(text, document, length);
        for (int change = 0; change < 1 + round % 3; change++) {
            random = random * 1664525 + 1013904223;
            text[(random >> 8) % length] = bytes[(random >> 20) % (sizeof bytes - 1)];
        }
        const struct value *value = NULL;
        const struct value *again = NULL;
        struct value_error error = {0};
        struct str written;
        enum status status = value_parse(arena, (struct str){text, length}, &value, &error);
        assert_int_equal(value_text_is_valid((struct str){text, length}), status == STATUS_OK);
        if (status == STATUS_OK) {
            assert_int_equal(value_to_text(arena, value, &written), STATUS_OK);
            assert_int_equal(value_parse(arena, written, &again, NULL), STATUS_OK);
            assert_true(value_equal(value, again));
        } else {
            assert_true(error.message.length > 0);
        }
        arena_reset(arena);
    }
}

static void test_limits(void **state)
{
    (void)state;
    struct arena *small = arena_create(2000);
    const struct value *value = NULL;
    struct value_error error = {0};
    struct buffer text = buffer_in(arena);
    assert_int_equal(buffer_add(&text, STR("[0")), STATUS_OK);
    for (int at = 0; at < 5000; at++) {
        assert_int_equal(buffer_add(&text, STR(",0")), STATUS_OK);
    }
    assert_int_equal(buffer_add(&text, STR("]")), STATUS_OK);
    assert_int_equal(value_parse(small, buffer_text(&text), &value, &error), STATUS_LIMIT_EXCEEDED);
    assert_int_equal(value_parse(arena, buffer_text(&text), &value, &error), STATUS_OK);
    assert_int_equal(value->count, 5001);
    arena_destroy(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print),     cmocka_unit_test(test_errors),       cmocka_unit_test(test_strings),
        cmocka_unit_test(test_numbers),   cmocka_unit_test(test_doubles),      cmocka_unit_test(test_equal),
        cmocka_unit_test(test_objects),   cmocka_unit_test(test_many_members), cmocka_unit_test(test_depth),
        cmocka_unit_test(test_truncated), cmocka_unit_test(test_mutations),    cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
