/* Headers of what the processor writes: content type, trace context, CloudEvents (binary mode of its Kafka binding). */
#ifndef PAWL_PROCESSOR_HEADERS_H
#define PAWL_PROCESSOR_HEADERS_H

#include "processor/handling.h"

struct headers {
    struct bus_header *items; /* in the handling's arena */
    size_t count;
};

/* Of which record the message tells. Absent texts are left out. */
struct headers_event {
    enum topic_id topic;
    struct str type;   /* "HistoryEvent" */
    struct str source; /* an ARN */
    struct str id;     /* with the source, unique */
    int64_t time_us;
    struct str traceparent;
    struct str tracestate;
};

MUST_CHECK enum status headers_of(struct handling *handling, const struct headers_event *event,
                                  struct headers *out_headers);

/* The header's value, or STR_NONE. */
struct str headers_find(const struct bus_record *record, struct str name);

/* The record's headers and `more_count` others, which are put last. Those beyond BUS_HEADERS_MAX are left out, the
 * record's last ones first. */
MUST_CHECK enum status headers_with(struct arena *arena, const struct bus_record *record, const struct bus_header *more,
                                    size_t more_count, struct headers *out_headers);

#endif
