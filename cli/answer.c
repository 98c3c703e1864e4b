#include "cli/answer.h"

#include "asl/value.h"

#include <inttypes.h>

enum status answer_begin(struct arena *arena, struct answer *out_answer)
{
    *out_answer = (struct answer){.buffer = buffer_in(arena)};
    return buffer_add_byte(&out_answer->buffer, '{');
}

static enum status add_name(struct answer *answer, const char *name)
{
    enum status status = buffer_format(&answer->buffer, "%s\"%s\":", answer->any ? "," : "", name);
    answer->any = true;
    return status;
}

enum status answer_text(struct answer *answer, const char *name, struct str text)
{
    if (text.bytes == NULL) {
        return STATUS_OK;
    }
    TRY(add_name(answer, name));
    return value_write_string(&answer->buffer, text);
}

enum status answer_number(struct answer *answer, const char *name, int64_t number)
{
    TRY(add_name(answer, name));
    return buffer_format(&answer->buffer, "%" PRId64, number);
}

enum status answer_time(struct answer *answer, const char *name, int64_t time_us)
{
    if (time_us == RECORD_NONE) {
        return STATUS_OK;
    }
    int64_t time_ms = time_us / 1000;
    TRY(add_name(answer, name));
    return buffer_format(&answer->buffer, "%" PRId64 ".%03d", time_ms / 1000, (int)(time_ms % 1000));
}

enum status answer_json(struct answer *answer, const char *name, struct str json)
{
    if (json.bytes == NULL) {
        return STATUS_OK;
    }
    TRY(add_name(answer, name));
    return buffer_add(&answer->buffer, json);
}

enum status answer_end(struct answer *answer, struct str *out_text)
{
    TRY(buffer_add_byte(&answer->buffer, '}'));
    *out_text = buffer_text(&answer->buffer);
    return STATUS_OK;
}

enum status answer_execution(struct arena *arena, const struct execution_status *status, struct str *out_text)
{
    struct answer answer;
    TRY(answer_begin(arena, &answer));
    TRY(answer_text(&answer, "executionArn", status->execution_arn));
    TRY(answer_text(&answer, "stateMachineArn", status->state_machine_arn));
    TRY(answer_text(&answer, "stateMachineVersionArn", status->state_machine_version_arn));
    TRY(answer_text(&answer, "stateMachineAliasArn", status->state_machine_alias_arn));
    TRY(answer_text(&answer, "name", status->name));
    TRY(answer_text(&answer, "status", status->status));
    TRY(answer_time(&answer, "startDate", status->start_date));
    TRY(answer_time(&answer, "stopDate", status->stop_date));
    TRY(answer_text(&answer, "input", status->input));
    TRY(answer_json(&answer, "inputDetails", status->input.bytes == NULL ? STR_NONE : STR("{\"included\":true}")));
    TRY(answer_text(&answer, "output", status->output));
    TRY(answer_json(&answer, "outputDetails", status->output.bytes == NULL ? STR_NONE : STR("{\"included\":true}")));
    TRY(answer_text(&answer, "traceHeader", status->trace_header));
    TRY(answer_text(&answer, "error", status->error));
    TRY(answer_text(&answer, "cause", status->cause));
    TRY(answer_number(&answer, "redriveCount", status->redrive_count));
    return answer_end(&answer, out_text);
}

enum status answer_execution_item(struct arena *arena, const struct execution_status *status, struct str *out_text)
{
    struct answer answer;
    TRY(answer_begin(arena, &answer));
    TRY(answer_text(&answer, "executionArn", status->execution_arn));
    TRY(answer_text(&answer, "stateMachineArn", status->state_machine_arn));
    TRY(answer_text(&answer, "name", status->name));
    TRY(answer_text(&answer, "status", status->status));
    TRY(answer_time(&answer, "startDate", status->start_date));
    TRY(answer_time(&answer, "stopDate", status->stop_date));
    TRY(answer_number(&answer, "redriveCount", status->redrive_count));
    return answer_end(&answer, out_text);
}

enum status answer_machine(struct arena *arena, const struct definition *head, struct str *out_text)
{
    struct answer answer;
    TRY(answer_begin(arena, &answer));
    TRY(answer_text(&answer, "stateMachineArn", head->state_machine_arn));
    TRY(answer_text(&answer, "name", head->name));
    TRY(answer_text(&answer, "status", head->status));
    TRY(answer_text(&answer, "definition", head->definition));
    TRY(answer_text(&answer, "roleArn", head->role_arn));
    TRY(answer_text(&answer, "type", head->type));
    TRY(answer_time(&answer, "creationDate", head->creation_date));
    TRY(answer_time(&answer, "updateDate", head->update_date));
    TRY(answer_json(&answer, "loggingConfiguration", head->logging_configuration));
    TRY(answer_json(&answer, "tracingConfiguration", head->tracing_configuration));
    TRY(answer_json(&answer, "encryptionConfiguration", head->encryption_configuration));
    TRY(answer_text(&answer, "revisionId", head->revision_id));
    return answer_end(&answer, out_text);
}
