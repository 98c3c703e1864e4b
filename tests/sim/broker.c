#include "broker_parts.h"

#include "base/assert.h"
#include "base/mutant.h"
#include "client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BROKER_BYTES_MAX ((size_t)4 << 30)

struct reader {
    struct bus_reader base;
    struct sim_bus *bus;
    struct topic *topic;
    uint32_t partition;
    int64_t position;
};

/* ---- The broker itself ---- */

struct broker *broker_create(uint64_t seed, struct faults *faults, const struct broker_hooks *hooks)
{
    struct broker *broker = calloc(1, sizeof *broker);
    broker->chance.state = seed;
    broker->faults = faults;
    broker->hooks = *hooks;
    broker->arena = arena_create(BROKER_BYTES_MAX);
    broker->coordinator.arena = broker->arena;
    broker->coordinator.faults = faults;
    broker->coordinator.group = &broker->group;
    broker->group.arena = broker->arena;
    broker->group.coordinator = &broker->coordinator;
    broker->network.arena = broker->arena;
    broker->network.coordinator = &broker->coordinator;
    broker->network.group = &broker->group;
    broker_pass_time(broker, 1700000000000);
    return broker;
}

void broker_destroy(struct broker *broker)
{
    for (struct topic *topic = broker->topics; topic != NULL; topic = topic->next) {
        for (uint32_t at = 0; at < topic->base.partition_count; at++) {
            free(topic->logs[at].items);
        }
        free(topic->logs);
    }
    for (struct sim_bus *bus = broker->buses; bus != NULL;) {
        struct sim_bus *next = bus->next;
        client_free(bus->clients);
        free(bus);
        bus = next;
    }
    group_clear(&broker->group);
    arena_destroy(broker->arena);
    free(broker);
}

int64_t broker_now_ms(const struct broker *broker)
{
    return broker->now_ms;
}

static void pass_time(struct broker *broker, int64_t ms)
{
    bool was_away = broker_is_away(broker);
    broker->now_ms += ms;
    if (was_away) {
        group_stand_still(&broker->group, broker->now_ms);
    }
    coordinator_pass_time(&broker->coordinator, broker->now_ms);
    if (!broker_is_away(broker)) {
        group_pass_time(&broker->group, broker->now_ms);
        network_pass_time(&broker->network, broker->now_ms);
    }
}

void broker_pass_time(struct broker *broker, int64_t ms)
{
    int64_t left_ms = broker->away_until_ms - broker->now_ms;
    if (left_ms > 0 && left_ms < ms) {
        pass_time(broker, left_ms); /* they are back in between */
        ms -= left_ms;
    }
    pass_time(broker, ms);
}

void broker_tell(const struct broker *broker, const char *format, ...)
{
    char text[512];
    va_list arguments;
    if (broker->hooks.tell != NULL) {
        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        broker->hooks.tell(broker->hooks.owner, text);
    }
}

void broker_poison(struct broker *broker, struct str text)
{
    broker->poison = text;
}

struct bus *broker_bus(struct broker *broker, int process, int64_t skew_ms)
{
    struct sim_bus *bus = calloc(1, sizeof *bus);
    bus->base.ops = &broker_ops;
    bus->base.cluster_id = STR("simulated");
    bus->broker = broker;
    bus->process = process;
    bus->skew_ms = skew_ms;
    bus->next = broker->buses;
    broker->buses = bus;
    return &bus->base;
}

struct topic *broker_topics(struct broker *broker)
{
    return broker->topics;
}

struct topic *broker_topic(struct broker *broker, const char *name)
{
    for (struct topic *topic = broker->topics; topic != NULL; topic = topic->next) {
        if (str_equal(topic->base.name, str_of(name))) {
            return topic;
        }
    }
    return NULL;
}

struct bus_position broker_committed(struct broker *broker, uint32_t partition)
{
    return broker->group.committed[partition];
}

size_t broker_open_count(const struct broker *broker)
{
    size_t count = coordinator_open_count(&broker->coordinator);
    for (const struct held *held = broker->network.held; held != NULL; held = held->next) {
        count++;
    }
    return count;
}

size_t broker_late_count(const struct broker *broker)
{
    return broker->network.arrived;
}

/* ---- Dying, failing ---- */

void broker_skew(struct bus *bus, int64_t skew_ms)
{
    ((struct sim_bus *)bus)->skew_ms = skew_ms;
}

/* Its members send no heartbeats any more. */
void broker_kill(struct bus *bus)
{
    struct sim_bus *sim = (struct sim_bus *)bus;
    struct group *group = &sim->broker->group;
    sim->dead = true;
    for (size_t at = 0; at < group->member_count; at++) {
        if (group->members[at]->process == sim->process) {
            group->members[at]->alive = false;
        }
    }
}

