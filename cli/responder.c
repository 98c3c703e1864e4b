#include "cli/responder.h"

#include "asl/value.h"
#include "base/limits.h"

static void ignore_heartbeat(void *owner, const struct task *task)
{
    (void)owner;
    (void)task;
}

static enum status copy_text(struct arena *arena, struct str text, struct str *out_copy)
{
    *out_copy = STR_NONE;
    return text.bytes == NULL ? STATUS_OK : arena_copy(arena, text, out_copy);
}

/* The task in an arena of its own, in real time: as much of it is left as is in virtual time. */
static enum status make_task(struct arena *arena, const struct task_request *of, struct task **out_task)
{
    struct task *task = arena_new(arena, struct task);
    struct task_request *request = arena_new(arena, struct task_request);
    const struct value *parameters = NULL;
    TRY_NEW(task);
    TRY_NEW(request);
    *request = *of;
    if (of->deadline != RECORD_NONE) {
        request->deadline = child_now_ms() * 1000 + (of->deadline - of->scheduled_time);
    }
    TRY(value_parse(arena, of->parameters, &parameters, NULL));
    TRY(value_to_text(arena, parameters, &request->parameters));
    task->arena = arena;
    task->request = request;
    *out_task = task;
    return STATUS_OK;
}

static enum status run_command(struct responder *responder, struct arena *own, struct arena *arena,
                               const struct task_request *request, struct machine_run_mock *out_answer)
{
    struct task *task = NULL;
    TRY(make_task(own, request, &task));
    responder->runner.heartbeat = ignore_heartbeat;
    child_run(&responder->runner, task);
    *out_answer = (struct machine_run_mock){.fails = task->outcome == TASK_FAILED};
    if (task->outcome == TASK_SUCCEEDED) {
        return copy_text(arena, task->output, &out_answer->output);
    }
    TRY(copy_text(arena, task->error, &out_answer->error));
    return copy_text(arena, task->cause, &out_answer->cause);
}

enum status responder_answer(void *owner, struct arena *arena, const struct task_request *request,
                             struct machine_run_mock *out_answer)
{
    struct responder *responder = owner;
    if (responder->runner.command == NULL) {
        *out_answer = (struct machine_run_mock){.output = request->parameters};
        return STATUS_OK;
    }
    struct arena *own = arena_create(STEP_ARENA_BYTES_MAX);
    if (own == NULL) {
        return STATUS_LIMIT_EXCEEDED;
    }
    enum status status = run_command(responder, own, arena, request, out_answer);
    arena_destroy(own);
    return status;
}
