#include "processor/machine_counts.h"

#include "base/hash.h"

#include <pthread.h>
#include <stdlib.h>

struct machine_entry {
    char *arn; /* NULL: the slot is free */
    size_t arn_length;
    struct machine_counts *counts;
};

struct machine_table {
    pthread_mutex_t lock;
    uint32_t count;
    uint32_t limit;
    size_t slot_count; /* more than the limit: a free one ends every search */
    struct machine_counts others;
    struct machine_entry slots[];
};

static void add(_Atomic int64_t *sum, const _Atomic int64_t *more)
{
    atomic_fetch_add_explicit(sum, atomic_load_explicit(more, memory_order_relaxed), memory_order_relaxed);
}

void machine_counts_merge(struct machine_counts *counts, const struct machine_counts *more)
{
    add(&counts->started, &more->started);
    add(&counts->transitions, &more->transitions);
    for (size_t at = 0; at < EXECUTION_STATUS_COUNT; at++) {
        add(&counts->ended[at], &more->ended[at]);
    }
    histogram_merge(&counts->time, &more->time);
}

enum status machine_table_create(uint32_t machines_max, struct machine_table **out_table)
{
    size_t slot_count = (size_t)machines_max * 2 + 1;
    struct machine_table *table = calloc(1, sizeof *table + slot_count * sizeof table->slots[0]);
    TRY_NEW(table);
    table->limit = machines_max;
    table->slot_count = slot_count;
    pthread_mutex_init(&table->lock, NULL);
    *out_table = table;
    return STATUS_OK;
}

void machine_table_destroy(struct machine_table *table)
{
    for (size_t at = 0; at < table->slot_count; at++) {
        free(table->slots[at].arn);
        free(table->slots[at].counts);
    }
    pthread_mutex_destroy(&table->lock);
    free(table);
}

/* Where there is no memory, a machine is one of the others. */
static struct machine_counts *fill(struct machine_table *table, struct machine_entry *entry, struct str arn)
{
    if (table->count == table->limit) {
        return &table->others;
    }
    char *copy = malloc(arn.length + 1);
    struct machine_counts *counts = calloc(1, sizeof *counts);
    if (copy == NULL || counts == NULL) {
        free(copy);
        free(counts);
        return &table->others;
    }
    memcpy(copy, arn.bytes, arn.length);
    *entry = (struct machine_entry){copy, arn.length, counts};
    table->count++;
    return counts;
}

struct machine_counts *machine_table_find(struct machine_table *table, struct str arn)
{
    pthread_mutex_lock(&table->lock);
    size_t at = hash_murmur2(arn) % table->slot_count;
    struct machine_entry *entry = &table->slots[at];
    while (entry->arn != NULL && !str_equal((struct str){entry->arn, entry->arn_length}, arn)) {
        at = (at + 1) % table->slot_count;
        entry = &table->slots[at];
    }
    struct machine_counts *counts = entry->arn != NULL ? entry->counts : fill(table, entry, arn);
    pthread_mutex_unlock(&table->lock);
    return counts;
}

/* ---- Showing ---- */

static double number(const _Atomic int64_t *count)
{
    return (double)atomic_load_explicit(count, memory_order_relaxed);
}

static void show(struct metrics_page *page, struct str arn, const struct machine_counts *counts)
{
    static const struct {
        enum metric_id metric;
        enum execution_status_id status;
    } ends[] = {
        {METRIC_EXECUTIONS_SUCCEEDED, EXECUTION_STATUS_SUCCEEDED},
        {METRIC_EXECUTIONS_FAILED, EXECUTION_STATUS_FAILED},
        {METRIC_EXECUTIONS_ABORTED, EXECUTION_STATUS_ABORTED},
        {METRIC_EXECUTIONS_TIMED_OUT, EXECUTION_STATUS_TIMED_OUT},
    };
    const struct metrics_labels labels = {{arn}};
    metrics_add(page, &metric_table[METRIC_EXECUTIONS_STARTED], &labels, number(&counts->started));
    metrics_add(page, &metric_table[METRIC_STATE_TRANSITIONS], &labels, number(&counts->transitions));
    for (size_t at = 0; at < sizeof ends / sizeof *ends; at++) {
        metrics_add(page, &metric_table[ends[at].metric], &labels, number(&counts->ended[ends[at].status]));
    }
    metrics_add_histogram(page, &metric_table[METRIC_EXECUTION_TIME], &labels, &counts->time);
}

void machine_table_show(struct machine_table *table, struct metrics_page *page)
{
    pthread_mutex_lock(&table->lock);
    for (size_t at = 0; at < table->slot_count; at++) {
        const struct machine_entry *entry = &table->slots[at];
        if (entry->arn != NULL) {
            show(page, (struct str){entry->arn, entry->arn_length}, entry->counts);
        }
    }
    show(page, STR("other"), &table->others);
    pthread_mutex_unlock(&table->lock);
}
