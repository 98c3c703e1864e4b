#include "processor/standby_plan.h"

#include <string.h>

static bool is_of(const struct bus_group_member *member, struct str instance)
{
    return str_equal(member->instance, instance);
}

/* Whether no member before this one is of the same process. */
static bool is_first_of_process(const struct standby_group *group, size_t at)
{
    for (size_t before = 0; before < at; before++) {
        if (is_of(&group->members[before], group->members[at].instance)) {
            return false;
        }
    }
    return true;
}

static size_t count_processes(const struct standby_group *group)
{
    size_t count = 0;
    for (size_t at = 0; at < group->member_count; at++) {
        count += is_first_of_process(group, at);
    }
    return count;
}

static bool takes_part(const struct standby_group *group)
{
    for (size_t at = 0; at < group->member_count; at++) {
        if (is_of(&group->members[at], group->instance)) {
            return true;
        }
    }
    return false;
}

/* What `range` would give this process without that other one (Kafka's RangeAssignor: members by id, the first ones get
 * one more where it does not come out even). */
static void want_without(const struct standby_group *group, struct str gone, bool *out_wanted)
{
    uint32_t count = 0;
    for (size_t at = 0; at < group->member_count; at++) {
        count += !is_of(&group->members[at], gone);
    }
    uint32_t partition = 0;
    uint32_t index = 0;
    for (size_t at = 0; at < group->member_count; at++) {
        const struct bus_group_member *member = &group->members[at];
        if (is_of(member, gone)) {
            continue;
        }
        uint32_t share = group->partition_count / count + (index < group->partition_count % count);
        if (is_of(member, group->instance)) {
            memset(out_wanted + partition, true, share);
        }
        partition += share;
        index++;
    }
}

static void drop_own(const struct standby_group *group, bool *out_wanted)
{
    for (size_t at = 0; at < group->member_count; at++) {
        const struct bus_group_member *member = &group->members[at];
        for (size_t place = 0; is_of(member, group->instance) && place < member->partition_count; place++) {
            if (member->partitions[place] < group->partition_count) {
                out_wanted[member->partitions[place]] = false;
            }
        }
    }
}

void standby_plan(const struct standby_group *group, bool *out_wanted)
{
    memset(out_wanted, false, group->partition_count);
    if (group->replicas == STANDBY_NONE || !takes_part(group)) {
        return;
    }
    if (group->replicas == STANDBY_ALL || count_processes(group) <= STANDBY_PROCESSES_MAX) {
        memset(out_wanted, true, group->partition_count);
    } else {
        for (size_t at = 0; at < group->member_count; at++) {
            if (is_first_of_process(group, at) && !is_of(&group->members[at], group->instance)) {
                want_without(group, group->members[at].instance, out_wanted);
            }
        }
    }
    drop_own(group, out_wanted);
}