bool broker_is_dead(const struct bus *bus)
{
    return ((const struct sim_bus *)bus)->dead;
}

void broker_evict(struct broker *broker, int process)
{
    for (size_t at = 0; at < broker->group.member_count; at++) {
        if (broker->group.members[at]->process == process) {
            group_leave(&broker->group, broker->group.members[at]);
        }
    }
}

void broker_move(struct broker *broker, bool of_group, int64_t away_ms)
{
    *(of_group ? &broker->group.away_until_ms : &broker->coordinator.away_until_ms) = broker->now_ms + away_ms;
}

void broker_go_away(struct broker *broker, int64_t ms)
{
    broker->away_from_ms = broker->now_ms;
    broker->away_until_ms = broker->now_ms + ms;
    broker_move(broker, false, ms);
    broker_move(broker, true, ms);
}

bool broker_is_away(const struct broker *broker)
{
    return broker->now_ms < broker->away_until_ms;
}

bool broker_is_silent(const struct broker *broker)
{
    return broker_is_away(broker) && broker->now_ms - broker->away_from_ms > SESSION_MS;
}

void broker_mistake(struct broker *broker, int process)
{
    for (size_t at = 0; at < broker->group.member_count; at++) {
        struct group_member *member = broker->group.members[at];
        member->mistaken = member->mistaken || (member->process == process && member->in_group);
    }
}

enum status broker_io(struct sim_bus *bus, const char *what, struct bus_error *out_error)
{
    struct broker *broker = bus->broker;
    if (!bus->dead && bus->process >= 0) {
        broker->hooks.on_io(broker->hooks.owner, bus->process, what);
        if (broker->network.held != NULL && !broker_is_away(broker) && chance_of(&broker->chance, 1000)) {
            const struct request *request = network_arrive_worst(&broker->network, bus->process);
            if (request != NULL) {
                broker_tell(broker, "i%d: %s, which was held up, arrives", bus->process, request_name(request->kind));
            }
        }
    }
    return bus->dead ? bus_port_fail(out_error, STATUS_FATAL, "the process is dead") : STATUS_OK;
}

void broker_wait(struct sim_bus *bus, int64_t ms)
{
    struct broker *broker = bus->broker;
    if (bus->process >= 0) {
        broker->hooks.on_wait(broker->hooks.owner, bus->process, ms);
    } else {
        broker_pass_time(broker, ms);
    }
}

void broker_idle(struct sim_bus *bus, int timeout_ms)
{
    if (bus->process < 0 && timeout_ms > 0) {
        broker_pass_time(bus->broker, timeout_ms);
    }
}

bool broker_fails(struct sim_bus *bus, enum fault_kind kind)
{
    return bus->process >= 0 && !bus->dead && fault_strikes(bus->broker->faults, kind);
}

/* ---- Port: the bus ---- */

static void sim_close(struct bus *bus)
{
    (void)bus; /* freed with the broker */
}

static int64_t sim_now_ms(struct bus *bus)
{
    const struct sim_bus *sim = (const struct sim_bus *)bus;
    return sim->broker->now_ms + sim->skew_ms;
}

static void sim_random(struct bus *bus, uint8_t *bytes, size_t length)
{
    for (size_t at = 0; at < length; at++) {
        bytes[at] = (uint8_t)chance_next(&((struct sim_bus *)bus)->broker->chance);
    }
}

static struct topic *find_topic(struct broker *broker, struct str name)
{
    for (struct topic *topic = broker->topics; topic != NULL; topic = topic->next) {
        if (str_equal(topic->base.name, name)) {
            return topic;
        }
    }
    return NULL;
}

static enum status sim_topic_open(struct bus *bus, struct str name, const struct bus_topic **out_topic,
                                  struct bus_error *out_error)
{
    struct sim_bus *sim = (struct sim_bus *)bus;
    TRY_ASK(sim, "topic_open");
    struct topic *topic = find_topic(sim->broker, name);
    if (topic == NULL) {
        return bus_port_fail(out_error, STATUS_NOT_FOUND, "no topic %.*s", STR_ARGS(name));
    }
    *out_topic = &topic->base;
    return STATUS_OK;
}

static enum status sim_topic_create(struct bus *bus, const struct bus_topic_config *config, struct bus_error *out_error)
{
    struct sim_bus *sim = (struct sim_bus *)bus;
    struct broker *broker = sim->broker;
    TRY_ASK(sim, "topic_create");
    if (find_topic(broker, config->name) != NULL) {
        return STATUS_OK;
    }
    struct topic *topic = arena_new(broker->arena, struct topic);
    topic->base = (struct bus_topic){
        .ops = &broker_ops,
        .name = log_keep(broker->arena, config->name),
        .partition_count = config->partition_count,
        .mark = STR("first"),
        .record_bytes_max = config->max_message_bytes,
    };
    topic->logs = calloc(config->partition_count, sizeof *topic->logs);
    topic->next = broker->topics;
    broker->topics = topic;
    if (broker->group.committed == NULL) {
        group_begin(&broker->group, config->partition_count);
    }
    return STATUS_OK;
}

