#include "bus/local_follower.h"

#include "base/assert.h"
#include "bus/local_commit.h"
#include "bus/local_feed.h"

#include <stdlib.h>

struct local_follower {
    struct bus_follower base;
    struct local *local;
    struct local_crowd *crowd;
    struct local_feed feed;
    bool *wanted;        /* of each source: the group gives it to this one; under the lock */
    uint64_t generation; /* of the crowd's, that the feed follows */
    struct local_follower *next;
};

/* How far a group is in one topic; the next offset of each partition, BUS_OFFSET_NONE at first. */
struct local_dones {
    struct local_topic *topic;
    int64_t *next_offsets;
    bool *dirty;
    struct local_dones *next;
};

/* A group of followers. Under the bus's lock. */
struct local_crowd {
    char *name;
    struct local_follower *followers; /* in the order in which they came */
    struct local_dones *topics;
    uint64_t generation; /* raised when somebody comes or goes */
    struct local_crowd *next;
};

/* ---- Groups ---- */

static void destroy_crowd(struct local_crowd *crowd)
{
    while (crowd->topics != NULL) {
        struct local_dones *dones = crowd->topics;
        crowd->topics = dones->next;
        free(dones->next_offsets);
        free(dones->dirty);
        free(dones);
    }
    free(crowd->name);
    free(crowd);
}

void local_follower_forget(struct local *local)
{
    while (local->crowds != NULL) {
        struct local_crowd *crowd = local->crowds;
        local->crowds = crowd->next;
        destroy_crowd(crowd);
    }
}

static struct local_dones *find_dones(const struct local_crowd *crowd, const struct local_topic *topic)
{
    struct local_dones *dones = crowd->topics;
    while (dones != NULL && dones->topic != topic) {
        dones = dones->next;
    }
    return dones;
}

static enum status add_dones(struct local *local, struct local_crowd *crowd, struct local_topic *topic)
{
    if (find_dones(crowd, topic) != NULL) {
        return STATUS_OK;
    }
    struct local_dones *dones = calloc(1, sizeof *dones);
    TRY_NEW(dones);
    dones->topic = topic;
    dones->next_offsets = calloc(topic->base.partition_count, sizeof *dones->next_offsets);
    dones->dirty = calloc(topic->base.partition_count, sizeof *dones->dirty);
    enum status status = dones->next_offsets == NULL || dones->dirty == NULL ? STATUS_LIMIT_EXCEEDED : STATUS_OK;
    for (uint32_t partition = 0; status == STATUS_OK && partition < topic->base.partition_count; partition++) {
        struct local_key key = local_log_group_key(str_of(crowd->name), topic->id, partition);
        status = local_log_get_offset(local->kv, &key, &dones->next_offsets[partition]);
    }
    if (status != STATUS_OK) {
        free(dones->next_offsets);
        free(dones->dirty);
        free(dones);
        return status;
    }
    dones->next = crowd->topics;
    crowd->topics = dones;
    return STATUS_OK;
}

static enum status get_crowd(struct local *local, struct str name, struct local_crowd **out_crowd)
{
    struct local_crowd *crowd = local->crowds;
    while (crowd != NULL && !str_equal(str_of(crowd->name), name)) {
        crowd = crowd->next;
    }
    if (crowd == NULL) {
        crowd = calloc(1, sizeof *crowd);
        TRY_NEW(crowd);
        crowd->name = strndup(name.bytes, name.length);
        if (crowd->name == NULL) {
            free(crowd);
            return STATUS_LIMIT_EXCEEDED;
        }
        crowd->next = local->crowds;
        local->crowds = crowd;
    }
    *out_crowd = crowd;
    return STATUS_OK;
}

/* Whether the follower is on the source's topic; there are a handful of topics. */
static bool follows(const struct local_follower *follower, const struct local_topic *topic)
{
    for (size_t at = 0; at < follower->feed.waiter.topic_count; at++) {
        if (follower->feed.topics[at] == topic) {
            return true;
        }
    }
    return false;
}

/* Range, topic by topic, over those who follow it. */
static void share_out_topic(struct local_crowd *crowd, const struct local_topic *topic)
{
    uint32_t count = 0;
    for (struct local_follower *follower = crowd->followers; follower != NULL; follower = follower->next) {
        count += follows(follower, topic);
    }
    uint32_t index = 0;
    uint32_t from = 0;
    for (struct local_follower *follower = crowd->followers; follower != NULL; follower = follower->next) {
        if (!follows(follower, topic)) {
            continue;
        }
        uint32_t partitions = topic->base.partition_count;
        uint32_t to = from + partitions / count + (index < partitions % count);
        for (size_t at = 0; at < follower->feed.source_count; at++) {
            const struct local_source *source = &follower->feed.sources[at];
            if (source->topic == topic) {
                follower->wanted[at] = source->partition >= from && source->partition < to;
            }
        }
        from = to;
        index++;
    }
}

