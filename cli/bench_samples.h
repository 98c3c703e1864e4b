/* Measured values, to be sorted: medians and percentiles. */
#ifndef PAWL_CLI_BENCH_SAMPLES_H
#define PAWL_CLI_BENCH_SAMPLES_H

#include <stddef.h>

#define BENCH_SAMPLES_MAX ((size_t)1 << 20) /* of one measurement; what comes after is left out */

struct bench_samples {
    double *values;
    size_t count;
    size_t capacity;
};

/* Starts empty: {0}. Out of memory ends the process, as a measurement without its values is none. */
void bench_samples_add(struct bench_samples *samples, double value);
void bench_samples_clear(struct bench_samples *samples);

/* The value that `share` (0 … 1) of all don't exceed: 0.5 is the median. 0 when there are none. Sorts. */
double bench_samples_at(struct bench_samples *samples, double share);

#endif
