#include "bus/bus_kafka_internal.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mutant.h"
#include "bus/bus_kafka_wish.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define GONE_MS_MIN 2000 /* a topic that no broker has known for so long is gone */
#define POLL_MS 20 /* between two looks at whether a new topic has its leaders */

/* The mark of a topic: librdkafka tells no topic ids (2.0.2 has no way, later ones an API of their own), and the
 * protocol has nothing else that tells a topic from one of the same name made later. So a topic that pawl makes carries
 * a number drawn at random in a setting where it does nothing: flush.messages, "fsync after so many records", between
 * 2⁶² and 2⁶³. A topic made by other means, or on a service that does not let it be set, has an empty mark: of it, only
 * an end below what was read tells that it was made anew. */
#define MARK_PROPERTY "flush.messages"
#define MARK_MIN (INT64_C(1) << 62)

static void name_copy(struct str name, char out_text[TOPIC_NAME_BYTES_MAX + 1])
{
    memcpy(out_text, name.bytes, name.length);
    out_text[name.length] = '\0';
}

/* ---- One topic's metadata ---- */

struct shape {
    uint32_t partition_count;
    bool led; /* every partition has a leader */
    int broker_count;
};

static enum status shape_of(struct bus_kafka *bus, rd_kafka_topic_t *handle, struct shape *out_shape,
                            struct bus_error *out_error)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code = rd_kafka_metadata(bus->client, 0, handle, &metadata, BUS_KAFKA_ADMIN_MS_MAX);
    TRY(bus_kafka_error_report(code, BUS_KAFKA_OUTSIDE, "kafka: topic metadata", out_error));
    ASSERT(metadata->topic_cnt == 1);
    const struct rd_kafka_metadata_topic *topic = &metadata->topics[0];
    enum status status;
    if (topic->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || topic->err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) {
        status = bus_port_fail(out_error, STATUS_NOT_FOUND, "topic %s does not exist", topic->topic);
    } else if (topic->err != RD_KAFKA_RESP_ERR_NO_ERROR && topic->err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
        status = bus_kafka_error_report(topic->err, BUS_KAFKA_OUTSIDE, topic->topic, out_error);
    } else {
        *out_shape = (struct shape){(uint32_t)topic->partition_cnt, topic->partition_cnt > 0, metadata->broker_cnt};
        for (int at = 0; at < topic->partition_cnt; at++) {
            out_shape->led = out_shape->led && topic->partitions[at].leader >= 0;
        }
        status = STATUS_OK;
    }
    rd_kafka_metadata_destroy(metadata);
    return status;
}

/* Of a topic that was there: a broker that was away, or is behind, may not know it for a moment. */
static enum status shape_known(struct bus_kafka *bus, rd_kafka_topic_t *handle, struct shape *out_shape,
                               struct bus_error *out_error)
{
    int64_t deadline_ms = clock_ms() + GONE_MS_MIN;
    enum status status = shape_of(bus, handle, out_shape, out_error);
    while (status == STATUS_NOT_FOUND && clock_ms() < deadline_ms) {
        nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
        status = shape_of(bus, handle, out_shape, out_error);
    }
    return status;
}

/* ---- Administrative requests ---- */

enum status bus_kafka_await(rd_kafka_queue_t *queue, rd_kafka_event_type_t type, const char *what,
                            rd_kafka_event_t **out_event, struct bus_error *out_error)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, BUS_KAFKA_ADMIN_MS_MAX);
    if (event == NULL) {
        return bus_port_fail(out_error, STATUS_RETRIABLE, "%s: no answer within %d s", what,
                             BUS_KAFKA_ADMIN_MS_MAX / 1000);
    }
    enum status status = bus_kafka_error_report(rd_kafka_event_error(event), BUS_KAFKA_OUTSIDE, what, out_error);
    if (status == STATUS_OK && rd_kafka_event_type(event) != type) {
        status =
            bus_port_fail(out_error, STATUS_RETRIABLE, "%s: unexpected answer %s", what, rd_kafka_event_name(event));
    }
    if (status != STATUS_OK) {
        rd_kafka_event_destroy(event);
        return status;
    }
    *out_event = event;
    return STATUS_OK;
}

