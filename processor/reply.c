#include "processor/reply.h"

#include "asl/arn.h"
#include "processor/dead_letter.h"
#include "processor/headers.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum status reply_prepare(struct handling *handling, const struct reply_to *to)
{
    const struct bus_topic *topic;
    if (to->topic.bytes == NULL) {
        return STATUS_OK;
    }
    enum status status = topics_reply(handling->topics, to->topic, &topic);
    if (status == STATUS_RETRIABLE) {
        return handling_needs(handling, (struct need){.type = NEED_REPLY, .name = to->topic});
    }
    return STATUS_OK;
}

/* The topic and partition to answer to; false: nowhere. */
static bool destination(struct handling *handling, const struct reply_to *to, const struct bus_topic **out_topic,
                        uint32_t *out_partition)
{
    if (to->topic.bytes == NULL || topics_reply(handling->topics, to->topic, out_topic) != STATUS_OK) {
        return false;
    }
    int64_t partition = to->partition == RECORD_NONE ? 0 : to->partition;
    if (partition < 0 || partition >= bus_topic_partition_count(*out_topic)) {
        return false;
    }
    *out_partition = (uint32_t)partition;
    return true;
}

/* OK and *out_sent. */
static enum status send(struct handling *handling, const struct reply_to *to, struct reply *reply, bool *out_sent)
{
    const struct bus_topic *topic;
    uint32_t partition;
    *out_sent = destination(handling, to, &topic, &partition);
    if (!*out_sent) {
        return STATUS_OK;
    }
    reply->correlation_id = to->correlation_id.bytes == NULL ? STR("") : to->correlation_id;
    struct headers headers;
    const struct headers_event event = {
        .topic = TOPIC_REPLIES,
        .type = STR("Reply"),
        .source = bus_topic_name(handling->record->topic),
        .id = reply->correlation_id,
        .time_us = handling_now_us(handling),
        .traceparent = headers_find(handling->record, STR("traceparent")),
        .tracestate = headers_find(handling->record, STR("tracestate")),
    };
    TRY(headers_of(handling, &event, &headers));
    struct bus_message message = {
        .topic = topic,
        .partition = partition,
        .key = reply->correlation_id,
        .headers = headers.items,
        .header_count = headers.count,
    };
    TRY(codec_encode(handling->arena, handling->config->encodings[TOPIC_REPLIES], SCHEMA_reply, RECORD_reply, reply,
                     &message.value));
    TRY(outbox_add(&handling->outbox, &message, topic_types[TOPIC_REPLIES].max_message_bytes));
    handling_count(handling, COUNTER_REPLIES);
    return STATUS_OK;
}

enum status reply_accept(struct handling *handling, const struct reply_to *to, struct str data,
                         struct reply_version version)
{
    struct reply reply;
    bool sent;
    record_init(RECORD_reply, &reply);
    reply.data = data;
    reply.incarnation = version.incarnation;
    reply.version = version.version;
    return send(handling, to, &reply, &sent);
}

static enum status refuse(struct handling *handling, const struct reply_to *to, struct str error, struct str text,
                          bool *out_sent)
{
    struct reply reply;
    record_init(RECORD_reply, &reply);
    reply.error = error;
    reply.message = text;
    handling_count(handling, COUNTER_REFUSED);
    return send(handling, to, &reply, out_sent);
}

enum status reply_refuse(struct handling *handling, const struct reply_to *to, struct str error,
                         const char *message_format, ...)
{
    va_list arguments;
    va_start(arguments, message_format);
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, message_format, arguments);
    va_end(arguments);
    char *bytes = arena_allocate(handling->arena, (size_t)(length < 0 ? 0 : length) + 1);
    if (bytes != NULL) {
        vsnprintf(bytes, (size_t)(length < 0 ? 0 : length) + 1, message_format, again);
    }
    va_end(again);
    TRY_NEW(bytes);
    struct str text = {bytes, (size_t)(length < 0 ? 0 : length)};
    bool sent;
    TRY(refuse(handling, to, error, text, &sent));
    return sent ? STATUS_OK : dead_letter_add(handling, error, text);
}

enum status reply_refuse_arn(struct handling *handling, const struct reply_to *to, struct str arn)
{
    switch (arn_type_of(arn)) {
    case ARN_NONE:
        return reply_refuse(handling, to, STR("InvalidArn"), "Invalid Arn: 'Invalid ARN prefix: %.*s'", STR_ARGS(arn));
    case ARN_LABELLED:
        return reply_refuse(handling, to, STR("ValidationException"),
                            "This API does not support labeled state machine ARNs");
    case ARN_MACHINE:
    case ARN_QUALIFIED:
    case ARN_EXECUTION:
    case ARN_EXPRESS:
    case ARN_ACTIVITY:
    case ARN_OTHER:
        break;
    }
    return reply_refuse(handling, to, STR("InvalidArn"), "Invalid Arn: 'Resource type not valid in this context: %.*s'",
                        STR_ARGS(arn_resource(arn)));
}

enum status reply_refuse_quietly(struct handling *handling, const struct reply_to *to, struct str error,
                                 struct str message)
{
    bool sent;
    return refuse(handling, to, error, message, &sent);
}

enum status reply_date(struct arena *arena, int64_t time_us, struct str *out_text)
{
    int64_t ms = time_us / 1000;
    return arena_format(arena, out_text, "%" PRId64 ".%03" PRId64, ms / 1000, ms % 1000);
}
