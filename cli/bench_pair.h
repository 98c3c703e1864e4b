/* Engine and ceiling side by side, both running, one of them loaded at a time. */
#ifndef PAWL_CLI_BENCH_PAIR_H
#define PAWL_CLI_BENCH_PAIR_H

#include "cli/bench_record.h"

#define BENCH_PAIR_RUNS 5 /* alternating pairs, of which the median counts */

struct bench_pair {
    struct bench_side sides[2]; /* by enum bench_kind */
    struct bench_load *loads[2];
    struct bench_steps steps;
    struct bench_record_counts counts;
};

enum exit_code bench_pair_open(struct bench *bench, uint32_t thread_count, struct bench_pair *out_pair);
void bench_pair_close(struct bench_pair *pair);

#endif
