#include "processor/topics.h"

#include "asl/route.h"
#include "base/assert.h"
#include "bus/bus_port.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_BYTES_MAX 320                 /* Kafka's own limit is 249 */
#define MISSING_REPLY_TOPIC_MS (10 * 1000) /* how long it is believed that a reply topic does not exist */
#define NAMED_TOPICS_MAX 10000
#define ROUTE_REFUSED_MS (10 * 1000) /* how long it is believed that a route refuses requests */

/* A route's or reply topic. */
struct named {
    struct str name; /* of the whole topic */
    bool is_route;
    const struct bus_topic *topic; /* NULL: it did not exist, or could not be opened, at checked_ms */
    int64_t checked_ms;
    int64_t refused_until_ms; /* of a route; 0: it was never refused */
    size_t refused_bytes;
    char *refusal;
};

struct topics {
    struct bus *bus;
    struct str prefix;
    struct str route_table;
    size_t route_at; /* where `<route>` begins in the name of a task topic */
    const struct bus_topic *fixed[TOPIC_COUNT];
    pthread_rwlock_t lock;
    struct named *named; /* guarded by lock; sorted by nothing: there are few */
    size_t named_count;
    size_t named_capacity;
};

void topics_set_route_table(struct topics *topics, struct str table)
{
    topics->route_table = table;
}

struct str topics_route_table(const struct topics *topics)
{
    return topics->route_table;
}

static enum status join(char *out, struct str prefix, struct str name, struct str route, struct str *out_name,
                        struct bus_error *out_error)
{
    *out_name = STR_NONE;
    int length = snprintf(out, NAME_BYTES_MAX, "%.*s.%.*s%s%.*s", STR_ARGS(prefix), STR_ARGS(name),
                          route.length > 0 ? "." : "", STR_ARGS(route));
    if (length < 0 || length >= NAME_BYTES_MAX) {
        return bus_port_fail(out_error, STATUS_REFUSED, "the topic name %s is too long", out);
    }
    *out_name = (struct str){out, (size_t)length};
    return STATUS_OK;
}

struct bus_topic_config topics_config(enum topic_id id, struct str name, uint32_t partition_count)
{
    const struct topic_type *type = &topic_types[id];
    return (struct bus_topic_config){
        .name = name,
        .partition_count = type->partitioned ? partition_count : 1,
        .cleanup = type->compacted ? BUS_CLEANUP_COMPACT : BUS_CLEANUP_DELETE,
        .retention_ms = type->retention_ms,
        .min_compaction_lag_ms = type->min_compaction_lag_ms,
        .delete_retention_ms = type->delete_retention_ms,
        .max_message_bytes = type->max_message_bytes,
    };
}

static enum status create_one(struct bus *bus, enum topic_id id, struct str name, uint32_t partition_count,
                              struct bus_error *out_error)
{
    struct bus_topic_config config = topics_config(id, name, partition_count);
    return bus_topic_create(bus, &config, out_error);
}

enum status topics_create(struct bus *bus, struct str prefix, uint32_t partition_count, struct bus_error *out_error)
{
    for (int id = 0; id < TOPIC_COUNT; id++) {
        char bytes[NAME_BYTES_MAX];
        struct str name;
        if (id == TOPIC_TASKS) {
            continue;
        }
        TRY(join(bytes, prefix, topic_types[id].name, STR_NONE, &name, out_error));
        TRY(create_one(bus, (enum topic_id)id, name, partition_count, out_error));
    }
    return STATUS_OK;
}

