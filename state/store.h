/* One partition's rows: what its thread has staged in the overlay, over what the store on disk has.
 *
 * A row that is put or deleted is staged in the overlay, which all partitions of a thread share and which reaches the
 * store in one write after Kafka has committed, and is noted as a change, which goes to pawl.state in the transaction.
 * Everything read lies in the arena given and is not changed by anybody.
 *
 * Statuses: CORRUPT for a row that can't be read, IO and the like from kv, LIMIT_EXCEEDED when the arena is full. */
#ifndef PAWL_STATE_STORE_H
#define PAWL_STATE_STORE_H

#include "asl/rows.h"
#include "kv/kv.h"
#include "schemas/codec/codec.h"
#include "schemas/records.h"
#include "state/keys.h"
#include "state/row_cache.h"

/* A record of pawl.state. */
struct store_change {
    struct str key;   /* without the partition */
    struct str value; /* bytes == NULL: deleted */
};

struct store_changes {
    struct arena *arena;
    struct store_change *items;
    size_t count;
    size_t capacity;
};

struct store {
    struct kv *kv;
    struct kv_batch *overlay; /* of the thread */
    const struct codec *codec;
    uint32_t partition;
    struct store_changes changes; /* of the present step */
    struct row_cache *executions; /* NULL: nothing is kept */

    /* The execution row that the present step has read, decoded; NULL: none. */
    const struct execution_row *read_row;
    struct execution_id read_id;

    /* Timers (state/timers.h): no timer row sorts before `timers_from`; none is due before `timers_due_ms`. */
    struct key timers_from;
    struct key timers_put; /* the first of those put since the last scan; empty: none */
    int64_t timers_due_ms;
};

void store_init(struct store *store, struct kv *kv, struct kv_batch *overlay, const struct codec *codec,
                uint32_t partition);

/* store_init takes hold of nothing until store_keep_rows; store_clear lets go of it. */
void store_clear(struct store *store);

/* Execution rows are kept in memory from now on. */
void store_keep_rows(struct store *store);

/* The overlay was dropped: what was known of staged rows is forgotten, next due times included. */
void store_forget(struct store *store);

/* Begins a step: its changes are collected in `arena`, and store_rollback takes them all back. One at a time over all
 * stores that share an overlay. */
void store_begin(struct store *store, struct arena *arena);
void store_rollback(struct store *store);

/* ---- Any row ---- */

/* NOT_FOUND when there is none. *out_row is the struct of `record`. */
MUST_CHECK enum status store_get(const struct store *store, struct arena *arena, const struct key *key,
                                 enum record_id record, const void **out_row);
MUST_CHECK enum status store_put(struct store *store, const struct key *key, enum record_id record, const void *row);
MUST_CHECK enum status store_delete(struct store *store, const struct key *key);

/* Calls `each` for the rows whose key starts with `prefix`, from `from` on, in order, until it answers other than OK;
 * END means enough and becomes OK. `each` must not write. Key and value are borrowed during the call. */
typedef enum status (*store_each_fn)(void *owner, struct str key, struct str value);
MUST_CHECK enum status store_scan(const struct store *store, const struct key *prefix, const struct key *from,
                                  store_each_fn each, void *owner);

/* The row that a value holds; CORRUPT when it is not of that record. */
MUST_CHECK enum status store_decode(const struct store *store, struct arena *arena, enum record_id record,
                                    struct str value, const void **out_row);

/* ---- Rows of executions, as the core reads and the processor writes them ---- */

/* The port that asl/step.h reads; owner is the store. */
struct rows store_rows(struct store *store);

MUST_CHECK enum status store_execution(struct store *store, struct arena *arena, const struct execution_id *id,
                                       const struct execution_row **out_row);
MUST_CHECK enum status store_name(const struct store *store, struct arena *arena, struct str arn,
                                  const struct name_row **out_row);
MUST_CHECK enum status store_payload(const struct store *store, struct arena *arena, const struct execution_id *id,
                                     const struct payload_id *payload, struct str *out_text);

/* ---- How far the partition is ---- */

/* NOT_FOUND: a partition that never committed. */
MUST_CHECK enum status store_commit_row(const struct store *store, struct arena *arena,
                                        const struct commit_row **out_row);

/* How far the store has followed the changelog. Goes to the overlay alone: it is never in the topic. */
MUST_CHECK enum status store_offset_row(const struct store *store, struct arena *arena,
                                        const struct offset_row **out_row);
MUST_CHECK enum status store_put_offset(struct store *store, struct arena *arena, const struct offset_row *row);

#endif
