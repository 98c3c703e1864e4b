/* Workers on the embedded bus: followers that share out the partitions of their topics within a group, and how far the
 * group is. That is kept in memory and written in the background: after a crash a few records come again. */
#ifndef PAWL_BUS_LOCAL_FOLLOWER_H
#define PAWL_BUS_LOCAL_FOLLOWER_H

#include "bus/local.h"

MUST_CHECK enum status local_follower_open(struct bus *bus, struct str group, const struct bus_topic *const *topics,
                                           size_t topic_count, struct bus_follower **out_follower,
                                           struct bus_error *out_error);
MUST_CHECK enum status local_follower_poll(struct bus_follower *follower, int timeout_ms, struct bus_record *out_record,
                                           struct bus_error *out_error);
MUST_CHECK enum status local_follower_done(struct bus_follower *follower, const struct bus_record *record,
                                           struct bus_error *out_error);
void local_follower_close(struct bus_follower *follower);

MUST_CHECK enum status local_follower_next(struct bus *bus, struct str group, const struct bus_topic *topic,
                                           uint32_t partition, int64_t *out_next, struct bus_error *out_error);

/* Writes what all groups have done since; called by the bus's background thread. */
MUST_CHECK enum status local_follower_save(struct local *local, struct bus_error *out_error);

/* Frees all groups; none has a follower any more. */
void local_follower_forget(struct local *local);

#endif
