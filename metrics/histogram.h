/* How often something took how long: counts in buckets. Any thread may add and read; all zero is a histogram. */
#ifndef PAWL_METRICS_HISTOGRAM_H
#define PAWL_METRICS_HISTOGRAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BOUNDS_MAX 15

/* The buckets' upper bounds in µs, rising; past the last comes one without. */
struct histogram_scale {
    size_t count;
    int64_t bounds_us[HISTOGRAM_BOUNDS_MAX];
};
extern const struct histogram_scale histogram_latency;  /* 1 ms to 30 s */
extern const struct histogram_scale histogram_duration; /* 0.1 s to 30 days */

struct histogram {
    _Atomic int64_t counts[HISTOGRAM_BOUNDS_MAX + 1];
    _Atomic int64_t sum_us;
};

/* `us` below 0 (a clock that was set) counts as 0. */
void histogram_add(struct histogram *histogram, const struct histogram_scale *scale, int64_t us);

/* Adds all of `more`, which has the same scale. */
void histogram_merge(struct histogram *histogram, const struct histogram *more);

#endif
