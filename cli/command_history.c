#include "cli/chronicle.h"
#include "cli/lookup.h"
#include "cli/name.h"
#include "cli/side.h"
#include "cli/timeline.h"
#include "schemas/codec/history_event.h"

#define FOLLOW_MS 200

struct printer {
    struct context *context;
    struct arena *arena; /* of one event */
    bool data;           /* all of it */
};

static enum exit_code print_event(struct printer *printer, const struct history_event *event)
{
    struct context *context = printer->context;
    arena_reset(printer->arena);
    struct buffer buffer = buffer_in(printer->arena);
    if (context->json) {
        TRY_MEMORY(context, history_event_to_aws(&buffer, event));
    } else {
        TRY_MEMORY(context, timeline_event(&buffer, event, printer->data));
    }
    context_print(context, buffer_text(&buffer));
    return EXIT_CODE_OK;
}

/* GetExecutionHistory's answer, or a line an event. */
static enum exit_code print_all(struct printer *printer, const struct chronicle *chronicle)
{
    struct context *context = printer->context;
    if (context->json) {
        context_print(context, STR("{\"events\":["));
    }
    for (size_t at = 0; at < chronicle->count; at++) {
        if (context->json && at > 0) {
            context_print(context, STR(","));
        }
        TRY_RUN(print_event(printer, chronicle->events[at]));
    }
    if (context->json) {
        context_print(context, STR("]}\n"));
    }
    return EXIT_CODE_OK;
}

/* One event a line, in JSON too, until the execution ends. */
static enum exit_code follow(struct printer *printer, struct chronicle *chronicle)
{
    struct context *context = printer->context;
    const struct history_event *event;
    for (size_t at = 0;; at++) {
        event = NULL;
        while (at >= chronicle->count && event == NULL) {
            fflush(context->out);
            TRY_RUN(chronicle_follow(context, chronicle, FOLLOW_MS, &event));
        }
        event = event == NULL ? chronicle->events[at] : event;
        TRY_RUN(print_event(printer, event));
        if (context->json) {
            context_print(context, STR("\n"));
        }
        if (chronicle_is_end(event) && at + 1 >= chronicle->count) {
            return EXIT_CODE_OK;
        }
    }
}

static enum exit_code print(struct context *context, struct chronicle *chronicle)
{
    struct printer printer = {
        .context = context,
        .arena = arena_create(CONTEXT_ARENA_BYTES_MAX),
        .data = context_given(context, FLAG_HISTORY_DATA),
    };
    if (printer.arena == NULL) {
        return context_fail_memory(context);
    }
    bool following = context_given(context, FLAG_HISTORY_FOLLOW);
    enum exit_code code = following ? follow(&printer, chronicle) : print_all(&printer, chronicle);
    arena_destroy(printer.arena);
    return code;
}

enum exit_code command_history(struct context *context)
{
    struct chronicle chronicle;
    const struct execution_status *status;
    struct str arn;
    TRY_RUN(name_execution(context, context_positional(context), &arn));
    TRY_RUN(side_open(context));
    TRY_RUN(chronicle_open(context, arn, &chronicle));
    enum exit_code code = EXIT_CODE_OK;
    if (chronicle.count == 0) {
        /* Its first events come in the transaction that makes it exist. */
        code = lookup_execution_required(context, arn, &status);
    }
    if (code == EXIT_CODE_OK) {
        code = print(context, &chronicle);
    }
    chronicle_close(context, &chronicle);
    return code;
}
