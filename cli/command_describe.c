#include "cli/lookup.h"
#include "cli/name.h"
#include "cli/side.h"
#include "cli/timeline.h"
#include "gateway/answer.h"

#include <inttypes.h>

static enum status add_text(struct buffer *buffer, const char *name, struct str text)
{
    if (text.bytes == NULL) {
        return STATUS_OK;
    }
    TRY(buffer_format(buffer, "  %-10s ", name));
    TRY(timeline_text(buffer, text, 0));
    return buffer_add_byte(buffer, '\n');
}

static enum status add_time(struct buffer *buffer, const char *name, int64_t time_us)
{
    if (time_us == RECORD_NONE) {
        return STATUS_OK;
    }
    TRY(buffer_format(buffer, "  %-10s ", name));
    TRY(timeline_time(buffer, time_us));
    return buffer_add(buffer, STR(" UTC\n"));
}

static enum status print_execution(struct buffer *buffer, const struct execution_status *status)
{
    TRY(buffer_add(buffer, status->execution_arn));
    TRY(buffer_add_byte(buffer, '\n'));
    TRY(add_text(buffer, "status", status->status));
    TRY(add_time(buffer, "started", status->start_date));
    TRY(add_time(buffer, "ended", status->stop_date));
    if (status->stop_date != RECORD_NONE) {
        int64_t took_ms = (status->stop_date - status->start_date) / 1000;
        TRY(buffer_format(buffer, "  %-10s %" PRId64 ".%03d s\n", "took", took_ms / 1000, (int)(took_ms % 1000)));
    }
    TRY(add_text(buffer, "input", status->input));
    TRY(add_text(buffer, "output", status->output));
    TRY(add_text(buffer, "error", status->error));
    TRY(add_text(buffer, "cause", status->cause));
    TRY(add_time(buffer, "redriven", status->redrive_date));
    if (status->version == 0) {
        return STATUS_OK; /* the API does not tell */
    }
    return buffer_format(buffer, "  %-10s %" PRId64 " events, %" PRId64 " transitions\n", "so far", status->version,
                         status->transitions);
}

static enum status print_machine(struct buffer *buffer, const struct definition *head)
{
    TRY(buffer_add(buffer, head->state_machine_arn));
    TRY(buffer_add_byte(buffer, '\n'));
    TRY(add_text(buffer, "status", head->status));
    TRY(add_text(buffer, "type", head->type));
    TRY(add_text(buffer, "revision", head->revision_id.length > 0 ? head->revision_id : STR_NONE));
    TRY(add_text(buffer, "role", head->role_arn));
    TRY(add_time(buffer, "created", head->creation_date));
    TRY(add_time(buffer, "updated", head->update_date));
    TRY(buffer_add(buffer, head->definition));
    return str_ends_with(head->definition, STR("\n")) ? STATUS_OK : buffer_add_byte(buffer, '\n');
}

static enum exit_code describe_execution(struct context *context)
{
    struct buffer buffer = buffer_in(context->arena);
    const struct execution_status *status;
    struct str arn;
    TRY_RUN(name_execution(context, context_positional(context), &arn));
    TRY_RUN(side_open(context));
    TRY_RUN(lookup_execution_required(context, arn, &status));
    struct str text;
    struct str refusal;
    if (context->json) {
        TRY_RUN(lookup_redrive_refusal(context, status, &refusal));
        TRY_MEMORY(context, answer_execution(context->arena, status, true, refusal, &text));
        context_print(context, text);
        context_print(context, STR("\n"));
    } else {
        TRY_MEMORY(context, print_execution(&buffer, status));
        context_print(context, buffer_text(&buffer));
    }
    return EXIT_CODE_OK;
}

static enum exit_code describe_machine(struct context *context)
{
    struct buffer buffer = buffer_in(context->arena);
    const struct definition *head;
    struct str arn;
    TRY_RUN(name_machine(context, context_positional(context), &arn));
    TRY_RUN(side_open(context));
    TRY_RUN(lookup_machine(context, arn, &head));
    if (head == NULL) {
        return context_fail(context, EXIT_CODE_REFUSED, "StateMachineDoesNotExist: State Machine Does Not Exist: '%.*s'",
                            STR_ARGS(arn));
    }
    struct str text;
    if (context->json) {
        TRY_MEMORY(context, answer_machine(context->arena, head, &text));
        context_print(context, text);
        context_print(context, STR("\n"));
    } else {
        TRY_MEMORY(context, print_machine(&buffer, head));
        context_print(context, buffer_text(&buffer));
    }
    return EXIT_CODE_OK;
}

enum exit_code command_describe(struct context *context)
{
    return name_is_execution(context_positional(context)) ? describe_execution(context) : describe_machine(context);
}
