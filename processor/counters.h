/* What a processor counts (processor/counters.def). Any thread may add and read. */
#ifndef PAWL_PROCESSOR_COUNTERS_H
#define PAWL_PROCESSOR_COUNTERS_H

#include "processor/task_times.h"
#include "schemas/history_events.h"

#include <stdatomic.h>
#include <stdint.h>

enum counter {
#define COUNTER(id, name, text) COUNTER_##id,
#include "processor/counters.def"
    COUNTER_COUNT
};

struct counters {
    _Atomic int64_t values[COUNTER_COUNT];
    struct histogram transaction_time;
    struct histogram timer_lateness;
    struct task_times task_times;
};

static inline void counters_add(struct counters *counters, enum counter counter, int64_t count)
{
    atomic_fetch_add_explicit(&counters->values[counter], count, memory_order_relaxed);
}

static inline int64_t counters_get(const struct counters *counters, enum counter counter)
{
    return atomic_load_explicit(&counters->values[counter], memory_order_relaxed);
}

extern const struct metric counters_metrics[COUNTER_COUNT];

/* The counter of history events of that type, of one that a missed heartbeat caused or of another; COUNTER_COUNT: they are
 * not counted. */
enum counter counters_of_event(struct str type, bool heartbeat_missed);

void counters_show(const struct counters *counters, struct metrics_page *page);

#endif
