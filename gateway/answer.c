#include "gateway/answer.h"

#include "asl/value.h"
#include "asl/variable_references.h"

#include <inttypes.h>
#include <stdio.h>

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

/* A payload with what the API says of it. */
static enum status add_data(struct answer *answer, const char *name, struct str json, bool with_data)
{
    char details[32];
    if (json.bytes == NULL) {
        return STATUS_OK;
    }
    snprintf(details, sizeof details, "%sDetails", name);
    TRY(answer_text(answer, name, with_data ? json : STR_NONE));
    return answer_json(answer, details, with_data ? STR("{\"included\":true}") : STR("{\"included\":false}"));
}

static enum status add_redrive(struct answer *answer, const struct execution_status *status, struct str refusal)
{
    TRY(answer_number(answer, "redriveCount", status->redrive_count));
    TRY(answer_time(answer, "redriveDate", status->redrive_date));
    TRY(answer_text(answer, "redriveStatus", refusal.bytes == NULL ? STR("REDRIVABLE") : STR("NOT_REDRIVABLE")));
    return answer_text(answer, "redriveStatusReason", refusal);
}

enum status answer_execution(struct arena *arena, const struct execution_status *status, bool with_data,
                             struct str redrive_refusal, struct str *out_text)
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
    TRY(add_data(&answer, "input", status->input, with_data));
    TRY(add_data(&answer, "output", status->output, with_data));
    TRY(answer_text(&answer, "traceHeader", status->trace_header));
    TRY(answer_text(&answer, "error", status->error));
    TRY(answer_text(&answer, "cause", status->cause));
    TRY(add_redrive(&answer, status, redrive_refusal));
    return answer_end(&answer, out_text);
}

enum status answer_sync_execution(struct arena *arena, const struct execution_status *status, bool with_data,
                                  struct str *out_text)
{
    struct answer answer;
    struct str billing;
    TRY(answer_begin(arena, &answer));
    TRY(answer_text(&answer, "executionArn", status->execution_arn));
    TRY(answer_text(&answer, "stateMachineArn", status->state_machine_arn));
    TRY(answer_text(&answer, "name", status->name));
    TRY(answer_text(&answer, "status", status->status));
    TRY(answer_time(&answer, "startDate", status->start_date));
    TRY(answer_time(&answer, "stopDate", status->stop_date));
    TRY(add_data(&answer, "input", status->input, with_data));
    TRY(answer_text(&answer, "output", with_data ? status->output : STR_NONE));
    TRY(answer_json(&answer, "outputDetails", with_data ? STR("{\"included\":true}") : STR("{\"included\":false}")));
    TRY(answer_text(&answer, "traceHeader", status->trace_header));
    TRY(answer_text(&answer, "error", status->error));
    TRY(answer_text(&answer, "cause", status->cause));
    TRY(arena_format(arena, &billing, "{\"billedMemoryUsedInMB\":%" PRId64 ",\"billedDurationInMilliseconds\":%" PRId64 "}",
                     status->billed_memory_mb, status->billed_duration_ms));
    TRY(answer_json(&answer, "billingDetails", billing));
    return answer_end(&answer, out_text);
}

enum status answer_execution_item(struct arena *arena, const struct execution_status *status, struct str *out_text)
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
    TRY(answer_number(&answer, "redriveCount", status->redrive_count));
    TRY(answer_time(&answer, "redriveDate", status->redrive_date));
    return answer_end(&answer, out_text);
}

/* What a machine is configured with, as created or by default. AWS's recordings of older definitions lack the default of the
 * encryption, and programs written then compare what they get: it is told of definitions in the language of today. */
static enum status add_configuration(struct answer *answer, const struct definition *definition)
{
    struct str logging = definition->logging_configuration;
    struct str tracing = definition->tracing_configuration;
    struct str encryption = definition->encryption_configuration;
    struct variable_references references = {.text = STR_NONE};
    if (definition->definition.bytes != NULL) {
        TRY(variable_references_find(answer->buffer.arena, definition->definition, &references));
    }
    if (encryption.bytes == NULL && references.is_present_day) {
        encryption = STR("{\"type\":\"AWS_OWNED_KEY\"}");
    }
    TRY(answer_json(answer, "variableReferences", references.text));
    TRY(answer_json(answer, "loggingConfiguration",
                    logging.bytes != NULL ? logging : STR("{\"level\":\"OFF\",\"includeExecutionData\":false}")));
    TRY(answer_json(answer, "tracingConfiguration", tracing.bytes != NULL ? tracing : STR("{\"enabled\":false}")));
    return answer_json(answer, "encryptionConfiguration", encryption);
}

/* AWS shows a revision only where there was an update. */
static struct str shown_revision(const struct definition *definition)
{
    if (definition->revision_number != RECORD_NONE) {
        return definition->revision_number > 1 ? definition->revision_id : STR_NONE;
    }
    return definition->update_date > definition->creation_date ? definition->revision_id : STR_NONE;
}

enum status answer_machine(struct arena *arena, const struct definition *head, struct str *out_text)
{
    struct answer answer;
    TRY(answer_begin(arena, &answer));
    TRY(answer_text(&answer, "stateMachineArn",
                    head->resource_arn.bytes != NULL ? head->resource_arn : head->state_machine_arn));
    TRY(answer_text(&answer, "name", head->name));
    TRY(answer_text(&answer, "status", head->status));
    TRY(answer_text(&answer, "description", head->description));
    TRY(answer_text(&answer, "definition", head->definition));
    TRY(answer_text(&answer, "roleArn", head->role_arn));
    TRY(answer_text(&answer, "type", head->type));
    TRY(answer_time(&answer, "creationDate", head->creation_date));
    TRY(add_configuration(&answer, head));
    TRY(answer_text(&answer, "revisionId", shown_revision(head)));
    return answer_end(&answer, out_text);
}

enum status answer_machine_item(struct buffer *buffer, const struct definition *head)
{
    struct answer answer;
    struct str text;
    TRY(answer_begin(buffer->arena, &answer));
    TRY(answer_text(&answer, "stateMachineArn", head->state_machine_arn));
    TRY(answer_text(&answer, "name", head->name));
    TRY(answer_text(&answer, "type", head->type));
    TRY(answer_time(&answer, "creationDate", head->creation_date));
    TRY(answer_end(&answer, &text));
    return buffer_add(buffer, text);
}

enum status answer_machine_of_execution(struct arena *arena, const struct definition *revision, struct str *out_text)
{
    struct answer answer;
    TRY(answer_begin(arena, &answer));
    TRY(answer_text(&answer, "stateMachineArn", revision->state_machine_arn));
    TRY(answer_text(&answer, "name", revision->name));
    TRY(answer_text(&answer, "definition", revision->definition));
    TRY(answer_text(&answer, "roleArn", revision->role_arn));
    TRY(answer_time(&answer, "updateDate", revision->update_date));
    TRY(add_configuration(&answer, revision));
    TRY(answer_text(&answer, "revisionId", shown_revision(revision)));
    return answer_end(&answer, out_text);
}
