/* A state's data flow (ASL.md, sections 3.1 and 3.2). What no path touches passes as text. */
#include "asl/errors.h"
#include "asl/step_parts.h"

/* A path of InputPath or OutputPath over `whole`. */
static enum status select_path(struct run *run, struct run_frame *frame, const struct path_field *field, struct data whole,
                               struct data *out_selected, struct failure *out_failure)
{
    struct expression_scope scope;
    const struct value *value = NULL;
    const struct value *selected = NULL;
    struct str message;
    switch (field->use) {
    case PATH_USE_WHOLE:
        *out_selected = whole;
        return STATUS_OK;
    case PATH_USE_NOTHING:
        *out_selected = data_of_text(STR("{}"));
        return STATUS_OK;
    case PATH_USE_PATH:
        break;
    }
    enum status status = STATUS_NOT_FOUND;
    if (whole.value == NULL && path_is_reference(field->path) && path_root(field->path) == PATH_ROOT_INPUT) {
        status = path_scan(run->arena, field->path, whole.text, &selected);
    }
    if (status == STATUS_NOT_FOUND) {
        TRY(data_value(run->arena, &whole, &value));
        TRY(context_scope(run, frame, value, &scope));
        status = path_evaluate(run->arena, field->path, &scope.roots, &selected, &message);
    }
    if (status == STATUS_NOT_FOUND || status == STATUS_INVALID) {
        struct str text = path_text(field->path);
        return failure_set(run->arena, out_failure, errors_name(ERROR_RUNTIME), "Invalid path '%.*s' : %.*s", STR_ARGS(text),
                           STR_ARGS(message));
    }
    TRY(status);
    *out_selected = data_of_value(selected);
    return STATUS_OK;
}

/* A path's outcome, unless there is none. */
static enum status observe(struct run *run, const struct run_frame *frame, enum stage_type type, const struct path_field *path,
                           const struct data *data, const struct failure *failure)
{
    if (failure_is(failure)) {
        return STATUS_OK;
    }
    const struct step_sight sight = {.data = *data, .index = STAGE_NO_INDEX, .path = path};
    return step_observe(run, frame, type, &sight);
}

enum status dataflow_input(struct run *run, struct run_frame *frame, struct data *out_input, struct failure *out_failure)
{
    struct data *raw = NULL;
    const struct path_field *path = &run_state(run, frame)->input_path;
    TRY(run_input(run, frame, &raw));
    TRY(select_path(run, frame, path, *raw, out_input, out_failure));
    return observe(run, frame, STAGE_INPUT_PATH, path, out_input, out_failure);
}

enum status dataflow_parameters(struct run *run, struct run_frame *frame, struct data effective, struct str token,
                                struct data *out_parameters, struct failure *out_failure)
{
    const struct state *state = run_state(run, frame);
    const struct value *input = NULL;
    const struct value *parameters = NULL;
    struct expression_scope scope;
    enum stage_type stage = state->jsonata ? STAGE_ARGUMENTS : STAGE_PARAMETERS;
    if (state->parameters == NULL) {
        *out_parameters = effective;
        return step_observe(run, frame, stage, &(struct step_sight){.data = effective, .index = STAGE_NO_INDEX});
    }
    TRY(data_value(run->arena, &effective, &input));
    TRY(context_scope(run, frame, input, &scope));
    if (token.bytes != NULL && state->reads_context) {
        TRY(context_build(run, frame, NULL, token, &scope.roots.context));
    }
    TRY(expression_evaluate(run->arena, state->parameters, &scope, &parameters, out_failure));
    if (failure_is(out_failure)) {
        return STATUS_OK;
    }
    *out_parameters = data_of_value(parameters);
    const struct step_sight sight = {.data = *out_parameters, .given = true, .index = STAGE_NO_INDEX};
    return step_observe(run, frame, stage, &sight);
}

static enum status put_result(struct run *run, struct run_frame *frame, const struct path_field *result_path, struct data result,
                              struct data *out_output, struct failure *out_failure)
{
    struct data *raw = NULL;
    const struct value *raw_value = NULL;
    const struct value *result_value = NULL;
    const struct value *output = NULL;
    if (result_path->use == PATH_USE_WHOLE) {
        *out_output = result;
        return STATUS_OK;
    }
    TRY(run_input(run, frame, &raw));
    if (result_path->use == PATH_USE_NOTHING) {
        *out_output = *raw;
        return STATUS_OK;
    }
    TRY(data_value(run->arena, raw, &raw_value));
    TRY(data_value(run->arena, &result, &result_value));
    enum status status = path_put(run->arena, result_path->path, raw_value, result_value, &output);
    if (status == STATUS_NOT_FOUND) {
        struct str text = path_text(result_path->path);
        struct str input;
        TRY(data_text(run->arena, raw, &input));
        return failure_set(run->arena, out_failure, errors_name(ERROR_RESULT_PATH_MATCH_FAILURE),
                           "Unable to apply ResultPath '%.*s' to input '%.*s'", STR_ARGS(text), STR_ARGS(input));
    }
    TRY(status);
    *out_output = data_of_value(output);
    return STATUS_OK;
}

enum status dataflow_result_path(struct run *run, struct run_frame *frame, const struct path_field *result_path, struct data result,
                                 struct data *out_output, struct failure *out_failure)
{
    TRY(put_result(run, frame, result_path, result, out_output, out_failure));
    return observe(run, frame, STAGE_RESULT_PATH, result_path, out_output, out_failure);
}

enum status dataflow_output_path(struct run *run, struct run_frame *frame, struct data whole, struct data *out_output,
                                 struct failure *out_failure)
{
    const struct path_field *path = &run_state(run, frame)->output_path;
    TRY(select_path(run, frame, path, whole, out_output, out_failure));
    return observe(run, frame, STAGE_OUTPUT_PATH, path, out_output, out_failure);
}

static enum status select_result(struct run *run, struct run_frame *frame, struct data result, struct data *out_result,
                                 struct failure *out_failure)
{
    const struct state *state = run_state(run, frame);
    const struct value *value = NULL;
    const struct value *selected = NULL;
    struct expression_scope scope;
    *out_result = result;
    if (state->result_selector == NULL) {
        return STATUS_OK;
    }
    TRY(data_value(run->arena, &result, &value));
    TRY(context_scope(run, frame, value, &scope));
    TRY(expression_evaluate(run->arena, state->result_selector, &scope, &selected, out_failure));
    if (failure_is(out_failure)) {
        return STATUS_OK;
    }
    *out_result = data_of_value(selected);
    const struct step_sight sight = {.data = *out_result, .given = true, .index = STAGE_NO_INDEX};
    return step_observe(run, frame, STAGE_RESULT_SELECTOR, &sight);
}

enum status dataflow_output(struct run *run, struct run_frame *frame, struct data result, struct data *out_output,
                            struct failure *out_failure)
{
    const struct state *state = run_state(run, frame);
    struct data selected;
    struct data combined;
    TRY(select_result(run, frame, result, &selected, out_failure));
    if (failure_is(out_failure)) {
        return STATUS_OK;
    }
    TRY(dataflow_result_path(run, frame, &state->result_path, selected, &combined, out_failure));
    if (failure_is(out_failure)) {
        return STATUS_OK;
    }
    return dataflow_output_path(run, frame, combined, out_output, out_failure);
}
