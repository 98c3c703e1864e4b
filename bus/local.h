/* What the parts of the embedded bus share. bus_local.c opens and closes it and keeps the topics; each other part is a
 * pair of its own:
 *
 *     local_log       rows of records and offsets; reading them in chunks
 *     local_commit    the one way in which records and offsets are written: whole, in order, many at once
 *     local_feed      records of many partitions, and waiting for more
 *     local_member    the processor's stream threads and their group
 *     local_follower  workers and their groups
 *     local_reader    readers and producers
 *     local_clean     trim, retention, compaction
 *
 * Locks, in the order in which they may be taken: create_lock, clean_lock, lock. `lock` is never held over I/O. */
#ifndef PAWL_BUS_LOCAL_H
#define PAWL_BUS_LOCAL_H

#include "bus/bus_port.h"
#include "kv/kv.h"

#include <pthread.h>
#include <time.h>

#define LOCAL_GROUP_BYTES_MAX 255

struct bus_server;
struct local_commit;
struct local_crowd;
struct local_group;

struct local_partition {
    int64_t begin; /* the first offset held; by local_clean.c, under `lock` */
    int64_t end;   /* the next offset; by local_commit.c, under `lock` */
    int64_t next;  /* the writer's: like end, but with what it writes at present */
    /* Under clean_lock: below `cleaned` no key occurs twice; so many records lie there; then the first tombstone is
     * due. */
    int64_t cleaned;
    int64_t kept;
    int64_t due_ms;
    int64_t looked_ms; /* when compaction last looked at it */
};

struct local_topic {
    struct bus_topic base;
    uint32_t id;
    struct bus_topic_config config;
    struct local_partition *partitions;
    uint64_t touched; /* number of the write that last changed it */
    struct local_topic *next;
};

/* Somebody who waits for records of some topics. Lives in the bus's list from init to clear. */
struct local_waiter {
    pthread_cond_t cond;
    bool poked; /* something may have changed */
    const struct local_topic *const *topics;
    size_t topic_count;
    struct local_waiter *next;
    struct local_waiter *previous;
};

struct local {
    struct bus base;
    struct kv *kv;
    char cluster_id[37];

    pthread_mutex_t lock;
    struct arena *arena; /* topics; never reset */
    struct local_topic *topics;
    struct local_waiter *waiters;
    struct local_group *groups;
    struct local_crowd *crowds;
    bool dones_dirty; /* of some crowd: to be written soon */
    bool closing;

    /* The writer (local_commit.c): whoever finds none writes for all. */
    struct local_commit *queue;
    struct local_commit **queue_end;
    bool writing;
    uint64_t writes_begun;
    uint64_t writes_ended;
    pthread_cond_t written;
    struct kv_batch *batch;

    pthread_mutex_t create_lock;
    uint32_t topic_id_next;
    pthread_mutex_t clean_lock;

    pthread_t janitor; /* retention, compaction, followers' offsets */
    bool janitor_runs;
    pthread_cond_t janitor_wake;

    struct bus_server *server;
};

/* `timeout_ms` from now, for conditions (base/clock.h); below 0: in a day. */
struct timespec local_deadline(int timeout_ms);

/* The handle of one of this bus's topics, as its own. */
struct local_topic *local_topic_of(const struct bus_topic *topic);

void local_waiter_init(struct local *local, struct local_waiter *waiter, const struct local_topic *const *topics,
                       size_t topic_count);
void local_waiter_clear(struct local *local, struct local_waiter *waiter);

/* Under `lock`: makes the waiter look again. */
void local_waiter_poke(struct local_waiter *waiter);

/* Waits, under `lock`, until poked (and takes that back: true) or until the deadline (false). */
bool local_waiter_wait(struct local *local, struct local_waiter *waiter, const struct timespec *deadline);

/* What a failed write of the store means for the bus, with its text. */
MUST_CHECK enum status local_kv_failed(enum status status, const struct kv_error *error, struct bus_error *out_error);

#endif
