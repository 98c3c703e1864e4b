#include "gateway/operations_parts.h"

enum status op_publish_state_machine_version(struct call *call)
{
    struct publish_state_machine_version *command = arena_new(call->arena, struct publish_state_machine_version);
    TRY_NEW(command);
    record_init(RECORD_publish_state_machine_version, command);
    command->state_machine_arn = call_text(call, "stateMachineArn");
    command->revision_id = call_text(call, "revisionId");
    command->description = call_text(call, "description");
    return call_command(call, RECORD_publish_state_machine_version, command, command->state_machine_arn,
                        CALL_CHANGES_MACHINE);
}
