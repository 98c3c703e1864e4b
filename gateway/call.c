#include "gateway/call.h"

#include "asl/token.h"
#include "asl/utf.h"
#include "base/assert.h"
#include "base/limits.h"
#include "gateway/quota.h"
#include "gateway/repair.h"
#include "gateway/validate.h"

#include <stdarg.h>
#include <stdio.h>

#define SERVICE_NAMESPACE "com.amazonaws.swf.service.v2.model"

/* ---- Exceptions ---- */

struct exception {
    struct str name;
    const char *namespace;
    unsigned http_status;
};

static struct exception exception_of(struct str name)
{
    static const struct exception others[] = {
#define ERROR(exception, namespace, status) {STR_INIT(#exception), namespace, status},
#include "gateway/errors.def"
    };
    for (size_t at = 0; at < sizeof others / sizeof *others; at++) {
        if (str_equal(others[at].name, name)) {
            return others[at];
        }
    }
    return (struct exception){name, SERVICE_NAMESPACE, 400};
}

/* NULL: it has none. */
static const char *reason_of(struct str name, struct str message)
{
    static const struct {
        struct str start;
        const char *reason;
    } reasons[] = {
#define REASON(start, reason) {STR_INIT(start), reason},
#include "gateway/reasons.def"
    };
    for (size_t at = 0; str_equal(name, STR("ValidationException")) && at < sizeof reasons / sizeof *reasons; at++) {
        if (str_starts_with(message, reasons[at].start)) {
            return reasons[at].reason;
        }
    }
    return NULL;
}

static enum status set_exception(struct call *call, struct str name, struct str message)
{
    struct exception exception = exception_of(name);
    struct buffer body = buffer_in(call->arena);
    TRY(buffer_format(&body, "{\"__type\":\"%s#%.*s\"", exception.namespace, STR_ARGS(name)));
    if (message.bytes != NULL) {
        TRY(buffer_add(&body, STR(",\"message\":")));
        TRY(value_write_string(&body, message));
    }
    const char *reason = reason_of(name, message);
    if (reason != NULL) {
        TRY(buffer_format(&body, ",\"reason\":\"%s\"", reason));
    }
    TRY(buffer_add_byte(&body, '}'));
    call->error = name;
    call->http_status = exception.http_status;
    call->body = buffer_text(&body);
    call->state = CALL_ANSWERED;
    return STATUS_OK;
}

void call_fail(struct call *call, struct str exception, struct str message)
{
    if (set_exception(call, exception, message) != STATUS_OK) {
        call->error = STR("InternalFailure");
        call->http_status = 500;
        call->body = STR("{\"__type\":\"com.amazon.coral.service#InternalFailure\"}");
        call->state = CALL_ANSWERED;
    }
}

/* The gateway's own trouble. */
static void fail_by_status(struct call *call, enum status status)
{
    switch ((int)status) {
    case STATUS_TIMED_OUT:
        call_fail(call, STR("ServiceUnavailableException"),
                  STR("There was no answer in time; what was asked for may still happen"));
        return;
    case STATUS_RETRIABLE:
        call_fail(call, STR("ServiceUnavailableException"), STR("The gateway is stopping or has lost its way; try again"));
        return;
    default:
        call_fail(call, STR("InternalFailure"), str_of(status_text(status)));
    }
}

/* ---- The request's members ---- */

static const struct value *member(const struct call *call, const char *name)
{
    const struct value *value = value_get(call->request, str_of(name));
    return value == NULL || value->type == VALUE_NULL ? NULL : value;
}

bool call_has(const struct call *call, const char *name)
{
    return member(call, name) != NULL;
}

struct str call_text(const struct call *call, const char *name)
{
    const struct value *value = member(call, name);
    return value == NULL ? STR_NONE : value->string.bytes == NULL ? STR("") : value->string;
}

int64_t call_number(const struct call *call, const char *name)
{
    const struct value *value = member(call, name);
    int64_t number;
    return value != NULL && value_to_int64(value, &number) ? number : RECORD_NONE;
}

bool call_boolean(const struct call *call, const char *name, bool absent)
{
    const struct value *value = member(call, name);
    return value == NULL ? absent : value->boolean;
}

enum status call_json(const struct call *call, const char *name, struct str *out_text)
{
    const struct value *value = member(call, name);
    if (value == NULL) {
        *out_text = STR_NONE;
        return STATUS_OK;
    }
    return value_to_text(call->arena, value, out_text);
}

/* ---- What an operation says ---- */

enum status call_answer(struct call *call, struct str json)
{
    ASSERT(call->state == CALL_RUNNING);
    call->http_status = 200;
    call->body = json;
    call->state = CALL_ANSWERED;
    return STATUS_OK;
}

enum status call_refuse(struct call *call, struct str exception, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *bytes = arena_allocate(call->arena, (size_t)(length < 0 ? 0 : length) + 1);
    if (bytes != NULL) {
        vsnprintf(bytes, (size_t)(length < 0 ? 0 : length) + 1, format, again);
    }
    va_end(again);
    TRY_NEW(bytes);
    return set_exception(call, exception, (struct str){bytes, (size_t)(length < 0 ? 0 : length)});
}

