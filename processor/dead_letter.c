#include "processor/dead_letter.h"

#include "base/hash.h"
#include "base/limits.h"
#include "processor/headers.h"

static enum status number_text(struct arena *arena, int64_t number, struct str *out_text)
{
    return arena_format(arena, out_text, "%lld", (long long)number);
}

static void count_reason(struct handling *handling, struct str error)
{
    if (str_equal(error, STR("InvalidRecord"))) {
        handling_count(handling, COUNTER_INVALID_RECORDS);
    } else if (str_equal(error, STR("WrongPartition"))) {
        handling_count(handling, COUNTER_LOST_RECORDS);
    }
}

static enum status send(struct handling *handling, const struct bus_message *message)
{
    enum status status = outbox_add(&handling->outbox, message, topic_types[TOPIC_DEAD_LETTERS].max_message_bytes);
    if (status == STATUS_OK) {
        handling_count(handling, COUNTER_DEAD_LETTERS);
    }
    return status;
}

#define REASON_HEADERS 9

static enum status reason_headers(struct handling *handling, struct str error, struct str message,
                                  struct bus_header more[REASON_HEADERS], size_t *out_count)
{
    const struct bus_record *record = handling->record;
    struct arena *arena = handling->arena;
    struct str partition;
    struct str offset;
    struct str timestamp;
    TRY(number_text(arena, record->partition, &partition));
    TRY(number_text(arena, record->offset, &offset));
    TRY(number_text(arena, record->timestamp_ms, &timestamp));
    size_t count = 0;
    more[count++] = (struct bus_header){STR("__connect.errors.topic"), bus_topic_name(record->topic)};
    more[count++] = (struct bus_header){STR("__connect.errors.partition"), partition};
    more[count++] = (struct bus_header){STR("__connect.errors.offset"), offset};
    more[count++] = (struct bus_header){STR("__connect.errors.timestamp"), timestamp};
    more[count++] = (struct bus_header){STR("__connect.errors.stage"), STR("TASK_PUT")};
    more[count++] = (struct bus_header){STR("__connect.errors.exception.class.name"), error};
    more[count++] = (struct bus_header){STR("__connect.errors.exception.message"), message};
    *out_count = count;
    return STATUS_OK;
}

enum status dead_letter_add(struct handling *handling, struct str error, struct str message)
{
    const struct bus_record *record = handling->record;
    struct bus_header more[REASON_HEADERS];
    size_t more_count;
    struct headers headers;
    TRY(reason_headers(handling, error, message, more, &more_count));
    TRY(headers_with(handling->arena, record, more, more_count, &headers));
    struct bus_message letter = {
        .topic = topics_get(handling->topics, TOPIC_DEAD_LETTERS),
        .partition = record->partition,
        .key = record->key,
        .value = record->value,
        .headers = headers.items,
        .header_count = headers.count,
    };
    count_reason(handling, error);
    enum status status = send(handling, &letter);
    if (status != STATUS_LIMIT_EXCEEDED) {
        return status;
    }
    uint8_t digest[SHA256_BYTES];
    struct str hash;
    struct str size;
    hash_sha256(&record->value, 1, digest);
    TRY(hash_hex_encode(handling->arena, (struct str){(const char *)digest, sizeof digest}, &hash));
    TRY(number_text(handling->arena, (int64_t)record->value.length, &size));
    more[more_count++] = (struct bus_header){STR("pawl-value-sha256"), hash};
    more[more_count++] = (struct bus_header){STR("pawl-value-bytes"), size};
    TRY(headers_with(handling->arena, record, more, more_count, &headers));
    letter.value = STR_NONE;
    letter.headers = headers.items;
    letter.header_count = headers.count;
    return send(handling, &letter);
}

enum status dead_letter_of_timer(struct handling *handling, struct str arn, struct str error, struct str message)
{
    const struct bus_header headers[] = {
        {STR("__connect.errors.stage"), STR("TIMER")},
        {STR("__connect.errors.exception.class.name"), error},
        {STR("__connect.errors.exception.message"), message},
    };
    struct bus_header *copy = arena_array(handling->arena, struct bus_header, sizeof headers / sizeof *headers);
    TRY_NEW(copy);
    memcpy(copy, headers, sizeof headers);
    return send(handling, &(struct bus_message){
                              .topic = topics_get(handling->topics, TOPIC_DEAD_LETTERS),
                              .partition = handling->partition->id,
                              .key = arn,
                              .value = STR(""),
                              .headers = copy,
                              .header_count = sizeof headers / sizeof *headers,
                          });
}
