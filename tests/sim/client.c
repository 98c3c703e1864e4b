#include "client.h"

#include "base/assert.h"
#include "base/mutant.h"

#include <stdlib.h>
#include <string.h>

#define SLOT_COUNT 3
/* As in bus_kafka_transaction.c, in ms. */
#define INIT_MS_MAX 10000
#define RENEW_MS_MAX 2000
#define OFFSETS_MS_MAX 5000
#define ABORT_MS_MAX 5000
#define COMMIT_MS_MAX 15000
#define DELIVERY_MS_MAX 9000
#define SOCKET_MS 5000    /* socket.timeout: an answer that has not come by then does not come */
#define RECONNECT_MS 2500
#define HELD_MS_MAX 20000 /* what was held up arrives by then */

/* A partition that a producer writes to. */
struct target {
    struct target *next;
    struct topic *topic;
    uint32_t partition;
    int64_t next_sequence;
    bool added; /* to the present transaction, as the next */
    int64_t last_offset;
};

struct queued {
    struct queued *next;
    struct target *target;
    int64_t sequence;
    const struct log_record *item;
};

struct slot {
    struct str id;
    struct producer_id producer;
    bool ready;    /* it has an epoch */
    bool dirty;    /* a request of it may still arrive */
    bool is_late;  /* the present transaction's records travel until they are waited for */
    bool is_known; /* the broker knows of the present transaction */
    struct target *targets;
    struct queued *queue;
};

struct client {
    struct sim_bus *bus;
    struct client *next; /* of the bus */
    struct slot slots[SLOT_COUNT];
    size_t turn;    /* the slot of the present or last transaction */
    bool open;      /* a transaction is in progress */
    bool committed; /* the last one was */
};

static struct slot *present(struct client *client)
{
    return &client->slots[client->turn];
}

/* ---- Asking ---- */

static void hold(struct client *client, const struct request *request)
{
    struct broker *broker = client->bus->broker;
    struct request kept = *request;
    if (request->positions != NULL) {
        struct bus_position *positions = arena_array(broker->arena, struct bus_position, request->position_count);
        memcpy(positions, request->positions, request->position_count * sizeof *positions);
        kept.positions = positions;
    }
    network_hold(&broker->network, &kept, client->bus->process,
                 broker->now_ms + chance_below(&broker->chance, HELD_MS_MAX));
}

/* One try. NONE: no answer came, and the request may be done, or be done later. */
static enum answer try(struct client *client, struct slot *slot, const struct request *request,
                       struct response *out_response)
{
    struct sim_bus *bus = client->bus;
    struct bus_error ignored;
    if (broker_io(bus, request_name(request->kind), &ignored) != STATUS_OK) {
        if (chance_of(&bus->broker->chance, 5000)) {
            hold(client, request); /* the last that left the process before it died */
        }
        return ANSWER_DEAD;
    }
    if (broker_is_away(bus->broker)) {
        return ANSWER_AWAY;
    }
    if (broker_fails(bus, FAULT_HOLD)) {
        broker_tell(bus->broker, "i%d: %s of %.*s is held up", bus->process, request_name(request->kind),
                    STR_ARGS(slot->id));
        hold(client, request);
        slot->dirty = true;
        return ANSWER_NONE;
    }
    enum answer answer = network_perform(&bus->broker->network, request, out_response);
    if (broker_fails(bus, FAULT_LOSE_ANSWER)) {
        broker_tell(bus->broker, "i%d: the answer to %s of %.*s is lost", bus->process, request_name(request->kind),
                    STR_ARGS(slot->id));
        slot->dirty = true;
        return ANSWER_NONE;
    }
    return answer;
}

/* Before the next try. With no broker there at all, one try stands for many. */
static int64_t pause_ms(struct broker *broker, enum answer answer)
{
    if (answer == ANSWER_NONE) {
        return SOCKET_MS;
    }
    return broker_is_away(broker) ? RECONNECT_MS : 20 + chance_below(&broker->chance, 80);
}

/* As librdkafka asks: again after the socket's timeout, and again while the coordinator is not ready. */
static enum answer ask(struct client *client, struct slot *slot, const struct request *request, int64_t ms_max,
                       struct response *out_response)
{
    struct broker *broker = client->bus->broker;
    int64_t deadline_ms = broker->now_ms + ms_max;
    for (;;) {
        enum answer answer = try(client, slot, request, out_response);
        bool again = answer == ANSWER_NONE || answer == ANSWER_AWAY || answer == ANSWER_CONCURRENT;
        if (!again || broker->now_ms >= deadline_ms) {
            return answer;
        }
        broker_wait(client->bus, pause_ms(broker, answer));
        if (client->bus->dead) {
            return ANSWER_DEAD;
        }
    }
}

