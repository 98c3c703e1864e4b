#include "cli/bench_samples.h"

#include "base/assert.h"

#include <stdlib.h>

void bench_samples_add(struct bench_samples *samples, double value)
{
    if (samples->count == BENCH_SAMPLES_MAX) {
        return;
    }
    if (samples->count == samples->capacity) {
        samples->capacity = samples->capacity == 0 ? 1024 : samples->capacity * 2;
        samples->values = realloc(samples->values, samples->capacity * sizeof *samples->values);
        ASSERT(samples->values != NULL);
    }
    samples->values[samples->count++] = value;
}

void bench_samples_clear(struct bench_samples *samples)
{
    free(samples->values);
    *samples = (struct bench_samples){0};
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

double bench_samples_at(struct bench_samples *samples, double share)
{
    if (samples->count == 0) {
        return 0;
    }
    qsort(samples->values, samples->count, sizeof *samples->values, compare);
    return samples->values[(size_t)(share * (double)(samples->count - 1) + 0.5)];
}
