#include "cli/chronicle.h"

#include "schemas/history_events.h"

bool chronicle_is_end(const struct history_event *event)
{
    enum history_event_type type;
    if (!history_event_type_of(event->type, &type)) {
        return false;
    }
    return type == HISTORY_EVENT_EXECUTION_SUCCEEDED || type == HISTORY_EVENT_EXECUTION_FAILED ||
           type == HISTORY_EVENT_EXECUTION_ABORTED || type == HISTORY_EVENT_EXECUTION_TIMED_OUT;
}

/* The record as an event of this execution's latest incarnation, or NULL. */
static enum exit_code take(struct context *context, struct chronicle *chronicle, const struct bus_record *record,
                           const struct history_event **out_event)
{
    enum record_id type;
    void *value;
    *out_event = NULL;
    if (!str_equal(record->key, chronicle->arn) || record->value.bytes == NULL) {
        return EXIT_CODE_OK;
    }
    TRY_RUN(scan_decode(context, &chronicle->scan, context->arena, SCHEMA_history_event, record, &type, &value));
    const struct history_event *event = value;
    if (event->incarnation < chronicle->incarnation) {
        return EXIT_CODE_OK;
    }
    if (event->incarnation > chronicle->incarnation) {
        chronicle->incarnation = event->incarnation;
        chronicle->count = 0;
    }
    *out_event = event;
    return EXIT_CODE_OK;
}

static enum exit_code keep(struct context *context, struct chronicle *chronicle, const struct history_event *event)
{
    if (chronicle->count == chronicle->capacity) {
        size_t capacity = chronicle->capacity == 0 ? 64 : chronicle->capacity * 2;
        const struct history_event **events = arena_array(context->arena, const struct history_event *, capacity);
        if (events == NULL) {
            return context_fail_memory(context);
        }
        for (size_t at = 0; at < chronicle->count; at++) {
            events[at] = chronicle->events[at];
        }
        chronicle->events = events;
        chronicle->capacity = capacity;
    }
    chronicle->events[chronicle->count++] = event;
    return EXIT_CODE_OK;
}

static enum exit_code read_all(struct context *context, struct chronicle *chronicle)
{
    struct bus_record record;
    const struct history_event *event;
    bool more;
    for (;;) {
        TRY_RUN(scan_next(context, &chronicle->scan, &record, &more));
        if (!more) {
            return EXIT_CODE_OK;
        }
        TRY_RUN(take(context, chronicle, &record, &event));
        if (event != NULL) {
            TRY_RUN(keep(context, chronicle, event));
        }
    }
}

enum exit_code chronicle_open(struct context *context, struct str arn, struct chronicle *out_chronicle)
{
    struct chronicle chronicle = {.arn = arn, .incarnation = INT64_MIN};
    TRY_RUN(scan_open_for(context, TOPIC_HISTORY, arn, &chronicle.scan));
    enum exit_code code = read_all(context, &chronicle);
    if (code != EXIT_CODE_OK) {
        chronicle_close(&chronicle);
        return code;
    }
    *out_chronicle = chronicle;
    return EXIT_CODE_OK;
}

void chronicle_close(struct chronicle *chronicle)
{
    scan_close(&chronicle->scan);
}

enum exit_code chronicle_follow(struct context *context, struct chronicle *chronicle, int timeout_ms,
                                const struct history_event **out_event)
{
    struct bus_record record;
    bool more;
    *out_event = NULL;
    for (;;) {
        TRY_RUN(scan_follow(context, &chronicle->scan, timeout_ms, &record, &more));
        if (!more) {
            return EXIT_CODE_OK;
        }
        TRY_RUN(take(context, chronicle, &record, out_event));
        if (*out_event != NULL) {
            return EXIT_CODE_OK;
        }
    }
}