static enum status status_of(enum answer answer, const char *what, struct bus_error *out_error)
{
    switch (answer) {
    case ANSWER_OK:
        return STATUS_OK;
    case ANSWER_CONCURRENT:
    case ANSWER_AWAY:
    case ANSWER_NONE:
        return bus_port_fail(out_error, STATUS_RETRIABLE, "%s: no answer in time", what);
    case ANSWER_FENCED:
        return bus_port_fail(out_error, STATUS_FENCED, "%s: INVALID_PRODUCER_EPOCH", what);
    case ANSWER_STATE:
        return bus_port_fail(out_error, STATUS_FENCED, "%s: INVALID_TXN_STATE", what);
    case ANSWER_GENERATION:
        return bus_port_fail(out_error, STATUS_FENCED, "%s: ILLEGAL_GENERATION", what);
    case ANSWER_SEQUENCE:
        return bus_port_fail(out_error, STATUS_ABORTABLE, "%s: OUT_OF_ORDER_SEQUENCE_NUMBER", what);
    case ANSWER_DEAD:
        return bus_port_fail(out_error, STATUS_FATAL, "the process is dead");
    }
    UNREACHABLE("answer");
}

/* ---- One producer's life ---- */

static void slot_drop(struct slot *slot)
{
    slot->ready = false;
    slot->queue = NULL;
    while (slot->targets != NULL) {
        struct target *next = slot->targets->next;
        free(slot->targets);
        slot->targets = next;
    }
}

static enum status slot_renew(struct client *client, struct slot *slot, int64_t ms_max, struct bus_error *out_error)
{
    const struct request request = {.kind = REQUEST_INIT, .transactional_id = slot->id};
    struct response response;
    slot_drop(slot);
    enum status status =
        status_of(ask(client, slot, &request, ms_max, &response), "init_transactions", out_error);
    if (status == STATUS_OK) {
        slot->producer = response.id;
        slot->ready = true;
        slot->dirty = false;
    }
    return status == STATUS_OK || status == STATUS_FATAL ? status : STATUS_RETRIABLE;
}

static bool is_spent(const struct slot *slot)
{
    return !slot->ready || (slot->dirty && !MUTANT(KEEP_DIRTY_PRODUCER));
}

enum status client_open(struct sim_bus *bus, struct str stem, struct client **out_client, struct bus_error *out_error)
{
    struct client *client = calloc(1, sizeof *client);
    client->bus = bus;
    for (size_t at = 0; at < SLOT_COUNT; at++) {
        ASSERT(arena_format(bus->broker->arena, &client->slots[at].id, "%.*s-%zu", STR_ARGS(stem), at) == STATUS_OK);
    }
    client->next = bus->clients; /* a process that dies leaves its members behind: the bus frees them */
    bus->clients = client;
    for (size_t at = 0; at < SLOT_COUNT; at++) {
        TRY(slot_renew(client, &client->slots[at], INIT_MS_MAX, out_error));
    }
    *out_client = client;
    return STATUS_OK;
}

void client_free(struct client *client)
{
    while (client != NULL) {
        struct client *next = client->next;
        for (size_t at = 0; at < SLOT_COUNT; at++) {
            slot_drop(&client->slots[at]);
        }
        free(client);
        client = next;
    }
}

/* ---- Begin, produce ---- */

enum status client_begin(struct client *client, struct bus_error *out_error)
{
    ASSERT(!client->open);
    TRY_IO(client->bus, "begin");
    for (size_t at = 0; at < SLOT_COUNT; at++) {
        if (is_spent(&client->slots[at])) {
            TRY(slot_renew(client, &client->slots[at], INIT_MS_MAX, out_error));
        }
    }
    client->turn = (client->turn + 1) % SLOT_COUNT;
    client->open = true;
    client->committed = false;
    struct slot *slot = present(client);
    slot->is_late = broker_fails(client->bus, FAULT_LATE);
    slot->is_known = false;
    for (struct target *target = slot->targets; target != NULL; target = target->next) {
        target->added = false;
        target->last_offset = BUS_OFFSET_NONE;
    }
    return STATUS_OK;
}

