/* What becomes of a failure: Retry, Catch, or the end of what is around (ASL.md, section 7). */
#include "asl/errors.h"
#include "asl/step_parts.h"
#include "base/limits.h"

/* How often the Retrier has been used for the present state. */
static int64_t uses_of(const struct run_frame *frame, uint32_t retrier)
{
    return retrier < frame->row.retry_counts.count ? frame->row.retry_counts.items[retrier] : 0;
}

bool step_is_answered(const struct run *run, const struct run_frame *frame, const struct failure *failure, bool heartbeat)
{
    const struct state *state = run_state(run, frame);
    const struct retry_error error = {failure->error, heartbeat};
    uint32_t retrier = retry_find_retrier(state, &error);
    return (retrier != UINT32_MAX && uses_of(frame, retrier) < state->retriers[retrier].attempts_max) ||
           retry_find_catcher(state, &error) != UINT32_MAX;
}

static enum status retry(struct run *run, struct run_frame *frame, uint32_t index, bool *out_retried)
{
    const struct state *state = run_state(run, frame);
    const struct retrier *retrier = &state->retriers[index];
    int64_t *counts = arena_array(run->arena, int64_t, state->retrier_count);
    TRY_NEW(counts);
    for (uint32_t at = 0; at < state->retrier_count; at++) {
        counts[at] = uses_of(frame, at);
    }
    *out_retried = counts[index] < retrier->attempts_max;
    if (!*out_retried) {
        return STATUS_OK;
    }
    int64_t due_ms = run->step->env->now_ms + retry_delay_ms(retrier, counts[index], run->step->env);
    counts[index]++;
    frame->row.retry_counts = (struct int_array){counts, state->retrier_count};
    frame->row.retry_total++;
    frame->row.deadline = due_ms * 1000;
    run_phase(run, frame, FRAME_RETRY, due_ms);
    return STATUS_OK;
}

static enum status text_or_null(struct run *run, struct str text, const struct value **out_value)
{
    *out_value = &value_null;
    return text.bytes == NULL ? STATUS_OK : value_string(run->arena, text, out_value);
}

/* {"Error": …, "Cause": …}; seen on AWS: null for what is not known. */
static enum status error_output(struct run *run, const struct failure *failure, const struct value **out_value)
{
    struct value_member *members = arena_array(run->arena, struct value_member, 2);
    TRY_NEW(members);
    members[0].key = STR("Error");
    TRY(text_or_null(run, failure->error, &members[0].value));
    members[1].key = STR("Cause");
    TRY(text_or_null(run, failure->cause, &members[1].value));
    return value_object(run->arena, members, 2, out_value);
}

static enum status catch(struct run *run, struct run_frame *frame, const struct catcher *catcher, const struct failure *failure)
{
    const struct state *state = run_state(run, frame);
    const struct value *error = NULL;
    struct failure problem = FAILURE_NONE;
    TRY(error_output(run, failure, &error));
    struct step_exit exit = {
        .next = catcher->next,
        .assign = catcher->assign,
        .output = catcher->output,
        .data = data_of_value(error),
        .assign_input = data_of_value(error),
        .error_output = error,
    };
    const struct step_sight sight = {.data = data_of_value(error), .given = true, .index = catcher - state->catchers};
    TRY(step_observe(run, frame, STAGE_CATCH, &sight));
    if (!state->jsonata) {
        TRY(dataflow_result_path(run, frame, &catcher->result_path, data_of_value(error), &exit.data, &problem));
    }
    frame->catching = true;
    TRY(failure_is(&problem) ? step_fail_evaluation(run, frame, problem) : step_exit(run, frame, &exit));
    frame->catching = false;
    return STATUS_OK;
}

/* ParallelStateFailed or MapStateFailed: recorded unless the state is retried, or failed before it had started (then, seen
 * on AWS, only a failed evaluation of JSONata records it). */
