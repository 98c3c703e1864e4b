#include "processor/standby.h"

#include "base/assert.h"
#include "base/limits.h"
#include "base/log.h"
#include "processor/standby_plan.h"
#include "state/restore.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define PLAN_MS 2000        /* between two questions who owns what */
#define STEP_RECORDS 1000   /* of one copy at a time: as long as a stream thread waits for its rows */
#define FAILURE_MS 30000    /* before a copy that failed is begun anew */
#define OWNER PROCESSOR_THREADS_MAX /* in the table of owners: no stream thread's number */

struct copy {
    struct restore *restore; /* NULL: not followed */
    int64_t again_ms;        /* not taken up before */
    atomic_int suspended;    /* how many stream threads have the partition, or are about to let go of it */
    bool wanted;
};

struct standby {
    struct standby_parts parts;
    struct arena *arena;
    struct str group;    /* in the arena of names */
    struct str instance;
    struct arena *names;
    uint32_t partition_count;
    bool *plan; /* room for one */
    int64_t planned_ms;
    atomic_uint suspensions;   /* how many there ever were … */
    unsigned suspensions_seen; /* … and of how many was let go */
    pthread_mutex_t lock; /* guards status */
    struct standby_status status;
    struct copy copies[];
};

/* ---- Its life ---- */

static enum status name(struct standby *standby)
{
    const struct processor_config *config = standby->parts.config;
    TRY(arena_format(standby->names, &standby->group, "%.*s-processor", STR_ARGS(config->prefix)));
    return arena_format(standby->names, &standby->instance, "%.*s-%.*s", STR_ARGS(config->prefix),
                        STR_ARGS(config->instance));
}

enum status standby_create(const struct standby_parts *parts, struct standby **out_standby)
{
    uint32_t count = topics_partition_count(parts->topics);
    struct standby *standby = calloc(1, sizeof *standby + count * sizeof standby->copies[0]);
    TRY_NEW(standby);
    standby->parts = *parts;
    standby->partition_count = count;
    standby->plan = calloc(count, sizeof *standby->plan);
    standby->arena = arena_create(STEP_ARENA_BYTES_MAX);
    standby->names = arena_create(STEP_ARENA_BYTES_MAX);
    pthread_mutex_init(&standby->lock, NULL);
    bool whole = standby->plan != NULL && standby->arena != NULL && standby->names != NULL;
    if (!whole || name(standby) != STATUS_OK) {
        standby_destroy(standby);
        return STATUS_LIMIT_EXCEEDED;
    }
    *out_standby = standby;
    return STATUS_OK;
}

static void let_go(struct standby *standby, uint32_t partition)
{
    struct copy *copy = &standby->copies[partition];
    if (copy->restore != NULL) {
        restore_destroy(copy->restore);
        copy->restore = NULL;
        owners_give(standby->parts.owners, partition, OWNER);
    }
}

void standby_destroy(struct standby *standby)
{
    if (standby == NULL) {
        return;
    }
    for (uint32_t partition = 0; partition < standby->partition_count; partition++) {
        let_go(standby, partition);
    }
    free(standby->plan);
    if (standby->arena != NULL) {
        arena_destroy(standby->arena);
    }
    if (standby->names != NULL) {
        arena_destroy(standby->names);
    }
    pthread_mutex_destroy(&standby->lock);
    free(standby);
}

/* ---- What stream threads say ---- */

void standby_suspend(struct standby *standby, uint32_t partition)
{
    ASSERT(partition < standby->partition_count);
    atomic_fetch_add(&standby->copies[partition].suspended, 1);
    atomic_fetch_add(&standby->suspensions, 1);
}

void standby_resume(struct standby *standby, uint32_t partition)
{
    ASSERT(partition < standby->partition_count);
    int before = atomic_fetch_sub(&standby->copies[partition].suspended, 1);
    ASSERT(before > 0);
}

/* ---- Which ---- */

/* Before each piece of work: a stream thread waits for what is suspended. */
static void let_go_of_suspended(struct standby *standby)
{
    unsigned suspensions = atomic_load(&standby->suspensions);
    if (suspensions == standby->suspensions_seen) {
        return;
    }
    standby->suspensions_seen = suspensions;
    for (uint32_t partition = 0; partition < standby->partition_count; partition++) {
        if (atomic_load(&standby->copies[partition].suspended) > 0) {
            let_go(standby, partition);
        }
    }
}

