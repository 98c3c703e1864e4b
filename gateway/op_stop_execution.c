#include "gateway/operations_parts.h"
#include "gateway/subject.h"

enum status op_stop_execution(struct call *call)
{
    bool refused;
    TRY(subject_check_arn(call, call_text(call, "executionArn"), ARN_EXECUTION, &refused));
    if (refused) {
        return STATUS_OK;
    }
    struct stop_execution *command = arena_new(call->arena, struct stop_execution);
    TRY_NEW(command);
    record_init(RECORD_stop_execution, command);
    command->execution_arn = call_text(call, "executionArn");
    command->error = call_text(call, "error");
    command->cause = call_text(call, "cause");
    return call_command(call, RECORD_stop_execution, command, command->execution_arn, CALL_STOPS_EXECUTION);
}
