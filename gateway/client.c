#include "gateway/client.h"

#include "base/assert.h"
#include "base/hash.h"
#include "schemas/reply_address.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define SLOTS 4096     /* chains of requests in flight */
#define POLL_MS 100    /* how late a timeout may be told */
#define FLUSH_MS 10000
#define PREFIX_BYTES 8 /* chance in a correlation id */

struct client {
    struct client_config config;
    const struct bus_topic *commands;
    const struct bus_topic *results;
    const struct bus_topic *replies;
    uint32_t reply_partition;
    char prefix[PREFIX_BYTES * 2 + 1]; /* of this client's correlation ids */
    struct bus_producer *producer;     /* of the sending thread */
    struct bus_reader *reader;         /* of the receiving thread */
    pthread_t sender;
    pthread_t receiver;
    bool joins_sender;
    bool joins_receiver;
    _Atomic bool stopping;
    _Atomic uint64_t counter;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t woken;
    bool has_sender;
    struct client_request *queue; /* handed over, not yet sent; the last one first */
    struct client_request *slots[SLOTS];
    struct client_request *oldest;
    struct client_request *newest;
    bool broken; /* a thread has given up; `failure` says why */
    struct bus_error failure;
};

/* ---- Requests in flight; with the lock held ---- */

static struct client_request **place(struct client *client, struct str correlation_id)
{
    struct client_request **at = &client->slots[hash_murmur2(correlation_id) % SLOTS];
    while (*at != NULL && !str_equal(str_of((*at)->correlation_id), correlation_id)) {
        at = &(*at)->chain;
    }
    return at;
}

static void keep(struct client *client, struct client_request *request)
{
    struct client_request **at = place(client, str_of(request->correlation_id));
    ASSERT(*at == NULL);
    request->chain = NULL;
    *at = request;
    request->newer = NULL;
    request->older = client->newest;
    if (client->newest != NULL) {
        client->newest->newer = request;
    } else {
        client->oldest = request;
    }
    client->newest = request;
}

static struct client_request *take(struct client *client, struct str correlation_id)
{
    struct client_request **at = place(client, correlation_id);
    struct client_request *request = *at;
    if (request == NULL) {
        return NULL;
    }
    *at = request->chain;
    if (request->older != NULL) {
        request->older->newer = request->newer;
    } else {
        client->oldest = request->newer;
    }
    if (request->newer != NULL) {
        request->newer->older = request->older;
    } else {
        client->newest = request->older;
    }
    return request;
}

static void finish(struct client *client, struct str correlation_id, enum status status, struct str reply)
{
    pthread_mutex_lock(&client->lock);
    struct client_request *request = take(client, correlation_id);
    pthread_mutex_unlock(&client->lock);
    if (request != NULL) {
        request->done(request, status, reply);
    }
}

/* All that are older than the time. The sender still looks at one that waits in the queue: it stays, unless no sender is
 * left. */
static void finish_until(struct client *client, int64_t now_ms, enum status status)
{
    for (;;) {
        pthread_mutex_lock(&client->lock);
        struct client_request *request = client->oldest;
        bool due = request != NULL && request->deadline_ms <= now_ms && (!request->queued || !client->has_sender);
        if (due) {
            request = take(client, str_of(request->correlation_id));
        }
        pthread_mutex_unlock(&client->lock);
        if (!due) {
            return;
        }
        request->done(request, status, STR_NONE);
    }
}

static void fail(struct client *client, const struct bus_error *error, enum status status)
{
    pthread_mutex_lock(&client->lock);
    client->broken = true;
    snprintf(client->failure.text, sizeof client->failure.text, "%.*s",
             (int)sizeof client->failure.text - 1, error->text[0] != '\0' ? error->text : status_text(status));
    pthread_mutex_unlock(&client->lock);
}

void client_failure(struct client *client, struct bus_error *out_error)
{
    pthread_mutex_lock(&client->lock);
    *out_error = client->failure;
    pthread_mutex_unlock(&client->lock);
}

/* ---- Handing over ---- */

/* Where a record's member of that name lies, or NULL. */
static void *member_of(const struct client_request *request, struct str name)
{
    const struct record_type *type = &record_types[request->record];
    for (uint32_t at = 0; at < type->field_count; at++) {
        if (str_equal(type->fields[at].name, name)) {
            return (char *)request->value + type->fields[at].offset;
        }
    }
    return NULL;
}

static void fill_address(struct client *client, struct client_request *request)
{
    struct str *topic = member_of(request, STR("replyTopic"));
    int64_t *partition = member_of(request, STR("replyPartition"));
    struct str *correlation_id = member_of(request, STR("correlationId"));
    ASSERT(topic != NULL && partition != NULL && correlation_id != NULL);
    *topic = bus_topic_name(client->replies);
    *partition = client->reply_partition;
    *correlation_id = str_of(request->correlation_id);
}

