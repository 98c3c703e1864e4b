/* The store on RocksDB 7.8: the only user of its header. */
#include "kv/kv_port.h"

#include "base/assert.h"
#include "base/mutant.h"

#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

/* Of options->memory_bytes an eighth is one write buffer, of which there are at most two; the cache has the rest, and
 * indexes and filters lie in it. (The C API of 7.8 has no write buffer manager that would count buffers in the cache.)
 */
#define WRITE_BUFFER_SHARE 8
#define WRITE_BUFFERS 2
#define WRITE_BUFFER_BYTES_MIN ((size_t)1024 * 1024)
#define WRITE_BUFFER_BYTES_MAX ((size_t)128 * 1024 * 1024)
/* A write is refused when less is free than flushing the buffers takes, and this: RocksDB that meets a full disk in its
 * write-ahead log may end the process (an assertion about the file's writer, seen in Debian's build of 7.8.3). */
#define DISK_BYTES_FREE_MIN ((uint64_t)8 * 1024 * 1024)
#define OPEN_FILES_MAX 512
#define BACKGROUND_JOBS 2
#define BLOOM_BITS 10
#define BLOCK_BYTES 8192
#define METADATA_BLOCK_BYTES 4096
#define LOG_FILE_BYTES_MAX ((size_t)1024 * 1024)
#define WAL_BYTES_MAX ((uint64_t)64 * 1024 * 1024)

struct rocks {
    struct kv base;
    rocksdb_t *db;
    rocksdb_options_t *options;
    rocksdb_block_based_table_options_t *table;
    rocksdb_cache_t *cache;
    rocksdb_readoptions_t *read;
    rocksdb_writeoptions_t *write;
    rocksdb_flushoptions_t *flush;
    enum kv_log log;
    uint64_t free_bytes_min;
    char *path;
};

struct rocks_batch {
    struct kv_batch base;
    struct rocks *rocks;
    rocksdb_writebatch_wi_t *staged;
};

struct rocks_cursor {
    struct kv_cursor base;
    rocksdb_readoptions_t *read;
    rocksdb_iterator_t *iterator;
    bool started;
    size_t prefix_length;
    size_t bound_length; /* 0: none; what follows the prefix in order, which RocksDB borrows */
    char bytes[];        /* the prefix, then the bound */
};

/* What RocksDB's text says, by its first words ("Corruption: …") and the system's. Takes the text. */
static enum status failed(char *text, struct kv_error *out_error)
{
    static const struct {
        const char *part;
        enum status status;
    } rows[] = {
        {"No space left", STATUS_FULL},
        {"Space limit", STATUS_FULL},
        {"Disk quota exceeded", STATUS_FULL},
        {"Corruption", STATUS_CORRUPT},
        {"checksum mismatch", STATUS_CORRUPT},
        {"lock", STATUS_IO}, /* held by another process; its path may name a file of the rows below */
        {"does not exist in file system", STATUS_CORRUPT},
    };
    enum status status = STATUS_IO;
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        if (strstr(text, rows[at].part) != NULL) {
            status = rows[at].status;
            break;
        }
    }
    /* A file that the manifest names is gone. */
    if (status == STATUS_IO && strstr(text, "No such file") != NULL && strstr(text, ".sst") != NULL) {
        status = STATUS_CORRUPT;
    }
    kv_error_set(out_error, text);
    rocksdb_free(text);
    return status;
}

/* ---- The store ---- */

static void rocks_close(struct kv *kv)
{
    struct rocks *rocks = (struct rocks *)kv;
    if (rocks->db != NULL) {
        rocksdb_close(rocks->db);
    }
    rocksdb_flushoptions_destroy(rocks->flush);
    rocksdb_writeoptions_destroy(rocks->write);
    rocksdb_readoptions_destroy(rocks->read);
    rocksdb_options_destroy(rocks->options);
    rocksdb_block_based_options_destroy(rocks->table);
    rocksdb_cache_destroy(rocks->cache);
    free(rocks->path);
    free(rocks);
}

