#include "asl/arn.h"
#include "base/hash.h"
#include "processor/forward.h"
#include "processor/handle_parts.h"
#include "processor/machine_rows.h"

static enum status refuse_missing(struct handling *handling, const struct update_state_machine *command)
{
    struct reply_to to = REPLY_TO(command);
    return reply_refuse(handling, &to, STR("StateMachineDoesNotExist"), "State Machine Does Not Exist: '%.*s'",
                        STR_ARGS(command->state_machine_arn));
}

static enum status check(struct handling *handling, const struct update_state_machine *command, bool *out_refused)
{
    struct reply_to to = REPLY_TO(command);
    *out_refused = true;
    switch (arn_type_of(command->state_machine_arn)) {
    case ARN_MACHINE:
        break;
    case ARN_QUALIFIED:
    case ARN_LABELLED:
        return refuse_missing(handling, command);
    case ARN_NONE:
    case ARN_EXECUTION:
    case ARN_EXPRESS:
    case ARN_OTHER:
        return reply_refuse(handling, &to, STR("InvalidArn"), "Invalid Arn: 'Invalid ARN prefix: %.*s'",
                            STR_ARGS(command->state_machine_arn));
    }
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
    if (command->publish) {
        return reply_refuse(handling, &to, STR("ValidationException"), "Versions are not supported yet");
    }
    *out_refused = false;
    return STATUS_OK;
}

static struct str given_or(struct str given, struct str present)
{
    return given.bytes != NULL ? given : present;
}

static enum status accept(struct handling *handling, const struct update_state_machine *command,
                          const struct definition *head)
{
    struct reply_to to = REPLY_TO(command);
    struct str date;
    struct str data;
    TRY(reply_date(handling->arena, head->update_date, &date));
    TRY(arena_format(handling->arena, &data, "{\"updateDate\":%.*s,\"revisionId\":\"%.*s\"}", STR_ARGS(date),
                     STR_ARGS(head->revision_id)));
    return reply_accept(handling, &to, data, (struct reply_version){RECORD_NONE, head->version});
}

static enum status update(struct handling *handling, const struct update_state_machine *command,
                          const struct definition *head, const struct definition *revision)
{
    struct definition next = *head;
    next.version = head->version + 1;
    next.update_date = handling_now_us(handling);
    next.role_arn = given_or(command->role_arn, head->role_arn);
    next.definition = given_or(command->definition, revision->definition);
    next.logging_configuration = given_or(command->logging_configuration, head->logging_configuration);
    next.tracing_configuration = given_or(command->tracing_configuration, head->tracing_configuration);
    next.encryption_configuration = given_or(command->encryption_configuration, head->encryption_configuration);
    /* The same definition and role are the same revision. */
    if (!str_equal(next.definition, revision->definition) || !str_equal(next.role_arn, head->role_arn)) {
        char *uuid = arena_allocate(handling->arena, UUID_CHARACTERS + 1);
        TRY_NEW(uuid);
        env_uuid(handling->env, uuid);
        next.revision_id = (struct str){uuid, UUID_CHARACTERS};
        TRY(machine_rows_put_revision(handling, &next));
        TRY(machine_rows_supersede(handling, head->state_machine_arn, head->revision_id));
    }
    TRY(machine_rows_put_head(handling, &next));
    return accept(handling, command, &next);
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
    enum status status = machine_rows_head(handling, command->state_machine_arn, &head);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && str_equal(head->status, MACHINE_STATUS_DELETED))) {
        return refuse_missing(handling, command);
    }
    TRY(status);
    if (str_equal(head->status, MACHINE_STATUS_DELETING)) {
        return reply_refuse(handling, &to, STR("StateMachineDeleting"), "State Machine is being deleted: '%.*s'",
                            STR_ARGS(command->state_machine_arn));
    }
    TRY(machine_rows_revision(handling, head->state_machine_arn, head->revision_id, &revision));
    if (command->definition.bytes != NULL) {
        bool express = str_equal(head->type, STR("EXPRESS"));
        TRY(machine_rows_check(handling, &to, command->definition, express, &refused));
        if (refused) {
            return STATUS_OK;
        }
    }
    return update(handling, command, head, revision);
}
