/* What a Kafka cluster says of itself: asked for `pawl doctor`, which judges it. Everything lies in the caller's arena. */
#ifndef PAWL_BUS_BUS_KAFKA_CLUSTER_H
#define PAWL_BUS_BUS_KAFKA_CLUSTER_H

#include "bus/bus_kafka.h"

struct bus_kafka_cluster_setting {
    struct str name;
    struct str value; /* bytes == NULL: it is kept secret */
};

/* Of a topic or a broker. */
struct bus_kafka_cluster_settings {
    struct str refusal; /* why they are not told; bytes == NULL: they are */
    const struct bus_kafka_cluster_setting *rows;
    size_t count;
};

struct bus_kafka_cluster_broker {
    int32_t id;
    struct bus_kafka_cluster_settings settings;
};

struct bus_kafka_cluster_partition {
    const int32_t *replicas; /* the first is the preferred leader */
    uint32_t replica_count;
    uint32_t in_sync_count;
    bool led;
};

struct bus_kafka_cluster_topic {
    struct str name;
    const struct bus_kafka_cluster_partition *partitions;
    uint32_t partition_count;
    struct bus_kafka_cluster_settings settings;
};

/* What pawl's own clients ask of the cluster, users' properties applied. */
struct bus_kafka_cluster_own {
    int64_t transaction_timeout_ms;
    int64_t session_timeout_ms;
    int64_t request_bytes; /* message.max.bytes of a producer */
};

struct bus_kafka_cluster {
    struct bus_kafka_cluster_own own;
    const struct bus_kafka_cluster_broker *brokers;
    size_t broker_count;
    const struct bus_kafka_cluster_topic *topics; /* sorted by name */
    size_t topic_count;
};

/* Names are Kafka's: "TOPIC", "PREFIXED", "DESCRIBE_CONFIGS". Of a resource type that librdkafka does not know (2.0.2: that of
 * transactional ids) it is "UNKNOWN". */
struct bus_kafka_cluster_acl {
    struct str principal;
    struct str host;
    struct str type;
    struct str pattern;
    struct str name;
    struct str operation;
    bool denies;
};

struct bus_kafka_cluster_acls {
    struct str refusal; /* why they are not told; bytes == NULL: they are */
    const struct bus_kafka_cluster_acl *rows;
    size_t count;
};

/* Brokers, the topics that begin with `prefix` and the two of Kafka's own, with their settings; what pawl asks for. Requires a
 * bus of bus_kafka_open. */
MUST_CHECK enum status bus_kafka_cluster_ask(struct bus *bus, struct arena *arena, struct str prefix,
                                             struct bus_kafka_cluster *out_cluster, struct bus_error *out_error);

/* All ACLs of the cluster. */
MUST_CHECK enum status bus_kafka_cluster_ask_acls(struct bus *bus, struct arena *arena, struct bus_kafka_cluster_acls *out_acls,
                                                  struct bus_error *out_error);

/* How far this machine's clock is before that of a broker, and how far that may be wrong. Kafka has no request that tells the
 * time: a topic of that name is made, with the broker's timestamps, written to, and deleted. */
MUST_CHECK enum status bus_kafka_cluster_ask_clock(struct bus *bus, const char *topic, int64_t *out_ahead_ms,
                                                   int64_t *out_spread_ms, struct bus_error *out_error);

/* The value, or STR_NONE when there is no such setting, or it is not told. */
struct str bus_kafka_cluster_find(const struct bus_kafka_cluster_settings *settings, struct str name);

#define BUS_KAFKA_CLUSTER_OFFSETS "__consumer_offsets"
#define BUS_KAFKA_CLUSTER_TRANSACTIONS "__transaction_state"

#endif