static void set_memory(struct rocks *rocks, size_t memory_bytes)
{
    size_t buffer_bytes = memory_bytes / WRITE_BUFFER_SHARE;
    if (buffer_bytes < WRITE_BUFFER_BYTES_MIN) {
        buffer_bytes = WRITE_BUFFER_BYTES_MIN;
    } else if (buffer_bytes > WRITE_BUFFER_BYTES_MAX) {
        buffer_bytes = WRITE_BUFFER_BYTES_MAX;
    }
    size_t buffers_bytes = buffer_bytes * WRITE_BUFFERS;
    rocks->free_bytes_min = 2 * buffers_bytes + DISK_BYTES_FREE_MIN;
    size_t cache_bytes = memory_bytes > 2 * buffers_bytes ? memory_bytes - buffers_bytes : buffers_bytes;
    rocks->cache = rocksdb_cache_create_lru(cache_bytes);
    rocksdb_options_set_write_buffer_size(rocks->options, buffer_bytes);
    rocksdb_options_set_max_write_buffer_number(rocks->options, WRITE_BUFFERS);
    /* RocksDB starts a flush at ⅞ of this; the other buffer takes what arrives meanwhile. */
    rocksdb_options_set_db_write_buffer_size(rocks->options, buffers_bytes);

    rocksdb_block_based_options_set_block_cache(rocks->table, rocks->cache);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(rocks->table, 1);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(rocks->table, 1);
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(rocks->table, 1);
    /* In pieces: the filter of a large file, whole, may be more than one of the cache's shards takes; then every read would
     * read all of it from the file. */
    rocksdb_block_based_options_set_index_type(rocks->table, rocksdb_block_based_table_index_type_two_level_index_search);
    rocksdb_block_based_options_set_partition_filters(rocks->table, 1);
    rocksdb_block_based_options_set_metadata_block_size(rocks->table, METADATA_BLOCK_BYTES);
}

static void set_options(struct rocks *rocks, const struct kv_options *options)
{
    set_memory(rocks, options->memory_bytes);
    rocksdb_block_based_options_set_block_size(rocks->table, BLOCK_BYTES);
    rocksdb_block_based_options_set_format_version(rocks->table, 5);
    rocksdb_block_based_options_set_filter_policy(rocks->table, rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS));
    rocksdb_options_set_block_based_table_factory(rocks->options, rocks->table);

    rocksdb_options_set_create_if_missing(rocks->options, 1);
    rocksdb_options_set_atomic_flush(rocks->options, options->log == KV_LOG_NONE);
    rocksdb_options_set_compression(rocks->options, rocksdb_lz4_compression);
    rocksdb_options_set_level_compaction_dynamic_level_bytes(rocks->options, 1);
    rocksdb_options_set_max_open_files(rocks->options, OPEN_FILES_MAX);
    rocksdb_options_set_max_background_jobs(rocks->options, BACKGROUND_JOBS);
    rocksdb_options_set_max_total_wal_size(rocks->options, WAL_BYTES_MAX);
    rocksdb_options_set_max_log_file_size(rocks->options, LOG_FILE_BYTES_MAX);
    rocksdb_options_set_keep_log_file_num(rocks->options, 2);
    rocksdb_options_set_stats_dump_period_sec(rocks->options, 0);
    rocksdb_options_set_stats_persist_period_sec(rocks->options, 0);

    if (options->log == KV_LOG_NONE) {
        rocksdb_writeoptions_disable_WAL(rocks->write, 1);
    } else {
        rocksdb_writeoptions_set_sync(rocks->write, 1);
    }
}

static enum status rocks_flush(struct kv *kv, struct kv_error *out_error)
{
    struct rocks *rocks = (struct rocks *)kv;
    if (rocks->log == KV_LOG_SYNC) {
        return STATUS_OK; /* each write was durable when it returned */
    }
    char *text = NULL;
    rocksdb_flush(rocks->db, rocks->flush, &text);
    return text == NULL ? STATUS_OK : failed(text, out_error);
}

