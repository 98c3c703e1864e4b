#include "processor/task_times.h"

void task_times_add(struct task_times *times, const struct effect_closed_task *task)
{
    times->count++;
    histogram_add(&times->kinds[task->kind].whole, &histogram_duration, task->closed - task->scheduled);
    if (task->started != RECORD_NONE) {
        histogram_add(&times->kinds[task->kind].schedule, &histogram_duration, task->started - task->scheduled);
        histogram_add(&times->kinds[task->kind].run, &histogram_duration, task->closed - task->started);
    }
}

void task_times_merge(struct task_times *times, const struct task_times *more)
{
    if (more->count == 0) {
        return;
    }
    times->count += more->count;
    for (size_t kind = 0; kind < TASK_TIMES_KINDS; kind++) {
        histogram_merge(&times->kinds[kind].whole, &more->kinds[kind].whole);
        histogram_merge(&times->kinds[kind].schedule, &more->kinds[kind].schedule);
        histogram_merge(&times->kinds[kind].run, &more->kinds[kind].run);
    }
}

void task_times_show(const struct task_times *times, struct metrics_page *page)
{
    static const struct {
        enum metric_id whole;
        enum metric_id schedule;
        enum metric_id run;
    } metrics[TASK_TIMES_KINDS] = {
        [RESOURCE_ACTIVITY] = {METRIC_ACTIVITY_TIME, METRIC_ACTIVITY_SCHEDULE_TIME, METRIC_ACTIVITY_RUN_TIME},
        [RESOURCE_LAMBDA] = {METRIC_LAMBDA_FUNCTION_TIME, METRIC_LAMBDA_FUNCTION_SCHEDULE_TIME, METRIC_LAMBDA_FUNCTION_RUN_TIME},
        [RESOURCE_INTEGRATION] = {METRIC_SERVICE_INTEGRATION_TIME, METRIC_SERVICE_INTEGRATION_SCHEDULE_TIME,
                                  METRIC_SERVICE_INTEGRATION_RUN_TIME},
    };
    for (size_t kind = 0; kind < TASK_TIMES_KINDS; kind++) {
        metrics_add_histogram(page, &metric_table[metrics[kind].whole], NULL, &times->kinds[kind].whole);
        metrics_add_histogram(page, &metric_table[metrics[kind].schedule], NULL, &times->kinds[kind].schedule);
        metrics_add_histogram(page, &metric_table[metrics[kind].run], NULL, &times->kinds[kind].run);
    }
}
