#include "bus/bus_local.h"

#include "base/limits.h"
#include "bus/remote.h"

#include <inttypes.h>
#include <stdlib.h>

#define TOPICS_ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)

static void remote_close(struct bus *bus)
{
    struct remote *remote = (struct remote *)bus;
    link_clear(&remote->link);
    arena_destroy(remote->arena);
    pthread_mutex_destroy(&remote->lock);
    free(remote->path);
    free(remote);
}

/* ---- Topics; each function below is called with the lock held ---- */

static struct remote_topic *find(const struct remote *remote, struct str name)
{
    struct remote_topic *topic = remote->topics;
    while (topic != NULL && !str_equal(topic->base.name, name)) {
        topic = topic->next;
    }
    return topic;
}

/* What the server says of a topic; the mark is borrowed from the link's arena. */
static enum status ask_topic(struct remote *remote, struct str name, struct remote_topic *out_topic,
                             struct bus_error *out_error)
{
    struct buffer request;
    struct bus_bytes answer;
    TRY(link_begin(&remote->link, WIRE_TOPIC_OPEN, &request));
    TRY(bus_bytes_add_str(&request, name));
    TRY(link_call(&remote->link, &request, &answer, out_error));
    struct remote_topic topic = {.base = {.ops = remote->base.ops}};
    topic.base.partition_count = bus_bytes_u32(&answer);
    topic.base.mark = bus_bytes_str(&answer);
    topic.base.record_bytes_max = (int64_t)bus_bytes_u64(&answer);
    TRY(link_check(&answer, out_error));
    if (topic.base.partition_count == 0 || topic.base.partition_count > PARTITIONS_MAX ||
        topic.base.mark.bytes == NULL) {
        return bus_port_fail(out_error, STATUS_FATAL, "the bus's answer is malformed");
    }
    *out_topic = topic;
    return STATUS_OK;
}

static enum status open_topic(struct remote *remote, struct str name, const struct bus_topic **out_topic,
                              struct bus_error *out_error)
{
    struct remote_topic *topic = find(remote, name);
    if (topic == NULL) {
        struct remote_topic asked;
        TRY(ask_topic(remote, name, &asked, out_error));
        topic = arena_new(remote->arena, struct remote_topic);
        TRY_NEW(topic);
        *topic = asked;
        TRY(arena_copy(remote->arena, name, &topic->base.name));
        TRY(arena_copy(remote->arena, asked.base.mark, &topic->base.mark));
        topic->next = remote->topics;
        remote->topics = topic;
    }
    *out_topic = &topic->base;
    return STATUS_OK;
}

static enum status create_topic(struct remote *remote, const struct bus_topic_config *config,
                                struct bus_error *out_error)
{
    struct buffer request;
    struct bus_bytes answer;
    TRY(link_begin(&remote->link, WIRE_TOPIC_CREATE, &request));
    TRY(bus_bytes_add_str(&request, config->name));
    TRY(bus_bytes_add_u32(&request, config->partition_count));
    TRY(bus_bytes_add_u8(&request, config->cleanup == BUS_CLEANUP_COMPACT));
    TRY(bus_bytes_add_u64(&request, (uint64_t)config->retention_ms));
    TRY(bus_bytes_add_u64(&request, (uint64_t)config->min_compaction_lag_ms));
    TRY(bus_bytes_add_u64(&request, (uint64_t)config->delete_retention_ms));
    TRY(bus_bytes_add_u64(&request, (uint64_t)config->max_message_bytes));
    TRY(link_call(&remote->link, &request, &answer, out_error));
    return link_check(&answer, out_error);
}

static enum status list_topics(struct remote *remote, struct arena *arena, struct str prefix, struct str **out_names,
                               size_t *out_count, struct bus_error *out_error)
{
    struct buffer request;
    struct bus_bytes answer;
    TRY(link_begin(&remote->link, WIRE_TOPIC_LIST, &request));
    TRY(bus_bytes_add_str(&request, prefix));
    TRY(link_call(&remote->link, &request, &answer, out_error));
    uint32_t count = bus_bytes_u32(&answer);
    /* Each name takes four bytes at least: a count that lies can't make us take much memory. */
    if (count > answer.left.length / 4) {
        return bus_port_fail(out_error, STATUS_FATAL, "the bus's answer is malformed");
    }
    struct str *names = arena_array(arena, struct str, (size_t)count + 1);
    TRY_NEW(names);
    for (uint32_t at = 0; at < count; at++) {
        TRY(arena_copy(arena, bus_bytes_str(&answer), &names[at]));
    }
    TRY(link_check(&answer, out_error));
    *out_names = names;
    *out_count = count;
    return STATUS_OK;
}

