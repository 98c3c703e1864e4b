/* The inside of a stream thread, for loop.c, loop_status.c, takeover.c, batch.c and poison.c alone. */
#ifndef PAWL_PROCESSOR_LOOP_PARTS_H
#define PAWL_PROCESSOR_LOOP_PARTS_H

#include "processor/handling.h"
#include "processor/loop.h"
#include "processor/poison.h"

#include <pthread.h>

struct batch {
    bool begun;       /* its transaction is open */
    uint32_t records; /* records and timers handled */
    size_t bytes;     /* produced */
    int64_t started_ms;
    int64_t counts[COUNTER_COUNT]; /* added to the counters when it is committed */
    struct task_times task_times;  /* as they */
    bool has_subject;
    struct poison_subject subject; /* the last one handled */
    struct blame blame;            /* its task */
    struct blame trial;            /* the route that is refused to it, on suspicion */
};

struct loop {
    struct loop_shared shared;
    uint32_t thread;
    struct bus_member *member;
    struct kv_batch *overlay;
    struct arena *arena; /* of one record or timer */
    struct arena *spare;
    struct arena *batch_arena; /* of the batch */
    struct arena *need_arena;
    struct env env; /* seeded anew for each batch */
    struct partition **partitions;
    size_t partition_count;
    size_t partition_capacity;
    struct batch batch;
    bool must_abort;  /* the bus has a transaction open that no batch is in any more */
    struct need need; /* to be met after the commit */
    struct partition *need_partition;
    struct poison poison;
    struct blame blame; /* of the last record that failed alone */
    int64_t last_now_ms;
    int64_t last_commit_ms;
    int64_t positions_ms;    /* when positions without a commit were last looked for */
    int64_t stable_again_ms; /* no group offsets are fetched before */
    size_t settle_first;
    size_t next_partition;       /* whose timers come first */
    enum status callback_status; /* of a rebalance callback */
    struct bus_error callback_error;
    pthread_mutex_t status_lock;
    struct loop_status status; /* guarded by status_lock, as is what follows */
    struct loop_partition *published;
    size_t published_count;
    size_t published_capacity;
    int64_t ends_ms; /* when the inputs' ends were last looked at */
};

int64_t loop_now_ms(struct loop *loop);

/* ---- loop_status.c ---- */

/* What loop_status and loop_partitions tell from now on. */
void loop_publish_status(struct loop *loop);

/* ---- batch.c ---- */

/* Ends the transaction that is open on the bus, if one is. Until that succeeds no other can begin, and readers wait. */
MUST_CHECK enum status batch_abort_open(struct loop *loop, struct bus_error *out_error);

/* The partition is part of the transaction, which is begun when it isn't. */
MUST_CHECK enum status batch_touch(struct loop *loop, struct partition *partition, struct bus_error *out_error);
MUST_CHECK enum status batch_produce(struct loop *loop, const struct outbox *outbox, struct bus_error *out_error);
void batch_count_usage(struct loop *loop, struct partition *partition, const struct handling *handling);

/* Where the partition stands in an input: at `current`, or behind the markers and aborted records that follow. */
int64_t batch_position(const struct loop *loop, const struct partition *partition, enum input input);

/* Commits what there is, and writes the overlay to the store; OK also when that fails, as the transaction stands: then the
 * partitions in it are parked. Statuses as bus_commit's; FATAL also when the store is past hope. Nothing is staged after it,
 * and after anything but OK and FATAL the partitions are as after the last commit (FENCED: all begin anew). */
MUST_CHECK enum status batch_commit(struct loop *loop, struct bus_error *out_error);

/* A row of the partition can't be read, or one is missing that another tells of: always STATUS_CORRUPT, with the error. The
 * batch is to fail by it, which rebuilds the rows from the changelog. */
enum status batch_rows_broken(struct partition *partition, enum status status, struct bus_error *out_error);

/* Drops the batch because of `status` (ABORTABLE, FENCED, CORRUPT, or FULL and IO of the store; others are passed on). What it
 * returns is what the loop goes on with: OK, or a status that ends the thread. */
MUST_CHECK enum status batch_fail(struct loop *loop, enum status status, struct bus_error *out_error);

/* ---- takeover.c ---- */

/* Moves every partition on that can move. */
MUST_CHECK enum status takeover_settle(struct loop *loop, struct bus_error *out_error);
void takeover_assigned(struct loop *loop, const uint32_t *ids, size_t count);
void takeover_give_up(struct loop *loop, const uint32_t *ids, size_t count);

/* Back to the first phase: nothing in memory may be used any more. */
void takeover_begin_again(struct loop *loop, struct partition *partition);

/* The store has failed the partition by `status`, FULL or IO: it is as begun again, but rests first, and what the store has
 * missed is restored from the changelog. OK, or FATAL when a store that can't be read or written does not get
 * better. `error` says why, as far as that is known. */
MUST_CHECK enum status takeover_park(struct loop *loop, struct partition *partition, enum status status,
                                     struct bus_error *error);
bool takeover_parks(enum status status);

/* What the record or timer of need_partition needs; no transaction is open. */
MUST_CHECK enum status takeover_meet_need(struct loop *loop, struct bus_error *out_error);

struct partition *loop_partition(struct loop *loop, uint32_t id);

#endif
