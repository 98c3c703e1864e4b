#include "bus/local_log.h"

#include "base/assert.h"
#include "bus/bus_bytes.h"
#include "bus/bus_record.h"

#define CHUNK_ARENA_BYTES_MAX ((size_t)128 * 1024 * 1024)

static struct local_key key_end(struct local_key *key, char *at)
{
    key->length = (size_t)(at - key->bytes);
    ASSERT(key->length <= sizeof key->bytes);
    return *key;
}

struct local_key local_log_partition_key(char kind, uint32_t topic_id, uint32_t partition)
{
    struct local_key key;
    char *at = bus_bytes_put_u8(key.bytes, (uint8_t)kind);
    at = bus_bytes_put_u32(at, topic_id);
    return key_end(&key, bus_bytes_put_u32(at, partition));
}

struct local_key local_log_record_key(uint32_t topic_id, uint32_t partition, int64_t offset)
{
    struct local_key key = local_log_partition_key('r', topic_id, partition);
    return key_end(&key, bus_bytes_put_u64(key.bytes + key.length, (uint64_t)offset));
}

struct local_key local_log_group_key(struct str group, uint32_t topic_id, uint32_t partition)
{
    ASSERT(group.length <= LOCAL_GROUP_BYTES_MAX);
    struct local_key key;
    char *at = bus_bytes_put_u8(key.bytes, 'o');
    memcpy(at, group.bytes, group.length);
    at = bus_bytes_put_u8(at + group.length, 0);
    at = bus_bytes_put_u32(at, topic_id);
    return key_end(&key, bus_bytes_put_u32(at, partition));
}

enum status local_log_put_offset(struct kv_batch *batch, const struct local_key *key, int64_t offset)
{
    char bytes[8];
    bus_bytes_put_u64(bytes, (uint64_t)offset);
    return kv_batch_put(batch, local_key_text(key), (struct str){bytes, sizeof bytes});
}

enum status local_log_get_offset(struct kv *kv, const struct local_key *key, int64_t *out_offset)
{
    struct arena *arena = arena_create(4096);
    TRY_NEW(arena);
    struct str row;
    enum status status = kv_get(kv, NULL, arena, local_key_text(key), &row);
    if (status == STATUS_OK) {
        struct bus_bytes bytes = {.left = row};
        int64_t offset = (int64_t)bus_bytes_u64(&bytes);
        status = bus_bytes_ended(&bytes) && offset >= 0 ? STATUS_OK : STATUS_CORRUPT;
        if (status == STATUS_OK) {
            *out_offset = offset;
        }
    } else if (status == STATUS_NOT_FOUND) {
        *out_offset = BUS_OFFSET_NONE;
        status = STATUS_OK;
    }
    arena_destroy(arena);
    return status;
}

enum status local_walk_open(struct local *local, const struct local_topic *topic, uint32_t partition, int64_t from,
                            struct local_walk *out_walk)
{
    struct local_walk walk = {.prefix = local_log_partition_key('r', topic->id, partition)};
    struct local_key first = local_log_record_key(topic->id, partition, from);
    TRY(kv_cursor_open(local->kv, NULL, local_key_text(&walk.prefix), local_key_text(&first), &walk.cursor));
    *out_walk = walk;
    return STATUS_OK;
}

enum status local_walk_next(struct local_walk *walk, int64_t *out_offset, struct str *out_row)
{
    struct str key;
    struct str row;
    TRY(kv_cursor_next(walk->cursor, &key, &row));
    struct bus_bytes bytes = {.left = str_from(key, walk->prefix.length)};
    int64_t offset = (int64_t)bus_bytes_u64(&bytes);
    if (!bus_bytes_ended(&bytes) || offset < 0) {
        return STATUS_CORRUPT;
    }
    *out_offset = offset;
    *out_row = row;
    return STATUS_OK;
}

void local_walk_close(struct local_walk *walk)
{
    kv_cursor_close(walk->cursor);
}

enum status local_chunk_init(struct local_chunk *chunk)
{
    *chunk = (struct local_chunk){.arena = arena_create(CHUNK_ARENA_BYTES_MAX)};
    TRY_NEW(chunk->arena);
    return STATUS_OK;
}

void local_chunk_clear(struct local_chunk *chunk)
{
    arena_destroy(chunk->arena);
    *chunk = (struct local_chunk){0};
}

static enum status add_record(struct local_chunk *chunk, const struct local_topic *topic, uint32_t partition,
                              int64_t offset, struct str row)
{
    struct str copy;
    TRY(arena_copy(chunk->arena, row, &copy));
    struct bus_record *record = &chunk->records[chunk->count];
    enum status status = bus_record_decode(chunk->arena, copy, record);
    if (status != STATUS_OK) {
        return status == STATUS_INVALID ? STATUS_CORRUPT : status;
    }
    record->topic = &topic->base;
    record->partition = partition;
    record->offset = offset;
    chunk->count++;
    chunk->next = offset + 1;
    return STATUS_OK;
}

enum status local_chunk_read(struct local_chunk *chunk, struct local *local, const struct local_topic *topic,
                             uint32_t partition, int64_t from, int64_t end)
{
    arena_reset(chunk->arena);
    chunk->count = 0;
    chunk->next = from;
    struct local_walk walk;
    TRY(local_walk_open(local, topic, partition, from, &walk));
    enum status status = STATUS_OK;
    while (chunk->count < LOCAL_CHUNK_RECORDS && arena_used(chunk->arena) < LOCAL_CHUNK_BYTES) {
        int64_t offset = 0;
        struct str row;
        status = local_walk_next(&walk, &offset, &row);
        if (status == STATUS_END || (status == STATUS_OK && offset >= end)) {
            /* What is left up to the end was compacted away. */
            chunk->next = end;
            status = STATUS_OK;
            break;
        }
        if (status == STATUS_OK) {
            status = add_record(chunk, topic, partition, offset, row);
        }
        if (status != STATUS_OK) {
            break;
        }
    }
    local_walk_close(&walk);
    return status;
}
