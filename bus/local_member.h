/* The processor's stream threads on the embedded bus: members of a group that share out partitions by range, and their
 * transactions. A member that joins takes its part as soon as the others have let go of it (their next poll). */
#ifndef PAWL_BUS_LOCAL_MEMBER_H
#define PAWL_BUS_LOCAL_MEMBER_H

#include "bus/local.h"

MUST_CHECK enum status local_member_open(struct bus *bus, const struct bus_member_config *config,
                                         struct bus_member **out_member, struct bus_error *out_error);
void local_member_leave(struct bus_member *member);
void local_member_close(struct bus_member *member);
MUST_CHECK enum status local_member_poll(struct bus_member *member, int timeout_ms, struct bus_record *out_record,
                                         struct bus_error *out_error);
void local_member_wake(struct bus_member *member);
MUST_CHECK enum status local_member_stable(struct bus_member *member, uint32_t partition,
                                           struct bus_position *out_position, struct bus_error *out_error);
MUST_CHECK enum status local_member_seek(struct bus_member *member, const struct bus_position *position,
                                         struct bus_error *out_error);
MUST_CHECK enum status local_member_pause(struct bus_member *member, uint32_t partition, struct bus_error *out_error);
MUST_CHECK enum status local_member_begin(struct bus_member *member, struct bus_error *out_error);
MUST_CHECK enum status local_member_produce(struct bus_member *member, const struct bus_message *message,
                                            struct bus_error *out_error);
MUST_CHECK enum status local_member_commit(struct bus_member *member, const struct bus_position *positions,
                                           size_t position_count, struct bus_error *out_error);
MUST_CHECK enum status local_member_abort(struct bus_member *member, struct bus_error *out_error);
int64_t local_member_position(const struct bus_member *member, size_t topic, uint32_t partition);
int64_t local_member_end(const struct bus_member *member, size_t topic, uint32_t partition);
uint32_t local_member_renewals(const struct bus_member *member);
int64_t local_member_last_offset(const struct bus_member *member, const struct bus_topic *topic, uint32_t partition);

#endif
