/* The transactional producers of one member: three that take turns, so that a transaction does not wait for the markers
 * of the last one (about 20 ms).
 *
 *     begin ──► slot n: produce … ──► commit: offsets, deliveries, EndTxn ──► slot n+1
 *                  └────────────────► abort
 *
 * The dirty rule (design, section 3, 4): a request that was sent and not answered may still reach the broker, and what
 * it asks then acts on whatever transaction this producer has by that time. So a producer with one, or with records
 * that were dropped on their way, is never used again: it is destroyed and made anew, and the new one's epoch shuts the
 * door. */
#include "bus/bus_kafka_internal.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mutant.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SLOT_COUNT 3
#define INIT_MS_MAX 10000    /* to fence and make one producer */
#define OFFSETS_MS_MAX 5000  /* one try to send the offsets; the transaction times out after 10 s */
#define ABORT_MS_MAX 5000    /* to abort politely; then the producer is replaced, which aborts too */
#define COMMIT_MS_MAX 15000  /* to learn what a commit came to: when the transaction has timed out, long before a poll must be */
#define DELIVERY_MS_MAX 9000 /* for the deliveries; message.timeout 8 s ends each of them before */
#define METADATA_MS_MAX 5000
#define REASON_MS_MAX 100 /* the report of what failed comes right after the failure */
#define RENEW_MS_MAX 2000 /* of an abort, to replace its producer */
#define DROP_MS_MAX 100

enum {
    PRODUCE = 0,
    ADD_PARTITIONS_TO_TXN = 24,
    ADD_OFFSETS_TO_TXN = 25,
    END_TXN = 26,
    TXN_OFFSET_COMMIT = 28
}; /* API keys */

struct slot {
    struct bus_kafka_owner owner;
    struct bus_kafka_transactions *transactions;
    rd_kafka_t *client; /* NULL: to be made */
    bool ready;         /* init_transactions is done */
    bool producing;     /* in a transaction whose records are not all delivered */
    struct bus_kafka_handles handles;
    int failure;        /* code of the transaction's first record that was not delivered; one too large goes before */
    atomic_bool dirty;  /* set on broker threads too */
    atomic_bool ending; /* an EndTxn of this transaction has left for the broker */
    char id[512];
};

/* Where the last record of a transaction to a partition lies. */
struct last {
    uint64_t transaction;
    int64_t offset;
};

struct bus_kafka_transactions {
    struct bus_kafka *bus;
    struct slot slots[SLOT_COUNT];
    size_t turn;     /* the slot of the present or last transaction */
    bool open;       /* a transaction is in progress */
    bool committed;  /* the last one was */
    uint64_t number; /* of the present or last transaction, from 1 */
    uint32_t replaced;
    struct last **lasts; /* by topic index, then partition; a topic's are made when it is first written to */
    size_t last_count;
};

/* ---- Callbacks ---- */

static bool is_watched(int16_t key)
{
    return key == PRODUCE || key == ADD_PARTITIONS_TO_TXN || key == ADD_OFFSETS_TO_TXN || key == END_TXN ||
           key == TXN_OFFSET_COMMIT;
}

/* On a broker thread: sets flags, calls nothing. */
static rd_kafka_resp_err_t on_response(rd_kafka_t *client, int socket, const char *broker, int32_t broker_id,
                                       int16_t key, int16_t version, int32_t correlation, size_t size,
                                       int64_t round_trip, rd_kafka_resp_err_t error, void *opaque)
{
    (void)client, (void)socket, (void)broker, (void)broker_id, (void)version, (void)correlation, (void)size,
        (void)round_trip;
    struct slot *slot = opaque;
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR && is_watched(key)) {
        atomic_store(&slot->dirty, true);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_request(rd_kafka_t *client, int socket, const char *broker, int32_t broker_id,
                                      int16_t key, int16_t version, int32_t correlation, size_t size, void *opaque)
{
    (void)client, (void)socket, (void)broker, (void)broker_id, (void)version, (void)correlation, (void)size;
    struct slot *slot = opaque;
    if (key == END_TXN) {
        atomic_store(&slot->ending, true);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *client, const rd_kafka_conf_t *config, void *opaque, char *text,
                                  size_t size)
{
    (void)config, (void)text, (void)size;
    rd_kafka_resp_err_t code = rd_kafka_interceptor_add_on_response_received(client, "pawl", on_response, opaque);
    return code != RD_KAFKA_RESP_ERR_NO_ERROR
               ? code
               : rd_kafka_interceptor_add_on_request_sent(client, "pawl", on_request, opaque);
}

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    (void)client;
    struct slot *slot = (struct slot *)opaque; /* owner is its first member */
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        /* One that is too large takes the others with it, and their reports may come first. */
        if (slot->failure == 0 || message->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
            slot->failure = message->err;
        }
        return;
    }
    struct bus_kafka_transactions *transactions = slot->transactions;
    const struct bus_kafka_topic *topic = rd_kafka_topic_opaque(message->rkt);
    struct last *last = &transactions->lasts[topic->index][message->partition];
    if (last->transaction != transactions->number || last->offset < message->offset) {
        *last = (struct last){transactions->number, message->offset};
    }
}

