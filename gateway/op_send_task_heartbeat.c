#include "gateway/operations_parts.h"

enum status op_send_task_heartbeat(struct call *call)
{
    struct task_heartbeat *result = arena_new(call->arena, struct task_heartbeat);
    TRY_NEW(result);
    record_init(RECORD_task_heartbeat, result);
    result->task_token = call_text(call, "taskToken");
    return call_command(call, RECORD_task_heartbeat, result, STR_NONE, CALL_ANSWERS_TASK);
}
