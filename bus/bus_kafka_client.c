#include "bus/bus_kafka_internal.h"

#include "base/assert.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdlib.h>

/* Bytes of a record's batch besides key, value and headers (message format v2: a batch's head is 61 bytes, a record's
 * own fields take at most 40, each header's lengths at most 10). */
#define RECORD_HEAD_BYTES 101
#define HEADER_HEAD_BYTES 10
#define ROOM_WAIT_MS 1000 /* a plain producer waits so long for room in its queue */
#define CLOSE_MS_MAX 5000 /* and so long, when it is closed, for what was sent */

/* ---- Producing ---- */

enum status bus_kafka_handles_fill(struct bus_kafka_handles *handles, struct bus_kafka *bus, rd_kafka_t *producer,
                                   size_t *out_new, struct bus_error *out_error)
{
    size_t before = handles->count;
    size_t count = bus_kafka_topic_count(bus);
    if (count > before) {
        rd_kafka_topic_t **grown = realloc(handles->handles, count * sizeof(rd_kafka_topic_t *));
        TRY_NEW(grown);
        handles->handles = grown;
    }
    while (handles->count < count) {
        struct bus_kafka_topic *topic = bus_kafka_topic_at(bus, handles->count);
        rd_kafka_topic_conf_t *config = rd_kafka_default_topic_conf_dup(producer);
        rd_kafka_topic_conf_set_opaque(config, topic);
        rd_kafka_topic_t *handle = rd_kafka_topic_new(producer, topic->name, config);
        if (handle == NULL) {
            rd_kafka_topic_conf_destroy(config);
            return bus_kafka_error_report(rd_kafka_last_error(), BUS_KAFKA_OUTSIDE, topic->name, out_error);
        }
        handles->handles[handles->count++] = handle;
    }
    *out_new = handles->count - before;
    return STATUS_OK;
}

void bus_kafka_handles_clear(struct bus_kafka_handles *handles)
{
    for (size_t at = 0; at < handles->count; at++) {
        rd_kafka_topic_destroy(handles->handles[at]);
    }
    free(handles->handles);
    *handles = (struct bus_kafka_handles){0};
}

static size_t size_of(const struct bus_message *message)
{
    size_t size = RECORD_HEAD_BYTES + message->key.length + message->value.length;
    for (size_t at = 0; at < message->header_count; at++) {
        size += HEADER_HEAD_BYTES + message->headers[at].name.length + message->headers[at].value.length;
    }
    return size;
}

static rd_kafka_headers_t *headers_of(const struct bus_message *message)
{
    rd_kafka_headers_t *list = rd_kafka_headers_new(message->header_count);
    for (size_t at = 0; at < message->header_count; at++) {
        const struct bus_header *header = &message->headers[at];
        rd_kafka_resp_err_t code = rd_kafka_header_add(list, header->name.bytes, (ssize_t)header->name.length,
                                                       header->value.bytes, (ssize_t)header->value.length);
        ASSERT(code == RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    return list;
}

enum status bus_kafka_send(struct bus_kafka_handles *handles, struct bus_kafka *bus, rd_kafka_t *producer,
                           const struct bus_message *message, int *out_code, struct bus_error *out_error)
{
    *out_code = RD_KAFKA_RESP_ERR_NO_ERROR;
    const struct bus_kafka_topic *topic = bus_kafka_topic_of(message->topic);
    size_t size = size_of(message);
    if (size > (size_t)topic->base.record_bytes_max) {
        return bus_port_fail(out_error, STATUS_LIMIT_EXCEEDED,
                             "a record of %zu bytes is over max.message.bytes (%" PRId64 ") of topic %s", size,
                             topic->base.record_bytes_max, topic->name);
    }
    if (topic->index >= handles->count) {
        size_t made;
        TRY(bus_kafka_handles_fill(handles, bus, producer, &made, out_error));
    }
    rd_kafka_headers_t *headers = message->header_count == 0 ? NULL : headers_of(message);
    rd_kafka_vu_t parts[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = handles->handles[topic->index]},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = (int32_t)message->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)message->key.bytes, message->key.length}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)message->value.bytes, message->value.length}},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    rd_kafka_error_t *error = rd_kafka_produceva(producer, parts, headers == NULL ? 5 : 6);
    if (error == NULL) {
        return STATUS_OK;
    }
    if (headers != NULL) {
        rd_kafka_headers_destroy(headers); /* librdkafka takes them only when it takes the record */
    }
    *out_code = rd_kafka_error_code(error);
    enum status status = bus_kafka_error_take(error, BUS_KAFKA_OUTSIDE, topic->name, out_error);
    return *out_code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ? STATUS_LIMIT_EXCEEDED : status;
}

