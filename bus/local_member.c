#include "bus/local_member.h"

#include "base/assert.h"
#include "bus/local_commit.h"
#include "bus/local_feed.h"
#include "bus/local_group.h"

#include <stdlib.h>

struct local_member {
    struct bus_member base;
    struct local *local;
    struct bus_member_events events;
    struct local_seat seat;
    bool woken;  /* under the lock */
    bool lost;   /* it was fenced, and its owner told so */
    bool *owned; /* what the owner was told; the group's table is the truth */
    uint32_t partition_count;
    struct local_feed feed; /* sources: all partitions of topics[0], then of topics[1] */
    uint32_t *partitions;   /* room for a list of all */
    struct local_offset *offsets;
    bool in_transaction;
    struct local_transaction transaction;
};

/* ---- Open and close ---- */

static void destroy(struct local_member *member)
{
    local_feed_clear(&member->feed);
    local_transaction_clear(&member->transaction);
    free(member->seat.instance);
    free(member->owned);
    free(member->partitions);
    free(member->offsets);
    free(member);
}

static enum status create(struct local *local, const struct bus_member_config *config, struct local_member **out_member)
{
    struct local_member *member = calloc(1, sizeof *member);
    TRY_NEW(member);
    if (local_feed_init(&member->feed, local, config->topics, 2) != STATUS_OK) {
        free(member);
        return STATUS_LIMIT_EXCEEDED;
    }
    uint32_t count = config->topics[0]->partition_count;
    member->base.ops = local->base.ops;
    member->local = local;
    member->events = config->events;
    member->partition_count = count;
    member->seat.instance = strndup(config->instance.bytes, config->instance.length);
    member->seat.thread = config->thread;
    member->seat.waiter = &member->feed.waiter;
    member->owned = calloc(count, sizeof *member->owned);
    member->partitions = calloc(count, sizeof *member->partitions);
    member->offsets = calloc((size_t)count * 2, sizeof *member->offsets);
    if (member->seat.instance == NULL || member->owned == NULL || member->partitions == NULL ||
        member->offsets == NULL || local_transaction_init(&member->transaction) != STATUS_OK) {
        destroy(member);
        return STATUS_LIMIT_EXCEEDED;
    }
    *out_member = member;
    return STATUS_OK;
}

enum status local_member_open(struct bus *bus, const struct bus_member_config *config, struct bus_member **out_member,
                              struct bus_error *out_error)
{
    struct local *local = (struct local *)bus;
    if (config->group.length == 0 || config->group.length > LOCAL_GROUP_BYTES_MAX) {
        return bus_port_fail(out_error, STATUS_REFUSED, "a group's name has 1 to %d bytes", LOCAL_GROUP_BYTES_MAX);
    }
    struct local_member *member = NULL;
    TRY(create(local, config, &member));
    struct local_group *group = NULL;
    pthread_mutex_lock(&local->lock);
    enum status status = local_group_get(local, config->group, config->topics, &group, out_error);
    if (status == STATUS_OK) {
        local_group_join(group, &member->seat);
    }
    pthread_mutex_unlock(&local->lock);
    if (status != STATUS_OK) {
        destroy(member);
        return status;
    }
    *out_member = &member->base;
    return STATUS_OK;
}

void local_member_close(struct bus_member *base)
{
    struct local_member *member = (struct local_member *)base;
    pthread_mutex_lock(&member->local->lock);
    local_group_leave(&member->seat);
    pthread_mutex_unlock(&member->local->lock);
    destroy(member);
}

/* ---- What the owner is told ---- */

/* From now on, or no longer, the owner holds them; none is delivered before he seeks. */
static void mark(struct local_member *member, size_t count, bool owned)
{
    for (size_t at = 0; at < count; at++) {
        uint32_t partition = member->partitions[at];
        member->owned[partition] = owned;
        member->feed.sources[partition].active = false;
        member->feed.sources[member->partition_count + partition].active = false;
    }
    if (count > 0) {
        local_feed_forget(&member->feed);
    }
}

static void tell_lost(struct local_member *member)
{
    size_t count = 0;
    for (uint32_t partition = 0; partition < member->partition_count; partition++) {
        if (member->owned[partition]) {
            member->partitions[count++] = partition;
        }
    }
    member->lost = true;
    if (count > 0) {
        member->events.lost(member->events.owner, member->partitions, count);
    }
    mark(member, count, false);
}

