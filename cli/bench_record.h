/* Records what the engine writes for a task result (bench_steps.h), out of its topics after a short run. */
#ifndef PAWL_CLI_BENCH_RECORD_H
#define PAWL_CLI_BENCH_RECORD_H

#include "cli/bench_load.h"
#include "cli/bench_steps.h"

/* What one task of a chain comes to, its share of the execution's start and end included. */
struct bench_record_counts {
    double records;     /* all but the commit rows */
    double bytes;       /* of keys, values and headers */
    double transitions; /* as AWS meters them */
};

/* `load` must be on an engine. The steps lie in the context's arena. */
enum exit_code bench_record(struct bench_load *load, struct bench_side *side, struct bench_steps *out_steps,
                            struct bench_record_counts *out_counts);

#endif
