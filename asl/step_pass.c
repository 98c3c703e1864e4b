/* The states that wait for nothing: Pass, Choice, Succeed, Fail. */
#include "asl/errors.h"
#include "asl/choice.h"
#include "asl/step_parts.h"

enum status step_enter_pass(struct run *run, struct run_frame *frame)
{
    const struct state *state = run_state(run, frame);
    struct failure failure = FAILURE_NONE;
    struct data effective;
    struct data result;
    if (state->jsonata) {
        struct data *raw = NULL;
        TRY(run_input(run, frame, &raw));
        const struct step_exit exit = {.next = state->next, .assign = state->assign, .output = state->output, .data = *raw};
        return step_exit(run, frame, &exit);
    }
    TRY(dataflow_input(run, frame, &effective, &failure));
    if (failure_is(&failure)) {
        return step_fail_evaluation(run, frame, failure);
    }
    TRY(dataflow_parameters(run, frame, effective, STR_NONE, &result, &failure));
    if (failure_is(&failure)) {
        return step_fail_evaluation(run, frame, failure);
    }
    if (state->result != NULL) {
        result = data_of_value(state->result);
    }
    return step_finish(run, frame, result);
}

/* Leaves a state whose output is its effective input, as Choice, Wait and Succeed do. */
static enum status exit_with_input(struct run *run, struct run_frame *frame, struct step_exit *exit)
{
    struct failure failure = FAILURE_NONE;
    struct data effective;
    TRY(dataflow_input(run, frame, &effective, &failure));
    if (!failure_is(&failure)) {
        exit->assign_input = effective;
        TRY(dataflow_output_path(run, frame, effective, &exit->data, &failure));
    }
    return failure_is(&failure) ? step_fail_evaluation(run, frame, failure) : step_exit(run, frame, exit);
}

enum status step_enter_succeed(struct run *run, struct run_frame *frame)
{
    const struct state *state = run_state(run, frame);
    struct step_exit exit = {.next = STATE_NONE, .output = state->output};
    return exit_with_input(run, frame, &exit);
}

enum status step_finish_wait(struct run *run, struct run_frame *frame)
{
    const struct state *state = run_state(run, frame);
    struct step_exit exit = {.next = state->next, .assign = state->assign, .output = state->output};
    return exit_with_input(run, frame, &exit);
}

/* The first rule that is true, or NULL. */
static enum status find_rule(struct run *run, struct run_frame *frame, const struct choice_rule **out_rule, struct failure *out_failure)
{
    const struct state_choice *choice = &run_state(run, frame)->choice;
    struct expression_scope scope;
    struct data effective;
    const struct value *input = NULL;
    *out_rule = NULL;
    TRY(dataflow_input(run, frame, &effective, out_failure));
    if (failure_is(out_failure)) {
        return STATUS_OK;
    }
    if (!choice->scans || effective.value != NULL) {
        TRY(data_value(run->arena, &effective, &input));
    }
    TRY(context_scope(run, frame, input, &scope));
    scope.input_text = effective.text;
    for (uint32_t at = 0; at < choice->rule_count; at++) {
        bool matches = false;
        TRY(choice_matches(run->arena, choice->rules[at].condition, &scope, &matches, out_failure));
        if (failure_is(out_failure)) {
            return STATUS_OK;
        }
        if (matches) {
            *out_rule = &choice->rules[at];
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

/* Which rule is true, NULL for Default, and where it leads. */
static enum status observe_choice(struct run *run, const struct run_frame *frame, const struct choice_rule *rule)
{
    const struct state_choice *choice = &run_state(run, frame)->choice;
    uint32_t next = rule != NULL ? rule->next : choice->default_next;
    const struct value *name = NULL;
    if (run->step->observer == NULL) {
        return STATUS_OK;
    }
    TRY(value_string(run->arena, run->machine->states[next].name, &name));
    const struct step_sight sight = {
        .data = data_of_value(name), .given = true, .index = rule != NULL ? rule - choice->rules : -1};
    return step_observe(run, frame, STAGE_CHOICE, &sight);
}

enum status step_enter_choice(struct run *run, struct run_frame *frame)
{
    const struct state *state = run_state(run, frame);
    const struct choice_rule *rule = NULL;
    struct failure failure = FAILURE_NONE;
    TRY(find_rule(run, frame, &rule, &failure));
    if (!failure_is(&failure) && rule == NULL && state->choice.default_next == STATE_NONE) {
        TRY(failure_set(run->arena, &failure, errors_name(ERROR_RUNTIME),
                        "Failed to transition out of the state. The state does not point to a next state."));
    }
    if (failure_is(&failure)) {
        return step_fail_evaluation(run, frame, failure);
    }
    TRY(observe_choice(run, frame, rule));
    struct step_exit exit = {.next = state->choice.default_next, .assign = state->assign, .output = state->output};
    if (rule != NULL) {
        exit.next = rule->next;
        exit.assign = rule->assign;
        exit.output = rule->output;
    }
    return exit_with_input(run, frame, &exit);
}

/* Error or Cause: a text, or STR_NONE when the state has none. */
static enum status fail_text(struct run *run, struct run_frame *frame, const struct expression *expression, struct str *out_text,
                             struct failure *out_failure)
{
    struct expression_scope scope;
    struct data *raw = NULL;
    const struct value *input = NULL;
    const struct value *value = NULL;
    *out_text = STR_NONE;
    if (expression == NULL) {
        return STATUS_OK;
    }
    TRY(run_input(run, frame, &raw));
    TRY(data_value(run->arena, raw, &input));
    TRY(context_scope(run, frame, input, &scope));
    TRY(expression_evaluate(run->arena, expression, &scope, &value, out_failure));
    if (failure_is(out_failure)) {
        return STATUS_OK;
    }
    if (value->type == VALUE_STRING) {
        *out_text = value->string.bytes == NULL ? STR("") : value->string;
        return STATUS_OK;
    }
    if (expression->kind == EXPRESSION_JSONATA) {
        return expression_unexpected(run->arena, expression, "string", value, out_failure);
    }
    struct str text;
    TRY(value_to_text(run->arena, value, &text));
    return failure_set(run->arena, out_failure, errors_name(ERROR_RUNTIME),
                       "The field '%.*s' must be a string, but was: %.*s", STR_ARGS(expression->field), STR_ARGS(text));
}

enum status step_enter_fail(struct run *run, struct run_frame *frame)
{
    const struct state *state = run_state(run, frame);
    struct failure problem = FAILURE_NONE;
    struct failure failure = {.is = true};
    TRY(fail_text(run, frame, state->fail.error, &failure.error, &problem));
    if (!failure_is(&problem)) {
        TRY(fail_text(run, frame, state->fail.cause, &failure.cause, &problem));
    }
    if (failure_is(&problem)) {
        return step_fail_evaluation(run, frame, problem);
    }
    TRY(failure_limit(run->arena, &failure));
    TRY(step_observe_failure(run, frame, &failure));
    return step_fail(run, frame, &failure, false);
}
