#include "step_script.h"

#include <stdio.h>
#include <stdlib.h>

#define START_MS 1700000000000

enum status script_read_file(struct arena *arena, const char *path, struct str *out_text)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return STATUS_NOT_FOUND;
    }
    struct buffer buffer = buffer_in(arena);
    char chunk[65536];
    size_t length;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && (length = fread(chunk, 1, sizeof chunk, file)) > 0) {
        status = buffer_add(&buffer, (struct str){chunk, length});
    }
    fclose(file);
    *out_text = buffer_text(&buffer);
    return status;
}

bool script_next_line(struct str *rest, struct str *out_line)
{
    while (rest->length > 0) {
        size_t end = str_find(*rest, '\n');
        *out_line = str_slice(*rest, 0, end);
        *rest = str_from(*rest, end == rest->length ? end : end + 1);
        if (str_trim(*out_line).length > 0) {
            return true;
        }
    }
    return false;
}

static struct str text_member(const struct value *object, const char *key)
{
    const struct value *value = value_get(object, str_of(key));
    return value != NULL && value->type == VALUE_STRING ? (value->string.bytes == NULL ? STR("") : value->string) : STR_NONE;
}

/* The oldest unanswered task; with a state's name or resource, of that. */
static struct interpreter_task *find_task(struct interpreter *interpreter, struct str of)
{
    for (size_t at = 0; at < interpreter_task_count(interpreter); at++) {
        struct interpreter_task *task = interpreter_task(interpreter, at);
        if (!task->answered && (of.bytes == NULL || str_equal(task->request->state_name, of))) {
            return task;
        }
    }
    return NULL;
}

/* Whether it is the action's `outcome`, which is applied unless it says so. */
static enum status check_outcome(struct arena *arena, const struct value *action, enum step_outcome outcome, struct str *out_problem)
{
    static const char *const names[] = {
        [STEP_APPLIED] = "applied",   [STEP_UNKNOWN] = "unknown", [STEP_LATE] = "late",           [STEP_CLOSED] = "closed",
        [STEP_REPEATED] = "repeated", [STEP_TAKEN] = "taken",     [STEP_MISPLACED] = "misplaced", [STEP_NOT_REDRIVABLE] = "refused",
    };
    struct str wanted = text_member(action, "outcome");
    if (!str_equal(wanted.bytes == NULL ? STR("applied") : wanted, str_of(names[outcome]))) {
        return arena_format(arena, out_problem, "the outcome was %s, not %.*s", names[outcome], STR_ARGS(wanted));
    }
    return STATUS_OK;
}

static enum status do_task(struct arena *arena, struct interpreter *interpreter, const struct value *action, enum step_event_type type,
                           struct str *out_problem)
{
    struct interpreter_task *task = find_task(interpreter, text_member(action, "state"));
    const struct value *index = value_get(action, STR("task"));
    const struct value *output = value_get(action, STR("output"));
    struct step_event event = {
        .type = type,
        .error = text_member(action, "error"),
        .cause = text_member(action, "cause"),
        .worker_name = text_member(action, "worker"),
        .output = STR("null"),
    };
    int64_t number = 0;
    if (index != NULL && value_to_int64(index, &number) && (size_t)number < interpreter_task_count(interpreter)) {
        task = interpreter_task(interpreter, (size_t)number);
    }
    if (task == NULL) {
        *out_problem = STR("no open task");
        return STATUS_OK;
    }
    if (output != NULL) {
        TRY(value_to_text(arena, output, &event.output));
    }
    enum step_outcome outcome = STEP_APPLIED;
    TRY(interpreter_answer(interpreter, task->request, event, &outcome));
    return check_outcome(arena, action, outcome, out_problem);
}

static enum status do_action(struct arena *arena, struct interpreter *interpreter, const struct value *action, struct str *out_problem)
{
    static const struct {
        const char *name;
        enum step_event_type type;
    } tasks[] = {
        {"succeed", STEP_TASK_SUCCEEDED}, {"fail", STEP_TASK_FAILED},         {"heartbeat", STEP_TASK_HEARTBEAT},
        {"started", STEP_TASK_STARTED},   {"submitted", STEP_TASK_SUBMITTED},
    };
    struct str name = text_member(action, "do");
    int64_t ms = 0;
    for (size_t at = 0; at < sizeof tasks / sizeof tasks[0]; at++) {
        if (str_equal(name, str_of(tasks[at].name))) {
            return do_task(arena, interpreter, action, tasks[at].type, out_problem);
        }
    }
    if (str_equal(name, STR("advance")) && value_to_int64(value_get(action, STR("ms")), &ms)) {
        return interpreter_advance(interpreter, interpreter_now_ms(interpreter) + ms);
    }
    if (str_equal(name, STR("stop"))) {
        enum step_outcome outcome = STEP_APPLIED;
        const struct step_event event = {
            .type = STEP_STOP, .error = text_member(action, "error"), .cause = text_member(action, "cause")};
        return interpreter_apply(interpreter, event, &outcome);
    }
    if (str_equal(name, STR("redrive"))) {
        enum step_outcome outcome = STEP_APPLIED;
        const struct step_event event = {.type = STEP_REDRIVE, .client_token = text_member(action, "token")};
        TRY(interpreter_apply(interpreter, event, &outcome));
        return check_outcome(arena, action, outcome, out_problem);
    }
    *out_problem = STR("unknown action");
    return STATUS_OK;
}

