#include "cli/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define COUNT 5000

static void test_many(void **state)
{
    (void)state;
    static int numbers[COUNT];
    struct arena *arena = arena_create(64 * 1024 * 1024);
    struct map map = map_in(arena);
    assert_null(map_get(&map, STR("x")));
    for (int round = 0; round < 2; round++) {
        for (int at = 0; at < COUNT; at++) {
            char key[16];
            void **value;
            snprintf(key, sizeof key, "key %d", at);
            assert_int_equal(map_at(&map, str_of(key), &value), STATUS_OK);
            assert_ptr_equal(*value, round == 0 ? NULL : &numbers[at]);
            *value = &numbers[at];
        }
    }
    assert_int_equal(map.count, COUNT);
    assert_ptr_equal(map_get(&map, STR("key 17")), &numbers[17]);
    assert_null(map_get(&map, STR("key")));
    void **empty;
    assert_int_equal(map_at(&map, STR(""), &empty), STATUS_OK);
    *empty = numbers;
    assert_ptr_equal(map_get(&map, STR("")), numbers);
    arena_destroy(arena);
}

static void test_limit(void **state)
{
    (void)state;
    struct arena *arena = arena_create(64 * 1024);
    struct map map = map_in(arena);
    enum status status = STATUS_OK;
    for (int at = 0; at < COUNT && status == STATUS_OK; at++) {
        char key[16];
        void **value;
        snprintf(key, sizeof key, "key %d", at);
        status = map_at(&map, str_of(key), &value);
    }
    assert_int_equal(status, STATUS_LIMIT_EXCEEDED);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
