/* The one way into the embedded bus: a transaction's records and offsets reach the store in one write, together with
 * the partitions' new ends, so that a crash leaves all of it or nothing. Who comes while another writes is written by
 * the next write, with all who came meanwhile: one fsync for many. */
#ifndef PAWL_BUS_LOCAL_COMMIT_H
#define PAWL_BUS_LOCAL_COMMIT_H

#include "bus/local.h"

/* A record that waits to be written. */
struct local_entry {
    struct local_topic *topic;
    uint32_t partition;
    int64_t offset; /* known once it is written */
    struct str row;
    struct local_entry *next;
    struct local_entry *older; /* in its bucket */
};

#define LOCAL_BUCKETS 256

struct local_transaction {
    struct arena *arena;
    struct local_entry *first;
    struct local_entry **end;
    struct local_entry *buckets[LOCAL_BUCKETS]; /* by topic and partition, newest first */
    size_t bytes;
};

MUST_CHECK enum status local_transaction_init(struct local_transaction *transaction);
void local_transaction_clear(struct local_transaction *transaction);
void local_transaction_empty(struct local_transaction *transaction);

/* LIMIT_EXCEEDED: over the topic's max_message_bytes, or a transaction of over 256 MiB. */
MUST_CHECK enum status local_transaction_add(struct local_transaction *transaction, struct local *local,
                                             const struct bus_message *message, struct bus_error *out_error);

/* The newest entry of that partition, or NULL. */
const struct local_entry *local_transaction_last(const struct local_transaction *transaction,
                                                 const struct local_topic *topic, uint32_t partition);

struct local_offset {
    struct local_topic *topic;
    uint32_t partition;
    int64_t offset;
};

/* What to write. The owner waits in local_commit_write until it is done. */
struct local_commit {
    struct local_transaction *transaction; /* NULL: offsets only */
    struct str group;
    const struct local_offset *offsets;
    size_t offset_count;
    const bool *fenced; /* NULL, or: FENCED when it is set, which happens under the bus's lock */

    enum status status;
    struct bus_error error;
    bool done;
    struct local_commit *next;
};

/* OK: durable and visible. FENCED. ABORTABLE: nothing was written (disk full). FATAL: the store is broken. */
MUST_CHECK enum status local_commit_write(struct local *local, struct local_commit *commit,
                                          struct bus_error *out_error);

/* Waits, under the bus's lock, until what is being written at present is written. */
void local_commit_settle(struct local *local);

#endif
