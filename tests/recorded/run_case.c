/* Reads JSON lines {"definition":TEXT,"arn":…,"machineArn":…,"express":bool,"input":TEXT,
 * "mocks":[{resource,parameters,submitted,worker,output,error,cause,fails}]} and writes a line each:
 * {"status","output","error","cause","waitingFor","events":[AWS's shape]} or {"refused":"…"}. compare.py makes the one and
 * judges the other. */
#include "cli/machine_run.h"
#include "schemas/codec/history_event.h"

#include <stdio.h>
#include <stdlib.h>

#define START_MS 1700000000000
#define MEMORY_BYTES ((size_t)1 << 30)

static struct str text_of(const struct value *object, const char *key)
{
    const struct value *value = value_get(object, str_of(key));
    return value != NULL && value->type == VALUE_STRING ? (value->string.bytes == NULL ? STR("") : value->string) : STR_NONE;
}

static enum status read_mocks(struct arena *arena, const struct value *list, struct machine_run *run)
{
    run->mock_count = list == NULL ? 0 : list->count;
    run->mocks = arena_array(arena, struct machine_run_mock, run->mock_count);
    TRY_NEW(run->mocks);
    for (size_t at = 0; at < run->mock_count; at++) {
        const struct value *mock = list->items[at];
        run->mocks[at] = (struct machine_run_mock){
            .resource = text_of(mock, "resource"),
            .state_name = text_of(mock, "state"),
            .parameters = value_get(mock, STR("parameters")),
            .submitted = text_of(mock, "submitted"),
            .worker_name = text_of(mock, "worker"),
            .output = text_of(mock, "output"),
            .error = text_of(mock, "error"),
            .cause = text_of(mock, "cause"),
            .fails = value_get(mock, STR("fails")) != NULL,
        };
    }
    return STATUS_OK;
}

static enum status add_member(struct buffer *buffer, const char *name, struct str text, bool json)
{
    if (text.bytes == NULL) {
        return STATUS_OK;
    }
    TRY(buffer_format(buffer, ",\"%s\":", name));
    return json ? buffer_add(buffer, text) : value_write_string(buffer, text);
}

static enum status write_result(struct interpreter *interpreter, struct str waiting_for, struct buffer *buffer)
{
    const struct execution_status *status = interpreter_status(interpreter);
    TRY(buffer_format(buffer, "{\"status\":\"%.*s\"", STR_ARGS(status->status)));
    TRY(add_member(buffer, "output", status->output, false));
    TRY(add_member(buffer, "error", status->error, false));
    TRY(add_member(buffer, "cause", status->cause, false));
    TRY(add_member(buffer, "waitingFor", waiting_for, false));
    TRY(buffer_add(buffer, STR(",\"events\":[")));
    for (size_t at = 0; at < interpreter_event_count(interpreter); at++) {
        TRY(at == 0 ? STATUS_OK : buffer_add_byte(buffer, ','));
        TRY(history_event_to_aws(buffer, interpreter_event(interpreter, at)));
    }
    return buffer_add(buffer, STR("]}"));
}

static enum status run_line(struct arena *arena, struct str line, struct buffer *buffer)
{
    const struct value *test = NULL;
    const struct machine *machine = NULL;
    struct findings findings;
    struct machine_run run = {0};
    struct str waiting_for = STR_NONE;
    TRY(value_parse(arena, line, &test, NULL));
    enum machine_type type = value_get(test, STR("express"))->boolean ? MACHINE_EXPRESS : MACHINE_STANDARD;
    enum status status = machine_compile(arena, text_of(test, "definition"), type, &machine, &findings);
    if (status == STATUS_INVALID) {
        struct str message;
        TRY(findings_message(arena, &findings, &message));
        TRY(buffer_add(buffer, STR("{\"refused\":")));
        TRY(value_write_string(buffer, message));
        return buffer_add_byte(buffer, '}');
    }
    TRY(status);
    const struct interpreter_options options = {
        .machine = machine,
        .arn = text_of(test, "arn"),
        .state_machine_arn = text_of(test, "machineArn"),
        .role_arn = STR("arn:aws:iam::111111111111:role/pawl"),
        .start_ms = START_MS,
        .seed = 1,
        .memory_bytes_max = MEMORY_BYTES,
    };
    TRY(interpreter_create(&options, &run.interpreter));
    status = interpreter_start(run.interpreter, text_of(test, "input"));
    if (status == STATUS_OK) {
        status = read_mocks(arena, value_get(test, STR("mocks")), &run);
    }
    if (status == STATUS_OK) {
        status = machine_run(&run, &waiting_for);
    }
    if (status == STATUS_OK || status == STATUS_TIMED_OUT) {
        status = write_result(run.interpreter, status == STATUS_OK ? STR_NONE : waiting_for, buffer);
    }
    interpreter_destroy(run.interpreter);
    return status;
}

int main(void)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while ((length = getline(&line, &capacity, stdin)) > 0) {
        struct arena *arena = arena_create(MEMORY_BYTES);
        struct buffer buffer = buffer_in(arena);
        enum status status = run_line(arena, (struct str){line, (size_t)length}, &buffer);
        if (status == STATUS_OK) {
            printf("%.*s\n", STR_ARGS(buffer_text(&buffer)));
        } else {
            printf("{\"trouble\":\"%s\"}\n", status_text(status));
        }
        arena_destroy(arena);
    }
    free(line);
    return 0;
}
