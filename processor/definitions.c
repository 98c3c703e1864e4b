#include "processor/definitions.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/limits.h"
#include "bus/bus_port.h"
#include "schemas/records.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define TABLE_SLOTS 4096 /* chains; a few thousand machines are few */

enum use_state { USE_UNPREPARED, USE_READY, USE_INVALID };

/* A head (key: ARN) or a revision (key: ARN#revision). Heads use `head`, revisions the rest. */
struct definition_use {
    struct definition_use *next; /* in its chain */
    struct arena *arena;         /* of the texts and the machine */
    struct str key;
    struct definition_head head;
    struct str text;
    bool express;
    enum use_state state;
    const struct machine *machine;
    uint32_t use_count;
    bool gone; /* no longer in the table; freed by the last release */
};

struct definitions {
    struct bus *bus;
    struct topics *topics;
    const struct codec *codec;
    struct bus_reader *reader;
    struct arena *arena; /* of the follower */
    _Atomic int64_t position;
    pthread_mutex_t lock;
    struct definition_use *table[TABLE_SLOTS]; /* guarded by lock, as is everything in it but a machine in use */
};

enum status definitions_create(struct bus *bus, struct topics *topics, const struct codec *codec,
                               struct definitions **out_definitions)
{
    struct definitions *definitions = calloc(1, sizeof *definitions);
    if (definitions == NULL) {
        return STATUS_LIMIT_EXCEEDED;
    }
    definitions->bus = bus;
    definitions->topics = topics;
    definitions->codec = codec;
    definitions->arena = arena_create(STEP_ARENA_BYTES_MAX);
    pthread_mutex_init(&definitions->lock, NULL);
    if (definitions->arena == NULL) {
        definitions_destroy(definitions);
        return STATUS_LIMIT_EXCEEDED;
    }
    *out_definitions = definitions;
    return STATUS_OK;
}

static void use_free(struct definition_use *use)
{
    arena_destroy(use->arena);
    free(use);
}

void definitions_destroy(struct definitions *definitions)
{
    if (definitions->reader != NULL) {
        bus_reader_close(definitions->reader);
    }
    for (size_t slot = 0; slot < TABLE_SLOTS; slot++) {
        for (struct definition_use *use = definitions->table[slot]; use != NULL;) {
            struct definition_use *next = use->next;
            ASSERT(use->use_count == 0);
            use_free(use);
            use = next;
        }
    }
    if (definitions->arena != NULL) {
        arena_destroy(definitions->arena);
    }
    pthread_mutex_destroy(&definitions->lock);
    free(definitions);
}

/* ---- The table; with the lock held ---- */

static struct definition_use **place(struct definitions *definitions, struct str key)
{
    struct definition_use **at = &definitions->table[hash_murmur2(key) % TABLE_SLOTS];
    while (*at != NULL && !str_equal((*at)->key, key)) {
        at = &(*at)->next;
    }
    return at;
}

static void discard(struct definitions *definitions, struct str key)
{
    struct definition_use **at = place(definitions, key);
    struct definition_use *use = *at;
    if (use == NULL) {
        return;
    }
    *at = use->next;
    if (use->use_count > 0) {
        use->gone = true;
    } else {
        use_free(use);
    }
}

/* ---- Following ---- */

static enum definition_kind kind_of(const struct definition *definition)
{
    static const struct {
        struct str name;
        enum definition_kind kind;
    } kinds[] = {
        {STR_INIT("VERSION"), DEFINITION_VERSION},
        {STR_INIT("ALIAS"), DEFINITION_ALIAS},
    };
    for (size_t at = 0; at < sizeof kinds / sizeof *kinds; at++) {
        if (str_equal(definition->kind, kinds[at].name)) {
            return kinds[at].kind;
        }
    }
    /* Also what a later version of pawl may add: nothing that can be started. */
    return definition->kind.bytes == NULL ? DEFINITION_MACHINE : DEFINITION_ACTIVITY;
}

/* A routing that can't be read names no version, and nothing is started by it. */
static enum status fill_routing(struct definition_use *use, const struct definition *definition)
{
    struct str text;
    struct str problem;
    use->head.routing.count = 0;
    if (use->head.kind != DEFINITION_ALIAS || definition->routing_configuration.bytes == NULL) {
        return STATUS_OK;
    }
    TRY(arena_copy(use->arena, definition->routing_configuration, &text));
    enum status status = routing_read(use->arena, text, &use->head.routing, &problem);
    return status == STATUS_INVALID ? STATUS_OK : status;
}

