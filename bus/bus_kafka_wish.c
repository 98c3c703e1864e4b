#include "bus/bus_kafka_wish.h"

#include "base/assert.h"

#include <inttypes.h>
#include <stdio.h>

struct wishes {
    struct bus_kafka_wish *rows;
    size_t count;
};

static void add_text(struct wishes *wishes, const char *name, const char *value)
{
    ASSERT(wishes->count < BUS_KAFKA_WISHES_MAX);
    struct bus_kafka_wish *wish = &wishes->rows[wishes->count++];
    wish->name = name;
    snprintf(wish->value, sizeof wish->value, "%s", value);
}

static void add_number(struct wishes *wishes, const char *name, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    add_text(wishes, name, text);
}

size_t bus_kafka_wish_topic(const struct bus_topic_config *config, uint32_t replica_count,
                            struct bus_kafka_wish out_wishes[BUS_KAFKA_WISHES_MAX])
{
    struct wishes wishes = {out_wishes, 0};
    if (config->cleanup == BUS_CLEANUP_COMPACT) {
        add_text(&wishes, "cleanup.policy", "compact");
        add_number(&wishes, "min.compaction.lag.ms", config->min_compaction_lag_ms);
        add_number(&wishes, "delete.retention.ms", config->delete_retention_ms);
    } else {
        add_text(&wishes, "cleanup.policy", "delete");
        add_number(&wishes, "retention.ms", config->retention_ms);
    }
    add_number(&wishes, "max.message.bytes", config->max_message_bytes);
    if (replica_count == BUS_KAFKA_WISH_REPLICAS) {
        add_number(&wishes, "min.insync.replicas", BUS_KAFKA_WISH_IN_SYNC);
    }
    return wishes.count;
}
