#include "cli/topics_write.h"

#include "asl/value.h"
#include "base/hash.h"
#include "cli/connection.h"
#include "cli/lines.h"

#include <inttypes.h>

#define FLUSH_MS 30000

struct writer {
    struct bus *bus;
    const struct bus_topic *topic;
    struct bus_producer *producer;
};

/* ---- A line's parts. STATUS_INVALID: it is something else ---- */

static enum status read_bytes(struct arena *arena, const struct value *value, struct str *out_bytes)
{
    if (value == NULL || value->type == VALUE_NULL) {
        *out_bytes = STR_NONE;
        return STATUS_OK;
    }
    if (value->type != VALUE_STRING) {
        return STATUS_INVALID;
    }
    TRY(hash_base64url_decode(arena, value->string, out_bytes));
    if (out_bytes->bytes == NULL) { /* empty, which is not the same as none */
        *out_bytes = STR("");
    }
    return STATUS_OK;
}

static enum status read_header(struct arena *arena, const struct value *pair, struct bus_header *out_header)
{
    const struct value *name = value_item(pair, 0);
    if (name == NULL || name->type != VALUE_STRING || pair->count != 2) {
        return STATUS_INVALID;
    }
    out_header->name = name->string;
    return read_bytes(arena, value_item(pair, 1), &out_header->value);
}

static enum status read_headers(struct arena *arena, const struct value *pairs, struct bus_message *message)
{
    if (pairs == NULL || pairs->type == VALUE_NULL) {
        return STATUS_OK;
    }
    if (pairs->type != VALUE_ARRAY || pairs->count > BUS_HEADERS_MAX) {
        return STATUS_INVALID;
    }
    size_t count = pairs->count;
    struct bus_header *headers = arena_array(arena, struct bus_header, count);
    if (headers == NULL) {
        return STATUS_LIMIT_EXCEEDED;
    }
    for (size_t at = 0; at < count; at++) {
        TRY(read_header(arena, value_item(pairs, at), &headers[at]));
    }
    message->headers = headers;
    message->header_count = count;
    return STATUS_OK;
}

static enum status read_partition(const struct writer *writer, const struct value *value, struct bus_message *message)
{
    uint32_t count = bus_topic_partition_count(writer->topic);
    int64_t number;
    uint32_t chance;
    if (value != NULL && value->type != VALUE_NULL) {
        if (!value_to_int64(value, &number) || number < 0 || number >= count) {
            return STATUS_INVALID;
        }
        message->partition = (uint32_t)number;
    } else if (message->key.bytes != NULL) {
        message->partition = hash_partition(message->key, count);
    } else {
        bus_random(writer->bus, (uint8_t *)&chance, sizeof chance);
        message->partition = chance % count;
    }
    return STATUS_OK;
}

static enum status read_record(const struct writer *writer, struct arena *arena, const struct value *line,
                               struct bus_message *message)
{
    TRY(read_bytes(arena, value_get(line, STR("key")), &message->key));
    TRY(read_bytes(arena, value_get(line, STR("value")), &message->value));
    TRY(read_headers(arena, value_get(line, STR("headers")), message));
    return read_partition(writer, value_get(line, STR("partition")), message);
}

/* ---- Writing ---- */

static enum status answer(void *owner, struct arena *arena, const struct value *line, struct buffer *buffer)
{
    const struct writer *writer = owner;
    struct bus_message message = {.topic = writer->topic};
    struct bus_error error = {""};
    enum status status = read_record(writer, arena, line, &message);
    if (status == STATUS_INVALID) {
        return lines_refuse(NULL, arena, STR("InvalidRecord"),
                            STR("key and value are base64url or null, headers are [[name, value]…], partition is one of the topic's"),
                            buffer);
    }
    TRY(status);
    status = bus_producer_send(writer->producer, &message, &error);
    if (status == STATUS_OK) {
        status = bus_producer_flush(writer->producer, FLUSH_MS, &error);
    }
    if (status != STATUS_OK) {
        return lines_refuse(NULL, arena, STR("NotWritten"), str_of(error.text), buffer);
    }
    return buffer_format(buffer, "{\"partition\":%" PRIu32 "}", message.partition);
}

enum exit_code topics_write(struct context *context, struct str name)
{
    struct writer writer = {0};
    struct bus_error error = {""};
    if (name.bytes == NULL) {
        return context_fail(context, EXIT_CODE_USAGE, "write needs --topic");
    }
    TRY_RUN(connection_open(context));
    writer.bus = context->connection->bus;
    enum status status = bus_topic_open(writer.bus, name, &writer.topic, &error);
    if (status == STATUS_NOT_FOUND) {
        return context_fail(context, EXIT_CODE_FAILED, "the topic %.*s does not exist", STR_ARGS(name));
    }
    if (status == STATUS_OK) {
        status = bus_producer_open(writer.bus, &writer.producer, &error);
    }
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, name.bytes, &error);
    }
    const struct lines_answerer answerer = {.answer = answer, .refuse = lines_refuse, .owner = &writer};
    enum exit_code code = lines_run(context, &answerer);
    bus_producer_close(writer.producer);
    return code;
}
