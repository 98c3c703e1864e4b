#include "gateway/logging.h"
#include "gateway/operations_parts.h"
#include "gateway/subject.h"

enum status op_update_state_machine(struct call *call)
{
    struct update_state_machine *command = arena_new(call->arena, struct update_state_machine);
    bool refused;
    TRY_NEW(command);
    record_init(RECORD_update_state_machine, command);
    command->state_machine_arn = call_text(call, "stateMachineArn");
    command->definition = call_text(call, "definition");
    command->role_arn = call_text(call, "roleArn");
    command->publish = call_boolean(call, "publish", false);
    command->version_description = call_text(call, "versionDescription");
    TRY(subject_check_role(call, &refused));
    if (refused) {
        return STATUS_OK;
    }
    TRY(logging_read(call, &command->logging_configuration, &refused));
    if (refused) {
        return STATUS_OK;
    }
    TRY(call_json(call, "tracingConfiguration", &command->tracing_configuration));
    TRY(call_json(call, "encryptionConfiguration", &command->encryption_configuration));
    return call_command(call, RECORD_update_state_machine, command, command->state_machine_arn, CALL_CHANGES_MACHINE);
}
