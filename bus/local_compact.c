#include "bus/local_compact.h"

#include "base/hash.h"
#include "bus/bus_record.h"
#include "bus/local_log.h"

#include <stdlib.h>

#define KEYS_MAX ((size_t)1024 * 1024)
#define LOOK_MS (10 * 60 * 1000) /* lazily: no sooner again */
#define DELETES_PER_WRITE 1000
#define ROW_ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* Where each key occurs last, by 128 bits of its SHA-256: open addressing, at most half full. */
struct latest {
    struct latest_slot {
        uint64_t hash[2];
        int64_t offset; /* + 1; 0: free */
    } * slots;
    size_t mask;
    size_t count;
    size_t count_max;
};

/* One run of the compaction. */
struct compaction {
    struct local *local;
    struct local_topic *topic;
    uint32_t partition;
    int64_t now_ms;
    int64_t begin;
    int64_t end;
    int64_t bound; /* what is compacted ends here */
    struct latest latest;
    struct arena *arena;
    struct kv_batch *batch;
    int64_t kept;
    int64_t due_ms;
};

static enum status latest_init(struct latest *latest, int64_t records)
{
    size_t count = records < 16 ? 16 : (uint64_t)records > KEYS_MAX ? KEYS_MAX : (size_t)records;
    size_t slots = 32;
    while (slots < 2 * count) {
        slots *= 2;
    }
    *latest = (struct latest){.slots = calloc(slots, sizeof *latest->slots), .mask = slots - 1, .count_max = count};
    TRY_NEW(latest->slots);
    return STATUS_OK;
}

/* The key's slot, or the free one where it belongs. */
static struct latest_slot *find_slot(struct latest *latest, struct str key, uint64_t hash[2])
{
    uint8_t digest[SHA256_BYTES];
    hash_sha256(&key, 1, digest);
    memcpy(hash, digest, 16);
    size_t at = hash[0] & latest->mask;
    while (latest->slots[at].offset != 0 &&
           (latest->slots[at].hash[0] != hash[0] || latest->slots[at].hash[1] != hash[1])) {
        at = (at + 1) & latest->mask;
    }
    return &latest->slots[at];
}

static bool note_latest(struct latest *latest, struct str key, int64_t offset)
{
    uint64_t hash[2];
    struct latest_slot *slot = find_slot(latest, key, hash);
    if (slot->offset == 0) {
        if (latest->count == latest->count_max) {
            return false;
        }
        latest->count++;
        memcpy(slot->hash, hash, sizeof slot->hash);
    }
    slot->offset = offset + 1;
    return true;
}

/* Learns where the keys of [from, bound) occur last; bound is where records are too young, or the table full. */
static enum status learn(struct compaction *run, int64_t from)
{
    struct local_walk walk;
    TRY(local_walk_open(run->local, run->topic, run->partition, from, &walk));
    int64_t young_ms = run->now_ms - run->topic->config.min_compaction_lag_ms;
    int64_t offset = 0;
    struct str row;
    enum status status;
    run->bound = run->end;
    while ((status = local_walk_next(&walk, &offset, &row)) == STATUS_OK && offset < run->end) {
        struct bus_record record;
        arena_reset(run->arena);
        status = bus_record_decode(run->arena, row, &record);
        if (status != STATUS_OK) {
            break;
        }
        if (record.timestamp_ms > young_ms ||
            (record.key.bytes != NULL && !note_latest(&run->latest, record.key, offset))) {
            run->bound = offset;
            break;
        }
    }
    local_walk_close(&walk);
    return status == STATUS_END ? STATUS_OK : status;
}

