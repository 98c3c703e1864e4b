#include "group.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

void group_begin(struct group *group, uint32_t partition_count)
{
    group->partition_count = partition_count;
    group->committed = calloc(partition_count, sizeof *group->committed);
    group->committed_serial = calloc(partition_count, sizeof *group->committed_serial);
    for (uint32_t at = 0; at < partition_count; at++) {
        group->committed[at] = (struct bus_position){.partition = at, .next = {BUS_OFFSET_NONE, BUS_OFFSET_NONE}};
    }
}

void group_clear(struct group *group)
{
    for (size_t at = 0; at < group->member_count; at++) {
        free(group->members[at]->owned);
        free(group->members[at]);
    }
    free(group->committed);
    free(group->committed_serial);
}

/* ---- Members ---- */

static void start_rebalance(struct group *group)
{
    if (!group->rebalancing) {
        group->rebalancing = true;
        group->rebalancing_ms = group->now_ms;
    }
}

struct group_member *group_join(struct group *group, struct str id, struct str instance, int process)
{
    ASSERT(group->member_count < GROUP_MEMBERS_MAX);
    struct group_member *member = calloc(1, sizeof *member);
    *member = (struct group_member){
        .id = log_keep(group->arena, id),
        .instance = log_keep(group->arena, instance),
        .process = process,
        .in_group = true,
        .joined = true,
        .alive = true,
        .seen_ms = group->now_ms,
        .owned = calloc(group->partition_count, sizeof *member->owned),
    };
    bool replaces = false;
    for (size_t at = 0; at < group->member_count; at++) {
        struct group_member *other = group->members[at];
        if (str_equal(other->id, id)) {
            if (other->in_group && !group->rebalancing) {
                memcpy(member->owned, other->owned, group->partition_count * sizeof *member->owned);
                member->joined = false;
                member->pending_assign = true;
                replaces = true;
            }
            other->in_group = false;
            other->fenced = true;
        }
    }
    group->members[group->member_count++] = member;
    if (!replaces) {
        start_rebalance(group);
    }
    return member;
}

void group_rejoin(struct group *group, struct group_member *member)
{
    member->in_group = true;
    member->joined = true;
    member->pending_assign = false;
    member->seen_ms = group->now_ms;
    start_rebalance(group);
}

void group_leave(struct group *group, struct group_member *member)
{
    if (member->in_group) {
        member->in_group = false;
        start_rebalance(group);
    }
}

size_t group_list(const struct group *group, struct group_member *members[GROUP_MEMBERS_MAX])
{
    size_t count = 0;
    for (size_t at = 0; at < group->member_count; at++) {
        size_t place = count;
        if (!group->members[at]->in_group) {
            continue;
        }
        for (; place > 0 && str_compare(members[place - 1]->id, group->members[at]->id) > 0; place--) {
            members[place] = members[place - 1];
        }
        members[place] = group->members[at];
        count++;
    }
    return count;
}

void group_rebalance(struct group *group)
{
    struct group_member *in[GROUP_MEMBERS_MAX];
    size_t count = group->rebalancing ? group_list(group, in) : 0;
    for (size_t at = 0; at < count; at++) {
        if (!in[at]->joined) {
            return;
        }
    }
    if (!group->rebalancing || group->now_ms < group->away_until_ms) {
        return;
    }
    group->rebalancing = false;
    group->generation++;
    for (size_t at = 0; at < count; at++) {
        in[at]->joined = false;
        in[at]->pending_assign = true;
        for (uint32_t partition = 0; partition < group->partition_count; partition++) {
            in[at]->owned[partition] = partition * count / group->partition_count == at;
        }
    }
}

void group_stand_still(struct group *group, int64_t now_ms)
{
    group->now_ms = now_ms;
    group->rebalancing_ms = now_ms;
    for (size_t at = 0; at < group->member_count; at++) {
        group->members[at]->seen_ms = now_ms;
    }
}

void group_pass_time(struct group *group, int64_t now_ms)
{
    group->now_ms = now_ms;
    for (size_t at = 0; at < group->member_count; at++) {
        struct group_member *member = group->members[at];
        if (member->alive) {
            member->seen_ms = now_ms;
        }
        bool silent = now_ms - member->seen_ms > SESSION_MS;
        bool slow = group->rebalancing && !member->joined && now_ms - group->rebalancing_ms > REBALANCE_MS;
        if (silent || slow) {
            group_leave(group, member);
        }
    }
}

/* ---- Offsets ---- */

static bool is_of_generation(const struct group *group, struct group_sender sender)
{
    return sender.member == NULL ||
           (sender.member->in_group && !sender.member->fenced && !sender.member->mistaken && sender.generation == group->generation);
}

static struct group_pending *find_pending(const struct group *group, int32_t producer, uint32_t partition)
{
    struct group_pending *pending = group->pending;
    while (pending != NULL && (pending->producer != producer || pending->position.partition != partition)) {
        pending = pending->next;
    }
    return pending;
}

enum answer group_send_offsets(struct group *group, struct producer_id id, struct group_sender sender,
                               const struct bus_position *positions, size_t count)
{
    if (group->now_ms < group->away_until_ms) {
        return ANSWER_AWAY;
    }
    enum answer answer = coordinator_verify_offsets(group->coordinator, id);
    if (answer != ANSWER_OK) {
        return answer;
    }
    if (!is_of_generation(group, sender)) {
        return ANSWER_GENERATION;
    }
    for (size_t at = 0; at < count; at++) {
        struct group_pending *pending = find_pending(group, id.number, positions[at].partition);
        if (pending == NULL) {
            pending = arena_new(group->arena, struct group_pending);
            *pending = (struct group_pending){.next = group->pending, .producer = id.number};
            group->pending = pending;
        }
        pending->position = positions[at];
        pending->serial = ++group->serial;
    }
    return ANSWER_OK;
}

void group_end(struct group *group, int32_t producer, bool commit)
{
    struct group_pending **at = &group->pending;
    while (*at != NULL) {
        struct group_pending *pending = *at;
        if (pending->producer != producer) {
            at = &pending->next;
            continue;
        }
        uint32_t partition = pending->position.partition;
        if (commit && group->committed_serial[partition] < pending->serial) {
            group->committed[partition] = pending->position;
            group->committed_serial[partition] = pending->serial;
        }
        *at = pending->next;
    }
}

bool group_is_pending(const struct group *group, uint32_t partition)
{
    for (const struct group_pending *pending = group->pending; pending != NULL; pending = pending->next) {
        if (pending->position.partition == partition) {
            return true;
        }
    }
    return false;
}
