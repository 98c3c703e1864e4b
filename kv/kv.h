/* An ordered key-value store behind a port: RocksDB (kv_rocksdb.c, the only user of rocksdb/c.h) and memory
 * (kv_memory.c, for tests and the simulator). Both pass tests/kv/kv_suite.c.
 *
 * Writes are staged in a batch that reads see through, and reach the store in one atomic write. What a write survives:
 *   KV_LOG_NONE   nothing is promised until kv_flush: after a crash the store is some consistent past, a prefix of the
 *                 writes in order, never a torn batch (the WAL is off; atomic flush).
 *   KV_LOG_SYNC   each kv_batch_write is durable when it returns (WAL, fsync).
 *
 * Keys: 1 ..= 4,096 bytes, ordered by bytes. Any number of threads may read; a batch belongs to one thread. */
#ifndef PAWL_KV_KV_H
#define PAWL_KV_KV_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kv;
struct kv_batch;
struct kv_cursor;

enum kv_log { KV_LOG_NONE, KV_LOG_SYNC };

struct kv_options {
    const char *path; /* a folder, made when absent */
    enum kv_log log;
    size_t memory_bytes; /* block cache and write buffers together; both count against it */
};

/* STATUS_CORRUPT: delete the folder and rebuild; STATUS_FULL: disk full; STATUS_IO otherwise (also: locked by another
 * process). out_message (arena-less, ≤ 512 bytes) says why. */
struct kv_error {
    char text[512];
};
MUST_CHECK enum status kv_rocksdb_open(const struct kv_options *options, struct kv **out_kv, struct kv_error *out_error);
MUST_CHECK enum status kv_memory_open(struct kv **out_kv);
void kv_close(struct kv *kv);

/* Makes everything written so far durable. */
MUST_CHECK enum status kv_flush(struct kv *kv, struct kv_error *out_error);

/* Removes every key in [from, to). Not part of a batch; durable like a write. */
MUST_CHECK enum status kv_delete_range(struct kv *kv, struct str from, struct str to, struct kv_error *out_error);

/* The value, copied into the arena; STATUS_NOT_FOUND. With a batch: as if it had been written. */
MUST_CHECK enum status kv_get(struct kv *kv, const struct kv_batch *batch, struct arena *arena, struct str key,
                              struct str *out_value);

/* A staging area over `kv`. Empty after create, clear and write. */
MUST_CHECK enum status kv_batch_create(struct kv *kv, struct kv_batch **out_batch);
void kv_batch_destroy(struct kv_batch *batch);
MUST_CHECK enum status kv_batch_put(struct kv_batch *batch, struct str key, struct str value);
MUST_CHECK enum status kv_batch_delete(struct kv_batch *batch, struct str key);
size_t kv_batch_count(const struct kv_batch *batch);
void kv_batch_clear(struct kv_batch *batch);

/* One level: rollback drops what was staged since the last savepoint (and forgets it). */
void kv_batch_savepoint(struct kv_batch *batch);
void kv_batch_rollback(struct kv_batch *batch);

/* Writes and clears the batch; an empty one costs nothing. On failure the batch is as it was and the store unchanged. */
MUST_CHECK enum status kv_batch_write(struct kv_batch *batch, struct kv_error *out_error);

/* Walks the keys ≥ `from` that start with `prefix`, in order, over store and batch together. Staged changes made while a
 * cursor is open are not defined: collect the keys first, then write. Key and value are borrowed until the next call. */
MUST_CHECK enum status kv_cursor_open(struct kv *kv, const struct kv_batch *batch, struct str prefix, struct str from,
                                      struct kv_cursor **out_cursor);
MUST_CHECK enum status kv_cursor_next(struct kv_cursor *cursor, struct str *out_key, struct str *out_value); /* STATUS_END */
void kv_cursor_close(struct kv_cursor *cursor);

/* Approximate bytes on disk, and in memory (cache and write buffers). */
void kv_size(const struct kv *kv, uint64_t *out_disk_bytes, uint64_t *out_memory_bytes);

/* What a store tells of itself, about; what it does not have is 0. From any thread. */
struct kv_figures {
    uint64_t files_bytes;       /* on disk */
    uint64_t buffers_bytes;     /* written and not yet in files */
    uint64_t cache_bytes;       /* of the block cache in use */
    uint64_t keys;
    uint64_t compaction_bytes;  /* what compaction has yet to rewrite */
    uint64_t compactions;       /* under way */
    uint64_t flushes;           /* under way */
    uint64_t delayed_rate;      /* bytes a second to which writes are slowed down; 0: they are not */
    uint64_t stopped;           /* 1: writes wait for compaction */
};
void kv_figures(const struct kv *kv, struct kv_figures *out_figures);

/* The simulator's crash: everything after the last kv_flush is lost (kv_memory only, opened as KV_LOG_NONE). */
void kv_memory_crash(struct kv *kv);

/* The simulator's disk that is full: writes and flushes are refused by STATUS_FULL until it is not any more. Deleting a range is
 * let through, as in RocksDB's store (kv_memory only). */
void kv_memory_fill(struct kv *kv, bool full);

/* A test's disk that is broken: whatever reads or writes it is refused by STATUS_IO until it is not any more (kv_memory
 * only). What is staged in a batch can be read. */
void kv_memory_break(struct kv *kv, bool broken);

#endif
