#include "broker.h"

#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

#define MEMBERS_MAX 512
#define SLOTS 3 /* producers that a member takes turns with */
#define BROKER_BYTES_MAX ((size_t)4 << 30)

struct sim_bus {
    struct bus base;
    struct broker *broker;
    struct sim_bus *next;
    int process;
    bool dead;
    int64_t skew_ms;
};

struct member {
    struct bus_member base;
    struct sim_bus *bus;
    struct bus_member_config config;
    uint64_t serial;
    bool closed;
    bool fenced; /* a newer one has its instance and thread */
    bool in_group;
    bool joined;         /* has given up its partitions for the rebalance that is under way */
    bool pending_assign; /* the rebalance is over, it has not been told yet */
    int64_t generation;
    bool *owned;
    bool *flowing; /* positions were given, not paused */
    int64_t (*positions)[2];
    struct txn *txns[SLOTS]; /* the producers' last ones */
    size_t turn;             /* the slot of the open or last one */
    int64_t seen_ms;
};

struct reader {
    struct bus_reader base;
    struct sim_bus *bus;
    struct topic *topic;
    uint32_t partition;
    int64_t position;
};

struct broker {
    struct chance chance;
    struct broker_faults faults;
    struct arena *arena; /* records, names, transactions: everything that is never freed before the end */
    int64_t now_ms;
    broker_io_fn on_io;
    void *io_owner;
    struct topic *topics;
    struct sim_bus *buses;
    struct txns txns;
    struct str poison;
    uint32_t partition_count;
    struct member *members[MEMBERS_MAX];
    size_t member_count;
    uint64_t serial;
    int64_t generation;
    bool rebalancing;
};

static const struct bus_ops ops;

/* ---- The broker itself ---- */

struct broker *broker_create(uint64_t seed, broker_io_fn on_io, void *io_owner)
{
    struct broker *broker = calloc(1, sizeof *broker);
    broker->chance.state = seed;
    broker->arena = arena_create(BROKER_BYTES_MAX);
    broker->txns = (struct txns){.arena = broker->arena, .chance = &broker->chance};
    broker->now_ms = 1700000000000;
    broker->on_io = on_io;
    broker->io_owner = io_owner;
    return broker;
}

static void member_free(struct member *member)
{
    free(member->owned);
    free(member->flowing);
    free(member->positions);
    free(member);
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
        free(bus);
        bus = next;
    }
    for (size_t at = 0; at < broker->member_count; at++) {
        member_free(broker->members[at]);
    }
    free(broker->txns.committed);
    free(broker->txns.committed_serial);
    arena_destroy(broker->arena);
    free(broker);
}

struct chance *broker_chance(struct broker *broker)
{
    return &broker->chance;
}

struct broker_faults *broker_faults(struct broker *broker)
{
    return &broker->faults;
}

int64_t broker_now_ms(const struct broker *broker)
{
    return broker->now_ms;
}

void broker_poison(struct broker *broker, struct str text)
{
    broker->poison = text;
}

struct bus *broker_bus(struct broker *broker, int process, int64_t skew_ms)
{
    struct sim_bus *bus = calloc(1, sizeof *bus);
    bus->base.ops = &ops;
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
    return broker->txns.committed[partition];
}

size_t broker_open_count(const struct broker *broker)
{
    return txn_open_count(&broker->txns);
}

void broker_pass_time(struct broker *broker, int64_t ms)
{
    broker->now_ms += ms;
    broker->txns.late_in_10000 = broker->faults.on ? broker->faults.late_in_10000 : 0;
    broker->txns.marker_in_10000 = broker->faults.on ? broker->faults.marker_in_10000 : 0;
    txn_pass_time(&broker->txns, broker->now_ms);
    for (size_t at = 0; at < broker->member_count; at++) {
        struct member *member = broker->members[at];
        if (member->in_group && member->bus->dead && broker->now_ms - member->seen_ms > SESSION_MS) {
            member->in_group = false;
            broker->rebalancing = true;
        }
    }
}

/* ---- Dying, failing ---- */

void broker_kill(struct bus *bus)
{
    ((struct sim_bus *)bus)->dead = true;
}

bool broker_is_dead(const struct bus *bus)
{
    return ((const struct sim_bus *)bus)->dead;
}

void broker_evict(struct broker *broker, int process)
{
    for (size_t at = 0; at < broker->member_count; at++) {
        struct member *member = broker->members[at];
        if (member->bus->process == process && member->in_group) {
            member->in_group = false;
            broker->rebalancing = true;
        }
    }
}

