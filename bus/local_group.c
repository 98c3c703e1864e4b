#include "bus/local_group.h"

#include <inttypes.h>
#include <stdlib.h>

enum status local_group_get(struct local *local, struct str name, const struct bus_topic *const topics[2],
                            struct local_group **out_group, struct bus_error *out_error)
{
    for (struct local_group *group = local->groups; group != NULL; group = group->next) {
        if (!str_equal(str_of(group->name), name)) {
            continue;
        }
        if (group->topics[0] != topics[0] || group->topics[1] != topics[1]) {
            return bus_port_fail(out_error, STATUS_REFUSED, "group %.*s is about other topics", STR_ARGS(name));
        }
        *out_group = group;
        return STATUS_OK;
    }
    struct local_group *group = calloc(1, sizeof *group);
    TRY_NEW(group);
    group->name = strndup(name.bytes, name.length);
    group->owners = calloc(topics[0]->partition_count, sizeof(struct local_seat *));
    if (group->name == NULL || group->owners == NULL) {
        local_group_destroy(group);
        return STATUS_LIMIT_EXCEEDED;
    }
    group->topics[0] = topics[0];
    group->topics[1] = topics[1];
    group->next = local->groups;
    local->groups = group;
    *out_group = group;
    return STATUS_OK;
}

void local_group_destroy(struct local_group *group)
{
    free(group->name);
    free(group->owners);
    free(group);
}

static int compare_seats(const struct local_seat *a, const struct local_seat *b)
{
    int order = strcmp(a->instance, b->instance);
    return order != 0 ? order : (a->thread > b->thread) - (a->thread < b->thread);
}

/* Range: the first get one more where it does not come out even. */
static void share_out(struct local_group *group)
{
    uint32_t count = 0;
    for (struct local_seat *seat = group->seats; seat != NULL; seat = seat->next) {
        count++;
    }
    uint32_t partition = 0;
    uint32_t index = 0;
    group->generation++;
    for (struct local_seat *seat = group->seats; seat != NULL; seat = seat->next) {
        uint32_t partitions = group->topics[0]->partition_count;
        seat->from = partition;
        partition += partitions / count + (index < partitions % count);
        seat->to = partition;
        index++;
        local_waiter_poke(seat->waiter);
    }
}

/* Takes the seat out of the group, and what it owned. */
static void remove_seat(struct local_group *group, struct local_seat *seat)
{
    struct local_seat **link = &group->seats;
    while (*link != seat) {
        link = &(*link)->next;
    }
    *link = seat->next;
    for (uint32_t partition = 0; partition < group->topics[0]->partition_count; partition++) {
        if (group->owners[partition] == seat) {
            group->owners[partition] = NULL;
        }
    }
}

void local_group_join(struct local_group *group, struct local_seat *seat)
{
    seat->group = group;
    struct local_seat **link = &group->seats;
    while (*link != NULL && compare_seats(*link, seat) < 0) {
        link = &(*link)->next;
    }
    struct local_seat *old = *link;
    if (old != NULL && compare_seats(old, seat) == 0) {
        old->fenced = true;
        remove_seat(group, old);
        local_waiter_poke(old->waiter);
    }
    seat->next = *link;
    *link = seat;
    share_out(group);
}

void local_group_leave(struct local_seat *seat)
{
    if (!seat->fenced) {
        remove_seat(seat->group, seat);
        share_out(seat->group);
    }
}

static bool seat_should_own(const struct local_seat *seat, uint32_t partition)
{
    return partition >= seat->from && partition < seat->to;
}

size_t local_group_due(const struct local_seat *seat, bool gain, uint32_t *out_partitions)
{
    size_t count = 0;
    for (uint32_t partition = 0; partition < seat->group->topics[0]->partition_count; partition++) {
        const struct local_seat *owner = seat->group->owners[partition];
        if (gain ? owner == NULL && seat_should_own(seat, partition)
                 : owner == seat && !seat_should_own(seat, partition)) {
            out_partitions[count++] = partition;
        }
    }
    return count;
}

void local_group_take(struct local_seat *seat, const uint32_t *partitions, size_t count)
{
    for (size_t at = 0; at < count; at++) {
        seat->group->owners[partitions[at]] = seat;
    }
}

void local_group_release(struct local_seat *seat, const uint32_t *partitions, size_t count)
{
    seat->group->generation++;
    for (size_t at = 0; at < count; at++) {
        if (seat->group->owners[partitions[at]] == seat) {
            seat->group->owners[partitions[at]] = NULL;
        }
    }
    for (struct local_seat *other = seat->group->seats; count > 0 && other != NULL; other = other->next) {
        local_waiter_poke(other->waiter);
    }
}

size_t local_group_owned(const struct local_seat *seat, uint32_t *out_partitions)
{
    size_t count = 0;
    for (uint32_t partition = 0; partition < seat->group->topics[0]->partition_count; partition++) {
        if (seat->group->owners[partition] == seat) {
            out_partitions[count++] = partition;
        }
    }
    return count;
}

/* ---- Who is there ---- */

static enum status describe(struct arena *arena, const struct local_seat *seat, struct bus_group_member *out_member)
{
    uint32_t *partitions = arena_array(arena, uint32_t, seat->group->topics[0]->partition_count);
    TRY_NEW(partitions);
    TRY(arena_copy(arena, str_of(seat->instance), &out_member->instance));
    TRY(arena_format(arena, &out_member->id, "%s-%" PRIu32, seat->instance, seat->thread));
    out_member->partition_count = local_group_owned(seat, partitions);
    out_member->partitions = partitions;
    return STATUS_OK;
}

static enum status list(const struct local_group *group, struct arena *arena, struct bus_group_member **out_members,
                        size_t *out_count)
{
    size_t count = 0;
    for (const struct local_seat *seat = group->seats; seat != NULL; seat = seat->next) {
        count++;
    }
    struct bus_group_member *members = arena_array(arena, struct bus_group_member, count + 1);
    TRY_NEW(members);
    count = 0;
    for (const struct local_seat *seat = group->seats; seat != NULL; seat = seat->next) {
        TRY(describe(arena, seat, &members[count++]));
    }
    *out_members = members;
    *out_count = count;
    return STATUS_OK;
}

enum status local_group_members(struct bus *bus, struct arena *arena, struct str name, const struct bus_topic *topic,
                                struct bus_group_member **out_members, size_t *out_count, struct bus_error *out_error)
{
    struct local *local = (struct local *)bus;
    enum status status = STATUS_OK;
    (void)topic, (void)out_error;
    *out_members = NULL;
    *out_count = 0;
    pthread_mutex_lock(&local->lock);
    for (struct local_group *group = local->groups; group != NULL; group = group->next) {
        if (str_equal(str_of(group->name), name)) {
            status = list(group, arena, out_members, out_count);
            break;
        }
    }
    pthread_mutex_unlock(&local->lock);
    return status;
}
