/* The changelog and the inputs: see cli/verify.h. */
#include "cli/verify.h"

#include "state/keys.h"

#include <inttypes.h>

/* The changelog as it is read. */
struct stretch {
    int64_t rows;      /* since the last commit row */
    bool any;          /* a commit row was seen; then */
    int64_t sequence;  /* its number, */
    int64_t time_ms;   /* when it was written, */
    int64_t next[2];   /* and how far the inputs had been read */
    struct verify_place commit; /* where it lies */
    struct verify_place last;   /* the last row of all */
};

static void check_commit(struct verify *verify, struct stretch *stretch, const struct commit_row *row,
                         const struct bus_record *record)
{
    /* What is older may have been compacted: rows are missing then, and numbers too. */
    bool young = verify->start_us / 1000 - record->timestamp_ms < VERIFY_PROVED_MS;
    verify->counts[VERIFY_COMMIT]++;
    if (stretch->any && young && row->sequence != stretch->sequence + 1) {
        verify_report(verify, VERIFY_COMMIT, record, "commit %" PRId64 " follows %" PRId64, row->sequence, stretch->sequence);
    }
    if (stretch->any && young && row->row_count != stretch->rows) {
        verify_report(verify, VERIFY_COMMIT, record, "counts %" PRId64 " rows, there are %" PRId64, row->row_count,
                      stretch->rows);
    }
    if (stretch->any && (row->commands_offset < stretch->next[0] || row->results_offset < stretch->next[1])) {
        verify_report(verify, VERIFY_COMMIT, record, "the inputs' positions go back");
    }
    *stretch = (struct stretch){
        .any = true,
        .sequence = row->sequence,
        .time_ms = record->timestamp_ms,
        .next = {row->commands_offset, row->results_offset},
        .commit = verify_place_of(record),
        .last = verify_place_of(record),
    };
}

static enum exit_code take_row(struct verify *verify, struct scan *scan, struct stretch *stretch,
                               const struct bus_record *record)
{
    struct codec_error error = {STR("it is too large")};
    enum record_id type;
    void *value;
    stretch->rows++;
    stretch->last = verify_place_of(record);
    if (record->key.length == 0 || record->key.bytes[0] != KEY_COMMIT || record->value.bytes == NULL) {
        return EXIT_CODE_OK;
    }
    arena_reset(scan->scratch);
    enum status status = codec_decode(verify->context->connection->codec, scan->scratch, SCHEMA_state_row, record->value,
                                      &type, &value, &error);
    if (status != STATUS_OK || type != RECORD_commit_row) {
        verify_report(verify, VERIFY_READABLE, record, "%.*s", STR_ARGS(status == STATUS_OK ? STR("no commit row") : error.message));
        return EXIT_CODE_OK;
    }
    check_commit(verify, stretch, value, record);
    return EXIT_CODE_OK;
}

static enum exit_code read_changelog(struct verify *verify, struct stretch *stretch)
{
    struct context *context = verify->context;
    const struct bus_topic *topic;
    struct scan scan;
    struct bus_record record;
    bool more = true;
    TRY_RUN(connection_topic(context, TOPIC_STATE, &topic));
    TRY_RUN(scan_open(context, topic, verify->partition, &scan));
    enum exit_code code = EXIT_CODE_OK;
    while (code == EXIT_CODE_OK && more) {
        code = scan_next(context, &scan, &record, &more);
        if (code == EXIT_CODE_OK && more) {
            code = take_row(verify, &scan, stretch, &record);
        }
    }
    scan_close(&scan);
    return code;
}

static enum exit_code check_position(struct verify *verify, enum topic_id id, const struct stretch *stretch)
{
    struct context *context = verify->context;
    struct bus_error error = {""};
    const struct bus_topic *topic;
    int64_t begin;
    int64_t end;
    int64_t next = stretch->next[id == TOPIC_RESULTS];
    TRY_RUN(connection_topic(context, id, &topic));
    enum status status = bus_bounds(context->connection->bus, topic, verify->partition, false, &begin, &end, &error);
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, bus_topic_name(topic).bytes, &error);
    }
    const struct bus_record commit = verify_record_at(verify, stretch->commit);
    verify->counts[VERIFY_POSITION]++;
    if (stretch->any && next > end) {
        verify_report(verify, VERIFY_POSITION, &commit, "%.*s ends at %" PRId64 ", and was read up to %" PRId64,
                      STR_ARGS(bus_topic_name(topic)), end, next);
    }
    if (next < begin) {
        verify_report(verify, VERIFY_POSITION, &commit, "%.*s begins at %" PRId64 ", and was read up to %" PRId64 " only",
                      STR_ARGS(bus_topic_name(topic)), begin, next);
    }
    return EXIT_CODE_OK;
}

enum exit_code verify_state(struct verify *verify)
{
    struct stretch stretch = {0};
    TRY_RUN(read_changelog(verify, &stretch));
    if (stretch.rows > 0) {
        const struct bus_record last = verify_record_at(verify, stretch.last);
        verify_report(verify, VERIFY_COMMIT, &last, "%" PRId64 " rows of the changelog lie behind its last commit",
                      stretch.rows);
    }
    TRY_RUN(check_position(verify, TOPIC_COMMANDS, &stretch));
    return check_position(verify, TOPIC_RESULTS, &stretch);
}