static enum status io(struct sim_bus *bus, const char *what, struct bus_error *out_error)
{
    struct broker *broker = bus->broker;
    if (!bus->dead && bus->process >= 0) {
        broker->on_io(broker->io_owner, bus->process, what);
    }
    return bus->dead ? bus_port_fail(out_error, STATUS_FATAL, "the process is dead") : STATUS_OK;
}

static bool fails(struct sim_bus *bus, uint32_t in_10000)
{
    struct broker *broker = bus->broker;
    return broker->faults.on && bus->process >= 0 && chance_of(&broker->chance, in_10000);
}

#define TRY_IO(bus, what)                                                                                              \
    do {                                                                                                               \
        TRY(io((bus), (what), out_error));                                                                             \
        if (fails((bus), (bus)->broker->faults.retry_in_10000)) {                                                      \
            return bus_port_fail(out_error, STATUS_RETRIABLE, "%s: injected", (what));                                 \
        }                                                                                                              \
    } while (0)

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
    TRY_IO(sim, "topic_open");
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
    TRY_IO(sim, "topic_create");
    if (find_topic(broker, config->name) != NULL) {
        return STATUS_OK;
    }
    struct topic *topic = arena_new(broker->arena, struct topic);
    topic->base = (struct bus_topic){
        .ops = &ops,
        .name = log_keep(broker->arena, config->name),
        .partition_count = config->partition_count,
        .mark = STR("first"),
        .record_bytes_max = config->max_message_bytes,
    };
    topic->logs = calloc(config->partition_count, sizeof *topic->logs);
    topic->next = broker->topics;
    broker->topics = topic;
    struct txns *txns = &broker->txns;
    if (txns->committed == NULL) {
        broker->partition_count = config->partition_count;
        txns->committed = calloc(config->partition_count, sizeof *txns->committed);
        txns->committed_serial = calloc(config->partition_count, sizeof *txns->committed_serial);
        for (uint32_t at = 0; at < config->partition_count; at++) {
            txns->committed[at] = (struct bus_position){.partition = at, .next = {BUS_OFFSET_NONE, BUS_OFFSET_NONE}};
        }
    }
    return STATUS_OK;
}

static enum status sim_topic_list(struct bus *bus, struct arena *arena, struct str prefix, struct str **out_names,
                                  size_t *out_count, struct bus_error *out_error)
{
    struct sim_bus *sim = (struct sim_bus *)bus;
    size_t count = 0;
    TRY_IO(sim, "topic_list");
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
    TRY_IO(sim, "bounds");
    struct log *log = &((const struct topic *)topic)->logs[partition];
    *out_begin = 0;
    *out_end = committed_only ? log_stable_end(log) : (int64_t)log->count;
    return STATUS_OK;
}