static void read_settings(struct bus_kafka_topic *topic, const rd_kafka_ConfigResource_t *resource)
{
    size_t count;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t at = 0; at < count; at++) {
        struct str name = str_of(rd_kafka_ConfigEntry_name(entries[at]));
        struct str value = str_of(rd_kafka_ConfigEntry_value(entries[at]));
        int64_t number;
        if (!str_to_int64(value, &number)) {
            continue;
        }
        if (str_equal(name, STR("max.message.bytes"))) {
            topic->base.record_bytes_max = number;
        } else if (str_equal(name, STR(MARK_PROPERTY)) && number >= MARK_MIN && number != INT64_MAX) {
            snprintf(topic->mark, sizeof topic->mark, "m%" PRId64, number);
        }
    }
}

/* Reads the topic's limit and its mark. Whoever may not ask for them (DescribeConfigs), or asks a broker that can't
 * tell, gets the limit that pawl's topics have, and no mark. */
static enum status settings_of(struct bus_kafka *bus, struct bus_kafka_topic *topic, struct bus_error *out_error)
{
    topic->base.record_bytes_max = RECORD_BYTES_MAX;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(bus->client);
    rd_kafka_ConfigResource_t *wanted = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic->name);
    rd_kafka_DescribeConfigs(bus->client, &wanted, 1, NULL, queue);
    rd_kafka_event_t *event = NULL;
    enum status status = bus_kafka_await(queue, RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT, topic->name, &event, out_error);
    if (status == STATUS_OK) {
        size_t count;
        const rd_kafka_ConfigResource_t **resources =
            rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &count);
        if (count == 1 && rd_kafka_ConfigResource_error(resources[0]) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            read_settings(topic, resources[0]);
        }
        rd_kafka_event_destroy(event);
    }
    rd_kafka_ConfigResource_destroy(wanted);
    rd_kafka_queue_destroy(queue);
    return status == STATUS_RETRIABLE ? STATUS_RETRIABLE : STATUS_OK;
}

/* ---- Opening ---- */

static struct bus_kafka_topic *find(struct bus_kafka *bus, struct str name)
{
    struct bus_kafka_topic *found = NULL;
    pthread_mutex_lock(&bus->mutex);
    for (size_t at = 0; at < bus->topic_count && found == NULL; at++) {
        if (str_equal(bus->topics[at]->base.name, name)) {
            found = bus->topics[at];
        }
    }
    pthread_mutex_unlock(&bus->mutex);
    return found;
}

/* Adds the topic, or frees it when another thread was faster or there is no memory. */
static enum status add(struct bus_kafka *bus, struct bus_kafka_topic *topic, const struct bus_topic **out_topic)
{
    enum status status = STATUS_OK;
    const struct bus_kafka_topic *kept = NULL;
    pthread_mutex_lock(&bus->mutex);
    for (size_t at = 0; at < bus->topic_count && kept == NULL; at++) {
        if (str_equal(bus->topics[at]->base.name, topic->base.name)) {
            kept = bus->topics[at];
        }
    }
    if (kept == NULL) {
        struct bus_kafka_topic **topics =
            realloc(bus->topics, (bus->topic_count + 1) * sizeof(struct bus_kafka_topic *));
        if (topics == NULL) {
            status = STATUS_LIMIT_EXCEEDED;
        } else {
            bus->topics = topics;
            topic->index = bus->topic_count;
            topics[bus->topic_count++] = topic;
            kept = topic;
        }
    }
    pthread_mutex_unlock(&bus->mutex);
    if (kept != topic) {
        rd_kafka_topic_destroy(topic->handle);
        free(topic);
    }
    if (status == STATUS_OK) {
        *out_topic = &kept->base;
    }
    return status;
}

