#include "cli/name.h"
#include "cli/request.h"
#include "cli/side.h"

static enum exit_code resume(struct context *context, struct request *request, struct resume_execution *command)
{
    struct reply reply;
    REQUEST_ADDRESS(request, command);
    TRY_RUN(request_send(context, request, RECORD_resume_execution, command, command->execution_arn, &reply));
    if (reply.error.bytes != NULL) {
        return request_refusal(context, &reply);
    }
    if (context->json) {
        context_print(context, reply.data);
    } else {
        fprintf(context->out, "resumed %.*s", STR_ARGS(command->execution_arn));
    }
    context_print(context, STR("\n"));
    return EXIT_CODE_OK;
}

enum exit_code command_resume(struct context *context)
{
    struct resume_execution command;
    struct request request;
    record_init(RECORD_resume_execution, &command);
    TRY_RUN(name_execution(context, context_positional(context), &command.execution_arn));
    TRY_RUN(side_open_topics(context));
    TRY_RUN(request_open(context, &request));
    enum exit_code code = resume(context, &request, &command);
    request_close(context, &request);
    return code;
}
