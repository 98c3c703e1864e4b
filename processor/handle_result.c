#include "asl/value.h"
#include "base/mutant.h"
#include "processor/forward.h"
#include "processor/handle_parts.h"

#include "base/assert.h"
#include "base/limits.h"

#define TEXT_INVALID_TOKEN "Invalid Token: 'Invalid token'"
#define TEXT_TASK_GONE "Task Does Not Exist: 'Provided task does not exist'"
#define TEXT_TASK_ENDED "Task Timed Out: 'Provided task does not exist anymore'"
#define TEXT_NOT_SUBMITTED "Invalid Token: 'The task is neither .sync nor .waitForTaskToken: it is not submitted'"
#define TEXT_TASK_TAKEN "Task Does Not Exist: 'Another worker has taken the task'"

/* A result of any kind, as the step wants it. */
struct result {
    enum step_event_type type;
    struct str task_token;
    struct str output;
    struct str error;
    struct str cause;
    struct str worker_name;
    struct reply_to to;
};

static enum step_event_type event_of(enum record_id record)
{
    switch ((int)record) {
#define COMMAND(name, function)
#define RESULT(name, event)                                                                                            \
    case RECORD_##name:                                                                                                \
        return event;
#include "processor/handlers.def"
    }
    UNREACHABLE("kind of result");
}

static struct result read_result(enum record_id record, const void *value)
{
    struct result result = {.type = event_of(record)};
    switch (result.type) {
    case STEP_TASK_SUCCEEDED: {
        const struct task_succeeded *succeeded = value;
        result.task_token = succeeded->task_token;
        result.output = succeeded->output;
        result.to = REPLY_TO(succeeded);
        return result;
    }
    case STEP_TASK_FAILED: {
        const struct task_failed *failed = value;
        result.task_token = failed->task_token;
        result.error = str_cut_characters(failed->error, ERROR_CHARACTERS_MAX);
        result.cause = str_cut_characters(failed->cause, CAUSE_CHARACTERS_MAX);
        result.to = REPLY_TO(failed);
        return result;
    }
    case STEP_TASK_HEARTBEAT: {
        const struct task_heartbeat *heartbeat = value;
        result.task_token = heartbeat->task_token;
        result.to = REPLY_TO(heartbeat);
        return result;
    }
    case STEP_TASK_STARTED: {
        const struct task_started *started = value;
        result.task_token = started->task_token;
        result.worker_name = started->worker_name;
        result.to = REPLY_TO(started);
        return result;
    }
    case STEP_TASK_SUBMITTED: {
        const struct task_submitted *submitted = value;
        result.task_token = submitted->task_token;
        result.output = submitted->output;
        result.to = REPLY_TO(submitted);
        return result;
    }
    case STEP_START:
    case STEP_STOP:
    case STEP_REDRIVE:
    case STEP_TIMER:
        break;
    }
    UNREACHABLE("kind of result");
}

/* A claim by the name that has the task already is accepted again, and told so: a gateway whose first claim it was knows. */
static struct str data_of(const struct result *result, const struct execution_row *before, struct reply_version version)
{
    bool again = result->type == STEP_TASK_STARTED && version.version == before->last_event_id;
    return again ? STR("{\"again\":true}") : STR("{}");
}

static enum status answer(struct handling *handling, const struct result *result, const struct execution_row *before,
                          enum step_outcome outcome, struct reply_version version)
{
    switch (outcome) {
    case STEP_APPLIED:
        return reply_accept(handling, &result->to, data_of(result, before, version), version);
    case STEP_UNKNOWN:
        handling_count(handling, COUNTER_UNKNOWN_RESULTS);
        return reply_refuse_quietly(handling, &result->to, STR("InvalidToken"), STR(TEXT_INVALID_TOKEN));
    case STEP_LATE:
    case STEP_CLOSED:
        handling_count(handling, COUNTER_LATE_RESULTS);
        return reply_refuse_quietly(handling, &result->to, STR("TaskTimedOut"), STR(TEXT_TASK_ENDED));
    case STEP_TAKEN:
        handling_count(handling, COUNTER_LATE_RESULTS);
        return reply_refuse_quietly(handling, &result->to, STR("TaskDoesNotExist"), STR(TEXT_TASK_TAKEN));
    case STEP_MISPLACED:
        handling_count(handling, COUNTER_MISPLACED_RESULTS);
        return reply_refuse_quietly(handling, &result->to, STR("InvalidToken"), STR(TEXT_NOT_SUBMITTED));
    case STEP_REPEATED:
    case STEP_NOT_REDRIVABLE:
        break;
    }
    UNREACHABLE("outcome of a result");
}

static enum status apply(struct handling *handling, const struct result *result, const struct token *token)
{
    const struct execution_row *row;
    handling->execution = token->execution;
    handling->has_execution = true;
    enum status status = store_execution(&handling->partition->store, handling->arena, &token->execution, &row);
    if (status == STATUS_NOT_FOUND) {
        handling_count(handling, COUNTER_UNKNOWN_RESULTS);
        return reply_refuse_quietly(handling, &result->to, STR("TaskDoesNotExist"), STR(TEXT_TASK_GONE));
    }
    TRY(status);
    if (row->parked.bytes != NULL) {
        return reply_refuse(handling, &result->to, STR("ExecutionParked"), "%.*s", STR_ARGS(row->parked));
    }
    struct step_event event = {
        .type = result->type,
        .execution = token->execution,
        .error = result->error,
        .cause = result->cause,
        .token = *token,
        .output = result->output,
        .worker_name = result->worker_name,
    };
    if (MUTANT(ACCEPT_STALE_TOKEN) && row->root.token_bits.length == TOKEN_BITS_BYTES && token->frame == 0) {
        memcpy(event.token.bits, row->root.token_bits.bytes, TOKEN_BITS_BYTES);
        event.token.attempt = (uint32_t)row->root.retry_total;
    }
    enum step_outcome outcome;
    struct reply_version version;
    TRY(handle_step(handling, row, &event, &outcome, &version));
    return answer(handling, result, row, outcome, version);
}

static enum status refuse_output(struct handling *handling, const struct result *result)
{
    const struct value *ignored;
    struct value_error error = {.message = STR("The output is no JSON text")};
    (void)!value_parse(handling->arena, result->output, &ignored, &error);
    return reply_refuse(handling, &result->to, STR("InvalidOutput"), "Invalid Output: '%.*s'", STR_ARGS(error.message));
}

enum status handle_result(struct handling *handling, enum record_id record, const void *value)
{
    struct result result = read_result(record, value);
    struct token token;
    enum status status = token_decode(handling->arena, result.task_token, &token);
    if (status == STATUS_INVALID) {
        handling_count(handling, COUNTER_UNKNOWN_RESULTS);
        return reply_refuse(handling, &result.to, STR("InvalidToken"), TEXT_INVALID_TOKEN);
    }
    TRY(status);
    if (!forward_is_owner(handling, token.arn_murmur2)) {
        return forward_add(handling, token.arn_murmur2);
    }
    if (result.output.bytes != NULL && !value_text_is_valid(result.output)) {
        return refuse_output(handling, &result);
    }
    return apply(handling, &result, &token);
}
