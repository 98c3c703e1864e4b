/* Task: from Parameters to a TaskRequest, and from a worker's word to the state's result. */
#include "asl/errors.h"
#include "asl/step_parts.h"
#include "base/assert.h"
#include "base/hash.h"
#include "base/limits.h"

/* What an attempt is made of, evaluated before anything is recorded. */
struct attempt {
    struct str token;
    struct str parameters;
    struct str credentials; /* JSON text; STR_NONE: none */
    struct str role_arn;
    int64_t timeout_seconds; /* RECORD_NONE: none */
    int64_t heartbeat_seconds;
};

static enum status make_token(struct run *run, struct run_frame *frame, struct str *out_token)
{
    struct token token = {
        .arn_murmur2 = hash_murmur2(run->execution.arn),
        .execution = run->id,
        .frame = frame->row.id,
        .attempt = (uint32_t)frame->row.retry_total,
    };
    env_random(run->step->env, token.bits, sizeof token.bits);
    TRY(arena_copy(run->arena, (struct str){(const char *)token.bits, sizeof token.bits}, &frame->row.token_bits));
    return token_encode(run->arena, &token, out_token);
}

/* TimeoutSeconds or HeartbeatSeconds, in whichever form. */
static enum status evaluate_seconds(struct run *run, const struct expression *expression, const struct expression_scope *scope,
                                    int64_t *out_seconds, struct failure *out_failure)
{
    const struct value *value = NULL;
    struct str message;
    *out_seconds = RECORD_NONE;
    if (expression == NULL) {
        return STATUS_OK;
    }
    if (expression->kind == EXPRESSION_PATH) {
        enum status status = path_evaluate(run->arena, expression->path, &scope->roots, &value, &message);
        if (status == STATUS_NOT_FOUND || status == STATUS_INVALID) {
            return failure_set(run->arena, out_failure, errors_name(ERROR_RUNTIME), "Invalid path '%.*s' : %.*s",
                               STR_ARGS(expression->text), STR_ARGS(message));
        }
        TRY(status);
    } else {
        TRY(expression_evaluate(run->arena, expression, scope, &value, out_failure));
        if (failure_is(out_failure)) {
            return STATUS_OK;
        }
    }
    if (value->type != VALUE_NUMBER || !value_to_int64(value, out_seconds) || *out_seconds < 1 || *out_seconds > SECONDS_MAX) {
        struct str text = value->string;
        *out_seconds = RECORD_NONE;
        if (expression->kind == EXPRESSION_JSONATA && value->type != VALUE_NUMBER) {
            return expression_unexpected(run->arena, expression, "number", value, out_failure);
        }
        if (value->type != VALUE_STRING) {
            TRY(value_to_text(run->arena, value, &text));
        }
        bool path = expression->kind == EXPRESSION_PATH;
        TRY(failure_set(run->arena, out_failure, errors_name(path ? ERROR_RUNTIME : ERROR_QUERY_EVALUATION_ERROR),
                        "The %.*s field refers to value \"%.*s\" which is not a valid positive integer: %.*s",
                        STR_ARGS(expression->field), STR_ARGS(text), STR_ARGS(expression->text)));
    }
    return STATUS_OK;
}

static enum status evaluate_credentials(struct run *run, const struct state_task *task, const struct expression_scope *scope,
                                        struct attempt *attempt, struct failure *out_failure)
{
    const struct value *value = NULL;
    if (task->credentials == NULL) {
        return STATUS_OK;
    }
    TRY(expression_evaluate(run->arena, task->credentials, scope, &value, out_failure));
    if (failure_is(out_failure)) {
        return STATUS_OK;
    }
    const struct value *role = value_get(value, STR("RoleArn"));
    attempt->role_arn = role != NULL && role->type == VALUE_STRING ? role->string : STR_NONE;
    return value_to_text(run->arena, value, &attempt->credentials);
}

