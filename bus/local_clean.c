#include "bus/local_clean.h"

#include "base/hash.h"
#include "bus/bus_record.h"
#include "bus/local_compact.h"
#include "bus/local_follower.h"
#include "bus/local_log.h"

#include <inttypes.h>
#include <stdlib.h>

#define ROUND_MS (30 * 1000)
#define SAVE_MS 100

/* ---- Trim and retention ---- */

/* Under clean_lock. The row of the new begin goes first: records below it may linger after a crash, until the next trim
 * removes all from 0 on; the other way round a reader could find a hole. */
static enum status move_begin(struct local *local, struct local_topic *topic, uint32_t partition, int64_t begin,
                              struct kv_error *out_error)
{
    struct kv_batch *batch = NULL;
    TRY(kv_batch_create(local->kv, &batch));
    struct local_key key = local_log_partition_key('b', topic->id, partition);
    enum status status = local_log_put_offset(batch, &key, begin);
    if (status == STATUS_OK) {
        status = kv_batch_write(batch, out_error);
    }
    kv_batch_destroy(batch);
    TRY(status);
    pthread_mutex_lock(&local->lock);
    topic->partitions[partition].begin = begin;
    pthread_mutex_unlock(&local->lock);
    struct local_key from = local_log_record_key(topic->id, partition, 0);
    struct local_key to = local_log_record_key(topic->id, partition, begin);
    return kv_delete_range(local->kv, local_key_text(&from), local_key_text(&to), out_error);
}

enum status local_clean_trim(struct bus *bus, const struct bus_topic *base, uint32_t partition, int64_t offset,
                             struct bus_error *out_error)
{
    struct local *local = (struct local *)bus;
    struct local_topic *topic = local_topic_of(base);
    pthread_mutex_lock(&local->clean_lock);
    pthread_mutex_lock(&local->lock);
    int64_t begin = topic->partitions[partition].begin;
    int64_t end = topic->partitions[partition].end;
    pthread_mutex_unlock(&local->lock);
    enum status status = STATUS_OK;
    if (offset < 0 || offset > end) {
        status =
            bus_port_fail(out_error, STATUS_REFUSED, "offset %" PRId64 " is out of range: 0 to %" PRId64, offset, end);
    } else if (offset > begin) {
        struct kv_error error = {{0}};
        status = move_begin(local, topic, partition, offset, &error);
        status = status == STATUS_OK ? STATUS_OK : local_kv_failed(status, &error, out_error);
    }
    pthread_mutex_unlock(&local->clean_lock);
    return status;
}

/* The first offset at or after `begin` whose record is younger than `before_ms`, or `end`. */
static enum status find_younger(struct local *local, struct local_topic *topic, uint32_t partition,
                                const struct local_partition *state, int64_t before_ms, int64_t *out_offset)
{
    struct arena *arena = arena_create((size_t)128 * 1024);
    TRY_NEW(arena);
    struct local_walk walk;
    enum status status = local_walk_open(local, topic, partition, state->begin, &walk);
    if (status != STATUS_OK) {
        arena_destroy(arena);
        return status;
    }
    int64_t offset = state->begin;
    struct str row;
    *out_offset = state->end;
    while ((status = local_walk_next(&walk, &offset, &row)) == STATUS_OK && offset < state->end) {
        struct bus_record record;
        arena_reset(arena);
        status = bus_record_decode(arena, row, &record);
        if (status != STATUS_OK) {
            break;
        }
        if (record.timestamp_ms >= before_ms) {
            *out_offset = offset;
            break;
        }
    }
    local_walk_close(&walk);
    arena_destroy(arena);
    return status == STATUS_END ? STATUS_OK : status;
}

static enum status retain(struct local *local, struct local_topic *topic, uint32_t partition, int64_t now_ms,
                          struct kv_error *out_error)
{
    pthread_mutex_lock(&local->lock);
    struct local_partition state = topic->partitions[partition];
    pthread_mutex_unlock(&local->lock);
    if (topic->config.retention_ms < 0 || state.begin == state.end) {
        return STATUS_OK;
    }
    int64_t begin = state.begin;
    TRY(find_younger(local, topic, partition, &state, now_ms - topic->config.retention_ms, &begin));
    return begin > state.begin ? move_begin(local, topic, partition, begin, out_error) : STATUS_OK;
}

/* ---- Rounds ---- */

enum status local_clean_round(struct local *local, int64_t now_ms, bool lazy, struct bus_error *out_error)
{
    pthread_mutex_lock(&local->lock);
    struct local_topic *topic = local->topics; /* topics are only ever added, in front */
    pthread_mutex_unlock(&local->lock);
    enum status worst = STATUS_OK;
    for (; topic != NULL; topic = topic->next) {
        for (uint32_t partition = 0; partition < topic->base.partition_count; partition++) {
            struct kv_error error = {{0}};
            pthread_mutex_lock(&local->clean_lock);
            enum status status = topic->config.cleanup == BUS_CLEANUP_DELETE
                                     ? retain(local, topic, partition, now_ms, &error)
                                     : local_compact(local, topic, partition, now_ms, lazy, &error);
            pthread_mutex_unlock(&local->clean_lock);
            if (status != STATUS_OK && worst == STATUS_OK) {
                worst = local_kv_failed(status, &error, out_error);
            }
        }
    }
    return worst;
}

static void *run_janitor(void *owner)
{
    struct local *local = owner;
    struct timespec round = local_deadline(ROUND_MS);
    pthread_mutex_lock(&local->lock);
    while (!local->closing) {
        struct timespec until = local->dones_dirty ? local_deadline(SAVE_MS) : round;
        bool saving = local->dones_dirty;
        int result = 0;
        while (!local->closing && result == 0 && (saving || !local->dones_dirty)) {
            result = pthread_cond_timedwait(&local->janitor_wake, &local->lock, &until);
        }
        if (local->closing || result == 0) {
            continue; /* or offsets became dirty: wait a little for more of them */
        }
        pthread_mutex_unlock(&local->lock);
        /* Failures come again in the next round, and are those that every commit reports. */
        enum status status;
        if (saving) {
            status = local_follower_save(local, NULL);
        } else {
            status = local_clean_round(local, bus_now_ms(&local->base), true, NULL);
            round = local_deadline(ROUND_MS);
        }
        (void)status;
        pthread_mutex_lock(&local->lock);
    }
    pthread_mutex_unlock(&local->lock);
    return NULL;
}

enum status local_clean_start(struct local *local)
{
    if (pthread_create(&local->janitor, NULL, run_janitor, local) != 0) {
        return STATUS_LIMIT_EXCEEDED;
    }
    local->janitor_runs = true;
    return STATUS_OK;
}

void local_clean_stop(struct local *local)
{
    pthread_mutex_lock(&local->lock);
    local->closing = true;
    pthread_cond_signal(&local->janitor_wake);
    pthread_mutex_unlock(&local->lock);
    if (local->janitor_runs) {
        pthread_join(local->janitor, NULL);
    }
}
