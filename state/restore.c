#include "state/restore.h"

#include "base/limits.h"
#include "base/mutant.h"
#include "bus/bus_port.h"
#include "state/keys.h"
#include "state/store.h"

#include <inttypes.h>
#include <stdlib.h>

/* Commit rows younger than this are required to be in sequence; compaction leaves rows alone for 24 h. */
#define PROOF_MS (12LL * 3600 * 1000)
#define LOOK_MS 2000  /* between two looks at the end of a log that is followed */
#define NOTE_MS 60000 /* between two notes that it was followed to its end */

struct restore {
    struct restore_config config;
    struct restore_progress progress;
    struct arena *arena; /* of one step */
    struct kv_batch *batch;
    struct store store;
    struct bus_reader *reader;
    int64_t last_sequence; /* of the last commit row seen; 0: none */
    int64_t rows_since;    /* rows since it, or since the log's first record; -1: unknown */
    int64_t looked_ms;     /* of a log that is followed: when its end was last asked for … */
    int64_t noted_ms;      /* … and when the offset row was last written for the time's sake */
};

enum status restore_create(const struct restore_config *config, struct restore **out_restore)
{
    struct restore *restore = calloc(1, sizeof *restore);
    if (restore == NULL) {
        return STATUS_LIMIT_EXCEEDED;
    }
    restore->config = *config;
    restore->progress.end_offset = -1;
    restore->arena = arena_create(STEP_ARENA_BYTES_MAX);
    if (restore->arena == NULL || kv_batch_create(config->kv, &restore->batch) != STATUS_OK) {
        restore_destroy(restore);
        return STATUS_LIMIT_EXCEEDED;
    }
    store_init(&restore->store, config->kv, restore->batch, config->codec, config->partition);
    *out_restore = restore;
    return STATUS_OK;
}

void restore_destroy(struct restore *restore)
{
    if (restore == NULL) {
        return;
    }
    if (restore->reader != NULL) {
        bus_reader_close(restore->reader);
    }
    if (restore->batch != NULL) {
        kv_batch_destroy(restore->batch);
    }
    if (restore->arena != NULL) {
        arena_destroy(restore->arena);
    }
    free(restore);
}

const struct restore_progress *restore_progress(const struct restore *restore)
{
    return &restore->progress;
}

enum status restore_empty(struct kv *kv, uint32_t partition, struct kv_error *out_error)
{
    struct key from;
    struct key to;
    keys_partition(partition, &from, &to);
    return kv_delete_range(kv, keys_stored(&from), keys_stored(&to), out_error);
}

/* ---- Where to begin (rule 8) ---- */

/* Why the store can't be built upon; NULL: it can. */
static const char *distrust(const struct restore *restore, const struct offset_row *row, int64_t begin)
{
    const struct restore_config *config = &restore->config;
    int64_t age_ms = bus_now_ms(config->bus) - row->time / 1000;
    if (MUTANT(TRUST_ANY_STORE)) {
        return NULL;
    }
    if (!str_equal(row->cluster_id, bus_cluster_id(config->bus))) {
        return "it is of another cluster";
    }
    if (!str_equal(row->topic_mark, bus_topic_mark(config->topic))) {
        return "the topic was made anew";
    }
    if (age_ms > config->delete_retention_ms / 2) {
        return "it is older than half of delete.retention.ms";
    }
    if (row->offset < begin) {
        return "the log begins after it";
    }
    if (row->offset > restore->progress.end_offset) {
        return "the log ends before it";
    }
    return NULL;
}

static enum status begin_at(struct restore *restore, int64_t offset, struct bus_error *out_error)
{
    restore->progress.from_offset = offset;
    restore->progress.next_offset = offset;
    return bus_reader_open(restore->config.bus, restore->config.topic, restore->config.partition, offset,
                           &restore->reader, out_error);
}

static enum status begin_empty(struct restore *restore, const char *why, int64_t begin, struct bus_error *out_error)
{
    struct kv_error error = {""};
    restore->progress.emptied = why;
    enum status status = restore_empty(restore->config.kv, restore->config.partition, &error);
    if (status != STATUS_OK) {
        return bus_port_fail(out_error, status, "rows of partition %" PRIu32 " can't be deleted: %s",
                             restore->config.partition, error.text);
    }
    restore->last_sequence = 0;
    restore->rows_since = begin == 0 ? 0 : -1;
    return begin_at(restore, begin, out_error);
}

static enum status begin(struct restore *restore, struct bus_error *out_error)
{
    const struct restore_config *config = &restore->config;
    int64_t begin_offset;
    int64_t end_offset;
    bool committed_only = MUTANT(RESTORE_TO_COMMITTED_END);
    TRY(bus_bounds(config->bus, config->topic, config->partition, committed_only, &begin_offset, &end_offset,
                   out_error));
    restore->progress.end_offset = end_offset;

