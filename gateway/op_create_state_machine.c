#include "asl/arn.h"
#include "gateway/logging.h"
#include "gateway/operations_parts.h"
#include "gateway/quota.h"
#include "gateway/subject.h"

enum status op_create_state_machine(struct call *call)
{
    struct create_state_machine *command = arena_new(call->arena, struct create_state_machine);
    struct str arn;
    bool refused;
    TRY_NEW(command);
    record_init(RECORD_create_state_machine, command);
    command->name = call_text(call, "name");
    command->definition = call_text(call, "definition");
    command->role_arn = call_text(call, "roleArn");
    command->type = call_text(call, "type");
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
    TRY(call_json(call, "tags", &command->tags));
    if (!arn_name_is_valid(command->name)) {
        return call_refuse_quoting(call, STR("InvalidName"), "Invalid Name", command->name);
    }
    TRY(arn_machine(call->arena, &call->gateway->config.step, command->name, &arn));
    TRY(quota_check_machine(call, arn, &refused));
    if (refused) {
        return STATUS_OK;
    }
    return call_command(call, RECORD_create_state_machine, command, arn, CALL_CHANGES_MACHINE);
}