enum status call_refuse_quoting(struct call *call, struct str exception, const char *what, struct str quoted)
{
    struct buffer text = buffer_in(call->arena);
    TRY(buffer_format(&text, "%s: '", what));
    TRY(buffer_add(&text, quoted));
    TRY(buffer_add_byte(&text, '\''));
    return set_exception(call, exception, buffer_text(&text));
}

enum status call_command(struct call *call, enum record_id record, void *value, struct str key, enum call_effect effect)
{
    ASSERT(call->state == CALL_RUNNING);
    call->command.record = record;
    call->command.value = value;
    call->command.key = key;
    call->effect = effect;
    call->state = CALL_COMMANDS;
    return STATUS_OK;
}

enum status call_poll(struct call *call, struct str activity_arn, struct str worker_name)
{
    ASSERT(call->state == CALL_RUNNING);
    call->poller = (struct activities_poller){.activity_arn = activity_arn, .worker_name = worker_name};
    call->state = CALL_POLLS;
    return STATUS_OK;
}

/* ---- Running ---- */

/* What is no JSON need not be UTF-8 either, and the message quotes some of it. */
static enum status refuse_text(struct call *call, struct str message)
{
    struct str text;
    TRY(utf_repair(call->arena, message, &text));
    return set_exception(call, STR("SerializationException"), text);
}

static enum status run(struct call *call, struct str target, struct str body)
{
    const struct validate_limits limits = {.payload_bytes_max = (int64_t)call->gateway->config.step.payload_bytes_max};
    struct validate_findings findings;
    struct value_error error = {0};
    call->operation = operations_find(target);
    if (call->operation == NULL) {
        return set_exception(call, STR("UnknownOperationException"), STR_NONE);
    }
    if (str_trim(body).length == 0) {
        body = STR("{}");
    }
    enum status status = value_parse(call->arena, body, &call->request, &error);
    if (status == STATUS_INVALID) {
        return refuse_text(call, error.message);
    }
    if (status == STATUS_LIMIT_EXCEEDED) {
        return set_exception(call, STR("SerializationException"), STR("The request is nested too deeply"));
    }
    TRY(status);
    TRY(validate_request(call->arena, &limits, call->operation->input, call->request, &findings));
    if (findings.serialization.bytes != NULL) {
        return set_exception(call, STR("SerializationException"), findings.serialization);
    }
    if (findings.validation.bytes != NULL) {
        return set_exception(call, STR("ValidationException"), findings.validation);
    }
    TRY(repair_texts(call->arena, call->request, &call->request));
    return call->operation->run(call);
}

void call_run(struct call *call, struct str target, struct str body)
{
    call->state = CALL_RUNNING;
    enum status status = run(call, target, body);
    if (status != STATUS_OK) {
        fail_by_status(call, status);
    }
    ASSERT(call->state != CALL_RUNNING);
}

/* ---- The way of a command ---- */

static void answer_reply(struct call *call)
{
    enum status status = STATUS_OK;
    call->state = CALL_RUNNING;
    if (call->then != NULL) {
        status = call->then(call, call->reply);
    } else {
        status = call_answer(call, call->reply->data.bytes == NULL ? STR("{}") : call->reply->data);
    }
    if (status != STATUS_OK) {
        fail_by_status(call, status);
    }
    call->answered(call);
}

static void on_shown(struct view_wait *wait, enum status status)
{
    struct call *call = wait->owner;
    if (status != STATUS_OK) {
        fail_by_status(call, status);
        call->answered(call);
        return;
    }
    answer_reply(call);
}

/* The execution's ARN in a StartExecution's Reply. */
static enum status started_arn(struct call *call, struct str *out_arn)
{
    const struct value *data;
    TRY(value_parse(call->arena, call->reply->data, &data, NULL));
    const struct value *arn = value_get(data, STR("executionArn"));
    if (arn == NULL || arn->type != VALUE_STRING) {
        return STATUS_CORRUPT;
    }
    *out_arn = arn->string;
    return STATUS_OK;
}

static enum status set_wait(struct call *call, bool *out_waits)
{
    const struct reply *reply = call->reply;
    struct view_wait *wait = &call->wait;
    struct token token;
    *wait = (struct view_wait){.done = on_shown, .owner = call, .arn = call->command.key, .version = reply->version};
    wait->incarnation = reply->incarnation;
    *out_waits = reply->version != RECORD_NONE;
    switch (call->effect) {
    case CALL_CHANGES_NOTHING:
        *out_waits = false;
        return STATUS_OK;
    case CALL_CHANGES_MACHINE:
        wait->goal = VIEW_MACHINE;
        return STATUS_OK;
    case CALL_DELETES_MACHINE:
        wait->goal = VIEW_MACHINE_GONE;
        return STATUS_OK;
    case CALL_STARTS_EXECUTION:
        wait->goal = VIEW_STARTED;
        TRY(started_arn(call, &wait->arn));
        /* An Express execution is in no view. */
        *out_waits = *out_waits && str_find_str(wait->arn, STR(":express:")) == wait->arn.length;
        break;
    case CALL_STOPS_EXECUTION:
        wait->goal = VIEW_STOPPED;
        break;
    case CALL_REDRIVES_EXECUTION:
        wait->goal = VIEW_REDRIVEN;
        break;
    case CALL_RUNS_EXPRESS:
        wait->goal = VIEW_ENDED;
        wait->wait_ms = EXPRESS_MS_MAX + call->gateway->config.reply_timeout_ms;
        TRY(started_arn(call, &wait->arn));
        break;
    case CALL_ANSWERS_TASK:
        wait->goal = VIEW_EVENT;
        TRY(token_decode(call->arena, call_text(call, "taskToken"), &token));
        wait->execution = token.execution;
        return STATUS_OK;
    }
    *out_waits = *out_waits && reply->incarnation != RECORD_NONE;
    wait->execution = execution_id_of(wait->arn, reply->incarnation);
    return STATUS_OK;
}