/* ---- One producer's life ---- */

static void slot_drop(struct slot *slot)
{
    if (slot->client != NULL) {
        /* librdkafka 2.0.2 ends the process by an assertion of its own (txn_req_cnt > 0) when a producer is destroyed
         * just before it would register a partition with its transaction. An abort, answered or not, keeps it from
         * that. */
        if (slot->producing) {
            (void)!bus_kafka_error_take(rd_kafka_abort_transaction(slot->client, DROP_MS_MAX), BUS_KAFKA_OUTSIDE, "",
                                        NULL);
            slot->producing = false;
        }
        bus_kafka_handles_clear(&slot->handles);
        rd_kafka_destroy(slot->client);
        slot->client = NULL;
    }
    slot->ready = false;
}

static enum status slot_create(struct slot *slot, struct bus_error *out_error)
{
    rd_kafka_conf_t *config;
    TRY(bus_kafka_config_make(&slot->owner, BUS_KAFKA_TRANSACTION, &config, out_error));
    bus_kafka_config_set(config, "transactional.id", slot->id);
    rd_kafka_conf_set_dr_msg_cb(config, on_delivery);
    rd_kafka_resp_err_t code = rd_kafka_conf_interceptor_add_on_new(config, "pawl", on_new, slot);
    ASSERT(code == RD_KAFKA_RESP_ERR_NO_ERROR);
    atomic_store(&slot->dirty, false);
    atomic_store(&slot->ending, false);
    return bus_kafka_config_start(config, BUS_KAFKA_TRANSACTION, &slot->client, out_error);
}

/* Makes the handles of topics that were opened since the last time, and waits for their metadata: a record to a topic
 * whose leaders a producer does not know waits for up to 1 s, and that inside a transaction. */
static enum status slot_learn_topics(struct slot *slot, struct bus_error *out_error)
{
    size_t made;
    TRY(bus_kafka_handles_fill(&slot->handles, slot->owner.bus, slot->client, &made, out_error));
    if (made == 0) {
        return STATUS_OK;
    }
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code = rd_kafka_metadata(slot->client, 0, NULL, &metadata, METADATA_MS_MAX);
    TRY(bus_kafka_error_report(code, BUS_KAFKA_OUTSIDE, "kafka: topic metadata", out_error));
    rd_kafka_metadata_destroy(metadata);
    return STATUS_OK;
}

/* Fences every earlier producer of this id and ends its transaction. */
static enum status slot_init(struct slot *slot, int64_t timeout_ms, struct bus_error *out_error)
{
    int64_t deadline_ms = clock_ms() + timeout_ms;
    for (;;) {
        int64_t left_ms = deadline_ms - clock_ms();
        rd_kafka_error_t *error = rd_kafka_init_transactions(slot->client, left_ms > 1 ? (int)left_ms : 1);
        enum status status = bus_kafka_error_take(error, BUS_KAFKA_OUTSIDE, "kafka: init_transactions", out_error);
        if (status == STATUS_OK) {
            slot->ready = true;
            return STATUS_OK;
        }
        if (status != STATUS_RETRIABLE || left_ms <= 0) {
            slot_drop(slot);
            return status == STATUS_FATAL ? STATUS_FATAL : STATUS_RETRIABLE;
        }
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL); /* some errors come at once */
    }
}

/* Whether it must be made anew before its next transaction. */
static bool is_spent(struct slot *slot)
{
    return !slot->ready || (atomic_load(&slot->dirty) && !MUTANT(KEEP_DIRTY_PRODUCER));
}

static enum status slot_renew(struct slot *slot, int64_t timeout_ms, struct bus_error *out_error)
{
    slot_drop(slot);
    slot->transactions->replaced += 1;
    TRY(slot_create(slot, out_error));
    TRY(slot_init(slot, timeout_ms, out_error));
    return slot_learn_topics(slot, out_error);
}

/* ---- All of them ---- */

