/* What a store provides: kv_rocksdb.c and kv_memory.c. Each of its objects begins with the struct of its kind, so that
 * kv.c finds the functions. Contracts are those of kv/kv.h; kv.c checks the keys' bounds before. */
#ifndef PAWL_KV_KV_PORT_H
#define PAWL_KV_KV_PORT_H

#include "kv/kv.h"

#define KV_KEY_BYTES_MAX 4096

struct kv_ops {
    void (*close)(struct kv *kv);
    enum status (*flush)(struct kv *kv, struct kv_error *out_error);
    enum status (*delete_range)(struct kv *kv, struct str from, struct str to, struct kv_error *out_error);
    enum status (*get)(struct kv *kv, const struct kv_batch *batch, struct arena *arena, struct str key,
                       struct str *out_value);
    void (*size)(const struct kv *kv, uint64_t *out_disk_bytes, uint64_t *out_memory_bytes);

    void (*figures)(const struct kv *kv, struct kv_figures *out_figures);

    enum status (*batch_create)(struct kv *kv, struct kv_batch **out_batch);
    void (*batch_destroy)(struct kv_batch *batch);
    enum status (*batch_put)(struct kv_batch *batch, struct str key, struct str value);
    enum status (*batch_delete)(struct kv_batch *batch, struct str key);
    size_t (*batch_count)(const struct kv_batch *batch);
    void (*batch_clear)(struct kv_batch *batch);
    void (*batch_savepoint)(struct kv_batch *batch);
    void (*batch_rollback)(struct kv_batch *batch);
    enum status (*batch_write)(struct kv_batch *batch, struct kv_error *out_error);

    enum status (*cursor_open)(struct kv *kv, const struct kv_batch *batch, struct str prefix, struct str from,
                               struct kv_cursor **out_cursor);
    enum status (*cursor_next)(struct kv_cursor *cursor, struct str *out_key, struct str *out_value);
    void (*cursor_close)(struct kv_cursor *cursor);
};

struct kv {
    const struct kv_ops *ops;
};

struct kv_batch {
    const struct kv_ops *ops;
    bool savepoint; /* one is set; kept by kv.c */
};

struct kv_cursor {
    const struct kv_ops *ops;
};

/* Writes the text, cut to fit; out_error may be NULL. */
void kv_error_set(struct kv_error *out_error, const char *text);

#endif
