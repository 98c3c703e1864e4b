#include "cli/chronicle.h"

#include "cli/side.h"
#include "schemas/history_events.h"

bool chronicle_is_end(const struct history_event *event)
{
    enum history_event_type type;
    return history_event_type_of(event->type, &type) && history_event_is_end(type);
}

enum exit_code chronicle_keep(struct context *context, struct chronicle *chronicle, const struct history_event *event)
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

enum exit_code chronicle_open(struct context *context, struct str arn, struct chronicle *out_chronicle)
{
    return context->side->chronicle_open(context, arn, out_chronicle);
}

enum exit_code chronicle_follow(struct context *context, struct chronicle *chronicle, int timeout_ms,
                                const struct history_event **out_event)
{
    return context->side->chronicle_follow(context, chronicle, timeout_ms, out_event);
}

void chronicle_close(struct context *context, struct chronicle *chronicle)
{
    context->side->chronicle_close(chronicle);
}
