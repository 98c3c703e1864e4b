#include "bus/remote.h"

#include "base/clock.h"
#include "bus/bus_record.h"

#include <stdlib.h>
#include <unistd.h>

#define PRODUCER_ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define PRODUCER_BYTES_MAX ((size_t)4 * 1024 * 1024) /* it is sent when it has so much: well below a frame's limit */
#define RETRY_MS 50

/* Records of one answer, in a link's arena. */
struct batch {
    struct bus_record records[WIRE_READ_RECORDS_MAX];
    size_t count;
    size_t given;
};

struct remote_reader {
    struct bus_reader base;
    struct link link;
    const struct bus_topic *topic;
    uint32_t partition;
    int64_t position;
    int64_t batch_end; /* the position behind the batch */
    struct batch batch;
};

struct remote_producer {
    struct bus_producer base;
    struct link link;
    struct arena *arena; /* of what is queued */
    struct buffer queue; /* the request's records */
    uint32_t count;
};

struct remote_follower {
    struct bus_follower base;
    struct link link;
    char *group;
    const struct bus_topic **topics;
    size_t topic_count;
    uint32_t followed_on; /* the link's connection that follows; 0: none */
    struct batch batch;
};

/* What is left of a wait, as one request may ask for it. */
static uint32_t wait_left(int64_t until_ms)
{
    int64_t left_ms = until_ms - clock_ms();
    return left_ms < 0 ? 0 : left_ms > WIRE_WAIT_MS_MAX ? WIRE_WAIT_MS_MAX : (uint32_t)left_ms;
}

static int64_t wait_until(int timeout_ms)
{
    return timeout_ms < 0 ? INT64_MAX : clock_ms() + timeout_ms;
}

/* After a failure: a short pause, so that a loop over RETRIABLE does not spin. */
static enum status pause_if_retriable(enum status status)
{
    if (status == STATUS_RETRIABLE) {
        usleep(RETRY_MS * 1000);
    }
    return status;
}

/* Offset and row of a record; its topic and partition are known. */
static enum status read_record(struct arena *arena, struct bus_bytes *answer, const struct bus_topic *topic,
                               uint32_t partition, struct batch *batch)
{
    struct bus_record *record = &batch->records[batch->count];
    *record = (struct bus_record){.topic = topic, .partition = partition};
    record->offset = (int64_t)bus_bytes_u64(answer);
    struct str row = bus_bytes_str(answer);
    TRY(bus_record_decode(arena, row, record));
    batch->count++;
    return STATUS_OK;
}

/* ---- Readers ---- */

enum status remote_reader_open(struct bus *bus, const struct bus_topic *topic, uint32_t partition, int64_t offset,
                               struct bus_reader **out_reader, struct bus_error *out_error)
{
    (void)out_error;
    struct remote *remote = (struct remote *)bus;
    struct remote_reader *reader = calloc(1, sizeof *reader);
    TRY_NEW(reader);
    reader->base.ops = bus->ops;
    reader->topic = topic;
    reader->partition = partition;
    reader->position = offset;
    reader->batch_end = offset;
    enum status status = link_init(&reader->link, remote->path, bus->cluster_id);
    if (status != STATUS_OK) {
        free(reader);
        return status;
    }
    *out_reader = &reader->base;
    return STATUS_OK;
}

static enum status fetch(struct remote_reader *reader, uint32_t wait_ms, struct bus_error *out_error)
{
    reader->batch.count = 0;
    reader->batch.given = 0;
    struct buffer request;
    TRY(link_begin(&reader->link, WIRE_READ, &request));
    TRY(bus_bytes_add_str(&request, reader->topic->name));
    TRY(bus_bytes_add_u32(&request, reader->partition));
    TRY(bus_bytes_add_u64(&request, (uint64_t)reader->position));
    TRY(bus_bytes_add_u32(&request, wait_ms));
    struct bus_bytes answer;
    TRY(link_call(&reader->link, &request, &answer, out_error));
    int64_t batch_end = (int64_t)bus_bytes_u64(&answer);
    uint32_t count = bus_bytes_u32(&answer);
    for (uint32_t at = 0; at < count && at < WIRE_READ_RECORDS_MAX; at++) {
        if (read_record(reader->link.arena, &answer, reader->topic, reader->partition, &reader->batch) != STATUS_OK) {
            break;
        }
    }
    if (link_check(&answer, out_error) != STATUS_OK) {
        reader->batch.count = 0;
        return STATUS_FATAL;
    }
    reader->batch_end = batch_end;
    if (count == 0) {
        reader->position = batch_end;
    }
    return STATUS_OK;
}

enum status remote_reader_next(struct bus_reader *base, int timeout_ms, struct bus_record *out_record,
                               struct bus_error *out_error)
{
    struct remote_reader *reader = (struct remote_reader *)base;
    struct batch *batch = &reader->batch;
    int64_t until_ms = wait_until(timeout_ms);
    while (batch->given == batch->count) {
        uint32_t wait_ms = wait_left(until_ms);
        enum status status = fetch(reader, wait_ms, out_error);
        if (status != STATUS_OK) {
            return pause_if_retriable(status);
        }
        if (batch->count == 0 && clock_ms() >= until_ms) {
            return STATUS_END;
        }
    }
    *out_record = batch->records[batch->given++];
    reader->position = batch->given == batch->count ? reader->batch_end : out_record->offset + 1;
    return STATUS_OK;
}

