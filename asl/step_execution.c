/* An execution's beginning and end. */
#include "asl/errors.h"
#include "asl/step_parts.h"
#include "asl/variables.h"
#include "base/assert.h"
#include "base/limits.h"

static struct str execution_name(struct str arn)
{
    /* arn:<p>:states:<r>:<a>:execution|express:<machine>:<name>[:<uuid>] */
    for (int colons = 0; colons < 7; colons++) {
        size_t colon = str_find(arn, ':');
        arn = colon == arn.length ? arn : str_from(arn, colon + 1);
    }
    return str_slice(arn, 0, str_find(arn, ':'));
}

/* AWS charges Express executions in these; each takes 50 MB before its data (its pricing page). */
#define BILLED_STEP_MS 100
#define BILLED_CHUNK_MB 64
#define BILLED_BASE_BYTES ((size_t)50 << 20)

static void bill(const struct execution_row *execution, struct execution_status *status)
{
    int64_t ms = (execution->stop_date - execution->incarnation) / 1000;
    size_t bytes = BILLED_BASE_BYTES + status->input.length + status->output.length;
    int64_t chunks = (int64_t)((bytes - 1) / ((size_t)BILLED_CHUNK_MB << 20)) + 1;
    status->billed_duration_ms = ms <= 0 ? BILLED_STEP_MS : (ms + BILLED_STEP_MS - 1) / BILLED_STEP_MS * BILLED_STEP_MS;
    status->billed_memory_mb = chunks * BILLED_CHUNK_MB;
}

enum status step_publish_status(struct run *run)
{
    struct execution_status *status = arena_new(run->arena, struct execution_status);
    struct effect *effect = NULL;
    struct data *input = NULL;
    struct str input_text;
    const struct execution_row *execution = &run->execution;
    if (!run->status_changed) {
        return run->forgotten ? effects_add(run->effects, EFFECT_STATUS_TOMBSTONE, &effect) : STATUS_OK;
    }
    TRY_NEW(status);
    TRY(run_execution_input(run, &input));
    TRY(data_text(run->arena, input, &input_text));
    *status = (struct execution_status){
        .execution_arn = execution->arn,
        .incarnation = execution->incarnation,
        .version = execution->last_event_id,
        .state_machine_arn = execution->state_machine_arn,
        .state_machine_version_arn = execution->state_machine_version_arn,
        .state_machine_alias_arn = execution->state_machine_alias_arn,
        .revision_id = execution->revision_id,
        .name = execution_name(execution->arn),
        .type = execution->express ? STR("EXPRESS") : STR("STANDARD"),
        .status = execution_status_name((enum execution_status_id)execution->status),
        .start_date = execution->incarnation,
        .stop_date = execution->stop_date,
        .input = input_text,
        .output = run->status_output,
        .error = execution->error,
        .cause = execution->cause,
        .trace_header = execution->trace_header,
        .redrive_count = execution->redrive_count,
        .redrive_date = execution->redrive_date,
        .transitions = execution->transitions,
        .billed_duration_ms = RECORD_NONE,
        .billed_memory_mb = RECORD_NONE,
    };
    if (execution->express && execution->stop_date != RECORD_NONE) {
        bill(execution, status);
    }
    TRY(effects_add(run->effects, EFFECT_STATUS, &effect));
    effect->status = status;
    /* An Express execution is told and forgotten in one step; readers of the topic still see how it ended. */
    return run->forgotten ? effects_add(run->effects, EFFECT_STATUS_TOMBSTONE, &effect) : STATUS_OK;
}

static enum status fill_execution(struct run *run, const struct step_start *start)
{
    run->execution = (struct execution_row){
        .arn = start->arn,
        .incarnation = start->incarnation,
        .state_machine_arn = start->state_machine_arn,
        .state_machine_version_arn = start->state_machine_version_arn,
        .state_machine_alias_arn = start->state_machine_alias_arn,
        .revision_id = start->revision_id,
        .role_arn = start->role_arn,
        .status = EXECUTION_STATUS_RUNNING,
        .express = start->express,
        .last_time = run->step->env->now_ms * 1000,
        .deadline = RECORD_NONE,
        .deadline_timer_due = RECORD_NONE,
        .stop_date = RECORD_NONE,
        .redrive_date = RECORD_NONE,
        .trace_header = start->trace_header,
        .traceparent = start->traceparent,
        .tracestate = start->tracestate,
    };
    run->execution_input = data_of_text(start->input);
    run->execution_input_known = true;
    run->execution_dirty = true;
    run->executions_started = 1;
    /* Small inputs lie in the row; the limit is the frames'. */
    if (start->input.length <= 1024) {
        run->execution.input = start->input;
        return STATUS_OK;
    }
    return run_payload_put(run, &(struct payload_id){.scope = FRAME_ROOT, .slot = PAYLOAD_EXECUTION_INPUT}, start->input);
}

