/* One side of a comparison: a prefix with its topics, and the child that works on them. */
#ifndef PAWL_CLI_BENCH_SIDE_H
#define PAWL_CLI_BENCH_SIDE_H

#include "cli/bench.h"
#include "processor/topics.h"

#define BENCH_ROUTE "bench" /* of all tasks */

enum bench_kind {
    BENCH_ENGINE,  /* pawl serve */
    BENCH_CEILING, /* pawl bench forward */
};

struct bench_side {
    struct bench *bench;
    enum bench_kind kind;
    uint32_t thread_count;
    struct str memory_bytes; /* its state.memory.bytes; STR_NONE: the configuration's */
    struct str prefix;
    struct str state_dir;
    struct str log;
    struct topics *topics;
    const struct bus_topic *tasks;
    pid_t pid; /* 0: not running */
};

/* Makes prefix and topics; nothing runs yet. */
enum exit_code bench_side_open(struct bench *bench, enum bench_kind kind, uint32_t thread_count, struct bench_side *out_side);

/* Ends what runs; closes the topics. */
void bench_side_close(struct bench_side *side);

enum exit_code bench_side_start(struct bench_side *side);
void bench_side_end(struct bench_side *side, int signal);

/* Fails when the child has ended by itself, with the end of its log. */
enum exit_code bench_side_check(const struct bench_side *side);

/* "engine" or "ceiling". */
const char *bench_side_name(const struct bench_side *side);

/* Where a ceiling finds the records that it writes (cli/bench_steps.h). */
enum exit_code bench_side_steps_path(const struct bench_side *side, struct str *out_path);

#endif
