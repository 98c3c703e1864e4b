#include "asl/errors.h"
#include "asl/step_parts.h"
#include "asl/timestamp.h"
#include "base/limits.h"

#define DAY_MS (24LL * 3600 * 1000)

static enum status evaluate(struct run *run, struct run_frame *frame, const struct expression *expression,
                            const struct value **out_value, struct failure *out_failure)
{
    struct expression_scope scope;
    struct data effective;
    const struct value *input = NULL;
    TRY(dataflow_input(run, frame, &effective, out_failure));
    if (failure_is(out_failure)) {
        return STATUS_OK;
    }
    TRY(data_value(run->arena, &effective, &input));
    TRY(context_scope(run, frame, input, &scope));
    if (expression->kind == EXPRESSION_PATH) {
        struct str text = expression->text;
        enum status status = path_evaluate(run->arena, expression->path, &scope.roots, out_value, NULL);
        if (status == STATUS_NOT_FOUND || status == STATUS_INVALID) {
            return failure_set(run->arena, out_failure, errors_name(ERROR_RUNTIME),
                               "The %.*s parameter does not reference an input value: %.*s", STR_ARGS(expression->field),
                               STR_ARGS(text));
        }
        return status;
    }
    return expression_evaluate(run->arena, expression, &scope, out_value, out_failure);
}

/* "<p> == <v>" of a path, the value alone of JSONata. */
static enum status fail_value(struct run *run, struct run_frame *frame, const struct expression *expression,
                              const struct value *value, const char *problem, struct failure *out_failure)
{
    struct str text;
    TRY(value_to_text(run->arena, value, &text));
    if (value->type == VALUE_STRING) {
        text = value->string;
    }
    if (expression->kind == EXPRESSION_PATH) {
        return failure_set(run->arena, out_failure, errors_name(ERROR_RUNTIME), "The %.*s parameter %s: %.*s == %.*s",
                           STR_ARGS(expression->field), problem, STR_ARGS(expression->text), STR_ARGS(text));
    }
    TRY(failure_set(run->arena, out_failure, errors_name(ERROR_QUERY_EVALUATION_ERROR), "The %.*s field %s: %.*s",
                    STR_ARGS(expression->field), problem, STR_ARGS(text)));
    out_failure->location = expression->field;
    /* Seen on AWS: what was evaluated well, but is of no use, fails the state after it was entered. */
    frame->row.before_entered_event_id = frame->row.entered_event_id;
    return STATUS_OK;
}

static enum status due_of_seconds(struct run *run, struct run_frame *frame, const struct expression *expression,
                                  const struct value *value, int64_t *out_due_ms, struct failure *out_failure)
{
    int64_t seconds = 0;
    if (value->type != VALUE_NUMBER || !value_to_int64(value, &seconds)) {
        return fail_value(run, frame, expression, value, "cannot be parsed as a long value", out_failure);
    }
    if (seconds < 0) {
        return fail_value(run, frame, expression, value, "references a negative value", out_failure);
    }
    if (seconds > SECONDS_MAX) {
        return failure_set(run->arena, out_failure, errors_name(ERROR_RUNTIME), "Wait state delay is too long.");
    }
    *out_due_ms = run->step->env->now_ms + seconds * 1000;
    return STATUS_OK;
}

static enum status due_of_timestamp(struct run *run, struct run_frame *frame, const struct expression *expression,
                                    const struct value *value, int64_t *out_due_ms, struct failure *out_failure)
{
    struct timestamp timestamp;
    if (value->type != VALUE_STRING || !timestamp_parse(value->string, &timestamp)) {
        const char *problem = expression->kind == EXPRESSION_PATH
                                  ? "does not reference a valid ISO-8601 extended offset date-time format string"
                                  : "cannot be parsed as an ISO-8601 extended offset date-time format string";
        return fail_value(run, frame, expression, value, problem, out_failure);
    }
    *out_due_ms = timestamp_ms(&timestamp);
    if (*out_due_ms - run->step->env->now_ms > WAIT_DAYS_MAX * DAY_MS) {
        return failure_set(run->arena, out_failure, errors_name(ERROR_RUNTIME), "Wait state delay is too long.");
    }
    return STATUS_OK;
}

static enum status observe_due(struct run *run, const struct run_frame *frame, int64_t due_ms)
{
    char text[TIMESTAMP_TEXT_BYTES];
    const struct value *value = NULL;
    struct str copy;
    if (run->step->observer == NULL) {
        return STATUS_OK;
    }
    timestamp_format_ms(due_ms, text);
    TRY(arena_copy(run->arena, str_of(text), &copy));
    TRY(value_string(run->arena, copy, &value));
    const struct step_sight sight = {.data = data_of_value(value), .given = true, .index = STAGE_NO_INDEX};
    return step_observe(run, frame, STAGE_UNTIL, &sight);
}

enum status step_enter_wait(struct run *run, struct run_frame *frame)
{
    const struct state_wait *wait = &run_state(run, frame)->wait;
    const struct expression *expression = wait->seconds != NULL ? wait->seconds : wait->timestamp;
    const struct value *value = NULL;
    struct failure failure = FAILURE_NONE;
    int64_t due_ms = 0;
    TRY(evaluate(run, frame, expression, &value, &failure));
    if (!failure_is(&failure)) {
        TRY(wait->seconds != NULL ? due_of_seconds(run, frame, expression, value, &due_ms, &failure)
                                  : due_of_timestamp(run, frame, expression, value, &due_ms, &failure));
    }
    if (failure_is(&failure)) {
        return step_fail_evaluation(run, frame, failure);
    }
    TRY(observe_due(run, frame, due_ms));
    if (due_ms <= run->step->env->now_ms) {
        return step_finish_wait(run, frame); /* what is past is not waited for */
    }
    frame->row.deadline = due_ms * 1000;
    run_phase(run, frame, FRAME_WAIT, due_ms);
    return STATUS_OK;
}
