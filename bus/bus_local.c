#include "bus/bus_local.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/env.h"
#include "base/limits.h"
#include "bus/bus_bytes.h"
#include "bus/local_clean.h"
#include "bus/local_commit.h"
#include "bus/local_follower.h"
#include "bus/local_group.h"
#include "bus/local_log.h"
#include "bus/local_member.h"
#include "bus/local_reader.h"
#include "bus/local_topic.h"
#include "bus/serve.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define TOPICS_ARENA_BYTES_MAX ((size_t)1024 * 1024 * 1024)
#define DAY_MS (24 * 3600 * 1000)

/* ---- Shared by the parts (bus/local.h) ---- */

struct timespec local_deadline(int timeout_ms)
{
    return clock_deadline(1000 * (int64_t)(timeout_ms < 0 ? DAY_MS : timeout_ms));
}

struct local_topic *local_topic_of(const struct bus_topic *topic)
{
    return (struct local_topic *)topic;
}

void local_waiter_init(struct local *local, struct local_waiter *waiter, const struct local_topic *const *topics,
                       size_t topic_count)
{
    *waiter = (struct local_waiter){.topics = topics, .topic_count = topic_count};
    clock_cond_init(&waiter->cond);
    pthread_mutex_lock(&local->lock);
    waiter->next = local->waiters;
    if (waiter->next != NULL) {
        waiter->next->previous = waiter;
    }
    local->waiters = waiter;
    pthread_mutex_unlock(&local->lock);
}

void local_waiter_clear(struct local *local, struct local_waiter *waiter)
{
    pthread_mutex_lock(&local->lock);
    if (waiter->next != NULL) {
        waiter->next->previous = waiter->previous;
    }
    if (waiter->previous != NULL) {
        waiter->previous->next = waiter->next;
    } else {
        local->waiters = waiter->next;
    }
    pthread_mutex_unlock(&local->lock);
    pthread_cond_destroy(&waiter->cond);
}

void local_waiter_poke(struct local_waiter *waiter)
{
    waiter->poked = true;
    pthread_cond_signal(&waiter->cond);
}

bool local_waiter_wait(struct local *local, struct local_waiter *waiter, const struct timespec *deadline)
{
    int result = 0;
    while (!waiter->poked && result == 0) {
        result = pthread_cond_timedwait(&waiter->cond, &local->lock, deadline);
    }
    bool poked = waiter->poked;
    waiter->poked = false;
    return poked;
}

enum status local_kv_failed(enum status status, const struct kv_error *error, struct bus_error *out_error)
{
    const char *text = error->text[0] == '\0' ? status_text(status) : error->text;
    enum status answer = status == STATUS_FULL || status == STATUS_LIMIT_EXCEEDED ? STATUS_ABORTABLE : STATUS_FATAL;
    return bus_port_fail(out_error, answer, "the embedded bus's store: %s", text);
}

/* ---- Open and close ---- */

static void local_close(struct bus *bus)
{
    struct local *local = (struct local *)bus;
    serve_stop(local->server);
    local_clean_stop(local);
    ASSERT(local->waiters == NULL); /* members, readers and followers are closed before their bus */
    while (local->groups != NULL) {
        struct local_group *group = local->groups;
        local->groups = group->next;
        local_group_destroy(group);
    }
    local_follower_forget(local);
    kv_batch_destroy(local->batch);
    kv_close(local->kv);
    arena_destroy(local->arena);
    pthread_cond_destroy(&local->janitor_wake);
    pthread_cond_destroy(&local->written);
    pthread_mutex_destroy(&local->clean_lock);
    pthread_mutex_destroy(&local->create_lock);
    pthread_mutex_destroy(&local->lock);
    free(local);
}

static enum status topics_check(struct bus *bus, struct bus_error *out_error)
{
    (void)bus, (void)out_error;
    return STATUS_OK; /* nothing changes a topic here */
}

static enum status bounds(struct bus *bus, const struct bus_topic *base, uint32_t partition, bool committed_only,
                          int64_t *out_begin, int64_t *out_end, struct bus_error *out_error)
{
    (void)committed_only, (void)out_error; /* a transaction has no offsets before it is committed */
    struct local *local = (struct local *)bus;
    const struct local_topic *topic = local_topic_of(base);
    pthread_mutex_lock(&local->lock);
    *out_begin = topic->partitions[partition].begin;
    *out_end = topic->partitions[partition].end;
    pthread_mutex_unlock(&local->lock);
    return STATUS_OK;
}

