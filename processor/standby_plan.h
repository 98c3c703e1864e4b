/* Which partitions a process keeps standby copies of: those that would come to it when another process goes.
 *
 * Up to STANDBY_PROCESSES_MAX processes each keeps a copy of everything. Beyond that each of the others is taken out in
 * thought, and what `range` then gives this process is to be there already. */
#ifndef PAWL_PROCESSOR_STANDBY_PLAN_H
#define PAWL_PROCESSOR_STANDBY_PLAN_H

#include "bus/bus.h"

#define STANDBY_PROCESSES_MAX 3

enum standby_replicas {
    STANDBY_NONE,
    STANDBY_AUTO, /* as above */
    STANDBY_ALL,  /* of everything, however many processes there are */
};

struct standby_group {
    const struct bus_group_member *members; /* in the order of their ids, as bus_group_members has them */
    size_t member_count;
    struct str instance; /* of this process */
    uint32_t partition_count;
    enum standby_replicas replicas;
};

/* out_wanted[partition_count]: whether to keep a copy. None of what the process owns, and none while it is not in the
 * group. */
void standby_plan(const struct standby_group *group, bool *out_wanted);

#endif
