#include "asl/step.h"

#include "asl/errors.h"
#include "asl/step_parts.h"
#include "base/assert.h"
#include "base/limits.h"

const struct step_config step_config_default = {
    .region = STR_INIT("us-east-1"),
    .account = STR_INIT("000000000000"),
    .payload_bytes_max = PAYLOAD_BYTES_MAX,
    .history_events_max = HISTORY_EVENTS_MAX,
    .map_concurrency_default = MAP_CONCURRENCY_DEFAULT,
    .retention_ms = (int64_t)RETENTION_DAYS * 24 * 3600 * 1000,
    .redrive_ms = (int64_t)REDRIVE_DAYS * 24 * 3600 * 1000,
};

/* AWS meters each state entered, retries included. */
static void count_transition(struct run *run)
{
    run->states_entered++;
    run->transitions++;
    run->execution.transitions++;
    run->execution_dirty = true; /* a redriven state may tell no event: nothing else would have the row written */
}

static enum status (*const enters[])(struct run *, struct run_frame *) = {
#define STATE(id, name, parse, enter) enter,
#include "asl/states.def"
};

static enum status enter_state(struct run *run, struct run_frame *frame)
{
    const struct state *state = run_state(run, frame);
    struct history_event *event = NULL;
    struct data *input = NULL;
    TRY(run_input(run, frame, &input));
    frame->row.before_entered_event_id = frame->row.previous_event_id;
    TRY(history_add_frame(run, frame, history_entered(state->type), &event));
    event->name = state->name;
    TRY(data_text(run->arena, input, &event->input));
    frame->row.entered_event_id = event->id;
    frame->row.entered_time = run->execution.last_time;
    frame->row.retry_counts = (struct int_array){NULL, 0};
    frame->row.retry_total = 0;
    count_transition(run);
    return enters[state->type](run, frame);
}

/* A retry's delay is over: the state's work begins anew. It counts as a transition. */
static enum status retry_state(struct run *run, struct run_frame *frame)
{
    count_transition(run);
    switch (run_state(run, frame)->type) {
    case STATE_TASK:
        return step_schedule_task(run, frame);
    case STATE_PARALLEL:
        return step_start_parallel(run, frame);
    case STATE_MAP:
        return step_start_map(run, frame);
    case STATE_PASS:
    case STATE_CHOICE:
    case STATE_WAIT:
    case STATE_SUCCEED:
    case STATE_FAIL:
    case STATE_TYPE_COUNT:
        break;
    }
    UNREACHABLE("state with Retry");
}

/* After a redrive: the state is worked at again, and it was entered already. AWS enters a Fail anew. */
static enum status rerun_state(struct run *run, struct run_frame *frame)
{
    enum state_type type = run_state(run, frame)->type;
    if (type == STATE_FAIL) {
        return enter_state(run, frame);
    }
    count_transition(run);
    return enters[type](run, frame);
}

/* What a frame does when its turn has come, by its phase. */
static enum status go_on(struct run *run, struct run_frame *frame)
{
    switch ((enum frame_phase)frame->row.phase) {
    case FRAME_ENTER:
        return enter_state(run, frame);
    case FRAME_CHILDREN:
        return step_start_children(run, frame);
    case FRAME_ABORT:
        return step_abort_children(run, frame);
    case FRAME_TASK:
        return step_task_timer(run, frame);
    case FRAME_WAIT:
        return step_finish_wait(run, frame);
    case FRAME_RETRY:
        return retry_state(run, frame);
    case FRAME_SWEEP:
        return step_sweep(run, frame);
    case FRAME_REDRIVE:
        return rerun_state(run, frame);
    case FRAME_WALK:
        return step_walk(run, frame);
    case FRAME_DOWN:
    case FRAME_AHEAD:
    case FRAME_GONE:
        break;
    }
    UNREACHABLE("phase of a frame that can go on");
}

static enum status fail_full_history(struct run *run)
{
    struct failure failure;
    TRY(failure_set(run->arena, &failure, errors_name(ERROR_RUNTIME),
                    "The execution reached the maximum number of history events (%lld).",
                    (long long)run->step->config->history_events_max));
    return step_end_execution(run, EXECUTION_STATUS_FAILED, run->execution.last_event_id, NULL, &failure);
}

