#include "base/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static int64_t microseconds(struct timespec at)
{
    assert_in_range(at.tv_nsec, 0, 999999999);
    return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

/* One clock: a deadline lies between the readings around it, later by what was asked for. */
static void test_deadline(void **state)
{
    (void)state;
    static const int64_t waits_us[] = {0, 1, 999999, 1000000, 1999999, INT64_C(86400) * 1000000, INT64_C(31536000) * 1000000};
    for (size_t at = 0; at < sizeof waits_us / sizeof *waits_us; at++) {
        int64_t before_us = clock_us();
        int64_t deadline_us = microseconds(clock_deadline(waits_us[at]));
        int64_t after_us = clock_us();
        assert_true(before_us + waits_us[at] <= deadline_us);
        assert_true(deadline_us <= after_us + waits_us[at]);
    }
}

static void test_milliseconds(void **state)
{
    (void)state;
    int64_t before_us = clock_us();
    int64_t now_ms = clock_ms();
    assert_true(before_us / 1000 <= now_ms);
    assert_true(now_ms <= clock_us() / 1000);
}

/* By the wall clock the deadline would have passed decades ago: the wait would end at once. */
static void test_condition(void **state)
{
    (void)state;
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond;
    clock_cond_init(&cond);
    pthread_mutex_lock(&lock);
    const struct timespec until = clock_deadline(20000);
    int result = 0;
    while (result == 0) {
        result = pthread_cond_timedwait(&cond, &lock, &until);
    }
    assert_int_equal(result, ETIMEDOUT);
    assert_true(clock_us() >= microseconds(until));
    pthread_mutex_unlock(&lock);
    pthread_cond_destroy(&cond);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_milliseconds),
        cmocka_unit_test(test_condition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