static enum status use_fill(struct definition_use *use, struct str key, const struct definition *definition)
{
    TRY(arena_copy(use->arena, key, &use->key));
    use->express = str_equal(definition->type, STR("EXPRESS"));
    use->head.kind = kind_of(definition);
    TRY(fill_routing(use, definition));
    use->head.express = use->express;
    use->head.deleting = str_equal(definition->status, STR("DELETING"));
    use->head.version = definition->version;
    TRY(arena_copy(use->arena, definition->revision_id, &use->head.revision_id));
    use->head.role_arn = STR_NONE;
    if (definition->role_arn.bytes != NULL) {
        TRY(arena_copy(use->arena, definition->role_arn, &use->head.role_arn));
    }
    use->text = STR_NONE;
    if (definition->definition.bytes != NULL) {
        TRY(arena_copy(use->arena, definition->definition, &use->text));
    }
    return STATUS_OK;
}

static enum status use_create(struct str key, const struct definition *definition, struct definition_use **out_use)
{
    struct definition_use *use = calloc(1, sizeof *use);
    if (use == NULL) {
        return STATUS_LIMIT_EXCEEDED;
    }
    use->arena = arena_create(DEFINITION_ARENA_BYTES_MAX);
    if (use->arena == NULL) {
        free(use);
        return STATUS_LIMIT_EXCEEDED;
    }
    enum status status = use_fill(use, key, definition);
    if (status != STATUS_OK) {
        use_free(use);
        return status;
    }
    *out_use = use;
    return STATUS_OK;
}

static enum status insert(struct definitions *definitions, struct str key, const struct definition *definition)
{
    bool is_head = definition->definition.bytes == NULL;
    struct definition_use *use;
    TRY(use_create(key, definition, &use));
    pthread_mutex_lock(&definitions->lock);
    struct definition_use **at = place(definitions, key);
    if (*at != NULL && !is_head) {
        /* A revision never changes: keep the one that may be compiled already. */
        use_free(use);
    } else {
        discard(definitions, key);
        at = place(definitions, key);
        *at = use;
    }
    pthread_mutex_unlock(&definitions->lock);
    return STATUS_OK;
}

static enum status apply(struct definitions *definitions, const struct bus_record *record, struct bus_error *out_error)
{
    arena_reset(definitions->arena);
    if (record->key.bytes == NULL) {
        return STATUS_OK;
    }
    if (record->value.bytes == NULL) {
        pthread_mutex_lock(&definitions->lock);
        discard(definitions, record->key);
        pthread_mutex_unlock(&definitions->lock);
        return STATUS_OK;
    }
    enum record_id id;
    void *definition;
    struct codec_error error;
    enum status status = codec_decode(definitions->codec, definitions->arena, SCHEMA_definition, record->value, &id,
                                      &definition, &error);
    if (status == STATUS_INVALID) {
        return bus_port_fail(out_error, STATUS_CORRUPT, "%.*s-0@%lld: %.*s", STR_ARGS(bus_topic_name(record->topic)),
                             (long long)record->offset, STR_ARGS(error.message));
    }
    TRY(status);
    return insert(definitions, record->key, definition);
}

static enum status open_reader(struct definitions *definitions, struct bus_error *out_error)
{
    const struct bus_topic *topic = topics_get(definitions->topics, TOPIC_DEFINITIONS);
    int64_t begin;
    int64_t end;
    TRY(bus_bounds(definitions->bus, topic, 0, true, &begin, &end, out_error));
    return bus_reader_open(definitions->bus, topic, 0, begin, &definitions->reader, out_error);
}

enum status definitions_follow(struct definitions *definitions, uint32_t records_max, int timeout_ms, bool *out_idle,
                               struct bus_error *out_error)
{
    if (definitions->reader == NULL) {
        TRY(open_reader(definitions, out_error));
    }
    *out_idle = false;
    for (uint32_t count = 0; count < records_max; count++) {
        struct bus_record record;
        enum status status = bus_reader_next(definitions->reader, count == 0 ? timeout_ms : 0, &record, out_error);
        if (status == STATUS_END) {
            atomic_store(&definitions->position, bus_reader_position(definitions->reader));
            *out_idle = true;
            return STATUS_OK;
        }
        TRY(status);
        status = apply(definitions, &record, out_error);
        atomic_store(&definitions->position, bus_reader_position(definitions->reader));
        TRY(status);
    }
    return STATUS_OK;
}

int64_t definitions_position(const struct definitions *definitions)
{
    return atomic_load(&definitions->position);
}

/* ---- Asking ---- */

static enum status copy_head(struct arena *arena, const struct definition_head *head, struct definition_head *out_head)
{
    struct definition_head copy = *head;
    for (size_t at = 0; at < head->routing.count; at++) {
        TRY(arena_copy(arena, head->routing.versions[at].arn, &copy.routing.versions[at].arn));
    }
    TRY(arena_copy(arena, head->revision_id, &copy.revision_id));
    if (head->role_arn.bytes != NULL) {
        TRY(arena_copy(arena, head->role_arn, &copy.role_arn));
    }
    *out_head = copy;
    return STATUS_OK;
}

