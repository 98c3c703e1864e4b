#include "cli/chronicle.h"
#include "cli/side.h"

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
            TRY_RUN(chronicle_keep(context, chronicle, event));
        }
    }
}

enum exit_code topics_chronicle_open(struct context *context, struct str arn, struct chronicle *out_chronicle)
{
    struct chronicle chronicle = {.arn = arn, .incarnation = INT64_MIN};
    TRY_RUN(scan_open_for(context, TOPIC_HISTORY, arn, &chronicle.scan));
    enum exit_code code = read_all(context, &chronicle);
    if (code != EXIT_CODE_OK) {
        topics_chronicle_close(&chronicle);
        return code;
    }
    *out_chronicle = chronicle;
    return EXIT_CODE_OK;
}

void topics_chronicle_close(struct chronicle *chronicle)
{
    scan_close(&chronicle->scan);
}

enum exit_code topics_chronicle_follow(struct context *context, struct chronicle *chronicle, int timeout_ms,
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