static enum status evaluate_attempt(struct run *run, struct run_frame *frame, struct attempt *attempt, struct failure *out_failure)
{
    const struct state *state = run_state(run, frame);
    const struct state_task *task = &state->task;
    struct data effective;
    struct data parameters;
    struct expression_scope scope = {.env = run->step->env};
    bool callback = task->resource.pattern != RESOURCE_REQUEST_RESPONSE;
    *attempt = (struct attempt){.timeout_seconds = RECORD_NONE, .heartbeat_seconds = RECORD_NONE};
    TRY(make_token(run, frame, &attempt->token));
    TRY(dataflow_input(run, frame, &effective, out_failure));
    if (failure_is(out_failure)) {
        return STATUS_OK;
    }
    if (task->timeout != NULL || task->heartbeat != NULL || task->credentials != NULL) {
        const struct value *input = NULL;
        TRY(data_value(run->arena, &effective, &input));
        TRY(context_scope(run, frame, input, &scope));
        TRY(evaluate_seconds(run, task->timeout, &scope, &attempt->timeout_seconds, out_failure));
        if (!failure_is(out_failure)) {
            TRY(evaluate_seconds(run, task->heartbeat, &scope, &attempt->heartbeat_seconds, out_failure));
        }
        if (!failure_is(out_failure)) {
            TRY(evaluate_credentials(run, task, &scope, attempt, out_failure));
        }
        if (failure_is(out_failure)) {
            return STATUS_OK;
        }
    }
    TRY(dataflow_parameters(run, frame, effective, callback ? attempt->token : STR_NONE, &parameters, out_failure));
    return failure_is(out_failure) ? STATUS_OK : data_text(run->arena, &parameters, &attempt->parameters);
}

/* ---- What history is told ---- */

/* Event types of one kind of task. */
struct task_events {
    enum history_event_type scheduled;
    enum history_event_type unsent;
    enum history_event_type started;
    enum history_event_type succeeded;
    enum history_event_type failed;
    enum history_event_type timed_out;
};

static const struct task_events *events_of(const struct state_task *task)
{
    static const struct task_events kinds[] = {
        [RESOURCE_LAMBDA] = {HISTORY_EVENT_LAMBDA_FUNCTION_SCHEDULED, HISTORY_EVENT_LAMBDA_FUNCTION_SCHEDULE_FAILED,
                             HISTORY_EVENT_LAMBDA_FUNCTION_STARTED, HISTORY_EVENT_LAMBDA_FUNCTION_SUCCEEDED,
                             HISTORY_EVENT_LAMBDA_FUNCTION_FAILED, HISTORY_EVENT_LAMBDA_FUNCTION_TIMED_OUT},
        [RESOURCE_ACTIVITY] = {HISTORY_EVENT_ACTIVITY_SCHEDULED, HISTORY_EVENT_ACTIVITY_SCHEDULE_FAILED,
                               HISTORY_EVENT_ACTIVITY_STARTED, HISTORY_EVENT_ACTIVITY_SUCCEEDED, HISTORY_EVENT_ACTIVITY_FAILED,
                               HISTORY_EVENT_ACTIVITY_TIMED_OUT},
        [RESOURCE_INTEGRATION] = {HISTORY_EVENT_TASK_SCHEDULED, HISTORY_EVENT_TASK_SUBMIT_FAILED, HISTORY_EVENT_TASK_STARTED,
                                  HISTORY_EVENT_TASK_SUCCEEDED, HISTORY_EVENT_TASK_FAILED, HISTORY_EVENT_TASK_TIMED_OUT},
    };
    return &kinds[task->resource.kind];
}

/* Records an event of the open task, with its resource where that kind of task shows one. */
static enum status record_task(struct run *run, struct run_frame *frame, enum history_event_type type,
                               struct history_event **out_event)
{
    const struct state_task *task = &run_state(run, frame)->task;
    TRY(history_add_frame(run, frame, type, out_event));
    if (task->resource.kind == RESOURCE_INTEGRATION) {
        (*out_event)->resource_type = task->resource.service;
        (*out_event)->resource = task->resource.action;
    }
    return STATUS_OK;
}

static enum status record_failed(struct run *run, struct run_frame *frame, enum history_event_type type, const struct failure *failure)
{
    struct history_event *event = NULL;
    TRY(record_task(run, frame, type, &event));
    event->error = failure->error;
    event->cause = failure->cause;
    return STATUS_OK;
}

void step_forget_task(struct frame_row *row)
{
    row->token_bits = STR_NONE;
    row->deadline = RECORD_NONE;
    row->heartbeat_ms = RECORD_NONE;
    row->heartbeat_deadline = RECORD_NONE;
    row->scheduled_time = RECORD_NONE;
    row->started_time = RECORD_NONE;
}

/* The task is over: its token is no longer good. */
static void close_task(struct run_frame *frame)
{
    step_forget_task(&frame->row);
    frame->timer_ms = RECORD_NONE;
    frame->dirty = true;
}

/* The effect of the event that was just recorded is told how long the open task took. */
static enum status tell_times(struct run *run, const struct run_frame *frame)
{
    if (run->history_full || frame->row.scheduled_time == RECORD_NONE) {
        return STATUS_OK;
    }
    struct effect_closed_task *closed = arena_new(run->arena, struct effect_closed_task);
    TRY_NEW(closed);
    *closed = (struct effect_closed_task){
        .kind = run_state(run, frame)->task.resource.kind,
        .scheduled = frame->row.scheduled_time,
        .started = frame->row.started_time,
        .closed = run->execution.last_time,
    };
    run->effects->items[run->effects->count - 1].closed_task = closed;
    return STATUS_OK;
}

