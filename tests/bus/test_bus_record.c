#include "bus/bus_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct bus_header headers[] = {
    {STR_INIT("name"), STR_INIT("value")},
    {STR_INIT(""), {NULL, 0}},
};

static struct str encode(struct arena *arena)
{
    struct bus_message message = {.key = STR("key"), .value = STR("a value"), .headers = headers, .header_count = 2};
    struct str row;
    assert_int_equal(bus_record_bytes(&message), 3 + 7 + 4 + 5);
    assert_int_equal(bus_record_encode(arena, &message, 1234567890123, &row), STATUS_OK);
    return row;
}

static void test_round_trip(void **state)
{
    (void)state;
    struct arena *arena = arena_create(65536);
    struct str row = encode(arena);
    struct bus_record record = {.offset = 7};
    assert_int_equal(bus_record_decode(arena, row, &record), STATUS_OK);
    assert_int_equal(record.offset, 7);
    assert_true(record.timestamp_ms == 1234567890123);
    assert_true(str_equal(record.key, STR("key")));
    assert_true(str_equal(record.value, STR("a value")));
    assert_int_equal(record.header_count, 2);
    assert_true(str_equal(record.headers[0].value, STR("value")));
    assert_non_null(record.headers[1].name.bytes);
    assert_null(record.headers[1].value.bytes);
    arena_destroy(arena);
}

static void test_horizon(void **state)
{
    (void)state;
    struct arena *arena = arena_create(65536);
    struct str row = encode(arena);
    assert_true(bus_record_horizon_ms(row) == -1);
    struct str later;
    assert_int_equal(bus_record_with_horizon(arena, row, 99, &later), STATUS_OK);
    assert_true(bus_record_horizon_ms(later) == 99);
    struct bus_record record;
    assert_int_equal(bus_record_decode(arena, later, &record), STATUS_OK);
    assert_true(str_equal(record.value, STR("a value")));
    arena_destroy(arena);
}

/* Cut anywhere, or with any byte changed: a record or INVALID, and never a read past the end (under asan). */
static void test_hostile(void **state)
{
    (void)state;
    struct arena *arena = arena_create(1024 * 1024);
    struct str row = encode(arena);
    for (size_t length = 0; length < row.length; length++) {
        char *cut = malloc(length + 1);
        memcpy(cut, row.bytes, length);
        struct bus_record record;
        assert_int_equal(bus_record_decode(arena, (struct str){cut, length}, &record), STATUS_INVALID);
        free(cut);
    }
    for (size_t at = 0; at < row.length; at++) {
        for (int byte = 0; byte < 256; byte++) {
            char *changed = malloc(row.length);
            memcpy(changed, row.bytes, row.length);
            changed[at] = (char)byte;
            struct bus_record record;
            enum status status = bus_record_decode(arena, (struct str){changed, row.length}, &record);
            assert_true(status == STATUS_OK || status == STATUS_INVALID);
            free(changed);
        }
        if (at % 8 == 0) {
            struct str copy;
            char *kept = malloc(row.length);
            memcpy(kept, row.bytes, row.length);
            arena_reset(arena);
            assert_int_equal(arena_copy(arena, (struct str){kept, row.length}, &copy), STATUS_OK);
            free(kept);
            row = copy;
        }
    }
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_horizon),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
