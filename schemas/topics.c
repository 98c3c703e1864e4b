#include "schemas/topics.h"

#define HOUR_MS (3600LL * 1000)

#define TOPIC_IS_PARTITIONED true
#define TOPIC_IS_SINGLE false

/* Members of a cleanup policy. A changelog keeps what younger readers must see: restore proves the last hours row by
 * row, and a store that was away for less than half of delete.retention still sees every tombstone (design, section 3).
 */
#define TOPIC_CLEANUP_DELETE .compacted = false
#define TOPIC_CLEANUP_COMPACT .compacted = true, .delete_retention_ms = 24 * HOUR_MS
#define TOPIC_CLEANUP_CHANGELOG                                                                                        \
    .compacted = true, .min_compaction_lag_ms = 24 * HOUR_MS, .delete_retention_ms = 7 * 24 * HOUR_MS

const struct topic_type topic_types[TOPIC_COUNT] = {
#define TOPIC(id, topic_name, spread, cleanup, retention_h, bytes_max, value_schema)                                   \
    [TOPIC_##id] = {.name = STR_INIT(topic_name),                                                                      \
                    .partitioned = TOPIC_IS_##spread,                                                                  \
                    TOPIC_CLEANUP_##cleanup,                                                                           \
                    .retention_ms = (retention_h) == 0 ? -1 : (retention_h)*HOUR_MS,                                   \
                    .max_message_bytes = (bytes_max),                                                                  \
                    .schema = SCHEMA_##value_schema},
#include "schemas/topics.def"
};