enum status bus_kafka_topic_open(struct bus *base, struct str name, const struct bus_topic **out_topic,
                                 struct bus_error *out_error)
{
    struct bus_kafka *bus = bus_kafka_of(base);
    const struct bus_kafka_topic *found = find(bus, name);
    if (found != NULL) {
        *out_topic = &found->base;
        return STATUS_OK;
    }
    ASSERT(bus_topic_name_is_valid(name)); /* bus_topic_open has asked */
    struct bus_kafka_topic *topic = calloc(1, sizeof *topic + name.length + 1);
    TRY_NEW(topic);
    memcpy(topic->name, name.bytes, name.length);
    topic->handle = rd_kafka_topic_new(bus->client, topic->name, NULL);
    if (topic->handle == NULL) {
        free(topic);
        return bus_kafka_error_report(rd_kafka_last_error(), BUS_KAFKA_OUTSIDE, "kafka: topic", out_error);
    }
    struct shape shape;
    enum status status = shape_of(bus, topic->handle, &shape, out_error);
    if (status == STATUS_OK) {
        status = settings_of(bus, topic, out_error);
    }
    if (status != STATUS_OK) {
        rd_kafka_topic_destroy(topic->handle);
        free(topic);
        return status;
    }
    topic->base = (struct bus_topic){
        .ops = base->ops,
        .name = {topic->name, name.length},
        .partition_count = shape.partition_count,
        .mark = str_of(topic->mark),
        .record_bytes_max = topic->base.record_bytes_max,
    };
    return add(bus, topic, out_topic);
}

/* ---- Making ---- */

static void set_text(rd_kafka_NewTopic_t *wanted, const char *name, const char *text)
{
    rd_kafka_resp_err_t code = rd_kafka_NewTopic_set_config(wanted, name, text);
    ASSERT(code == RD_KAFKA_RESP_ERR_NO_ERROR);
}

static enum status new_topic(struct bus_kafka *bus, const struct bus_topic_config *config, int replicas, bool marked,
                             rd_kafka_NewTopic_t **out_wanted, struct bus_error *out_error)
{
    char name[TOPIC_NAME_BYTES_MAX + 1];
    name_copy(config->name, name);
    char text[256];
    rd_kafka_NewTopic_t *wanted =
        rd_kafka_NewTopic_new(name, (int)config->partition_count, replicas, text, sizeof text);
    if (wanted == NULL) {
        return bus_port_fail(out_error, STATUS_REFUSED, "topic %s: %s", name, text);
    }
    struct bus_kafka_wish wishes[BUS_KAFKA_WISHES_MAX];
    size_t count = bus_kafka_wish_topic(config, (uint32_t)replicas, wishes);
    for (size_t at = 0; at < count; at++) {
        set_text(wanted, wishes[at].name, wishes[at].value);
    }
    if (marked) {
        int64_t mark;
        char number[24];
        bus_port_random(&bus->base, (uint8_t *)&mark, sizeof mark);
        snprintf(number, sizeof number, "%" PRId64, MARK_MIN | (mark & (MARK_MIN - 2)));
        set_text(wanted, MARK_PROPERTY, number);
    }
    *out_wanted = wanted;
    return STATUS_OK;
}

enum status bus_kafka_ask_for_topic(struct bus_kafka *bus, rd_kafka_NewTopic_t *wanted, rd_kafka_resp_err_t *out_code,
                                    struct bus_error *out_error)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(bus->client);
    rd_kafka_CreateTopics(bus->client, &wanted, 1, NULL, queue);
    rd_kafka_event_t *event = NULL;
    enum status status =
        bus_kafka_await(queue, RD_KAFKA_EVENT_CREATETOPICS_RESULT, "kafka: making a topic", &event, out_error);
    if (status == STATUS_OK) {
        size_t count;
        const rd_kafka_topic_result_t **results =
            rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
        ASSERT(count == 1);
        *out_code = rd_kafka_topic_result_error(results[0]);
        const char *text = rd_kafka_topic_result_error_string(results[0]);
        bus_port_fail(out_error, STATUS_OK, "topic %s: %s", rd_kafka_topic_result_name(results[0]),
                      text != NULL ? text : rd_kafka_err2str(*out_code));
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    return status;
}

