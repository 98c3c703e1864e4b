#include "gateway/operations_parts.h"

enum status op_delete_activity(struct call *call)
{
    struct delete_activity *command = arena_new(call->arena, struct delete_activity);
    TRY_NEW(command);
    record_init(RECORD_delete_activity, command);
    command->activity_arn = call_text(call, "activityArn");
    return call_command(call, RECORD_delete_activity, command, command->activity_arn, CALL_DELETES_MACHINE);
}
