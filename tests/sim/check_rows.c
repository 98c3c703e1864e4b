/* Changelog, disks and the group's offsets agree: every disk, restored or as it was left, is a fold of the changelog. */
#include "watch.h"

#include "base/assert.h"
#include "kv/kv_map.h"
#include "state/keys.h"
#include "state/restore.h"
#include "state/store.h"

#include <inttypes.h>

/* A partition's rows under their published keys, as its changelog up to some offset gives them. */
struct fold {
    struct watch *watch;
    uint32_t partition;
    struct log *log;
    struct kv_map rows;
};

static struct fold fold_of(struct watch *watch, uint32_t partition)
{
    struct fold fold = {
        .watch = watch,
        .partition = partition,
        .log = &broker_topic(watch->world->broker, "pawl.state")->logs[partition],
    };
    kv_map_init(&fold.rows);
    return fold;
}

static void fold_to(struct fold *fold, size_t end)
{
    for (size_t at = 0; at < end && at < fold->log->count; at++) {
        const struct bus_record *record = &fold->log->items[at].record;
        if (!log_is_visible(fold->log, at)) {
            continue;
        }
        if (record->value.bytes == NULL) {
            kv_map_remove(&fold->rows, record->key);
        } else {
            ASSERT(kv_map_put(&fold->rows, record->key, record->value) == STATUS_OK);
        }
    }
}

static const void *decode_row(struct watch *watch, struct str value)
{
    const struct bus_record record = {.topic = &broker_topics(watch->world->broker)->base, .value = value};
    return watch_decode(watch, SCHEMA_state_row, &record);
}

/* ---- Positions ---- */

static void check_positions(const struct fold *fold)
{
    struct world *world = fold->watch->world;
    const struct watch_commits *commits = &fold->watch->commits[fold->partition];
    struct bus_position group = broker_committed(world->broker, fold->partition);
    int64_t commands = commits->last == NULL ? BUS_OFFSET_NONE : commits->last->commands_offset;
    int64_t results = commits->last == NULL ? BUS_OFFSET_NONE : commits->last->results_offset;
    if (commits->rows_since > 0) {
        world_fail(world, "pawl.state-%u ends with %" PRId64 " rows without commit row", fold->partition,
                   commits->rows_since);
    }
    if (group.next[0] != commands || group.next[1] != results) {
        world_fail(world,
                   "partition %u: the group stands at %" PRId64 " and %" PRId64 ", the commit row at %" PRId64
                   " and %" PRId64,
                   fold->partition, group.next[0], group.next[1], commands, results);
    }
}

/* ---- Disks ---- */

static struct kv_cursor *open_cursor(struct kv *kv, uint32_t partition)
{
    struct key from;
    struct key to;
    struct kv_cursor *cursor;
    keys_partition(partition, &from, &to);
    ASSERT(kv_cursor_open(kv, NULL, keys_stored(&from), keys_stored(&from), &cursor) == STATUS_OK);
    return cursor;
}

/* A disk after its restore. */
static void check_disk(const struct fold *fold, struct kv *kv, const char *whose)
{
    struct world *world = fold->watch->world;
    struct kv_cursor *cursor = open_cursor(kv, fold->partition);
    struct str key;
    struct str value;
    size_t count = 0;
    while (kv_cursor_next(cursor, &key, &value) == STATUS_OK) {
        struct str published = str_from(key, KEYS_PARTITION_BYTES);
        if (published.bytes[0] == KEY_OFFSET) {
            continue;
        }
        const struct kv_map_row *row = kv_map_find(&fold->rows, published);
        if (row == NULL || !str_equal(row->value, value)) {
            world_fail(world, "%s, partition %u: a row of kind %c is not that of the changelog", whose, fold->partition,
                       published.bytes[0]);
        }
        count++;
    }
    kv_cursor_close(cursor);
    if (count != fold->rows.count) {
        world_fail(world, "%s, partition %u: %zu rows, the changelog gives %zu", whose, fold->partition, count,
                   fold->rows.count);
    }
}

/* Whether the log puts this value, or deletes the row, from `from` on. */
static bool is_put_later(struct log *log, size_t from, struct str key, struct str value)
{
    for (size_t at = from; at < log->count; at++) {
        const struct bus_record *record = &log->items[at].record;
        if (log_is_visible(log, at) && str_equal(record->key, key) &&
            (value.bytes == NULL ? record->value.bytes == NULL
                                 : record->value.bytes != NULL && str_equal(record->value, value))) {
            return true;
        }
    }
    return false;
}

/* The rows of a disk against the changelog up to `end`: each is as it says, or newer. */
static void compare_past(const struct fold *fold, struct kv *kv, const char *whose, size_t end)
{
    struct world *world = fold->watch->world;
    struct kv_cursor *cursor = open_cursor(kv, fold->partition);
    struct key stored;
    struct str key;
    struct str value;
    while (kv_cursor_next(cursor, &key, &value) == STATUS_OK) {
        struct str published = str_from(key, KEYS_PARTITION_BYTES);
        const struct kv_map_row *row = kv_map_find(&fold->rows, published);
        bool same = row != NULL && str_equal(row->value, value);
        if (published.bytes[0] != KEY_OFFSET && !same && !is_put_later(fold->log, end, published, value)) {
            world_fail(world, "%s, partition %u: a row of kind %c is older than the offset row, %zu", whose,
                       fold->partition, published.bytes[0], end);
        }
    }
    kv_cursor_close(cursor);
    for (const struct kv_map_row *row = fold->rows.first[0]; row != NULL; row = row->next[0]) {
        ASSERT(keys_of_published(fold->partition, row->key, &stored) == STATUS_OK);
        if (kv_get(kv, NULL, fold->watch->arena, keys_stored(&stored), &value) != STATUS_OK &&
            !is_put_later(fold->log, end, row->key, STR_NONE)) {
            world_fail(world, "%s, partition %u: a row of kind %c is missing, the offset row is %zu", whose,
                       fold->partition, row->key.bytes[0], end);
        }
    }
}

