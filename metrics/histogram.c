#include "metrics/histogram.h"

#define MS 1000LL
#define S (1000 * MS)

const struct histogram_scale histogram_latency = {
    .count = 14,
    .bounds_us = {1 * MS, 2500, 5 * MS, 10 * MS, 25 * MS, 50 * MS, 100 * MS, 250 * MS, 500 * MS, 1 * S, 2500 * MS, 5 * S, 10 * S,
                  30 * S},
};

const struct histogram_scale histogram_duration = {
    .count = 12,
    .bounds_us = {100 * MS, 1 * S, 5 * S, 30 * S, 60 * S, 300 * S, 900 * S, 3600 * S, 6 * 3600 * S, 86400 * S, 7 * 86400 * S,
                  30 * 86400 * S},
};

void histogram_add(struct histogram *histogram, const struct histogram_scale *scale, int64_t us)
{
    size_t bucket = 0;
    us = us < 0 ? 0 : us;
    while (bucket < scale->count && us > scale->bounds_us[bucket]) {
        bucket++;
    }
    atomic_fetch_add_explicit(&histogram->counts[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum_us, us, memory_order_relaxed);
}

static void add(_Atomic int64_t *sum, const _Atomic int64_t *more)
{
    atomic_fetch_add_explicit(sum, atomic_load_explicit(more, memory_order_relaxed), memory_order_relaxed);
}

void histogram_merge(struct histogram *histogram, const struct histogram *more)
{
    for (size_t at = 0; at <= HISTOGRAM_BOUNDS_MAX; at++) {
        add(&histogram->counts[at], &more->counts[at]);
    }
    add(&histogram->sum_us, &more->sum_us);
}
