#include "cli/claims.h"

#include "base/env.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/log.h"
#include "cli/child.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FLUSH_MS 10000
#define POLL_MS 100
#define AGAIN_MS 3000 /* before it is claimed once more: the reply may be late or lost, claiming twice does no harm */
#define CORRELATION_BYTES (UUID_CHARACTERS + 24)

/* Somebody who waits for his answer. */
struct claimant {
    struct claimant *next;
    char correlation_id[CORRELATION_BYTES];
    bool answered;
    bool mine;
    char refusal[128];
};

struct claims {
    struct claims_config config;
    char uuid[UUID_CHARACTERS + 1]; /* correlation ids begin with it */
    pthread_mutex_t lock;           /* guards what follows */
    pthread_cond_t change;
    struct bus_producer *producer;
    struct arena *arena;
    uint64_t number;
    struct claimant *first;
    bool stopped;
    bool reading; /* one of those who wait reads for all; the reader is his meanwhile */
    struct bus_reader *reader;
};

enum status claims_create(const struct claims_config *config, struct claims **out_claims, struct bus_error *out_error)
{
    uint8_t chance[16];
    int64_t begin;
    int64_t end;
    struct claims *claims = calloc(1, sizeof *claims);
    TRY_NEW(claims);
    claims->config = *config;
    bus_random(config->bus, chance, sizeof chance);
    env_uuid_format(chance, 4, claims->uuid);
    pthread_mutex_init(&claims->lock, NULL);
    pthread_cond_init(&claims->change, NULL);
    claims->arena = arena_create(STEP_ARENA_BYTES_MAX);
    enum status status = claims->arena == NULL ? STATUS_LIMIT_EXCEEDED : STATUS_OK;
    if (status == STATUS_OK) {
        status = bus_bounds(config->bus, config->replies, 0, true, &begin, &end, out_error);
    }
    if (status == STATUS_OK) {
        status = bus_reader_open(config->bus, config->replies, 0, end, &claims->reader, out_error);
    }
    if (status == STATUS_OK) {
        status = bus_producer_open(config->bus, &claims->producer, out_error);
    }
    if (status != STATUS_OK) {
        claims_destroy(claims);
        return status;
    }
    *out_claims = claims;
    return STATUS_OK;
}

void claims_destroy(struct claims *claims)
{
    if (claims->producer != NULL) {
        bus_producer_close(claims->producer);
    }
    if (claims->reader != NULL) {
        bus_reader_close(claims->reader);
    }
    if (claims->arena != NULL) {
        arena_destroy(claims->arena);
    }
    pthread_cond_destroy(&claims->change);
    pthread_mutex_destroy(&claims->lock);
    free(claims);
}

void claims_stop(struct claims *claims)
{
    pthread_mutex_lock(&claims->lock);
    claims->stopped = true;
    pthread_cond_broadcast(&claims->change);
    pthread_mutex_unlock(&claims->lock);
}

/* ---- Asking; with the lock held ---- */

static enum status ask(struct claims *claims, const struct task *task, const struct claimant *claimant,
                       struct bus_error *out_error)
{
    const struct claims_config *config = &claims->config;
    struct str arn = task->request->execution_arn;
    const struct task_claim claim = {
        .worker_name = config->worker_name,
        .reply_topic = bus_topic_name(config->replies),
        .correlation_id = str_of(claimant->correlation_id),
    };
    struct bus_message message = {
        .topic = config->results,
        .partition = hash_partition(arn, bus_topic_partition_count(config->results)),
        .key = arn,
    };
    arena_reset(claims->arena);
    TRY(task_started(claims->arena, task, &claim, config->encoding, &message.value));
    TRY(bus_producer_send(claims->producer, &message, out_error));
    return bus_producer_flush(claims->producer, FLUSH_MS, out_error);
}

/* ---- Being answered ---- */

/* With the lock held. */
static void deliver(struct claims *claims, const struct bus_record *record)
{
    struct codec_error error;
    enum record_id type;
    void *value;
    struct claimant *claimant = claims->first;
    while (claimant != NULL && !str_equal(record->key, str_of(claimant->correlation_id))) {
        claimant = claimant->next;
    }
    arena_reset(claims->arena);
    if (claimant == NULL || record->value.bytes == NULL ||
        codec_decode(claims->config.codec, claims->arena, SCHEMA_reply, record->value, &type, &value, &error) != STATUS_OK) {
        return;
    }
    const struct reply *reply = value;
    claimant->answered = true;
    claimant->mine = reply->error.bytes == NULL;
    snprintf(claimant->refusal, sizeof claimant->refusal, "%.*s", STR_ARGS(reply->error));
    pthread_cond_broadcast(&claims->change);
}

/* Takes a turn at reading, for all who wait. With the lock held; it is let go meanwhile. */
static void read_one(struct claims *claims)
{
    struct bus_record record;
    struct bus_error error = {""};
    claims->reading = true;
    pthread_mutex_unlock(&claims->lock);
    enum status status = bus_reader_next(claims->reader, POLL_MS, &record, &error);
    if (status != STATUS_OK && status != STATUS_END) {
        char quoted[600];
        log_event(LOG_WARNING, "claims_delayed", "reason=%s", log_quote(str_of(error.text), quoted, sizeof quoted));
        nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
    }
    pthread_mutex_lock(&claims->lock);
    if (status == STATUS_OK) {
        deliver(claims, &record); /* the record is ours until the next read */
    }
    claims->reading = false;
    pthread_cond_broadcast(&claims->change);
}

/* Until it is answered, all is stopped, or it is time to ask again. With the lock held. */
static void await(struct claims *claims, const struct claimant *claimant, int64_t until_ms)
{
    while (!claimant->answered && !claims->stopped && child_now_ms() < until_ms) {
        if (!claims->reading) {
            read_one(claims);
        } else {
            const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
            pthread_cond_timedwait(&claims->change, &claims->lock, &until);
        }
    }
}

static void forget(struct claims *claims, struct claimant *claimant)
{
    struct claimant **link = &claims->first;
    while (*link != claimant) {
        link = &(*link)->next;
    }
    *link = claimant->next;
}

enum claims_answer claims_take(struct claims *claims, const struct task *task)
{
    struct claimant claimant = {.answered = false};
    char quoted[600];
    pthread_mutex_lock(&claims->lock);
    snprintf(claimant.correlation_id, sizeof claimant.correlation_id, "%s-%" PRIu64, claims->uuid, claims->number++);
    claimant.next = claims->first;
    claims->first = &claimant;
    while (!claimant.answered && !claims->stopped) {
        struct bus_error error = {""};
        if (ask(claims, task, &claimant, &error) != STATUS_OK) {
            log_event(LOG_WARNING, "claims_delayed", "reason=%s", log_quote(str_of(error.text), quoted, sizeof quoted));
        }
        await(claims, &claimant, child_now_ms() + AGAIN_MS);
    }
    forget(claims, &claimant);
    pthread_mutex_unlock(&claims->lock);
    if (!claimant.answered) {
        return CLAIMS_STOPPED;
    }
    if (!claimant.mine) {
        log_event(LOG_INFO, "claim_lost", "execution=%.*s state=%.*s error=%s", STR_ARGS(task->request->execution_arn),
                  STR_ARGS(task->request->state_name), claimant.refusal);
    }
    return claimant.mine ? CLAIMS_MINE : CLAIMS_LOST;
}