static enum status sim_group_next(struct bus *bus, struct str group, const struct bus_topic *topic, uint32_t partition,
                                  int64_t *out_next, struct bus_error *out_error)
{
    (void)bus, (void)group, (void)topic, (void)partition, (void)out_next;
    return bus_port_fail(out_error, STATUS_REFUSED, "not simulated");
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

/* ---- Port: members ---- */

static struct txn *present(const struct member *member)
{
    return member->txns[member->turn];
}

/* As init_transactions, for all of its producers: an open transaction is aborted, and the call waits for all markers. */
static void fence(struct broker *broker, struct member *member)
{
    for (size_t slot = 0; slot < SLOTS; slot++) {
        struct txn *txn = member->txns[slot];
        if (txn != NULL && txn->state == TXN_ONGOING) {
            txn_end(&broker->txns, txn, TXN_ABORTED, broker->now_ms);
        }
        txn_finish(&broker->txns, txn, broker->now_ms);
    }
}

static enum status sim_member_open(struct bus *bus, const struct bus_member_config *config,
                                   struct bus_member **out_member, struct bus_error *out_error)
{
    struct sim_bus *sim = (struct sim_bus *)bus;
    struct broker *broker = sim->broker;
    TRY_IO(sim, "member_open");
    ASSERT(broker->member_count < MEMBERS_MAX);
    struct member *member = calloc(1, sizeof *member);
    member->base.ops = &ops;
    member->bus = sim;
    member->config = *config;
    member->config.instance = log_keep(broker->arena, config->instance);
    member->serial = ++broker->serial;
    member->owned = calloc(broker->partition_count, sizeof *member->owned);
    member->flowing = calloc(broker->partition_count, sizeof *member->flowing);
    member->positions = calloc(broker->partition_count, sizeof *member->positions);
    member->seen_ms = broker->now_ms;
    /* A newer one of the same name: the older one's transactions end, and it is out of the group. */
    for (size_t at = 0; at < broker->member_count; at++) {
        struct member *other = broker->members[at];
        if (str_equal(other->config.instance, member->config.instance) &&
            other->config.thread == member->config.thread) {
            other->fenced = true;
            other->in_group = false;
            fence(broker, other);
        }
    }
    member->in_group = true;
    member->joined = true;
    broker->rebalancing = true;
    broker->members[broker->member_count++] = member;
    *out_member = &member->base;
    return STATUS_OK;
}

static size_t list_owned(const struct member *member, uint32_t *partitions)
{
    size_t count = 0;
    for (uint32_t at = 0; at < member->bus->broker->partition_count; at++) {
        if (member->owned[at]) {
            partitions[count++] = at;
        }
    }
    return count;
}

static void take_away(struct member *member, bool lost)
{
    uint32_t partitions[256];
    size_t count = list_owned(member, partitions);
    if (count > 0) {
        void (*callback)(void *, const uint32_t *, size_t) =
            lost ? member->config.events.lost : member->config.events.revoked;
        callback(member->config.events.owner, partitions, count);
    }
    memset(member->owned, 0, member->bus->broker->partition_count * sizeof *member->owned);
    memset(member->flowing, 0, member->bus->broker->partition_count * sizeof *member->flowing);
}

static void sim_member_close(struct bus_member *base)
{
    struct member *member = (struct member *)base;
    member->closed = true; /* freed with the broker */
}

static void sim_member_leave(struct bus_member *base)
{
    struct member *member = (struct member *)base;
    struct broker *broker = member->bus->broker;
    if (!member->bus->dead) {
        take_away(member, !member->in_group || member->fenced);
        if (member->in_group && !member->bus->dead) {
            member->in_group = false;
            broker->rebalancing = true;
        }
    }
    member->closed = true;
}

static void finish_rebalance(struct broker *broker)
{
    struct member *in[MEMBERS_MAX];
    size_t count = 0;
    for (size_t at = 0; at < broker->member_count; at++) {
        struct member *member = broker->members[at];
        if (member->in_group && !member->joined) {
            return;
        }
        if (member->in_group) {
            in[count++] = member;
        }
    }
    broker->rebalancing = false;
    broker->generation++;
    for (size_t at = 0; at < count; at++) {
        in[at]->joined = false;
        in[at]->pending_assign = true;
        for (uint32_t partition = 0; partition < broker->partition_count; partition++) {
            in[at]->owned[partition] = partition * count / broker->partition_count == at;
            in[at]->flowing[partition] = false;
        }
    }
}

/* What a poll does before it delivers anything. */
static void take_part(struct member *member)
{
    struct broker *broker = member->bus->broker;
    if (!member->in_group) {
        take_away(member, true);
        if (member->bus->dead || member->fenced) {
            return;
        }
        member->in_group = true;
        member->joined = true;
        member->pending_assign = false;
        broker->rebalancing = true;
    }
    if (broker->rebalancing && !member->joined) {
        if (!member->pending_assign) {
            take_away(member, false);
        }
        member->pending_assign = false;
        memset(member->owned, 0, broker->partition_count * sizeof *member->owned);
        if (member->bus->dead || member->fenced || !member->in_group) {
            return;
        }
        member->joined = true;
    }
    if (broker->rebalancing) {
        finish_rebalance(broker);
    }
    if (member->pending_assign && !broker->rebalancing) {
        uint32_t partitions[256];
        member->pending_assign = false;
        member->generation = broker->generation;
        size_t count = list_owned(member, partitions);
        member->config.events.assigned(member->config.events.owner, partitions, count);
    }
}

static bool deliver(struct member *member, uint32_t partition, int input, struct bus_record *out_record)
{
    const struct topic *topic = (const struct topic *)member->config.topics[input];
    struct log *log = &topic->logs[partition];
    int64_t end = log_stable_end(log);
    int64_t *position = &member->positions[partition][input];
    while (*position < end) {
        const struct log_record *item = &log->items[(*position)++];
        if (!item->marker && (item->txn == NULL || item->txn->state == TXN_COMMITTED)) {
            *out_record = item->record;
            return true;
        }
    }
    return false;
}

static enum status sim_member_poll(struct bus_member *base, int timeout_ms, struct bus_record *out_record,
                                   struct bus_error *out_error)
{
    struct member *member = (struct member *)base;
    struct broker *broker = member->bus->broker;
    (void)timeout_ms;
    TRY_IO(member->bus, "poll");
    member->seen_ms = broker->now_ms;
    if (member->fenced) {
        return bus_port_fail(out_error, STATUS_FENCED, "two processes share an instance id");
    }
    take_part(member);
    if (member->bus->dead) {
        return bus_port_fail(out_error, STATUS_FATAL, "the process is dead");
    }
    uint32_t first = chance_below(&broker->chance, broker->partition_count * 2);
    for (uint32_t at = 0; at < broker->partition_count * 2; at++) {
        uint32_t place = (first + at) % (broker->partition_count * 2);
        uint32_t partition = place / 2;
        if (member->owned[partition] && member->flowing[partition] && !member->pending_assign &&
            deliver(member, partition, (int)(place % 2), out_record)) {
            return STATUS_OK;
        }
    }
    return STATUS_END;
}

static void sim_member_wake(struct bus_member *member)
{
    (void)member;
}

static enum status sim_member_stable(struct bus_member *base, uint32_t partition, struct bus_position *out_position,
                                     struct bus_error *out_error)
{
    struct member *member = (struct member *)base;
    TRY_IO(member->bus, "stable");
    if (txn_is_pending(&member->bus->broker->txns, partition)) {
        return bus_port_fail(out_error, STATUS_RETRIABLE, "a transaction is pending");
    }
    *out_position = member->bus->broker->txns.committed[partition];
    return STATUS_OK;
}

static enum status sim_member_seek(struct bus_member *base, const struct bus_position *position,
                                   struct bus_error *out_error)
{
    struct member *member = (struct member *)base;
    TRY_IO(member->bus, "seek");
    member->positions[position->partition][0] = position->next[0];
    member->positions[position->partition][1] = position->next[1];
    member->flowing[position->partition] = true;
    return STATUS_OK;
}

static enum status sim_member_pause(struct bus_member *base, uint32_t partition, struct bus_error *out_error)
{
    struct member *member = (struct member *)base;
    TRY_IO(member->bus, "pause");
    member->flowing[partition] = false;
    return STATUS_OK;
}

static enum status sim_begin(struct bus_member *base, struct bus_error *out_error)
{
    struct member *member = (struct member *)base;
    struct broker *broker = member->bus->broker;
    TRY_IO(member->bus, "begin");
    ASSERT(present(member) == NULL || present(member)->state != TXN_ONGOING);
    member->turn = (member->turn + 1) % SLOTS;
    txn_finish(&broker->txns, present(member), broker->now_ms); /* a producer waits for its last one's markers */
    member->txns[member->turn] = txn_begin(&broker->txns, broker->now_ms);
    return STATUS_OK;
}

static bool is_poisoned(struct broker *broker, const struct bus_message *message)
{
    struct str name = message->topic->name;
    return broker->poison.length > 0 && !str_ends_with(name, STR("dead-letters")) && message->value.bytes != NULL &&
           str_find_str(message->value, broker->poison) < message->value.length;
}

static enum status sim_produce(struct bus_member *base, const struct bus_message *message, struct bus_error *out_error)
{
    struct member *member = (struct member *)base;
    struct broker *broker = member->bus->broker;
    TRY(io(member->bus, "produce", out_error));
    if (present(member)->state != TXN_ONGOING) {
        return bus_port_fail(out_error, STATUS_FENCED, "the transaction was ended by another");
    }
    if (fails(member->bus, broker->faults.unknown_in_10000 / 10)) {
        return bus_port_fail(out_error, STATUS_FENCED, "the producer was given up in the middle");
    }
    if (is_poisoned(broker, message)) {
        return bus_port_fail(out_error, STATUS_ABORTABLE, "poison");
    }
    txn_produce(&broker->txns, present(member), message, broker->now_ms);
    return STATUS_OK;
}

static enum status send_offsets(struct member *member, const struct bus_position *positions, size_t count,
                                struct bus_error *out_error)
{
    struct broker *broker = member->bus->broker;
    if (count == 0) {
        return STATUS_OK;
    }
    if (!member->in_group || member->fenced || member->generation != broker->generation) {
        return bus_port_fail(out_error, STATUS_ABORTABLE, "ILLEGAL_GENERATION");
    }
    txn_send_offsets(&broker->txns, present(member), positions, count);
    return STATUS_OK;
}

static enum status sim_commit(struct bus_member *base, const struct bus_position *positions, size_t position_count,
                              struct bus_error *out_error)
{
    struct member *member = (struct member *)base;
    struct broker *broker = member->bus->broker;
    TRY(io(member->bus, "send offsets", out_error));
    if (fails(member->bus, broker->faults.abort_in_10000)) {
        return bus_port_fail(out_error, STATUS_ABORTABLE, "injected");
    }
    if (present(member)->state != TXN_ONGOING) {
        return bus_port_fail(out_error, STATUS_FENCED, "the transaction was ended by another");
    }
    TRY(send_offsets(member, positions, position_count, out_error));
    TRY(io(member->bus, "deliver", out_error)); /* records may arrive after the offsets */
    if (present(member)->state != TXN_ONGOING) {
        return bus_port_fail(out_error, STATUS_FENCED, "the transaction was ended by another");
    }
    txn_deliver(present(member), broker->now_ms);
    TRY(io(member->bus, "end transaction", out_error));
    if (present(member)->state != TXN_ONGOING) {
        return bus_port_fail(out_error, STATUS_FENCED, "the transaction was ended by another");
    }
    if (fails(member->bus, broker->faults.unknown_in_10000)) {
        txn_end(&broker->txns, present(member), chance_of(&broker->chance, 5000) ? TXN_COMMITTED : TXN_ABORTED,
                broker->now_ms);
        return bus_port_fail(out_error, STATUS_FENCED, "the outcome is unknown");
    }
    txn_end(&broker->txns, present(member), TXN_COMMITTED, broker->now_ms);
    return io(member->bus, "committed", out_error);
}

static enum status sim_abort(struct bus_member *base, struct bus_error *out_error)
{
    struct member *member = (struct member *)base;
    TRY_IO(member->bus, "abort");
    if (present(member)->state == TXN_ONGOING) {
        txn_end(&member->bus->broker->txns, present(member), TXN_ABORTED, member->bus->broker->now_ms);
    }
    return STATUS_OK;
}

static int64_t sim_last_offset(const struct bus_member *base, const struct bus_topic *topic, uint32_t partition)
{
    const struct member *member = (const struct member *)base;
    return txn_last_offset(present(member), topic, partition);
}

/* ---- Port: readers and producers ---- */

static enum status sim_reader_open(struct bus *bus, const struct bus_topic *topic, uint32_t partition, int64_t offset,
                                   struct bus_reader **out_reader, struct bus_error *out_error)
{
    struct sim_bus *sim = (struct sim_bus *)bus;
    TRY_IO(sim, "reader_open");
    struct reader *reader = calloc(1, sizeof *reader);
    reader->base.ops = &ops;
    reader->bus = sim;
    reader->topic = (struct topic *)topic;
    reader->partition = partition;
    reader->position = offset;
    *out_reader = &reader->base;
    return STATUS_OK;
}

static enum status sim_reader_next(struct bus_reader *base, int timeout_ms, struct bus_record *out_record,
                                   struct bus_error *out_error)
{
    struct reader *reader = (struct reader *)base;
    (void)timeout_ms;
    TRY_IO(reader->bus, "read");
    struct log *log = &reader->topic->logs[reader->partition];
    int64_t end = log_stable_end(log);
    while (reader->position < end) {
        const struct log_record *item = &log->items[reader->position++];
        if (!item->marker && (item->txn == NULL || item->txn->state == TXN_COMMITTED)) {
            *out_record = item->record;
            return STATUS_OK;
        }
    }
    return STATUS_END;
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
    producer->base.ops = &ops;
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

static const struct bus_ops ops = {
    .close = sim_close,
    .now_ms = sim_now_ms,
    .random = sim_random,
    .topic_open = sim_topic_open,
    .topic_create = sim_topic_create,
    .topic_list = sim_topic_list,
    .topics_check = sim_topics_check,
    .bounds = sim_bounds,
    .trim = sim_trim,
    .group_next = sim_group_next,
    .member_open = sim_member_open,
    .member_leave = sim_member_leave,
    .member_close = sim_member_close,
    .member_poll = sim_member_poll,
    .member_wake = sim_member_wake,
    .member_stable = sim_member_stable,
    .member_seek = sim_member_seek,
    .member_pause = sim_member_pause,
    .begin = sim_begin,
    .produce = sim_produce,
    .commit = sim_commit,
    .abort = sim_abort,
    .last_offset = sim_last_offset,
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