static uint32_t partition_of(struct client *client, const struct client_request *request)
{
    uint32_t count = bus_topic_partition_count(request->topic);
    uint32_t chance;
    if (request->key.bytes != NULL) {
        return hash_partition(request->key, count);
    }
    bus_random(client->config.bus, (uint8_t *)&chance, sizeof chance);
    return chance % count;
}

static enum status prepare(struct client *client, struct client_request *request)
{
    bool command = record_union_index(SCHEMA_command, request->record) >= 0;
    enum topic_id topic = command ? TOPIC_COMMANDS : TOPIC_RESULTS;
    uint64_t number = atomic_fetch_add(&client->counter, 1);
    snprintf(request->correlation_id, sizeof request->correlation_id, "%s-%" PRIu64, client->prefix, number);
    fill_address(client, request);
    request->topic = command ? client->commands : client->results;
    request->partition = partition_of(client, request);
    request->deadline_ms = bus_now_ms(client->config.bus) + client->config.timeout_ms;
    const struct reply_address address = {
        .topic = bus_topic_name(client->replies),
        .partition = client->reply_partition,
        .correlation_id = str_of(request->correlation_id),
    };
    TRY(reply_address_format(request->arena, &address, &request->address));
    TRY(codec_encode(request->arena, client->config.encodings[topic], topic_types[topic].schema, request->record,
                     request->value, &request->message));
    return request->message.length > (size_t)topic_types[topic].max_message_bytes ? STATUS_LIMIT_EXCEEDED : STATUS_OK;
}

void client_send(struct client *client, struct client_request *request)
{
    enum status status = prepare(client, request);
    if (status == STATUS_OK) {
        pthread_mutex_lock(&client->lock);
        if (atomic_load(&client->stopping) || client->broken) {
            status = STATUS_RETRIABLE;
        } else {
            keep(client, request);
            request->queued = true;
            request->next = client->queue;
            client->queue = request;
            pthread_cond_signal(&client->woken);
        }
        pthread_mutex_unlock(&client->lock);
    }
    if (status != STATUS_OK) {
        request->done(request, status, STR_NONE);
    }
}

/* ---- Sending ---- */

/* What was handed over, in order; NULL: stopping. */
static struct client_request *await_queue(struct client *client)
{
    struct client_request *ordered = NULL;
    pthread_mutex_lock(&client->lock);
    while (client->queue == NULL && !atomic_load(&client->stopping)) {
        pthread_cond_wait(&client->woken, &client->lock);
    }
    while (client->queue != NULL) {
        struct client_request *request = client->queue;
        client->queue = request->next;
        request->next = ordered;
        ordered = request;
    }
    pthread_mutex_unlock(&client->lock);
    return ordered;
}

/* The producer has it: from here on its time may run out. It may be answered, and gone, already. */
static void let_go(struct client *client, struct str correlation_id)
{
    pthread_mutex_lock(&client->lock);
    struct client_request *request = *place(client, correlation_id);
    if (request != NULL) {
        request->queued = false;
    }
    pthread_mutex_unlock(&client->lock);
}

static enum status send_all(struct client *client, struct client_request *request, struct bus_error *error)
{
    while (request != NULL) {
        struct client_request *next = request->next;
        char correlation_id[CLIENT_CORRELATION_BYTES];
        const struct bus_header header = {REPLY_ADDRESS_HEADER, request->address};
        const struct bus_message message = {
            .topic = request->topic,
            .partition = request->partition,
            .key = request->key,
            .value = request->message,
            .headers = &header,
            .header_count = 1,
        };
        memcpy(correlation_id, request->correlation_id, sizeof correlation_id);
        enum status status = bus_producer_send(client->producer, &message, error);
        if (status == STATUS_OK) {
            let_go(client, str_of(correlation_id));
        } else {
            finish(client, str_of(correlation_id), status, STR_NONE);
        }
        if (status == STATUS_FATAL || status == STATUS_FENCED) {
            return status;
        }
        request = next;
    }
    /* What a flush leaves unanswered may still arrive: its requests wait for a Reply, or for their time to be over. */
    enum status status = bus_producer_flush(client->producer, FLUSH_MS, error);
    return status == STATUS_FATAL || status == STATUS_FENCED ? status : STATUS_OK;
}

static void *run_sender(void *owner)
{
    struct client *client = owner;
    while (!atomic_load(&client->stopping)) {
        struct bus_error error = {""};
        struct client_request *first = await_queue(client);
        enum status status = first == NULL ? STATUS_OK : send_all(client, first, &error);
        if (status != STATUS_OK) {
            fail(client, &error, status);
            break;
        }
    }
    pthread_mutex_lock(&client->lock);
    client->has_sender = false;
    pthread_mutex_unlock(&client->lock);
    return NULL;
}

