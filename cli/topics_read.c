#include "cli/topics_read.h"

#include "asl/value.h"
#include "base/hash.h"
#include "cli/scan.h"

#include <inttypes.h>

#define FOLLOW_MS 10            /* for each partition in turn */
#define FOLLOW_RECORDS_MAX 1000 /* of one partition in its turn */

static enum status add_bytes(struct buffer *line, struct str bytes)
{
    struct str text;
    if (bytes.bytes == NULL) {
        return buffer_add(line, STR("null"));
    }
    TRY(hash_base64url_encode(line->arena, bytes, &text));
    return buffer_format(line, "\"%.*s\"", STR_ARGS(text));
}

static enum status format(struct arena *arena, const struct bus_record *record, struct str *out_line)
{
    struct buffer line = buffer_in(arena);
    TRY(buffer_add(&line, STR("{\"topic\":")));
    TRY(value_write_string(&line, bus_topic_name(record->topic)));
    TRY(buffer_format(&line, ",\"partition\":%" PRIu32 ",\"offset\":%" PRId64 ",\"timestamp\":%" PRId64 ",\"key\":",
                      record->partition, record->offset, record->timestamp_ms));
    TRY(add_bytes(&line, record->key));
    TRY(buffer_add(&line, STR(",\"value\":")));
    TRY(add_bytes(&line, record->value));
    TRY(buffer_add(&line, STR(",\"headers\":[")));
    for (size_t at = 0; at < record->header_count; at++) {
        TRY(buffer_add(&line, at == 0 ? STR("[") : STR(",[")));
        TRY(value_write_string(&line, record->headers[at].name));
        TRY(buffer_add(&line, STR(",")));
        TRY(add_bytes(&line, record->headers[at].value));
        TRY(buffer_add(&line, STR("]")));
    }
    TRY(buffer_add(&line, STR("]}\n")));
    *out_line = buffer_text(&line);
    return STATUS_OK;
}

static enum exit_code show(struct context *context, struct scan *scan, const struct bus_record *record)
{
    struct str line;
    arena_reset(scan->scratch);
    TRY_MEMORY(context, format(scan->scratch, record, &line));
    context_print(context, line);
    return EXIT_CODE_OK;
}

static enum exit_code read_partition(struct context *context, const struct bus_topic *topic, uint32_t partition)
{
    struct scan scan;
    struct bus_record record;
    bool more = true;
    TRY_RUN(scan_open(context, topic, partition, &scan));
    enum exit_code code = scan_next(context, &scan, &record, &more);
    while (code == EXIT_CODE_OK && more) {
        code = show(context, &scan, &record);
        if (code == EXIT_CODE_OK) {
            code = scan_next(context, &scan, &record, &more);
        }
    }
    scan_close(&scan);
    return code;
}

/* What is there, and then what comes, until the reader of stdout is gone. */
static enum exit_code follow_all(struct context *context, struct scan *scans, uint32_t count)
{
    struct bus_record record;
    for (;;) {
        for (uint32_t at = 0; at < count; at++) {
            bool more = true;
            for (int taken = 0; more && taken < FOLLOW_RECORDS_MAX; taken++) {
                TRY_RUN(scan_follow(context, &scans[at], taken == 0 ? FOLLOW_MS : 0, &record, &more));
                if (more) {
                    TRY_RUN(show(context, &scans[at], &record));
                }
            }
        }
        if (fflush(context->out) != 0) {
            return EXIT_CODE_OK;
        }
    }
}

static enum exit_code follow_topic(struct context *context, const struct bus_topic *topic)
{
    uint32_t count = bus_topic_partition_count(topic);
    uint32_t opened = 0;
    enum exit_code code = EXIT_CODE_OK;
    struct scan *scans = arena_array(context->arena, struct scan, count);
    if (scans == NULL) {
        return context_fail_memory(context);
    }
    while (opened < count && code == EXIT_CODE_OK) {
        code = scan_open(context, topic, opened, &scans[opened]);
        opened += code == EXIT_CODE_OK;
    }
    if (code == EXIT_CODE_OK) {
        code = follow_all(context, scans, count);
    }
    while (opened > 0) {
        scan_close(&scans[--opened]);
    }
    return code;
}

static enum exit_code read_topic(struct context *context, struct str name)
{
    struct bus_error error = {""};
    const struct bus_topic *topic;
    enum status status = bus_topic_open(context->connection->bus, name, &topic, &error);
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, name.bytes, &error);
    }
    if (context_given(context, FLAG_TOPICS_FOLLOW)) {
        return follow_topic(context, topic);
    }
    for (uint32_t partition = 0; partition < bus_topic_partition_count(topic); partition++) {
        TRY_RUN(read_partition(context, topic, partition));
    }
    return EXIT_CODE_OK;
}

enum exit_code topics_read(struct context *context, struct str name)
{
    struct bus_error error = {""};
    struct str stem;
    struct str *names;
    size_t count;
    if (name.bytes == NULL && context_given(context, FLAG_TOPICS_FOLLOW)) {
        return context_fail(context, EXIT_CODE_USAGE, "--follow needs --topic");
    }
    TRY_RUN(connection_open(context));
    if (name.bytes != NULL) {
        return read_topic(context, name);
    }
    TRY_MEMORY(context,
               arena_format(context->arena, &stem, "%.*s.", STR_ARGS(settings_text(context->settings, OPTION_TOPICS_PREFIX))));
    enum status status = bus_topic_list(context->connection->bus, context->arena, stem, &names, &count, &error);
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, "topics", &error);
    }
    for (size_t at = 0; at < count; at++) {
        TRY_RUN(read_topic(context, names[at]));
    }
    return EXIT_CODE_OK;
}
