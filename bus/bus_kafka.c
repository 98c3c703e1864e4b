#include "bus/bus_kafka.h"

#include "base/assert.h"
#include "bus/bus_kafka_internal.h"

#include <stdlib.h>
#include <time.h>

static void close_bus(struct bus *base);
static void copy_statistics(struct bus *base, struct bus_statistics *out_statistics);

static const struct bus_ops ops = {
    .close = close_bus,
    .now_ms = bus_port_now_ms,
    .random = bus_port_random,
    .statistics = copy_statistics,
    .topic_open = bus_kafka_topic_open,
    .topic_create = bus_kafka_topic_create,
    .topic_list = bus_kafka_topic_list,
    .topics_check = bus_kafka_topics_check,
    .bounds = bus_kafka_bounds,
    .trim = bus_kafka_trim,
    .group_next = bus_kafka_group_next,
    .group_members = bus_kafka_group_members,
    .member_open = bus_kafka_member_open,
    .member_leave = bus_kafka_member_leave,
    .member_close = bus_kafka_member_close,
    .member_poll = bus_kafka_member_poll,
    .member_wake = bus_kafka_member_wake,
    .member_stable = bus_kafka_member_stable,
    .member_seek = bus_kafka_member_seek,
    .member_pause = bus_kafka_member_pause,
    .begin = bus_kafka_begin,
    .produce = bus_kafka_produce,
    .commit = bus_kafka_commit,
    .abort = bus_kafka_abort,
    .last_offset = bus_kafka_last_offset,
    .member_position = bus_kafka_member_position,
    .member_end = bus_kafka_member_end,
    .member_renewals = bus_kafka_member_renewals,
    .reader_open = bus_kafka_reader_open,
    .reader_next = bus_kafka_reader_next,
    .reader_position = bus_kafka_reader_position,
    .reader_close = bus_kafka_reader_close,
    .producer_open = bus_kafka_producer_open,
    .producer_send = bus_kafka_producer_send,
    .producer_flush = bus_kafka_producer_flush,
    .producer_close = bus_kafka_producer_close,
    .follower_open = bus_kafka_follower_open,
    .follower_poll = bus_kafka_follower_poll,
    .follower_done = bus_kafka_follower_done,
    .follower_close = bus_kafka_follower_close,
};

const char *bus_kafka_version(void)
{
    return rd_kafka_version_str();
}

int bus_kafka_version_number(void)
{
    return rd_kafka_version();
}

/* ---- Options ---- */

static enum status copy_properties(const struct bus_kafka_property *properties, size_t count,
                                   const struct bus_kafka_property **out_copy)
{
    struct bus_kafka_property *copy = calloc(count + 1, sizeof *copy);
    TRY_NEW(copy);
    *out_copy = copy;
    for (size_t at = 0; at < count; at++) {
        copy[at].name = strdup(properties[at].name);
        copy[at].value = strdup(properties[at].value);
        if (copy[at].name == NULL || copy[at].value == NULL) {
            return STATUS_LIMIT_EXCEEDED;
        }
    }
    return STATUS_OK;
}

static void free_properties(const struct bus_kafka_property *properties, size_t count)
{
    for (size_t at = 0; properties != NULL && at < count; at++) {
        free((char *)properties[at].name);
        free((char *)properties[at].value);
    }
    free((struct bus_kafka_property *)properties);
}

static enum status copy_options(const struct bus_kafka_options *options, struct bus_kafka_options *out_copy)
{
    *out_copy = *options;
    out_copy->common = out_copy->consumer = out_copy->producer = NULL;
    TRY(copy_properties(options->common, options->common_count, &out_copy->common));
    TRY(copy_properties(options->consumer, options->consumer_count, &out_copy->consumer));
    return copy_properties(options->producer, options->producer_count, &out_copy->producer);
}

static void copy_statistics(struct bus *base, struct bus_statistics *out_statistics)
{
    bus_kafka_statistics_copy(&bus_kafka_of(base)->statistics, out_statistics);
}

/* ---- Opening ---- */

static void close_bus(struct bus *base)
{
    struct bus_kafka *bus = bus_kafka_of(base);
    for (size_t at = 0; at < bus->topic_count; at++) {
        rd_kafka_topic_destroy(bus->topics[at]->handle);
        free(bus->topics[at]);
    }
    free(bus->topics);
    if (bus->pool != NULL) {
        bus_kafka_pool_close(bus->pool);
    }
    if (bus->client != NULL) {
        rd_kafka_destroy(bus->client);
    }
    free_properties(bus->options.common, bus->options.common_count);
    free_properties(bus->options.consumer, bus->options.consumer_count);
    free_properties(bus->options.producer, bus->options.producer_count);
    free((char *)bus->base.cluster_id.bytes);
    pthread_mutex_destroy(&bus->mutex);
    pthread_mutex_destroy(&bus->statistics.lock);
    free(bus);
}