/* Waits until the topic is known with all its leaders, and compares. */
static enum status settle(struct bus_kafka *bus, const struct bus_topic_config *config, struct bus_error *out_error)
{
    char name[TOPIC_NAME_BYTES_MAX + 1];
    name_copy(config->name, name);
    rd_kafka_topic_t *handle = rd_kafka_topic_new(bus->client, name, NULL);
    int64_t deadline_ms = clock_ms() + BUS_KAFKA_ADMIN_MS_MAX;
    struct shape shape = {0};
    enum status status;
    for (;;) {
        status = shape_of(bus, handle, &shape, out_error);
        bool wait = status == STATUS_NOT_FOUND || status == STATUS_RETRIABLE || (status == STATUS_OK && !shape.led);
        if (!wait) {
            break;
        }
        if (clock_ms() > deadline_ms) {
            status = bus_port_fail(out_error, STATUS_RETRIABLE, "topic %s: was made, but has no leaders yet", name);
            break;
        }
        nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
    }
    rd_kafka_topic_destroy(handle);
    if (status == STATUS_OK && shape.partition_count != config->partition_count) {
        return bus_port_fail(out_error, STATUS_REFUSED, "topic %s has %" PRIu32 " partitions, wanted are %" PRIu32,
                             name, shape.partition_count, config->partition_count);
    }
    return status;
}

static enum status broker_count(struct bus_kafka *bus, int *out_count, struct bus_error *out_error)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code = rd_kafka_metadata(bus->client, 0, NULL, &metadata, BUS_KAFKA_ADMIN_MS_MAX);
    TRY(bus_kafka_error_report(code, BUS_KAFKA_OUTSIDE, "kafka: cluster metadata", out_error));
    *out_count = metadata->broker_cnt;
    rd_kafka_metadata_destroy(metadata);
    return STATUS_OK;
}

enum status bus_kafka_topic_create(struct bus *base, const struct bus_topic_config *config, struct bus_error *out_error)
{
    struct bus_kafka *bus = bus_kafka_of(base);
    if (config->name.length == 0 || config->name.length > TOPIC_NAME_BYTES_MAX) {
        return bus_port_fail(out_error, STATUS_REFUSED, "a topic's name has 1 to %d characters", TOPIC_NAME_BYTES_MAX);
    }
    int brokers;
    TRY(broker_count(bus, &brokers, out_error));
    int replicas = brokers < BUS_KAFKA_WISH_REPLICAS ? brokers : BUS_KAFKA_WISH_REPLICAS;
    for (int attempt = 0; attempt < 2; attempt++) {
        bool marked = attempt == 0;
        rd_kafka_NewTopic_t *wanted;
        TRY(new_topic(bus, config, replicas, marked, &wanted, out_error));
        rd_kafka_resp_err_t code;
        enum status status = bus_kafka_ask_for_topic(bus, wanted, &code, out_error);
        rd_kafka_NewTopic_destroy(wanted);
        TRY(status);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
            return settle(bus, config, out_error);
        }
        bool forbidden = code == RD_KAFKA_RESP_ERR_POLICY_VIOLATION || code == RD_KAFKA_RESP_ERR_INVALID_CONFIG;
        if (!forbidden || !marked) {
            return bus_kafka_error_of(code, BUS_KAFKA_OUTSIDE); /* ask_for wrote the broker's own text */
        }
    }
    UNREACHABLE("attempts to make a topic");
}

/* ---- Looking ---- */

