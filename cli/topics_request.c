#include "base/hash.h"
#include "base/limits.h"
#include "cli/request.h"
#include "cli/side.h"
#include "schemas/reply_address.h"

#define WINDOW 1000
#define POLL_MS 100
#define FLUSH_MS 30000

static void make_correlation_id(struct bus *bus, struct request *request)
{
    uint8_t bytes[16];
    bus_random(bus, bytes, sizeof bytes);
    env_uuid_format(bytes, 4, request->correlation_id);
}

/* Looks for the end of pawl.replies first. */
enum exit_code topics_request_open(struct context *context, struct request *out_request)
{
    struct bus *bus = context->connection->bus;
    struct bus_error error = {""};
    const struct bus_topic *replies;
    int64_t begin;
    int64_t end;
    TRY_RUN(connection_topic(context, TOPIC_REPLIES, &replies));
    struct request request = {.window = WINDOW, .reply_topic = bus_topic_name(replies)};
    make_correlation_id(bus, &request);
    enum status status = bus_bounds(bus, replies, 0, true, &begin, &end, &error);
    if (status == STATUS_OK) {
        status = bus_reader_open(bus, replies, 0, end, &request.replies, &error);
    }
    if (status == STATUS_OK) {
        status = bus_producer_open(bus, &request.producer, &error);
    }
    if (status != STATUS_OK) {
        topics_request_close(&request);
        return context_fail_bus(context, status, request.reply_topic.bytes, &error);
    }
    *out_request = request;
    return EXIT_CODE_OK;
}

void topics_request_close(struct request *request)
{
    if (request->producer != NULL) {
        bus_producer_close(request->producer);
    }
    if (request->replies != NULL) {
        bus_reader_close(request->replies);
    }
}

static uint32_t partition_of(struct bus *bus, const struct bus_topic *topic, struct str key)
{
    uint32_t chance;
    if (key.bytes != NULL) {
        return hash_partition(key, bus_topic_partition_count(topic));
    }
    bus_random(bus, (uint8_t *)&chance, sizeof chance);
    return chance % bus_topic_partition_count(topic);
}

/* ---- Sending ---- */

enum exit_code topics_request_post(struct context *context, struct request *request, enum record_id record, const void *command,
                            struct str key)
{
    struct bus_error error = {""};
    const struct bus_topic *commands;
    struct bus_message message = {.key = key};
    enum codec_encoding encoding = settings_encoding(context->settings, OPTION_ENCODING_COMMANDS);
    TRY_RUN(connection_topic(context, TOPIC_COMMANDS, &commands));
    struct arena *arena = arena_create(STEP_ARENA_BYTES_MAX);
    if (arena == NULL) {
        return context_fail_memory(context);
    }
    message.topic = commands;
    message.partition = partition_of(context->connection->bus, commands, key);
    const struct reply_address address = {
        .topic = request->reply_topic,
        .correlation_id = {request->correlation_id, UUID_CHARACTERS},
    };
    struct bus_header header = {.name = REPLY_ADDRESS_HEADER};
    message.headers = &header;
    message.header_count = 1;
    enum status status = codec_encode(arena, encoding, SCHEMA_command, record, command, &message.value);
    if (status == STATUS_OK) {
        status = reply_address_format(arena, &address, &header.value);
    }
    if (status == STATUS_OK) {
        status = bus_producer_send(request->producer, &message, &error);
    }
    arena_destroy(arena);
    return status == STATUS_OK ? EXIT_CODE_OK : context_fail_bus(context, status, "the command could not be sent", &error);
}

enum exit_code topics_request_flush(struct context *context, struct request *request)
{
    struct bus_error error = {""};
    enum status status = bus_producer_flush(request->producer, FLUSH_MS, &error);
    return status == STATUS_OK ? EXIT_CODE_OK : context_fail_bus(context, status, "the command could not be sent", &error);
}

/* ---- Replies ---- */

/* Whether the record is an answer; then *out_reply. */
static enum exit_code read_reply(struct context *context, const struct request *request, struct arena *arena,
                                 const struct bus_record *record, struct reply *out_reply, bool *out_mine)
{
    struct str correlation_id = {request->correlation_id, UUID_CHARACTERS};
    struct codec_error codec_error;
    enum record_id type;
    struct str value;
    void *reply;
    *out_mine = str_starts_with(record->key, correlation_id) && record->value.bytes != NULL;
    if (!*out_mine) {
        return EXIT_CODE_OK;
    }
    TRY_MEMORY(context, arena_copy(arena, record->value, &value));
    enum status status = codec_decode(context->connection->codec, arena, SCHEMA_reply, value, &type, &reply, &codec_error);
    if (status == STATUS_INVALID) {
        return context_fail(context, EXIT_CODE_FAILED, "the reply can't be read: %.*s", STR_ARGS(codec_error.message));
    }
    TRY_MEMORY(context, status);
    *out_reply = *(const struct reply *)reply;
    return EXIT_CODE_OK;
}

enum exit_code topics_request_next(struct context *context, struct request *request, struct arena *arena, int timeout_ms,
                            struct reply *out_reply, bool *out_more)
{
    struct bus *bus = context->connection->bus;
    int64_t until_ms = bus_now_ms(bus) + timeout_ms;
    struct bus_error error = {""};
    *out_more = false;
    do {
        struct bus_record record;
        int wait_ms = timeout_ms < POLL_MS ? timeout_ms : POLL_MS;
        enum status status = bus_reader_next(request->replies, wait_ms, &record, &error);
        if (status == STATUS_OK) {
            TRY_RUN(read_reply(context, request, arena, &record, out_reply, out_more));
            if (*out_more) {
                return EXIT_CODE_OK;
            }
        } else if (status != STATUS_END && status != STATUS_RETRIABLE) {
            return context_fail_bus(context, status, "the reply can't be read", &error);
        }
    } while (bus_now_ms(bus) < until_ms);
    return EXIT_CODE_OK;
}