enum status bus_kafka_transactions_open(struct bus_kafka *bus, const char *stem,
                                        struct bus_kafka_transactions **out_transactions, struct bus_error *out_error)
{
    struct bus_kafka_transactions *transactions = calloc(1, sizeof *transactions);
    TRY_NEW(transactions);
    transactions->bus = bus;
    enum status status = STATUS_OK;
    /* First all are made, so that they connect side by side, then each is initialised. */
    for (size_t at = 0; at < SLOT_COUNT && status == STATUS_OK; at++) {
        struct slot *slot = &transactions->slots[at];
        slot->owner.bus = bus;
        slot->transactions = transactions;
        snprintf(slot->id, sizeof slot->id, "%s-%zu", stem, at);
        status = slot_create(slot, out_error);
    }
    for (size_t at = 0; at < SLOT_COUNT && status == STATUS_OK && !MUTANT(START_WITHOUT_FENCING); at++) {
        status = slot_init(&transactions->slots[at], INIT_MS_MAX, out_error);
    }
    for (size_t at = 0; at < SLOT_COUNT && status == STATUS_OK; at++) {
        status = slot_learn_topics(&transactions->slots[at], out_error);
    }
    if (status != STATUS_OK) {
        bus_kafka_transactions_close(transactions);
        return status;
    }
    *out_transactions = transactions;
    return STATUS_OK;
}

void bus_kafka_transactions_close(struct bus_kafka_transactions *transactions)
{
    for (size_t at = 0; at < SLOT_COUNT; at++) {
        slot_drop(&transactions->slots[at]);
    }
    for (size_t at = 0; at < transactions->last_count; at++) {
        free(transactions->lasts[at]);
    }
    free(transactions->lasts);
    free(transactions);
}

bool bus_kafka_transactions_in_progress(const struct bus_kafka_transactions *transactions)
{
    return transactions->open;
}

void bus_kafka_transactions_serve(struct bus_kafka_transactions *transactions)
{
    for (size_t at = 0; at < SLOT_COUNT; at++) {
        if (transactions->slots[at].client != NULL) {
            rd_kafka_poll(transactions->slots[at].client, 0);
        }
    }
}

uint32_t bus_kafka_transactions_replaced(const struct bus_kafka_transactions *transactions)
{
    return transactions->replaced;
}

static struct slot *present(struct bus_kafka_transactions *transactions)
{
    return &transactions->slots[transactions->turn];
}

/* ---- Begin, produce ---- */

enum status bus_kafka_transactions_begin(struct bus_kafka_transactions *transactions, struct bus_error *out_error)
{
    ASSERT(!transactions->open);
    for (size_t at = 0; at < SLOT_COUNT; at++) {
        struct slot *slot = &transactions->slots[at];
        if (is_spent(slot)) {
            TRY(slot_renew(slot, INIT_MS_MAX, out_error));
        }
    }
    size_t turn = (transactions->turn + 1) % SLOT_COUNT;
    struct slot *slot = &transactions->slots[turn];
    TRY(slot_learn_topics(slot, out_error));
    atomic_store(&slot->ending, false);
    slot->failure = 0;
    rd_kafka_error_t *error = rd_kafka_begin_transaction(slot->client);
    enum status status = bus_kafka_error_take(error, BUS_KAFKA_OUTSIDE, "kafka: begin_transaction", out_error);
    if (status != STATUS_OK) {
        atomic_store(&slot->dirty, true);
        return status;
    }
    slot->producing = true;
    transactions->turn = turn;
    transactions->open = true;
    transactions->committed = false;
    transactions->number += 1;
    return STATUS_OK;
}

static enum status room_for_last(struct bus_kafka_transactions *transactions, const struct bus_kafka_topic *topic)
{
    if (topic->index >= transactions->last_count) {
        size_t count = topic->index + 1;
        struct last **lasts = realloc(transactions->lasts, count * sizeof(struct last *));
        TRY_NEW(lasts);
        memset(lasts + transactions->last_count, 0, (count - transactions->last_count) * sizeof(struct last *));
        transactions->lasts = lasts;
        transactions->last_count = count;
    }
    if (transactions->lasts[topic->index] == NULL) {
        transactions->lasts[topic->index] = calloc(topic->base.partition_count, sizeof(struct last));
        TRY_NEW(transactions->lasts[topic->index]);
    }
    return STATUS_OK;
}

