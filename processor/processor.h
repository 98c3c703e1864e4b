/* The processor of one process: its store, its topics, its stream threads, restores and definitions.
 *
 * In production it runs threads of its own (processor_start … processor_stop). The simulator and tests drive the same
 * parts step by step instead, and never call processor_start. */
#ifndef PAWL_PROCESSOR_PROCESSOR_H
#define PAWL_PROCESSOR_PROCESSOR_H

#include "processor/config.h"
#include "processor/counters.h"
#include "processor/loop.h"

struct processor;

/* Opens the store (rebuilding one that is corrupt), the topics, and reads pawl.definitions to its end. The bus is
 * borrowed. No thread runs yet, and no group is joined. */
MUST_CHECK enum status processor_open(const struct processor_config *config, struct bus *bus,
                                      struct processor **out_processor, struct bus_error *out_error);

/* Closes everything at once, as after a crash; threads must have been stopped. */
void processor_close(struct processor *processor);

/* ---- With threads ---- */

/* Starts the threads, which join the group. */
MUST_CHECK enum status processor_start(struct processor *processor, struct bus_error *out_error);

/* Ends them: each finishes its batch and leaves the group, so that others take over at once; the store is made durable.
 */
void processor_stop(struct processor *processor);

/* ---- Step by step ---- */

/* Joins the group as the process's thread number `thread`. */
MUST_CHECK enum status processor_join(struct processor *processor, uint32_t thread, struct bus_error *out_error);
MUST_CHECK enum status processor_step(struct processor *processor, uint32_t thread, int timeout_ms,
                                      struct bus_error *out_error);
/* Leaves the group gracefully. */
void processor_leave(struct processor *processor, uint32_t thread);
void processor_restore(struct processor *processor, bool *out_idle);
void processor_stand_by(struct processor *processor, bool *out_idle);
MUST_CHECK enum status processor_follow(struct processor *processor, struct bus_error *out_error);

/* ---- Watching ---- */

struct processor_status {
    bool failed; /* a thread ended: the process should exit, `text` says why */
    bool ready;  /* partitions are assigned, and all of them are active */
    uint32_t assigned;
    uint32_t active;
    uint32_t refused;
    uint32_t parked;     /* wait for the store to have room, or to work, again */
    int64_t restore_lag; /* changelog records still to be read */
    int64_t committed_ms; /* when the slowest thread last committed or had nothing to; 0: none runs */
    uint32_t renewals;    /* of producers, by the threads that run */
    struct standby_status standby;
    char text[512];      /* why it failed, or refuses or parks a partition */
};

/* From any thread. */
void processor_status(struct processor *processor, struct processor_status *out_status);
/* The partitions that this process was given, in the arena, with what each is about. From any thread. */
MUST_CHECK enum status processor_partitions(struct processor *processor, struct arena *arena,
                                            struct loop_partition **out_partitions, size_t *out_count);

/* What it has to tell, but for its store's figures. From any thread. LIMIT_EXCEEDED: the arena is full. */
MUST_CHECK enum status processor_show(struct processor *processor, struct metrics_page *page);

const struct counters *processor_counters(const struct processor *processor);

/* The state rows' store, for `pawl verify` and metrics. Borrowed. */
struct kv *processor_kv(struct processor *processor);

#endif
