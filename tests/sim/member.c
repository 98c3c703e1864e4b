/* The port's members: a consumer of the group and the client's transactions, as bus_kafka_member.c has them. */
#include "client.h"

#include "base/assert.h"
#include "base/mutant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARTITIONS_MAX 256
#define REJOIN_MS 500 /* as in bus_kafka_fences.c; more than one in a row is not modelled */

struct member {
    struct bus_member base;
    struct sim_bus *bus;
    struct bus_member_config config;
    struct group_member *seat; /* in the group */
    struct client *client;
    int64_t rejoin_ms;  /* was fenced, and joins again then */
    int64_t generation; /* as of the assignment: rule 2 */
    bool *held;         /* what was assigned, and is not taken away yet */
    bool *flowing;      /* positions were given, not paused */
    int64_t (*positions)[2];
};

static struct member *member_of(struct bus_member *base)
{
    return (struct member *)base;
}

static struct group *group_of(const struct member *member)
{
    return &member->bus->broker->group;
}

enum status member_open(struct bus *bus, const struct bus_member_config *config, struct bus_member **out_member,
                        struct bus_error *out_error)
{
    struct sim_bus *sim = (struct sim_bus *)bus;
    struct group *group = &sim->broker->group;
    struct str stem;
    struct client *client;
    TRY_IO(sim, "member_open");
    ASSERT(arena_format(sim->broker->arena, &stem, "%.*s-%u", STR_ARGS(config->instance), config->thread) == STATUS_OK);
    /* First the producers, which fences, then the consumer. */
    TRY(client_open(sim, stem, &client, out_error));
    struct member *member = calloc(1, sizeof *member);
    member->base.ops = &broker_ops;
    member->bus = sim;
    member->config = *config;
    member->client = client;
    member->held = calloc(group->partition_count, sizeof *member->held);
    member->flowing = calloc(group->partition_count, sizeof *member->flowing);
    member->positions = calloc(group->partition_count, sizeof *member->positions);
    group->name = log_keep(sim->broker->arena, config->group);
    member->seat = group_join(group, stem, config->instance, sim->process);
    *out_member = &member->base;
    return STATUS_OK;
}

void member_close(struct bus_member *base)
{
    struct member *member = member_of(base);
    free(member->held);
    free(member->flowing);
    free(member->positions);
    member->seat->alive = false; /* no more heartbeats */
    free(member);
}

static size_t list_held(const struct member *member, uint32_t *partitions)
{
    size_t count = 0;
    for (uint32_t at = 0; at < group_of(member)->partition_count; at++) {
        if (member->held[at]) {
            partitions[count++] = at;
        }
    }
    return count;
}

/* ---- The group ---- */

static void take_away(struct member *member, bool lost)
{
    const struct bus_member_events *events = &member->config.events;
    uint32_t partitions[PARTITIONS_MAX];
    size_t count = list_held(member, partitions);
    if (count > 0) {
        broker_tell(member->bus->broker, "i%d: its %zu partitions are %s", member->bus->process, count,
                    lost ? "lost" : "revoked");
        (lost ? events->lost : events->revoked)(events->owner, partitions, count);
    }
    memset(member->held, 0, group_of(member)->partition_count * sizeof *member->held);
    memset(member->flowing, 0, group_of(member)->partition_count * sizeof *member->flowing);
}

void member_leave(struct bus_member *base)
{
    struct member *member = member_of(base);
    if (!member->bus->dead) {
        take_away(member, !member->seat->in_group || member->seat->fenced);
    }
    if (!member->bus->dead && !MUTANT(CLOSE_WITHOUT_LEAVING)) {
        group_leave(group_of(member), member->seat);
    }
    member_close(base);
}

static void give(struct member *member)
{
    const struct bus_member_events *events = &member->config.events;
    struct group *group = group_of(member);
    uint32_t partitions[PARTITIONS_MAX];
    member->seat->pending_assign = false;
    member->generation = group->generation;
    memcpy(member->held, member->seat->owned, group->partition_count * sizeof *member->held);
    size_t count = list_held(member, partitions);
    broker_tell(member->bus->broker, "i%d: is given %zu partitions, generation %lld", member->bus->process, count,
                (long long)group->generation);
    events->assigned(events->owner, partitions, count);
}

/* Whether the broker, or the client by itself when it has reached none for a session, has taken the member out of the group. */
static bool is_out(struct member *member)
{
    struct broker *broker = member->bus->broker;
    struct group_member *seat = member->seat;
    uint32_t partitions[PARTITIONS_MAX];
    if (broker_is_silent(broker) && list_held(member, partitions) > 0) {
        group_leave(group_of(member), seat);
    } else if (!broker_is_away(broker) && seat->mistaken) {
        broker_tell(broker, "i%d: is fenced as if another process had its id", member->bus->process);
        seat->mistaken = false;
        group_leave(group_of(member), seat);
        member->rejoin_ms = broker->now_ms + REJOIN_MS;
    }
    return !seat->in_group;
}

/* What a poll does before it delivers anything. */
static void take_part(struct member *member)
{
    struct group *group = group_of(member);
    struct group_member *seat = member->seat;
    if (is_out(member)) {
        take_away(member, true);
        if (member->bus->dead || seat->fenced || member->bus->broker->now_ms < member->rejoin_ms) {
            return;
        }
        group_rejoin(group, seat);
    }
    if (group->rebalancing && !seat->joined) {
        take_away(member, false);
        if (member->bus->dead || seat->fenced || !seat->in_group) {
            return;
        }
        seat->pending_assign = false;
        seat->joined = true;
    }
    group_rebalance(group);
    if (seat->pending_assign && !group->rebalancing) {
        give(member);
    }
}