/* Lets what is still in the queue go on in a later step. */
static enum status continue_later(struct run *run)
{
    for (; run->queue_head < run->queue_count; run->queue_head++) {
        struct run_frame *frame = NULL;
        enum status status = run_frame(run, run->queue[run->queue_head], &frame);
        if (status == STATUS_OK) {
            frame->queued = false;
            run_phase(run, frame, (enum frame_phase)frame->row.phase, run->step->env->now_ms);
        } else if (status != STATUS_NOT_FOUND) {
            return status;
        }
    }
    return STATUS_OK;
}

/* Runs the queue until everything waits or the step has done enough. */
static enum status run_queue_out(struct run *run)
{
    while (run->queue_head < run->queue_count && run_is_open(run) && !run_is_full(run)) {
        struct run_frame *frame = NULL;
        enum status status = run_frame(run, run->queue[run->queue_head++], &frame);
        if (status == STATUS_NOT_FOUND) {
            continue; /* taken down since */
        }
        TRY(status);
        frame->queued = false;
        TRY(go_on(run, frame));
        if (run->history_full && run_is_open(run)) {
            return fail_full_history(run);
        }
    }
    if (run->history_full && run_is_open(run)) {
        return fail_full_history(run);
    }
    return run_is_open(run) ? continue_later(run) : STATUS_OK;
}

/* ---- Events ---- */

static enum status apply_stop(struct run *run, const struct step_event *event, enum step_outcome *out_outcome)
{
    const struct failure failure = {.error = event->error, .cause = event->cause, .is = true};
    if (!run_is_open(run)) {
        *out_outcome = STEP_CLOSED;
        return STATUS_OK;
    }
    return step_end_execution(run, EXECUTION_STATUS_ABORTED, 0, NULL, &failure);
}

static enum status apply_task(struct run *run, const struct step_event *event, enum step_outcome *out_outcome)
{
    struct run_frame *frame = NULL;
    bool alive = false;
    *out_outcome = STEP_LATE;
    if (!run_is_open(run)) {
        return STATUS_OK;
    }
    enum status status = run_frame(run, event->token.frame, &frame);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    TRY(status);
    if (!run_frame_is_current(run, frame)) {
        return STATUS_OK; /* of before the redrive, which will come to this frame */
    }
    TRY(run_frame_is_alive(run, frame, &alive));
    return alive ? step_task_event(run, frame, event, out_outcome) : STATUS_OK;
}

static enum status apply_frame_timer(struct run *run, const struct effect_timer *timer)
{
    struct run_frame *frame = NULL;
    bool alive = false;
    enum status status = run_frame(run, timer->frame, &frame);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    TRY(status);
    if (frame->stored_timer_ms != timer->due_ms) {
        return STATUS_OK; /* one that the frame no longer knows of */
    }
    frame->stored_timer_ms = RECORD_NONE; /* its row is gone: step_apply deleted it */
    frame->timer_ms = RECORD_NONE;
    frame->dirty = true;
    if (frame->row.phase == FRAME_SWEEP) {
        return step_sweep(run, frame);
    }
    if (!run_is_open(run) || !run_frame_is_current(run, frame) || frame->row.phase_counter != timer->phase_counter) {
        return STATUS_OK;
    }
    TRY(run_frame_is_alive(run, frame, &alive));
    return alive ? go_on(run, frame) : STATUS_OK;
}

static enum status apply_timer_row(struct run *run, const struct step_event *event)
{
    struct effect *effect = NULL;
    TRY(effects_add(run->effects, EFFECT_DELETE_TIMER, &effect));
    effect->timer = event->timer;
    return STATUS_OK;
}

static enum status apply_timer(struct run *run, const struct step_event *event)
{
    TRY(apply_timer_row(run, event));
    if (event->timer.frame == TIMER_EXECUTION) {
        return step_execution_timer(run, event->timer.due_ms);
    }
    return apply_frame_timer(run, &event->timer);
}

