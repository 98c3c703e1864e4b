#include "asl/retry.h"
#include "gateway/mock.h"
#include "gateway/mock_context.h"
#include "gateway/operations_parts.h"
#include "gateway/subject.h"
#include "gateway/tested_map.h"

#include <inttypes.h>

#define ADVANCES_MAX 100 /* timers of one state, all together */

enum outcome { OUTCOME_SUCCEEDED, OUTCOME_FAILED, OUTCOME_RETRIABLE, OUTCOME_CAUGHT };

/* One test on its way. */
struct test {
    struct call *call;
    struct trial trial;
    struct mock mock;
    struct tested_map map; /* of a Map */
    struct interpreter *interpreter;
    enum outcome outcome;
    struct str error;
    struct str cause;
    int64_t catch_index;    /* of OUTCOME_CAUGHT */
    int64_t retry_index;    /* of OUTCOME_RETRIABLE */
    int64_t retry_delay_ms;
};

static bool is_type(const struct test *test, const char *type)
{
    return str_equal(test->trial.tested.type, str_of(type));
}

static bool has_children(const struct test *test)
{
    return is_type(test, "Map") || is_type(test, "Parallel");
}

/* ---- Running ---- */

static const struct task_request *open_task(struct test *test)
{
    for (size_t at = 0; at < interpreter_task_count(test->interpreter); at++) {
        const struct interpreter_task *task = interpreter_task(test->interpreter, at);
        if (!task->answered) {
            return task->request;
        }
    }
    return NULL;
}

/* Until it has ended, or a task is open. */
static enum status advance(struct test *test)
{
    for (int times = 0; times < ADVANCES_MAX && interpreter_is_running(test->interpreter) && open_task(test) == NULL; times++) {
        int64_t due_ms = interpreter_next_due_ms(test->interpreter);
        if (due_ms == INT64_MAX) {
            return STATUS_OK;
        }
        TRY(interpreter_advance(test->interpreter, due_ms));
    }
    return STATUS_OK;
}

static enum status answer_task(struct test *test, const struct task_request *task)
{
    enum step_outcome outcome;
    const struct step_event event = {
        .type = test->mock.result.bytes != NULL ? STEP_TASK_SUCCEEDED : STEP_TASK_FAILED,
        .output = test->mock.result,
        .error = test->mock.error,
        .cause = test->mock.cause,
    };
    return interpreter_answer(test->interpreter, task, event, &outcome);
}

/* As often as it was retried already, and once more. */
static enum status play_mock(struct test *test)
{
    const struct value *retries = mock_configuration(test->call, STR("retrierRetryCount"));
    int64_t before = 0;
    if (retries != NULL && !value_to_int64(retries, &before)) {
        before = 0;
    }
    for (int64_t attempt = 0; attempt <= before && attempt < ADVANCES_MAX; attempt++) {
        TRY(advance(test));
        const struct task_request *task = open_task(test);
        if (task == NULL) {
            return STATUS_OK;
        }
        TRY(answer_task(test, task));
    }
    return STATUS_OK;
}

static enum status run(struct test *test)
{
    enum tested_form form = has_children(test) ? TESTED_AS_TASK : TESTED_AS_IT_IS;
    TRY(trial_start(test->call, &test->trial, form, &test->interpreter));
    TRY(play_mock(test));
    return interpreter_is_running(test->interpreter) && test->mock.given ? STATUS_OK : advance(test);
}

/* ---- What came of it ---- */

/* The last of the state's stages of that type, or NULL. */
static const struct stage *stage_of(const struct test *test, enum stage_type type)
{
    for (size_t at = interpreter_stage_count(test->interpreter); at > 0; at--) {
        const struct stage *stage = interpreter_stage(test->interpreter, at - 1);
        if (stage->type == type && str_equal(stage->state, test->trial.tested.name)) {
            return stage;
        }
    }
    return NULL;
}