/* A disk as it was left, before any restore: the changelog's rows up to its offset row, some of them newer perhaps, as a
 * restore that was broken off leaves them, but none older (rule 11). */
static void check_past(struct watch *watch, struct kv *kv, const char *whose, uint32_t partition)
{
    struct fold fold = fold_of(watch, partition);
    struct key key;
    struct str value;
    keys_kind(partition, KEY_OFFSET, &key);
    if (kv_get(kv, NULL, watch->arena, keys_stored(&key), &value) != STATUS_OK) {
        return;
    }
    const struct offset_row *row = decode_row(watch, value);
    if (row != NULL) {
        fold_to(&fold, (size_t)row->offset);
        compare_past(&fold, kv, whose, (size_t)row->offset);
    }
    kv_map_clear(&fold.rows);
}

static void restore_disk(struct world *world, struct kv *kv, uint32_t partition)
{
    struct restore *restore;
    struct bus_error error = {""};
    bool done = false;
    enum status status = STATUS_OK;
    const struct restore_config config = {
        .bus = world->bus,
        .kv = kv,
        .codec = world->codec,
        .topic = &broker_topic(world->broker, "pawl.state")->base,
        .partition = partition,
        .delete_retention_ms = topic_types[TOPIC_STATE].delete_retention_ms,
    };
    kv_memory_fill(kv, false);
    ASSERT(restore_create(&config, &restore) == STATUS_OK);
    while (!done && status == STATUS_OK) {
        status = restore_step(restore, 7, 0, &done, &error);
    }
    if (status != STATUS_OK) {
        world_fail(world, "partition %u can't be restored: %s", partition, error.text);
    }
    restore_destroy(restore);
}

/* ---- What is left ---- */

/* All that was due has fired, and is gone; and of what was forgotten, nothing is left. */
static void check_left(const struct fold *fold)
{
    struct world *world = fold->watch->world;
    for (const struct kv_map_row *row = fold->rows.first[0]; row != NULL; row = row->next[0]) {
        struct key key;
        struct timer_key timer;
        char kind = row->key.bytes[0];
        ASSERT(keys_of_published(fold->partition, row->key, &key) == STATUS_OK);
        bool is_timer = keys_read_timer(keys_stored(&key), &timer);
        if (kind == KEY_TIMER && !is_timer) {
            world_fail(world, "partition %u: a timer's key can't be read", fold->partition);
        } else if (kind == KEY_TIMER && timer.due_ms < broker_now_ms(world->broker) - 60000) {
            world_fail(world, "partition %u: a timer of frame %" PRId64 " that was due at %" PRId64 " is still there",
                       fold->partition, timer.frame, timer.due_ms);
        }
        bool of_execution =
            memchr("efpn", kind, 4) != NULL || (kind == KEY_TIMER && is_timer && timer.frame >= TIMER_EXECUTION);
        if (world->forgets && of_execution) {
            world_fail(world, "partition %u: a row of kind %c is left of an execution that was forgotten",
                       fold->partition, kind);
        }
    }
}

/* Uses that are rows still, not told yet. */
static void count_unpublished(const struct fold *fold)
{
    for (const struct kv_map_row *row = fold->rows.first[0]; row != NULL; row = row->next[0]) {
        const struct usage_row *use = row->key.bytes[0] == KEY_USAGE ? decode_row(fold->watch, row->value) : NULL;
        if (use != NULL) {
            watch_add_use(fold->watch, use->state_machine_arn, use->transitions, use->executions_started);
        }
    }
}

static void check_partition(struct watch *watch, struct kv *fresh, uint32_t partition)
{
    struct world *world = watch->world;
    struct fold fold = fold_of(watch, partition);
    fold_to(&fold, fold.log->count);
    check_positions(&fold);
    check_left(&fold);
    restore_disk(world, fresh, partition);
    check_disk(&fold, fresh, "a fresh disk");
    for (int at = 0; at < world->process_count && world->failure[0] == 0; at++) {
        struct process *process = &world->processes[at];
        if (process->kv != NULL) {
            check_past(watch, process->kv, process->instance, partition);
            restore_disk(world, process->kv, partition);
            check_disk(&fold, process->kv, process->instance);
        }
    }
    count_unpublished(&fold);
    kv_map_clear(&fold.rows);
}

void check_rows(struct world *world)
{
    struct kv *fresh;
    ASSERT(kv_memory_open(&fresh) == STATUS_OK);
    for (uint32_t partition = 0; partition < world->partition_count; partition++) {
        check_partition(world->watch, fresh, partition);
    }
    kv_close(fresh);
}