enum status step_arm_deadline(struct run *run)
{
    int64_t now_ms = run->step->env->now_ms;
    int64_t begin_ms = run->execution.redrive_count > 0 ? run->execution.incarnation / 1000 : now_ms;
    int64_t due_ms = begin_ms + (run->execution.express ? EXPRESS_MS_MAX : EXECUTION_MS_MAX);
    int64_t timeout_ms = run->machine->timeout_seconds * 1000;
    if (timeout_ms > 0 && now_ms + timeout_ms < due_ms) {
        due_ms = now_ms + timeout_ms;
    }
    run->execution.deadline = due_ms * 1000;
    return run_arm_execution(run, due_ms);
}

static enum status set_variables(struct run *run, struct run_frame *root, struct failure *out_failure)
{
    const struct value *variables = run->step->variables;
    if (variables == NULL || variables->count == 0) {
        return STATUS_OK;
    }
    TRY(variables_check(run, root, variables, out_failure));
    return failure_is(out_failure) ? STATUS_OK : variables_assign(run, root, variables);
}

enum status step_begin_execution(struct run *run, const struct step_start *start)
{
    struct failure failure = FAILURE_NONE;
    struct history_event *event = NULL;
    struct run_frame *root = NULL;
    TRY(fill_execution(run, start));
    TRY(run_frame_new(run, NULL, 0, 0, &root));
    TRY(step_arm_deadline(run));
    TRY(history_add(run, HISTORY_EVENT_EXECUTION_STARTED, 0, &event));
    event->input = start->input;
    event->role_arn = start->role_arn;
    event->state_machine_version_arn = start->state_machine_version_arn;
    event->state_machine_alias_arn = start->state_machine_alias_arn;
    root->row.previous_event_id = 0; /* the first state's event, too, names none */
    run_set_input(run, root, data_of_text(start->input));
    run->status_changed = true;
    TRY(set_variables(run, root, &failure));
    if (failure_is(&failure)) {
        return step_end_execution(run, EXECUTION_STATUS_FAILED, event->id, NULL, &failure);
    }
    return run_queue(run, root);
}

/* ---- The end ---- */

static enum history_event_type end_event(enum execution_status_id status)
{
    switch (status) {
    case EXECUTION_STATUS_SUCCEEDED:
        return HISTORY_EVENT_EXECUTION_SUCCEEDED;
    case EXECUTION_STATUS_FAILED:
        return HISTORY_EVENT_EXECUTION_FAILED;
    case EXECUTION_STATUS_TIMED_OUT:
        return HISTORY_EVENT_EXECUTION_TIMED_OUT;
    case EXECUTION_STATUS_ABORTED:
        return HISTORY_EVENT_EXECUTION_ABORTED;
    case EXECUTION_STATUS_RUNNING:
    case EXECUTION_STATUS_PENDING_REDRIVE:
    case EXECUTION_STATUS_COUNT:
        break;
    }
    UNREACHABLE("status of an execution that has ended");
}

static enum status delete_root_payloads(struct run *run)
{
    struct run_frame *root = NULL;
    TRY(run_frame(run, FRAME_ROOT, &root));
    if (run->execution.input.bytes == NULL && run->execution_stored) {
        TRY(run_payload_delete(run, &(struct payload_id){.scope = FRAME_ROOT, .slot = PAYLOAD_EXECUTION_INPUT}));
    }
    if (root->stored_input) {
        TRY(run_payload_delete(run, &(struct payload_id){.scope = FRAME_ROOT, .slot = PAYLOAD_INPUT}));
    }
    for (int64_t page = 0; page < root->stored_pages; page++) {
        TRY(run_payload_delete(run, &(struct payload_id){.scope = FRAME_ROOT, .slot = PAYLOAD_VARIABLES, .index = page}));
    }
    return STATUS_OK;
}

/* Deletes frames and payloads, a page at a time. *out_done: nothing is left. */
static enum status delete_rows(struct run *run, bool *out_done)
{
    *out_done = true;
    for (uint32_t at = 0; at < run->payload_count; at++) {
        run->payloads[at].text = STR_NONE;
    }
    if (run->execution.next_frame_id == FRAME_ROOT + 1) {
        return delete_root_payloads(run); /* the usual small workflow: nothing to look for */
    }
    const struct frame_row **rows = NULL;
    struct payload_id *payloads = NULL;
    size_t frame_count = 0;
    size_t payload_count = 0;
    const struct rows *store = run->step->rows;
    TRY(store->frames(store->owner, run->arena, &run->id, FRAME_ROOT + 1, run_effects_max(run) / 4, &rows, &frame_count));
    for (size_t at = 0; at < frame_count; at++) {
        struct run_frame *frame = NULL;
        enum status status = run_frame(run, rows[at]->id, &frame);
        if (status == STATUS_OK) {
            TRY(run_frame_delete(run, frame));
        } else if (status != STATUS_NOT_FOUND) {
            return status;
        }
    }
    TRY(store->payloads(store->owner, run->arena, &run->id, -1, run_effects_max(run) / 4, &payloads, &payload_count));
    for (size_t at = 0; at < payload_count; at++) {
        TRY(run_payload_delete(run, &payloads[at]));
    }
    *out_done = frame_count < run_effects_max(run) / 4 && payload_count < run_effects_max(run) / 4;
    return STATUS_OK;
}

