#include "gateway/api_counts.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>

#define EXCEPTIONS_MAX 64     /* that are told apart: the model has about forty */
#define NAME_BYTES_MAX 80
#define UNKNOWN OPERATION_COUNT /* the place of calls whose operation could not be told */

struct api_counts {
    _Atomic int64_t calls[OPERATION_COUNT + 1];
    struct histogram times[OPERATION_COUNT + 1];
    pthread_mutex_t lock; /* guards what is below: exceptions are no hot path */
    size_t exception_count;
    char exceptions[EXCEPTIONS_MAX][NAME_BYTES_MAX];
    int64_t errors[OPERATION_COUNT + 1][EXCEPTIONS_MAX + 1]; /* the last: of exceptions past the limit */
};

enum status api_counts_create(struct api_counts **out_counts)
{
    struct api_counts *counts = calloc(1, sizeof *counts);
    TRY_NEW(counts);
    pthread_mutex_init(&counts->lock, NULL);
    *out_counts = counts;
    return STATUS_OK;
}

void api_counts_destroy(struct api_counts *counts)
{
    pthread_mutex_destroy(&counts->lock);
    free(counts);
}

/* With the lock. */
static size_t exception_index(struct api_counts *counts, struct str name)
{
    size_t at = 0;
    while (at < counts->exception_count && !str_equal(str_of(counts->exceptions[at]), name)) {
        at++;
    }
    if (at < counts->exception_count) {
        return at;
    }
    if (at == EXCEPTIONS_MAX || name.length >= NAME_BYTES_MAX || name.length == 0) {
        return EXCEPTIONS_MAX;
    }
    memcpy(counts->exceptions[at], name.bytes, name.length);
    counts->exception_count++;
    return at;
}

void api_counts_add(struct api_counts *counts, const struct operation *operation, struct str exception, int64_t began_us)
{
    size_t at = operation == NULL ? UNKNOWN : (size_t)(operation - operations);
    atomic_fetch_add_explicit(&counts->calls[at], 1, memory_order_relaxed);
    histogram_add(&counts->times[at], &histogram_latency, clock_us() - began_us);
    if (exception.bytes != NULL) {
        pthread_mutex_lock(&counts->lock);
        counts->errors[at][exception_index(counts, exception)]++;
        pthread_mutex_unlock(&counts->lock);
    }
}

/* With the lock. */
static void show_errors(const struct api_counts *counts, size_t operation, struct str name, struct metrics_page *page)
{
    for (size_t at = 0; at <= EXCEPTIONS_MAX; at++) {
        if (counts->errors[operation][at] > 0) {
            struct str exception = at == EXCEPTIONS_MAX ? STR("other") : str_of(counts->exceptions[at]);
            metrics_add(page, &metric_table[METRIC_API_ERRORS], &(struct metrics_labels){{name, exception}},
                        (double)counts->errors[operation][at]);
        }
    }
}

void api_counts_show(struct api_counts *counts, struct metrics_page *page)
{
    pthread_mutex_lock(&counts->lock);
    for (size_t at = 0; at <= OPERATION_COUNT; at++) {
        struct str name = at == UNKNOWN ? STR("none") : operations[at].name;
        int64_t calls = atomic_load_explicit(&counts->calls[at], memory_order_relaxed);
        metrics_add(page, &metric_table[METRIC_API_CALLS], &(struct metrics_labels){{name}}, (double)calls);
        if (calls > 0) { /* a histogram is many lines */
            metrics_add_histogram(page, &metric_table[METRIC_API_TIME], &(struct metrics_labels){{name}}, &counts->times[at]);
            show_errors(counts, at, name, page);
        }
    }
    pthread_mutex_unlock(&counts->lock);
}