static enum status apply(struct run *run, const struct step_event *event, enum step_outcome *out_outcome)
{
    switch (event->type) {
    case STEP_START:
        return step_begin_execution(run, event->start);
    case STEP_STOP:
        return apply_stop(run, event, out_outcome);
    case STEP_REDRIVE:
        return step_redrive(run, event, out_outcome);
    case STEP_TASK_SUCCEEDED:
    case STEP_TASK_FAILED:
    case STEP_TASK_HEARTBEAT:
    case STEP_TASK_STARTED:
    case STEP_TASK_SUBMITTED:
        return apply_task(run, event, out_outcome);
    case STEP_TIMER:
        return apply_timer(run, event);
    }
    UNREACHABLE("step event");
}

/* An execution that is not there: a timer of it is only cleared away. */
static enum status apply_unknown(const struct step_event *event, struct effects *effects, enum step_outcome *out_outcome)
{
    struct effect *effect = NULL;
    *out_outcome = STEP_UNKNOWN;
    if (event->type == STEP_TIMER) {
        *out_outcome = STEP_APPLIED;
        TRY(effects_add(effects, EFFECT_DELETE_TIMER, &effect));
        effect->timer = event->timer;
    }
    return STATUS_OK;
}

/* Time never goes back within an execution. */
static void set_now(struct run *run)
{
    struct env *env = run->step->env;
    if (env->now_ms * 1000 < run->execution.last_time) {
        env->now_ms = (run->execution.last_time + 999) / 1000;
    }
    run->execution.last_time = env->now_ms * 1000;
}

static struct run *new_run(const struct step *step, const struct step_event *event, struct effects *effects)
{
    struct run *run = arena_new(step->arena, struct run); /* effects point into it */
    *effects = effects_in(step->arena);
    if (run != NULL) {
        *run = (struct run){.step = step,
                            .arena = step->arena,
                            .effects = effects,
                            .machine = step->machine,
                            .id = event->execution,
                            .arena_used = arena_used(step->arena)};
    }
    return run;
}

static enum status attempt(const struct step *step, const struct step_event *event, struct effects *out_effects,
                           enum step_outcome *out_outcome)
{
    struct run *run = new_run(step, event, out_effects);
    TRY_NEW(run);
    *out_outcome = STEP_APPLIED;
    if (event->type != STEP_START) {
        enum status status = run_load(run);
        if (status == STATUS_NOT_FOUND) {
            return apply_unknown(event, out_effects, out_outcome);
        }
        TRY(status);
        set_now(run);
    }
    TRY(apply(run, event, out_outcome));
    if (*out_outcome != STEP_APPLIED) {
        *out_effects = effects_in(step->arena);
        return STATUS_OK;
    }
    TRY(run_queue_out(run));
    TRY(step_publish_status(run));
    return run_flush(run);
}

/* The step met a limit: nothing of it counts, and the execution fails. */
static enum status fail_at_limit(const struct step *step, const struct step_event *event, struct effects *out_effects)
{
    struct run *run = new_run(step, event, out_effects);
    struct failure failure;
    TRY_NEW(run);
    if (event->type == STEP_START) {
        TRY(step_begin_execution(run, event->start));
    } else {
        TRY(run_load(run));
        set_now(run);
    }
    if (event->type == STEP_TIMER) {
        TRY(apply_timer_row(run, event));
    }
    if (event->type == STEP_REDRIVE) {
        TRY(step_begin_redrive(run, event));
    }
    if (run_is_open(run)) {
        TRY(failure_set(run->arena, &failure, errors_name(ERROR_RUNTIME),
                        "The execution exceeded a limit of the engine: JSON nested deeper than %d, or more memory for one step than "
                        "it may take.",
                        JSON_DEPTH_MAX));
        TRY(step_end_execution(run, EXECUTION_STATUS_FAILED, run->execution.last_event_id, NULL, &failure));
    }
    TRY(step_publish_status(run));
    return run_flush(run);
}

enum status step_apply(const struct step *step, const struct step_event *event, struct effects *out_effects,
                       enum step_outcome *out_outcome)
{
    arena_hold_back(step->arena, STEP_RESERVE_BYTES);
    step->env->work = 0;
    step->env->work_max = STEP_WORK_MAX;
    enum status status = attempt(step, event, out_effects, out_outcome);
    arena_hold_back(step->arena, 0);
    if (status == STATUS_LIMIT_EXCEEDED) {
        *out_outcome = STEP_APPLIED;
        status = fail_at_limit(step, event, out_effects);
    }
    return status;
}