static enum status sim_topic_list(struct bus *bus, struct arena *arena, struct str prefix, struct str **out_names,
                                  size_t *out_count, struct bus_error *out_error)
{
    struct sim_bus *sim = (struct sim_bus *)bus;
    size_t count = 0;
    TRY_ASK(sim, "topic_list");
    for (struct topic *topic = sim->broker->topics; topic != NULL; topic = topic->next) {
        count++;
    }
    struct str *names = arena_array(arena, struct str, count + 1);
    count = 0;
    for (struct topic *topic = sim->broker->topics; topic != NULL; topic = topic->next) {
        if (str_starts_with(topic->base.name, prefix)) {
            names[count++] = topic->base.name;
        }
    }
    *out_names = names;
    *out_count = count;
    return STATUS_OK;
}

static enum status sim_topics_check(struct bus *bus, struct bus_error *out_error)
{
    (void)bus;
    (void)out_error;
    return STATUS_OK;
}

static enum status sim_bounds(struct bus *bus, const struct bus_topic *topic, uint32_t partition, bool committed_only,
                              int64_t *out_begin, int64_t *out_end, struct bus_error *out_error)
{
    struct sim_bus *sim = (struct sim_bus *)bus;
    TRY_ASK(sim, "bounds");
    struct log *log = &((const struct topic *)topic)->logs[partition];
    *out_begin = 0;
    *out_end = committed_only || MUTANT(ONE_END) ? log_stable_end(log) : (int64_t)log->count;
    return STATUS_OK;
}

static enum status sim_group_next(struct bus *bus, struct str group, const struct bus_topic *topic, uint32_t partition,
                                  int64_t *out_next, struct bus_error *out_error)
{
    (void)bus, (void)group, (void)topic, (void)partition, (void)out_next;
    return bus_port_fail(out_error, STATUS_REFUSED, "not simulated");
}

static void list_partitions(struct arena *arena, const struct group *group, const struct group_member *member,
                            struct bus_group_member *out_member)
{
    uint32_t *partitions = arena_array(arena, uint32_t, group->partition_count + 1);
    *out_member = (struct bus_group_member){.id = member->id, .instance = member->instance, .partitions = partitions};
    for (uint32_t at = 0; at < group->partition_count; at++) {
        if (member->owned[at]) {
            partitions[out_member->partition_count++] = at;
        }
    }
}

static enum status sim_group_members(struct bus *bus, struct arena *arena, struct str name, const struct bus_topic *topic,
                                     struct bus_group_member **out_members, size_t *out_count, struct bus_error *out_error)
{
    struct sim_bus *sim = (struct sim_bus *)bus;
    const struct group *group = &sim->broker->group;
    struct group_member *in[GROUP_MEMBERS_MAX];
    (void)topic;
    TRY_ASK(sim, "group_members");
    if (group->rebalancing || group->now_ms < group->away_until_ms) {
        return bus_port_fail(out_error, STATUS_RETRIABLE, "the group is being shared out anew");
    }
    *out_count = str_equal(name, group->name) ? group_list(group, in) : 0;
    *out_members = arena_array(arena, struct bus_group_member, *out_count + 1);
    for (size_t at = 0; at < *out_count; at++) {
        list_partitions(arena, group, in[at], &(*out_members)[at]);
    }
    return STATUS_OK;
}

static enum status sim_trim(struct bus *bus, const struct bus_topic *topic, uint32_t partition, int64_t offset,
                            struct bus_error *out_error)
{
    (void)bus;
    (void)topic;
    (void)partition;
    (void)offset;
    return bus_port_fail(out_error, STATUS_REFUSED, "not simulated");
}

/* ---- Port: readers and producers ---- */

static enum status sim_reader_open(struct bus *bus, const struct bus_topic *topic, uint32_t partition, int64_t offset,
                                   struct bus_reader **out_reader, struct bus_error *out_error)
{
    struct sim_bus *sim = (struct sim_bus *)bus;
    TRY_IO(sim, "reader_open");
    struct reader *reader = calloc(1, sizeof *reader);
    reader->base.ops = &broker_ops;
    reader->bus = sim;
    reader->topic = (struct topic *)topic;
    reader->partition = partition;
    reader->position = offset;
    *out_reader = &reader->base;
    return STATUS_OK;
}