/* Has the owner give up `count` partitions of the list, then frees them. */
static void tell_revoked(struct local_member *member, size_t count)
{
    if (count > 0) {
        member->events.revoked(member->events.owner, member->partitions, count);
        mark(member, count, false);
        pthread_mutex_lock(&member->local->lock);
        local_group_release(&member->seat, member->partitions, count);
        pthread_mutex_unlock(&member->local->lock);
    }
}

/* Follows what the group has decided since. */
static enum status settle(struct local_member *member, struct bus_error *out_error)
{
    pthread_mutex_lock(&member->local->lock);
    bool fenced = member->seat.fenced;
    bool changed = !fenced && member->seat.generation != member->seat.group->generation;
    member->seat.generation = member->seat.group->generation;
    size_t count = changed ? local_group_due(&member->seat, false, member->partitions) : 0;
    pthread_mutex_unlock(&member->local->lock);
    if (!fenced && !changed) {
        return STATUS_OK;
    }
    if (fenced) {
        if (!member->lost) {
            tell_lost(member);
        }
        return bus_port_fail(out_error, STATUS_FENCED, "a newer member has instance %s and thread %u",
                             member->seat.instance, (unsigned)member->seat.thread);
    }
    tell_revoked(member, count);

    pthread_mutex_lock(&member->local->lock);
    count = member->seat.fenced ? 0 : local_group_due(&member->seat, true, member->partitions);
    local_group_take(&member->seat, member->partitions, count);
    pthread_mutex_unlock(&member->local->lock);
    if (count > 0) {
        mark(member, count, true);
        member->events.assigned(member->events.owner, member->partitions, count);
    }
    return STATUS_OK;
}

void local_member_leave(struct bus_member *base)
{
    struct local_member *member = (struct local_member *)base;
    pthread_mutex_lock(&member->local->lock);
    bool fenced = member->seat.fenced;
    size_t count = fenced ? 0 : local_group_owned(&member->seat, member->partitions);
    pthread_mutex_unlock(&member->local->lock);
    if (fenced && !member->lost) {
        tell_lost(member);
    }
    tell_revoked(member, count);
    local_member_close(base);
}

/* ---- Input ---- */

static bool take_woken(struct local_member *member)
{
    pthread_mutex_lock(&member->local->lock);
    bool woken = member->woken;
    member->woken = false;
    pthread_mutex_unlock(&member->local->lock);
    return woken;
}

enum status local_member_poll(struct bus_member *base, int timeout_ms, struct bus_record *out_record,
                              struct bus_error *out_error)
{
    struct local_member *member = (struct local_member *)base;
    struct timespec deadline = local_deadline(timeout_ms);
    for (;;) {
        TRY(settle(member, out_error));
        enum status status = local_feed_take(&member->feed, out_record, out_error);
        if (status != STATUS_END) {
            return status;
        }
        if (!local_feed_wait(&member->feed, &deadline) || take_woken(member)) {
            return STATUS_END;
        }
    }
}

void local_member_wake(struct bus_member *base)
{
    struct local_member *member = (struct local_member *)base;
    pthread_mutex_lock(&member->local->lock);
    member->woken = true;
    local_waiter_poke(&member->feed.waiter);
    pthread_mutex_unlock(&member->local->lock);
}

enum status local_member_stable(struct bus_member *base, uint32_t partition, struct bus_position *out_position,
                                struct bus_error *out_error)
{
    struct local_member *member = (struct local_member *)base;
    ASSERT(partition < member->partition_count);
    /* The former owner may be fenced with his last transaction on its way. */
    pthread_mutex_lock(&member->local->lock);
    local_commit_settle(member->local);
    bool fenced = member->seat.fenced;
    pthread_mutex_unlock(&member->local->lock);
    if (fenced) {
        return bus_port_fail(out_error, STATUS_FENCED, "a newer member has this instance and thread");
    }
    struct bus_position position = {.partition = partition};
    for (size_t topic = 0; topic < 2; topic++) {
        struct local_key key = local_log_group_key(str_of(member->seat.group->name),
                                                   local_topic_of(member->seat.group->topics[topic])->id, partition);
        enum status status = local_log_get_offset(member->local->kv, &key, &position.next[topic]);
        if (status != STATUS_OK) {
            return bus_port_fail(out_error, STATUS_FATAL, "reading the group's offsets: %s", status_text(status));
        }
    }
    *out_position = position;
    return STATUS_OK;
}