/* Frames made in this very step go with it, sweeping ones too, as all payloads go; those of the store are left to
 * delete_rows. */
static enum status drop_new_frames(struct run *run)
{
    for (uint32_t at = 0; at < run->frame_count; at++) {
        struct run_frame *frame = run->frames[at];
        if (frame->row.id != FRAME_ROOT && !frame->stored && !frame->deleted) {
            TRY(run_frame_delete(run, frame));
        }
    }
    return STATUS_OK;
}

/* What is deleted can't be redriven, whatever redrive.days says later. */
static enum status give_up_root(struct run *run)
{
    struct run_frame *root = NULL;
    TRY(run_frame(run, FRAME_ROOT, &root));
    run_phase(run, root, FRAME_GONE, RECORD_NONE);
    return STATUS_OK;
}

/* The rows are no longer needed, now or as soon as continuations have deleted them. */
static enum status clean_up(struct run *run)
{
    bool done = false;
    struct effect *effect = NULL;
    int64_t now_ms = run->step->env->now_ms;
    int64_t forget_ms = run->execution.stop_date / 1000 + run->step->config->retention_ms;
    TRY(give_up_root(run));
    TRY(delete_rows(run, &done));
    if (!done) {
        return run_arm_execution(run, now_ms);
    }
    if (!run->execution.express && forget_ms > now_ms) {
        return run_arm_execution(run, forget_ms);
    }
    TRY(run_arm_execution(run, RECORD_NONE));
    run->execution_deleted = true;
    if (run->execution_stored) {
        TRY(effects_add(run->effects, EFFECT_DELETE_EXECUTION, &effect));
    }
    run->forgotten = true;
    return STATUS_OK;
}

/* The root frame waits for nothing any more, and of a success nothing of it is needed. */
static enum status close_root(struct run *run, bool keep)
{
    struct run_frame *root = NULL;
    TRY(run_frame(run, FRAME_ROOT, &root));
    root->timer_ms = RECORD_NONE;
    root->dirty = true;
    if (!keep) {
        root->row.input = STR("null");
        root->row.variables = STR_NONE;
        root->row.variable_pages = 0;
        root->input_changed = false;
        root->variables_changed = false;
    }
    return STATUS_OK;
}

bool step_is_redrivable(const struct run *run)
{
    return !run->execution.express && run->step->config->redrive_ms > 0;
}

enum status step_end_execution(struct run *run, enum execution_status_id status, int64_t previous_event_id, struct data *output,
                               const struct failure *failure)
{
    struct history_event *event = NULL;
    struct str output_text = STR_NONE;
    struct data *input = NULL;
    TRY(run_execution_input(run, &input)); /* the status shows it; its row may be gone before */
    bool redrivable = status != EXECUTION_STATUS_SUCCEEDED && step_is_redrivable(run);
    TRY(history_add(run, end_event(status), previous_event_id, &event));
    if (output != NULL) {
        TRY(data_text(run->arena, output, &output_text));
        event->output = output_text;
    }
    if (failure != NULL) {
        event->error = failure->error;
        event->cause = failure->cause;
        run->execution.error = failure->error;
        run->execution.cause = failure->cause;
    }
    run->execution.status = status;
    run->execution.stop_date = run->execution.last_time;
    run->execution_dirty = true;
    run->status_changed = true;
    run->status_output = output_text;
    TRY(close_root(run, redrivable));
    if (redrivable) {
        return run_arm_execution(run, run->step->env->now_ms + run->step->config->redrive_ms);
    }
    TRY(drop_new_frames(run));
    return clean_up(run);
}

enum status step_execution_timer(struct run *run, int64_t due_ms)
{
    int64_t armed = run->execution.deadline_timer_due;
    if (armed == RECORD_NONE || armed / 1000 != due_ms) {
        return STATUS_OK; /* one that was replaced */
    }
    run->execution.deadline_timer_due = RECORD_NONE; /* its row is gone: step_apply deleted it */
    run->execution_dirty = true;
    if (!run_is_open(run)) {
        return clean_up(run);
    }
    if (run->execution.deadline / 1000 > run->step->env->now_ms) {
        return run_arm_execution(run, run->execution.deadline / 1000);
    }
    struct run_frame *root = NULL;
    TRY(run_frame(run, FRAME_ROOT, &root));
    const struct failure failure = {.error = errors_name(ERROR_TIMEOUT), .is = true};
    return step_end_execution(run, EXECUTION_STATUS_TIMED_OUT, run->execution.last_event_id, NULL, &failure);
}
