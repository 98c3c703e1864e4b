#include "gateway/operations_parts.h"
#include "gateway/quota.h"

/* What is not there is not refused for want of room. */
static enum status check_room(struct call *call, struct str arn, bool *out_refused)
{
    const struct execution_status *execution;
    *out_refused = false;
    enum status status = view_execution(call->gateway->view, call->arena, arn, &execution);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    return str_equal(execution->status, STR("RUNNING")) ? STATUS_OK : quota_check_execution(call, STR_NONE, out_refused);
}

enum status op_redrive_execution(struct call *call)
{
    struct redrive_execution *command = arena_new(call->arena, struct redrive_execution);
    bool refused;
    TRY_NEW(command);
    record_init(RECORD_redrive_execution, command);
    command->execution_arn = call_text(call, "executionArn");
    command->client_token = call_text(call, "clientToken");
    TRY(check_room(call, command->execution_arn, &refused));
    if (refused) {
        return STATUS_OK;
    }
    return call_command(call, RECORD_redrive_execution, command, command->execution_arn, CALL_REDRIVES_EXECUTION);
}