static enum status check_room(const struct rocks *rocks, struct kv_error *out_error)
{
    struct statvfs disk;
    if (statvfs(rocks->path, &disk) == 0 && (uint64_t)disk.f_bavail * disk.f_frsize < rocks->free_bytes_min) {
        kv_error_set(out_error, "no space left on the disk");
        return STATUS_FULL;
    }
    return STATUS_OK;
}

static enum status rocks_delete_range(struct kv *kv, struct str from, struct str to, struct kv_error *out_error)
{
    struct rocks *rocks = (struct rocks *)kv;
    char *text = NULL;
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    rocksdb_writebatch_delete_range(batch, from.bytes, from.length, to.bytes, to.length);
    rocksdb_write(rocks->db, rocks->write, batch, &text);
    rocksdb_writebatch_destroy(batch);
    return text == NULL ? STATUS_OK : failed(text, out_error);
}

static enum status get_from_batch(struct rocks *rocks, const struct rocks_batch *batch, struct arena *arena,
                                  struct str key, struct str *out_value)
{
    char *text = NULL;
    size_t length = 0;
    char *bytes = rocksdb_writebatch_wi_get_from_batch_and_db(batch->staged, rocks->db, rocks->read, key.bytes,
                                                              key.length, &length, &text);
    if (text != NULL) {
        return failed(text, NULL);
    }
    if (bytes == NULL) {
        return STATUS_NOT_FOUND;
    }
    enum status status = arena_copy(arena, (struct str){bytes, length}, out_value);
    rocksdb_free(bytes);
    return status;
}

static enum status rocks_get(struct kv *kv, const struct kv_batch *base, struct arena *arena, struct str key,
                             struct str *out_value)
{
    struct rocks *rocks = (struct rocks *)kv;
    const struct rocks_batch *batch = (const struct rocks_batch *)base;
    if (batch != NULL && rocksdb_writebatch_wi_count(batch->staged) > 0) {
        return get_from_batch(rocks, batch, arena, key, out_value);
    }
    char *text = NULL;
    rocksdb_pinnableslice_t *slice = rocksdb_get_pinned(rocks->db, rocks->read, key.bytes, key.length, &text);
    if (text != NULL) {
        return failed(text, NULL);
    }
    if (slice == NULL) {
        return STATUS_NOT_FOUND;
    }
    struct str value = STR_NONE;
    value.bytes = rocksdb_pinnableslice_value(slice, &value.length);
    enum status status = arena_copy(arena, value, out_value);
    rocksdb_pinnableslice_destroy(slice);
    return status;
}

static void rocks_size(const struct kv *kv, uint64_t *out_disk_bytes, uint64_t *out_memory_bytes)
{
    const struct rocks *rocks = (const struct rocks *)kv;
    uint64_t files = 0;
    uint64_t buffers = 0;
    (void)rocksdb_property_int(rocks->db, "rocksdb.total-sst-files-size", &files);
    (void)rocksdb_property_int(rocks->db, "rocksdb.size-all-mem-tables", &buffers);
    /* What is in the write buffers is, or will be, as much again on disk. */
    *out_disk_bytes = files + (rocks->log == KV_LOG_SYNC ? buffers : 0);
    *out_memory_bytes = buffers + rocksdb_cache_get_usage(rocks->cache);
}

static void rocks_figures(const struct kv *kv, struct kv_figures *out_figures)
{
    const struct rocks *rocks = (const struct rocks *)kv;
    struct kv_figures figures = {.cache_bytes = rocksdb_cache_get_usage(rocks->cache)};
    const struct {
        const char *property;
        uint64_t *figure;
    } rows[] = {
        {"rocksdb.total-sst-files-size", &figures.files_bytes},
        {"rocksdb.size-all-mem-tables", &figures.buffers_bytes},
        {"rocksdb.estimate-num-keys", &figures.keys},
        {"rocksdb.estimate-pending-compaction-bytes", &figures.compaction_bytes},
        {"rocksdb.num-running-compactions", &figures.compactions},
        {"rocksdb.num-running-flushes", &figures.flushes},
        {"rocksdb.actual-delayed-write-rate", &figures.delayed_rate},
        {"rocksdb.is-write-stopped", &figures.stopped},
    };
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        (void)rocksdb_property_int(rocks->db, rows[at].property, rows[at].figure); /* else it stays 0 */
    }
    *out_figures = figures;
}

