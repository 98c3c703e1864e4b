/* The changelog and the inputs: see cli/verify.h. */
#include "cli/verify.h"

#include <inttypes.h>

static void check_commit(struct verify *verify, const struct commit_row *row, const struct bus_record *record)
{
    struct verify_log *log = &verify->log;
    /* What is older may have been compacted: rows are missing then, and numbers too. */
    bool young = verify->start_us / 1000 - record->timestamp_ms < VERIFY_PROVED_MS;
    verify->counts[VERIFY_COMMIT]++;
    if (log->any && young && row->sequence != log->sequence + 1) {
        verify_report(verify, VERIFY_COMMIT, record, "commit %" PRId64 " follows %" PRId64, row->sequence, log->sequence);
    }
    if (log->any && young && row->row_count != log->rows) {
        verify_report(verify, VERIFY_COMMIT, record, "counts %" PRId64 " rows, there are %" PRId64, row->row_count,
                      log->rows);
    }
    if (log->any && (row->commands_offset < log->next[0] || row->results_offset < log->next[1])) {
        verify_report(verify, VERIFY_COMMIT, record, "the inputs' positions go back");
    }
    *log = (struct verify_log){
        .any = true,
        .sequence = row->sequence,
        .time_ms = record->timestamp_ms,
        .next = {row->commands_offset, row->results_offset},
        .catching_up = log->fired_late,
        .commit = verify_place_of(record),
        .last = verify_place_of(record),
    };
}

/* ---- The fold ---- */

static struct verify_frame frame_of(const struct frame_row *row)
{
    struct verify_frame frame = {
        .id = row->id,
        .parent = row->parent,
        .group = row->group,
        .phase = row->phase,
        .redrive = row->redrive == RECORD_NONE ? 0 : row->redrive,
        .retry_total = row->retry_total,
        .deadline = row->deadline,
        .heartbeat_deadline = row->heartbeat_deadline,
        .timer_due = row->timer_due,
        .child_group = row->child_group,
        .child_count = row->child_count,
        .child_started = row->child_started,
        .child_done = row->child_done,
        .child_limit = row->child_limit,
        .has_token = row->token_bits.length == TOKEN_BITS_BYTES,
    };
    if (frame.has_token) {
        memcpy(frame.token_bits, row->token_bits.bytes, TOKEN_BITS_BYTES);
    }
    return frame;
}

static struct verify_execution execution_of(const struct execution_row *row)
{
    return (struct verify_execution){
        .incarnation = row->incarnation,
        .status = row->status,
        .last_event_id = row->last_event_id,
        .last_time = row->last_time,
        .redrive_count = row->redrive_count,
        .timer_due = row->deadline_timer_due,
        .express = row->express,
        .parked = row->parked.bytes != NULL,
        .root = frame_of(&row->root),
    };
}

/* What a key of that kind names; RECORD_COUNT: its value says nothing that is judged. */
static enum record_id record_of(char kind)
{
    static const struct {
        enum key_kind kind;
        enum record_id record;
    } kinds[] = {
        {KEY_COMMIT, RECORD_commit_row},
        {KEY_EXECUTION, RECORD_execution_row},
        {KEY_FRAME, RECORD_frame_row},
        {KEY_NAME, RECORD_name_row},
    };
    for (size_t at = 0; at < sizeof kinds / sizeof *kinds; at++) {
        if (kind == (char)kinds[at].kind) {
            return kinds[at].record;
        }
    }
    return RECORD_COUNT;
}

/* *out_value: NULL when there is nothing to be judged, or it can't be read, which was told. */
static void decode_row(struct verify *verify, struct scan *scan, const struct bus_record *record, const void **out_value)
{
    struct codec_error error = {STR("it is too large")};
    enum record_id expected = record_of(record->key.bytes[0]);
    enum record_id type;
    void *value;
    *out_value = NULL;
    if (expected == RECORD_COUNT) {
        return;
    }
    arena_reset(scan->scratch);
    verify->counts[VERIFY_READABLE]++;
    enum status status = codec_decode(verify->context->connection->codec, scan->scratch, SCHEMA_state_row, record->value,
                                      &type, &value, &error);
    if (status != STATUS_OK || type != expected) {
        verify_report(verify, VERIFY_READABLE, record, "%.*s",
                      STR_ARGS(status == STATUS_OK ? STR("is not the row that its key says") : error.message));
        return;
    }
    *out_value = value;
}