static int compare_names(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

enum status bus_kafka_topic_list(struct bus *base, struct arena *arena, struct str prefix, struct str **out_names,
                                 size_t *out_count, struct bus_error *out_error)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code =
        rd_kafka_metadata(bus_kafka_of(base)->client, 1, NULL, &metadata, BUS_KAFKA_ADMIN_MS_MAX);
    TRY(bus_kafka_error_report(code, BUS_KAFKA_OUTSIDE, "kafka: listing topics", out_error));
    enum status status = STATUS_OK;
    size_t count = 0;
    struct str *names = arena_array(arena, struct str, (size_t)metadata->topic_cnt + 1);
    if (names == NULL) {
        status = STATUS_LIMIT_EXCEEDED;
    }
    for (int at = 0; at < metadata->topic_cnt && status == STATUS_OK; at++) {
        struct str name = str_of(metadata->topics[at].topic);
        if (str_starts_with(name, prefix) && metadata->topics[at].err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            status = arena_copy(arena, name, &names[count]);
            count += 1;
        }
    }
    rd_kafka_metadata_destroy(metadata);
    TRY(status);
    qsort(names, count, sizeof *names, compare_names);
    *out_names = names;
    *out_count = count;
    return STATUS_OK;
}

enum status bus_kafka_topics_check(struct bus *base, struct bus_error *out_error)
{
    struct bus_kafka *bus = bus_kafka_of(base);
    size_t count = bus_kafka_topic_count(bus);
    for (size_t at = 0; at < count; at++) {
        struct bus_kafka_topic *topic = bus_kafka_topic_at(bus, at);
        struct shape shape;
        enum status status = shape_known(bus, topic->handle, &shape, out_error);
        if (status == STATUS_NOT_FOUND) {
            return bus_port_fail(out_error, STATUS_REFUSED, "topic %s is gone", topic->name);
        }
        TRY(status);
        if (shape.partition_count != topic->base.partition_count) {
            return bus_port_fail(out_error, STATUS_REFUSED,
                                 "topic %s had %" PRIu32 " partitions and has %" PRIu32 " now", topic->name,
                                 topic->base.partition_count, shape.partition_count);
        }
    }
    return STATUS_OK;
}

/* For how long a broker that is behind may say so of a topic that was made this moment; 0: it is as it says. */
static int64_t patience_ms(rd_kafka_resp_err_t code)
{
    switch ((int)code) {
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
        return BUS_KAFKA_ADMIN_MS_MAX;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        return GONE_MS_MIN;
    }
    return 0;
}

enum status bus_kafka_bounds(struct bus *base, const struct bus_topic *topic, uint32_t partition, bool committed_only,
                             int64_t *out_begin, int64_t *out_end, struct bus_error *out_error)
{
    struct bus_kafka *bus = bus_kafka_of(base);
    rd_kafka_t *client = bus->client;
    if (committed_only || MUTANT(ONE_END)) {
        TRY(bus_kafka_pool_client(bus, &client, out_error));
    }
    int64_t begin;
    int64_t end;
    const char *name = bus_kafka_topic_of(topic)->name;
    int64_t begin_ms = clock_ms();
    rd_kafka_resp_err_t code =
        rd_kafka_query_watermark_offsets(client, name, (int32_t)partition, &begin, &end, BUS_KAFKA_ADMIN_MS_MAX);
    while (clock_ms() - begin_ms < patience_ms(code)) {
        nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
        code = rd_kafka_query_watermark_offsets(client, name, (int32_t)partition, &begin, &end, BUS_KAFKA_ADMIN_MS_MAX);
    }
    TRY(bus_kafka_error_report(code, BUS_KAFKA_OUTSIDE, name, out_error));
    *out_begin = begin;
    *out_end = end;
    return STATUS_OK;
}

