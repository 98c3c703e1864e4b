#include "asl/value.h"
#include "base/hash.h"
#include "processor/forward.h"
#include "processor/handle_parts.h"
#include "processor/machine_rows.h"
#include "processor/qualified.h"

static enum status check(struct handling *handling, const struct update_state_machine *command, bool *out_refused)
{
    struct reply_to to = REPLY_TO(command);
    TRY(machine_rows_check_arn(handling, &to, command->state_machine_arn, out_refused));
    if (*out_refused) {
        return STATUS_OK;
    }
    *out_refused = true;
    if (command->definition.bytes == NULL && command->role_arn.bytes == NULL &&
        command->logging_configuration.bytes == NULL && command->tracing_configuration.bytes == NULL &&
        command->encryption_configuration.bytes == NULL) {
        return reply_refuse(
            handling, &to, STR("MissingRequiredParameter"),
            "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must "
            "be specified");
    }
    if (command->version_description.bytes != NULL && !command->publish) {
        return reply_refuse(handling, &to, STR("ValidationException"),
                            "Version description can only be set when publish is true");
    }
    const struct machine_configurations configurations = {
        command->logging_configuration,
        command->tracing_configuration,
        command->encryption_configuration,
    };
    TRY(machine_rows_check_description(handling, &to, "versionDescription", command->version_description,
                                       out_refused));
    return *out_refused ? STATUS_OK : machine_rows_check_configurations(handling, &to, &configurations, out_refused);
}

static struct str given_or(struct str given, struct str present)
{
    return given.bytes != NULL ? given : present;
}

/* The same definition, role and configuration are the same revision. */
static enum status is_present(struct handling *handling, const struct definition *next, const struct definition *head,
                              const struct definition *revision, bool *out_same)
{
    const struct str pairs[][2] = {
        {next->logging_configuration, head->logging_configuration},
        {next->tracing_configuration, head->tracing_configuration},
        {next->encryption_configuration, head->encryption_configuration},
    };
    *out_same = str_equal(next->definition, revision->definition) && str_equal(next->role_arn, head->role_arn);
    for (size_t at = 0; *out_same && at < sizeof pairs / sizeof *pairs; at++) {
        TRY(machine_rows_same_json(handling->arena, pairs[at][0], pairs[at][1], out_same));
    }
    return STATUS_OK;
}

/* `version` may be NULL: none was asked for. */
static enum status accept(struct handling *handling, const struct update_state_machine *command,
                          const struct definition *head, const struct definition *version)
{
    struct reply_to to = REPLY_TO(command);
    struct str date;
    struct str revision_id = machine_rows_shown_revision(head);
    struct buffer data = buffer_in(handling->arena);
    TRY(reply_date(handling->arena, head->update_date, &date));
    TRY(buffer_format(&data, "{\"updateDate\":%.*s", STR_ARGS(date)));
    if (revision_id.bytes != NULL) {
        TRY(buffer_format(&data, ",\"revisionId\":\"%.*s\"", STR_ARGS(revision_id)));
    }
    if (version != NULL) {
        TRY(buffer_add(&data, STR(",\"stateMachineVersionArn\":")));
        TRY(value_write_string(&data, version->resource_arn));
    }
    TRY(buffer_add_byte(&data, '}'));
    return reply_accept(handling, &to, buffer_text(&data), (struct reply_version){RECORD_NONE, head->version});
}

/* A new revision in the place of the head's, which is forgotten some day unless a version is of it. */
static enum status put_revision(struct handling *handling, const struct definition *head, const struct definition *next)
{
    const struct definition *version;
    TRY(machine_rows_put_revision(handling, next));
    enum status status = qualified_present(handling, head, &version);
    return status == STATUS_NOT_FOUND ? machine_rows_supersede(handling, head->state_machine_arn, head->revision_id)
                                      : status;
}

static enum status update(struct handling *handling, const struct update_state_machine *command,
                          const struct definition *head, const struct definition *revision)
{
    struct reply_to to = REPLY_TO(command);
    struct definition next = *head;
    const struct definition *version = NULL;
    bool same;
    bool refused = false;
    next.version = head->version + 1;
    next.update_date = handling_now_us(handling);
    next.role_arn = given_or(command->role_arn, head->role_arn);
    next.definition = given_or(command->definition, revision->definition);
    next.logging_configuration = given_or(command->logging_configuration, head->logging_configuration);
    next.tracing_configuration = given_or(command->tracing_configuration, head->tracing_configuration);
    next.encryption_configuration = given_or(command->encryption_configuration, head->encryption_configuration);
    TRY(is_present(handling, &next, head, revision, &same));
    if (!same) {
        char *uuid = arena_allocate(handling->arena, UUID_CHARACTERS + 1);
        TRY_NEW(uuid);
        env_uuid(handling->env, uuid);
        next.revision_id = (struct str){uuid, UUID_CHARACTERS};
        next.revision_number = head->revision_number == RECORD_NONE ? 2 : head->revision_number + 1;
    }
    if (command->publish) {
        TRY(qualified_check_room(handling, &to, &next, &refused));
    }
    if (refused) {
        return STATUS_OK;
    }
    if (!same) {
        TRY(put_revision(handling, head, &next));
    }
    if (command->publish) {
        TRY(qualified_publish(handling, &next, command->version_description, &version));
    }
    TRY(machine_rows_put_head(handling, &next));
    return accept(handling, command, &next, version);
}

enum status handle_update_state_machine(struct handling *handling, const struct update_state_machine *command)
{
    struct reply_to to = REPLY_TO(command);
    bool refused;
    TRY(check(handling, command, &refused));
    if (refused) {
        return STATUS_OK;
    }
    uint32_t murmur2 = hash_murmur2(command->state_machine_arn);
    if (!forward_is_owner(handling, murmur2)) {
        return forward_add(handling, murmur2);
    }
    const struct definition *head;
    const struct definition *revision;
    TRY(machine_rows_to_change(handling, &to, command->state_machine_arn, &head, &refused));
    if (!refused && command->definition.bytes != NULL) {
        bool express = str_equal(head->type, STR("EXPRESS"));
        TRY(machine_rows_check(handling, &to, command->definition, express, &refused));
    }
    if (refused) {
        return STATUS_OK;
    }
    TRY(machine_rows_revision(handling, head->state_machine_arn, head->revision_id, &revision));
    return update(handling, command, head, revision);
}