static enum status open_fixed(struct topics *topics, struct bus_error *out_error)
{
    uint32_t expected = 0;
    for (int id = 0; id < TOPIC_COUNT; id++) {
        char bytes[NAME_BYTES_MAX];
        struct str name;
        if (id == TOPIC_TASKS) {
            continue;
        }
        TRY(join(bytes, topics->prefix, topic_types[id].name, STR_NONE, &name, out_error));
        enum status status = bus_topic_open(topics->bus, name, &topics->fixed[id], out_error);
        if (status == STATUS_NOT_FOUND) {
            return bus_port_fail(out_error, status, "the topic %.*s does not exist; `pawl topics` makes it",
                                 STR_ARGS(name));
        }
        TRY(status);
        uint32_t count = bus_topic_partition_count(topics->fixed[id]);
        if (topic_types[id].partitioned) {
            expected = expected == 0 ? count : expected;
            if (count != expected || count > PARTITIONS_MAX) {
                return bus_port_fail(out_error, STATUS_REFUSED,
                                     "the topic %.*s has %" PRIu32 " partitions, the others have %" PRIu32
                                     ": the number is for ever",
                                     STR_ARGS(name), count, expected);
            }
        } else if (id == TOPIC_DEFINITIONS && count != 1) {
            return bus_port_fail(out_error, STATUS_REFUSED, "the topic %.*s must have one partition, not %" PRIu32,
                                 STR_ARGS(name), count);
        }
    }
    return STATUS_OK;
}

enum status topics_open(struct bus *bus, struct str prefix, struct topics **out_topics, struct bus_error *out_error)
{
    struct topics *topics = calloc(1, sizeof *topics);
    if (topics == NULL) {
        return bus_port_fail(out_error, STATUS_LIMIT_EXCEEDED, "no memory");
    }
    topics->bus = bus;
    topics->prefix = prefix;
    topics->route_at = prefix.length + 1 + topic_types[TOPIC_TASKS].name.length + 1;
    pthread_rwlock_init(&topics->lock, NULL);
    enum status status = open_fixed(topics, out_error);
    if (status != STATUS_OK) {
        topics_close(topics);
        return status;
    }
    *out_topics = topics;
    return STATUS_OK;
}

void topics_close(struct topics *topics)
{
    for (size_t at = 0; at < topics->named_count; at++) {
        free((void *)topics->named[at].name.bytes);
        free(topics->named[at].refusal);
    }
    free(topics->named);
    pthread_rwlock_destroy(&topics->lock);
    free(topics);
}

const struct bus_topic *topics_get(const struct topics *topics, enum topic_id id)
{
    ASSERT(id != TOPIC_TASKS);
    return topics->fixed[id];
}

uint32_t topics_partition_count(const struct topics *topics)
{
    return bus_topic_partition_count(topics->fixed[TOPIC_COMMANDS]);
}

/* ---- Topics by name ---- */

/* With the lock held. */
static struct named *find(struct topics *topics, struct str name)
{
    for (size_t at = 0; at < topics->named_count; at++) {
        if (str_equal(topics->named[at].name, name)) {
            return &topics->named[at];
        }
    }
    return NULL;
}

static enum status remember(struct topics *topics, struct str name, bool is_route, const struct bus_topic *topic)
{
    enum status status = STATUS_OK;
    pthread_rwlock_wrlock(&topics->lock);
    struct named *named = find(topics, name);
    if (named == NULL && topics->named_count == topics->named_capacity) {
        size_t capacity = topics->named_capacity == 0 ? 16 : topics->named_capacity * 2;
        struct named *grown = capacity > NAMED_TOPICS_MAX ? NULL : realloc(topics->named, capacity * sizeof *grown);
        if (grown != NULL) {
            topics->named = grown;
            topics->named_capacity = capacity;
        }
    }
    if (named == NULL && topics->named_count < topics->named_capacity) {
        char *copy = malloc(name.length + 1);
        if (copy != NULL) {
            memcpy(copy, name.bytes, name.length);
            named = &topics->named[topics->named_count++];
            *named = (struct named){.checked_ms = 0};
            named->name = (struct str){copy, name.length};
        }
    }
    if (named != NULL) {
        named->topic = topic;
        named->is_route = is_route;
        named->checked_ms = bus_now_ms(topics->bus);
    } else {
        status = STATUS_LIMIT_EXCEEDED;
    }
    pthread_rwlock_unlock(&topics->lock);
    return status;
}