    const struct offset_row *offset_row;
    enum status status = store_offset_row(&restore->store, restore->arena, &offset_row);
    if (status == STATUS_NOT_FOUND) {
        return begin_empty(restore, "it is new", begin_offset, out_error);
    }
    if (status == STATUS_CORRUPT) {
        return begin_empty(restore, "its offset row can't be read", begin_offset, out_error);
    }
    TRY(status);
    const char *why = distrust(restore, offset_row, begin_offset);
    if (why != NULL) {
        return begin_empty(restore, why, begin_offset, out_error);
    }
    const struct commit_row *commit_row;
    status = store_commit_row(&restore->store, restore->arena, &commit_row);
    if (status == STATUS_OK) {
        /* Offset rows are written with commit rows alone, once there is one: the store is at the end of a transaction.
         */
        restore->last_sequence = commit_row->sequence;
        restore->rows_since = 0;
    } else if (status == STATUS_NOT_FOUND) {
        restore->last_sequence = 0;
        restore->rows_since = -1;
    } else {
        return begin_empty(restore, "its commit row can't be read", begin_offset, out_error);
    }
    return begin_at(restore, offset_row->offset, out_error);
}

/* ---- The log's proof (rule 12) ---- */

/* A young commit row's predecessor is still in the log, however old it is: the cleaner stops before the first young
 * record, and removes a row only for a later one of the same key that it has passed. */
static enum status prove(struct restore *restore, const struct bus_record *record, struct bus_error *out_error)
{
    const void *row;
    enum status status = store_decode(&restore->store, restore->arena, RECORD_commit_row, record->value, &row);
    if (status != STATUS_OK) {
        return bus_port_fail(out_error, status, "%.*s-%" PRIu32 "@%" PRId64 ": the commit row can't be read",
                             STR_ARGS(bus_topic_name(record->topic)), record->partition, record->offset);
    }
    const struct commit_row *commit = row;
    bool young = bus_now_ms(restore->config.bus) - record->timestamp_ms < PROOF_MS;
    bool known = restore->rows_since >= 0;
    bool linked = commit->sequence == restore->last_sequence + 1;
    bool counted = commit->row_count == restore->rows_since + 1;
    if (young && known && (!linked || !counted) && !MUTANT(BELIEVE_THE_LOG)) {
        return bus_port_fail(out_error, STATUS_CORRUPT,
                             "%.*s-%" PRIu32 "@%" PRId64 ": commit %" PRId64 " of %" PRId64
                             " rows follows commit %" PRId64 " and %" PRId64
                             " rows: the changelog has lost or gained records",
                             STR_ARGS(bus_topic_name(record->topic)), record->partition, record->offset,
                             commit->sequence, commit->row_count, restore->last_sequence, restore->rows_since);
    }
    if (!linked || restore->progress.proved_from == 0) {
        restore->progress.proved_from = commit->sequence;
    }
    restore->progress.proved_to = commit->sequence;
    restore->last_sequence = commit->sequence;
    restore->rows_since = 0;
    return STATUS_OK;
}

/* ---- Reading ---- */

static enum status put_offset(struct restore *restore, int64_t offset, int64_t time_ms)
{
    struct offset_row row;
    record_init(RECORD_offset_row, &row);
    row.offset = offset;
    row.cluster_id = bus_cluster_id(restore->config.bus);
    row.topic_mark = bus_topic_mark(restore->config.topic);
    row.time = time_ms * 1000;
    return store_put_offset(&restore->store, restore->arena, &row);
}

static enum status write_batch(struct restore *restore, struct bus_error *out_error)
{
    struct kv_error error = {""};
    enum status status = kv_batch_write(restore->batch, &error);
    if (status != STATUS_OK) {
        return bus_port_fail(out_error, status, "rows of partition %" PRIu32 " can't be written: %s",
                             restore->config.partition, error.text);
    }
    return STATUS_OK;
}

static enum status apply(struct restore *restore, const struct bus_record *record, struct bus_error *out_error)
{
    struct key key;
    if (keys_of_published(restore->config.partition, record->key, &key) != STATUS_OK) {
        return bus_port_fail(out_error, STATUS_CORRUPT, "%.*s-%" PRIu32 "@%" PRId64 ": no key of a state row",
                             STR_ARGS(bus_topic_name(record->topic)), record->partition, record->offset);
    }
    bool is_commit = key.bytes[KEYS_PARTITION_BYTES] == KEY_COMMIT && record->value.bytes != NULL;
    if (record->value.bytes == NULL && MUTANT(RESTORE_KEEPS_DELETED)) {
        restore->progress.row_count++;
        restore->rows_since += restore->rows_since >= 0;
        return STATUS_OK;
    }
    if (record->value.bytes == NULL) {
        TRY(kv_batch_delete(restore->batch, keys_stored(&key)));
    } else {
        TRY(kv_batch_put(restore->batch, keys_stored(&key), record->value));
    }
    restore->progress.row_count++;
    if (is_commit) {
        TRY(prove(restore, record, out_error));
    } else if (restore->rows_since >= 0) {
        restore->rows_since++;
    }
    /* While compaction has left no commit row, any offset is as good as another. */
    if (is_commit || restore->last_sequence == 0) {
        TRY(put_offset(restore, record->offset + 1, record->timestamp_ms));
    }
    return STATUS_OK;
}

