/* Times of tasks add up by kind; the parts only of those whose start is known. */
#include "processor/task_times.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int64_t count_of(const struct histogram *histogram)
{
    int64_t count = 0;
    for (size_t at = 0; at <= HISTOGRAM_BOUNDS_MAX; at++) {
        count += histogram->counts[at];
    }
    return count;
}

static void test_merged(void **state)
{
    (void)state;
    static const struct effect_closed_task tasks[] = {
        {RESOURCE_ACTIVITY, 1000, 1200, 5000},
        {RESOURCE_ACTIVITY, 1000, RECORD_NONE, 2000},
        {RESOURCE_LAMBDA, 0, 7, 10},
        {RESOURCE_INTEGRATION, 0, RECORD_NONE, 3},
    };
    struct task_times all = {0};
    for (int round = 0; round < 2; round++) {
        struct task_times batch = {0};
        for (size_t at = 0; at < sizeof tasks / sizeof *tasks; at++) {
            task_times_add(&batch, &tasks[at]);
        }
        task_times_merge(&all, &batch);
    }
    task_times_merge(&all, &(struct task_times){0});
    static const int64_t sums[TASK_TIMES_KINDS][3] = {
        [RESOURCE_ACTIVITY] = {10000, 400, 7600}, [RESOURCE_LAMBDA] = {20, 14, 6}, [RESOURCE_INTEGRATION] = {6, 0, 0}};
    static const int64_t counts[TASK_TIMES_KINDS][3] = {
        [RESOURCE_ACTIVITY] = {4, 2, 2}, [RESOURCE_LAMBDA] = {2, 2, 2}, [RESOURCE_INTEGRATION] = {2, 0, 0}};
    for (size_t kind = 0; kind < TASK_TIMES_KINDS; kind++) {
        const struct histogram *const parts[] = {&all.kinds[kind].whole, &all.kinds[kind].schedule, &all.kinds[kind].run};
        for (size_t part = 0; part < 3; part++) {
            assert_int_equal(parts[part]->sum_us, sums[kind][part]);
            assert_int_equal(count_of(parts[part]), counts[kind][part]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_merged)};
    return cmocka_run_group_tests_name("processor/task_times", tests, NULL, NULL);
}
