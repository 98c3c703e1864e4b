#include "cli/machine_run.h"

#include "base/limits.h"

static enum status fits(struct machine_run *run, const struct machine_run_mock *mock, const struct task_request *request, bool *out_fits)
{
    const struct value *parameters = NULL;
    *out_fits = !mock->used && (mock->resource.bytes == NULL || str_equal(mock->resource, request->resource)) &&
                (mock->state_name.bytes == NULL || str_equal(mock->state_name, request->state_name));
    if (*out_fits && mock->parameters != NULL) {
        TRY(value_parse(interpreter_arena(run->interpreter), request->parameters, &parameters, NULL));
        *out_fits = value_equal(mock->parameters, parameters);
    }
    return STATUS_OK;
}

static enum status answer(struct machine_run *run, struct interpreter_task *task, struct machine_run_mock *mock)
{
    const struct task_request *request = task->request;
    enum step_outcome outcome = STEP_APPLIED;
    struct step_event event = {.type = STEP_TASK_STARTED, .worker_name = mock->worker_name};
    mock->used = !mock->repeats;
    if (mock->worker_name.bytes != NULL) {
        TRY(interpreter_answer(run->interpreter, request, event, &outcome));
    }
    if (mock->submitted.bytes != NULL) {
        event = (struct step_event){.type = STEP_TASK_SUBMITTED, .output = mock->submitted};
        TRY(interpreter_answer(run->interpreter, request, event, &outcome));
    }
    if (mock->output.bytes == NULL && !mock->fails) {
        task->answered = true; /* by nobody: it times out */
        return STATUS_OK;
    }
    event = (struct step_event){.type = mock->fails ? STEP_TASK_FAILED : STEP_TASK_SUCCEEDED,
                                .output = mock->output,
                                .error = mock->error,
                                .cause = mock->cause};
    return interpreter_answer(run->interpreter, request, event, &outcome);
}

/* The same by who is asked where no mock fits. */
static enum status ask(struct machine_run *run, struct interpreter_task *task)
{
    struct machine_run_mock mock = {.used = false};
    TRY(run->answer(run->owner, interpreter_arena(run->interpreter), task->request, &mock));
    return answer(run, task, &mock);
}

/* Answers the first open task that a mock fits, or that who is asked does. */
static enum status answer_one(struct machine_run *run, bool *out_answered)
{
    *out_answered = false;
    for (size_t at = 0; at < interpreter_task_count(run->interpreter); at++) {
        struct interpreter_task *task = interpreter_task(run->interpreter, at);
        for (size_t mock = 0; mock < run->mock_count && !task->answered; mock++) {
            bool fit = false;
            TRY(fits(run, &run->mocks[mock], task->request, &fit));
            if (fit) {
                *out_answered = true;
                return answer(run, task, &run->mocks[mock]);
            }
        }
        if (!task->answered && run->answer != NULL) {
            *out_answered = true;
            return ask(run, task);
        }
    }
    return STATUS_OK;
}

/* The state of an open task without a mock, or STR_NONE. */
static struct str unanswered(struct machine_run *run)
{
    for (size_t at = 0; at < interpreter_task_count(run->interpreter); at++) {
        if (!interpreter_task(run->interpreter, at)->answered) {
            return interpreter_task(run->interpreter, at)->request->state_name;
        }
    }
    return STR_NONE;
}

enum status machine_run(struct machine_run *run, struct str *out_waiting_for)
{
    while (interpreter_is_running(run->interpreter)) {
        bool answered = false;
        TRY(answer_one(run, &answered));
        if (answered) {
            continue;
        }
        int64_t due_ms = interpreter_next_due_ms(run->interpreter);
        *out_waiting_for = unanswered(run);
        if (due_ms == INT64_MAX || (run->must_answer && out_waiting_for->bytes != NULL) ||
            (out_waiting_for->bytes != NULL && due_ms - interpreter_now_ms(run->interpreter) > EXECUTION_MS_MAX / 2)) {
            return STATUS_TIMED_OUT;
        }
        TRY(interpreter_advance(run->interpreter, due_ms));
    }
    return STATUS_OK;
}
