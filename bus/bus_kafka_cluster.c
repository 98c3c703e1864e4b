#include "bus/bus_kafka_cluster.h"

#include "base/assert.h"
#include "bus/bus_kafka_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct str bus_kafka_cluster_find(const struct bus_kafka_cluster_settings *settings, struct str name)
{
    for (size_t at = 0; at < settings->count; at++) {
        if (str_equal(settings->rows[at].name, name)) {
            return settings->rows[at].value;
        }
    }
    return STR_NONE;
}

static enum status copy(struct arena *arena, const char *text, struct str *out_text)
{
    *out_text = STR_NONE;
    return text == NULL ? STATUS_OK : arena_copy(arena, str_of(text), out_text);
}

/* ---- Settings ---- */

static enum status copy_settings(struct arena *arena, const rd_kafka_ConfigResource_t *resource,
                                 struct bus_kafka_cluster_settings *out_settings)
{
    size_t count;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    *out_settings = (struct bus_kafka_cluster_settings){.count = 0};
    if (rd_kafka_ConfigResource_error(resource) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        const char *text = rd_kafka_ConfigResource_error_string(resource);
        return copy(arena, text != NULL ? text : rd_kafka_err2str(rd_kafka_ConfigResource_error(resource)),
                    &out_settings->refusal);
    }
    struct bus_kafka_cluster_setting *rows = arena_array(arena, struct bus_kafka_cluster_setting, count + 1);
    TRY_NEW(rows);
    for (size_t at = 0; at < count; at++) {
        TRY(copy(arena, rd_kafka_ConfigEntry_name(entries[at]), &rows[at].name));
        TRY(copy(arena, rd_kafka_ConfigEntry_value(entries[at]), &rows[at].value));
    }
    out_settings->rows = rows;
    out_settings->count = count;
    return STATUS_OK;
}

/* Where the settings of the resource of that name go, or NULL. */
typedef struct bus_kafka_cluster_settings *(*place_fn)(void *owner, struct str name);

static enum status copy_answer(struct arena *arena, const rd_kafka_event_t *event, place_fn place, void *owner)
{
    size_t count;
    const rd_kafka_ConfigResource_t **resources =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result((rd_kafka_event_t *)event), &count);
    for (size_t at = 0; at < count; at++) {
        struct bus_kafka_cluster_settings *settings = place(owner, str_of(rd_kafka_ConfigResource_name(resources[at])));
        if (settings != NULL) {
            TRY(copy_settings(arena, resources[at], settings));
        }
    }
    return STATUS_OK;
}

/* One request. What can't be answered at all is told as each one's refusal by the caller. */
static enum status ask_settings(struct bus_kafka *bus, struct arena *arena, rd_kafka_ConfigResource_t **wanted, size_t count,
                                place_fn place, void *owner, struct bus_error *out_error)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(bus->client);
    rd_kafka_event_t *event = NULL;
    rd_kafka_DescribeConfigs(bus->client, wanted, count, NULL, queue);
    enum status status =
        bus_kafka_await(queue, RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT, "kafka: settings", &event, out_error);
    if (status == STATUS_OK) {
        status = copy_answer(arena, event, place, owner);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    return status;
}

/* ---- Brokers ---- */

static struct bus_kafka_cluster_settings *place_broker(void *owner, struct str name)
{
    (void)name;
    return &((struct bus_kafka_cluster_broker *)owner)->settings;
}

static enum status ask_broker(struct bus_kafka *bus, struct arena *arena, struct bus_kafka_cluster_broker *broker)
{
    char name[16];
    struct bus_error error = {""};
    snprintf(name, sizeof name, "%" PRId32, broker->id);
    rd_kafka_ConfigResource_t *wanted = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_BROKER, name);
    enum status status = ask_settings(bus, arena, &wanted, 1, place_broker, broker, &error);
    rd_kafka_ConfigResource_destroy(wanted);
    if (status != STATUS_OK && status != STATUS_LIMIT_EXCEEDED) {
        return copy(arena, error.text, &broker->settings.refusal); /* a broker that is away is a finding */
    }
    return status;
}

static enum status read_brokers(struct bus_kafka *bus, struct arena *arena, const struct rd_kafka_metadata *metadata,
                                struct bus_kafka_cluster *cluster)
{
    size_t count = (size_t)metadata->broker_cnt;
    struct bus_kafka_cluster_broker *brokers = arena_array(arena, struct bus_kafka_cluster_broker, count + 1);
    TRY_NEW(brokers);
    for (size_t at = 0; at < count; at++) {
        brokers[at].id = metadata->brokers[at].id;
        TRY(ask_broker(bus, arena, &brokers[at]));
    }
    cluster->brokers = brokers;
    cluster->broker_count = count;
    return STATUS_OK;
}

/* ---- Topics ---- */

