/* The store in memory, for tests and the simulator. It knows what a crash would leave: the rows as of the last flush.
 */
#include "kv/kv_map.h"
#include "kv/kv_port.h"

#include "base/assert.h"

#include <pthread.h>
#include <stdlib.h>

struct memory {
    struct kv base;
    pthread_mutex_t lock;
    struct kv_map rows;
    struct kv_map flushed; /* the rows as of the last flush */
    struct kv_map dirty;   /* keys that were written since */
    bool full;             /* nothing more fits on the disk */
    bool broken;           /* the disk can't be read or written */
};

struct memory_batch {
    struct kv_batch base;
    struct memory *memory;
    struct kv_map staged;
    size_t count;
    struct kv_map changed; /* since the savepoint: what was staged for the key before */
    struct kv_map added;   /* since the savepoint: keys for which nothing was staged before */
    size_t saved_count;
};

struct memory_cursor {
    struct kv_cursor base;
    struct memory *memory;
    const struct memory_batch *batch;
    char *prefix_bytes;
    struct str prefix;
    struct kv_map at; /* one row: the last one given, or the key to start at */
    bool started;
};

/* ---- Rows ---- */

static enum status row_put(struct memory *memory, struct str key, struct str value)
{
    TRY(kv_map_put(&memory->dirty, key, STR("")));
    return kv_map_put(&memory->rows, key, value);
}

static enum status row_remove(struct memory *memory, struct str key)
{
    TRY(kv_map_put(&memory->dirty, key, STR("")));
    kv_map_remove(&memory->rows, key);
    return STATUS_OK;
}

/* Makes the dirty keys in `to` what they are in `from`. */
static enum status copy_dirty(struct memory *memory, const struct kv_map *from, struct kv_map *to)
{
    for (const struct kv_map_row *dirty = memory->dirty.first[0]; dirty != NULL; dirty = dirty->next[0]) {
        const struct kv_map_row *row = kv_map_find(from, dirty->key);
        if (row != NULL) {
            TRY(kv_map_put(to, row->key, row->value));
        } else {
            kv_map_remove(to, dirty->key);
        }
    }
    kv_map_clear(&memory->dirty);
    return STATUS_OK;
}

/* With the lock. */
static enum status look_at_disk(const struct memory *memory, struct kv_error *out_error)
{
    if (memory->broken) {
        kv_error_set(out_error, "the disk is broken");
        return STATUS_IO;
    }
    if (memory->full) {
        kv_error_set(out_error, "no space left");
        return STATUS_FULL;
    }
    return STATUS_OK;
}

static enum status memory_flush(struct kv *kv, struct kv_error *out_error)
{
    struct memory *memory = (struct memory *)kv;
    pthread_mutex_lock(&memory->lock);
    enum status status = look_at_disk(memory, out_error);
    if (status == STATUS_OK) {
        status = copy_dirty(memory, &memory->rows, &memory->flushed);
        if (status != STATUS_OK) {
            kv_error_set(out_error, "no memory");
        }
    }
    pthread_mutex_unlock(&memory->lock);
    return status;
}

void kv_memory_crash(struct kv *kv)
{
    struct memory *memory = (struct memory *)kv;
    pthread_mutex_lock(&memory->lock);
    ASSERT(copy_dirty(memory, &memory->flushed, &memory->rows) == STATUS_OK);
    pthread_mutex_unlock(&memory->lock);
}

void kv_memory_fill(struct kv *kv, bool full)
{
    struct memory *memory = (struct memory *)kv;
    pthread_mutex_lock(&memory->lock);
    memory->full = full;
    pthread_mutex_unlock(&memory->lock);
}

void kv_memory_break(struct kv *kv, bool broken)
{
    struct memory *memory = (struct memory *)kv;
    pthread_mutex_lock(&memory->lock);
    memory->broken = broken;
    pthread_mutex_unlock(&memory->lock);
}

static enum status memory_delete_range(struct kv *kv, struct str from, struct str to, struct kv_error *out_error)
{
    struct memory *memory = (struct memory *)kv;
    pthread_mutex_lock(&memory->lock);
    enum status status = memory->broken ? STATUS_IO : STATUS_OK;
    const struct kv_map_row *row = kv_map_seek(&memory->rows, from, false);
    while (status == STATUS_OK && row != NULL && str_compare(row->key, to) < 0) {
        const struct kv_map_row *next = row->next[0];
        status = row_remove(memory, row->key);
        row = next;
    }
    pthread_mutex_unlock(&memory->lock);
    if (status != STATUS_OK) {
        kv_error_set(out_error, status_text(status));
    }
    return status;
}

