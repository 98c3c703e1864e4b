#include "gateway/operations_parts.h"

enum status op_send_task_success(struct call *call)
{
    struct task_succeeded *result = arena_new(call->arena, struct task_succeeded);
    TRY_NEW(result);
    record_init(RECORD_task_succeeded, result);
    result->task_token = call_text(call, "taskToken");
    result->output = call_text(call, "output");
    return call_command(call, RECORD_task_succeeded, result, STR_NONE, CALL_ANSWERS_TASK);
}
