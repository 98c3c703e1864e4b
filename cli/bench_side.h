/* One side of a comparison: a prefix with its topics, and the child that works on them. */
#ifndef PAWL_CLI_BENCH_SIDE_H
#define PAWL_CLI_BENCH_SIDE_H

#include "cli/bench.h"
#include "processor/topics.h"

#define BENCH_ROUTE "bench" /* of all tasks */

#define BENCH_SIDE_SETS_MAX 4

enum bench_kind {
    BENCH_ENGINE,  /* pawl serve --role processor */
    BENCH_CEILING, /* pawl bench forward */
    BENCH_GATEWAY, /* pawl serve --role gateway */
    BENCH_BARE,    /* pawl bench bare */
};

/* A key of the configuration that only this side has otherwise. */
struct bench_side_set {
    const char *key;
    struct str value;
};

struct bench_side {
    struct bench *bench;
    enum bench_kind kind;
    uint32_t thread_count;
    struct bench_side_set sets[BENCH_SIDE_SETS_MAX]; /* up to the first without a key */
    struct str prefix;
    struct str state_dir;
    struct str log;
    struct topics *topics; /* NULL: a guest's, the engine has them */
    const struct bus_topic *tasks;
    pid_t pid;     /* 0: not running */
    uint16_t port; /* where it listens, of one that bench_side_listen has waited for */
};

/* Makes prefix and topics; nothing runs yet. */
enum exit_code bench_side_open(struct bench *bench, enum bench_kind kind, uint32_t thread_count, struct bench_side *out_side);

/* A gateway or bare server beside `engine`, with its prefix. It listens on a port by the system. */
enum exit_code bench_side_join(const struct bench_side *engine, enum bench_kind kind, uint32_t thread_count,
                               struct bench_side *out_side);

/* Ends what runs; closes the topics. */
void bench_side_close(struct bench_side *side);

enum exit_code bench_side_start(struct bench_side *side);
void bench_side_end(struct bench_side *side, int signal);

/* Fails when the child has ended by itself, with the end of its log. */
enum exit_code bench_side_check(const struct bench_side *side);

/* Starts one that listens, and waits until it does. */
enum exit_code bench_side_listen(struct bench_side *side);

/* "engine", "ceiling", … */
const char *bench_side_name(const struct bench_side *side);

/* Where a ceiling finds the records that it writes (cli/bench_steps.h). */
enum exit_code bench_side_steps_path(const struct bench_side *side, struct str *out_path);

#endif
