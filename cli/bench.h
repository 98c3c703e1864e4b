/* `pawl bench`: what its parts share. The program is worker and feeder in one; what is measured, the engine or the forwarder
 * that is its ceiling, is a child. So the worker and the broker cost the same in both. */
#ifndef PAWL_CLI_BENCH_H
#define PAWL_CLI_BENCH_H

#include "cli/bench_report.h"
#include "cli/context.h"
#include "schemas/codec/codec.h"

#include <sys/types.h>

struct bench_options {
    uint32_t seconds;       /* of one measured run */
    uint32_t rows;          /* to be restored; executions to be listed, events of one execution */
    uint32_t timers;        /* that wait at a time */
    uint32_t threads;       /* stream threads; 0: measured with 1 and with 2 */
    uint32_t partitions;
    uint32_t payload_bytes; /* of inputs and outputs */
    uint32_t in_flight;     /* executions at a time */
};

struct bench {
    struct context *context;
    struct bench_options options;
    struct bench_report report;
    struct bus *bus;
    struct codec *codec;
    struct str folder;      /* temporary: state folders, logs */
    pid_t broker;           /* 0: not on this machine, its CPU time is unknown */
    uint32_t side_count;    /* made so far */
    uint64_t chance;        /* state of bench_chance */
};

/* OK, or says what failed. */
enum exit_code bench_check(struct bench *bench, const char *what, enum status status, const struct bus_error *error);

void bench_rest_ms(int64_t ms);

/* Numbers that look random: names and payloads must not be alike, or compression makes them nothing. */
uint64_t bench_chance(struct bench *bench);

/* Prints the figure that was added last, when people are watching. */
void bench_tell(struct bench *bench);

/* ---- The parts, each in the file of its name ---- */

enum exit_code bench_share(struct bench *bench);
enum exit_code bench_share_engine(struct bench *bench);  /* its throughput alone */
enum exit_code bench_share_ceiling(struct bench *bench);
enum exit_code bench_hop(struct bench *bench);
enum exit_code bench_chain(struct bench *bench);
enum exit_code bench_memory(struct bench *bench);
enum exit_code bench_alone(struct bench *bench); /* bench_core.h */
enum exit_code bench_restore(struct bench *bench);
enum exit_code bench_timers(struct bench *bench);
enum exit_code bench_api(struct bench *bench);
enum exit_code bench_language(struct bench *bench);

#endif