static enum status check_topics(struct remote *remote, struct bus_error *out_error)
{
    for (const struct remote_topic *topic = remote->topics; topic != NULL; topic = topic->next) {
        struct remote_topic asked;
        TRY(ask_topic(remote, topic->base.name, &asked, out_error));
        if (asked.base.partition_count != topic->base.partition_count) {
            return bus_port_fail(out_error, STATUS_REFUSED, "topic %.*s has %" PRIu32 " partitions now, not %" PRIu32,
                                 STR_ARGS(topic->base.name), asked.base.partition_count, topic->base.partition_count);
        }
    }
    return STATUS_OK;
}

static enum status ask_bounds(struct remote *remote, const struct bus_topic *topic, uint32_t partition,
                              bool committed_only, int64_t *out_begin, int64_t *out_end, struct bus_error *out_error)
{
    struct buffer request;
    struct bus_bytes answer;
    TRY(link_begin(&remote->link, WIRE_BOUNDS, &request));
    TRY(bus_bytes_add_str(&request, topic->name));
    TRY(bus_bytes_add_u32(&request, partition));
    TRY(bus_bytes_add_u8(&request, committed_only));
    TRY(link_call(&remote->link, &request, &answer, out_error));
    int64_t begin = (int64_t)bus_bytes_u64(&answer);
    int64_t end = (int64_t)bus_bytes_u64(&answer);
    TRY(link_check(&answer, out_error));
    *out_begin = begin;
    *out_end = end;
    return STATUS_OK;
}

static enum status trim_topic(struct remote *remote, const struct bus_topic *topic, uint32_t partition, int64_t offset,
                              struct bus_error *out_error)
{
    struct buffer request;
    struct bus_bytes answer;
    TRY(link_begin(&remote->link, WIRE_TRIM, &request));
    TRY(bus_bytes_add_str(&request, topic->name));
    TRY(bus_bytes_add_u32(&request, partition));
    TRY(bus_bytes_add_u64(&request, (uint64_t)offset));
    TRY(link_call(&remote->link, &request, &answer, out_error));
    return link_check(&answer, out_error);
}

static enum status ask_group_next(struct remote *remote, struct str group, const struct bus_topic *topic,
                                  uint32_t partition, int64_t *out_next, struct bus_error *out_error)
{
    struct buffer request;
    struct bus_bytes answer;
    TRY(link_begin(&remote->link, WIRE_GROUP_NEXT, &request));
    TRY(bus_bytes_add_str(&request, topic->name));
    TRY(bus_bytes_add_u32(&request, partition));
    TRY(bus_bytes_add_str(&request, group));
    TRY(link_call(&remote->link, &request, &answer, out_error));
    int64_t next = (int64_t)bus_bytes_u64(&answer);
    TRY(link_check(&answer, out_error));
    *out_next = next;
    return STATUS_OK;
}

/* ---- The port ---- */

#define LOCKED(bus, call)                                                                                              \
    struct remote *remote = (struct remote *)(bus);                                                                    \
    pthread_mutex_lock(&remote->lock);                                                                                 \
    enum status status = (call);                                                                                       \
    pthread_mutex_unlock(&remote->lock);                                                                               \
    return status

static enum status remote_topic_open(struct bus *bus, struct str name, const struct bus_topic **out_topic,
                                     struct bus_error *out_error)
{
    LOCKED(bus, open_topic(remote, name, out_topic, out_error));
}

static enum status remote_topic_create(struct bus *bus, const struct bus_topic_config *config,
                                       struct bus_error *out_error)
{
    LOCKED(bus, create_topic(remote, config, out_error));
}

