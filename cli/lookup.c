#include "cli/lookup.h"

#include "cli/side.h"

enum exit_code lookup_execution(struct context *context, struct str arn, const struct execution_status **out_status)
{
    return context->side->lookup_execution(context, arn, out_status);
}

enum exit_code lookup_execution_required(struct context *context, struct str arn,
                                         const struct execution_status **out_status)
{
    TRY_RUN(lookup_execution(context, arn, out_status));
    if (*out_status == NULL) {
        return context_fail(context, EXIT_CODE_REFUSED, "ExecutionDoesNotExist: Execution Does Not Exist: '%.*s'",
                            STR_ARGS(arn));
    }
    return EXIT_CODE_OK;
}

enum exit_code lookup_end(struct context *context, struct str arn, int64_t incarnation, const struct execution_status **out_end)
{
    return context->side->lookup_end(context, arn, incarnation, out_end);
}

enum exit_code lookup_machine(struct context *context, struct str arn, const struct definition **out_head)
{
    return context->side->lookup_machine(context, arn, out_head);
}

enum exit_code lookup_redrive_refusal(struct context *context, const struct execution_status *status, struct str *out_reason)
{
    return context->side->lookup_redrive_refusal(context, status, out_reason);
}