/* ---- Batches ---- */

static enum status rocks_batch_create(struct kv *kv, struct kv_batch **out_batch)
{
    struct rocks_batch *batch = calloc(1, sizeof *batch);
    TRY_NEW(batch);
    batch->base.ops = kv->ops;
    batch->rocks = (struct rocks *)kv;
    batch->staged = rocksdb_writebatch_wi_create(0, 1);
    *out_batch = &batch->base;
    return STATUS_OK;
}

static void rocks_batch_destroy(struct kv_batch *base)
{
    struct rocks_batch *batch = (struct rocks_batch *)base;
    rocksdb_writebatch_wi_destroy(batch->staged);
    free(batch);
}

static enum status rocks_batch_put(struct kv_batch *base, struct str key, struct str value)
{
    struct rocks_batch *batch = (struct rocks_batch *)base;
    rocksdb_writebatch_wi_put(batch->staged, key.bytes, key.length, value.bytes == NULL ? "" : value.bytes,
                              value.length);
    return STATUS_OK;
}

static enum status rocks_batch_delete(struct kv_batch *base, struct str key)
{
    struct rocks_batch *batch = (struct rocks_batch *)base;
    rocksdb_writebatch_wi_delete(batch->staged, key.bytes, key.length);
    return STATUS_OK;
}

static size_t rocks_batch_count(const struct kv_batch *base)
{
    return (size_t)rocksdb_writebatch_wi_count(((const struct rocks_batch *)base)->staged);
}

static void rocks_batch_clear(struct kv_batch *base)
{
    rocksdb_writebatch_wi_clear(((struct rocks_batch *)base)->staged);
}

/* RocksDB keeps a stack of savepoints; those below the newest are never used, and go when the batch is cleared. */
static void rocks_batch_savepoint(struct kv_batch *base)
{
    rocksdb_writebatch_wi_set_save_point(((struct rocks_batch *)base)->staged);
}

static void rocks_batch_rollback(struct kv_batch *base)
{
    char *text = NULL;
    rocksdb_writebatch_wi_rollback_to_save_point(((struct rocks_batch *)base)->staged, &text);
    ASSERT(text == NULL); /* it fails only when there is no savepoint */
}

static enum status rocks_batch_write(struct kv_batch *base, struct kv_error *out_error)
{
    struct rocks_batch *batch = (struct rocks_batch *)base;
    TRY(check_room(batch->rocks, out_error));
    char *text = NULL;
    rocksdb_write_writebatch_wi(batch->rocks->db, batch->rocks->write, batch->staged, &text);
    return text == NULL ? STATUS_OK : failed(text, out_error);
}

/* ---- Cursors ---- */

/* Writes the least key above all that start with the prefix: its length, 0 when there is none (all bytes are FF). */
static size_t bound_of(struct str prefix, char *out_bytes)
{
    size_t length = prefix.length;
    while (length > 0 && (unsigned char)prefix.bytes[length - 1] == 0xFF) {
        length--;
    }
    if (length > 0) {
        memcpy(out_bytes, prefix.bytes, length);
        out_bytes[length - 1] = (char)((unsigned char)prefix.bytes[length - 1] + 1);
    }
    return length;
}

static enum status rocks_cursor_open(struct kv *kv, const struct kv_batch *base, struct str prefix, struct str from,
                                     struct kv_cursor **out_cursor)
{
    struct rocks *rocks = (struct rocks *)kv;
    const struct rocks_batch *batch = (const struct rocks_batch *)base;
    struct rocks_cursor *cursor = calloc(1, sizeof *cursor + 2 * prefix.length);
    TRY_NEW(cursor);
    cursor->base.ops = kv->ops;
    cursor->prefix_length = prefix.length;
    if (prefix.length > 0) {
        memcpy(cursor->bytes, prefix.bytes, prefix.length);
    }
    cursor->bound_length = bound_of(prefix, cursor->bytes + prefix.length);