static enum status memory_get(struct kv *kv, const struct kv_batch *batch, struct arena *arena, struct str key,
                              struct str *out_value)
{
    struct memory *memory = (struct memory *)kv;
    if (batch != NULL) {
        const struct kv_map_row *staged = kv_map_find(&((const struct memory_batch *)batch)->staged, key);
        if (staged != NULL) {
            return staged->value.bytes == NULL ? STATUS_NOT_FOUND : arena_copy(arena, staged->value, out_value);
        }
    }
    pthread_mutex_lock(&memory->lock);
    const struct kv_map_row *row = kv_map_find(&memory->rows, key);
    enum status status = row == NULL ? STATUS_NOT_FOUND : arena_copy(arena, row->value, out_value);
    status = memory->broken ? STATUS_IO : status;
    pthread_mutex_unlock(&memory->lock);
    return status;
}

static void memory_size(const struct kv *kv, uint64_t *out_disk_bytes, uint64_t *out_memory_bytes)
{
    struct memory *memory = (struct memory *)kv;
    pthread_mutex_lock(&memory->lock);
    *out_disk_bytes = memory->flushed.bytes;
    *out_memory_bytes = memory->rows.bytes;
    pthread_mutex_unlock(&memory->lock);
}

static void memory_close(struct kv *kv)
{
    struct memory *memory = (struct memory *)kv;
    kv_map_clear(&memory->rows);
    kv_map_clear(&memory->flushed);
    kv_map_clear(&memory->dirty);
    pthread_mutex_destroy(&memory->lock);
    free(memory);
}

/* ---- Batches ---- */

static void memory_figures(const struct kv *kv, struct kv_figures *out_figures)
{
    struct memory *memory = (struct memory *)kv;
    pthread_mutex_lock(&memory->lock);
    *out_figures = (struct kv_figures){.keys = memory->rows.count};
    pthread_mutex_unlock(&memory->lock);
}

static enum status memory_batch_create(struct kv *kv, struct kv_batch **out_batch)
{
    struct memory_batch *batch = calloc(1, sizeof *batch);
    TRY_NEW(batch);
    batch->base.ops = kv->ops;
    batch->memory = (struct memory *)kv;
    *out_batch = &batch->base;
    return STATUS_OK;
}

static void forget_savepoint(struct memory_batch *batch)
{
    kv_map_clear(&batch->changed);
    kv_map_clear(&batch->added);
}

static void memory_batch_clear(struct kv_batch *base)
{
    struct memory_batch *batch = (struct memory_batch *)base;
    kv_map_clear(&batch->staged);
    forget_savepoint(batch);
    batch->count = 0;
}

static void memory_batch_destroy(struct kv_batch *batch)
{
    memory_batch_clear(batch);
    free(batch);
}

/* Stages the value, or the deletion when its bytes are NULL. */
static enum status stage(struct memory_batch *batch, struct str key, struct str value)
{
    if (batch->base.savepoint && kv_map_find(&batch->changed, key) == NULL && kv_map_find(&batch->added, key) == NULL) {
        const struct kv_map_row *earlier = kv_map_find(&batch->staged, key);
        TRY(earlier != NULL ? kv_map_put(&batch->changed, key, earlier->value)
                            : kv_map_put(&batch->added, key, STR("")));
    }
    TRY(kv_map_put(&batch->staged, key, value));
    batch->count++;
    return STATUS_OK;
}

static enum status memory_batch_put(struct kv_batch *batch, struct str key, struct str value)
{
    return stage((struct memory_batch *)batch, key, value.bytes == NULL ? STR("") : value);
}

static enum status memory_batch_delete(struct kv_batch *batch, struct str key)
{
    return stage((struct memory_batch *)batch, key, STR_NONE);
}

static size_t memory_batch_count(const struct kv_batch *batch)
{
    return ((const struct memory_batch *)batch)->count;
}

static void memory_batch_savepoint(struct kv_batch *base)
{
    struct memory_batch *batch = (struct memory_batch *)base;
    forget_savepoint(batch);
    batch->saved_count = batch->count;
}

static void memory_batch_rollback(struct kv_batch *base)
{
    struct memory_batch *batch = (struct memory_batch *)base;
    for (const struct kv_map_row *row = batch->added.first[0]; row != NULL; row = row->next[0]) {
        kv_map_remove(&batch->staged, row->key);
    }
    for (const struct kv_map_row *row = batch->changed.first[0]; row != NULL; row = row->next[0]) {
        ASSERT(kv_map_put(&batch->staged, row->key, row->value) == STATUS_OK);
    }
    forget_savepoint(batch);
    batch->count = batch->saved_count;
}

