#include "gateway/view_parts.h"

static enum status decode(struct view *view, struct arena *arena, enum schema_id schema, struct str value,
                          const void **out_value)
{
    struct codec_error error;
    enum record_id record;
    void *decoded;
    enum status status = codec_decode(view->config.codec, arena, schema, value, &record, &decoded, &error);
    if (status == STATUS_INVALID) {
        return STATUS_CORRUPT;
    }
    TRY(status);
    *out_value = decoded;
    return STATUS_OK;
}

static enum status get(struct view *view, struct arena *arena, enum schema_id schema, struct str key,
                       const void **out_value)
{
    struct str value;
    TRY(kv_get(view->kv, NULL, arena, key, &value));
    return decode(view, arena, schema, value, out_value);
}

/* ---- One ---- */

enum status view_machine(struct view *view, struct arena *arena, struct str arn, const struct definition **out_head)
{
    struct view_key key;
    const void *value;
    if (!view_keys_head(arn, &key)) {
        return STATUS_NOT_FOUND;
    }
    TRY(get(view, arena, SCHEMA_definition, view_key_text(&key), &value));
    *out_head = value;
    return STATUS_OK;
}

enum status view_revision(struct view *view, struct arena *arena, struct str arn, struct str revision_id,
                          const struct definition **out_revision)
{
    struct view_key key;
    struct str name;
    const void *value;
    TRY(arena_format(arena, &name, "%.*s#%.*s", STR_ARGS(arn), STR_ARGS(revision_id)));
    if (!view_keys_revision(name, &key)) {
        return STATUS_NOT_FOUND;
    }
    TRY(get(view, arena, SCHEMA_definition, view_key_text(&key), &value));
    *out_revision = value;
    return STATUS_OK;
}

enum status view_execution(struct view *view, struct arena *arena, struct str arn,
                           const struct execution_status **out_status)
{
    struct view_key key;
    const void *value;
    if (!view_keys_execution(arn, &key)) {
        return STATUS_NOT_FOUND;
    }
    TRY(get(view, arena, SCHEMA_execution_status, view_key_text(&key), &value));
    *out_status = value;
    return STATUS_OK;
}

enum status view_express(struct view *view, struct arena *arena, struct str arn,
                         const struct execution_status **out_status)
{
    struct view_key key;
    const void *value;
    if (!view_keys_express(arn, &key)) {
        return STATUS_NOT_FOUND;
    }
    TRY(get(view, arena, SCHEMA_execution_status, view_key_text(&key), &value));
    *out_status = value;
    return STATUS_OK;
}

/* ---- Many ---- */

/* What a list walks over, and what it does with each row. */
struct walk {
    struct view *view;
    struct arena *arena;
    struct str prefix;
    struct str position; /* the last key given, without its prefix; STR_NONE: none */
    enum status (*take)(struct walk *walk, struct str key, struct str value);
    view_each_fn each;
    void *owner;
};

/* OK at the end, or when `take` says END. */
static enum status walk_rows(struct walk *walk)
{
    struct kv_cursor *cursor;
    struct str from;
    struct str key;
    struct str value;
    TRY(arena_concat(walk->arena, walk->prefix, walk->position, &from));
    TRY(kv_cursor_open(walk->view->kv, NULL, walk->prefix, from, &cursor));
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        status = kv_cursor_next(cursor, &key, &value);
        if (status == STATUS_OK && (walk->position.bytes == NULL || !str_equal(key, from))) {
            status = walk->take(walk, key, value);
        }
    }
    kv_cursor_close(cursor);
    return status == STATUS_END ? STATUS_OK : status;
}

static enum status take_definition(struct walk *walk, struct str key, struct str value)
{
    const void *head;
    struct str kept;
    TRY(arena_copy(walk->arena, value, &kept));
    TRY(decode(walk->view, walk->arena, SCHEMA_definition, kept, &head));
    return walk->each(walk->owner, str_from(key, walk->prefix.length), head);
}