static bool reader_deliver(struct reader *reader, struct bus_record *out_record)
{
    struct log *log = &reader->topic->logs[reader->partition];
    int64_t end = log_stable_end(log);
    while (reader->position < end) {
        const struct log_record *item = &log->items[reader->position++];
        if (!item->marker && item->outcome == LOG_COMMITTED) {
            *out_record = item->record;
            return true;
        }
    }
    return false;
}

static enum status sim_reader_next(struct bus_reader *base, int timeout_ms, struct bus_record *out_record,
                                   struct bus_error *out_error)
{
    struct reader *reader = (struct reader *)base;
    TRY_IO(reader->bus, "read");
    if (reader->bus->process >= 0 && broker_is_away(reader->bus->broker)) {
        return STATUS_END;
    }
    if (reader_deliver(reader, out_record)) {
        return STATUS_OK;
    }
    broker_idle(reader->bus, timeout_ms);
    return reader_deliver(reader, out_record) ? STATUS_OK : STATUS_END;
}

static int64_t sim_reader_position(const struct bus_reader *reader)
{
    return ((const struct reader *)reader)->position;
}

static void sim_reader_close(struct bus_reader *reader)
{
    free(reader);
}

struct producer {
    struct bus_producer base;
    struct sim_bus *bus;
};

static enum status sim_producer_open(struct bus *bus, struct bus_producer **out_producer, struct bus_error *out_error)
{
    (void)out_error;
    struct producer *producer = calloc(1, sizeof *producer);
    producer->base.ops = &broker_ops;
    producer->bus = (struct sim_bus *)bus;
    *out_producer = &producer->base;
    return STATUS_OK;
}

static enum status sim_producer_send(struct bus_producer *base, const struct bus_message *message,
                                     struct bus_error *out_error)
{
    (void)out_error;
    const struct broker *broker = ((struct producer *)base)->bus->broker;
    struct log_record item = log_record_of(broker->arena, message);
    log_append((struct topic *)message->topic, message->partition, &item, broker->now_ms);
    return STATUS_OK;
}

static enum status sim_producer_flush(struct bus_producer *producer, int timeout_ms, struct bus_error *out_error)
{
    (void)producer;
    (void)timeout_ms;
    (void)out_error;
    return STATUS_OK;
}

static void sim_producer_close(struct bus_producer *producer)
{
    free(producer);
}

static enum status sim_follower_open(struct bus *bus, struct str group, const struct bus_topic *const *topics,
                                     size_t topic_count, struct bus_follower **out_follower,
                                     struct bus_error *out_error)
{
    (void)bus;
    (void)group;
    (void)topics;
    (void)topic_count;
    (void)out_follower;
    return bus_port_fail(out_error, STATUS_REFUSED, "not simulated");
}

static enum status sim_follower_poll(struct bus_follower *follower, int timeout_ms, struct bus_record *out_record,
                                     struct bus_error *out_error)
{
    (void)follower;
    (void)timeout_ms;
    (void)out_record;
    return bus_port_fail(out_error, STATUS_REFUSED, "not simulated");
}

static enum status sim_follower_done(struct bus_follower *follower, const struct bus_record *record,
                                     struct bus_error *out_error)
{
    (void)follower;
    (void)record;
    return bus_port_fail(out_error, STATUS_REFUSED, "not simulated");
}

static void sim_follower_close(struct bus_follower *follower)
{
    (void)follower;
}

const struct bus_ops broker_ops = {
    .close = sim_close,
    .now_ms = sim_now_ms,
    .random = sim_random,
    .statistics = bus_port_no_statistics,
    .topic_open = sim_topic_open,
    .topic_create = sim_topic_create,
    .topic_list = sim_topic_list,
    .topics_check = sim_topics_check,
    .bounds = sim_bounds,
    .trim = sim_trim,
    .group_next = sim_group_next,
    .group_members = sim_group_members,
    .member_open = member_open,
    .member_leave = member_leave,
    .member_close = member_close,
    .member_poll = member_poll,
    .member_wake = member_wake,
    .member_stable = member_stable,
    .member_seek = member_seek,
    .member_pause = member_pause,
    .begin = member_begin,
    .produce = member_produce,
    .commit = member_commit,
    .abort = member_abort,
    .last_offset = member_last_offset,
    .member_position = member_position,
    .member_end = member_end,
    .member_renewals = member_renewals,
    .reader_open = sim_reader_open,
    .reader_next = sim_reader_next,
    .reader_position = sim_reader_position,
    .reader_close = sim_reader_close,
    .producer_open = sim_producer_open,
    .producer_send = sim_producer_send,
    .producer_flush = sim_producer_flush,
    .producer_close = sim_producer_close,
    .follower_open = sim_follower_open,
    .follower_poll = sim_follower_poll,
    .follower_done = sim_follower_done,
    .follower_close = sim_follower_close,
};