int64_t remote_reader_position(const struct bus_reader *base)
{
    return ((const struct remote_reader *)base)->position;
}

void remote_reader_close(struct bus_reader *base)
{
    struct remote_reader *reader = (struct remote_reader *)base;
    link_clear(&reader->link);
    free(reader);
}

/* ---- Producers ---- */

static void empty_queue(struct remote_producer *producer)
{
    arena_reset(producer->arena);
    producer->queue = buffer_in(producer->arena);
    producer->count = 0;
}

enum status remote_producer_open(struct bus *bus, struct bus_producer **out_producer, struct bus_error *out_error)
{
    (void)out_error;
    struct remote *remote = (struct remote *)bus;
    struct remote_producer *producer = calloc(1, sizeof *producer);
    TRY_NEW(producer);
    producer->base.ops = bus->ops;
    producer->arena = arena_create(PRODUCER_ARENA_BYTES_MAX);
    if (producer->arena == NULL || link_init(&producer->link, remote->path, bus->cluster_id) != STATUS_OK) {
        arena_destroy(producer->arena);
        free(producer);
        return STATUS_LIMIT_EXCEEDED;
    }
    empty_queue(producer);
    *out_producer = &producer->base;
    return STATUS_OK;
}

/* What could not be sent stays queued. When the connection breaks it may arrive twice, as on any bus without
 * transactions. */
enum status remote_producer_flush(struct bus_producer *base, int timeout_ms, struct bus_error *out_error)
{
    (void)timeout_ms;
    struct remote_producer *producer = (struct remote_producer *)base;
    if (producer->count == 0) {
        return STATUS_OK;
    }
    struct buffer request;
    TRY(link_begin(&producer->link, WIRE_PRODUCE, &request));
    TRY(bus_bytes_add_u32(&request, producer->count));
    TRY(buffer_add(&request, buffer_text(&producer->queue)));
    struct bus_bytes answer;
    enum status status = link_call(&producer->link, &request, &answer, out_error);
    if (status != STATUS_OK) {
        return pause_if_retriable(status);
    }
    empty_queue(producer);
    return link_check(&answer, out_error);
}

static enum status queue_row(struct remote_producer *producer, const struct bus_message *message)
{
    struct str row;
    TRY(bus_record_encode(producer->arena, message, 0, &row));
    TRY(bus_bytes_add_str(&producer->queue, message->topic->name));
    TRY(bus_bytes_add_u32(&producer->queue, message->partition));
    return bus_bytes_add_str(&producer->queue, row);
}

enum status remote_producer_send(struct bus_producer *base, const struct bus_message *message,
                                 struct bus_error *out_error)
{
    struct remote_producer *producer = (struct remote_producer *)base;
    const struct remote_topic *topic = (const struct remote_topic *)message->topic;
    size_t bytes = bus_record_bytes(message);
    if (bytes > (uint64_t)topic->base.record_bytes_max) {
        return bus_port_fail(out_error, STATUS_LIMIT_EXCEEDED, "a record of %zu bytes; topic %.*s takes %lld", bytes,
                             STR_ARGS(topic->base.name), (long long)topic->base.record_bytes_max);
    }
    if (producer->count > 0 && producer->queue.length + bytes > PRODUCER_BYTES_MAX) {
        TRY(remote_producer_flush(base, 0, out_error));
    }
    size_t length = producer->queue.length;
    enum status status = queue_row(producer, message);
    if (status != STATUS_OK) {
        producer->queue.length = length;
        return bus_port_fail(out_error, status, "too much is queued");
    }
    producer->count++;
    return STATUS_OK;
}

void remote_producer_close(struct bus_producer *base)
{
    struct remote_producer *producer = (struct remote_producer *)base;
    link_clear(&producer->link);
    arena_destroy(producer->arena);
    free(producer);
}

/* ---- Followers ---- */

/* Follows on the present connection, unless it does already. */
static enum status follow(struct remote_follower *follower, struct bus_error *out_error)
{
    TRY(link_connect(&follower->link, NULL, out_error));
    if (follower->followed_on == follower->link.connections) {
        return STATUS_OK;
    }
    struct buffer request;
    follower->batch.count = 0;
    follower->batch.given = 0;
    TRY(link_begin(&follower->link, WIRE_FOLLOW, &request));
    TRY(bus_bytes_add_str(&request, str_of(follower->group)));
    TRY(bus_bytes_add_u32(&request, (uint32_t)follower->topic_count));
    for (size_t at = 0; at < follower->topic_count; at++) {
        TRY(bus_bytes_add_str(&request, follower->topics[at]->name));
    }
    struct bus_bytes answer;
    TRY(link_call(&follower->link, &request, &answer, out_error));
    TRY(link_check(&answer, out_error));
    follower->followed_on = follower->link.connections;
    return STATUS_OK;
}

