#include "processor/headers.h"

#include "asl/timestamp.h"
#include "base/assert.h"

#define EVENT_HEADERS_MAX 8 /* content-type, two of the trace, five ce_ */

static void add(struct headers *headers, struct str name, struct str value)
{
    ASSERT(headers->count < EVENT_HEADERS_MAX);
    if (value.bytes != NULL) {
        headers->items[headers->count++] = (struct bus_header){.name = name, .value = value};
    }
}

enum status headers_of(struct handling *handling, const struct headers_event *event, struct headers *out_headers)
{
    struct headers headers = {.items = arena_array(handling->arena, struct bus_header, EVENT_HEADERS_MAX)};
    TRY_NEW(headers.items);
    bool json = handling->config->encodings[event->topic] == CODEC_JSON;
    add(&headers, STR("content-type"), json ? STR("application/json") : STR("application/avro"));
    add(&headers, STR("traceparent"), event->traceparent);
    add(&headers, STR("tracestate"), event->tracestate);
    if (handling->config->cloud_events) {
        struct str type;
        struct str time;
        char bytes[TIMESTAMP_TEXT_BYTES];
        timestamp_format_ms(event->time_us / 1000, bytes);
        TRY(arena_copy(handling->arena, str_of(bytes), &time));
        TRY(arena_concat(handling->arena, STR("io.pawl.v1."), event->type, &type));
        add(&headers, STR("ce_specversion"), STR("1.0"));
        add(&headers, STR("ce_id"), event->id);
        add(&headers, STR("ce_source"), event->source);
        add(&headers, STR("ce_type"), type);
        add(&headers, STR("ce_time"), time);
    }
    *out_headers = headers;
    return STATUS_OK;
}

struct str headers_find(const struct bus_record *record, struct str name)
{
    for (size_t at = 0; at < record->header_count; at++) {
        if (str_equal(record->headers[at].name, name)) {
            return record->headers[at].value;
        }
    }
    return STR_NONE;
}

enum status headers_with(struct arena *arena, const struct bus_record *record, const struct bus_header *more,
                         size_t more_count, struct headers *out_headers)
{
    ASSERT(more_count <= BUS_HEADERS_MAX);
    size_t kept = record->header_count;
    if (kept > BUS_HEADERS_MAX - more_count) {
        kept = BUS_HEADERS_MAX - more_count;
    }
    struct bus_header *items = arena_array(arena, struct bus_header, kept + more_count);
    TRY_NEW(items);
    for (size_t at = 0; at < kept; at++) {
        items[at] = record->headers[at];
    }
    for (size_t at = 0; at < more_count; at++) {
        items[kept + at] = more[at];
    }
    *out_headers = (struct headers){.items = items, .count = kept + more_count};
    return STATUS_OK;
}
