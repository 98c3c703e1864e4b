#include "bus/local_topic.h"

#include "base/hash.h"
#include "base/limits.h"
#include "bus/bus_bytes.h"
#include "bus/local_log.h"

#include <inttypes.h>
#include <stdlib.h>

#define TOPIC_VERSION 1

/* ---- Rows ---- */

static enum status encode(struct buffer *buffer, uint32_t id, const struct bus_topic_config *config, struct str mark)
{
    TRY(bus_bytes_add_u8(buffer, TOPIC_VERSION));
    TRY(bus_bytes_add_u32(buffer, id));
    TRY(bus_bytes_add_u32(buffer, config->partition_count));
    TRY(bus_bytes_add_u8(buffer, config->cleanup == BUS_CLEANUP_COMPACT));
    TRY(bus_bytes_add_u64(buffer, (uint64_t)config->retention_ms));
    TRY(bus_bytes_add_u64(buffer, (uint64_t)config->min_compaction_lag_ms));
    TRY(bus_bytes_add_u64(buffer, (uint64_t)config->delete_retention_ms));
    TRY(bus_bytes_add_u64(buffer, (uint64_t)config->max_message_bytes));
    return bus_bytes_add_str(buffer, mark);
}

/* Makes the handle in the bus's arena; not yet in its list. */
static enum status decode(struct local *local, struct str name, struct str row, struct local_topic **out_topic)
{
    struct bus_bytes bytes = {.left = row};
    struct local_topic *topic = arena_new(local->arena, struct local_topic);
    TRY_NEW(topic);
    if (bus_bytes_u8(&bytes) != TOPIC_VERSION) {
        return STATUS_CORRUPT;
    }
    topic->base.ops = local->base.ops;
    topic->id = bus_bytes_u32(&bytes);
    topic->base.partition_count = bus_bytes_u32(&bytes);
    topic->config.cleanup = bus_bytes_u8(&bytes) == 0 ? BUS_CLEANUP_DELETE : BUS_CLEANUP_COMPACT;
    topic->config.retention_ms = (int64_t)bus_bytes_u64(&bytes);
    topic->config.min_compaction_lag_ms = (int64_t)bus_bytes_u64(&bytes);
    topic->config.delete_retention_ms = (int64_t)bus_bytes_u64(&bytes);
    topic->config.max_message_bytes = (int64_t)bus_bytes_u64(&bytes);
    topic->base.record_bytes_max = topic->config.max_message_bytes;
    struct str mark = bus_bytes_str(&bytes);
    if (!bus_bytes_ended(&bytes) || topic->base.partition_count == 0 || topic->base.partition_count > PARTITIONS_MAX) {
        return STATUS_CORRUPT;
    }
    TRY(arena_copy(local->arena, name, &topic->base.name));
    TRY(arena_copy(local->arena, mark, &topic->base.mark));
    topic->partitions = arena_array(local->arena, struct local_partition, topic->base.partition_count);
    TRY_NEW(topic->partitions);
    topic->config.name = topic->base.name;
    topic->config.partition_count = topic->base.partition_count;
    *out_topic = topic;
    return STATUS_OK;
}

static void add(struct local *local, struct local_topic *topic)
{
    topic->next = local->topics;
    local->topics = topic;
}

/* Reads the offsets of one kind (b, e or c) of all partitions of the topic. */
static enum status load_offsets(struct local *local, struct local_topic *topic, char kind)
{
    struct local_key first = local_log_partition_key(kind, topic->id, 0);
    struct str prefix = {first.bytes, first.length - 4};
    struct kv_cursor *cursor = NULL;
    TRY(kv_cursor_open(local->kv, NULL, prefix, prefix, &cursor));
    struct str key;
    struct str row;
    enum status status;
    while ((status = kv_cursor_next(cursor, &key, &row)) == STATUS_OK) {
        struct bus_bytes place = {.left = str_from(key, prefix.length)};
        struct bus_bytes number = {.left = row};
        uint32_t partition = bus_bytes_u32(&place);
        int64_t offset = (int64_t)bus_bytes_u64(&number);
        if (!bus_bytes_ended(&place) || !bus_bytes_ended(&number) || offset < 0 ||
            partition >= topic->base.partition_count) {
            status = STATUS_CORRUPT;
            break;
        }
        struct local_partition *state = &topic->partitions[partition];
        *(kind == 'b' ? &state->begin : kind == 'e' ? &state->end : &state->cleaned) = offset;
        state->next = state->end;
    }
    kv_cursor_close(cursor);
    return status == STATUS_END ? STATUS_OK : status;
}

static enum status load_rows(struct local *local)
{
    struct kv_cursor *cursor = NULL;
    TRY(kv_cursor_open(local->kv, NULL, STR("t"), STR("t"), &cursor));
    struct str key;
    struct str row;
    enum status status;
    while ((status = kv_cursor_next(cursor, &key, &row)) == STATUS_OK) {
        struct local_topic *topic = NULL;
        status = decode(local, str_from(key, 1), row, &topic);
        if (status != STATUS_OK) {
            break;
        }
        add(local, topic);
        local->topic_id_next = topic->id >= local->topic_id_next ? topic->id + 1 : local->topic_id_next;
    }
    kv_cursor_close(cursor);
    return status == STATUS_END ? STATUS_OK : status;
}