enum status bus_kafka_transactions_produce(struct bus_kafka_transactions *transactions,
                                           const struct bus_message *message, struct bus_error *out_error)
{
    ASSERT(transactions->open);
    struct slot *slot = present(transactions);
    ASSERT(slot->client != NULL); /* else a commit failed: only an abort may follow */
    TRY(room_for_last(transactions, bus_kafka_topic_of(message->topic)));
    int code;
    enum status status = bus_kafka_send(&slot->handles, transactions->bus, slot->client, message, &code, out_error);
    if (code == 0 || status == STATUS_LIMIT_EXCEEDED) {
        return status;
    }
    status = bus_kafka_error_of(code, BUS_KAFKA_IN_TRANSACTION);
    return status == STATUS_RETRIABLE ? STATUS_ABORTABLE : status; /* a batch is not taken up in the middle */
}

int64_t bus_kafka_transactions_last_offset(const struct bus_kafka_transactions *transactions,
                                           const struct bus_topic *base, uint32_t partition)
{
    const struct bus_kafka_topic *topic = bus_kafka_topic_of(base);
    if (!transactions->committed || topic->index >= transactions->last_count ||
        transactions->lasts[topic->index] == NULL) {
        return BUS_OFFSET_NONE;
    }
    const struct last *last = &transactions->lasts[topic->index][partition];
    return last->transaction == transactions->number ? last->offset : BUS_OFFSET_NONE;
}

/* ---- Commit, abort ---- */

/* Tells the broker to abort; when that can't be done, replacing the producer will. */
static enum status abort_politely(struct slot *slot, struct bus_error *out_error)
{
    if (rd_kafka_outq_len(slot->client) > 0) {
        atomic_store(&slot->dirty, true); /* records queued or in flight: they are dropped, but one may arrive yet */
    }
    slot->producing = false;
    rd_kafka_error_t *error = rd_kafka_abort_transaction(slot->client, ABORT_MS_MAX);
    enum status status = bus_kafka_error_take(error, BUS_KAFKA_IN_TRANSACTION, "kafka: abort_transaction", out_error);
    if (status != STATUS_OK) {
        atomic_store(&slot->dirty, true);
    }
    return status;
}

/* The transaction is over, by `status`: FENCED or FATAL. Another process may own our transactional ids by now, so the
 * producer is made anew only when the caller begins again, having learnt whether he may. */
static enum status give_up(struct bus_kafka_transactions *transactions, enum status status)
{
    struct slot *slot = present(transactions);
    if (slot->client != NULL) {
        (void)!abort_politely(slot, NULL);
        slot_drop(slot);
    }
    transactions->open = false;
    return status;
}