static enum status close_failed(struct run *run, struct run_frame *frame, enum history_event_type type, const struct failure *failure)
{
    TRY(record_failed(run, frame, type, failure));
    TRY(tell_times(run, frame));
    close_task(frame);
    return STATUS_OK;
}

static enum status record_scheduled(struct run *run, struct run_frame *frame, const struct attempt *attempt)
{
    const struct state_task *task = &run_state(run, frame)->task;
    struct history_event *event = NULL;
    TRY(history_add_frame(run, frame, events_of(task)->scheduled, &event));
    event->timeout_in_seconds = attempt->timeout_seconds;
    event->heartbeat_in_seconds = task->resource.kind == RESOURCE_LAMBDA ? RECORD_NONE : attempt->heartbeat_seconds;
    event->task_credentials_role_arn = attempt->role_arn;
    if (task->resource.kind == RESOURCE_INTEGRATION) {
        event->resource_type = task->resource.service;
        event->resource = task->resource.action;
        event->region = run->step->config->region;
        event->parameters = attempt->parameters;
    } else {
        event->resource = task->resource_text;
        event->input = attempt->parameters;
    }
    return STATUS_OK;
}

static enum status make_request(struct run *run, struct run_frame *frame, const struct attempt *attempt,
                                struct task_request **out_request)
{
    const struct state *state = run_state(run, frame);
    struct task_request *request = arena_new(run->arena, struct task_request);
    TRY_NEW(request);
    *request = (struct task_request){
        .task_token = attempt->token,
        .execution_arn = run->execution.arn,
        .incarnation = run->execution.incarnation,
        .state_machine_arn = run->execution.state_machine_arn,
        .state_name = state->name,
        .resource = state->task.resource_text,
        .parameters = attempt->parameters,
        .attempt = frame->row.retry_total,
        .scheduled_time = run->execution.last_time,
        .deadline = frame->row.deadline,
        .heartbeat_in_seconds = attempt->heartbeat_seconds,
        .credentials = attempt->credentials,
    };
    *out_request = request;
    return STATUS_OK;
}

static int64_t task_timer_ms(const struct frame_row *row)
{
    int64_t due = row->deadline;
    if (row->heartbeat_deadline != RECORD_NONE && (due == RECORD_NONE || row->heartbeat_deadline < due)) {
        due = row->heartbeat_deadline;
    }
    return due == RECORD_NONE ? RECORD_NONE : due / 1000;
}

/* Asks for the task, or fails it when the request would not arrive: its route is the engine's part of the task. */
static enum status send_request(struct run *run, struct run_frame *frame, const struct task_request *request)
{
    const struct state_task *task = &run_state(run, frame)->task;
    const struct step_routes *routes = run->step->routes;
    struct failure failure = {.error = errors_name(ERROR_TASK_FAILED), .is = true};
    struct effect *effect = NULL;
    if (routes != NULL) {
        TRY(routes->refusal(routes->owner, run->arena, task->route, request, &failure.cause));
    }
    if (failure.cause.bytes != NULL) {
        close_task(frame);
        TRY(record_failed(run, frame, events_of(task)->unsent, &failure));
        return step_fail(run, frame, &failure, false);
    }
    TRY(effects_add(run->effects, EFFECT_TASK_REQUEST, &effect));
    effect->task_request = (struct effect_task){request, task->route};
    run_phase(run, frame, FRAME_TASK, task_timer_ms(&frame->row));
    return STATUS_OK;
}

/* A later deadline leaves the timer as it is: it re-arms itself when it fires early. */
static void restart_heartbeat(struct run *run, struct run_frame *frame)
{
    if (frame->row.heartbeat_ms == RECORD_NONE) {
        return;
    }
    frame->row.heartbeat_deadline = (run->step->env->now_ms + frame->row.heartbeat_ms) * 1000;
    int64_t due_ms = task_timer_ms(&frame->row);
    if (frame->timer_ms == RECORD_NONE || due_ms < frame->timer_ms) {
        frame->timer_ms = due_ms;
    }
    frame->dirty = true;
}

