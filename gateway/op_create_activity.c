#include "asl/arn.h"
#include "gateway/operations_parts.h"
#include "gateway/quota.h"

enum status op_create_activity(struct call *call)
{
    struct create_activity *command = arena_new(call->arena, struct create_activity);
    struct str arn;
    bool refused;
    TRY_NEW(command);
    record_init(RECORD_create_activity, command);
    command->name = call_text(call, "name");
    TRY(call_json(call, "tags", &command->tags));
    TRY(call_json(call, "encryptionConfiguration", &command->encryption_configuration));
    if (!arn_name_is_valid(command->name)) {
        return call_refuse_quoting(call, STR("InvalidName"), "Invalid Name", command->name);
    }
    TRY(arn_activity(call->arena, &call->gateway->config.step, command->name, &arn));
    TRY(quota_check_activity(call, arn, &refused));
    if (refused) {
        return STATUS_OK;
    }
    return call_command(call, RECORD_create_activity, command, arn, CALL_CHANGES_MACHINE);
}
