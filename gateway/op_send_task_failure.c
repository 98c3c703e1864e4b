#include "gateway/operations_parts.h"

enum status op_send_task_failure(struct call *call)
{
    struct task_failed *result = arena_new(call->arena, struct task_failed);
    TRY_NEW(result);
    record_init(RECORD_task_failed, result);
    result->task_token = call_text(call, "taskToken");
    result->error = call_text(call, "error");
    result->cause = call_text(call, "cause");
    return call_command(call, RECORD_task_failed, result, STR_NONE, CALL_ANSWERS_TASK);
}
