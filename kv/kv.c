#include "kv/kv.h"

#include "base/assert.h"
#include "kv/kv_port.h"

#include <stdio.h>

void kv_error_set(struct kv_error *out_error, const char *text)
{
    if (out_error != NULL) {
        snprintf(out_error->text, sizeof out_error->text, "%s", text);
    }
}

static bool key_is_good(struct str key)
{
    return key.length > 0 && key.length <= KV_KEY_BYTES_MAX;
}

void kv_close(struct kv *kv)
{
    if (kv != NULL) {
        kv->ops->close(kv);
    }
}

enum status kv_flush(struct kv *kv, struct kv_error *out_error)
{
    return kv->ops->flush(kv, out_error);
}

enum status kv_delete_range(struct kv *kv, struct str from, struct str to, struct kv_error *out_error)
{
    /* RocksDB refuses an empty range only when its files are next merged. */
    if (str_compare(from, to) >= 0) {
        return STATUS_OK;
    }
    return kv->ops->delete_range(kv, from, to, out_error);
}

enum status kv_get(struct kv *kv, const struct kv_batch *batch, struct arena *arena, struct str key,
                   struct str *out_value)
{
    if (!key_is_good(key)) {
        return STATUS_NOT_FOUND;
    }
    return kv->ops->get(kv, batch, arena, key, out_value);
}

void kv_figures(const struct kv *kv, struct kv_figures *out_figures)
{
    kv->ops->figures(kv, out_figures);
}

void kv_size(const struct kv *kv, uint64_t *out_disk_bytes, uint64_t *out_memory_bytes)
{
    kv->ops->size(kv, out_disk_bytes, out_memory_bytes);
}

enum status kv_batch_create(struct kv *kv, struct kv_batch **out_batch)
{
    return kv->ops->batch_create(kv, out_batch);
}

void kv_batch_destroy(struct kv_batch *batch)
{
    if (batch != NULL) {
        batch->ops->batch_destroy(batch);
    }
}

enum status kv_batch_put(struct kv_batch *batch, struct str key, struct str value)
{
    return key_is_good(key) ? batch->ops->batch_put(batch, key, value) : STATUS_INVALID;
}

enum status kv_batch_delete(struct kv_batch *batch, struct str key)
{
    return key_is_good(key) ? batch->ops->batch_delete(batch, key) : STATUS_INVALID;
}

size_t kv_batch_count(const struct kv_batch *batch)
{
    return batch->ops->batch_count(batch);
}

void kv_batch_clear(struct kv_batch *batch)
{
    batch->ops->batch_clear(batch);
    batch->savepoint = false;
}

void kv_batch_savepoint(struct kv_batch *batch)
{
    batch->ops->batch_savepoint(batch);
    batch->savepoint = true;
}

void kv_batch_rollback(struct kv_batch *batch)
{
    ASSERT(batch->savepoint);
    batch->ops->batch_rollback(batch);
    batch->savepoint = false;
}

enum status kv_batch_write(struct kv_batch *batch, struct kv_error *out_error)
{
    if (kv_batch_count(batch) > 0) {
        TRY(batch->ops->batch_write(batch, out_error));
    }
    kv_batch_clear(batch);
    return STATUS_OK;
}

enum status kv_cursor_open(struct kv *kv, const struct kv_batch *batch, struct str prefix, struct str from,
                           struct kv_cursor **out_cursor)
{
    return kv->ops->cursor_open(kv, batch, prefix, str_compare(from, prefix) < 0 ? prefix : from, out_cursor);
}

enum status kv_cursor_next(struct kv_cursor *cursor, struct str *out_key, struct str *out_value)
{
    return cursor->ops->cursor_next(cursor, out_key, out_value);
}

void kv_cursor_close(struct kv_cursor *cursor)
{
    if (cursor != NULL) {
        cursor->ops->cursor_close(cursor);
    }
}