/* `owner` is the test; its refusedRoutes is an object, route to cause. */
static enum status refusal(void *owner, struct arena *arena, struct str route, const struct task_request *request,
                           struct str *out_cause)
{
    const struct value *cause = value_get(value_get(owner, STR("refusedRoutes")), route);
    (void)arena, (void)request;
    *out_cause = cause == NULL ? STR_NONE : cause->string;
    return STATUS_OK;
}

/* Its missingActivity is the ARN of one that is not there. */
static enum status has_activity(void *owner, struct str arn, bool *out_exists)
{
    const struct value *missing = value_get(owner, STR("missingActivity"));
    *out_exists = missing == NULL || !str_equal(missing->string, arn);
    return STATUS_OK;
}

enum status script_run(struct arena *arena, const struct value *test, struct script_result *out_result)
{
    const struct value *definition = value_get(test, STR("definition"));
    const struct value *input = value_get(test, STR("input"));
    const struct value *script = value_get(test, STR("script"));
    const struct value *cap = value_get(test, STR("historyEventsMax"));
    const struct value *payload = value_get(test, STR("payloadBytesMax"));
    struct step_routes *routes = arena_new(arena, struct step_routes);
    struct step_config *config = arena_new(arena, struct step_config);
    struct str text;
    const struct machine *machine = NULL;
    struct findings findings;
    *out_result = (struct script_result){0};
    int64_t number = 0;
    TRY_NEW(config);
    TRY_NEW(routes);
    *routes = (struct step_routes){.owner = (void *)test, .refusal = refusal, .has_activity = has_activity};
    *config = step_config_default;
    if (payload != NULL && value_to_int64(payload, &number)) {
        config->payload_bytes_max = (size_t)number;
    }
    if (cap != NULL) {
        (void)value_to_int64(cap, &config->history_events_max);
    }
    TRY(value_to_text(arena, definition, &text));
    enum machine_type type = value_get(test, STR("express")) != NULL ? MACHINE_EXPRESS : MACHINE_STANDARD;
    enum status status = machine_compile(arena, text, type, &machine, &findings);
    if (status == STATUS_INVALID) {
        return findings_message(arena, &findings, &out_result->problem);
    }
    TRY(status);
    struct interpreter_options options = {
        .machine = machine,
        .config = config,
        .routes = routes,
        .express = type == MACHINE_EXPRESS,
        .start_ms = START_MS,
        .seed = 1,
        .memory_bytes_max = 512 << 20,
    };
    TRY(interpreter_create(&options, &out_result->interpreter));
    struct str input_text = STR("{}");
    if (input != NULL) {
        TRY(value_to_text(arena, input, &input_text));
    }
    TRY(interpreter_start(out_result->interpreter, input_text));
    TRY(interpreter_advance(out_result->interpreter, interpreter_now_ms(out_result->interpreter)));
    for (uint32_t at = 0; script != NULL && at < script->count && out_result->problem.bytes == NULL; at++) {
        TRY(do_action(arena, out_result->interpreter, script->items[at], &out_result->problem));
        /* Continuations are due at once. */
        TRY(interpreter_advance(out_result->interpreter, interpreter_now_ms(out_result->interpreter)));
    }
    return STATUS_OK;
}

static enum status add_text(struct buffer *buffer, const char *name, struct str text)
{
    return text.bytes == NULL ? STATUS_OK : buffer_format(buffer, " %s=%.*s", name, STR_ARGS(text));
}

static enum status add_number(struct buffer *buffer, const char *name, int64_t number)
{
    return number == RECORD_NONE ? STATUS_OK : buffer_format(buffer, " %s=%lld", name, (long long)number);
}

enum status script_event_line(struct arena *arena, const struct history_event *event, struct str *out_line)
{
    struct buffer buffer = buffer_in(arena);
    TRY(buffer_format(&buffer, "%lld %lld %.*s", (long long)event->id, (long long)event->previous_event_id, STR_ARGS(event->type)));
    TRY(add_text(&buffer, "name", event->name));
    TRY(add_number(&buffer, "index", event->index));
    TRY(add_number(&buffer, "length", event->length));
    TRY(add_text(&buffer, "resource", event->resource));
    TRY(add_text(&buffer, "input", event->input));
    TRY(add_text(&buffer, "parameters", event->parameters));
    TRY(add_number(&buffer, "timeout", event->timeout_in_seconds));
    TRY(add_number(&buffer, "heartbeat", event->heartbeat_in_seconds));
    TRY(add_text(&buffer, "worker", event->worker_name));
    TRY(add_text(&buffer, "output", event->output));
    TRY(add_text(&buffer, "assigned", event->assigned_variables));
    TRY(add_text(&buffer, "error", event->error));
    TRY(add_text(&buffer, "cause", event->cause));
    *out_line = buffer_text(&buffer);
    return STATUS_OK;
}