/* Of an activity's task: that it is not there. */
static enum status check_activity(struct run *run, struct run_frame *frame, struct failure *out_failure)
{
    const struct state_task *task = &run_state(run, frame)->task;
    const struct step_routes *routes = run->step->routes;
    bool exists = true;
    if (task->resource.kind == RESOURCE_ACTIVITY && routes != NULL) {
        TRY(routes->has_activity(routes->owner, task->resource_text, &exists));
    }
    return exists ? STATUS_OK
                  : failure_set(run->arena, out_failure, errors_name(ERROR_RUNTIME), "The activity %.*s does not exist.",
                                STR_ARGS(task->resource_text));
}

enum status step_schedule_task(struct run *run, struct run_frame *frame)
{
    struct attempt attempt;
    struct failure failure = FAILURE_NONE;
    TRY(evaluate_attempt(run, frame, &attempt, &failure));
    if (failure_is(&failure)) {
        return step_fail_evaluation(run, frame, failure);
    }
    if (attempt.parameters.length > run->step->config->payload_bytes_max) {
        return step_fail_parameters_size(run, frame);
    }
    TRY(check_activity(run, frame, &failure));
    if (failure_is(&failure)) {
        return step_fail_evaluation(run, frame, failure);
    }
    int64_t now_ms = run->step->env->now_ms;
    frame->row.task_flags = 0;
    frame->row.worker_name = STR_NONE;
    frame->row.scheduled_time = run->execution.last_time;
    frame->row.started_time = RECORD_NONE;
    frame->row.deadline = attempt.timeout_seconds == RECORD_NONE ? RECORD_NONE : (now_ms + attempt.timeout_seconds * 1000) * 1000;
    frame->row.heartbeat_ms = attempt.heartbeat_seconds == RECORD_NONE ? RECORD_NONE : attempt.heartbeat_seconds * 1000;
    frame->row.heartbeat_deadline = RECORD_NONE;
    if (run_state(run, frame)->task.resource.kind != RESOURCE_ACTIVITY) {
        restart_heartbeat(run, frame); /* an activity's count from its claim: before, there is nobody who could beat */
    }
    struct task_request *request = NULL;
    TRY(record_scheduled(run, frame, &attempt));
    if (run->history_full) {
        return STATUS_OK; /* it was not recorded, and so is not asked for: the step ends the execution */
    }
    TRY(make_request(run, frame, &attempt, &request));
    return send_request(run, frame, request);
}

enum status step_enter_task(struct run *run, struct run_frame *frame)
{
    return step_schedule_task(run, frame);
}

/* ---- Results ---- */

/* …Started, once: when a worker said so, at the latest before the task's end. */
static enum status record_started(struct run *run, struct run_frame *frame, struct str worker_name)
{
    struct history_event *event = NULL;
    const struct state_task *task = &run_state(run, frame)->task;
    if ((frame->row.task_flags & FRAME_TASK_STARTED) != 0) {
        return STATUS_OK;
    }
    frame->row.task_flags |= FRAME_TASK_STARTED;
    frame->row.worker_name = worker_name;
    TRY(record_task(run, frame, events_of(task)->started, &event));
    if (task->resource.kind == RESOURCE_ACTIVITY) {
        event->worker_name = worker_name;
    }
    return STATUS_OK;
}

static enum status fail_result_size(struct run *run, struct run_frame *frame)
{
    const struct state_task *task = &run_state(run, frame)->task;
    struct str name = task->resource.kind == RESOURCE_INTEGRATION ? task->resource.service : task->resource_text;
    struct failure failure;
    TRY(failure_set(run->arena, &failure, errors_name(ERROR_DATA_LIMIT_EXCEEDED),
                    "The state/task '%.*s' returned a result with a size exceeding the maximum number of bytes service limit.",
                    STR_ARGS(name)));
    TRY(close_failed(run, frame, events_of(task)->failed, &failure));
    return step_fail(run, frame, &failure, false);
}

static enum status task_succeeded(struct run *run, struct run_frame *frame, struct str output)
{
    struct history_event *event = NULL;
    TRY(record_started(run, frame, STR_NONE));
    if (output.length > run->step->config->payload_bytes_max) {
        return fail_result_size(run, frame);
    }
    TRY(record_task(run, frame, events_of(&run_state(run, frame)->task)->succeeded, &event));
    event->output = output;
    TRY(tell_times(run, frame));
    close_task(frame);
    return step_finish(run, frame, data_of_text(output));
}

static enum status task_failed(struct run *run, struct run_frame *frame, struct str error, struct str cause)
{
    const struct failure failure = {.error = error, .cause = cause, .is = true};
    TRY(record_started(run, frame, STR_NONE));
    TRY(close_failed(run, frame, events_of(&run_state(run, frame)->task)->failed, &failure));
    return step_fail(run, frame, &failure, false);
}

