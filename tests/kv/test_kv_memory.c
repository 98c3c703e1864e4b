#include "tests/kv/kv_suite.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct kv *open_memory(void *owner)
{
    (void)owner;
    struct kv *kv = NULL;
    assert_int_equal(kv_memory_open(&kv), STATUS_OK);
    return kv;
}

static void close_memory(void *owner, struct kv *kv)
{
    (void)owner;
    kv_close(kv);
}

static void test_crash(void **state)
{
    (void)state;
    struct kv *kv = open_memory(NULL);
    struct arena *arena = arena_create(65536);
    kv_suite_put(kv, "a", "1");
    kv_suite_put(kv, "b", "1");
    assert_int_equal(kv_flush(kv, NULL), STATUS_OK);
    kv_suite_put(kv, "a", "2");
    kv_suite_put(kv, "c", "2");
    assert_int_equal(kv_delete_range(kv, STR("b"), STR("c"), NULL), STATUS_OK);
    kv_memory_crash(kv);
    assert_string_equal(kv_suite_get(kv, arena, "a"), "1");
    assert_string_equal(kv_suite_get(kv, arena, "b"), "1");
    assert_string_equal(kv_suite_get(kv, arena, "c"), "(none)");
    kv_suite_put(kv, "c", "3");
    assert_int_equal(kv_flush(kv, NULL), STATUS_OK);
    kv_memory_crash(kv);
    assert_string_equal(kv_suite_get(kv, arena, "c"), "3");
    kv_close(kv);
    arena_destroy(arena);
}

/* A write that does not fit stays staged, and nothing of it is in the store. */
static void test_full(void **state)
{
    (void)state;
    struct kv *kv = open_memory(NULL);
    struct arena *arena = arena_create(65536);
    struct kv_batch *batch;
    struct kv_error error = {""};
    kv_suite_put(kv, "a", "1");
    assert_int_equal(kv_batch_create(kv, &batch), STATUS_OK);
    assert_int_equal(kv_batch_put(batch, STR("a"), STR("2")), STATUS_OK);
    kv_memory_fill(kv, true);
    assert_int_equal(kv_batch_write(batch, &error), STATUS_FULL);
    assert_string_equal(error.text, "no space left");
    assert_int_equal(kv_flush(kv, &error), STATUS_FULL);
    assert_string_equal(kv_suite_get(kv, arena, "a"), "1");
    kv_memory_crash(kv);
    assert_string_equal(kv_suite_get(kv, arena, "a"), "(none)");
    assert_int_equal(kv_delete_range(kv, STR("a"), STR("b"), &error), STATUS_OK);
    kv_memory_fill(kv, false);
    assert_int_equal(kv_batch_count(batch), 1);
    assert_int_equal(kv_batch_write(batch, &error), STATUS_OK);
    assert_int_equal(kv_flush(kv, &error), STATUS_OK);
    kv_memory_crash(kv);
    assert_string_equal(kv_suite_get(kv, arena, "a"), "2");
    kv_memory_fill(kv, true);
    assert_int_equal(kv_batch_write(batch, &error), STATUS_OK); /* empty: the store is not asked */
    kv_batch_destroy(batch);
    kv_close(kv);
    arena_destroy(arena);
}

int main(void)
{
    const struct kv_suite suite = {.open = open_memory, .close = close_memory};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crash),
        cmocka_unit_test(test_full),
    };
    return kv_suite_run("kv_memory", &suite) + cmocka_run_group_tests(tests, NULL, NULL);
}
