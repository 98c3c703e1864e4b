#include "gateway/operations_parts.h"
#include "gateway/subject.h"

enum status op_update_state_machine_alias(struct call *call)
{
    struct update_state_machine_alias *command = arena_new(call->arena, struct update_state_machine_alias);
    TRY_NEW(command);
    record_init(RECORD_update_state_machine_alias, command);
    command->state_machine_alias_arn = call_text(call, "stateMachineAliasArn");
    command->description = call_text(call, "description");
    TRY(call_json(call, "routingConfiguration", &command->routing_configuration));
    return call_command(call, RECORD_update_state_machine_alias, command, subject_machine_arn(command->state_machine_alias_arn),
                        CALL_CHANGES_MACHINE);
}
