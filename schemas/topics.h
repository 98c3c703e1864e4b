/* pawl's topics, from topics.def (design, section 2). */
#ifndef PAWL_SCHEMAS_TOPICS_H
#define PAWL_SCHEMAS_TOPICS_H

#include "base/limits.h"
#include "base/str.h"
#include "schemas/records.h"

#include <stdbool.h>
#include <stdint.h>

enum topic_id {
#define TOPIC(id, name, spread, cleanup, retention_h, bytes_max, schema) TOPIC_##id,
#include "schemas/topics.def"
    TOPIC_COUNT
};

/* The value is the record as it came, of no schema of ours. */
#define SCHEMA_dead_letter SCHEMA_COUNT

struct topic_type {
    struct str name;  /* after the prefix: "commands" of pawl.commands; TOPIC_TASKS: of `tasks.<route>` */
    bool partitioned; /* as many partitions as the processor's; else 1 (replies: one a gateway) */
    bool compacted;
    int64_t retention_ms;          /* -1: for ever */
    int64_t min_compaction_lag_ms; /* of a compacted topic */
    int64_t delete_retention_ms;   /* of a compacted topic */
    int64_t max_message_bytes;
    enum schema_id schema;
};

extern const struct topic_type topic_types[TOPIC_COUNT];

#endif