static void share_out(struct local_crowd *crowd)
{
    for (struct local_dones *dones = crowd->topics; dones != NULL; dones = dones->next) {
        share_out_topic(crowd, dones->topic);
    }
    crowd->generation++;
    for (struct local_follower *follower = crowd->followers; follower != NULL; follower = follower->next) {
        local_waiter_poke(&follower->feed.waiter);
    }
}

/* ---- Saving ---- */

/* Under the lock: takes up to `max` offsets that are to be written. */
static size_t take_dirty(struct local_crowd *crowd, struct local_offset *out_offsets, size_t max)
{
    size_t count = 0;
    for (struct local_dones *dones = crowd->topics; dones != NULL; dones = dones->next) {
        for (uint32_t partition = 0; count < max && partition < dones->topic->base.partition_count; partition++) {
            if (dones->dirty[partition]) {
                dones->dirty[partition] = false;
                out_offsets[count++] = (struct local_offset){dones->topic, partition, dones->next_offsets[partition]};
            }
        }
    }
    return count;
}

static void put_back(struct local *local, struct local_crowd *crowd, const struct local_offset *offsets, size_t count)
{
    pthread_mutex_lock(&local->lock);
    for (size_t at = 0; at < count; at++) {
        find_dones(crowd, offsets[at].topic)->dirty[offsets[at].partition] = true;
    }
    local->dones_dirty = true;
    pthread_mutex_unlock(&local->lock);
}

static enum status save_crowd(struct local *local, struct local_crowd *crowd, struct bus_error *out_error)
{
    for (;;) {
        struct local_offset offsets[64];
        size_t max = sizeof offsets / sizeof offsets[0];
        pthread_mutex_lock(&local->lock);
        size_t count = take_dirty(crowd, offsets, max);
        pthread_mutex_unlock(&local->lock);
        if (count == 0) {
            return STATUS_OK;
        }
        struct local_commit commit = {.group = str_of(crowd->name), .offsets = offsets, .offset_count = count};
        enum status status = local_commit_write(local, &commit, out_error);
        if (status != STATUS_OK) {
            put_back(local, crowd, offsets, count);
            return status;
        }
        if (count < max) {
            return STATUS_OK;
        }
    }
}

enum status local_follower_save(struct local *local, struct bus_error *out_error)
{
    pthread_mutex_lock(&local->lock);
    struct local_crowd *crowd = local->crowds;
    local->dones_dirty = false;
    pthread_mutex_unlock(&local->lock);
    /* Groups are only ever added, in front. */
    enum status worst = STATUS_OK;
    for (; crowd != NULL; crowd = crowd->next) {
        enum status status = save_crowd(local, crowd, out_error);
        worst = worst == STATUS_OK ? status : worst;
    }
    return worst;
}

static bool group_is_good(struct str group)
{
    return group.length > 0 && group.length <= LOCAL_GROUP_BYTES_MAX && str_find(group, '\0') == group.length;
}

enum status local_follower_next(struct bus *bus, struct str group, const struct bus_topic *topic, uint32_t partition,
                                int64_t *out_next, struct bus_error *out_error)
{
    struct local *local = (struct local *)bus;
    if (!group_is_good(group)) {
        return bus_port_fail(out_error, STATUS_REFUSED, "a group's name has 1 to %d bytes, none of them 0",
                             LOCAL_GROUP_BYTES_MAX);
    }
    struct local_key key = local_log_group_key(group, local_topic_of(topic)->id, partition);
    return local_log_get_offset(local->kv, &key, out_next);
}

/* ---- Followers ---- */

static void destroy(struct local_follower *follower)
{
    local_feed_clear(&follower->feed);
    free(follower->wanted);
    free(follower);
}

static enum status join(struct local_follower *follower, struct str group)
{
    struct local *local = follower->local;
    TRY(get_crowd(local, group, &follower->crowd));
    for (size_t at = 0; at < follower->feed.waiter.topic_count; at++) {
        TRY(add_dones(local, follower->crowd, (struct local_topic *)follower->feed.topics[at]));
    }
    struct local_follower **link = &follower->crowd->followers;
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = follower;
    share_out(follower->crowd);
    return STATUS_OK;
}