    /* The bound spares RocksDB a walk over tombstones past the prefix; staged rows it does not bound
     * (rocks_cursor_next). */
    cursor->read = rocksdb_readoptions_create();
    if (cursor->bound_length > 0) {
        rocksdb_readoptions_set_iterate_upper_bound(cursor->read, cursor->bytes + prefix.length, cursor->bound_length);
    }
    cursor->iterator = rocksdb_create_iterator(rocks->db, cursor->read);
    if (batch != NULL) {
        cursor->iterator = rocksdb_writebatch_wi_create_iterator_with_base(batch->staged, cursor->iterator);
    }
    rocksdb_iter_seek(cursor->iterator, from.bytes == NULL ? "" : from.bytes, from.length);
    *out_cursor = &cursor->base;
    return STATUS_OK;
}

static enum status rocks_cursor_next(struct kv_cursor *base, struct str *out_key, struct str *out_value)
{
    struct rocks_cursor *cursor = (struct rocks_cursor *)base;
    if (cursor->started && rocksdb_iter_valid(cursor->iterator)) {
        rocksdb_iter_next(cursor->iterator);
    }
    cursor->started = true;
    if (!rocksdb_iter_valid(cursor->iterator)) {
        char *text = NULL;
        rocksdb_iter_get_error(cursor->iterator, &text);
        return text == NULL ? STATUS_END : failed(text, NULL);
    }
    struct str key;
    key.bytes = rocksdb_iter_key(cursor->iterator, &key.length);
    if (!str_starts_with(key, (struct str){cursor->bytes, cursor->prefix_length}) && !MUTANT(SCAN_PAST_PREFIX)) {
        return STATUS_END;
    }
    *out_key = key;
    out_value->bytes = rocksdb_iter_value(cursor->iterator, &out_value->length);
    return STATUS_OK;
}

static void rocks_cursor_close(struct kv_cursor *base)
{
    struct rocks_cursor *cursor = (struct rocks_cursor *)base;
    rocksdb_iter_destroy(cursor->iterator);
    rocksdb_readoptions_destroy(cursor->read);
    free(cursor);
}

static const struct kv_ops rocks_ops = {
    .close = rocks_close,
    .flush = rocks_flush,
    .delete_range = rocks_delete_range,
    .get = rocks_get,
    .size = rocks_size,
    .figures = rocks_figures,
    .batch_create = rocks_batch_create,
    .batch_destroy = rocks_batch_destroy,
    .batch_put = rocks_batch_put,
    .batch_delete = rocks_batch_delete,
    .batch_count = rocks_batch_count,
    .batch_clear = rocks_batch_clear,
    .batch_savepoint = rocks_batch_savepoint,
    .batch_rollback = rocks_batch_rollback,
    .batch_write = rocks_batch_write,
    .cursor_open = rocks_cursor_open,
    .cursor_next = rocks_cursor_next,
    .cursor_close = rocks_cursor_close,
};

enum status kv_rocksdb_open(const struct kv_options *options, struct kv **out_kv, struct kv_error *out_error)
{
    struct rocks *rocks = calloc(1, sizeof *rocks);
    char *path = strdup(options->path);
    if (rocks == NULL || path == NULL) {
        free(rocks);
        free(path);
        return STATUS_LIMIT_EXCEEDED;
    }
    rocks->base.ops = &rocks_ops;
    rocks->log = options->log;
    rocks->path = path;
    rocks->options = rocksdb_options_create();
    rocks->table = rocksdb_block_based_options_create();
    rocks->read = rocksdb_readoptions_create();
    rocks->write = rocksdb_writeoptions_create();
    rocks->flush = rocksdb_flushoptions_create();
    set_options(rocks, options);
    char *text = NULL;
    rocks->db = rocksdb_open(rocks->options, options->path, &text);
    if (text != NULL) {
        enum status status = failed(text, out_error);
        rocks_close(&rocks->base);
        return status;
    }
    *out_kv = &rocks->base;
    return STATUS_OK;
}
