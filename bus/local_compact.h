/* Compaction of one partition: of each key the latest record stays (bus/local_clean.h tells the rules). */
#ifndef PAWL_BUS_LOCAL_COMPACT_H
#define PAWL_BUS_LOCAL_COMPACT_H

#include "bus/local.h"

/* Requires clean_lock. Memory is bounded: a round stops early when it has seen a million keys, and the next goes on. */
MUST_CHECK enum status local_compact(struct local *local, struct local_topic *topic, uint32_t partition, int64_t now_ms,
                                     bool lazy, struct kv_error *out_error);

#endif