enum status view_each_definition(struct view *view, struct arena *arena, const struct view_definitions *query,
                                 view_each_fn each, void *owner)
{
    struct view_key prefix;
    if (!view_keys_head(query->prefix, &prefix)) {
        return STATUS_OK;
    }
    struct walk walk = {
        .view = view,
        .arena = arena,
        .prefix = view_key_text(&prefix),
        .position = query->position,
        .take = take_definition,
        .each = each,
        .owner = owner,
    };
    return walk_rows(&walk);
}

static enum status take_execution(struct walk *walk, struct str key, struct str value)
{
    const struct execution_status *execution;
    (void)value;
    struct str arn = view_keys_index_arn(key, walk->prefix.length);
    enum status status = view_execution(walk->view, walk->arena, arn, &execution);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK; /* gone since the cursor was opened */
    }
    TRY(status);
    return walk->each(walk->owner, str_from(key, walk->prefix.length), execution);
}

enum status view_each_execution(struct view *view, struct arena *arena, const struct view_executions *query,
                                view_each_fn each, void *owner)
{
    const struct view_index index = {.machine_arn = query->machine_arn, .status = query->status};
    struct view_key prefix;
    if (!view_keys_index(&index, &prefix)) {
        return STATUS_OK;
    }
    struct walk walk = {
        .view = view,
        .arena = arena,
        .prefix = view_key_text(&prefix),
        .position = query->position,
        .take = take_execution,
        .each = each,
        .owner = owner,
    };
    return walk_rows(&walk);
}

/* ---- History ---- */

static enum status give_event(struct view *view, struct arena *arena, const struct execution_id *execution, int64_t id,
                              view_each_fn each, void *owner)
{
    struct view_key key;
    const void *event;
    if (!view_keys_event(execution, id, &key)) {
        return STATUS_NOT_FOUND;
    }
    TRY(get(view, arena, SCHEMA_history_event, view_key_text(&key), &event));
    return each(owner, STR_NONE, event);
}

static enum status has_event(struct view *view, struct arena *arena, const struct execution_id *execution, int64_t id)
{
    struct view_key key;
    struct str value;
    if (!view_keys_event(execution, id, &key)) {
        return STATUS_NOT_FOUND;
    }
    return kv_get(view->kv, NULL, arena, view_key_text(&key), &value);
}

/* The ids have no gap: the last one is found by doubling, then by halving. 0: there is none. */
static enum status find_last(struct view *view, struct arena *arena, const struct execution_id *execution,
                             int64_t *out_id)
{
    int64_t there = 0;
    int64_t beyond = 1;
    for (;;) {
        enum status status = has_event(view, arena, execution, beyond);
        if (status == STATUS_NOT_FOUND) {
            break;
        }
        TRY(status);
        there = beyond;
        beyond *= 2;
    }
    while (beyond - there > 1) {
        int64_t middle = there + (beyond - there) / 2;
        enum status status = has_event(view, arena, execution, middle);
        if (status == STATUS_OK) {
            there = middle;
        } else if (status == STATUS_NOT_FOUND) {
            beyond = middle;
        } else {
            return status;
        }
    }
    *out_id = there;
    return STATUS_OK;
}

enum status view_each_event(struct view *view, struct arena *arena, const struct view_events *query,
                            view_each_fn each, void *owner)
{
    int64_t id = query->id;
    if (query->reverse && id == INT64_MAX) {
        TRY(find_last(view, arena, &query->execution, &id));
    }
    while (id > 0 && id < INT64_MAX) {
        enum status status = give_event(view, arena, &query->execution, id, each, owner);
        if (status == STATUS_NOT_FOUND || status == STATUS_END) {
            return STATUS_OK;
        }
        TRY(status);
        id += query->reverse ? -1 : 1;
    }
    return STATUS_OK;
}
