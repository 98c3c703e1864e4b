#include "cli/executions.h"
#include "cli/name.h"
#include "cli/side.h"
#include "cli/timeline.h"
#include "gateway/answer.h"
#include "schemas/execution_statuses.h"

#define LIST_MAX_DEFAULT 100

static enum status add_line(struct buffer *buffer, const struct execution_status *status)
{
    TRY(timeline_time(buffer, status->start_date));
    TRY(buffer_format(buffer, "  %-9.*s  ", STR_ARGS(status->status)));
    TRY(timeline_text(buffer, status->execution_arn, 0));
    return buffer_add_byte(buffer, '\n');
}

static enum exit_code print(struct context *context, const struct executions *executions)
{
    context_print(context, context->json ? STR("{\"executions\":[") : STR(""));
    for (size_t at = 0; at < executions->count; at++) {
        struct buffer buffer = buffer_in(context->arena);
        struct str text;
        if (context->json) {
            TRY_MEMORY(context, answer_execution_item(context->arena, executions->items[at], &text));
            context_print(context, at > 0 ? STR(",") : STR(""));
        } else {
            TRY_MEMORY(context, add_line(&buffer, executions->items[at]));
            text = buffer_text(&buffer);
        }
        context_print(context, text);
    }
    context_print(context, context->json ? STR("]}\n") : STR(""));
    if (!context->json && executions->left == EXECUTIONS_LEFT_UNKNOWN) {
        context_print(context, STR("and more (--max)\n"));
    } else if (!context->json && executions->left > 0) {
        fprintf(context->out, "and %zu more (--max)\n", executions->left);
    }
    return EXIT_CODE_OK;
}

static void print_counts(struct context *context, const struct executions *executions)
{
    context_print(context, context->json ? STR("{\"counts\":{") : STR(""));
    for (int id = 0; id < EXECUTION_STATUS_COUNT; id++) {
        struct str name = execution_status_name((enum execution_status_id)id);
        size_t count = 0;
        for (size_t at = 0; at < executions->count; at++) {
            count += str_equal(executions->items[at]->status, name);
        }
        if (context->json) {
            fprintf(context->out, "%s\"%.*s\":%zu", id > 0 ? "," : "", STR_ARGS(name), count);
        } else if (count > 0) {
            fprintf(context->out, "%-16.*s %zu\n", STR_ARGS(name), count);
        }
    }
    context_print(context, context->json ? STR("}}\n") : STR(""));
}

static enum exit_code read_filter(struct context *context, struct executions_filter *filter)
{
    struct argument_range range = {LIST_MAX_DEFAULT, 0, INT64_MAX};
    enum execution_status_id id;
    struct str problem;
    *filter = (struct executions_filter){.status = context_flag(context, FLAG_LIST_STATUS)};
    if (context_positional(context).bytes != NULL) {
        TRY_RUN(name_machine(context, context_positional(context), &filter->machine_arn));
    }
    if (filter->status.bytes != NULL && !execution_status_of(filter->status, &id)) {
        return context_fail(context, EXIT_CODE_USAGE,
                            "--status must be RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED, not '%.*s'",
                            STR_ARGS(filter->status));
    }
    enum status status = arguments_number(context->arena, &context->arguments, FLAG_LIST_MAX, range, &filter->max, &problem);
    if (status == STATUS_INVALID) {
        return context_fail(context, EXIT_CODE_USAGE, "%.*s", STR_ARGS(problem));
    }
    TRY_MEMORY(context, status);
    return EXIT_CODE_OK;
}

enum exit_code command_list(struct context *context)
{
    struct executions executions;
    struct executions_filter filter;
    bool counts = context_given(context, FLAG_LIST_COUNT);
    TRY_RUN(read_filter(context, &filter));
    if (counts) {
        filter.max = 0;
    }
    TRY_RUN(side_open(context));
    TRY_RUN(executions_find(context, &filter, &executions));
    if (counts) {
        print_counts(context, &executions);
        return EXIT_CODE_OK;
    }
    return print(context, &executions);
}
