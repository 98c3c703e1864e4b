#include "gateway/operations_parts.h"
#include "gateway/quota.h"
#include "gateway/subject.h"

/* The ARN decides which partition owns the execution; where no name is given, the partition makes one. */
static enum status key_of(struct call *call, const struct start_execution *command, struct str *out_key)
{
    enum arn_type type = arn_type_of(command->state_machine_arn);
    *out_key = STR_NONE;
    if (command->name.bytes == NULL || (type != ARN_MACHINE && type != ARN_QUALIFIED)) {
        return STATUS_OK;
    }
    return arn_execution(call->arena, subject_machine_arn(command->state_machine_arn), command->name, out_key);
}

enum status op_start_execution(struct call *call)
{
    struct start_execution *command = arena_new(call->arena, struct start_execution);
    const struct definition *head;
    struct str key;
    bool refused;
    TRY_NEW(command);
    record_init(RECORD_start_execution, command);
    command->state_machine_arn = call_text(call, "stateMachineArn");
    command->name = call_text(call, "name");
    command->input = call_text(call, "input");
    command->trace_header = call_text(call, "traceHeader");
    if (command->name.bytes != NULL && !arn_name_is_valid(command->name)) {
        return call_refuse_quoting(call, STR("InvalidName"), "Invalid Name", command->name);
    }
    enum status status = view_machine(call->gateway->view, call->arena, subject_machine_arn(command->state_machine_arn), &head);
    if (status == STATUS_OK) {
        command->min_definition_version = head->version;
    } else if (status != STATUS_NOT_FOUND) {
        return status;
    }
    TRY(key_of(call, command, &key));
    if (status == STATUS_OK && str_equal(head->status, STR("ACTIVE")) && !str_equal(head->type, STR("EXPRESS"))) {
        TRY(quota_check_execution(call, key, &refused));
        if (refused) {
            return STATUS_OK;
        }
    }
    return call_command(call, RECORD_start_execution, command, key, CALL_STARTS_EXECUTION);
}