static enum status remote_topic_list(struct bus *bus, struct arena *arena, struct str prefix, struct str **out_names,
                                     size_t *out_count, struct bus_error *out_error)
{
    LOCKED(bus, list_topics(remote, arena, prefix, out_names, out_count, out_error));
}

static enum status remote_topics_check(struct bus *bus, struct bus_error *out_error)
{
    LOCKED(bus, check_topics(remote, out_error));
}

static enum status remote_bounds(struct bus *bus, const struct bus_topic *topic, uint32_t partition,
                                 bool committed_only, int64_t *out_begin, int64_t *out_end, struct bus_error *out_error)
{
    LOCKED(bus, ask_bounds(remote, topic, partition, committed_only, out_begin, out_end, out_error));
}

static enum status remote_trim(struct bus *bus, const struct bus_topic *topic, uint32_t partition, int64_t offset,
                               struct bus_error *out_error)
{
    LOCKED(bus, trim_topic(remote, topic, partition, offset, out_error));
}

static enum status remote_group_next(struct bus *bus, struct str group, const struct bus_topic *topic, uint32_t partition,
                                     int64_t *out_next, struct bus_error *out_error)
{
    LOCKED(bus, ask_group_next(remote, group, topic, partition, out_next, out_error));
}

static enum status refuse_group_members(struct bus *bus, struct arena *arena, struct str group,
                                        const struct bus_topic *topic, struct bus_group_member **out_members,
                                        size_t *out_count, struct bus_error *out_error)
{
    (void)bus, (void)arena, (void)group, (void)topic, (void)out_members, (void)out_count;
    return bus_port_fail(out_error, STATUS_REFUSED, "the processor runs in the process that owns the embedded bus");
}

static enum status refuse_member(struct bus *bus, const struct bus_member_config *config,
                                 struct bus_member **out_member, struct bus_error *out_error)
{
    (void)bus, (void)config, (void)out_member;
    return bus_port_fail(out_error, STATUS_REFUSED, "the processor runs in the process that owns the embedded bus");
}

/* There is no member on which the other functions of members could be called. */
static const struct bus_ops remote_ops = {
    .close = remote_close,
    .now_ms = bus_port_now_ms,
    .random = bus_port_random,
    .statistics = bus_port_no_statistics,
    .topic_open = remote_topic_open,
    .topic_create = remote_topic_create,
    .topic_list = remote_topic_list,
    .topics_check = remote_topics_check,
    .bounds = remote_bounds,
    .trim = remote_trim,
    .group_next = remote_group_next,
    .group_members = refuse_group_members,
    .member_open = refuse_member,
    .reader_open = remote_reader_open,
    .reader_next = remote_reader_next,
    .reader_position = remote_reader_position,
    .reader_close = remote_reader_close,
    .producer_open = remote_producer_open,
    .producer_send = remote_producer_send,
    .producer_flush = remote_producer_flush,
    .producer_close = remote_producer_close,
    .follower_open = remote_follower_open,
    .follower_poll = remote_follower_poll,
    .follower_done = remote_follower_done,
    .follower_close = remote_follower_close,
};

static enum status greet(struct remote *remote, struct bus_error *out_error)
{
    struct str cluster_id;
    TRY_NEW(remote->arena = arena_create(TOPICS_ARENA_BYTES_MAX));
    TRY_NEW(remote->path);
    TRY(link_init(&remote->link, remote->path, STR_NONE));
    TRY(link_connect(&remote->link, &cluster_id, out_error));
    TRY(arena_copy(remote->arena, cluster_id, &remote->base.cluster_id));
    remote->link.cluster_id = remote->base.cluster_id;
    return STATUS_OK;
}

enum status bus_remote_open(const char *path, struct bus **out_bus, struct bus_error *out_error)
{
    struct remote *remote = calloc(1, sizeof *remote);
    TRY_NEW(remote);
    remote->base.ops = &remote_ops;
    remote->link.socket = -1;
    pthread_mutex_init(&remote->lock, NULL);
    remote->path = strdup(path);
    enum status status = greet(remote, out_error);
    if (status != STATUS_OK) {
        remote_close(&remote->base);
        return status;
    }
    *out_bus = &remote->base;
    return STATUS_OK;
}
