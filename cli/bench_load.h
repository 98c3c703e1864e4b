/* Load on one side: worker and feeder. Executions of a chain of tasks are started, each task is answered at once, and what
 * comes back is counted and timed. Two ways: so many executions in flight, or so many starts a second. */
#ifndef PAWL_CLI_BENCH_LOAD_H
#define PAWL_CLI_BENCH_LOAD_H

#include "cli/bench_client.h"
#include "cli/bench_samples.h"

#define BENCH_CHAIN_TASKS 10

struct bench_load;

struct bench_load_plan {
    uint32_t in_flight;        /* executions at a time; 0: by the rate */
    uint32_t starts_per_second;
    double warm_seconds;       /* before anything counts */
    double seconds;
    bool await_end;            /* an execution is over when its status says so, not with the answer to its last task */
};

/* Of the measured time. */
struct bench_load_result {
    double seconds;
    uint64_t tasks;        /* that were seen */
    double side_cpu;       /* processor seconds of the child, the broker and this process */
    double broker_cpu;
    double own_cpu;
    struct bench_samples hops;   /* ms from sending a result to seeing the execution's next task */
    struct bench_samples chains; /* ms from sending a start to seeing that the execution succeeded; with await_end */
};

/* The child must run. Defines the machine, and waits until a first execution got through. */
enum exit_code bench_load_open(struct bench_side *side, struct bench_load **out_load);
void bench_load_close(struct bench_load *load);

/* Starts so many executions and forgets them. */
enum exit_code bench_load_burst(struct bench_load *load, uint32_t count);

/* Runs the plan, then waits until everything in flight is over. The caller clears the result. */
enum exit_code bench_load_run(struct bench_load *load, const struct bench_load_plan *plan, struct bench_load_result *out_result);
void bench_load_clear(struct bench_load_result *result);

/* Starts an execution on each partition and waits until the first task of each is seen: the side is processing. */
enum exit_code bench_load_probe(struct bench_load *load, int64_t timeout_ms);

#endif
