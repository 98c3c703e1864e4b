#include "cli/bench_samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void percentiles_of_nothing(void **state)
{
    struct bench_samples samples = {0};
    (void)state;
    assert_true(bench_samples_at(&samples, 0.5) == 0);
    bench_samples_clear(&samples);
}

static void percentiles(void **state)
{
    static const struct {
        const char *name;
        size_t count; /* the values count … 1 */
        double share;
        double expected;
    } rows[] = {
        {"one", 1, 0.5, 1},          {"median of five", 5, 0.5, 3},   {"least", 5, 0, 1},
        {"greatest", 5, 1, 5},       {"p99 of 100", 100, 0.99, 99},   {"p50 of many", 5001, 0.5, 2501},
    };
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        struct bench_samples samples = {0};
        for (size_t at = rows[row].count; at > 0; at--) {
            bench_samples_add(&samples, (double)at);
        }
        if (bench_samples_at(&samples, rows[row].share) != rows[row].expected) {
            fail_msg("%s: %f", rows[row].name, bench_samples_at(&samples, rows[row].share));
        }
        bench_samples_clear(&samples);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_of_nothing),
        cmocka_unit_test(percentiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
