/* `pawl bench core`: the transition alone, rows in memory, one core, no bus: what a step costs before anything is written. */
#ifndef PAWL_CLI_BENCH_CORE_H
#define PAWL_CLI_BENCH_CORE_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct bench_core_options {
    uint32_t payload_bytes; /* of every input and output; no path touches them */
    uint32_t seconds;       /* each measurement takes about this long */
};

/* Per second, on one core. */
struct bench_core_figures {
    double task_steps_built;   /* a result in, the effects of ending one task and scheduling the next as structs */
    double task_steps_encoded; /* and as Avro records */
    double pass_steps_built;   /* a Pass state entered and left */
    double pass_steps_encoded;
    double records_per_task_step;
    double bytes_per_task_step; /* values of the records */
};

MUST_CHECK enum status bench_core_run(const struct bench_core_options *options, struct bench_core_figures *out_figures);

#endif