/* What the engine can't read or do is no fault of the caller's: the gateway wrote the record. */
static struct str refusal_of(struct str error)
{
    bool ours = str_equal(error, STR("InvalidRecord")) || str_equal(error, STR("InternalError"));
    return ours ? STR("InternalFailure") : error;
}

static enum status take_reply(struct call *call, struct str bytes)
{
    struct codec_error error;
    struct str kept;
    enum record_id record;
    void *reply;
    bool waits;
    TRY(arena_copy(call->arena, bytes, &kept));
    TRY(codec_decode(call->gateway->codec, call->arena, SCHEMA_reply, kept, &record, &reply, &error));
    call->reply = reply;
    if (call->reply->error.bytes != NULL) {
        TRY(set_exception(call, refusal_of(call->reply->error), call->reply->message));
        call->answered(call);
        return STATUS_OK;
    }
    TRY(set_wait(call, &waits));
    if (waits) {
        view_await(call->gateway->view, &call->wait);
    } else {
        answer_reply(call);
    }
    return STATUS_OK;
}

static void on_reply(struct client_request *request, enum status status, struct str bytes)
{
    struct call *call = request->owner;
    if (status == STATUS_OK) {
        status = take_reply(call, bytes);
    }
    if (status == STATUS_LIMIT_EXCEEDED) {
        call_fail(call, STR("ValidationException"), STR("The request is too large"));
        call->answered(call);
    } else if (status != STATUS_OK) {
        fail_by_status(call, status);
        call->answered(call);
    }
}

static void fill_principal(struct call *call)
{
    const struct record_type *type = &record_types[call->command.record];
    for (uint32_t at = 0; at < type->field_count; at++) {
        if (str_equal(type->fields[at].name, STR("principal"))) {
            *(struct str *)((char *)call->command.value + type->fields[at].offset) = call->principal;
        }
    }
}

/* ---- The way of a poll ---- */

static enum status answer_task(struct call *call, const struct task_request *task)
{
    struct buffer body = buffer_in(call->arena);
    if (task == NULL) {
        return call_answer(call, STR("{}"));
    }
    TRY(buffer_add(&body, STR("{\"taskToken\":")));
    TRY(value_write_string(&body, task->task_token));
    TRY(buffer_add(&body, STR(",\"input\":")));
    TRY(value_write_string(&body, task->parameters));
    TRY(buffer_add_byte(&body, '}'));
    return call_answer(call, buffer_text(&body));
}

static void give_task(struct call *call, enum status status, const struct task_request *task)
{
    call->state = CALL_RUNNING;
    if (status == STATUS_OK) {
        status = answer_task(call, task);
    } else if (status == STATUS_REFUSED) {
        status = quota_refuse_worker(call);
    }
    if (status != STATUS_OK) {
        fail_by_status(call, status);
    }
    call->answered(call);
}

/* The view shows that it has started, or is late: who has claimed a task gets it all the same. */
static void on_started(struct view_wait *wait, enum status status)
{
    struct call *call = wait->owner;
    (void)status;
    give_task(call, STATUS_OK, call->poller.task);
}

static void on_task(struct activities_poller *poller, enum status status, const struct task_request *task)
{
    struct call *call = poller->owner;
    if (status != STATUS_OK || task == NULL || poller->event_id == RECORD_NONE) {
        give_task(call, status, task);
        return;
    }
    call->wait = (struct view_wait){
        .goal = VIEW_EVENT,
        .execution = execution_id_of(task->execution_arn, task->incarnation),
        .version = poller->event_id,
        .done = on_started,
        .owner = call,
    };
    view_await(call->gateway->view, &call->wait);
}

static bool is_gone(struct activities_poller *poller)
{
    const struct call *call = poller->owner;
    return call->is_gone(call);
}

void call_launch(struct call *call)
{
    if (call->state == CALL_POLLS) {
        call->poller.arena = call->arena;
        call->poller.is_gone = is_gone;
        call->poller.done = on_task;
        call->poller.owner = call;
        activities_poll(call->gateway->activities, &call->poller);
        return;
    }
    ASSERT(call->state == CALL_COMMANDS);
    fill_principal(call);
    call->command.arena = call->arena;
    call->command.done = on_reply;
    call->command.owner = call;
    client_send(call->gateway->client, &call->command);
}
