/* The broker's clock: by the timestamp that it gives a record (bus_kafka_cluster.h). */
#include "bus/bus_kafka_cluster.h"

#include "base/assert.h"
#include "base/clock.h"
#include "bus/bus_kafka_internal.h"

#define DELIVERY_MS_MAX 15000

struct stamp {
    struct bus_kafka_owner owner; /* first: it is the client's opaque */
    bool delivered;
    rd_kafka_resp_err_t code;
    int64_t time_ms;
};

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    (void)client;
    struct stamp *stamp = opaque;
    rd_kafka_timestamp_type_t type;
    stamp->delivered = true;
    stamp->code = message->err;
    stamp->time_ms = rd_kafka_message_timestamp(message, &type);
    if (stamp->code == RD_KAFKA_RESP_ERR_NO_ERROR && type != RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME) {
        stamp->code = RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP;
    }
}

static enum status write_one(rd_kafka_t *producer, struct stamp *stamp, const char *topic, struct bus_error *out_error)
{
    stamp->delivered = false;
    rd_kafka_resp_err_t code = rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
                                                 RD_KAFKA_V_KEY("clock", 5), RD_KAFKA_V_END);
    TRY(bus_kafka_error_report(code, BUS_KAFKA_OUTSIDE, topic, out_error));
    int64_t deadline_ms = clock_ms() + DELIVERY_MS_MAX;
    while (!stamp->delivered && clock_ms() < deadline_ms) {
        rd_kafka_poll(producer, 10);
    }
    if (!stamp->delivered) {
        return bus_port_fail(out_error, STATUS_RETRIABLE, "%s: a record was not acknowledged", topic);
    }
    return bus_kafka_error_report(stamp->code, BUS_KAFKA_OUTSIDE, topic, out_error);
}

/* The first record waits for the topic's metadata; the second goes there and back. */
static enum status measure(struct bus_kafka *bus, const char *topic, int64_t *out_ahead_ms, int64_t *out_spread_ms,
                           struct bus_error *out_error)
{
    struct stamp stamp = {.owner.bus = bus};
    rd_kafka_conf_t *config;
    rd_kafka_t *producer;
    TRY(bus_kafka_config_make(&stamp.owner, BUS_KAFKA_PRODUCER, &config, out_error));
    bus_kafka_config_set(config, "linger.ms", "0");
    rd_kafka_conf_set_dr_msg_cb(config, on_delivery);
    TRY(bus_kafka_config_start(config, BUS_KAFKA_PRODUCER, &producer, out_error));
    enum status status = write_one(producer, &stamp, topic, out_error);
    int64_t before_ms = bus_now_ms(&bus->base);
    if (status == STATUS_OK) {
        status = write_one(producer, &stamp, topic, out_error);
    }
    int64_t after_ms = bus_now_ms(&bus->base);
    rd_kafka_destroy(producer);
    TRY(status);
    *out_ahead_ms = (before_ms + after_ms) / 2 - stamp.time_ms;
    *out_spread_ms = (after_ms - before_ms) / 2 + 1;
    return STATUS_OK;
}

static enum status make_topic(struct bus_kafka *bus, const char *name, struct bus_error *out_error)
{
    char text[256];
    rd_kafka_NewTopic_t *wanted = rd_kafka_NewTopic_new(name, 1, 1, text, sizeof text);
    ASSERT(wanted != NULL);
    rd_kafka_NewTopic_set_config(wanted, "message.timestamp.type", "LogAppendTime");
    rd_kafka_resp_err_t code;
    enum status status = bus_kafka_ask_for_topic(bus, wanted, &code, out_error);
    if (status == STATUS_OK) {
        status = bus_kafka_error_report(code, BUS_KAFKA_OUTSIDE, name, out_error);
    }
    rd_kafka_NewTopic_destroy(wanted);
    return status;
}

static enum status delete_topic(struct bus_kafka *bus, const char *name, struct bus_error *out_error)
{
    rd_kafka_DeleteTopic_t *wanted = rd_kafka_DeleteTopic_new(name);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(bus->client);
    rd_kafka_DeleteTopics(bus->client, &wanted, 1, NULL, queue);
    rd_kafka_event_t *event = NULL;
    enum status status = bus_kafka_await(queue, RD_KAFKA_EVENT_DELETETOPICS_RESULT, name, &event, out_error);
    if (status == STATUS_OK) {
        size_t count;
        const rd_kafka_topic_result_t **results =
            rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count);
        ASSERT(count == 1);
        status = bus_kafka_error_report(rd_kafka_topic_result_error(results[0]), BUS_KAFKA_OUTSIDE, name, out_error);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_DeleteTopic_destroy(wanted);
    return status;
}

enum status bus_kafka_cluster_ask_clock(struct bus *base, const char *topic, int64_t *out_ahead_ms, int64_t *out_spread_ms,
                                        struct bus_error *out_error)
{
    struct bus_kafka *bus = bus_kafka_of(base);
    TRY(make_topic(bus, topic, out_error));
    struct bus_error error;
    enum status status = measure(bus, topic, out_ahead_ms, out_spread_ms, out_error);
    enum status deleted = delete_topic(bus, topic, status == STATUS_OK ? out_error : &error);
    return status != STATUS_OK ? status : deleted;
}