enum status definitions_head(struct definitions *definitions, struct arena *arena, struct str arn,
                             struct definition_head *out_head)
{
    enum status status = STATUS_NOT_FOUND;
    pthread_mutex_lock(&definitions->lock);
    const struct definition_use *use = *place(definitions, arn);
    if (use != NULL && use->text.bytes == NULL) {
        status = copy_head(arena, &use->head, out_head);
    }
    pthread_mutex_unlock(&definitions->lock);
    return status;
}

#define REVISION_KEY_BYTES_MAX 1280

static bool revision_key(struct str arn, struct str revision_id, char *bytes, struct str *out_key)
{
    if (arn.length + 1 + revision_id.length > REVISION_KEY_BYTES_MAX) {
        return false;
    }
    memcpy(bytes, arn.bytes, arn.length);
    bytes[arn.length] = '#';
    memcpy(bytes + arn.length + 1, revision_id.bytes, revision_id.length);
    *out_key = (struct str){bytes, arn.length + 1 + revision_id.length};
    return true;
}

enum status definitions_use(struct definitions *definitions, struct str arn, struct str revision_id,
                            struct definition_use **out_use)
{
    char bytes[REVISION_KEY_BYTES_MAX];
    struct str key;
    if (!revision_key(arn, revision_id, bytes, &key)) {
        return STATUS_NOT_FOUND;
    }
    enum status status = STATUS_NOT_FOUND;
    pthread_mutex_lock(&definitions->lock);
    struct definition_use *use = *place(definitions, key);
    if (use != NULL && use->text.bytes != NULL) {
        switch (use->state) {
        case USE_UNPREPARED:
            status = STATUS_RETRIABLE;
            break;
        case USE_INVALID:
            status = STATUS_INVALID;
            break;
        case USE_READY:
            use->use_count++;
            *out_use = use;
            status = STATUS_OK;
            break;
        }
    }
    pthread_mutex_unlock(&definitions->lock);
    return status;
}

const struct machine *definition_use_machine(const struct definition_use *use)
{
    return use->machine;
}

void definitions_release(struct definitions *definitions, struct definition_use *use)
{
    pthread_mutex_lock(&definitions->lock);
    ASSERT(use->use_count > 0);
    use->use_count--;
    bool free_it = use->gone && use->use_count == 0;
    pthread_mutex_unlock(&definitions->lock);
    if (free_it) {
        use_free(use);
    }
}

/* ---- Preparing ---- */

static enum status open_routes(struct definitions *definitions, const struct machine *machine,
                               struct bus_error *out_error)
{
    for (size_t at = 0; at < machine_route_count(machine); at++) {
        struct str route = machine_route(machine, at);
        if (topics_route(definitions->topics, route) == NULL) {
            enum status status = topics_route_open(definitions->topics, route, out_error);
            if (status != STATUS_REFUSED && status != STATUS_INVALID) { /* those fail the tasks that need the route */
                TRY(status);
            }
        }
    }
    return STATUS_OK;
}

static enum status prepare(struct definitions *definitions, struct definition_use *use, struct bus_error *out_error)
{
    /* Compiled under the lock: two threads that need the same revision must not both write to its arena. It is once a
     * revision and process. */
    pthread_mutex_lock(&definitions->lock);
    if (use->state == USE_UNPREPARED && use->machine == NULL) {
        struct findings findings = {0};
        enum machine_type type = use->express ? MACHINE_EXPRESS : MACHINE_STANDARD;
        if (machine_compile_routed(use->arena, use->text, type, topics_route_table(definitions->topics), &use->machine,
                                   &findings) != STATUS_OK) {
            use->machine = NULL;
            use->state = USE_INVALID;
        }
    }
    bool compiled = use->machine != NULL;
    pthread_mutex_unlock(&definitions->lock);
    if (!compiled) {
        return STATUS_OK;
    }
    TRY(open_routes(definitions, use->machine, out_error));
    pthread_mutex_lock(&definitions->lock);
    use->state = USE_READY;
    pthread_mutex_unlock(&definitions->lock);
    return STATUS_OK;
}

enum status definitions_prepare(struct definitions *definitions, struct str arn, struct str revision_id,
                                struct bus_error *out_error)
{
    char bytes[REVISION_KEY_BYTES_MAX];
    struct str key;
    if (!revision_key(arn, revision_id, bytes, &key)) {
        return STATUS_NOT_FOUND;
    }
    pthread_mutex_lock(&definitions->lock);
    struct definition_use *use = *place(definitions, key);
    if (use != NULL) {
        use->use_count++;
    }
    pthread_mutex_unlock(&definitions->lock);
    if (use == NULL) {
        return STATUS_NOT_FOUND;
    }
    enum status status = prepare(definitions, use, out_error);
    definitions_release(definitions, use);
    return status;
}