static enum status judge_tombstone(struct compaction *run, const struct local_key *key, struct str row)
{
    int64_t horizon_ms = bus_record_horizon_ms(row);
    if (horizon_ms >= 0 && horizon_ms <= run->now_ms) {
        return kv_batch_delete(run->batch, local_key_text(key));
    }
    if (horizon_ms < 0) {
        struct str marked;
        horizon_ms = run->now_ms + run->topic->config.delete_retention_ms;
        TRY(bus_record_with_horizon(run->arena, row, horizon_ms, &marked));
        TRY(kv_batch_put(run->batch, local_key_text(key), marked));
    }
    run->due_ms = horizon_ms < run->due_ms ? horizon_ms : run->due_ms;
    run->kept++;
    return STATUS_OK;
}

static enum status judge(struct compaction *run, int64_t offset, struct str row)
{
    struct bus_record record;
    arena_reset(run->arena);
    TRY(bus_record_decode(run->arena, row, &record));
    struct local_key key = local_log_record_key(run->topic->id, run->partition, offset);
    if (record.key.bytes == NULL) {
        run->kept++;
        return STATUS_OK;
    }
    uint64_t hash[2];
    if (find_slot(&run->latest, record.key, hash)->offset > offset + 1) {
        return kv_batch_delete(run->batch, local_key_text(&key));
    }
    if (record.value.bytes == NULL) {
        return judge_tombstone(run, &key, row);
    }
    run->kept++;
    return STATUS_OK;
}

static enum status sweep(struct compaction *run, struct kv_error *out_error)
{
    struct local_walk walk;
    TRY(local_walk_open(run->local, run->topic, run->partition, run->begin, &walk));
    int64_t offset = 0;
    struct str row;
    enum status status;
    while ((status = local_walk_next(&walk, &offset, &row)) == STATUS_OK && offset < run->bound) {
        status = judge(run, offset, row);
        if (status == STATUS_OK && kv_batch_count(run->batch) >= DELETES_PER_WRITE) {
            status = kv_batch_write(run->batch, out_error);
        }
        if (status != STATUS_OK) {
            break;
        }
    }
    local_walk_close(&walk);
    if (status != STATUS_OK && status != STATUS_END) {
        return status;
    }
    struct local_key key = local_log_partition_key('c', run->topic->id, run->partition);
    TRY(local_log_put_offset(run->batch, &key, run->bound));
    return kv_batch_write(run->batch, out_error);
}

/* END: it does not pay. `least`: so many records must have become old enough, unless a tombstone is due. */
static enum status compact(struct compaction *run, int64_t cleaned, int64_t least, struct kv_error *out_error)
{
    TRY_NEW(run->arena = arena_create(ROW_ARENA_BYTES_MAX));
    TRY(kv_batch_create(run->local->kv, &run->batch));
    TRY(latest_init(&run->latest, run->end - cleaned));
    TRY(learn(run, cleaned));
    if (run->bound - cleaned < least) {
        return STATUS_END;
    }
    return sweep(run, out_error);
}

enum status local_compact(struct local *local, struct local_topic *topic, uint32_t partition, int64_t now_ms, bool lazy,
                          struct kv_error *out_error)
{
    struct local_partition *state = &topic->partitions[partition];
    struct compaction run = {
        .local = local, .topic = topic, .partition = partition, .now_ms = now_ms, .due_ms = INT64_MAX};
    pthread_mutex_lock(&local->lock);
    run.begin = state->begin;
    run.end = state->end;
    pthread_mutex_unlock(&local->lock);
    int64_t cleaned = state->cleaned > run.begin ? state->cleaned : run.begin;
    bool due = state->due_ms <= now_ms;
    if (run.begin == run.end || (run.end == cleaned && !due) || (lazy && now_ms - state->looked_ms < LOOK_MS)) {
        return STATUS_OK;
    }
    state->looked_ms = now_ms;
    int64_t least = due ? 0 : lazy ? state->kept / 2 + 1 : 1;
    enum status status = compact(&run, cleaned, least, out_error);
    kv_batch_destroy(run.batch);
    arena_destroy(run.arena);
    free(run.latest.slots);
    if (status == STATUS_OK) {
        state->cleaned = run.bound;
        state->kept = run.kept;
        state->due_ms = run.due_ms;
    }
    return status == STATUS_END ? STATUS_OK : status;
}