static enum status read_partition(struct arena *arena, const struct rd_kafka_metadata_partition *from,
                                  struct bus_kafka_cluster_partition *out_partition)
{
    int32_t *replicas = arena_array(arena, int32_t, (size_t)from->replica_cnt + 1);
    TRY_NEW(replicas);
    for (int at = 0; at < from->replica_cnt; at++) {
        replicas[at] = from->replicas[at];
    }
    *out_partition = (struct bus_kafka_cluster_partition){
        .replicas = replicas,
        .replica_count = (uint32_t)from->replica_cnt,
        .in_sync_count = (uint32_t)from->isr_cnt,
        .led = from->leader >= 0,
    };
    return STATUS_OK;
}

static enum status read_topic(struct arena *arena, const struct rd_kafka_metadata_topic *from,
                              struct bus_kafka_cluster_topic *out_topic)
{
    size_t count = (size_t)from->partition_cnt;
    struct bus_kafka_cluster_partition *partitions = arena_array(arena, struct bus_kafka_cluster_partition, count + 1);
    TRY_NEW(partitions);
    for (size_t at = 0; at < count; at++) {
        uint32_t id = (uint32_t)from->partitions[at].id;
        if (id < count) {
            TRY(read_partition(arena, &from->partitions[at], &partitions[id]));
        }
    }
    *out_topic = (struct bus_kafka_cluster_topic){.partitions = partitions, .partition_count = (uint32_t)count};
    return copy(arena, from->topic, &out_topic->name);
}

struct topics {
    struct bus_kafka_cluster_topic *rows;
    size_t count;
};

static int by_name(const void *a, const void *b)
{
    const struct bus_kafka_cluster_topic *one = a;
    const struct bus_kafka_cluster_topic *other = b;
    return str_compare(one->name, other->name);
}

static enum status read_topics(struct arena *arena, const struct rd_kafka_metadata *metadata, struct str prefix,
                               struct topics *out_topics)
{
    struct topics topics = {.rows = arena_array(arena, struct bus_kafka_cluster_topic, (size_t)metadata->topic_cnt + 1)};
    TRY_NEW(topics.rows);
    for (int at = 0; at < metadata->topic_cnt; at++) {
        struct str name = str_of(metadata->topics[at].topic);
        if (str_starts_with(name, prefix) || str_equal(name, STR(BUS_KAFKA_CLUSTER_OFFSETS)) ||
            str_equal(name, STR(BUS_KAFKA_CLUSTER_TRANSACTIONS))) {
            TRY(read_topic(arena, &metadata->topics[at], &topics.rows[topics.count]));
            topics.count += 1;
        }
    }
    qsort(topics.rows, topics.count, sizeof *topics.rows, by_name);
    *out_topics = topics;
    return STATUS_OK;
}

static struct bus_kafka_cluster_settings *place_topic(void *owner, struct str name)
{
    struct topics *topics = owner;
    struct bus_kafka_cluster_topic wanted = {.name = name};
    struct bus_kafka_cluster_topic *found = bsearch(&wanted, topics->rows, topics->count, sizeof wanted, by_name);
    return found == NULL ? NULL : &found->settings;
}

static enum status ask_topics(struct bus_kafka *bus, struct arena *arena, struct topics *topics)
{
    struct bus_error error = {""};
    rd_kafka_ConfigResource_t **wanted = arena_array(arena, rd_kafka_ConfigResource_t *, topics->count + 1);
    TRY_NEW(wanted);
    for (size_t at = 0; at < topics->count; at++) {
        wanted[at] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topics->rows[at].name.bytes);
    }
    enum status status =
        topics->count == 0 ? STATUS_OK : ask_settings(bus, arena, wanted, topics->count, place_topic, topics, &error);
    rd_kafka_ConfigResource_destroy_array(wanted, topics->count);
    if (status == STATUS_OK || status == STATUS_LIMIT_EXCEEDED) {
        return status;
    }
    struct str refusal;
    TRY(copy(arena, error.text, &refusal));
    for (size_t at = 0; at < topics->count; at++) {
        topics->rows[at].settings.refusal = refusal;
    }
    return STATUS_OK;
}

/* ---- What pawl asks for ---- */

static enum status own_number(struct bus_kafka *bus, enum bus_kafka_kind kind, const char *name, int64_t *out_number,
                              struct bus_error *out_error)
{
    char text[32];
    size_t size = sizeof text;
    rd_kafka_conf_t *config;
    TRY(bus_kafka_config_make(&bus->owner, kind, &config, out_error));
    rd_kafka_conf_res_t result = rd_kafka_conf_get(config, name, text, &size);
    rd_kafka_conf_destroy(config);
    ASSERT(result == RD_KAFKA_CONF_OK);
    bool number = str_to_int64(str_of(text), out_number);
    ASSERT(number);
    return STATUS_OK;
}