static enum status task_started(struct run *run, struct run_frame *frame, struct str worker_name, enum step_outcome *out_outcome)
{
    bool claimed = (frame->row.task_flags & FRAME_TASK_STARTED) != 0;
    if (claimed && run_state(run, frame)->task.resource.kind == RESOURCE_ACTIVITY &&
        !(worker_name.bytes != NULL && str_equal(frame->row.worker_name, worker_name))) {
        *out_outcome = STEP_TAKEN;
        return STATUS_OK;
    }
    restart_heartbeat(run, frame);
    if ((frame->row.task_flags & FRAME_TASK_STARTED) == 0) {
        frame->row.started_time = run->execution.last_time;
    }
    return record_started(run, frame, worker_name);
}

static enum status task_submitted(struct run *run, struct run_frame *frame, struct str output, enum step_outcome *out_outcome)
{
    struct history_event *event = NULL;
    if (run_state(run, frame)->task.resource.pattern == RESOURCE_REQUEST_RESPONSE) {
        *out_outcome = STEP_MISPLACED;
        return STATUS_OK;
    }
    if ((frame->row.task_flags & FRAME_TASK_SUBMITTED) != 0) {
        return STATUS_OK;
    }
    TRY(record_started(run, frame, STR_NONE));
    if (output.length > run->step->config->payload_bytes_max) {
        return fail_result_size(run, frame);
    }
    frame->row.task_flags |= FRAME_TASK_SUBMITTED;
    TRY(record_task(run, frame, HISTORY_EVENT_TASK_SUBMITTED, &event));
    event->output = output;
    return STATUS_OK;
}

/* Whether the token is the one of the open attempt. */
static bool token_fits(const struct run_frame *frame, const struct token *token)
{
#ifdef PAWL_MUTANT_ACCEPT_STALE_TOKEN
    (void)token;
    return frame->row.phase == FRAME_TASK;
#endif
    return frame->row.phase == FRAME_TASK && frame->row.token_bits.length == TOKEN_BITS_BYTES &&
           memcmp(frame->row.token_bits.bytes, token->bits, TOKEN_BITS_BYTES) == 0;
}

enum status step_task_event(struct run *run, struct run_frame *frame, const struct step_event *event, enum step_outcome *out_outcome)
{
    if (!token_fits(frame, &event->token)) {
        *out_outcome = STEP_LATE;
        return STATUS_OK;
    }
    *out_outcome = STEP_APPLIED;
    switch (event->type) {
    case STEP_TASK_SUCCEEDED:
        return task_succeeded(run, frame, event->output);
    case STEP_TASK_FAILED:
        return task_failed(run, frame, event->error, event->cause);
    case STEP_TASK_HEARTBEAT:
        restart_heartbeat(run, frame);
        return STATUS_OK;
    case STEP_TASK_STARTED:
        return task_started(run, frame, event->worker_name, out_outcome);
    case STEP_TASK_SUBMITTED:
        return task_submitted(run, frame, event->output, out_outcome);
    case STEP_START:
    case STEP_STOP:
    case STEP_REDRIVE:
    case STEP_TIMER:
        break;
    }
    UNREACHABLE("task event");
}

static enum status close_timed_out(struct run *run, struct run_frame *frame, const struct failure *failure, bool heartbeat)
{
    TRY(close_failed(run, frame, events_of(&run_state(run, frame)->task)->timed_out, failure));
    if (!run->history_full) {
        run->effects->items[run->effects->count - 1].heartbeat_missed = heartbeat;
    }
    return STATUS_OK;
}

enum status step_task_timer(struct run *run, struct run_frame *frame)
{
    int64_t now = run->step->env->now_ms * 1000;
    bool heartbeat = frame->row.heartbeat_deadline != RECORD_NONE && frame->row.heartbeat_deadline <= now;
    bool timeout = frame->row.deadline != RECORD_NONE && frame->row.deadline <= now;
    if (!heartbeat && !timeout) {
        /* A heartbeat moved the deadline; the timer row did not move with it. */
        frame->timer_ms = task_timer_ms(&frame->row);
        frame->dirty = true;
        return STATUS_OK;
    }
    const struct failure failure = {.error = errors_name(ERROR_TIMEOUT), .is = true};
    if (run_state(run, frame)->task.resource.kind != RESOURCE_ACTIVITY) {
        TRY(record_started(run, frame, STR_NONE)); /* an activity that nobody took was never started */
    }
    TRY(close_timed_out(run, frame, &failure, heartbeat && !timeout));
    return step_fail(run, frame, &failure, heartbeat && !timeout);
}
