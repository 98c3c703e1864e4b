/* Readers share clients: a client costs several threads and connections, and a view follows a hundred partitions. Each
 * reader has a queue of its own; a client can read a partition once, so a second reader of it goes to another client.
 */
#include "bus/bus_kafka_internal.h"

#include "base/assert.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdlib.h>

#define CLIENT_READERS_MAX 64

struct shared {
    struct bus_kafka_owner owner;
    rd_kafka_t *client;
    struct reader *readers;
    size_t reader_count;
    struct shared *next;
};

struct bus_kafka_pool {
    struct bus_kafka *bus;
    pthread_mutex_t mutex; /* guards the lists */
    struct shared *clients;
};

struct reader {
    struct bus_reader base;
    struct bus_kafka_pool *pool;
    struct shared *shared;
    struct reader *next;
    const struct bus_topic *topic;
    uint32_t partition;
    int64_t position;
    rd_kafka_topic_t *handle;
    rd_kafka_queue_t *queue;
    rd_kafka_message_t *message; /* what the last record borrows from */
    struct bus_header headers[BUS_HEADERS_MAX];
};

/* ---- The pool ---- */

enum status bus_kafka_pool_open(struct bus_kafka *bus, struct bus_kafka_pool **out_pool)
{
    struct bus_kafka_pool *pool = calloc(1, sizeof *pool);
    TRY_NEW(pool);
    pool->bus = bus;
    pthread_mutex_init(&pool->mutex, NULL);
    *out_pool = pool;
    return STATUS_OK;
}

void bus_kafka_pool_close(struct bus_kafka_pool *pool)
{
    while (pool->clients != NULL) {
        struct shared *shared = pool->clients;
        ASSERT(shared->readers == NULL); /* readers are closed before their bus */
        pool->clients = shared->next;
        rd_kafka_destroy(shared->client);
        free(shared);
    }
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

/* With the pool's mutex held. */
static enum status add_client(struct bus_kafka_pool *pool, struct shared **out_shared, struct bus_error *out_error)
{
    struct shared *shared = calloc(1, sizeof *shared);
    TRY_NEW(shared);
    shared->owner.bus = pool->bus;
    rd_kafka_conf_t *config;
    enum status status = bus_kafka_config_make(&shared->owner, BUS_KAFKA_READER, &config, out_error);
    if (status == STATUS_OK) {
        status = bus_kafka_config_start(config, BUS_KAFKA_READER, &shared->client, out_error);
    }
    if (status != STATUS_OK) {
        free(shared);
        return status;
    }
    shared->next = pool->clients;
    pool->clients = shared;
    *out_shared = shared;
    return STATUS_OK;
}

static bool can_take(const struct shared *shared, const struct bus_topic *topic, uint32_t partition)
{
    for (const struct reader *reader = shared->readers; reader != NULL; reader = reader->next) {
        if (reader->topic == topic && reader->partition == partition) {
            return false;
        }
    }
    return shared->reader_count < CLIENT_READERS_MAX;
}

static enum status enter(struct bus_kafka_pool *pool, struct reader *reader, struct bus_error *out_error)
{
    enum status status = STATUS_OK;
    pthread_mutex_lock(&pool->mutex);
    struct shared *shared = pool->clients;
    while (shared != NULL && !can_take(shared, reader->topic, reader->partition)) {
        shared = shared->next;
    }
    if (shared == NULL) {
        status = add_client(pool, &shared, out_error);
    }
    if (status == STATUS_OK) {
        reader->shared = shared;
        reader->next = shared->readers;
        shared->readers = reader;
        shared->reader_count += 1;
    }
    pthread_mutex_unlock(&pool->mutex);
    return status;
}

static void quit(struct bus_kafka_pool *pool, struct reader *reader)
{
    pthread_mutex_lock(&pool->mutex);
    struct reader **link = &reader->shared->readers;
    while (*link != reader) {
        link = &(*link)->next;
    }
    *link = reader->next;
    reader->shared->reader_count -= 1;
    pthread_mutex_unlock(&pool->mutex);
}

enum status bus_kafka_pool_client(struct bus_kafka *bus, rd_kafka_t **out_client, struct bus_error *out_error)
{
    struct bus_kafka_pool *pool = bus->pool;
    enum status status = STATUS_OK;
    pthread_mutex_lock(&pool->mutex);
    struct shared *shared = pool->clients;
    if (shared == NULL) {
        status = add_client(pool, &shared, out_error);
    }
    pthread_mutex_unlock(&pool->mutex);
    if (status == STATUS_OK) {
        *out_client = shared->client; /* clients stay until the bus is closed */
    }
    return status;
}

/* ---- Readers ---- */

static enum status start(struct reader *reader, struct bus_error *out_error)
{
    if (rd_kafka_consume_start_queue(reader->handle, (int32_t)reader->partition, reader->position, reader->queue) == 0) {
        return STATUS_OK;
    }
    return bus_kafka_error_report(rd_kafka_last_error(), BUS_KAFKA_OUTSIDE, "kafka: reading", out_error);
}

enum status bus_kafka_reader_open(struct bus *base, const struct bus_topic *topic, uint32_t partition, int64_t offset,
                                  struct bus_reader **out_reader, struct bus_error *out_error)
{
    struct reader *reader = calloc(1, sizeof *reader);
    TRY_NEW(reader);
    reader->base.ops = base->ops;
    reader->pool = bus_kafka_of(base)->pool;
    reader->topic = topic;
    reader->partition = partition;
    reader->position = offset;
    enum status status = enter(reader->pool, reader, out_error);
    if (status != STATUS_OK) {
        free(reader);
        return status;
    }
    rd_kafka_t *client = reader->shared->client;
    reader->handle = rd_kafka_topic_new(client, bus_kafka_topic_of(topic)->name, NULL);
    ASSERT(reader->handle != NULL);
    reader->queue = rd_kafka_queue_new(client);
    status = start(reader, out_error);
    if (status != STATUS_OK) {
        rd_kafka_queue_destroy(reader->queue);
        rd_kafka_topic_destroy(reader->handle);
        quit(reader->pool, reader);
        free(reader);
        return status;
    }
    *out_reader = &reader->base;
    return STATUS_OK;
}

/* librdkafka reads no further by itself. */
static enum status restart(struct reader *reader, struct bus_error *out_error)
{
    rd_kafka_consume_stop(reader->handle, (int32_t)reader->partition);
    return start(reader, out_error);
}

/* A message that is no record. OK: go on; END: only the position has moved. */
static enum status consider_error(struct reader *reader, const rd_kafka_message_t *message, struct bus_error *out_error)
{
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        if (message->offset <= reader->position) {
            return STATUS_OK;
        }
        reader->position = message->offset; /* behind markers and aborted records: who restores may be done with that */
        return STATUS_END;
    }
    if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
        const struct bus_kafka_position at = {reader->partition, reader->position};
        TRY(bus_kafka_position_check(reader->pool->bus, reader->shared->client, reader->topic, &at, out_error));
        return restart(reader, out_error);
    }
    enum status status = bus_kafka_error_of(message->err, BUS_KAFKA_OUTSIDE);
    if (status == STATUS_RETRIABLE || status == STATUS_FENCED) {
        return STATUS_OK; /* passes by itself; librdkafka logged it */
    }
    return bus_port_fail(out_error, status, "topic %s, partition %" PRIu32 ", offset %" PRId64 ": %s",
                         bus_kafka_topic_of(reader->topic)->name, reader->partition, reader->position,
                         rd_kafka_message_errstr(message));
}

