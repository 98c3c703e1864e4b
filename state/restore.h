/* Brings the local rows of one partition up to the end of pawl.state (design, section 3, rules 7, 8, 12).
 *
 * To be begun after the group's stable offsets of the partition are known: then no earlier owner can add to the log.
 * Reads committed records from the stored offset to the end as it was seen *uncommitted* at the start, and holds the
 * log to its own proof: commit rows in sequence, each telling the number of rows before it. A store that can't be
 * trusted (another cluster, too old, outside the log) is emptied first and filled from the log's beginning.
 *
 * A restore belongs to one thread at a time; nobody else may write the partition's rows meanwhile. */
#ifndef PAWL_STATE_RESTORE_H
#define PAWL_STATE_RESTORE_H

#include "bus/bus.h"
#include "kv/kv.h"
#include "schemas/codec/codec.h"

struct restore;

struct restore_config {
    struct bus *bus;
    struct kv *kv;
    const struct codec *codec;
    const struct bus_topic *topic; /* pawl.state */
    uint32_t partition;
    int64_t delete_retention_ms; /* of the topic: a store older than half of it is emptied */
};

/* What was done so far; strings are static. */
struct restore_progress {
    const char *emptied; /* why the rows were deleted first; NULL: they were not */
    int64_t from_offset; /* where reading began */
    int64_t next_offset; /* what will be read next */
    int64_t end_offset;  /* where it is done; -1: not known yet */
    int64_t row_count;   /* applied */
    int64_t proved_from; /* sequence of the first commit row of the proved stretch; 0: nothing was read */
    int64_t proved_to;   /* of the last one */
};

MUST_CHECK enum status restore_create(const struct restore_config *config, struct restore **out_restore);
void restore_destroy(struct restore *restore);

/* Applies at most about `records_max` records, waiting at most timeout_ms for them. *out_done: the rows are those of
 * the log's end. CORRUPT: the log does not prove itself (out_error tells where). RETRIABLE: call again. Others: from
 * bus and kv. */
MUST_CHECK enum status restore_step(struct restore *restore, uint32_t records_max, int timeout_ms, bool *out_done,
                                    struct bus_error *out_error);

/* Keeps a copy of a partition that another process owns: applies at most about `records_max` records of those that are
 * committed by now, waiting for none, and is never done. *out_more: there may be more already. progress.end_offset is what
 * the log's committed end was a moment ago. Statuses as restore_step's. What it leaves is for a restore to go on from. */
MUST_CHECK enum status restore_follow(struct restore *restore, uint32_t records_max, bool *out_more,
                                      struct bus_error *out_error);

const struct restore_progress *restore_progress(const struct restore *restore);

/* Deletes all rows of the partition, its offset row included. */
MUST_CHECK enum status restore_empty(struct kv *kv, uint32_t partition, struct kv_error *out_error);

#endif
