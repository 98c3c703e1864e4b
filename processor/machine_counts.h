/* What is counted of each state machine: executions and their ends, as CloudWatch does. The first machines that are seen are
 * told apart, up to a limit, so that the metrics stay bounded; the rest is counted together. */
#ifndef PAWL_PROCESSOR_MACHINE_COUNTS_H
#define PAWL_PROCESSOR_MACHINE_COUNTS_H

#include "base/status.h"
#include "metrics/metrics.h"
#include "schemas/execution_statuses.h"

struct machine_counts {
    _Atomic int64_t started;
    _Atomic int64_t transitions;
    _Atomic int64_t ended[EXECUTION_STATUS_COUNT];
    struct histogram time; /* from start to end */
};

/* Adds all of `more`. Any thread. */
void machine_counts_merge(struct machine_counts *counts, const struct machine_counts *more);

struct machine_table;

MUST_CHECK enum status machine_table_create(uint32_t machines_max, struct machine_table **out_table);
void machine_table_destroy(struct machine_table *table);

/* The machine's counts, or those of the others; for the table's life. Any thread; takes a lock: for once a transaction. */
struct machine_counts *machine_table_find(struct machine_table *table, struct str arn);

void machine_table_show(struct machine_table *table, struct metrics_page *page);

#endif