enum status local_topic_load(struct local *local)
{
    TRY(load_rows(local));
    for (struct local_topic *topic = local->topics; topic != NULL; topic = topic->next) {
        TRY(load_offsets(local, topic, 'b'));
        TRY(load_offsets(local, topic, 'e'));
        TRY(load_offsets(local, topic, 'c'));
    }
    return STATUS_OK;
}

/* ---- The port ---- */

static struct local_topic *find(struct local *local, struct str name)
{
    pthread_mutex_lock(&local->lock);
    struct local_topic *topic = local->topics;
    while (topic != NULL && !str_equal(topic->base.name, name)) {
        topic = topic->next;
    }
    pthread_mutex_unlock(&local->lock);
    return topic;
}

enum status local_topic_open(struct bus *bus, struct str name, const struct bus_topic **out_topic,
                             struct bus_error *out_error)
{
    struct local_topic *topic = find((struct local *)bus, name);
    if (topic == NULL) {
        return bus_port_fail(out_error, STATUS_NOT_FOUND, "there is no topic %.*s", STR_ARGS(name));
    }
    *out_topic = &topic->base;
    return STATUS_OK;
}

/* Under create_lock. */
static enum status create(struct local *local, const struct bus_topic_config *config, struct arena *arena,
                          struct bus_error *out_error)
{
    uint8_t chance[8];
    bus_random(&local->base, chance, sizeof chance);
    struct str mark;
    TRY(hash_hex_encode(arena, (struct str){(const char *)chance, sizeof chance}, &mark));
    struct buffer row = buffer_in(arena);
    TRY(encode(&row, local->topic_id_next, config, mark));
    struct str key;
    TRY(arena_concat(arena, STR("t"), config->name, &key));
    struct kv_batch *batch = NULL;
    TRY(kv_batch_create(local->kv, &batch));
    struct kv_error error = {{0}};
    enum status status = kv_batch_put(batch, key, buffer_text(&row));
    if (status == STATUS_OK) {
        status = kv_batch_write(batch, &error);
    }
    kv_batch_destroy(batch);
    if (status != STATUS_OK) {
        return local_kv_failed(status, &error, out_error);
    }
    local->topic_id_next++;
    struct local_topic *topic = NULL;
    pthread_mutex_lock(&local->lock);
    status = decode(local, config->name, buffer_text(&row), &topic);
    if (status == STATUS_OK) {
        add(local, topic);
    }
    pthread_mutex_unlock(&local->lock);
    return status;
}

enum status local_topic_create(struct bus *bus, const struct bus_topic_config *config, struct bus_error *out_error)
{
    struct local *local = (struct local *)bus;
    if (!bus_topic_name_is_valid(config->name) || config->partition_count == 0 ||
        config->partition_count > PARTITIONS_MAX || config->max_message_bytes <= 0 ||
        config->max_message_bytes > DEAD_LETTER_BYTES_MAX) {
        return bus_port_fail(out_error, STATUS_REFUSED,
                             "topic %.*s: a name of 1 to %d letters, digits, '.', '_', '-'; 1 to %d partitions; "
                             "records of 1 to %d bytes",
                             STR_ARGS(config->name), TOPIC_NAME_BYTES_MAX, PARTITIONS_MAX, DEAD_LETTER_BYTES_MAX);
    }
    struct arena *arena = arena_create(65536);
    TRY_NEW(arena);
    pthread_mutex_lock(&local->create_lock);
    const struct local_topic *topic = find(local, config->name);
    enum status status = STATUS_OK;
    if (topic == NULL) {
        status = create(local, config, arena, out_error);
    } else if (topic->base.partition_count != config->partition_count) {
        status = bus_port_fail(out_error, STATUS_REFUSED, "topic %.*s has %" PRIu32 " partitions, not %" PRIu32,
                               STR_ARGS(config->name), topic->base.partition_count, config->partition_count);
    }
    pthread_mutex_unlock(&local->create_lock);
    arena_destroy(arena);
    return status;
}

static int compare_names(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

enum status local_topic_list(struct bus *bus, struct arena *arena, struct str prefix, struct str **out_names,
                             size_t *out_count, struct bus_error *out_error)
{
    (void)out_error;
    struct local *local = (struct local *)bus;
    /* Topics are only ever added, in front: what follows the first one stays. */
    pthread_mutex_lock(&local->lock);
    const struct local_topic *first = local->topics;
    pthread_mutex_unlock(&local->lock);
    size_t count = 0;
    for (const struct local_topic *topic = first; topic != NULL; topic = topic->next) {
        count += str_starts_with(topic->base.name, prefix);
    }
    struct str *names = arena_array(arena, struct str, count + 1);
    TRY_NEW(names);
    size_t at = 0;
    for (const struct local_topic *topic = first; topic != NULL; topic = topic->next) {
        if (str_starts_with(topic->base.name, prefix)) {
            TRY(arena_copy(arena, topic->base.name, &names[at++]));
        }
    }
    qsort(names, count, sizeof *names, compare_names);
    *out_names = names;
    *out_count = count;
    return STATUS_OK;
}
