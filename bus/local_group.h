/* A group of members: who owns which partition (both input topics' partition p together). Everything under the bus's
 * lock, but for local_group_members. */
#ifndef PAWL_BUS_LOCAL_GROUP_H
#define PAWL_BUS_LOCAL_GROUP_H

#include "bus/local.h"

/* One's place in a group. */
struct local_seat {
    struct local_group *group;
    char *instance;
    uint32_t thread;
    uint32_t from; /* the partitions it should have: [from, to) */
    uint32_t to;
    bool fenced;
    uint64_t generation; /* of the group's, that the seat's owner has followed */
    struct local_waiter *waiter;
    struct local_seat *next; /* by instance and thread */
};

struct local_group {
    char *name;
    const struct bus_topic *topics[2];
    struct local_seat *seats;
    struct local_seat **owners; /* of each partition; NULL: nobody */
    uint64_t generation;        /* raised when there may be something to do for a member; from 1 on */
    struct local_group *next;
};

/* The group, made at its first use. REFUSED when it is about other topics. */
MUST_CHECK enum status local_group_get(struct local *local, struct str name, const struct bus_topic *const topics[2],
                                       struct local_group **out_group, struct bus_error *out_error);
void local_group_destroy(struct local_group *group);

/* Takes the seat, from whoever has that instance and thread: he is fenced and what he owned is free. */
void local_group_join(struct local_group *group, struct local_seat *seat);

/* Frees what the seat owns. Nothing when it was fenced. */
void local_group_leave(struct local_seat *seat);

/* Partitions that the seat owns and should not, or (`gain`) that it should have and nobody owns; how many. */
size_t local_group_due(const struct local_seat *seat, bool gain, uint32_t *out_partitions);

void local_group_take(struct local_seat *seat, const uint32_t *partitions, size_t count);
void local_group_release(struct local_seat *seat, const uint32_t *partitions, size_t count);

/* As bus_group_members. Takes the bus's lock. */
MUST_CHECK enum status local_group_members(struct bus *bus, struct arena *arena, struct str group,
                                           const struct bus_topic *topic, struct bus_group_member **out_members,
                                           size_t *out_count, struct bus_error *out_error);

/* All that the seat owns. */
size_t local_group_owned(const struct local_seat *seat, uint32_t *out_partitions);

#endif
