/* A stream thread's loop: the order in which things happen to be exactly once (design, section 3).
 *
 *     settle      partitions that were given: stable offsets, restore, seek; waits that are over
 *     collect     records until drained or full; for each: handle, then produce, and stage rows in the overlay
 *     fire        timers that are due, the same way
 *     commit      commit rows and positions of every touched partition; then, and only then, overlay → store
 *     meet        what a record needed outside of a transaction
 *
 * An abort drops everything staged since the last commit and seeks back. */
#ifndef PAWL_PROCESSOR_LOOP_H
#define PAWL_PROCESSOR_LOOP_H

#include "processor/config.h"
#include "processor/counters.h"
#include "processor/definitions.h"
#include "processor/owners.h"
#include "processor/partition.h"
#include "processor/restorer.h"
#include "processor/standby.h"
#include "processor/topics.h"

struct loop;

/* What the threads of a process share. */
struct loop_shared {
    const struct processor_config *config;
    struct bus *bus;
    struct kv *kv;
    const struct codec *codec;
    struct topics *topics;
    struct definitions *definitions;
    struct restorer *restorer;
    struct owners *owners;
    struct standby *standby;
    struct counters *counters;
    struct machine_table *machines;
};

/* Joins the group as `thread`. */
MUST_CHECK enum status loop_open(const struct loop_shared *shared, uint32_t thread, struct loop **out_loop,
                                 struct bus_error *out_error);

/* Ends as if the process had died: whatever is not committed is gone. */
void loop_close(struct loop *loop);

/* Finishes the batch, leaves the group at once, and closes. */
void loop_leave(struct loop *loop);

/* Once around. Waits at most timeout_ms for a record when there is nothing else to do. OK: go on, also after aborts and
 * being fenced. RETRIABLE: go on, but not at once: the broker is in trouble. Any other: the thread can't go on,
 * *out_error tells. */
MUST_CHECK enum status loop_step(struct loop *loop, int timeout_ms, struct bus_error *out_error);

/* Wakes a loop_step that waits. From any thread. */
void loop_wake(struct loop *loop);

struct loop_status {
    uint32_t assigned;    /* partitions given to the thread */
    uint32_t active;      /* of these, being processed */
    uint32_t refused;     /* of these, that can't be taken over */
    uint32_t parked;      /* of these, that wait for the store to have room, or to work, again */
    int64_t restore_lag;  /* changelog records still to be read */
    int64_t committed_ms; /* when it last committed, or found nothing to commit */
    uint32_t renewals;    /* of its producers */
    char refusal[512];    /* of one of the refused and parked */
};

/* One partition of the thread. */
struct loop_partition {
    uint32_t id;
    enum partition_phase phase;
    int64_t restore_lag;      /* changelog records still to be read; -1: not known yet */
    int64_t lag[INPUT_COUNT]; /* records of the inputs to be processed, as of a second ago; -1: not known */
    char refusal[256];        /* of one that is REFUSED, or was PARKED and is not ACTIVE again; else empty */
};

/* Copies as many as fit; how many there are. From any thread. */
size_t loop_partitions(struct loop *loop, struct loop_partition *out_partitions, size_t capacity);

/* From any thread. */
void loop_status(struct loop *loop, struct loop_status *out_status);

#endif