/* ---- Receiving ---- */

static void *run_receiver(void *owner)
{
    struct client *client = owner;
    struct str prefix = str_of(client->prefix);
    int64_t swept_ms = 0;
    while (!atomic_load(&client->stopping)) {
        struct bus_error error = {""};
        struct bus_record record;
        enum status status = bus_reader_next(client->reader, POLL_MS, &record, &error);
        if (status == STATUS_OK && record.value.bytes != NULL && str_starts_with(record.key, prefix)) {
            finish(client, record.key, STATUS_OK, record.value);
        } else if (status != STATUS_OK && status != STATUS_END && status != STATUS_RETRIABLE) {
            fail(client, &error, status);
            break;
        }
        int64_t now_ms = bus_now_ms(client->config.bus);
        if (now_ms - swept_ms >= POLL_MS) {
            swept_ms = now_ms;
            finish_until(client, now_ms, STATUS_TIMED_OUT);
        }
    }
    return NULL;
}

/* ---- Its life ---- */

static enum status open_topic(struct client *client, enum topic_id id, const struct bus_topic **out_topic,
                              struct bus_error *out_error)
{
    char name[256];
    snprintf(name, sizeof name, "%.*s.%.*s", STR_ARGS(client->config.prefix), STR_ARGS(topic_types[id].name));
    enum status status = bus_topic_open(client->config.bus, str_of(name), out_topic, out_error);
    if (status == STATUS_NOT_FOUND) {
        snprintf(out_error->text, sizeof out_error->text, "the topic %s does not exist; `pawl topics create` makes it",
                 name);
    }
    return status;
}

static enum status open_bus(struct client *client, struct bus_error *out_error)
{
    struct bus *bus = client->config.bus;
    int64_t begin;
    int64_t end;
    TRY(open_topic(client, TOPIC_COMMANDS, &client->commands, out_error));
    TRY(open_topic(client, TOPIC_RESULTS, &client->results, out_error));
    TRY(open_topic(client, TOPIC_REPLIES, &client->replies, out_error));
    client->reply_partition =
        hash_murmur2(client->config.instance) % bus_topic_partition_count(client->replies);
    TRY(bus_bounds(bus, client->replies, client->reply_partition, true, &begin, &end, out_error));
    TRY(bus_reader_open(bus, client->replies, client->reply_partition, end, &client->reader, out_error));
    return bus_producer_open(bus, &client->producer, out_error);
}

static enum status start(struct client *client)
{
    client->has_sender = true; /* before it runs: it says itself when it has ended */
    if (pthread_create(&client->sender, NULL, run_sender, client) != 0) {
        client->has_sender = false;
        return STATUS_LIMIT_EXCEEDED;
    }
    client->joins_sender = true;
    if (pthread_create(&client->receiver, NULL, run_receiver, client) != 0) {
        return STATUS_LIMIT_EXCEEDED;
    }
    client->joins_receiver = true;
    return STATUS_OK;
}

enum status client_open(const struct client_config *config, struct client **out_client, struct bus_error *out_error)
{
    struct client *client = calloc(1, sizeof *client);
    uint8_t chance[PREFIX_BYTES];
    TRY_NEW(client);
    client->config = *config;
    pthread_mutex_init(&client->lock, NULL);
    pthread_cond_init(&client->woken, NULL);
    bus_random(config->bus, chance, sizeof chance);
    for (size_t at = 0; at < sizeof chance; at++) {
        snprintf(client->prefix + at * 2, 3, "%02x", chance[at]);
    }
    enum status status = open_bus(client, out_error);
    if (status == STATUS_OK) {
        status = start(client);
    }
    if (status != STATUS_OK) {
        client_close(client);
        return status;
    }
    *out_client = client;
    return STATUS_OK;
}

void client_stop(struct client *client)
{
    pthread_mutex_lock(&client->lock);
    atomic_store(&client->stopping, true);
    pthread_cond_broadcast(&client->woken);
    pthread_mutex_unlock(&client->lock);
    if (client->joins_sender) {
        pthread_join(client->sender, NULL);
        client->joins_sender = false;
    }
    if (client->joins_receiver) {
        pthread_join(client->receiver, NULL);
        client->joins_receiver = false;
    }
    finish_until(client, INT64_MAX, STATUS_RETRIABLE);
}

void client_close(struct client *client)
{
    client_stop(client);
    if (client->producer != NULL) {
        bus_producer_close(client->producer);
    }
    if (client->reader != NULL) {
        bus_reader_close(client->reader);
    }
    pthread_cond_destroy(&client->woken);
    pthread_mutex_destroy(&client->lock);
    free(client);
}
