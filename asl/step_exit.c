#include "asl/step_parts.h"

#include "asl/errors.h"
#include "asl/variables.h"

/* {"x":"\"text\""}: each assigned variable with its JSON text, as stateExitedEventDetails shows them. */
static enum status assigned_text(struct run *run, const struct value *assigned, struct str *out_text)
{
    struct value_member *members = arena_array(run->arena, struct value_member, assigned->count);
    const struct value *object = NULL;
    TRY_NEW(members);
    for (uint32_t at = 0; at < assigned->count; at++) {
        struct str text;
        TRY(value_to_text(run->arena, assigned->members[at].value, &text));
        members[at].key = assigned->members[at].key;
        TRY(value_string(run->arena, text, &members[at].value));
    }
    TRY(value_object(run->arena, members, assigned->count, &object));
    return value_to_text(run->arena, object, out_text);
}

static enum status evaluate_assign(struct run *run, struct run_frame *frame, const struct step_exit *exit, struct expression_scope *scope,
                                   const struct value **out_assigned, struct failure *out_failure)
{
    *out_assigned = NULL;
    if (exit->assign == NULL) {
        return STATUS_OK;
    }
    struct data input = exit->assign_input;
    if (input.text.bytes != NULL || input.value != NULL) {
        TRY(data_value(run->arena, &input, &scope->roots.input));
    }
    TRY(expression_evaluate(run->arena, exit->assign, scope, out_assigned, out_failure));
    if (failure_is(out_failure)) {
        return STATUS_OK;
    }
    const struct step_sight sight = {.data = data_of_value(*out_assigned), .given = true, .index = STAGE_NO_INDEX};
    TRY(step_observe(run, frame, STAGE_ASSIGN, &sight));
    return variables_check(run, frame, *out_assigned, out_failure);
}

/* Assign and Output see the same snapshot: both are evaluated before anything is stored. */
static enum status evaluate(struct run *run, struct run_frame *frame, const struct step_exit *exit, const struct value **out_assigned,
                            struct data *out_output, struct failure *out_failure)
{
    struct expression_scope scope;
    const struct value *output = NULL;
    *out_output = exit->data;
    *out_assigned = NULL;
    if (exit->assign == NULL && exit->output == NULL) {
        return STATUS_OK;
    }
    TRY(context_scope(run, frame, NULL, &scope));
    scope.states_result = exit->result;
    scope.states_error_output = exit->error_output;
    TRY(evaluate_assign(run, frame, exit, &scope, out_assigned, out_failure));
    if (failure_is(out_failure) || exit->output == NULL) {
        return STATUS_OK;
    }
    TRY(expression_evaluate(run->arena, exit->output, &scope, &output, out_failure));
    if (failure_is(out_failure)) {
        return STATUS_OK;
    }
    *out_output = data_of_value(output);
    const struct step_sight sight = {.data = *out_output, .given = true, .index = STAGE_NO_INDEX};
    return step_observe(run, frame, STAGE_OUTPUT, &sight);
}

static enum status fail_size(struct run *run, struct run_frame *frame)
{
    struct failure failure;
    struct str name = run_state(run, frame)->name;
    TRY(failure_set(run->arena, &failure, errors_name(ERROR_DATA_LIMIT_EXCEEDED),
                    "The state/task '%.*s' returned a result with a size exceeding the maximum number of bytes service limit.",
                    STR_ARGS(name)));
    return step_fail(run, frame, &failure, false);
}

enum status step_exit(struct run *run, struct run_frame *frame, const struct step_exit *exit)
{
    const struct state *state = run_state(run, frame);
    const struct value *assigned = NULL;
    struct data output;
    struct str text;
    struct failure failure = FAILURE_NONE;
    struct history_event *event = NULL;
    TRY(evaluate(run, frame, exit, &assigned, &output, &failure));
    if (failure_is(&failure)) {
        return step_fail_evaluation(run, frame, failure);
    }
    TRY(data_text(run->arena, &output, &text));
    if (text.length > run->step->config->payload_bytes_max) {
        return fail_size(run, frame);
    }
    TRY(history_add_frame(run, frame, history_exited(state->type), &event));
    event->name = state->name;
    event->output = text;
    run->payload_bytes += 2 * text.length; /* what is next shows it again */
    if (assigned != NULL && assigned->count > 0) {
        TRY(assigned_text(run, assigned, &event->assigned_variables));
        run->payload_bytes += event->assigned_variables.length;
        TRY(variables_assign(run, frame, assigned));
    }
    if (exit->next == STATE_NONE) {
        return step_end(run, frame, output);
    }
    frame->row.state = exit->next;
    run_set_input(run, frame, output);
    run_phase(run, frame, FRAME_ENTER, RECORD_NONE);
    return run_queue(run, frame);
}

enum status step_finish(struct run *run, struct run_frame *frame, struct data result)
{
    const struct state *state = run_state(run, frame);
    struct failure failure = FAILURE_NONE;
    struct step_exit exit = {.next = state->next, .assign = state->assign, .output = state->output, .assign_input = result};
    /* A task's result is told by its event, too. */
    bool made = state->type == STATE_PARALLEL || state->type == STATE_MAP || state->result != NULL;
    const struct step_sight sight = {.data = result, .given = made, .index = STAGE_NO_INDEX};
    TRY(step_observe(run, frame, STAGE_RESULT, &sight));
    if (state->jsonata) {
        exit.data = result;
        if (state->output != NULL || state->assign != NULL) {
            TRY(data_value(run->arena, &result, &exit.result));
        }
    } else {
        TRY(dataflow_output(run, frame, result, &exit.data, &failure));
        if (failure_is(&failure)) {
            return step_fail_evaluation(run, frame, failure);
        }
    }
    return step_exit(run, frame, &exit);
}

enum status step_end(struct run *run, struct run_frame *frame, struct data output)
{
    if (frame->row.parent != FRAME_NO_PARENT) {
        return step_child_succeeded(run, frame, output);
    }
    if (run->history_full) {
        return STATUS_OK; /* events are missing: the step ends it as failed */
    }
    return step_end_execution(run, EXECUTION_STATUS_SUCCEEDED, frame->row.previous_event_id, &output, NULL);
}
