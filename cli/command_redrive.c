#include "cli/name.h"
#include "cli/request.h"
#include "cli/side.h"

static enum exit_code redrive(struct context *context, struct request *request, struct redrive_execution *command)
{
    struct reply reply;
    REQUEST_ADDRESS(request, command);
    TRY_RUN(request_send(context, request, RECORD_redrive_execution, command, command->execution_arn, &reply));
    if (reply.error.bytes != NULL) {
        return request_refusal(context, &reply);
    }
    if (context->json) {
        context_print(context, reply.data);
    } else {
        fprintf(context->out, "redriven %.*s", STR_ARGS(command->execution_arn));
    }
    context_print(context, STR("\n"));
    return EXIT_CODE_OK;
}

enum exit_code command_redrive(struct context *context)
{
    struct redrive_execution command;
    struct request request;
    record_init(RECORD_redrive_execution, &command);
    TRY_RUN(name_execution(context, context_positional(context), &command.execution_arn));
    command.client_token = context_flag(context, FLAG_REDRIVE_TOKEN);
    TRY_RUN(side_open(context));
    TRY_RUN(request_open(context, &request));
    enum exit_code code = redrive(context, &request, &command);
    request_close(context, &request);
    return code;
}