/* Whether what was read ends in the middle of a transaction: then its commit row is yet to come, whatever the end was.
 * A restore that was overtaken by a newer owner reads into the newer one's transactions. */
static bool is_torn(const struct restore *restore)
{
    return restore->last_sequence > 0 && restore->rows_since > 0;
}

static bool is_complete(const struct restore *restore)
{
    return restore->progress.next_offset >= restore->progress.end_offset && !is_torn(restore);
}

/* Nothing came. A transaction's rows become visible together: if these were all, their commit row is missing. */
static enum status check_torn(const struct restore *restore, struct bus_error *out_error)
{
    const struct restore_config *config = &restore->config;
    int64_t begin_offset;
    int64_t stable_end;
    if (!is_torn(restore)) {
        return STATUS_OK;
    }
    TRY(bus_bounds(config->bus, config->topic, config->partition, true, &begin_offset, &stable_end, out_error));
    if (restore->progress.next_offset < stable_end) {
        return STATUS_OK;
    }
    return bus_port_fail(out_error, STATUS_CORRUPT,
                         "partition %" PRIu32 " of %.*s: %" PRId64 " rows after commit %" PRId64 " have no commit row",
                         config->partition, STR_ARGS(bus_topic_name(config->topic)), restore->rows_since,
                         restore->last_sequence);
}

static enum status finish(struct restore *restore, struct bus_error *out_error)
{
    /* Everything up to the end is known now, however old its last record is. */
    TRY(put_offset(restore, restore->progress.next_offset, bus_now_ms(restore->config.bus)));
    return write_batch(restore, out_error);
}

/* The log's beginning has moved past what was to be read next: once more, from the beginning. */
static enum status begin_again(struct restore *restore)
{
    bus_reader_close(restore->reader);
    restore->reader = NULL;
    kv_batch_clear(restore->batch);
    return STATUS_RETRIABLE;
}

/* How a step reads. */
struct reading {
    uint32_t records_max;
    int timeout_ms;   /* for the first record */
    bool beyond_end; /* further than the end that was seen at the beginning */
};

/* Stages what there is. *out_more: there may be more already. */
static enum status read_some(struct restore *restore, const struct reading *reading, bool *out_more,
                             struct bus_error *out_error)
{
    arena_reset(restore->arena);
    *out_more = true;
    if (restore->reader == NULL) {
        TRY(begin(restore, out_error));
    }
    for (uint32_t count = 0; count < reading->records_max && (reading->beyond_end || !is_complete(restore)); count++) {
        struct bus_record record;
        enum status status = bus_reader_next(restore->reader, count == 0 ? reading->timeout_ms : 0, &record, out_error);
        if (status == STATUS_REFUSED) {
            return begin_again(restore);
        }
        if (status == STATUS_END) {
            /* Markers and aborted records are passed over without being delivered. */
            restore->progress.next_offset = bus_reader_position(restore->reader);
            *out_more = false;
            return check_torn(restore, out_error);
        }
        TRY(status);
        TRY(apply(restore, &record, out_error));
        restore->progress.next_offset = bus_reader_position(restore->reader);
    }
    return STATUS_OK;
}

enum status restore_step(struct restore *restore, uint32_t records_max, int timeout_ms, bool *out_done,
                         struct bus_error *out_error)
{
    const struct reading reading = {.records_max = records_max, .timeout_ms = timeout_ms};
    bool more;
    *out_done = false;
    TRY(read_some(restore, &reading, &more, out_error));
    if (is_complete(restore)) {
        TRY(finish(restore, out_error));
        *out_done = true;
        return STATUS_OK;
    }
    return write_batch(restore, out_error);
}

/* ---- Following ---- */

/* Asks for the end now and then, so that progress tells how far behind the copy is; and notes that a log in which nothing
 * happens was followed to its end, or the copy would age with its last record (rule 8). */
static enum status look_at_end(struct restore *restore, bool more, struct bus_error *out_error)
{
    const struct restore_config *config = &restore->config;
    int64_t now_ms = bus_now_ms(config->bus);
    int64_t begin_offset;
    if (now_ms - restore->looked_ms >= LOOK_MS) {
        restore->looked_ms = now_ms;
        TRY(bus_bounds(config->bus, config->topic, config->partition, true, &begin_offset, &restore->progress.end_offset,
                       out_error));
    }
    if (restore->progress.end_offset < restore->progress.next_offset) {
        restore->progress.end_offset = restore->progress.next_offset;
    }
    if (!more && is_complete(restore) && now_ms - restore->noted_ms >= NOTE_MS) {
        restore->noted_ms = now_ms;
        TRY(put_offset(restore, restore->progress.next_offset, now_ms));
    }
    return STATUS_OK;
}

enum status restore_follow(struct restore *restore, uint32_t records_max, bool *out_more, struct bus_error *out_error)
{
    const struct reading reading = {.records_max = records_max, .beyond_end = true};
    TRY(read_some(restore, &reading, out_more, out_error));
    TRY(look_at_end(restore, *out_more, out_error));
    return write_batch(restore, out_error);
}
