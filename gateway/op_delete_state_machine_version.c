#include "gateway/operations_parts.h"
#include "gateway/subject.h"

enum status op_delete_state_machine_version(struct call *call)
{
    struct delete_state_machine_version *command = arena_new(call->arena, struct delete_state_machine_version);
    TRY_NEW(command);
    record_init(RECORD_delete_state_machine_version, command);
    command->state_machine_version_arn = call_text(call, "stateMachineVersionArn");
    return call_command(call, RECORD_delete_state_machine_version, command,
                        subject_machine_arn(command->state_machine_version_arn), CALL_DELETES_MACHINE);
}