enum status bus_kafka_trim(struct bus *base, const struct bus_topic *topic, uint32_t partition, int64_t offset,
                           struct bus_error *out_error)
{
    struct bus_kafka *bus = bus_kafka_of(base);
    const char *name = bus_kafka_topic_of(topic)->name;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, name, (int32_t)partition)->offset = offset;
    rd_kafka_DeleteRecords_t *wanted = rd_kafka_DeleteRecords_new(list);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(bus->client);
    rd_kafka_DeleteRecords(bus->client, &wanted, 1, NULL, queue);
    rd_kafka_event_t *event = NULL;
    enum status status = bus_kafka_await(queue, RD_KAFKA_EVENT_DELETERECORDS_RESULT, name, &event, out_error);
    if (status == STATUS_OK) {
        const rd_kafka_topic_partition_list_t *result =
            rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event));
        ASSERT(result->cnt == 1);
        status = bus_kafka_error_report(result->elems[0].err, BUS_KAFKA_OUTSIDE, name, out_error);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_DeleteRecords_destroy(wanted);
    rd_kafka_topic_partition_list_destroy(list);
    return status;
}

/* ---- Brokers ---- */

#define VERIFICATION "transaction.partition.verification.enable"

/* REFUSED unless the broker checks of each record of a transaction that the transaction is under way (Kafka 3.6; on by
 * default): else a late one may be written after its end, and holds up every reader for ever. Whoever may not ask goes
 * on, with a line in the log. */
static enum status check_broker(struct bus_kafka *bus, int32_t id, struct bus_error *out_error)
{
    char name[16];
    snprintf(name, sizeof name, "%" PRId32, id);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(bus->client);
    rd_kafka_ConfigResource_t *wanted = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_BROKER, name);
    rd_kafka_DescribeConfigs(bus->client, &wanted, 1, NULL, queue);
    rd_kafka_event_t *event = NULL;
    enum status status =
        bus_kafka_await(queue, RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT, "kafka: a broker's settings", &event, out_error);
    const char *found = NULL; /* "true", "false", or NULL: it has no such setting, or did not say */
    bool told = false;
    if (status == STATUS_OK) {
        size_t count = 0;
        const rd_kafka_ConfigResource_t **resources =
            rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &count);
        told = count == 1 && rd_kafka_ConfigResource_error(resources[0]) == RD_KAFKA_RESP_ERR_NO_ERROR;
        size_t entry_count = 0;
        const rd_kafka_ConfigEntry_t **entries =
            told ? rd_kafka_ConfigResource_configs(resources[0], &entry_count) : NULL;
        for (size_t at = 0; at < entry_count; at++) {
            if (strcmp(rd_kafka_ConfigEntry_name(entries[at]), VERIFICATION) == 0) {
                found = rd_kafka_ConfigEntry_value(entries[at]);
            }
        }
    }
    if (status != STATUS_RETRIABLE && !told) {
        status = STATUS_OK;
        if (bus->options.log != NULL) {
            bus->options.log(bus->options.log_owner, 4,
                             "kafka: brokers don't tell whether " VERIFICATION " is on; it must be");
        }
    } else if (told && (found == NULL || strcmp(found, "true") != 0)) {
        status =
            bus_port_fail(out_error, STATUS_REFUSED, "kafka: broker %s %s; exactly-once needs it", name,
                          found == NULL ? "is older than 3.6 and has no " VERIFICATION : "has " VERIFICATION " off");
    }
    if (event != NULL) {
        rd_kafka_event_destroy(event);
    }
    rd_kafka_ConfigResource_destroy(wanted);
    rd_kafka_queue_destroy(queue);
    return status;
}

enum status bus_kafka_brokers_check(struct bus_kafka *bus, struct bus_error *out_error)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code = rd_kafka_metadata(bus->client, 0, NULL, &metadata, BUS_KAFKA_ADMIN_MS_MAX);
    TRY(bus_kafka_error_report(code, BUS_KAFKA_OUTSIDE, "kafka: cluster metadata", out_error));
    enum status status = STATUS_OK;
    for (int at = 0; at < metadata->broker_cnt && status == STATUS_OK; at++) {
        status = check_broker(bus, metadata->brokers[at].id, out_error);
    }
    rd_kafka_metadata_destroy(metadata);
    return status;
}
