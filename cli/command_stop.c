#include "cli/name.h"
#include "cli/request.h"
#include "cli/side.h"

static enum exit_code stop(struct context *context, struct request *request, struct stop_execution *command)
{
    struct reply reply;
    REQUEST_ADDRESS(request, command);
    TRY_RUN(request_send(context, request, RECORD_stop_execution, command, command->execution_arn, &reply));
    if (reply.error.bytes != NULL) {
        return request_refusal(context, &reply);
    }
    if (context->json) {
        context_print(context, reply.data);
    } else {
        fprintf(context->out, "stopped %.*s", STR_ARGS(command->execution_arn));
    }
    context_print(context, STR("\n"));
    return EXIT_CODE_OK;
}

enum exit_code command_stop(struct context *context)
{
    struct stop_execution command;
    struct request request;
    record_init(RECORD_stop_execution, &command);
    TRY_RUN(name_execution(context, context_positional(context), &command.execution_arn));
    command.error = context_flag(context, FLAG_STOP_ERROR);
    command.cause = context_flag(context, FLAG_STOP_CAUSE);
    TRY_RUN(side_open(context));
    TRY_RUN(request_open(context, &request));
    enum exit_code code = stop(context, &request, &command);
    request_close(context, &request);
    return code;
}
