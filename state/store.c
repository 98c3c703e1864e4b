#include "state/store.h"

#include "base/assert.h"
#include "base/mutant.h"
#include "state/timers.h"

void store_init(struct store *store, struct kv *kv, struct kv_batch *overlay, const struct codec *codec,
                uint32_t partition)
{
    *store = (struct store){.kv = kv, .overlay = overlay, .codec = codec, .partition = partition};
    timers_forget(store);
}

void store_clear(struct store *store)
{
    row_cache_destroy(store->executions);
    store->executions = NULL;
}

void store_keep_rows(struct store *store)
{
    if (store->executions == NULL) {
        store->executions = row_cache_create();
    }
}

void store_forget(struct store *store)
{
    if (!MUTANT(KEEP_ROWS_AFTER_ABORT)) {
        row_cache_clear(store->executions);
    }
    if (!MUTANT(KEEP_TIMERS_AFTER_ABORT)) {
        timers_forget(store);
    }
}

void store_begin(struct store *store, struct arena *arena)
{
    store->changes = (struct store_changes){.arena = arena};
    store->read_row = NULL;
    kv_batch_savepoint(store->overlay);
}

/* The execution that a published key names, or false: it is of another kind. */
static bool execution_of(struct str published, struct execution_id *out_id)
{
    if (published.length != 1 + EXECUTION_ID_BYTES || published.bytes[0] != KEY_EXECUTION) {
        return false;
    }
    memcpy(out_id->bytes, published.bytes + 1, EXECUTION_ID_BYTES);
    return true;
}

void store_rollback(struct store *store)
{
    kv_batch_rollback(store->overlay);
    store->read_row = NULL;
    for (size_t at = 0; at < store->changes.count; at++) {
        struct execution_id id;
        if (execution_of(store->changes.items[at].key, &id)) {
            row_cache_remove(store->executions, &id);
        }
    }
    store->changes.count = 0;
}

/* ---- Any row ---- */

enum status store_decode(const struct store *store, struct arena *arena, enum record_id record, struct str value,
                         const void **out_row)
{
    enum record_id found;
    void *row;
    struct codec_error error;
    enum status status = codec_decode(store->codec, arena, SCHEMA_state_row, value, &found, &row, &error);
    if (status == STATUS_INVALID || (status == STATUS_OK && found != record)) {
        return STATUS_CORRUPT;
    }
    TRY(status);
    *out_row = row;
    return STATUS_OK;
}

enum status store_get(const struct store *store, struct arena *arena, const struct key *key, enum record_id record,
                      const void **out_row)
{
    struct str value;
    TRY(kv_get(store->kv, store->overlay, arena, keys_stored(key), &value));
    return store_decode(store, arena, record, value, out_row);
}

static enum status note_change(struct store *store, const struct key *key, struct str value)
{
    struct store_changes *changes = &store->changes;
    ASSERT(changes->arena != NULL);
    if (changes->count == changes->capacity) {
        size_t capacity = changes->capacity == 0 ? 16 : changes->capacity * 2;
        struct store_change *items = arena_array(changes->arena, struct store_change, capacity);
        TRY_NEW(items);
        if (changes->count > 0) {
            memcpy(items, changes->items, changes->count * sizeof *items);
        }
        changes->items = items;
        changes->capacity = capacity;
    }
    struct str copy;
    TRY(arena_copy(changes->arena, keys_published(key), &copy));
    changes->items[changes->count++] = (struct store_change){.key = copy, .value = value};
    return STATUS_OK;
}

enum status store_put(struct store *store, const struct key *key, enum record_id record, const void *row)
{
    struct str value;
    TRY(codec_encode(store->changes.arena, CODEC_AVRO, SCHEMA_state_row, record, row, &value));
    TRY(note_change(store, key, value));
    struct execution_id id;
    if (record == RECORD_execution_row && execution_of(keys_published(key), &id)) {
        row_cache_put(store->executions, &id, value);
        store->read_row = NULL;
    }
    return kv_batch_put(store->overlay, keys_stored(key), value);
}

enum status store_delete(struct store *store, const struct key *key)
{
    TRY(note_change(store, key, STR_NONE));
    struct execution_id id;
    if (execution_of(keys_published(key), &id)) {
        row_cache_remove(store->executions, &id);
        store->read_row = NULL;
    }
    return kv_batch_delete(store->overlay, keys_stored(key));
}

enum status store_scan(const struct store *store, const struct key *prefix, const struct key *from, store_each_fn each,
                       void *owner)
{
    struct kv_cursor *cursor;
    TRY(kv_cursor_open(store->kv, store->overlay, keys_stored(prefix), keys_stored(from), &cursor));
    enum status status;
    do {
        struct str key;
        struct str value;
        status = kv_cursor_next(cursor, &key, &value);
        if (status == STATUS_OK) {
            status = each(owner, key, value);
        }
    } while (status == STATUS_OK);
    kv_cursor_close(cursor);
    return status == STATUS_END ? STATUS_OK : status;
}

/* ---- Rows of executions ---- */

enum status store_execution(struct store *store, struct arena *arena, const struct execution_id *id,
                            const struct execution_row **out_row)
{
    if (store->read_row != NULL && arena == store->changes.arena && execution_id_equal(&store->read_id, id)) {
        *out_row = store->read_row;
        return STATUS_OK;
    }
    const void *row;
    struct str value;
    struct str kept = row_cache_get(store->executions, id);
    if (kept.bytes != NULL) {
        TRY(arena_copy(arena, kept, &value));
    } else {
        struct key key;
        keys_execution(store->partition, id, &key);
        TRY(kv_get(store->kv, store->overlay, arena, keys_stored(&key), &value));
        row_cache_put(store->executions, id, value);
    }
    TRY(store_decode(store, arena, RECORD_execution_row, value, &row));
    if (arena == store->changes.arena) {
        store->read_row = row;
        store->read_id = *id;
    }
    *out_row = row;
    return STATUS_OK;
}

