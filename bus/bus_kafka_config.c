#include "bus/bus_kafka_internal.h"

#include "base/assert.h"
#include "base/mutant.h"

#include <stdio.h>

enum {
    CLIENT = BUS_KAFKA_CLIENT,
    READER = BUS_KAFKA_READER,
    MEMBER = BUS_KAFKA_MEMBER,
    TRANSACTION = BUS_KAFKA_TRANSACTION,
    PRODUCER = BUS_KAFKA_PRODUCER,
    FOLLOWER = BUS_KAFKA_FOLLOWER,
    PRODUCERS = TRANSACTION | PRODUCER,
    CONSUMERS = CLIENT | READER | MEMBER | FOLLOWER,
    ALL = PRODUCERS | CONSUMERS,
};

static const struct setting {
    int kinds;
    const char *name;
    const char *value;
    bool optional;
} settings[] = {
#define SETTING(kinds, name, value) {kinds, name, value, false},
#define OPTIONAL(kinds, name, value) {kinds, name, value, true},
#include "bus/bus_kafka_settings.def"
};

const char *bus_kafka_refused(const char *property)
{
    static const struct {
        const char *name;
        const char *reason;
    } rows[] = {
#define REFUSED(name, reason) {name, reason},
#include "bus/bus_kafka_refused.def"
    };
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        if (strcmp(rows[at].name, property) == 0) {
            return rows[at].reason;
        }
    }
    return NULL;
}

/* On librdkafka's threads and on ours. */
static void on_log(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    struct bus_kafka_owner *owner = client == NULL ? NULL : rd_kafka_opaque(client);
    if (owner == NULL) {
        return;
    }
    struct bus_kafka *bus = owner->bus;
    if (level <= 3) {
        pthread_mutex_lock(&bus->mutex);
        snprintf(bus->last_log, sizeof bus->last_log, "%s", text);
        pthread_mutex_unlock(&bus->mutex);
    }
    if (bus->options.log != NULL) {
        char line[1024];
        snprintf(line, sizeof line, "%s: %s: %s", rd_kafka_name(client), facility, text);
        bus->options.log(bus->options.log_owner, level, line);
    }
}

/* Where the client is polled. */
static int on_statistics(rd_kafka_t *client, char *text, size_t length, void *opaque)
{
    struct bus_kafka_owner *owner = opaque;
    enum bus_client kind = rd_kafka_type(client) == RD_KAFKA_PRODUCER ? BUS_CLIENT_PRODUCER : BUS_CLIENT_CONSUMER;
    bus_kafka_statistics_take(&owner->bus->statistics, kind, &owner->told, text, length);
    return 0; /* the text stays librdkafka's */
}

void bus_kafka_config_set(rd_kafka_conf_t *config, const char *name, const char *value)
{
    char text[256];
    rd_kafka_conf_res_t result = rd_kafka_conf_set(config, name, value, text, sizeof text);
    ASSERT(result == RD_KAFKA_CONF_OK);
}

static enum status set_users(rd_kafka_conf_t *config, const char *prefix, const struct bus_kafka_property *properties,
                             size_t count, struct bus_error *out_error)
{
    for (size_t at = 0; at < count; at++) {
        const char *name = properties[at].name;
        const char *reason = bus_kafka_refused(name);
        if (reason != NULL) {
            return bus_port_fail(out_error, STATUS_REFUSED, "%s%s can't be set: %s", prefix, name, reason);
        }
        char text[256];
        if (rd_kafka_conf_set(config, name, properties[at].value, text, sizeof text) != RD_KAFKA_CONF_OK) {
            return bus_port_fail(out_error, STATUS_REFUSED, "%s%s: %s", prefix, name, text);
        }
    }
    return STATUS_OK;
}

enum status bus_kafka_config_make(struct bus_kafka_owner *owner, enum bus_kafka_kind kind, rd_kafka_conf_t **out_config,
                                  struct bus_error *out_error)
{
    const struct bus_kafka_options *options = &owner->bus->options;
    rd_kafka_conf_t *config = rd_kafka_conf_new();
    for (size_t at = 0; at < sizeof settings / sizeof settings[0]; at++) {
        const struct setting *setting = &settings[at];
        if ((setting->kinds & (int)kind) != 0) {
            char text[256];
            rd_kafka_conf_res_t result = rd_kafka_conf_set(config, setting->name, setting->value, text, sizeof text);
            ASSERT(result == RD_KAFKA_CONF_OK || (setting->optional && result == RD_KAFKA_CONF_UNKNOWN));
        }
    }
    if (MUTANT(UNSTABLE_OFFSETS) && kind == BUS_KAFKA_MEMBER) {
        bus_kafka_config_set(config, "isolation.level", "read_uncommitted");
    }
    enum status status = set_users(config, "kafka.", options->common, options->common_count, out_error);
    if (status == STATUS_OK && ((int)kind & CONSUMERS) != 0) {
        status = set_users(config, "kafka.consumer.", options->consumer, options->consumer_count, out_error);
    }
    if (status == STATUS_OK && ((int)kind & PRODUCERS) != 0) {
        status = set_users(config, "kafka.producer.", options->producer, options->producer_count, out_error);
    }
    if (status != STATUS_OK) {
        rd_kafka_conf_destroy(config);
        return status;
    }
    rd_kafka_conf_set_opaque(config, owner);
    rd_kafka_conf_set_log_cb(config, on_log);
    if (kind == BUS_KAFKA_MEMBER || kind == BUS_KAFKA_TRANSACTION) {
        rd_kafka_conf_set_stats_cb(config, on_statistics);
    } else {
        bus_kafka_config_set(config, "statistics.interval.ms", "0"); /* nobody polls it: they would pile up */
    }
    *out_config = config;
    return STATUS_OK;
}

enum status bus_kafka_config_start(rd_kafka_conf_t *config, enum bus_kafka_kind kind, rd_kafka_t **out_client,
                                   struct bus_error *out_error)
{
    char text[256];
    rd_kafka_type_t type = ((int)kind & PRODUCERS) != 0 ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER;
    rd_kafka_t *client = rd_kafka_new(type, config, text, sizeof text);
    if (client == NULL) {
        rd_kafka_conf_destroy(config);
        /* Threads or memory ran out, or the properties don't go together. */
        enum status status =
            rd_kafka_last_error() == RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE ? STATUS_FATAL : STATUS_REFUSED;
        return bus_port_fail(out_error, status, "kafka: %s", text);
    }
    *out_client = client;
    return STATUS_OK;
}
