#include "gateway/operations_parts.h"

enum status op_redrive_execution(struct call *call)
{
    struct redrive_execution *command = arena_new(call->arena, struct redrive_execution);
    TRY_NEW(command);
    record_init(RECORD_redrive_execution, command);
    command->execution_arn = call_text(call, "executionArn");
    command->client_token = call_text(call, "clientToken");
    return call_command(call, RECORD_redrive_execution, command, command->execution_arn, CALL_REDRIVES_EXECUTION);
}