static struct target *target_of(struct slot *slot, struct topic *topic, uint32_t partition)
{
    struct target *target = slot->targets;
    while (target != NULL && (target->topic != topic || target->partition != partition)) {
        target = target->next;
    }
    if (target == NULL) {
        target = calloc(1, sizeof *target);
        *target = (struct target){
            .next = slot->targets, .topic = topic, .partition = partition, .last_offset = BUS_OFFSET_NONE};
        slot->targets = target;
    }
    return target;
}

/* Delivers the first of the queue; with ms_max 0 by one try. */
static enum answer deliver(struct client *client, struct slot *slot, int64_t ms_max)
{
    struct queued *queued = slot->queue;
    struct target *target = queued->target;
    struct response response;
    struct request request = {
        .kind = REQUEST_ADD_PARTITION, .id = slot->producer, .topic = target->topic, .partition = target->partition};
    if (!target->added) {
        slot->is_known = true;
        enum answer answer = ask(client, slot, &request, ms_max, &response);
        if (answer != ANSWER_OK) {
            return answer;
        }
        target->added = true;
    }
    request.kind = REQUEST_PRODUCE;
    request.sequence = queued->sequence;
    request.item = queued->item;
    enum answer answer = ask(client, slot, &request, ms_max, &response);
    if (answer == ANSWER_OK) {
        target->last_offset = response.offset;
        slot->queue = queued->next;
    }
    return answer;
}

static void enqueue(struct client *client, struct slot *slot, const struct bus_message *message)
{
    struct arena *arena = client->bus->broker->arena;
    struct queued *queued = arena_new(arena, struct queued);
    struct log_record *item = arena_new(arena, struct log_record);
    struct queued **last = &slot->queue;
    *item = log_record_of(arena, message);
    *queued = (struct queued){.target = target_of(slot, (struct topic *)message->topic, message->partition), .item = item};
    queued->sequence = queued->target->next_sequence++;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = queued;
}

static bool is_poisoned(const struct broker *broker, const struct bus_message *message)
{
    struct str name = message->topic->name;
    return broker->poison.length > 0 && !str_ends_with(name, STR("dead-letters")) && message->value.bytes != NULL &&
           str_find_str(message->value, broker->poison) < message->value.length;
}

/* The transaction is over: the producer is made anew when the next begins, if that may be. */
static enum status give_up(struct client *client, enum status status)
{
    struct slot *slot = present(client);
    const struct request request = {.kind = REQUEST_END, .id = slot->producer};
    struct response ignored;
    if (slot->ready && slot->is_known && status != STATUS_FATAL) {
        (void)try(client, slot, &request, &ignored);
    }
    slot_drop(slot);
    client->open = false;
    return status;
}

enum status client_produce(struct client *client, const struct bus_message *message, struct bus_error *out_error)
{
    struct slot *slot = present(client);
    ASSERT(client->open);
    if (client->bus->dead) {
        return bus_port_fail(out_error, STATUS_FATAL, "the process is dead");
    }
    if (broker_fails(client->bus, FAULT_GIVE_UP)) {
        return bus_port_fail(out_error, give_up(client, STATUS_FENCED), "the producer was given up in the middle");
    }
    if (message->value.bytes != NULL && (int64_t)message->value.length > message->topic->record_bytes_max) {
        return bus_port_fail(out_error, STATUS_LIMIT_EXCEEDED, "the record has %zu bytes", message->value.length);
    }
    if (is_poisoned(client->bus->broker, message)) {
        return bus_port_fail(out_error, STATUS_ABORTABLE, "poison");
    }
    enqueue(client, slot, message);
    enum answer answer = slot->is_late ? ANSWER_OK : deliver(client, slot, 0);
    slot->is_late = slot->is_late || answer != ANSWER_OK; /* nothing in produce waits */
    return answer == ANSWER_DEAD ? status_of(answer, "produce", out_error) : STATUS_OK;
}

int64_t client_last_offset(const struct client *client, const struct bus_topic *topic, uint32_t partition)
{
    const struct target *target = client->slots[client->turn].targets;
    while (client->committed && target != NULL) {
        if (&target->topic->base == topic && target->partition == partition) {
            return target->last_offset;
        }
        target = target->next;
    }
    return BUS_OFFSET_NONE;
}

/* ---- Commit, abort ---- */

