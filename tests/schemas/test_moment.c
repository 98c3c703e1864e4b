#include "schemas/codec/moment.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ARENA_BYTES_MAX 65536

static void test_write(void **state)
{
    static const struct {
        int64_t moment_us;
        const char *text;
    } rows[] = {
        {0, "\"1970-01-01T00:00:00.000Z\""},
        {1763880016123000, "\"2025-11-23T06:40:16.123Z\""},
        {1763880016123456, "\"2025-11-23T06:40:16.123456Z\""},
        {1763880016000001, "\"2025-11-23T06:40:16.000001Z\""},
        {-1, "\"1969-12-31T23:59:59.999999Z\""},
        {-1000, "\"1969-12-31T23:59:59.999Z\""},
        {-62167219200000000, "\"0000-01-01T00:00:00.000Z\""},
        {253402300799999999, "\"9999-12-31T23:59:59.999999Z\""},
        {253402300800000000, "253402300800000000"},
        {-62167219200000001, "-62167219200000001"},
        {INT64_MAX, "9223372036854775807"},
    };
    struct arena *arena = *state;
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        struct buffer buffer = buffer_in(arena);
        print_message("%s\n", rows[at].text);
        assert_int_equal(moment_write(&buffer, rows[at].moment_us), STATUS_OK);
        assert_true(str_equal(buffer_text(&buffer), str_of(rows[at].text)));
        struct str text = buffer_text(&buffer);
        int64_t moment_us = 0;
        if (text.bytes[0] == '"') {
            assert_true(moment_read(str_slice(text, 1, text.length - 2), &moment_us));
            assert_true(moment_us == rows[at].moment_us);
        }
    }
}

static void test_read(void **state)
{
    (void)state;
    int64_t moment_us = 0;
    assert_true(moment_read(STR("2025-11-23T07:40:16.1234567+01:00"), &moment_us));
    assert_true(moment_us == 1763880016123456);
    assert_false(moment_read(STR("2025-11-23"), &moment_us));
    assert_false(moment_read(STR("2025-13-23T07:40:16Z"), &moment_us));
    assert_false(moment_read(STR(""), &moment_us));
}

static int setup(void **state)
{
    *state = arena_create(ARENA_BYTES_MAX);
    return *state == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    arena_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_write), cmocka_unit_test(test_read)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
