#include "asl/arn.h"
#include "gateway/operations_parts.h"

enum status op_delete_state_machine_version(struct call *call)
{
    struct delete_state_machine_version *command = arena_new(call->arena, struct delete_state_machine_version);
    TRY_NEW(command);
    record_init(RECORD_delete_state_machine_version, command);
    command->state_machine_version_arn = call_text(call, "stateMachineVersionArn");
    struct str machine_arn = command->state_machine_version_arn;
    struct str version;
    if (arn_type_of(machine_arn) == ARN_QUALIFIED) {
        arn_split_qualified(command->state_machine_version_arn, &machine_arn, &version);
    }
    return call_command(call, RECORD_delete_state_machine_version, command, machine_arn, CALL_DELETES_MACHINE);
}
