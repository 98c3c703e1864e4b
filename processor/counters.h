/* What a processor counts (processor/counters.def). Any thread may add and read. */
#ifndef PAWL_PROCESSOR_COUNTERS_H
#define PAWL_PROCESSOR_COUNTERS_H

#include "base/str.h"

#include <stdatomic.h>
#include <stdint.h>

enum counter {
#define COUNTER(id, name, text) COUNTER_##id,
#include "processor/counters.def"
    COUNTER_COUNT
};

struct counters {
    _Atomic int64_t values[COUNTER_COUNT];
};

static inline void counters_add(struct counters *counters, enum counter counter, int64_t count)
{
    atomic_fetch_add_explicit(&counters->values[counter], count, memory_order_relaxed);
}

static inline int64_t counters_get(const struct counters *counters, enum counter counter)
{
    return atomic_load_explicit(&counters->values[counter], memory_order_relaxed);
}

/* Name in metrics, and what it counts. Static storage. */
const char *counters_name(enum counter counter);
const char *counters_text(enum counter counter);

#endif