static enum status send_offsets(struct slot *slot, const rd_kafka_topic_partition_list_t *offsets,
                                const rd_kafka_consumer_group_metadata_t *group, struct bus_error *out_error)
{
    int64_t deadline_ms = clock_ms() + OFFSETS_MS_MAX;
    for (;;) {
        int64_t left_ms = deadline_ms - clock_ms();
        rd_kafka_error_t *error =
            rd_kafka_send_offsets_to_transaction(slot->client, offsets, group, left_ms > 1 ? (int)left_ms : 1);
        enum status status =
            bus_kafka_error_take(error, BUS_KAFKA_IN_TRANSACTION, "kafka: send_offsets_to_transaction", out_error);
        if (status == STATUS_OK) {
            return STATUS_OK;
        }
        atomic_store(&slot->dirty, true); /* the request may be on its way still */
        if (status != STATUS_RETRIABLE) {
            return status;
        }
        if (left_ms <= 0) {
            return STATUS_ABORTABLE;
        }
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

/* STATUS_OK unless librdkafka has given this producer up for good (fenced, or its sequence numbers are lost). */
static enum status check_fatal(struct slot *slot, struct bus_error *out_error)
{
    char text[256];
    rd_kafka_resp_err_t code = rd_kafka_fatal_error(slot->client, text, sizeof text);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return STATUS_OK;
    }
    enum status status = bus_kafka_error_of(code, BUS_KAFKA_IN_TRANSACTION);
    return bus_port_fail(out_error, status == STATUS_FATAL ? STATUS_FATAL : STATUS_FENCED, "kafka: %s", text);
}

static enum status await_deliveries(struct slot *slot, struct bus_error *out_error)
{
    int64_t deadline_ms = clock_ms() + DELIVERY_MS_MAX;
    rd_kafka_poll(slot->client, 0);
    while (rd_kafka_outq_len(slot->client) > 0) {
        TRY(check_fatal(slot, out_error)); /* else the records wait for their timeout */
        if (clock_ms() >= deadline_ms) {
            return bus_port_fail(out_error, STATUS_ABORTABLE, "kafka: %d records are not delivered after %d ms",
                                 rd_kafka_outq_len(slot->client), DELIVERY_MS_MAX);
        }
        rd_kafka_poll(slot->client, 1);
    }
    if (slot->failure != 0) {
        TRY(check_fatal(slot, out_error)); /* why they were dropped */
    }
    enum status status =
        bus_kafka_error_report(slot->failure, BUS_KAFKA_IN_TRANSACTION, "kafka: a record was not delivered", out_error);
    if (slot->failure == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
        return STATUS_LIMIT_EXCEEDED;
    }
    return status == STATUS_RETRIABLE ? STATUS_ABORTABLE : status;
}

/* The offsets could not be sent because a record failed before: if it was too large, that is what is to be told. */
static enum status reason_of_abort(struct slot *slot, struct bus_error *out_error)
{
    int64_t deadline_ms = clock_ms() + REASON_MS_MAX;
    rd_kafka_poll(slot->client, 0);
    while (slot->failure != RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE && rd_kafka_outq_len(slot->client) > 0 &&
           clock_ms() < deadline_ms) {
        rd_kafka_poll(slot->client, 1);
    }
    if (slot->failure != RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
        return STATUS_ABORTABLE;
    }
    return bus_port_fail(out_error, STATUS_LIMIT_EXCEEDED, "kafka: a record was not delivered: %s",
                         rd_kafka_err2str(slot->failure));
}

/* Orders the commit and learns what came of it. When that can't be learnt, the producer is destroyed, so that nothing
 * more of it leaves, and only then is it asked whether the order had left: if so, only the broker knows (FENCED: the
 * stable offsets will tell), if not, nothing is committed. */
static enum status end(struct slot *slot, struct bus_error *out_error)
{
    int64_t deadline_ms = clock_ms() + COMMIT_MS_MAX;
    for (;;) {
        int64_t left_ms = deadline_ms - clock_ms();
        /* Not -1, which librdkafka recommends: it would wait for ever for a broker that does not answer. What it warns of,
         * that its state and the broker's fall apart, is no harm to a producer that is destroyed. */
        rd_kafka_error_t *error = rd_kafka_commit_transaction(slot->client, left_ms > 1 ? (int)left_ms : 1);
        enum status status =
            bus_kafka_error_take(error, BUS_KAFKA_IN_TRANSACTION, "kafka: commit_transaction", out_error);
        if (status == STATUS_OK) {
            return STATUS_OK;
        }
        atomic_store(&slot->dirty, true);
        if (status != STATUS_RETRIABLE || clock_ms() >= deadline_ms) {
            slot_drop(slot);
            if (status == STATUS_FATAL) {
                return STATUS_FATAL;
            }
            bool sent = atomic_load(&slot->ending) && !MUTANT(UNKNOWN_IS_ABORTED);
            return sent || status == STATUS_FENCED ? STATUS_FENCED : STATUS_ABORTABLE;
        }
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

enum status bus_kafka_transactions_commit(struct bus_kafka_transactions *transactions,
                                          const rd_kafka_topic_partition_list_t *offsets,
                                          const rd_kafka_consumer_group_metadata_t *group, struct bus_error *out_error)
{
    ASSERT(transactions->open);
    struct slot *slot = present(transactions);
    ASSERT(slot->client != NULL);
    enum status status = send_offsets(slot, offsets, group, out_error); /* the records travel meanwhile */
    if (status == STATUS_OK) {
        status = await_deliveries(slot, out_error);
    } else if (status == STATUS_ABORTABLE) {
        status = reason_of_abort(slot, out_error);
    }
    if (status == STATUS_OK) {
        slot->producing = false;
        status = end(slot, out_error);
    }
    if (status == STATUS_OK) {
        transactions->open = false;
        transactions->committed = true;
        return STATUS_OK;
    }
    bool may_abort = status == STATUS_ABORTABLE || status == STATUS_LIMIT_EXCEEDED;
    return may_abort ? status : give_up(transactions, status);
}

enum status bus_kafka_transactions_abort(struct bus_kafka_transactions *transactions, struct bus_error *out_error)
{
    if (!transactions->open) {
        return STATUS_OK;
    }
    struct slot *slot = present(transactions);
    enum status status = slot->client == NULL ? STATUS_OK : abort_politely(slot, out_error);
    if (status == STATUS_FENCED || status == STATUS_FATAL) {
        return give_up(transactions, status);
    }
    transactions->open = false;
    if (is_spent(slot)) {
        /* Now rather than later: a late request could open a transaction that holds up every reader until it times out.
         * If the broker is away, the next begin does it. */
        (void)!slot_renew(slot, RENEW_MS_MAX, NULL);
    }
    return STATUS_OK;
}