static void destroy_follower(struct remote_follower *follower)
{
    link_clear(&follower->link);
    free(follower->group);
    free(follower->topics);
    free(follower);
}

enum status remote_follower_open(struct bus *bus, struct str group, const struct bus_topic *const *topics,
                                 size_t topic_count, struct bus_follower **out_follower, struct bus_error *out_error)
{
    struct remote *remote = (struct remote *)bus;
    struct remote_follower *follower = calloc(1, sizeof *follower);
    TRY_NEW(follower);
    enum status status = link_init(&follower->link, remote->path, bus->cluster_id);
    if (status != STATUS_OK) {
        free(follower);
        return status;
    }
    follower->base.ops = bus->ops;
    follower->group = strndup(group.bytes, group.length);
    follower->topics = calloc(topic_count, sizeof *follower->topics);
    follower->topic_count = topic_count;
    if (follower->group == NULL || follower->topics == NULL) {
        destroy_follower(follower);
        return STATUS_LIMIT_EXCEEDED;
    }
    memcpy(follower->topics, topics, topic_count * sizeof *topics);
    status = follow(follower, out_error);
    if (status != STATUS_OK) {
        destroy_follower(follower);
        return status;
    }
    *out_follower = &follower->base;
    return STATUS_OK;
}

static enum status fetch_followed(struct remote_follower *follower, uint32_t wait_ms, struct bus_error *out_error)
{
    struct batch *batch = &follower->batch;
    struct buffer request;
    TRY(follow(follower, out_error));
    batch->count = 0;
    batch->given = 0;
    TRY(link_begin(&follower->link, WIRE_FOLLOW_POLL, &request));
    TRY(bus_bytes_add_u32(&request, wait_ms));
    struct bus_bytes answer;
    TRY(link_call(&follower->link, &request, &answer, out_error));
    uint32_t count = bus_bytes_u32(&answer);
    for (uint32_t at = 0; at < count && at < WIRE_FOLLOW_RECORDS_MAX; at++) {
        uint32_t topic = bus_bytes_u32(&answer);
        uint32_t partition = bus_bytes_u32(&answer);
        if (topic >= follower->topic_count ||
            read_record(follower->link.arena, &answer, follower->topics[topic], partition, batch) != STATUS_OK) {
            break;
        }
    }
    if (link_check(&answer, out_error) != STATUS_OK) {
        batch->count = 0;
        return STATUS_FATAL;
    }
    return STATUS_OK;
}

enum status remote_follower_poll(struct bus_follower *base, int timeout_ms, struct bus_record *out_record,
                                 struct bus_error *out_error)
{
    struct remote_follower *follower = (struct remote_follower *)base;
    struct batch *batch = &follower->batch;
    int64_t until_ms = wait_until(timeout_ms);
    while (batch->given == batch->count) {
        enum status status = fetch_followed(follower, wait_left(until_ms), out_error);
        if (status != STATUS_OK) {
            return pause_if_retriable(status == STATUS_NOT_FOUND ? STATUS_RETRIABLE : status);
        }
        if (batch->count == 0 && clock_ms() >= until_ms) {
            return STATUS_END;
        }
    }
    *out_record = batch->records[batch->given++];
    return STATUS_OK;
}

/* The request is made outside of the link's arena, which holds the batch. */
enum status remote_follower_done(struct bus_follower *base, const struct bus_record *record,
                                 struct bus_error *out_error)
{
    struct remote_follower *follower = (struct remote_follower *)base;
    size_t topic = 0;
    while (topic < follower->topic_count && follower->topics[topic] != record->topic) {
        topic++;
    }
    if (topic == follower->topic_count) {
        return bus_port_fail(out_error, STATUS_INVALID, "not a record of this group");
    }
    if (follower->followed_on != follower->link.connections || follower->link.socket < 0) {
        return bus_port_fail(out_error, STATUS_RETRIABLE, "the connection broke: the record comes again");
    }
    char bytes[1 + 4 + 4 + 8];
    char *at = bus_bytes_put_u8(bytes, WIRE_FOLLOW_DONE);
    at = bus_bytes_put_u32(at, (uint32_t)topic);
    at = bus_bytes_put_u32(at, record->partition);
    bus_bytes_put_u64(at, (uint64_t)record->offset);
    const struct buffer request = {.bytes = bytes, .length = sizeof bytes, .capacity = sizeof bytes};
    return link_post(&follower->link, &request, out_error);
}

void remote_follower_close(struct bus_follower *base)
{
    struct remote_follower *follower = (struct remote_follower *)base;
    struct buffer request;
    struct bus_bytes answer;
    /* Waits until what was done is saved. When the connection is broken the server notices that by itself. */
    if (follower->link.socket >= 0 && link_begin(&follower->link, WIRE_FOLLOW_CLOSE, &request) == STATUS_OK) {
        enum status status = link_call(&follower->link, &request, &answer, NULL);
        (void)status;
    }
    destroy_follower(follower);
}