/* While the group is being shared out, or nobody answers, what was decided last stays. */
static void plan(struct standby *standby)
{
    const struct bus_topic *topic = topics_get(standby->parts.topics, TOPIC_COMMANDS);
    struct bus_group_member *members;
    struct bus_error ignored;
    struct standby_group group = {
        .instance = standby->instance,
        .partition_count = standby->partition_count,
        .replicas = standby->parts.config->standby_replicas,
    };
    arena_reset(standby->arena);
    if (bus_group_members(standby->parts.bus, standby->arena, standby->group, topic, &members, &group.member_count,
                          &ignored) != STATUS_OK) {
        return;
    }
    group.members = members;
    standby_plan(&group, standby->plan);
    for (uint32_t partition = 0; partition < standby->partition_count; partition++) {
        standby->copies[partition].wanted = standby->plan[partition];
        if (!standby->plan[partition]) {
            let_go(standby, partition);
        }
    }
}

/* ---- Following ---- */

static void fail(struct standby *standby, uint32_t partition, enum status status, const struct bus_error *error)
{
    char quoted[600];
    log_event(LOG_WARNING, "standby_failed", "partition=%" PRIu32 " status=%s reason=%s", partition, status_text(status),
              log_quote(str_of(error->text), quoted, sizeof quoted));
    let_go(standby, partition);
    standby->copies[partition].again_ms = bus_now_ms(standby->parts.bus) + FAILURE_MS;
}

/* The copy, begun if that is due and nobody holds the rows; NULL: none is to be had. */
static struct restore *restore_of(struct standby *standby, uint32_t partition)
{
    struct copy *copy = &standby->copies[partition];
    const struct standby_parts *parts = &standby->parts;
    if (copy->restore != NULL) {
        return copy->restore;
    }
    bool due = copy->wanted && atomic_load(&copy->suspended) == 0 && bus_now_ms(parts->bus) >= copy->again_ms;
    if (!due || !owners_take(parts->owners, partition, OWNER)) {
        return NULL;
    }
    const struct restore_config config = {
        .bus = parts->bus,
        .kv = parts->kv,
        .codec = parts->codec,
        .topic = topics_get(parts->topics, TOPIC_STATE),
        .partition = partition,
        .delete_retention_ms = topic_types[TOPIC_STATE].delete_retention_ms,
    };
    if (restore_create(&config, &copy->restore) != STATUS_OK) {
        copy->restore = NULL;
        owners_give(parts->owners, partition, OWNER);
    }
    return copy->restore;
}

/* Whether there may be more to do at once. */
static bool bring_on(struct standby *standby, uint32_t partition)
{
    struct restore *restore = restore_of(standby, partition);
    struct bus_error error = {""};
    bool more;
    if (restore == NULL) {
        return false;
    }
    int64_t before = restore_progress(restore)->row_count;
    enum status status = restore_follow(restore, STEP_RECORDS, &more, &error);
    counters_add(standby->parts.counters, COUNTER_STANDBY_ROWS, restore_progress(restore)->row_count - before);
    if (status == STATUS_RETRIABLE || status == STATUS_TIMED_OUT) {
        return false;
    }
    if (status != STATUS_OK) {
        fail(standby, partition, status, &error);
        return false;
    }
    return more;
}

static void publish(struct standby *standby)
{
    struct standby_status status = {.wanted = 0};
    for (uint32_t partition = 0; partition < standby->partition_count; partition++) {
        const struct copy *copy = &standby->copies[partition];
        status.wanted += copy->wanted;
        if (copy->restore != NULL) {
            const struct restore_progress *progress = restore_progress(copy->restore);
            status.copies++;
            status.lag += progress->end_offset < 0 ? 1 : progress->end_offset - progress->next_offset;
        }
    }
    pthread_mutex_lock(&standby->lock);
    standby->status = status;
    pthread_mutex_unlock(&standby->lock);
}

void standby_step(struct standby *standby, bool *out_idle)
{
    int64_t now_ms = bus_now_ms(standby->parts.bus);
    *out_idle = true;
    if (standby->parts.config->standby_replicas == STANDBY_NONE) {
        return;
    }
    let_go_of_suspended(standby);
    if (standby->planned_ms == 0 || now_ms - standby->planned_ms >= PLAN_MS || now_ms < standby->planned_ms) {
        standby->planned_ms = now_ms;
        plan(standby);
    }
    for (uint32_t partition = 0; partition < standby->partition_count; partition++) {
        if (bring_on(standby, partition)) {
            *out_idle = false;
        }
        let_go_of_suspended(standby);
    }
    publish(standby);
}

void standby_status(struct standby *standby, struct standby_status *out_status)
{
    pthread_mutex_lock(&standby->lock);
    *out_status = standby->status;
    pthread_mutex_unlock(&standby->lock);
}
