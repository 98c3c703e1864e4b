#include "cli/scan.h"

#include "base/hash.h"
#include "base/limits.h"

#include <inttypes.h>

#define POLL_MS 200
#define PATIENCE_MS 30000 /* without any progress */

enum exit_code scan_open_from(struct context *context, const struct bus_topic *topic, uint32_t partition, int64_t from,
                              struct scan *out_scan)
{
    struct bus *bus = context->connection->bus;
    struct bus_error error = {""};
    struct scan scan = {.topic = topic, .partition = partition};
    enum status status = bus_bounds(bus, topic, partition, true, &scan.begin, &scan.end, &error);
    if (status == STATUS_OK) {
        status = bus_reader_open(bus, topic, partition, from > scan.begin ? from : scan.begin, &scan.reader, &error);
    }
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, bus_topic_name(topic).bytes, &error);
    }
    scan.scratch = arena_create(STEP_ARENA_BYTES_MAX);
    if (scan.scratch == NULL) {
        scan_close(&scan);
        return context_fail_memory(context);
    }
    *out_scan = scan;
    return EXIT_CODE_OK;
}

enum exit_code scan_open(struct context *context, const struct bus_topic *topic, uint32_t partition, struct scan *out_scan)
{
    return scan_open_from(context, topic, partition, 0, out_scan);
}

enum exit_code scan_open_for(struct context *context, enum topic_id id, struct str arn, struct scan *out_scan)
{
    const struct bus_topic *topic;
    TRY_RUN(connection_topic(context, id, &topic));
    return scan_open(context, topic, hash_partition(arn, bus_topic_partition_count(topic)), out_scan);
}

void scan_close(struct scan *scan)
{
    if (scan->reader != NULL) {
        bus_reader_close(scan->reader);
    }
    if (scan->scratch != NULL) {
        arena_destroy(scan->scratch);
    }
    *scan = (struct scan){0};
}

static enum exit_code fail(struct context *context, const struct scan *scan, enum status status,
                           const struct bus_error *error)
{
    char what[400];
    snprintf(what, sizeof what, "%.*s, partition %" PRIu32, STR_ARGS(bus_topic_name(scan->topic)), scan->partition);
    return context_fail_bus(context, status, what, error);
}

enum exit_code scan_follow(struct context *context, struct scan *scan, int timeout_ms, struct bus_record *out_record,
                           bool *out_more)
{
    struct bus_error error = {""};
    enum status status = bus_reader_next(scan->reader, timeout_ms, out_record, &error);
    if (status != STATUS_OK && status != STATUS_END && status != STATUS_RETRIABLE) {
        return fail(context, scan, status, &error);
    }
    *out_more = status == STATUS_OK;
    return EXIT_CODE_OK;
}

enum exit_code scan_next(struct context *context, struct scan *scan, struct bus_record *out_record, bool *out_more)
{
    struct bus *bus = context->connection->bus;
    int64_t begin_ms = bus_now_ms(bus);
    int64_t position = bus_reader_position(scan->reader);
    *out_more = false;
    while (bus_reader_position(scan->reader) < scan->end) {
        TRY_RUN(scan_follow(context, scan, POLL_MS, out_record, out_more));
        if (*out_more) {
            *out_more = out_record->offset < scan->end;
            return EXIT_CODE_OK;
        }
        if (bus_reader_position(scan->reader) > position) {
            position = bus_reader_position(scan->reader);
            begin_ms = bus_now_ms(bus);
        } else if (bus_now_ms(bus) - begin_ms > PATIENCE_MS) {
            const struct bus_error error = {"no records came for 30 s"};
            return fail(context, scan, STATUS_TIMED_OUT, &error);
        }
    }
    return EXIT_CODE_OK;
}

enum exit_code scan_decode(struct context *context, struct scan *scan, struct arena *arena, enum schema_id schema,
                           const struct bus_record *record, enum record_id *out_type, void **out_value)
{
    struct codec_error error = {STR_NONE};
    struct str bytes = record->value;
    arena_reset(scan->scratch);
    if (arena != NULL) {
        TRY_MEMORY(context, arena_copy(arena, record->value, &bytes));
    }
    enum status status = codec_decode(context->connection->codec, arena != NULL ? arena : scan->scratch, schema, bytes,
                                      out_type, out_value, &error);
    if (status == STATUS_INVALID) {
        return context_fail(context, EXIT_CODE_FAILED, "%.*s, partition %" PRIu32 ", offset %" PRId64 ": %.*s",
                            STR_ARGS(bus_topic_name(scan->topic)), scan->partition, record->offset,
                            STR_ARGS(error.message));
    }
    TRY_MEMORY(context, status);
    return EXIT_CODE_OK;
}
