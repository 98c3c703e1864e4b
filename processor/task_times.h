/* How long tasks took, of each kind of task, as CloudWatch tells it. */
#ifndef PAWL_PROCESSOR_TASK_TIMES_H
#define PAWL_PROCESSOR_TASK_TIMES_H

#include "asl/effects.h"
#include "metrics/metrics.h"

#define TASK_TIMES_KINDS (RESOURCE_INTEGRATION + 1)

struct task_times {
    struct {
        struct histogram whole;    /* from scheduled to closed */
        struct histogram schedule; /* from scheduled to started */
        struct histogram run;      /* from started to closed */
    } kinds[TASK_TIMES_KINDS];
    _Atomic int64_t count; /* of all of them: a batch without any is not looked at */
};

void task_times_add(struct task_times *times, const struct effect_closed_task *task);

/* Adds all of `more`. Any thread. */
void task_times_merge(struct task_times *times, const struct task_times *more);

void task_times_show(const struct task_times *times, struct metrics_page *page);

#endif