enum status store_name(const struct store *store, struct arena *arena, struct str arn, const struct name_row **out_row)
{
    struct key key;
    const void *row;
    keys_name(store->partition, arn, &key);
    TRY(store_get(store, arena, &key, RECORD_name_row, &row));
    *out_row = row;
    return STATUS_OK;
}

enum status store_payload(const struct store *store, struct arena *arena, const struct execution_id *id,
                          const struct payload_id *payload, struct str *out_text)
{
    struct key key;
    const void *row;
    keys_payload(store->partition, id, payload, &key);
    TRY(store_get(store, arena, &key, RECORD_payload_row, &row));
    *out_text = ((const struct payload_row *)row)->text;
    return STATUS_OK;
}

static enum status rows_execution(void *owner, struct arena *arena, const struct execution_id *id,
                                  const struct execution_row **out_row)
{
    return store_execution(owner, arena, id, out_row);
}

static enum status rows_frame(void *owner, struct arena *arena, const struct execution_id *id, int64_t frame,
                              const struct frame_row **out_row)
{
    const struct store *store = owner;
    struct key key;
    const void *row;
    keys_frame(store->partition, id, frame, &key);
    TRY(store_get(store, arena, &key, RECORD_frame_row, &row));
    *out_row = row;
    return STATUS_OK;
}

static enum status rows_payload(void *owner, struct arena *arena, const struct execution_id *id,
                                const struct payload_id *payload, struct str *out_text)
{
    return store_payload(owner, arena, id, payload, out_text);
}

struct frames_scan {
    const struct store *store;
    struct arena *arena;
    const struct frame_row **rows;
    size_t count;
    size_t count_max;
};

static enum status frames_each(void *owner, struct str key, struct str value)
{
    struct frames_scan *scan = owner;
    (void)key;
    if (scan->count == scan->count_max) {
        return STATUS_END;
    }
    struct str copy;
    const void *row;
    TRY(arena_copy(scan->arena, value, &copy));
    TRY(store_decode(scan->store, scan->arena, RECORD_frame_row, copy, &row));
    scan->rows[scan->count++] = row;
    return STATUS_OK;
}

static enum status rows_frames(void *owner, struct arena *arena, const struct execution_id *id, int64_t from,
                               size_t count_max, const struct frame_row ***out_rows, size_t *out_count)
{
    struct frames_scan scan = {.store = owner, .arena = arena, .count_max = count_max};
    struct key prefix;
    struct key start;
    scan.rows = arena_array(arena, const struct frame_row *, count_max);
    TRY_NEW(scan.rows);
    keys_of_execution(scan.store->partition, KEY_FRAME, id, &prefix);
    keys_frame(scan.store->partition, id, from, &start);
    TRY(store_scan(scan.store, &prefix, &start, frames_each, &scan));
    *out_rows = scan.rows;
    *out_count = scan.count;
    return STATUS_OK;
}

struct payloads_scan {
    struct payload_id *payloads;
    size_t count;
    size_t count_max;
};

static enum status payloads_each(void *owner, struct str key, struct str value)
{
    struct payloads_scan *scan = owner;
    (void)value;
    if (scan->count == scan->count_max) {
        return STATUS_END;
    }
    return keys_read_payload(key, &scan->payloads[scan->count++]) ? STATUS_OK : STATUS_CORRUPT;
}

static enum status rows_payloads(void *owner, struct arena *arena, const struct execution_id *id, int64_t scope,
                                 size_t count_max, struct payload_id **out_payloads, size_t *out_count)
{
    const struct store *store = owner;
    struct payloads_scan scan = {.count_max = count_max};
    struct key prefix;
    scan.payloads = arena_array(arena, struct payload_id, count_max);
    TRY_NEW(scan.payloads);
    if (scope < 0) {
        keys_of_execution(store->partition, KEY_PAYLOAD, id, &prefix);
    } else {
        keys_of_scope(store->partition, id, scope, &prefix);
    }
    TRY(store_scan(store, &prefix, &prefix, payloads_each, &scan));
    *out_payloads = scan.payloads;
    *out_count = scan.count;
    return STATUS_OK;
}

struct rows store_rows(struct store *store)
{
    return (struct rows){
        .owner = store,
        .execution = rows_execution,
        .frame = rows_frame,
        .payload = rows_payload,
        .frames = rows_frames,
        .payloads = rows_payloads,
    };
}

/* ---- How far the partition is ---- */

enum status store_commit_row(const struct store *store, struct arena *arena, const struct commit_row **out_row)
{
    struct key key;
    const void *row;
    keys_kind(store->partition, KEY_COMMIT, &key);
    TRY(store_get(store, arena, &key, RECORD_commit_row, &row));
    *out_row = row;
    return STATUS_OK;
}

enum status store_offset_row(const struct store *store, struct arena *arena, const struct offset_row **out_row)
{
    struct key key;
    const void *row;
    keys_kind(store->partition, KEY_OFFSET, &key);
    TRY(store_get(store, arena, &key, RECORD_offset_row, &row));
    *out_row = row;
    return STATUS_OK;
}

enum status store_put_offset(struct store *store, struct arena *arena, const struct offset_row *row)
{
    struct key key;
    struct str value;
    keys_kind(store->partition, KEY_OFFSET, &key);
    TRY(codec_encode(arena, CODEC_AVRO, SCHEMA_state_row, RECORD_offset_row, row, &value));
    return kv_batch_put(store->overlay, keys_stored(&key), value);
}