/* ---- Plain producers ---- */

struct producer {
    struct bus_producer base;
    struct bus_kafka_owner owner;
    rd_kafka_t *client;
    struct bus_kafka_handles handles;
    int failure; /* code of the first record that was given up since the last flush; 0: none */
};

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    (void)client;
    struct bus_kafka_owner *owner = opaque;
    struct producer *producer = (struct producer *)((char *)owner - offsetof(struct producer, owner));
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && producer->failure == 0) {
        producer->failure = message->err;
    }
}

enum status bus_kafka_producer_open(struct bus *base, struct bus_producer **out_producer, struct bus_error *out_error)
{
    struct producer *producer = calloc(1, sizeof *producer);
    TRY_NEW(producer);
    producer->base.ops = base->ops;
    producer->owner.bus = bus_kafka_of(base);
    rd_kafka_conf_t *config;
    enum status status = bus_kafka_config_make(&producer->owner, BUS_KAFKA_PRODUCER, &config, out_error);
    if (status == STATUS_OK) {
        rd_kafka_conf_set_dr_msg_cb(config, on_delivery);
        status = bus_kafka_config_start(config, BUS_KAFKA_PRODUCER, &producer->client, out_error);
    }
    if (status != STATUS_OK) {
        free(producer);
        return status;
    }
    *out_producer = &producer->base;
    return STATUS_OK;
}

enum status bus_kafka_producer_send(struct bus_producer *base, const struct bus_message *message,
                                    struct bus_error *out_error)
{
    struct producer *producer = (struct producer *)base;
    int64_t deadline_ms = clock_ms() + ROOM_WAIT_MS;
    for (;;) {
        int code;
        enum status status =
            bus_kafka_send(&producer->handles, producer->owner.bus, producer->client, message, &code, out_error);
        bool full = code == RD_KAFKA_RESP_ERR__QUEUE_FULL;
        rd_kafka_poll(producer->client, full ? 10 : 0);
        if (!full || clock_ms() > deadline_ms) {
            return status;
        }
    }
}

enum status bus_kafka_producer_flush(struct bus_producer *base, int timeout_ms, struct bus_error *out_error)
{
    struct producer *producer = (struct producer *)base;
    int64_t deadline_ms = clock_ms() + timeout_ms;
    rd_kafka_poll(producer->client, 0);
    while (rd_kafka_outq_len(producer->client) > 0) {
        if (clock_ms() >= deadline_ms) {
            return bus_port_fail(out_error, STATUS_TIMED_OUT, "kafka: %d records are not acknowledged after %d ms",
                                 rd_kafka_outq_len(producer->client), timeout_ms);
        }
        rd_kafka_poll(producer->client,
                      1); /* returns as soon as a report is there; rd_kafka_flush sleeps in 10 ms slices */
    }
    int failure = producer->failure;
    producer->failure = 0;
    return bus_kafka_error_report(failure, BUS_KAFKA_OUTSIDE, "kafka: a record was not delivered", out_error);
}

void bus_kafka_producer_close(struct bus_producer *base)
{
    struct producer *producer = (struct producer *)base;
    rd_kafka_flush(producer->client, CLOSE_MS_MAX);
    bus_kafka_handles_clear(&producer->handles);
    rd_kafka_destroy(producer->client);
    free(producer);
}