static enum status memory_batch_write(struct kv_batch *base, struct kv_error *out_error)
{
    struct memory_batch *batch = (struct memory_batch *)base;
    pthread_mutex_lock(&batch->memory->lock);
    enum status status = look_at_disk(batch->memory, out_error);
    if (status != STATUS_OK) {
        pthread_mutex_unlock(&batch->memory->lock);
        return status;
    }
    for (const struct kv_map_row *row = batch->staged.first[0]; row != NULL; row = row->next[0]) {
        /* Half a batch must not stay, and a test that is out of memory is over anyway. */
        ASSERT((row->value.bytes == NULL ? row_remove(batch->memory, row->key)
                                         : row_put(batch->memory, row->key, row->value)) == STATUS_OK);
    }
    pthread_mutex_unlock(&batch->memory->lock);
    return STATUS_OK;
}

/* ---- Cursors ---- */

static void memory_cursor_close(struct kv_cursor *base)
{
    struct memory_cursor *cursor = (struct memory_cursor *)base;
    kv_map_clear(&cursor->at);
    free(cursor->prefix_bytes);
    free(cursor);
}

static enum status memory_cursor_open(struct kv *kv, const struct kv_batch *batch, struct str prefix, struct str from,
                                      struct kv_cursor **out_cursor)
{
    struct memory *memory = (struct memory *)kv;
    pthread_mutex_lock(&memory->lock);
    bool broken = memory->broken;
    pthread_mutex_unlock(&memory->lock);
    if (broken) {
        return STATUS_IO;
    }
    struct memory_cursor *cursor = calloc(1, sizeof *cursor);
    TRY_NEW(cursor);
    cursor->base.ops = kv->ops;
    cursor->memory = memory;
    cursor->batch = (const struct memory_batch *)batch;
    cursor->prefix_bytes = malloc(prefix.length + 1);
    if (cursor->prefix_bytes == NULL || kv_map_put(&cursor->at, from, STR("")) != STATUS_OK) {
        memory_cursor_close(&cursor->base);
        return STATUS_LIMIT_EXCEEDED;
    }
    if (prefix.length > 0) {
        memcpy(cursor->prefix_bytes, prefix.bytes, prefix.length);
    }
    cursor->prefix = (struct str){cursor->prefix_bytes, prefix.length};
    *out_cursor = &cursor->base;
    return STATUS_OK;
}

/* The next row over store and batch, deletions included; the batch's wins. */
static const struct kv_map_row *next_row(const struct memory_cursor *cursor)
{
    struct str at = cursor->at.first[0]->key;
    const struct kv_map_row *row = kv_map_seek(&cursor->memory->rows, at, cursor->started);
    const struct kv_map_row *staged =
        cursor->batch == NULL ? NULL : kv_map_seek(&cursor->batch->staged, at, cursor->started);
    if (row == NULL || staged == NULL) {
        return row == NULL ? staged : row;
    }
    return str_compare(staged->key, row->key) <= 0 ? staged : row;
}

/* The row after the one last given is looked up anew each time, so that other threads may write meanwhile. */
static enum status memory_cursor_next(struct kv_cursor *base, struct str *out_key, struct str *out_value)
{
    struct memory_cursor *cursor = (struct memory_cursor *)base;
    enum status status = STATUS_END;
    pthread_mutex_lock(&cursor->memory->lock);
    for (;;) {
        const struct kv_map_row *row = next_row(cursor);
        if (row == NULL || !str_starts_with(row->key, cursor->prefix)) {
            break;
        }
        struct kv_map copy;
        kv_map_init(&copy);
        status = kv_map_put(&copy, row->key, row->value);
        if (status != STATUS_OK) {
            break;
        }
        kv_map_clear(&cursor->at);
        cursor->at = copy;
        cursor->started = true;
        if (row->value.bytes != NULL) {
            *out_key = copy.first[0]->key;
            *out_value = copy.first[0]->value;
            break;
        }
        status = STATUS_END;
    }
    pthread_mutex_unlock(&cursor->memory->lock);
    return status;
}

static const struct kv_ops memory_ops = {
    .close = memory_close,
    .flush = memory_flush,
    .delete_range = memory_delete_range,
    .get = memory_get,
    .size = memory_size,
    .figures = memory_figures,
    .batch_create = memory_batch_create,
    .batch_destroy = memory_batch_destroy,
    .batch_put = memory_batch_put,
    .batch_delete = memory_batch_delete,
    .batch_count = memory_batch_count,
    .batch_clear = memory_batch_clear,
    .batch_savepoint = memory_batch_savepoint,
    .batch_rollback = memory_batch_rollback,
    .batch_write = memory_batch_write,
    .cursor_open = memory_cursor_open,
    .cursor_next = memory_cursor_next,
    .cursor_close = memory_cursor_close,
};

enum status kv_memory_open(struct kv **out_kv)
{
    struct memory *memory = calloc(1, sizeof *memory);
    TRY_NEW(memory);
    memory->base.ops = &memory_ops;
    pthread_mutex_init(&memory->lock, NULL);
    *out_kv = &memory->base;
    return STATUS_OK;
}
