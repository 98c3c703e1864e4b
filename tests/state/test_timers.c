#include "state/timers.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct fixture {
    struct kv *kv;
    struct kv_batch *overlay;
    struct codec *codec;
    struct arena *arena;
    struct store store;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture.arena = arena_create((size_t)16 << 20);
    assert_int_equal(kv_memory_open(&fixture.kv), STATUS_OK);
    assert_int_equal(kv_batch_create(fixture.kv, &fixture.overlay), STATUS_OK);
    assert_int_equal(codec_create(&fixture.codec), STATUS_OK);
    store_init(&fixture.store, fixture.kv, fixture.overlay, fixture.codec, 3);
    store_begin(&fixture.store, fixture.arena);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    kv_batch_destroy(fixture->overlay);
    kv_close(fixture->kv);
    codec_destroy(fixture->codec);
    arena_destroy(fixture->arena);
    return 0;
}

static struct timer_key timer(int64_t due_ms, uint8_t execution)
{
    struct timer_key key = {.due_ms = due_ms, .frame = 0};
    memset(key.execution.bytes, execution, sizeof key.execution.bytes);
    return key;
}

static void put(struct fixture *fixture, int64_t due_ms, uint8_t execution)
{
    struct timer_key key = timer(due_ms, execution);
    assert_int_equal(timers_put(&fixture->store, &key, 1), STATUS_OK);
}

static void expect_due(struct fixture *fixture, int64_t now_ms, size_t count_max, const int64_t *due, size_t due_count)
{
    struct timer_key *timers;
    size_t count;
    assert_int_equal(timers_due(&fixture->store, fixture->arena, now_ms, count_max, &timers, &count), STATUS_OK);
    assert_int_equal(count, due_count);
    for (size_t at = 0; at < count; at++) {
        assert_int_equal(timers[at].due_ms, due[at]);
    }
}

static void fire(struct fixture *fixture, int64_t due_ms, uint8_t execution)
{
    struct timer_key key = timer(due_ms, execution);
    timers_pass(&fixture->store, &key);
    assert_int_equal(timers_delete(&fixture->store, &key), STATUS_OK);
}

static void test_in_order(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, 300, 1);
    put(fixture, 100, 2);
    put(fixture, 200, 3);
    assert_true(timers_next_due_ms(&fixture->store) <= 100);
    expect_due(fixture, 99, 10, NULL, 0);
    assert_int_equal(timers_next_due_ms(&fixture->store), 100);
    expect_due(fixture, 250, 10, (int64_t[]){100, 200}, 2);
    expect_due(fixture, 250, 1, (int64_t[]){100}, 1);
    fire(fixture, 100, 2);
    fire(fixture, 200, 3);
    expect_due(fixture, 250, 10, NULL, 0);
    assert_int_equal(timers_next_due_ms(&fixture->store), 300);
    fire(fixture, 300, 1);
    expect_due(fixture, 1000, 10, NULL, 0);
    assert_true(timers_next_due_ms(&fixture->store) == TIMERS_NEVER);
}

/* A timer that is put behind the last one fired is found all the same, and so is one put anew under the key that fired.
 */
static void test_behind(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, 500, 1);
    expect_due(fixture, 600, 10, (int64_t[]){500}, 1);
    fire(fixture, 500, 1);
    put(fixture, 400, 9);
    put(fixture, 500, 1);
    expect_due(fixture, 600, 10, (int64_t[]){400, 500}, 2);
}

/* Of two that are due at once the first puts one that is due at once too, before the second: firing the second does not
 * pass over it. */
static void test_between(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, 500, 1);
    put(fixture, 500, 3);
    expect_due(fixture, 500, 10, (int64_t[]){500, 500}, 2);
    fire(fixture, 500, 1);
    put(fixture, 500, 2);
    fire(fixture, 500, 3);
    expect_due(fixture, 500, 10, (int64_t[]){500}, 1);
    fire(fixture, 500, 2);
    expect_due(fixture, 500, 10, NULL, 0);
}

/* An abort takes rows back; what the scan knew goes with them. */
static void test_forget(void **state)
{
    struct fixture *fixture = *state;
    struct kv_error error;
    put(fixture, 500, 1);
    assert_int_equal(kv_batch_write(fixture->overlay, &error), STATUS_OK);
    fire(fixture, 500, 1);
    expect_due(fixture, 600, 10, NULL, 0);
    kv_batch_clear(fixture->overlay);
    timers_forget(&fixture->store);
    expect_due(fixture, 600, 10, (int64_t[]){500}, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_behind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_between, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forget, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("state/timers", tests, NULL, NULL);
}