/* librdkafka refuses some properties only together, when a client is made: try each kind before anything depends on it.
 */
static enum status try_kind(struct bus_kafka *bus, enum bus_kafka_kind kind, struct bus_error *out_error)
{
    rd_kafka_conf_t *config;
    rd_kafka_t *client;
    TRY(bus_kafka_config_make(&bus->owner, kind, &config, out_error));
    if (kind == BUS_KAFKA_TRANSACTION) {
        bus_kafka_config_set(config, "transactional.id",
                             "pawl-trial"); /* known to the broker only after init_transactions */
    } else if (kind == BUS_KAFKA_MEMBER) {
        bus_kafka_config_set(config, "group.id", "pawl-trial");
    }
    TRY(bus_kafka_config_start(config, kind, &client, out_error));
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return STATUS_OK;
}

static enum status find_cluster(struct bus_kafka *bus, struct bus_error *out_error)
{
    char *id = rd_kafka_clusterid(bus->client, BUS_KAFKA_OPEN_MS_MAX);
    if (id == NULL) {
        pthread_mutex_lock(&bus->mutex);
        enum status status =
            bus_port_fail(out_error, STATUS_RETRIABLE, "kafka: no broker answered within %d s%s%s",
                          BUS_KAFKA_OPEN_MS_MAX / 1000, bus->last_log[0] == '\0' ? "" : ": ", bus->last_log);
        pthread_mutex_unlock(&bus->mutex);
        return status;
    }
    bus->base.cluster_id = str_of(strdup(id));
    rd_kafka_mem_free(bus->client, id);
    return bus->base.cluster_id.bytes == NULL ? STATUS_LIMIT_EXCEEDED : STATUS_OK;
}

static enum status start(struct bus_kafka *bus, const struct bus_kafka_options *options, struct bus_error *out_error)
{
    TRY(copy_options(options, &bus->options));
    TRY(bus_kafka_pool_open(bus, &bus->pool));
    rd_kafka_conf_t *config;
    TRY(bus_kafka_config_make(&bus->owner, BUS_KAFKA_CLIENT, &config, out_error));
    char brokers[512];
    size_t size = sizeof brokers;
    if (rd_kafka_conf_get(config, "bootstrap.servers", brokers, &size) != RD_KAFKA_CONF_OK || size <= 1) {
        rd_kafka_conf_destroy(config);
        return bus_port_fail(out_error, STATUS_REFUSED, "kafka.bootstrap.servers is not set");
    }
    TRY(bus_kafka_config_start(config, BUS_KAFKA_CLIENT, &bus->client, out_error));
    TRY(try_kind(bus, BUS_KAFKA_TRANSACTION, out_error));
    TRY(try_kind(bus, BUS_KAFKA_MEMBER, out_error));
    return find_cluster(bus, out_error);
}

enum status bus_kafka_open(const struct bus_kafka_options *options, struct bus **out_bus, struct bus_error *out_error)
{
    struct bus_kafka *bus = calloc(1, sizeof *bus);
    TRY_NEW(bus);
    bus->base.ops = &ops;
    bus->owner.bus = bus;
    pthread_mutex_init(&bus->mutex, NULL);
    pthread_mutex_init(&bus->statistics.lock, NULL);
    enum status status = start(bus, options, out_error);
    if (status != STATUS_OK) {
        close_bus(&bus->base);
        return status;
    }
    *out_bus = &bus->base;
    return STATUS_OK;
}

/* ---- Topics and records ---- */

size_t bus_kafka_topic_count(struct bus_kafka *bus)
{
    pthread_mutex_lock(&bus->mutex);
    size_t count = bus->topic_count;
    pthread_mutex_unlock(&bus->mutex);
    return count;
}

struct bus_kafka_topic *bus_kafka_topic_at(struct bus_kafka *bus, size_t index)
{
    pthread_mutex_lock(&bus->mutex);
    ASSERT(index < bus->topic_count);
    struct bus_kafka_topic *topic = bus->topics[index];
    pthread_mutex_unlock(&bus->mutex);
    return topic;
}

void bus_kafka_record_set(const rd_kafka_message_t *message, const struct bus_topic *topic,
                          struct bus_header headers[BUS_HEADERS_MAX], struct bus_record *out_record)
{
    rd_kafka_headers_t *list = NULL;
    size_t count = 0;
    if (rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const char *name;
        const void *value;
        size_t length;
        while (count < BUS_HEADERS_MAX && rd_kafka_header_get_all(list, count, &name, &value, &length) == 0) {
            headers[count].name = str_of(name);
            headers[count].value = (struct str){value, length};
            count += 1;
        }
    }
    *out_record = (struct bus_record){
        .topic = topic,
        .partition = (uint32_t)message->partition,
        .offset = message->offset,
        .timestamp_ms = rd_kafka_message_timestamp(message, NULL),
        .key = {message->key, message->key_len},
        .value = {message->payload, message->len},
        .headers = headers,
        .header_count = count,
    };
}
