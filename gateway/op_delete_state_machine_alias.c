#include "gateway/operations_parts.h"
#include "gateway/subject.h"

enum status op_delete_state_machine_alias(struct call *call)
{
    struct delete_state_machine_alias *command = arena_new(call->arena, struct delete_state_machine_alias);
    TRY_NEW(command);
    record_init(RECORD_delete_state_machine_alias, command);
    command->state_machine_alias_arn = call_text(call, "stateMachineAliasArn");
    return call_command(call, RECORD_delete_state_machine_alias, command, subject_machine_arn(command->state_machine_alias_arn),
                        CALL_DELETES_MACHINE);
}