static enum status read_own(struct bus_kafka *bus, struct bus_kafka_cluster_own *out_own, struct bus_error *out_error)
{
    TRY(own_number(bus, BUS_KAFKA_TRANSACTION, "transaction.timeout.ms", &out_own->transaction_timeout_ms, out_error));
    TRY(own_number(bus, BUS_KAFKA_MEMBER, "session.timeout.ms", &out_own->session_timeout_ms, out_error));
    return own_number(bus, BUS_KAFKA_TRANSACTION, "message.max.bytes", &out_own->request_bytes, out_error);
}

enum status bus_kafka_cluster_ask(struct bus *base, struct arena *arena, struct str prefix,
                                  struct bus_kafka_cluster *out_cluster, struct bus_error *out_error)
{
    struct bus_kafka *bus = bus_kafka_of(base);
    struct bus_kafka_cluster cluster = {.broker_count = 0};
    struct topics topics = {.count = 0};
    const struct rd_kafka_metadata *metadata;
    TRY(read_own(bus, &cluster.own, out_error));
    rd_kafka_resp_err_t code = rd_kafka_metadata(bus->client, 1, NULL, &metadata, BUS_KAFKA_ADMIN_MS_MAX);
    TRY(bus_kafka_error_report(code, BUS_KAFKA_OUTSIDE, "kafka: cluster metadata", out_error));
    enum status status = read_brokers(bus, arena, metadata, &cluster);
    if (status == STATUS_OK) {
        status = read_topics(arena, metadata, prefix, &topics);
    }
    rd_kafka_metadata_destroy(metadata);
    TRY(status);
    TRY(ask_topics(bus, arena, &topics));
    cluster.topics = topics.rows;
    cluster.topic_count = topics.count;
    *out_cluster = cluster;
    return STATUS_OK;
}

/* ---- ACLs ---- */

static const char *pattern_name(const rd_kafka_AclBinding_t *acl)
{
    return rd_kafka_ResourcePatternType_name(rd_kafka_AclBinding_resource_pattern_type(acl));
}

static enum status copy_acls(struct arena *arena, const rd_kafka_event_t *event, struct bus_kafka_cluster_acls *acls)
{
    size_t count;
    const rd_kafka_AclBinding_t **from =
        rd_kafka_DescribeAcls_result_acls(rd_kafka_event_DescribeAcls_result((rd_kafka_event_t *)event), &count);
    struct bus_kafka_cluster_acl *rows = arena_array(arena, struct bus_kafka_cluster_acl, count + 1);
    TRY_NEW(rows);
    for (size_t at = 0; at < count; at++) {
        struct bus_kafka_cluster_acl *row = &rows[at];
        row->denies = rd_kafka_AclBinding_permission_type(from[at]) != RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW;
        TRY(copy(arena, rd_kafka_AclBinding_principal(from[at]), &row->principal));
        TRY(copy(arena, rd_kafka_AclBinding_host(from[at]), &row->host));
        TRY(copy(arena, rd_kafka_AclBinding_name(from[at]), &row->name));
        TRY(copy(arena, rd_kafka_ResourceType_name(rd_kafka_AclBinding_restype(from[at])), &row->type));
        TRY(copy(arena, pattern_name(from[at]), &row->pattern));
        TRY(copy(arena, rd_kafka_AclOperation_name(rd_kafka_AclBinding_operation(from[at])), &row->operation));
    }
    acls->rows = rows;
    acls->count = count;
    return count > 0 ? STATUS_OK : copy(arena, "none were told", &acls->refusal);
}

/* librdkafka 2.0.2 does not pass on the answer's own error: a refusal, and a cluster without an authorizer, come as no ACLs. */
static enum status read_acls(struct arena *arena, const rd_kafka_event_t *event, struct bus_kafka_cluster_acls *acls)
{
    rd_kafka_resp_err_t code = rd_kafka_event_error((rd_kafka_event_t *)event);
    *acls = (struct bus_kafka_cluster_acls){.count = 0};
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? copy_acls(arena, event, acls)
                                              : copy(arena, rd_kafka_err2str(code), &acls->refusal);
}

enum status bus_kafka_cluster_ask_acls(struct bus *base, struct arena *arena, struct bus_kafka_cluster_acls *out_acls,
                                       struct bus_error *out_error)
{
    char text[256];
    struct bus_kafka *bus = bus_kafka_of(base);
    rd_kafka_AclBindingFilter_t *filter =
        rd_kafka_AclBindingFilter_new(RD_KAFKA_RESOURCE_ANY, NULL, RD_KAFKA_RESOURCE_PATTERN_ANY, NULL, NULL,
                                      RD_KAFKA_ACL_OPERATION_ANY, RD_KAFKA_ACL_PERMISSION_TYPE_ANY, text, sizeof text);
    ASSERT(filter != NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(bus->client);
    rd_kafka_DescribeAcls(bus->client, filter, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, BUS_KAFKA_ADMIN_MS_MAX);
    enum status status = event != NULL ? read_acls(arena, event, out_acls)
                                       : bus_port_fail(out_error, STATUS_RETRIABLE, "kafka: ACLs: no answer");
    if (event != NULL) {
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_AclBinding_destroy(filter);
    return status;
}
