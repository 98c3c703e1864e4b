#include "gateway/operations_parts.h"

enum status op_delete_state_machine(struct call *call)
{
    struct delete_state_machine *command = arena_new(call->arena, struct delete_state_machine);
    TRY_NEW(command);
    record_init(RECORD_delete_state_machine, command);
    command->state_machine_arn = call_text(call, "stateMachineArn");
    return call_command(call, RECORD_delete_state_machine, command, command->state_machine_arn, CALL_DELETES_MACHINE);
}
