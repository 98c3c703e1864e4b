/* The invariants of definitions: topics against rows. No machine is ever deleted here. */
#include "play.h"
#include "world.h"

#include "base/assert.h"
#include "processor/routing.h"
#include "schemas/definition_kinds.h"
#include "state/keys.h"

#include <inttypes.h>
#include <stdlib.h>

#define ENTRIES_MAX 400

/* A key of pawl.definitions. */
struct entry {
    struct str key;
    const struct definition *definition; /* the last there was */
    bool gone;
};

struct published {
    struct world *world;
    struct arena *arena;
    struct entry entries[ENTRIES_MAX];
    size_t count;
    size_t starts; /* statuses of executions that were started through a version or alias */
};

static void *decode(struct published *published, enum schema_id schema, const struct bus_record *record)
{
    enum record_id id;
    void *value = NULL;
    struct codec_error error;
    if (codec_decode(published->world->codec, published->arena, schema, record->value, &id, &value, &error) !=
        STATUS_OK) {
        world_fail(published->world, "%.*s can't be read: %.*s", STR_ARGS(record->key), STR_ARGS(error.message));
        return NULL;
    }
    return value;
}

static struct entry *find(struct published *published, struct str key)
{
    for (size_t at = 0; at < published->count; at++) {
        if (str_equal(published->entries[at].key, key)) {
            return &published->entries[at];
        }
    }
    return NULL;
}

static const struct definition *alive(struct published *published, struct str key)
{
    const struct entry *entry = find(published, key);
    return entry == NULL || entry->gone ? NULL : entry->definition;
}

static bool is_version(const struct definition *definition)
{
    return str_equal(definition->kind, DEFINITION_KIND_VERSION);
}

static void see_definition(struct published *published, const struct bus_record *record)
{
    struct world *world = published->world;
    struct entry *entry = find(published, record->key);
    if (record->value.bytes == NULL) {
        if (entry == NULL || entry->gone || entry->definition->kind.bytes == NULL) {
            world_fail(world, "%.*s is forgotten", STR_ARGS(record->key));
        } else {
            entry->gone = true;
        }
        return;
    }
    const struct definition *definition = decode(published, SCHEMA_definition, record);
    if (definition == NULL) {
        return;
    }
    if (entry == NULL) {
        ASSERT(published->count < ENTRIES_MAX);
        entry = &published->entries[published->count++];
        *entry = (struct entry){.key = record->key};
    } else if (is_version(definition)) {
        world_fail(world, "%.*s is published again", STR_ARGS(record->key));
    } else if (definition->version <= entry->definition->version) {
        world_fail(world, "%.*s: change %" PRId64 " follows %" PRId64, STR_ARGS(record->key), definition->version,
                   entry->definition->version);
    }
    entry->definition = definition;
    entry->gone = false;
}

/* Versions have their revision, aliases their versions. */
static void check_names(struct published *published, const struct entry *entry)
{
    struct world *world = published->world;
    const struct definition *definition = entry->definition;
    struct routing routing;
    struct str text;
    if (is_version(definition)) {
        ASSERT(arena_format(published->arena, &text, "%.*s#%.*s", STR_ARGS(definition->state_machine_arn),
                            STR_ARGS(definition->revision_id)) == STATUS_OK);
        if (alive(published, text) == NULL) {
            world_fail(world, "%.*s is of %.*s, which is not there", STR_ARGS(entry->key), STR_ARGS(text));
        }
    }
    if (!str_equal(definition->kind, DEFINITION_KIND_ALIAS)) {
        return;
    }
    if (routing_read(published->arena, definition->routing_configuration, &routing, &text) != STATUS_OK) {
        world_fail(world, "%.*s: %.*s", STR_ARGS(entry->key), STR_ARGS(text));
        return;
    }
    for (size_t at = 0; at < routing.count; at++) {
        if (alive(published, routing.versions[at].arn) == NULL) {
            world_fail(world, "%.*s names %.*s, which is not there", STR_ARGS(entry->key),
                       STR_ARGS(routing.versions[at].arn));
        }
    }
}

