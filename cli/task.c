#include "cli/task.h"

#include "asl/value.h"
#include "base/assert.h"
#include "base/limits.h"

/* ---- Taking ---- */

/* JSON text as one line without blanks: for those who read it by lines. */
static enum status compact(struct arena *arena, struct str json, struct str *out_text)
{
    const struct value *value;
    TRY(value_parse(arena, json, &value, NULL));
    return value_to_text(arena, value, out_text);
}

static enum status read_request(struct task *task, const struct codec *codec, const struct bus_record *record, bool whole,
                                struct str *out_problem)
{
    struct codec_error error = {STR("it is too large")};
    struct str bytes;
    enum record_id type;
    void *value;
    TRY(arena_copy(task->arena, record->value, &bytes));
    enum status status = codec_decode(codec, task->arena, SCHEMA_task_request, bytes, &type, &value, &error);
    if (status != STATUS_OK) {
        *out_problem = error.message;
        return status;
    }
    struct task_request *request = value;
    status = compact(task->arena, request->parameters, &request->parameters);
    if (status == STATUS_OK && whole) {
        status = codec_encode(task->arena, CODEC_JSON, SCHEMA_task_request, RECORD_task_request, request, &task->whole);
    }
    if (status != STATUS_OK) {
        *out_problem = STR("its parameters are no JSON");
        return status;
    }
    task->request = request;
    return STATUS_OK;
}

struct task *task_create(const struct codec *codec, const struct bus_record *record, bool whole, struct str *out_problem)
{
    struct arena *arena = arena_create(STEP_ARENA_BYTES_MAX);
    struct task *task = arena == NULL ? NULL : arena_new(arena, struct task);
    if (task == NULL) {
        if (arena != NULL) {
            arena_destroy(arena);
        }
        return NULL;
    }
    task->arena = arena;
    task->partition = record->partition;
    task->offset = record->offset;
    *out_problem = STR_NONE;
    if (record->value.bytes == NULL) {
        *out_problem = STR("it is a tombstone");
    }
    if (out_problem->bytes != NULL || read_request(task, codec, record, whole, out_problem) != STATUS_OK) {
        task->request = NULL;
        task->outcome = TASK_SILENT;
    }
    return task;
}

void task_destroy(struct task *task)
{
    arena_destroy(task->arena);
}

struct str task_input(const struct task *task)
{
    return task->whole.bytes != NULL ? task->whole : task->request->parameters;
}

/* ---- Outcomes ---- */

/* The length of the well-formed character at the start, or 0. */
static size_t character_length(struct str text)
{
    unsigned char first = (unsigned char)text.bytes[0];
    size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    return length <= text.length && str_is_utf8(str_slice(text, 0, length)) ? length : 0;
}

/* A copy in which every byte that is no UTF-8 is U+FFFD. */
static struct str clean(struct arena *arena, struct str text)
{
    struct buffer buffer = buffer_in(arena);
    enum status status = STATUS_OK;
    while (text.length > 0 && status == STATUS_OK) {
        size_t length = character_length(text);
        status = buffer_add(&buffer, length == 0 ? STR("\xEF\xBF\xBD") : str_slice(text, 0, length));
        text = str_from(text, length == 0 ? 1 : length);
    }
    return status == STATUS_OK ? buffer_text(&buffer) : STR("");
}

void task_fail(struct task *task, struct str error, struct str cause)
{
    cause = str_trim(cause);
    if (cause.length > CAUSE_CHARACTERS_MAX) {
        cause = str_from(cause, cause.length - CAUSE_CHARACTERS_MAX);
    }
    task->outcome = TASK_FAILED;
    task->error = clean(task->arena, error);
    task->cause = clean(task->arena, cause);
}

void task_succeed(struct task *task, struct str output)
{
    struct str text = str_trim(output);
    if (text.length == 0) {
        task_fail(task, STR("Pawl.BadOutput"), STR("the command printed nothing; print null for no result"));
    } else if (!value_text_is_valid(text)) {
        struct buffer cause = buffer_in(task->arena);
        struct str shown = text.length > 200 ? str_slice(text, 0, 200) : text;
        bool ok = buffer_add(&cause, STR("the command's output is no JSON: ")) == STATUS_OK &&
                  buffer_add(&cause, shown) == STATUS_OK;
        task_fail(task, STR("Pawl.BadOutput"), ok ? buffer_text(&cause) : STR(""));
    } else if (arena_copy(task->arena, text, &task->output) != STATUS_OK) {
        task_fail(task, STR("Pawl.BadOutput"), STR("the command's output is too large"));
    } else {
        task->outcome = TASK_SUCCEEDED;
    }
}

/* ---- Results ---- */

/* With .waitForTaskToken the command's success is only that it has handed the token on. */
static enum status submitted(struct task *task, enum codec_encoding encoding, struct str *out_value)
{
    struct task_submitted result;
    record_init(RECORD_task_submitted, &result);
    result.task_token = task->request->task_token;
    result.output = task->output;
    return codec_encode(task->arena, encoding, SCHEMA_task_result, RECORD_task_submitted, &result, out_value);
}

static enum status succeeded(struct task *task, enum codec_encoding encoding, struct str *out_value)
{
    struct task_succeeded result;
    record_init(RECORD_task_succeeded, &result);
    result.task_token = task->request->task_token;
    result.output = task->output;
    return codec_encode(task->arena, encoding, SCHEMA_task_result, RECORD_task_succeeded, &result, out_value);
}

enum status task_result(struct task *task, enum codec_encoding encoding, struct str *out_value)
{
    ASSERT(task->outcome == TASK_SUCCEEDED || task->outcome == TASK_FAILED);
    if (task->outcome == TASK_SUCCEEDED) {
        bool handed_on = str_ends_with(task->request->resource, STR(".waitForTaskToken"));
        return handed_on ? submitted(task, encoding, out_value) : succeeded(task, encoding, out_value);
    }
    struct task_failed result;
    record_init(RECORD_task_failed, &result);
    result.task_token = task->request->task_token;
    result.error = task->error;
    result.cause = task->cause;
    return codec_encode(task->arena, encoding, SCHEMA_task_result, RECORD_task_failed, &result, out_value);
}

enum status task_started(struct arena *arena, const struct task *task, const struct task_claim *claim,
                         enum codec_encoding encoding, struct str *out_value)
{
    struct task_started started;
    record_init(RECORD_task_started, &started);
    started.task_token = task->request->task_token;
    started.worker_name = claim->worker_name;
    started.reply_topic = claim->reply_topic;
    started.correlation_id = claim->correlation_id;
    return codec_encode(arena, encoding, SCHEMA_task_result, RECORD_task_started, &started, out_value);
}

enum status task_heartbeat(struct arena *arena, const struct task *task, enum codec_encoding encoding,
                           struct str *out_value)
{
    struct task_heartbeat heartbeat;
    record_init(RECORD_task_heartbeat, &heartbeat);
    heartbeat.task_token = task->request->task_token;
    return codec_encode(arena, encoding, SCHEMA_task_result, RECORD_task_heartbeat, &heartbeat, out_value);
}