static const struct bus_ops local_ops = {
    .close = local_close,
    .now_ms = bus_port_now_ms,
    .random = bus_port_random,
    .statistics = bus_port_no_statistics,
    .topic_open = local_topic_open,
    .topic_create = local_topic_create,
    .topic_list = local_topic_list,
    .topics_check = topics_check,
    .bounds = bounds,
    .trim = local_clean_trim,
    .group_next = local_follower_next,
    .group_members = local_group_members,
    .member_open = local_member_open,
    .member_leave = local_member_leave,
    .member_close = local_member_close,
    .member_poll = local_member_poll,
    .member_wake = local_member_wake,
    .member_stable = local_member_stable,
    .member_seek = local_member_seek,
    .member_pause = local_member_pause,
    .begin = local_member_begin,
    .produce = local_member_produce,
    .commit = local_member_commit,
    .abort = local_member_abort,
    .last_offset = local_member_last_offset,
    .member_position = local_member_position,
    .member_end = local_member_end,
    .member_renewals = local_member_renewals,
    .reader_open = local_reader_open,
    .reader_next = local_reader_next,
    .reader_position = local_reader_position,
    .reader_close = local_reader_close,
    .producer_open = local_producer_open,
    .producer_send = local_producer_send,
    .producer_flush = local_producer_flush,
    .producer_close = local_producer_close,
    .follower_open = local_follower_open,
    .follower_poll = local_follower_poll,
    .follower_done = local_follower_done,
    .follower_close = local_follower_close,
};

/* The cluster's id: drawn when the folder is new. */
static enum status load_cluster_id(struct local *local, struct kv_error *out_error)
{
    struct str row;
    struct str key = STR("mcluster");
    enum status status = kv_get(local->kv, NULL, local->arena, key, &row);
    if (status == STATUS_NOT_FOUND) {
        uint8_t bytes[16];
        bus_random(&local->base, bytes, sizeof bytes);
        env_uuid_format(bytes, 4, local->cluster_id);
        TRY(kv_batch_put(local->batch, key, str_of(local->cluster_id)));
        TRY(kv_batch_write(local->batch, out_error));
    } else if (status == STATUS_OK && row.length == UUID_CHARACTERS) {
        memcpy(local->cluster_id, row.bytes, row.length);
    } else {
        return status == STATUS_OK ? STATUS_CORRUPT : status;
    }
    local->base.cluster_id = str_of(local->cluster_id);
    return STATUS_OK;
}

static enum status open_store(struct local *local, const struct bus_local_options *options, struct kv_error *out_error)
{
    TRY_NEW(local->arena = arena_create(TOPICS_ARENA_BYTES_MAX));
    struct kv_options kv_options = {.path = options->path, .log = KV_LOG_SYNC, .memory_bytes = options->memory_bytes};
    TRY(kv_rocksdb_open(&kv_options, &local->kv, out_error));
    TRY(kv_batch_create(local->kv, &local->batch));
    TRY(load_cluster_id(local, out_error));
    TRY(local_topic_load(local));
    return local_clean_start(local);
}

enum status bus_local_open(const struct bus_local_options *options, struct bus **out_bus, struct bus_error *out_error)
{
    struct local *local = calloc(1, sizeof *local);
    TRY_NEW(local);
    local->base.ops = &local_ops;
    local->queue_end = &local->queue;
    pthread_mutex_init(&local->lock, NULL);
    pthread_mutex_init(&local->create_lock, NULL);
    pthread_mutex_init(&local->clean_lock, NULL);
    clock_cond_init(&local->written);
    clock_cond_init(&local->janitor_wake);
    struct kv_error error = {{0}};
    enum status status = open_store(local, options, &error);
    if (status != STATUS_OK) {
        local_close(&local->base);
        return bus_port_fail(out_error, status, "opening the embedded bus in %s: %s", options->path,
                             error.text[0] == '\0' ? status_text(status) : error.text);
    }
    *out_bus = &local->base;
    return STATUS_OK;
}

enum status bus_local_serve(struct bus *bus, const char *path, struct bus_error *out_error)
{
    struct local *local = (struct local *)bus;
    ASSERT(bus->ops == &local_ops && local->server == NULL);
    return serve_start(bus, path, &local->server, out_error);
}

enum status bus_local_clean(struct bus *bus, int64_t now_ms, struct bus_error *out_error)
{
    ASSERT(bus->ops == &local_ops);
    return local_clean_round((struct local *)bus, now_ms, false, out_error);
}