/* ---- Records ---- */

static bool deliver(struct member *member, uint32_t partition, int input, struct bus_record *out_record)
{
    const struct topic *topic = (const struct topic *)member->config.topics[input];
    struct log *log = &topic->logs[partition];
    int64_t end = log_stable_end(log);
    int64_t *position = &member->positions[partition][input];
    while (*position < end) {
        const struct log_record *item = &log->items[(*position)++];
        if (!item->marker && item->outcome == LOG_COMMITTED) {
            *out_record = item->record;
            return true;
        }
    }
    return false;
}

static bool deliver_any(struct member *member, struct bus_record *out_record)
{
    uint32_t places = group_of(member)->partition_count * 2;
    uint32_t first = chance_below(&member->bus->broker->chance, places);
    if (broker_is_away(member->bus->broker)) {
        return false;
    }
    for (uint32_t at = 0; at < places; at++) {
        uint32_t place = (first + at) % places;
        if (member->held[place / 2] && member->flowing[place / 2] &&
            deliver(member, place / 2, (int)(place % 2), out_record)) {
            return true;
        }
    }
    return false;
}

enum status member_poll(struct bus_member *base, int timeout_ms, struct bus_record *out_record,
                        struct bus_error *out_error)
{
    struct member *member = member_of(base);
    TRY_IO(member->bus, "poll");
    if (member->seat->fenced) {
        return bus_port_fail(out_error, STATUS_FENCED, "two processes share an instance id");
    }
    take_part(member);
    if (member->bus->dead) {
        return bus_port_fail(out_error, STATUS_FATAL, "the process is dead");
    }
    if (deliver_any(member, out_record)) {
        return STATUS_OK;
    }
    broker_idle(member->bus, timeout_ms);
    return STATUS_END;
}

void member_wake(struct bus_member *base)
{
    (void)base;
}

enum status member_stable(struct bus_member *base, uint32_t partition, struct bus_position *out_position,
                          struct bus_error *out_error)
{
    struct member *member = member_of(base);
    const struct group *group = group_of(member);
    TRY_ASK(member->bus, "stable");
    if (group->now_ms < group->away_until_ms) {
        return bus_port_fail(out_error, STATUS_RETRIABLE, "the group's coordinator is away");
    }
    if (group_is_pending(group, partition) && !MUTANT(UNSTABLE_OFFSETS)) {
        return bus_port_fail(out_error, STATUS_RETRIABLE, "a transaction is pending");
    }
    *out_position = group->committed[partition];
    return STATUS_OK;
}

enum status member_seek(struct bus_member *base, const struct bus_position *position, struct bus_error *out_error)
{
    struct member *member = member_of(base);
    TRY_IO(member->bus, "seek");
    if (!member->held[position->partition]) {
        return bus_port_fail(out_error, STATUS_REFUSED, "partition %u is not assigned", position->partition);
    }
    member->positions[position->partition][0] = position->next[0];
    member->positions[position->partition][1] = position->next[1];
    member->flowing[position->partition] = true;
    return STATUS_OK;
}

enum status member_pause(struct bus_member *base, uint32_t partition, struct bus_error *out_error)
{
    struct member *member = member_of(base);
    TRY_IO(member->bus, "pause");
    member->flowing[partition] = false;
    return STATUS_OK;
}

/* ---- Transactions ---- */

enum status member_begin(struct bus_member *base, struct bus_error *out_error)
{
    return client_begin(member_of(base)->client, out_error);
}

enum status member_produce(struct bus_member *base, const struct bus_message *message, struct bus_error *out_error)
{
    return client_produce(member_of(base)->client, message, out_error);
}

/* Planted bugs: the group as it is now (of who is out of it, nobody), or as if nobody were in it. */
static struct group_sender sender_of(const struct member *member)
{
    struct group_sender sender = {member->seat, member->generation};
    if (MUTANT(GROUP_OF_NOW)) {
        sender.generation = group_of(member)->generation;
    }
    if (MUTANT(GROUP_OF_NOBODY) || (MUTANT(GROUP_OF_NOW) && !member->seat->in_group)) {
        sender = (struct group_sender){.member = NULL, .generation = -1};
    }
    return sender;
}

enum status member_commit(struct bus_member *base, const struct bus_position *positions, size_t position_count,
                          struct bus_error *out_error)
{
    struct member *member = member_of(base);
    return client_commit(member->client, sender_of(member), positions, position_count, out_error);
}

enum status member_abort(struct bus_member *base, struct bus_error *out_error)
{
    return client_abort(member_of(base)->client, out_error);
}

int64_t member_last_offset(const struct bus_member *base, const struct bus_topic *topic, uint32_t partition)
{
    return client_last_offset(((const struct member *)base)->client, topic, partition);
}

int64_t member_position(const struct bus_member *base, size_t topic, uint32_t partition)
{
    const struct member *member = (const struct member *)base;
    return member->held[partition] && member->flowing[partition] ? member->positions[partition][topic] : BUS_OFFSET_NONE;
}

int64_t member_end(const struct bus_member *base, size_t topic, uint32_t partition)
{
    const struct member *member = (const struct member *)base;
    return log_stable_end(&((const struct topic *)member->config.topics[topic])->logs[partition]);
}

uint32_t member_renewals(const struct bus_member *base)
{
    (void)base;
    return 0;
}