/* Whoever was started through a version runs its revision. */
static void see_status(struct published *published, const struct bus_record *record)
{
    if (record->value.bytes == NULL) {
        return;
    }
    const struct execution_status *status = decode(published, SCHEMA_execution_status, record);
    if (status == NULL || (status->state_machine_version_arn.bytes == NULL && status->state_machine_alias_arn.bytes == NULL)) {
        return;
    }
    published->starts++;
    const struct entry *version = find(published, status->state_machine_version_arn);
    if (version == NULL || !str_equal(version->definition->revision_id, status->revision_id)) {
        world_fail(published->world, "%.*s runs %.*s as %.*s", STR_ARGS(status->execution_arn),
                   STR_ARGS(status->revision_id), STR_ARGS(status->state_machine_version_arn));
    }
}

/* ---- The owners' rows ---- */

/* The last value of the key in the partition's log, as far as it is visible. */
static bool is_last(struct log *log, size_t index)
{
    for (size_t later = index + 1; later < log->count; later++) {
        if (log_is_visible(log, later) && str_equal(log->items[later].record.key, log->items[index].record.key)) {
            return false;
        }
    }
    return true;
}

/* Counts the rows of machines, versions and aliases, each of which must be as it is published. */
static size_t check_heads(struct published *published, struct log *log)
{
    size_t count = 0;
    for (size_t at = 0; at < log->count; at++) {
        const struct bus_record *record = &log->items[at].record;
        if (!log_is_visible(log, at) || record->key.bytes[0] != KEY_MACHINE || record->value.bytes == NULL ||
            !is_last(log, at)) {
            continue;
        }
        const struct machine_row *row = decode(published, SCHEMA_state_row, record);
        const struct definition *definition = alive(published, str_from(record->key, 1));
        count++;
        if (row != NULL && (definition == NULL || definition->version != row->head.version ||
                            !str_equal(definition->revision_id, row->head.revision_id) ||
                            !str_equal(definition->routing_configuration, row->head.routing_configuration))) {
            world_fail(published->world, "%.*s is not published as its owner has it", STR_ARGS(record->key));
        }
    }
    return count;
}

static void check_owners(struct published *published)
{
    struct topic *topic = broker_topic(published->world->broker, "pawl.state");
    size_t rows = 0;
    size_t heads = 0;
    for (uint32_t partition = 0; partition < topic->base.partition_count; partition++) {
        rows += check_heads(published, &topic->logs[partition]);
    }
    for (size_t at = 0; at < published->count; at++) {
        const struct entry *entry = &published->entries[at];
        heads += !entry->gone && entry->definition->definition.bytes == NULL;
    }
    if (rows != heads) {
        world_fail(published->world, "%zu rows of machines, versions and aliases, %zu published", rows, heads);
    }
}

void check_definitions(struct world *world)
{
    struct published *published = calloc(1, sizeof *published);
    struct topic *definitions = broker_topic(world->broker, "pawl.definitions");
    struct topic *executions = broker_topic(world->broker, "pawl.executions");
    published->world = world;
    published->arena = arena_create((size_t)1 << 30);
    for (size_t at = 0; at < definitions->logs[0].count; at++) {
        if (log_is_visible(&definitions->logs[0], at)) {
            see_definition(published, &definitions->logs[0].items[at].record);
        }
    }
    for (size_t at = 0; at < published->count && world->failure[0] == 0; at++) {
        if (!published->entries[at].gone) {
            check_names(published, &published->entries[at]);
        }
    }
    for (uint32_t partition = 0; partition < executions->base.partition_count; partition++) {
        struct log *log = &executions->logs[partition];
        for (size_t at = 0; at < log->count && world->failure[0] == 0; at++) {
            if (log_is_visible(log, at)) {
                see_status(published, &log->items[at].record);
            }
        }
    }
    check_owners(published);
    world_trace(world, "definitions: %zu keys, %zu statuses of executions of versions", published->count,
                published->starts);
    arena_destroy(published->arena);
    free(published);
}
