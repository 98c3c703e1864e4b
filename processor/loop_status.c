/* What other threads see of a stream thread: published once around, read at any time. */
#include "processor/loop_parts.h"

#include <stdio.h>
#include <stdlib.h>

#define ENDS_MS 1000 /* the inputs' ends are looked at so often */

static bool make_room(struct loop *loop)
{
    if (loop->partition_count > loop->published_capacity) {
        struct loop_partition *grown = realloc(loop->published, loop->partition_count * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        loop->published = grown;
        loop->published_capacity = loop->partition_count;
    }
    return true;
}

static int64_t restore_lag(struct loop *loop, const struct partition *partition)
{
    struct restore_progress progress;
    struct bus_error ignored;
    if (partition->restore == NULL) {
        return partition->phase >= PARTITION_RESTORED && partition->phase != PARTITION_PARKED ? 0 : -1;
    }
    restorer_state(loop->shared.restorer, partition->restore, &progress, &ignored);
    return progress.end_offset < 0 ? -1 : progress.end_offset - progress.next_offset;
}

/* With the lock. */
static void publish_partition(struct loop *loop, const struct partition *partition, bool ends, struct loop_partition *out)
{
    int64_t lag[INPUT_COUNT] = {-1, -1};
    if (out->id == partition->id && !ends) {
        memcpy(lag, out->lag, sizeof lag); /* as it was */
    }
    for (int input = 0; ends && input < INPUT_COUNT && partition->phase == PARTITION_ACTIVE; input++) {
        int64_t end = bus_member_end(loop->member, (size_t)input, partition->id);
        int64_t left = end - batch_position(loop, partition, (enum input)input);
        lag[input] = end < 0 ? -1 : left > 0 ? left : 0;
    }
    *out = (struct loop_partition){.id = partition->id, .phase = partition->phase, .lag = {lag[0], lag[1]}};
    out->restore_lag = restore_lag(loop, partition);
    snprintf(out->refusal, sizeof out->refusal, "%.255s", partition->refusal);
}

void loop_publish_status(struct loop *loop)
{
    struct loop_status status = {.assigned = (uint32_t)loop->partition_count, .committed_ms = loop->last_now_ms};
    bool ends = loop->last_now_ms - loop->ends_ms >= ENDS_MS || loop->published_count != loop->partition_count;
    status.renewals = bus_member_renewals(loop->member);
    pthread_mutex_lock(&loop->status_lock);
    loop->published_count = make_room(loop) ? loop->partition_count : 0;
    loop->ends_ms = ends ? loop->last_now_ms : loop->ends_ms;
    for (size_t at = 0; at < loop->published_count; at++) {
        publish_partition(loop, loop->partitions[at], ends, &loop->published[at]);
        status.restore_lag += loop->published[at].restore_lag < 0 ? 1 : loop->published[at].restore_lag;
    }
    for (size_t at = 0; at < loop->partition_count; at++) {
        const struct partition *partition = loop->partitions[at];
        status.active += partition->phase == PARTITION_ACTIVE;
        if (partition->refusal[0] != '\0') {
            status.refused += partition->phase == PARTITION_REFUSED;
            status.parked += partition->phase != PARTITION_REFUSED;
            memcpy(status.refusal, partition->refusal, sizeof status.refusal);
        }
    }
    loop->status = status;
    pthread_mutex_unlock(&loop->status_lock);
}

size_t loop_partitions(struct loop *loop, struct loop_partition *out_partitions, size_t capacity)
{
    pthread_mutex_lock(&loop->status_lock);
    size_t count = loop->published_count;
    if (count > 0) {
        memcpy(out_partitions, loop->published, (count < capacity ? count : capacity) * sizeof *out_partitions);
    }
    pthread_mutex_unlock(&loop->status_lock);
    return count;
}

void loop_status(struct loop *loop, struct loop_status *out_status)
{
    pthread_mutex_lock(&loop->status_lock);
    *out_status = loop->status;
    pthread_mutex_unlock(&loop->status_lock);
}
