/* What makes the embedded bus forget: trim, retention and compaction, and the thread that sees to it.
 *
 * Retention drops the records of a topic before the first one that is young enough. Compaction keeps of each key the
 * latest record, once it is older than min_compaction_lag_ms; a tombstone goes delete_retention_ms after the first pass
 * that saw it, so that who reads from the start within that time learns of the deletion. */
#ifndef PAWL_BUS_LOCAL_CLEAN_H
#define PAWL_BUS_LOCAL_CLEAN_H

#include "bus/local.h"

MUST_CHECK enum status local_clean_trim(struct bus *bus, const struct bus_topic *topic, uint32_t partition,
                                        int64_t offset, struct bus_error *out_error);

/* One round over all partitions. `lazy`: compacts only where at least half as much came as had stayed. */
MUST_CHECK enum status local_clean_round(struct local *local, int64_t now_ms, bool lazy, struct bus_error *out_error);

/* The background thread: rounds, and followers' offsets. */
MUST_CHECK enum status local_clean_start(struct local *local);
void local_clean_stop(struct local *local);

#endif