/* With the lock held. Asked for each task that is sent: no name is put together. */
static struct named *find_route(struct topics *topics, struct str route)
{
    for (size_t at = 0; at < topics->named_count; at++) {
        struct named *named = &topics->named[at];
        if (named->is_route && str_equal(str_from(named->name, topics->route_at), route)) {
            return named;
        }
    }
    return NULL;
}

const struct bus_topic *topics_route(struct topics *topics, struct str route)
{
    pthread_rwlock_rdlock(&topics->lock);
    const struct named *named = find_route(topics, route);
    const struct bus_topic *topic = named == NULL ? NULL : named->topic;
    pthread_rwlock_unlock(&topics->lock);
    return topic;
}

struct str topics_route_of(const struct topics *topics, const struct bus_topic *topic)
{
    struct str name = bus_topic_name(topic);
    size_t stem = topics->prefix.length + 1;
    bool is_task = name.length > topics->route_at && str_starts_with(name, topics->prefix) &&
                   str_starts_with(str_from(name, stem), topic_types[TOPIC_TASKS].name) &&
                   name.bytes[stem - 1] == '.' && name.bytes[topics->route_at - 1] == '.';
    return is_task ? str_from(name, topics->route_at) : STR_NONE;
}

enum status topics_route_limit(struct topics *topics, struct arena *arena, struct str route,
                               struct topics_route_limit *out_limit)
{
    enum status status = STATUS_OK;
    *out_limit = (struct topics_route_limit){.bytes_max = INT64_MAX};
    pthread_rwlock_rdlock(&topics->lock);
    const struct named *named = find_route(topics, route);
    if (named != NULL && named->topic != NULL) {
        out_limit->bytes_max = bus_topic_record_bytes_max(named->topic);
    }
    if (named != NULL && named->refused_until_ms > 0 && named->refused_until_ms > bus_now_ms(topics->bus) &&
        (int64_t)named->refused_bytes <= out_limit->bytes_max) {
        out_limit->bytes_max = named->refused_bytes == 0 ? 0 : (int64_t)named->refused_bytes - 1;
        status = arena_copy(arena, str_of(named->refusal), &out_limit->refusal);
    }
    pthread_rwlock_unlock(&topics->lock);
    return status;
}

void topics_route_refuse(struct topics *topics, struct str route, size_t bytes, const char *reason)
{
    char name_bytes[NAME_BYTES_MAX];
    struct str name;
    struct bus_error error;
    if (join(name_bytes, topics->prefix, topic_types[TOPIC_TASKS].name, route, &name, &error) != STATUS_OK) {
        return;
    }
    /* Without room to remember it, it is found out again. */
    char *refusal = strdup(reason);
    if (refusal == NULL || remember(topics, name, true, topics_route(topics, route)) != STATUS_OK) {
        free(refusal);
        return;
    }
    pthread_rwlock_wrlock(&topics->lock);
    struct named *named = find_route(topics, route);
    free(named->refusal);
    named->refused_until_ms = bus_now_ms(topics->bus) + ROUTE_REFUSED_MS;
    named->refused_bytes = bytes;
    named->refusal = refusal;
    pthread_rwlock_unlock(&topics->lock);
}

/* Kafka's metrics take '.' and '_' for one: no second topic whose name differs only there. */
static enum status check_collisions(struct topics *topics, struct str name, struct bus_error *out_error)
{
    char bytes[NAME_BYTES_MAX];
    struct str stem;
    struct str *names;
    size_t count;
    TRY(join(bytes, topics->prefix, topic_types[TOPIC_TASKS].name, STR_NONE, &stem, out_error));
    struct arena *arena = arena_create(STEP_ARENA_BYTES_MAX);
    if (arena == NULL) {
        return bus_port_fail(out_error, STATUS_LIMIT_EXCEEDED, "no memory");
    }
    enum status status = bus_topic_list(topics->bus, arena, stem, &names, &count, out_error);
    for (size_t at = 0; status == STATUS_OK && at < count; at++) {
        if (!str_equal(names[at], name) && route_collides(names[at], name)) {
            status = bus_port_fail(out_error, STATUS_REFUSED, "the topic %.*s collides with %.*s", STR_ARGS(name),
                                   STR_ARGS(names[at]));
        }
    }
    arena_destroy(arena);
    return status;
}