/* The state that is entered behind the tested one; STR_NONE: none. */
static struct str next_state(const struct test *test)
{
    bool exited = false;
    for (size_t at = 0; at < interpreter_event_count(test->interpreter); at++) {
        const struct history_event *event = interpreter_event(test->interpreter, at);
        if (exited && str_ends_with(event->type, STR("StateEntered"))) {
            return str_equal(event->name, TESTED_STATE_ITSELF) ? test->trial.tested.name : event->name;
        }
        exited = exited || (str_ends_with(event->type, STR("StateExited")) && str_equal(event->name, test->trial.tested.name));
    }
    return STR_NONE;
}

/* The retrier that meets the error. */
static enum status find_retrier(struct test *test)
{
    const struct value *retriers = value_get(test->trial.tested.state, STR("Retry"));
    const struct retry_error error = {.name = test->mock.error.bytes == NULL ? STR("") : test->mock.error};
    test->retry_index = -1;
    for (uint32_t at = 0; retriers != NULL && retriers->type == VALUE_ARRAY && at < retriers->count; at++) {
        const struct value *names = value_get(value_item(retriers, at), STR("ErrorEquals"));
        if (names == NULL || names->type != VALUE_ARRAY) {
            continue;
        }
        struct str *items = arena_array(test->call->arena, struct str, names->count + 1);
        TRY_NEW(items);
        for (uint32_t name = 0; name < names->count; name++) {
            items[name] = value_item(names, name)->string;
        }
        if (retry_names(items, names->count, &error)) {
            test->retry_index = at;
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

static enum status judge(struct test *test)
{
    const struct execution_status *status = interpreter_status(test->interpreter);
    const struct stage *caught = stage_of(test, STAGE_CATCH);
    const struct value *error_output;
    if (interpreter_is_running(test->interpreter)) {
        test->outcome = OUTCOME_RETRIABLE;
        test->error = test->mock.error;
        test->cause = test->mock.cause;
        test->retry_delay_ms = interpreter_next_due_ms(test->interpreter) - interpreter_now_ms(test->interpreter);
        return find_retrier(test);
    }
    if (status == NULL) {
        return STATUS_CORRUPT;
    }
    if (!str_equal(status->status, STR("SUCCEEDED"))) {
        test->outcome = OUTCOME_FAILED;
        test->error = status->error;
        test->cause = status->cause;
        return STATUS_OK;
    }
    test->outcome = OUTCOME_SUCCEEDED;
    if (caught != NULL && caught->index != STAGE_NO_INDEX) {
        test->outcome = OUTCOME_CAUGHT;
        test->catch_index = caught->index;
        TRY(value_parse(test->call->arena, caught->value, &error_output, NULL));
        const struct value *error = value_get(error_output, STR("Error"));
        const struct value *cause = value_get(error_output, STR("Cause"));
        test->error = error == NULL ? STR_NONE : error->string;
        test->cause = cause == NULL ? STR_NONE : cause->string;
    }
    return STATUS_OK;
}

/* ---- The answer ---- */

static enum status add_stage(struct answer *answer, const struct test *test, enum stage_type type, const char *name)
{
    const struct stage *stage = stage_of(test, type);
    return stage == NULL ? STATUS_OK : answer_text(answer, name, stage->value);
}

static enum status add_error_details(struct answer *answer, struct test *test)
{
    struct str text;
    if (test->outcome == OUTCOME_CAUGHT) {
        TRY(arena_format(test->call->arena, &text, "{\"catchIndex\":%" PRId64 "}", test->catch_index));
        return answer_json(answer, "errorDetails", text);
    }
    if (test->outcome == OUTCOME_RETRIABLE && test->retry_index >= 0) {
        TRY(arena_format(test->call->arena, &text, "{\"retryIndex\":%" PRId64 ",\"retryBackoffIntervalSeconds\":%" PRId64 "}",
                         test->retry_index, (test->retry_delay_ms + 999) / 1000));
        return answer_json(answer, "errorDetails", text);
    }
    return STATUS_OK;
}

/* What AWS shows of each type of state: a Pass with a Result, say, never shows what came before it. */
static enum status add_jsonpath(struct answer *answer, struct test *test)
{
    bool result_pass = is_type(test, "Pass") && value_get(test->trial.tested.state, STR("Result")) != NULL;
    if (is_type(test, "Fail")) {
        TRY(answer_text(answer, "afterInputPath", test->trial.input));
    } else if (!result_pass && !is_type(test, "Parallel")) {
        TRY(add_stage(answer, test, STAGE_INPUT_PATH, "afterInputPath"));
    }
    if ((is_type(test, "Pass") && !result_pass) || is_type(test, "Task")) {
        TRY(add_stage(answer, test, STAGE_PARAMETERS, "afterParameters"));
    }
    if (result_pass || is_type(test, "Task")) {
        TRY(add_stage(answer, test, STAGE_RESULT, "result"));
    }
    if (is_type(test, "Pass")) {
        enum stage_type type = result_pass ? STAGE_RESULT : STAGE_PARAMETERS;
        TRY(add_stage(answer, test, type, "afterResultSelector"));
    } else if (is_type(test, "Task") || has_children(test)) {
        bool selects = stage_of(test, STAGE_RESULT_SELECTOR) != NULL;
        TRY(add_stage(answer, test, selects ? STAGE_RESULT_SELECTOR : STAGE_RESULT, "afterResultSelector"));
    }
    if (is_type(test, "Pass") || is_type(test, "Task") || has_children(test)) {
        TRY(add_stage(answer, test, STAGE_RESULT_PATH, "afterResultPath"));
    }
    return STATUS_OK;
}

/* What was set up, and what the state has assigned. Nothing: STR_NONE. */
static enum status variables_after(struct test *test, struct str *out_text)
{
    struct arena *arena = test->call->arena;
    const struct value *after = test->trial.variables == NULL ? &value_empty_object : test->trial.variables;
    const struct value *assigned;
    const struct value *value;
    *out_text = after->count > 0 ? call_text(test->call, "variables") : STR_NONE;
    for (size_t at = 0; at < interpreter_event_count(test->interpreter); at++) {
        const struct history_event *event = interpreter_event(test->interpreter, at);
        if (event->assigned_variables.length == 0 || !str_equal(event->name, test->trial.tested.name)) {
            continue;
        }
        TRY(value_parse(arena, event->assigned_variables, &assigned, NULL));
        for (uint32_t member = 0; member < assigned->count; member++) {
            TRY(value_parse(arena, assigned->members[member].value->string, &value, NULL));
            TRY(value_object_with(arena, after, assigned->members[member].key, value, &after));
        }
        TRY(value_to_text(arena, after, out_text));
    }
    return STATUS_OK;
}

static enum status inspection(struct test *test, struct str *out_text)
{
    struct answer answer;
    struct str variables;
    TRY(answer_begin(test->call->arena, &answer));
    TRY(answer_text(&answer, "input", test->trial.input));
    if (!test->trial.tested.jsonata) {
        TRY(add_jsonpath(&answer, test));
    } else if (is_type(test, "Task")) {
        TRY(add_stage(&answer, test, STAGE_ARGUMENTS, "afterArguments"));
        TRY(add_stage(&answer, test, STAGE_RESULT, "result"));
    }
    if (is_type(test, "Map")) {
        TRY(tested_map_tell(&answer, test->call, &test->map));
    }
    TRY(variables_after(test, &variables));
    TRY(answer_text(&answer, "variables", variables));
    TRY(add_error_details(&answer, test));
    return answer_end(&answer, out_text);
}

static enum status tell(struct test *test)
{
    static const char *const names[] = {"SUCCEEDED", "FAILED", "RETRIABLE", "CAUGHT_ERROR"};
    struct answer answer;
    struct str level = call_text(test->call, "inspectionLevel");
    struct str text;
    TRY(answer_begin(test->call->arena, &answer));
    TRY(answer_text(&answer, "status", str_of(names[test->outcome])));
    if (test->outcome == OUTCOME_SUCCEEDED || test->outcome == OUTCOME_CAUGHT) {
        TRY(answer_text(&answer, "output", interpreter_status(test->interpreter)->output));
        TRY(answer_text(&answer, "nextState", next_state(test)));
    }
    TRY(answer_text(&answer, "error", test->error));
    TRY(answer_text(&answer, "cause", test->cause));
    if (level.bytes != NULL && !str_equal(level, STR("INFO"))) {
        TRY(inspection(test, &text));
        TRY(answer_json(&answer, "inspectionData", text));
    }
    TRY(answer_end(&answer, &text));
    return call_answer(test->call, text);
}

/* ---- The request ---- */

static enum status read_input(struct test *test, bool *out_refused)
{
    struct call *call = test->call;
    struct str input = call_text(call, "input");
    struct str variables = call_text(call, "variables");
    struct value_error error = {0};
    *out_refused = false;
    test->trial.input = input.bytes == NULL ? STR("{}") : input;
    enum status status = value_parse(call->arena, test->trial.input, &test->trial.input_value, &error);
    if (status == STATUS_INVALID) {
        *out_refused = true;
        return call_refuse_quoting(call, STR("InvalidExecutionInput"), "Invalid State Machine Execution Input", error.message);
    }
    TRY(status);
    if (variables.bytes == NULL) {
        return STATUS_OK;
    }
    status = value_parse(call->arena, variables, &test->trial.variables, NULL);
    if (status == STATUS_INVALID || (status == STATUS_OK && test->trial.variables->type != VALUE_OBJECT)) {
        *out_refused = true;
        return call_refuse(call, STR("ValidationException"), "Variables must be a JSON object");
    }
    TRY(status);
    return tested_state_check_variables(call, test->trial.variables, out_refused);
}

/* What can't be tested without a mock. */
static enum status check_mockless(struct test *test, bool *out_refused)
{
    struct call *call = test->call;
    *out_refused = !test->mock.given && (has_children(test) || is_type(test, "Task"));
    if (!*out_refused) {
        return STATUS_OK;
    }
    if (has_children(test)) {
        return call_refuse(call, STR("InvalidDefinition"),
                           "TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, "
                           "Pass, Succeed, Fail, Choice]");
    }
    if (call_text(call, "roleArn").bytes == NULL) {
        return call_refuse(call, STR("ValidationException"), "RoleArn must be specified when testing a Task state");
    }
    return call_refuse(call, STR("NotImplementedException"), "pawl tests a Task state with a mock only");
}

static enum status read(struct test *test, bool *out_refused)
{
    TRY(tested_state_find(test->call, &test->trial.tested, out_refused));
    if (*out_refused) {
        return STATUS_OK;
    }
    const struct mock_subject subject = {.type = test->trial.tested.type, .state = test->trial.tested.state};
    TRY(mock_read(test->call, &subject, &test->mock, out_refused));
    if (*out_refused) {
        return STATUS_OK;
    }
    TRY(check_mockless(test, out_refused));
    if (*out_refused) {
        return STATUS_OK;
    }
    TRY(read_input(test, out_refused));
    if (*out_refused) {
        return STATUS_OK;
    }
    return mock_context_read(test->call, &test->trial.tested, test->trial.input, &test->trial.context, out_refused);
}

/* What the Map makes of its fields may be a failure, whatever the mock says. */
static enum status evaluate_map(struct test *test, bool *out_refused)
{
    TRY(tested_map_evaluate(test->call, &test->trial, test->mock.result, &test->map));
    TRY(tested_map_check_failures(test->call, &test->map, out_refused));
    if (test->map.error.bytes != NULL) {
        test->mock = (struct mock){.given = true, .error = test->map.error, .cause = test->map.cause};
    } else if (test->mock.result.bytes != NULL && tested_map_fails(test->call, &test->map)) {
        test->mock = (struct mock){
            .given = true,
            .error = STR("States.ExceedToleratedFailureThreshold"),
            .cause = STR("The specified tolerated failure threshold was exceeded"),
        };
    }
    return STATUS_OK;
}

enum status op_test_state(struct call *call)
{
    struct test test = {.call = call};
    bool refused;
    TRY(subject_check_role(call, &refused));
    if (refused) {
        return STATUS_OK;
    }
    TRY(read(&test, &refused));
    if (!refused && is_type(&test, "Map")) {
        TRY(evaluate_map(&test, &refused));
    }
    if (refused) {
        return STATUS_OK;
    }
    enum status status = run(&test);
    if (status == STATUS_OK) {
        status = judge(&test);
    }
    if (status == STATUS_OK) {
        status = tell(&test);
    }
    interpreter_destroy(test.interpreter);
    return status;
}