static enum status send_offsets(struct client *client, struct slot *slot, struct group_sender sender,
                                const struct bus_position *positions, size_t count, struct bus_error *out_error)
{
    struct response ignored;
    struct request request = {.kind = REQUEST_ADD_OFFSETS, .id = slot->producer};
    slot->is_known = true;
    enum answer answer = ask(client, slot, &request, OFFSETS_MS_MAX, &ignored);
    if (answer == ANSWER_OK) {
        request.kind = REQUEST_OFFSETS;
        request.sender = sender;
        request.positions = positions;
        request.position_count = count;
        answer = ask(client, slot, &request, OFFSETS_MS_MAX, &ignored);
    }
    enum status status = status_of(answer, "send_offsets_to_transaction", out_error);
    slot->dirty = slot->dirty || status != STATUS_OK;
    return status == STATUS_RETRIABLE ? STATUS_ABORTABLE : status;
}

static enum status await_deliveries(struct client *client, struct slot *slot, struct bus_error *out_error)
{
    while (slot->queue != NULL) {
        enum status status = status_of(deliver(client, slot, DELIVERY_MS_MAX), "a record was not delivered", out_error);
        if (status != STATUS_OK) {
            return status == STATUS_RETRIABLE ? STATUS_ABORTABLE : status;
        }
    }
    return STATUS_OK;
}

/* The client can't learn what became of EndTxn: it did arrive, or will, or never does. */
static enum status lose_sight(struct client *client, const struct request *request, struct bus_error *out_error)
{
    struct broker *broker = client->bus->broker;
    struct response ignored;
    uint32_t what = fault_below(broker->faults, 3);
    if (what == 0 && !broker_is_away(broker)) {
        (void)network_perform(&broker->network, request, &ignored);
    } else if (what == 1) {
        hold(client, request);
    }
    broker_tell(broker, "i%d: what became of EndTxn is unknown (%s)", client->bus->process,
                what == 0 ? "it is done" : what == 1 ? "it is held up" : "it is lost");
    return bus_port_fail(out_error, STATUS_FENCED, "the outcome is unknown");
}

static enum status end(struct client *client, struct slot *slot, struct bus_error *out_error)
{
    const struct request request = {.kind = REQUEST_END, .id = slot->producer, .commit = true};
    struct response ignored;
    enum status status = broker_fails(client->bus, FAULT_UNKNOWN)
                             ? lose_sight(client, &request, out_error)
                             : status_of(ask(client, slot, &request, COMMIT_MS_MAX, &ignored), "commit_transaction", out_error);
    if (status == STATUS_OK || status == STATUS_FATAL) {
        return status;
    }
    slot_drop(slot);
    return MUTANT(UNKNOWN_IS_ABORTED) ? STATUS_ABORTABLE : STATUS_FENCED;
}

enum status client_commit(struct client *client, struct group_sender sender, const struct bus_position *positions,
                          size_t count, struct bus_error *out_error)
{
    struct slot *slot = present(client);
    enum status status = STATUS_OK;
    ASSERT(client->open);
    if (broker_fails(client->bus, FAULT_REFUSE)) {
        status = bus_port_fail(out_error, STATUS_ABORTABLE, "injected");
    }
    if (status == STATUS_OK && count > 0) {
        status = send_offsets(client, slot, sender, positions, count, out_error);
    }
    if (status == STATUS_OK) {
        status = await_deliveries(client, slot, out_error);
    }
    if (status == STATUS_OK) {
        status = end(client, slot, out_error);
    }
    if (status == STATUS_OK) {
        client->open = false;
        client->committed = true;
        return broker_io(client->bus, "committed", out_error);
    }
    return status == STATUS_ABORTABLE ? status : give_up(client, status);
}

enum status client_abort(struct client *client, struct bus_error *out_error)
{
    struct slot *slot = present(client);
    TRY_IO(client->bus, "abort");
    if (!client->open) {
        return STATUS_OK;
    }
    enum status status = STATUS_OK;
    bool purged = slot->queue != NULL; /* sequence numbers are lost: librdkafka raises the epoch by itself */
    slot->dirty = slot->dirty || purged;
    if (slot->ready && slot->is_known) {
        const struct request request = {.kind = REQUEST_END, .id = slot->producer};
        struct response ignored;
        status = status_of(ask(client, slot, &request, ABORT_MS_MAX, &ignored), "abort_transaction", out_error);
        slot->dirty = slot->dirty || status != STATUS_OK;
    }
    if (status == STATUS_FENCED || status == STATUS_FATAL) {
        return give_up(client, status);
    }
    client->open = false;
    if (purged || status != STATUS_OK) {
        slot_drop(slot);
    }
    if (is_spent(slot)) {
        status = slot_renew(client, slot, RENEW_MS_MAX, out_error); /* or the next begin does it */
        return status == STATUS_FATAL ? status : STATUS_OK;
    }
    return STATUS_OK;
}
