/* Rows of the embedded bus, and reading records in chunks.
 *
 *     m name                          cluster id, next topic id
 *     t name                          a topic
 *     r topic partition offset        a record (bus/bus_record.h)
 *     b topic partition               first offset held; absent: 0
 *     e topic partition               next offset; absent: 0
 *     c topic partition               compacted up to here; absent: 0
 *     o group 00 topic partition      a group's offset */
#ifndef PAWL_BUS_LOCAL_LOG_H
#define PAWL_BUS_LOCAL_LOG_H

#include "bus/local.h"

#define LOCAL_KEY_BYTES_MAX (2 + LOCAL_GROUP_BYTES_MAX + 8)

struct local_key {
    char bytes[LOCAL_KEY_BYTES_MAX];
    size_t length;
};

/* kind: b, e or c. */
struct local_key local_log_partition_key(char kind, uint32_t topic_id, uint32_t partition);
struct local_key local_log_record_key(uint32_t topic_id, uint32_t partition, int64_t offset);
struct local_key local_log_group_key(struct str group, uint32_t topic_id, uint32_t partition);

static inline struct str local_key_text(const struct local_key *key)
{
    return (struct str){key->bytes, key->length};
}

/* Stages an offset; reads one (BUS_OFFSET_NONE when there is none). */
MUST_CHECK enum status local_log_put_offset(struct kv_batch *batch, const struct local_key *key, int64_t offset);
MUST_CHECK enum status local_log_get_offset(struct kv *kv, const struct local_key *key, int64_t *out_offset);

/* Walks the records of a partition from an offset on. */
struct local_walk {
    struct kv_cursor *cursor;
    struct local_key prefix;
};
MUST_CHECK enum status local_walk_open(struct local *local, const struct local_topic *topic, uint32_t partition,
                                       int64_t from, struct local_walk *out_walk);
/* END after the last. The row is borrowed until the next call. */
MUST_CHECK enum status local_walk_next(struct local_walk *walk, int64_t *out_offset, struct str *out_row);
void local_walk_close(struct local_walk *walk);

#define LOCAL_CHUNK_RECORDS 256
#define LOCAL_CHUNK_BYTES ((size_t)512 * 1024)

struct local_chunk {
    struct arena *arena;
    struct bus_record records[LOCAL_CHUNK_RECORDS];
    size_t count;
    int64_t next; /* the offset to go on from */
};

MUST_CHECK enum status local_chunk_init(struct local_chunk *chunk);
void local_chunk_clear(struct local_chunk *chunk);

/* Fills the chunk with the records in [from, end), at least one if there is any. CORRUPT: a row is none. */
MUST_CHECK enum status local_chunk_read(struct local_chunk *chunk, struct local *local, const struct local_topic *topic,
                                        uint32_t partition, int64_t from, int64_t end);

#endif