static enum status record_children_failed(struct run *run, struct run_frame *frame, const struct failure *failure)
{
    struct history_event *event = NULL;
    enum state_type type = run_state(run, frame)->type;
    bool started = frame->row.child_group != FRAME_NO_GROUP;
    if ((type != STATE_PARALLEL && type != STATE_MAP) ||
        (!started && !str_equal(failure->error, errors_name(ERROR_QUERY_EVALUATION_ERROR)))) {
        return STATUS_OK;
    }
    return history_add_frame(run, frame,
                             type == STATE_PARALLEL ? HISTORY_EVENT_PARALLEL_STATE_FAILED : HISTORY_EVENT_MAP_STATE_FAILED, &event);
}

/* Nothing in the state answers to the failure: what is around it fails. */
static enum status propagate(struct run *run, struct run_frame *frame, const struct failure *failure, bool heartbeat)
{
    run_phase(run, frame, FRAME_DOWN, RECORD_NONE);
    if (frame->row.parent != FRAME_NO_PARENT) {
        return step_child_failed(run, frame, failure, heartbeat);
    }
    return step_end_execution(run, EXECUTION_STATUS_FAILED, frame->row.previous_event_id, NULL, failure);
}

enum status step_fail(struct run *run, struct run_frame *frame, const struct failure *failure, bool heartbeat)
{
    const struct state *state = run_state(run, frame);
    const struct retry_error error = {failure->error, heartbeat};
    if (frame->catching) {
        /* The Catcher that failed would be the one to answer: for ever. */
        return propagate(run, frame, failure, heartbeat);
    }
    uint32_t retrier = retry_find_retrier(state, &error);
    if (retrier != UINT32_MAX) {
        bool retried = false;
        TRY(retry(run, frame, retrier, &retried));
        if (retried) {
            return STATUS_OK;
        }
    }
    TRY(record_children_failed(run, frame, failure));
    uint32_t catcher = retry_find_catcher(state, &error);
    if (catcher != UINT32_MAX) {
        return catch(run, frame, &state->catchers[catcher], failure);
    }
    return propagate(run, frame, failure, heartbeat);
}

enum status step_record_evaluation(struct run *run, struct run_frame *frame, struct failure *failure)
{
    const struct state *state = run_state(run, frame);
    struct history_event *event = NULL;
    struct str cause = failure->cause;
    bool query = str_equal(failure->error, errors_name(ERROR_QUERY_EVALUATION_ERROR));
    bool named = query || str_equal(failure->error, errors_name(ERROR_RUNTIME)) ||
                 str_equal(failure->error, errors_name(ERROR_RESULT_PATH_MATCH_FAILURE));
    if (named) {
        TRY(arena_format(run->arena, &failure->cause,
                         "An error occurred while executing the state '%.*s' (entered at the event id #%lld). %.*s",
                         STR_ARGS(state->name), (long long)frame->row.entered_event_id, STR_ARGS(cause)));
        TRY(failure_limit(run->arena, failure));
    }
    if (query) {
        /* Seen on AWS: it names the event before the state was entered. */
        TRY(history_add(run, HISTORY_EVENT_EVALUATION_FAILED, frame->row.before_entered_event_id, &event));
        event->error = failure->error;
        event->cause = failure->cause;
        event->location = str_cut(failure->location, LOCATION_BYTES_MAX);
        event->state = state->name;
        frame->row.previous_event_id = event->id;
        frame->dirty = true;
    }
    return STATUS_OK;
}

enum status step_fail_evaluation(struct run *run, struct run_frame *frame, struct failure failure)
{
    TRY(step_record_evaluation(run, frame, &failure));
    return step_fail(run, frame, &failure, false);
}

enum status step_parameters_size(struct run *run, const struct run_frame *frame, struct failure *out_failure)
{
    struct str name = run_state(run, frame)->name;
    return failure_set(run->arena, out_failure, errors_name(ERROR_DATA_LIMIT_EXCEEDED),
                       "The state/task '%.*s' has parameters with a size exceeding the maximum number of bytes service limit.",
                       STR_ARGS(name));
}

enum status step_fail_parameters_size(struct run *run, struct run_frame *frame)
{
    struct failure failure;
    TRY(step_parameters_size(run, frame, &failure));
    return step_fail(run, frame, &failure, false);
}
