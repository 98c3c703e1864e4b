#include "asl/name_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define NAMES 20000

static void test_many(void **state)
{
    (void)state;
    struct arena *arena = arena_create((size_t)64 * 1024 * 1024);
    struct name_table table = {.seed = 7};
    assert_null(name_table_find(&table, 0, STR("a")));
    for (uint32_t at = 0; at < NAMES; at++) {
        struct name_entry entry = {.scope = at % 3, .number = at};
        assert_int_equal(arena_format(arena, &entry.name, "n%u", at / 3), STATUS_OK);
        assert_null(name_table_find(&table, entry.scope, entry.name));
        assert_int_equal(name_table_add(arena, &table, entry), STATUS_OK);
    }
    assert_int_equal(table.count, NAMES);
    for (uint32_t at = 0; at < NAMES; at++) {
        char name[16];
        snprintf(name, sizeof name, "n%u", at / 3);
        const struct name_entry *found = name_table_find(&table, at % 3, str_of(name));
        assert_non_null(found);
        assert_int_equal(found->number, at);
        assert_null(name_table_find(&table, 3, str_of(name)));
    }
    arena_destroy(arena);
}

static void test_empty_name(void **state)
{
    (void)state;
    struct arena *arena = arena_create(100000);
    struct name_table table = {.seed = 1};
    assert_int_equal(name_table_add(arena, &table, (struct name_entry){.name = STR(""), .number = 5}), STATUS_OK);
    assert_int_equal(name_table_find(&table, 0, STR(""))->number, 5);
    assert_null(name_table_find(&table, 1, STR("")));
    arena_destroy(arena);
}

/* Names that lie in one slot under one seed do not under another. */
static void test_seed(void **state)
{
    (void)state;
    struct arena *arena = arena_create(100000);
    int places[2] = {-1, -1};
    for (uint64_t seed = 0; seed < 2; seed++) {
        struct name_table table = {.seed = seed * 12345 + 1};
        assert_int_equal(name_table_add(arena, &table, (struct name_entry){.name = STR("name")}), STATUS_OK);
        for (uint32_t at = 0; at < table.capacity; at++) {
            places[seed] = table.slots[at].name.bytes != NULL ? (int)at : places[seed];
        }
    }
    assert_int_not_equal(places[0], places[1]);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_many), cmocka_unit_test(test_empty_name), cmocka_unit_test(test_seed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
