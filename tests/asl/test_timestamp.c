#include "asl/timestamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>
#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t seconds;
        int32_t nanoseconds;
    } rows[] = {
        {"1970-01-01T00:00:00Z", true, 0, 0},
        {"2016-08-18T17:33:00Z", true, 1471541580, 0},
        {"2016-08-18T17:33:00.5Z", true, 1471541580, 500000000},
        {"2016-08-18T17:33:00.123456789Z", true, 1471541580, 123456789},
        {"2016-08-18T19:33:00+02:00", true, 1471541580, 0},
        {"2016-08-18T12:03:00-05:30", true, 1471541580, 0},
        {"1969-12-31T23:59:59.999Z", true, -1, 999000000},
        {"0000-01-01T00:00:00Z", true, -62167219200, 0},
        {"9999-12-31T23:59:59Z", true, 253402300799, 0},
        {"2024-02-29T00:00:00Z", true, 1709164800, 0},
        {"2000-02-29T00:00:00+18:00", true, 951717600, 0},
        {"2023-02-29T00:00:00Z", false, 0, 0},
        {"1900-02-29T00:00:00Z", false, 0, 0},
        {"2024-04-31T00:00:00Z", false, 0, 0},
        {"2016-13-05T21:29:29Z", false, 0, 0},
        {"2016-00-05T21:29:29Z", false, 0, 0},
        {"2016-12-00T21:29:29Z", false, 0, 0},
        {"2016-12-05T25:29:29Z", false, 0, 0},
        {"2016-12-05T24:00:00Z", false, 0, 0},
        {"2016-12-05T23:60:00Z", false, 0, 0},
        {"2016-12-31T23:59:60Z", false, 0, 0},
        {"2016-12-05 21:29:29Z", false, 0, 0},
        {"2016-12-05t21:29:29Z", false, 0, 0},
        {"2016-12-05T21:29:29z", false, 0, 0},
        {"2016-12-05T21:29:29", false, 0, 0},
        {"2016-12-05T21:29:29.Z", false, 0, 0},
        {"2016-12-05T21:29:29.1234567890Z", false, 0, 0},
        {"2016-12-05T21:29:29+18:01", false, 0, 0},
        {"2016-12-05T21:29:29+19:00", false, 0, 0},
        {"2016-12-05T21:29:29+0100", false, 0, 0},
        {"2016-12-05T21:29:29+01", false, 0, 0},
        {"2016-12-05T21:29:29 01:00", false, 0, 0},
        {"2016-12-05T21:29:29Z ", false, 0, 0},
        {" 2016-12-05T21:29:29Z", false, 0, 0},
        {"05-12-2016T21:29:29Z", false, 0, 0},
        {"2016-12-05", false, 0, 0},
        {"", false, 0, 0},
    };
    for (size_t at = 0; at < COUNT(rows); at++) {
        struct timestamp timestamp = {0, 0};
        print_message("%s\n", rows[at].text);
        assert_int_equal(timestamp_parse(str_of(rows[at].text), &timestamp), rows[at].good);
        if (rows[at].good) {
            assert_true(timestamp.seconds == rows[at].seconds);
            assert_int_equal(timestamp.nanoseconds, rows[at].nanoseconds);
        }
    }
    struct timestamp timestamp;
    assert_false(timestamp_parse(STR_NONE, &timestamp));
}

static void test_compare(void **state)
{
    (void)state;
    struct timestamp early = {-1, 999999999};
    struct timestamp late = {0, 0};
    struct timestamp later = {0, 1};
    assert_true(timestamp_compare(&early, &late) < 0);
    assert_true(timestamp_compare(&later, &late) > 0);
    assert_int_equal(timestamp_compare(&late, &late), 0);
    assert_true(timestamp_ms(&early) == -1);
    assert_true(timestamp_ms(&(struct timestamp){1, 1999999}) == 1001);
}

static void test_format(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {1704067200000, "2024-01-01T00:00:00.000Z"},
        {1709164799123, "2024-02-28T23:59:59.123Z"},
        {1735689599999, "2024-12-31T23:59:59.999Z"},
        {-62167219200000, "0000-01-01T00:00:00.000Z"},
        {INT64_MIN, "0000-01-01T00:00:00.000Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
    };
    char text[TIMESTAMP_TEXT_BYTES];
    for (size_t at = 0; at < COUNT(rows); at++) {
        timestamp_format_ms(rows[at].ms, text);
        assert_string_equal(text, rows[at].text);
    }
}

/* Against the C library, a step of a bit less than a day over 10,000 years. */
static void test_round_trip(void **state)
{
    (void)state;
    char text[TIMESTAMP_TEXT_BYTES];
    for (int64_t ms = -62167219200000; ms < 253402300799999; ms += 86399001) {
        struct timestamp timestamp;
        struct tm tm;
        time_t seconds = (time_t)((ms - ((ms % 1000) + 1000) % 1000) / 1000);
        timestamp_format_ms(ms, text);
        assert_true(timestamp_parse(str_of(text), &timestamp));
        assert_true(timestamp_ms(&timestamp) == ms);
        assert_non_null(gmtime_r(&seconds, &tm));
        assert_int_equal((text[5] - '0') * 10 + text[6] - '0', tm.tm_mon + 1);
        assert_int_equal((text[8] - '0') * 10 + text[9] - '0', tm.tm_mday);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
