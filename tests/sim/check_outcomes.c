/* What became of each execution is what the plain, sequential interpreter makes of the same answers. */
#include "watch.h"

#include "asl/interpreter.h"
#include "base/assert.h"

#include <inttypes.h>

#define ROUNDS_MAX 2000
#define MEMORY_BYTES_MAX ((size_t)256 << 20)

/* ---- Time-outs that no worker planned ---- */

static const struct history_event *before(const struct watched *execution, const struct history_event *event)
{
    return event->previous_event_id == 0 ? NULL : execution->events[event->previous_event_id - 1];
}

/* Whether the worker of the task that timed out was silent. If not, it was late, or the processor was: then the outcome
 * depends on more than answers. */
static bool was_planned(const struct watch *watch, const struct watched *execution, const struct history_event *timeout)
{
    const struct history_event *event = timeout;
    struct str parameters = STR_NONE;
    int64_t attempt = -1;
    while (event != NULL && !str_ends_with(event->type, STR("StateEntered"))) {
        if (str_ends_with(event->type, STR("Scheduled"))) {
            parameters = parameters.bytes == NULL ? event->input : parameters;
            attempt++;
        }
        event = before(execution, event);
    }
    return event != NULL && parameters.bytes != NULL &&
           play_word_of(watch->arena, event->name, parameters, attempt).fate == PLAY_SILENT;
}

/* How many events it takes to fail, branches and retries included, depends on who is first; and so does who meets the cap. */
static bool meets_cap(size_t event_count)
{
    return event_count * 2 > HISTORY_MAX;
}

static bool has_plain_outcome(const struct watch *watch, const struct watched *execution)
{
    if (execution->redriven > 0 || str_equal(execution->end->type, STR("ExecutionAborted")) || meets_cap(execution->event_count)) {
        return false;
    }
    for (size_t at = 0; at < execution->event_count; at++) {
        const struct history_event *event = execution->events[at];
        if (str_ends_with(event->type, STR("TimedOut")) &&
            (str_equal(event->type, STR("ExecutionTimedOut")) || !was_planned(watch, execution, event))) {
            return false;
        }
    }
    return true;
}

/* ---- The plain interpreter ---- */

/* Answers one task that a worker answers; false: there is none. */
static bool answer_one(struct interpreter *interpreter)
{
    for (size_t at = 0; at < interpreter_task_count(interpreter); at++) {
        struct interpreter_task *task = interpreter_task(interpreter, at);
        enum step_outcome outcome;
        if (task->answered) {
            continue;
        }
        const struct play_word word = play_word_of(interpreter_arena(interpreter), task->request->state_name,
                                                   task->request->parameters, task->request->attempt);
        if (word.fate == PLAY_SILENT) {
            continue;
        }
        const struct step_event event = {
            .type = word.fate == PLAY_SUCCEEDS ? STEP_TASK_SUCCEEDED : STEP_TASK_FAILED,
            .output = word.output,
            .error = word.error,
            .cause = word.cause,
        };
        ASSERT(interpreter_answer(interpreter, task->request, event, &outcome) == STATUS_OK);
        return true;
    }
    return false;
}

static struct interpreter *run_plainly(const struct world *world, const struct play_machine *machine,
                                       const struct watched *execution)
{
    struct interpreter *interpreter;
    const struct interpreter_options options = {
        .machine = machine->machine,
        .config = &world->step,
        .arn = execution->arn,
        .express = strcmp(machine->type, "EXPRESS") == 0,
        .start_ms = 1700000000000,
        .memory_bytes_max = MEMORY_BYTES_MAX,
    };
    ASSERT(interpreter_create(&options, &interpreter) == STATUS_OK);
    ASSERT(interpreter_start(interpreter, execution->events[0]->input) == STATUS_OK);
    for (int rounds = 0; rounds < ROUNDS_MAX; rounds++) {
        const struct execution_status *status = interpreter_status(interpreter);
        if (status == NULL || !str_equal(status->status, STR("RUNNING"))) {
            break;
        }
        ASSERT(interpreter_advance(interpreter, interpreter_now_ms(interpreter)) == STATUS_OK); /* continuations */
        if (!answer_one(interpreter)) {
            int64_t due_ms = interpreter_next_due_ms(interpreter);
            ASSERT(due_ms == INT64_MAX || interpreter_advance(interpreter, due_ms) == STATUS_OK);
        }
    }
    return interpreter;
}

static struct str or_empty(struct str text)
{
    return text.bytes == NULL ? STR("") : text;
}

/* Which of several branches failed first is chance; that one did is not. */
static bool is_concurrent(const struct play_machine *machine)
{
    return strstr(machine->definition, "\"Type\":\"Parallel\"") != NULL || strstr(machine->definition, "\"Type\":\"Map\"") != NULL;
}

static void compare(struct watch *watch, const struct watched *execution, const struct play_machine *machine)
{
    struct interpreter *interpreter = run_plainly(watch->world, machine, execution);
    if (meets_cap(interpreter_event_count(interpreter))) {
        interpreter_destroy(interpreter);
        return;
    }
    const struct history_event *plain =
        interpreter_event(interpreter, interpreter_event_count(interpreter) - 1);
    bool same = str_equal(plain->type, execution->end->type) &&
                str_equal(or_empty(plain->output), or_empty(execution->end->output)) &&
                (is_concurrent(machine) || (str_equal(or_empty(plain->error), or_empty(execution->end->error)) &&
                                            str_equal(or_empty(plain->cause), or_empty(execution->end->cause))));
    if (!same) {
        world_fail(watch->world, "%.*s ended by %.*s with %.*s%.*s; plainly it does by %.*s with %.*s%.*s",
                   STR_ARGS(execution->arn), STR_ARGS(execution->end->type), STR_ARGS(or_empty(execution->end->output)),
                   STR_ARGS(or_empty(execution->end->error)), STR_ARGS(plain->type), STR_ARGS(or_empty(plain->output)),
                   STR_ARGS(or_empty(plain->error)));
    }
    watch->world->compared++;
    interpreter_destroy(interpreter);
}

void check_outcomes(struct world *world)
{
    struct watch *watch = world->watch;
    for (size_t at = 0; at < watch->execution_count && world->failure[0] == 0; at++) {
        const struct watched *execution = &watch->executions[at];
        const struct play_machine *machine = watch_machine_of(watch, execution->arn);
        if (machine == NULL) {
            world_fail(world, "%.*s is of no machine", STR_ARGS(execution->arn));
        } else if (!machine->free && has_plain_outcome(watch, execution)) {
            compare(watch, execution, machine);
        }
    }
}
