#include "gateway/operations_parts.h"
#include "gateway/subject.h"

/* The alias belongs to the machine of its versions. */
static struct str key_of(const struct call *call)
{
    const struct value *first = value_item(value_get(call->request, STR("routingConfiguration")), 0);
    return subject_machine_arn(value_get(first, STR("stateMachineVersionArn"))->string);
}

enum status op_create_state_machine_alias(struct call *call)
{
    struct create_state_machine_alias *command = arena_new(call->arena, struct create_state_machine_alias);
    TRY_NEW(command);
    record_init(RECORD_create_state_machine_alias, command);
    command->name = call_text(call, "name");
    command->description = call_text(call, "description");
    TRY(call_json(call, "routingConfiguration", &command->routing_configuration));
    return call_command(call, RECORD_create_state_machine_alias, command, key_of(call), CALL_CHANGES_MACHINE);
}