enum status bus_kafka_reader_next(struct bus_reader *base, int timeout_ms, struct bus_record *out_record,
                                  struct bus_error *out_error)
{
    struct reader *reader = (struct reader *)base;
    if (reader->message != NULL) {
        rd_kafka_message_destroy(reader->message);
        reader->message = NULL;
    }
    int64_t deadline_ms = timeout_ms > 0 ? clock_ms() + timeout_ms : 0;
    for (;;) {
        int64_t left_ms = timeout_ms > 0 ? deadline_ms - clock_ms() : 0;
        rd_kafka_message_t *message = rd_kafka_consume_queue(reader->queue, left_ms > 0 ? (int)left_ms : 0);
        if (message == NULL) {
            return STATUS_END;
        }
        enum status status = STATUS_OK;
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            status = consider_error(reader, message, out_error);
        } else if (message->offset >= reader->position) {
            reader->position = message->offset + 1;
            reader->message = message;
            bus_kafka_record_set(message, reader->topic, reader->headers, out_record);
            return STATUS_OK;
        }
        rd_kafka_message_destroy(message);
        TRY(status);
    }
}

int64_t bus_kafka_reader_position(const struct bus_reader *base)
{
    return ((const struct reader *)base)->position;
}

void bus_kafka_reader_close(struct bus_reader *base)
{
    struct reader *reader = (struct reader *)base;
    if (reader->message != NULL) {
        rd_kafka_message_destroy(reader->message);
    }
    rd_kafka_consume_stop(reader->handle, (int32_t)reader->partition); /* waits until the client has let go of it */
    rd_kafka_queue_destroy(reader->queue);
    rd_kafka_topic_destroy(reader->handle);
    quit(reader->pool, reader);
    free(reader);
}