/* A timer that goes long after it was due was not fired in time: whoever works at the partition is behind. */
static void note_gone(struct verify *verify, const struct bus_record *record)
{
    const struct verify_row *row = verify_rows_get(&verify->rows, record->key);
    if (row != NULL && row->key[0] == KEY_TIMER && record->timestamp_ms - verify_row_due_ms(row) > VERIFY_GRACE_MS) {
        verify->log.fired_late = true;
    }
    verify_rows_delete(&verify->rows, record->key);
}

static enum exit_code keep_row(struct verify *verify, const struct bus_record *record, const void *value)
{
    struct verify_row *row;
    if (record->value.bytes == NULL) {
        note_gone(verify, record);
        return EXIT_CODE_OK;
    }
    if (verify_rows_put(&verify->rows, record->key, &row) != STATUS_OK) {
        return context_fail_memory(verify->context);
    }
    row->offset = record->offset;
    if (row->key[0] == KEY_EXECUTION) {
        *row->execution = value == NULL ? (struct verify_execution){0} : execution_of(value);
    } else if (row->key[0] == KEY_FRAME) {
        *row->frame = value == NULL ? (struct verify_frame){0} : frame_of(value);
    } else if (row->key[0] == KEY_NAME) {
        const struct name_row *name = value;
        row->named = name == NULL ? (struct execution_id){0} : execution_id_of(name->execution_arn, name->incarnation);
    }
    return EXIT_CODE_OK;
}

static enum exit_code take_row(struct verify *verify, struct scan *scan, const struct bus_record *record)
{
    const void *value = NULL;
    char kind = record->key.length > 0 ? record->key.bytes[0] : '\0';
    verify->log.rows++;
    verify->log.last = verify_place_of(record);
    if (kind == '\0' || (verify_rows_keeps(kind) && !verify_rows_fits(record->key))) {
        verify_report(verify, VERIFY_READABLE, record, "its key is no row's");
        return EXIT_CODE_OK;
    }
    if (record->value.bytes != NULL) {
        decode_row(verify, scan, record, &value);
    }
    if (kind == KEY_COMMIT && value != NULL) {
        check_commit(verify, value, record);
    }
    return verify_rows_keeps(kind) ? keep_row(verify, record, value) : EXIT_CODE_OK;
}

enum exit_code verify_fold(struct verify *verify)
{
    struct scan scan;
    TRY_RUN(connection_topic(verify->context, TOPIC_STATE, &verify->state));
    TRY_RUN(verify_open(verify, verify->state, &scan));
    return verify_take(verify, &scan, take_row);
}

/* ---- The inputs ---- */

static enum exit_code check_position(struct verify *verify, enum topic_id id)
{
    struct context *context = verify->context;
    const struct verify_log *log = &verify->log;
    struct bus_error error = {""};
    const struct bus_topic *topic;
    int64_t begin;
    int64_t end;
    int64_t next = log->next[id == TOPIC_RESULTS];
    TRY_RUN(connection_topic(context, id, &topic));
    enum status status = bus_bounds(context->connection->bus, topic, verify->partition, false, &begin, &end, &error);
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, bus_topic_name(topic).bytes, &error);
    }
    const struct bus_record commit = verify_record_at(verify, log->commit);
    verify->counts[VERIFY_POSITION]++;
    if (log->any && next > end) {
        verify_report(verify, VERIFY_POSITION, &commit, "%.*s ends at %" PRId64 ", and was read up to %" PRId64,
                      STR_ARGS(bus_topic_name(topic)), end, next);
    }
    if (next < begin) {
        verify_report(verify, VERIFY_POSITION, &commit, "%.*s begins at %" PRId64 ", and was read up to %" PRId64 " only",
                      STR_ARGS(bus_topic_name(topic)), begin, next);
    }
    return EXIT_CODE_OK;
}

enum exit_code verify_inputs(struct verify *verify)
{
    if (verify->log.rows > 0) {
        const struct bus_record last = verify_record_at(verify, verify->log.last);
        verify_report(verify, VERIFY_COMMIT, &last, "%" PRId64 " rows of the changelog lie behind its last commit",
                      verify->log.rows);
    }
    TRY_RUN(check_position(verify, TOPIC_COMMANDS));
    return check_position(verify, TOPIC_RESULTS);
}