static enum status open_route(struct topics *topics, struct str route, struct bus_error *out_error)
{
    char bytes[NAME_BYTES_MAX];
    struct str name;
    const struct bus_topic *topic;
    TRY(join(bytes, topics->prefix, topic_types[TOPIC_TASKS].name, route, &name, out_error));
    enum status status = bus_topic_open(topics->bus, name, &topic, out_error);
    if (status == STATUS_NOT_FOUND) {
        TRY(check_collisions(topics, name, out_error));
        TRY(create_one(topics->bus, TOPIC_TASKS, name, topics_partition_count(topics), out_error));
        status = bus_topic_open(topics->bus, name, &topic, out_error);
    }
    TRY(status);
    if (bus_topic_partition_count(topic) != topics_partition_count(topics)) {
        return bus_port_fail(out_error, STATUS_REFUSED, "the topic %.*s has %" PRIu32 " partitions instead of %" PRIu32,
                             STR_ARGS(name), bus_topic_partition_count(topic), topics_partition_count(topics));
    }
    return remember(topics, name, true, topic);
}

enum status topics_route_open(struct topics *topics, struct str route, struct bus_error *out_error)
{
    enum status status = open_route(topics, route, out_error);
    if (status == STATUS_REFUSED || status == STATUS_INVALID) {
        topics_route_refuse(topics, route, 0, out_error->text);
    }
    return status;
}

/* A command from anyone names it: not one of the topics that pawl lives by. */
static bool is_reply_topic(const struct topics *topics, struct str name)
{
    char bytes[NAME_BYTES_MAX];
    struct str replies;
    if (name.length == 0 || name.length >= NAME_BYTES_MAX ||
        join(bytes, topics->prefix, topic_types[TOPIC_REPLIES].name, STR_NONE, &replies, NULL) != STATUS_OK) {
        return false;
    }
    if (str_starts_with(name, replies)) {
        return true;
    }
    return !(str_starts_with(name, topics->prefix) && name.length > topics->prefix.length &&
             name.bytes[topics->prefix.length] == '.') &&
           !str_starts_with(name, STR("__"));
}

enum status topics_reply(struct topics *topics, struct str name, const struct bus_topic **out_topic)
{
    if (str_equal(name, bus_topic_name(topics->fixed[TOPIC_REPLIES]))) {
        *out_topic = topics->fixed[TOPIC_REPLIES];
        return STATUS_OK;
    }
    if (!is_reply_topic(topics, name)) {
        return STATUS_NOT_FOUND;
    }
    enum status status = STATUS_OK;
    pthread_rwlock_rdlock(&topics->lock);
    struct named *named = find(topics, name);
    if (named == NULL) {
        status = STATUS_RETRIABLE;
    } else if (named->topic == NULL) {
        bool fresh = bus_now_ms(topics->bus) - named->checked_ms < MISSING_REPLY_TOPIC_MS;
        status = fresh ? STATUS_NOT_FOUND : STATUS_RETRIABLE;
    } else {
        *out_topic = named->topic;
    }
    pthread_rwlock_unlock(&topics->lock);
    return status;
}

enum status topics_reply_open(struct topics *topics, struct str name, struct bus_error *out_error)
{
    const struct bus_topic *topic;
    enum status status = bus_topic_open(topics->bus, name, &topic, out_error);
    if (status == STATUS_NOT_FOUND) {
        return remember(topics, name, false, NULL);
    }
    TRY(status);
    return remember(topics, name, false, topic);
}