enum status local_follower_open(struct bus *bus, struct str group, const struct bus_topic *const *topics,
                                size_t topic_count, struct bus_follower **out_follower, struct bus_error *out_error)
{
    struct local *local = (struct local *)bus;
    if (!group_is_good(group)) {
        return bus_port_fail(out_error, STATUS_REFUSED, "a group's name has 1 to %d bytes, none of them 0",
                             LOCAL_GROUP_BYTES_MAX);
    }
    struct local_follower *follower = calloc(1, sizeof *follower);
    TRY_NEW(follower);
    if (local_feed_init(&follower->feed, local, topics, topic_count) != STATUS_OK) {
        free(follower);
        return STATUS_LIMIT_EXCEEDED;
    }
    follower->base.ops = bus->ops;
    follower->local = local;
    follower->feed.follows_begin = true;
    follower->wanted = calloc(follower->feed.source_count, sizeof *follower->wanted);
    enum status status = STATUS_LIMIT_EXCEEDED;
    if (follower->wanted != NULL) {
        pthread_mutex_lock(&local->lock);
        status = join(follower, group);
        pthread_mutex_unlock(&local->lock);
    }
    if (status != STATUS_OK) {
        destroy(follower);
        return bus_port_fail(out_error, status, "joining group %.*s: %s", STR_ARGS(group), status_text(status));
    }
    *out_follower = &follower->base;
    return STATUS_OK;
}

/* Starts at what the group has done; goes on where it was with what it keeps. */
static void settle(struct local_follower *follower)
{
    struct local_feed *feed = &follower->feed;
    pthread_mutex_lock(&follower->local->lock);
    bool changed = follower->generation != follower->crowd->generation;
    follower->generation = follower->crowd->generation;
    for (size_t at = 0; changed && at < feed->source_count; at++) {
        struct local_source *source = &feed->sources[at];
        if (follower->wanted[at] && !source->active) {
            int64_t next = find_dones(follower->crowd, source->topic)->next_offsets[source->partition];
            source->next = next < 0 ? 0 : next;
        }
        source->active = follower->wanted[at];
    }
    pthread_mutex_unlock(&follower->local->lock);
    if (changed) {
        local_feed_forget(feed);
    }
}

enum status local_follower_poll(struct bus_follower *base, int timeout_ms, struct bus_record *out_record,
                                struct bus_error *out_error)
{
    struct local_follower *follower = (struct local_follower *)base;
    struct timespec deadline = local_deadline(timeout_ms);
    for (;;) {
        settle(follower);
        enum status status = local_feed_take(&follower->feed, out_record, out_error);
        if (status != STATUS_END || !local_feed_wait(&follower->feed, &deadline)) {
            return status;
        }
    }
}

/* The group only ever advances: a record may be done by one who lost its partition meanwhile. */
enum status local_follower_done(struct bus_follower *base, const struct bus_record *record, struct bus_error *out_error)
{
    struct local_follower *follower = (struct local_follower *)base;
    struct local *local = follower->local;
    pthread_mutex_lock(&local->lock);
    struct local_dones *dones = find_dones(follower->crowd, local_topic_of(record->topic));
    bool good = dones != NULL && record->partition < dones->topic->base.partition_count &&
                record->offset < dones->topic->partitions[record->partition].end;
    if (good && record->offset + 1 > dones->next_offsets[record->partition]) {
        dones->next_offsets[record->partition] = record->offset + 1;
        dones->dirty[record->partition] = true;
        if (!local->dones_dirty) {
            local->dones_dirty = true;
            pthread_cond_signal(&local->janitor_wake);
        }
    }
    pthread_mutex_unlock(&local->lock);
    return good ? STATUS_OK : bus_port_fail(out_error, STATUS_INVALID, "not a record of this group");
}

void local_follower_close(struct bus_follower *base)
{
    struct local_follower *follower = (struct local_follower *)base;
    struct local *local = follower->local;
    /* On failure a few records come again. */
    enum status status = save_crowd(local, follower->crowd, NULL);
    (void)status;
    pthread_mutex_lock(&local->lock);
    struct local_follower **link = &follower->crowd->followers;
    while (*link != follower) {
        link = &(*link)->next;
    }
    *link = follower->next;
    share_out(follower->crowd);
    pthread_mutex_unlock(&local->lock);
    destroy(follower);
}