enum status local_member_seek(struct bus_member *base, const struct bus_position *position, struct bus_error *out_error)
{
    struct local_member *member = (struct local_member *)base;
    ASSERT(position->partition < member->partition_count);
    if (!member->owned[position->partition]) {
        return bus_port_fail(out_error, STATUS_FENCED, "partition %u is not this member's",
                             (unsigned)position->partition);
    }
    for (size_t topic = 0; topic < 2; topic++) {
        struct local_source *source = &member->feed.sources[topic * member->partition_count + position->partition];
        source->active = true;
        source->next = position->next[topic];
    }
    local_feed_forget(&member->feed);
    return STATUS_OK;
}

enum status local_member_pause(struct bus_member *base, uint32_t partition, struct bus_error *out_error)
{
    (void)out_error;
    struct local_member *member = (struct local_member *)base;
    ASSERT(partition < member->partition_count);
    member->feed.sources[partition].active = false;
    member->feed.sources[member->partition_count + partition].active = false;
    local_feed_forget(&member->feed);
    return STATUS_OK;
}

/* ---- Transactions ---- */

enum status local_member_begin(struct bus_member *base, struct bus_error *out_error)
{
    struct local_member *member = (struct local_member *)base;
    ASSERT(!member->in_transaction);
    pthread_mutex_lock(&member->local->lock);
    bool fenced = member->seat.fenced;
    pthread_mutex_unlock(&member->local->lock);
    if (fenced) {
        return bus_port_fail(out_error, STATUS_FENCED, "a newer member has this instance and thread");
    }
    local_transaction_empty(&member->transaction);
    member->in_transaction = true;
    return STATUS_OK;
}

enum status local_member_produce(struct bus_member *base, const struct bus_message *message,
                                 struct bus_error *out_error)
{
    struct local_member *member = (struct local_member *)base;
    ASSERT(member->in_transaction);
    return local_transaction_add(&member->transaction, member->local, message, out_error);
}

enum status local_member_commit(struct bus_member *base, const struct bus_position *positions, size_t position_count,
                                struct bus_error *out_error)
{
    struct local_member *member = (struct local_member *)base;
    ASSERT(member->in_transaction);
    ASSERT(position_count <= member->partition_count);
    size_t count = 0;
    for (size_t at = 0; at < position_count; at++) {
        ASSERT(positions[at].partition < member->partition_count);
        if (!member->owned[positions[at].partition]) {
            return bus_port_fail(out_error, STATUS_ABORTABLE, "partition %u is not this member's",
                                 (unsigned)positions[at].partition);
        }
        for (size_t topic = 0; topic < 2; topic++) {
            if (positions[at].next[topic] != BUS_OFFSET_NONE) {
                member->offsets[count++] = (struct local_offset){local_topic_of(member->seat.group->topics[topic]),
                                                                 positions[at].partition, positions[at].next[topic]};
            }
        }
    }
    struct local_commit commit = {.transaction = &member->transaction,
                                  .group = str_of(member->seat.group->name),
                                  .offsets = member->offsets,
                                  .offset_count = count,
                                  .fenced = &member->seat.fenced};
    enum status status = local_commit_write(member->local, &commit, out_error);
    member->in_transaction = status == STATUS_ABORTABLE;
    return status;
}

enum status local_member_abort(struct bus_member *base, struct bus_error *out_error)
{
    (void)out_error;
    struct local_member *member = (struct local_member *)base;
    local_transaction_empty(&member->transaction);
    member->in_transaction = false;
    return STATUS_OK;
}

int64_t local_member_last_offset(const struct bus_member *base, const struct bus_topic *topic, uint32_t partition)
{
    const struct local_member *member = (const struct local_member *)base;
    const struct local_entry *last = local_transaction_last(&member->transaction, local_topic_of(topic), partition);
    return last == NULL ? BUS_OFFSET_NONE : last->offset;
}

int64_t local_member_position(const struct bus_member *base, size_t topic, uint32_t partition)
{
    const struct local_member *member = (const struct local_member *)base;
    const struct local_source *source = &member->feed.sources[topic * member->partition_count + partition];
    return source->active ? source->next : BUS_OFFSET_NONE;
}

int64_t local_member_end(const struct bus_member *base, size_t topic, uint32_t partition)
{
    const struct local_member *member = (const struct local_member *)base;
    pthread_mutex_lock(&member->local->lock);
    int64_t end = local_topic_of(member->seat.group->topics[topic])->partitions[partition].end;
    pthread_mutex_unlock(&member->local->lock);
    return end;
}

uint32_t local_member_renewals(const struct bus_member *base)
{
    (void)base; /* it has no producers that could fail */
    return 0;
}
