#include "asl/arn.h"
#include "asl/value.h"
#include "base/hash.h"
#include "processor/forward.h"
#include "processor/handle_parts.h"
#include "processor/machine_rows.h"
#include "processor/qualified.h"
#include "processor/tags.h"

/* `version` may be NULL: none was asked for. */
static enum status accept(struct handling *handling, const struct create_state_machine *command,
                          const struct definition *head, const struct definition *version)
{
    struct reply_to to = REPLY_TO(command);
    struct buffer data = buffer_in(handling->arena);
    struct str date;
    TRY(reply_date(handling->arena, head->creation_date, &date));
    TRY(buffer_add(&data, STR("{\"stateMachineArn\":")));
    TRY(value_write_string(&data, head->state_machine_arn));
    if (version != NULL) {
        TRY(buffer_add(&data, STR(",\"stateMachineVersionArn\":")));
        TRY(value_write_string(&data, version->resource_arn));
    }
    TRY(buffer_format(&data, ",\"creationDate\":%.*s}", STR_ARGS(date)));
    return reply_accept(handling, &to, buffer_text(&data), (struct reply_version){RECORD_NONE, head->version});
}

static enum status check(struct handling *handling, const struct create_state_machine *command, bool *out_refused)
{
    struct reply_to to = REPLY_TO(command);
    *out_refused = true;
    if (!arn_name_is_valid(command->name)) {
        return reply_refuse(handling, &to, STR("InvalidName"), "Invalid Name: '%.*s'", STR_ARGS(command->name));
    }
    if (command->type.bytes != NULL && !str_equal(command->type, STR("STANDARD")) &&
        !str_equal(command->type, STR("EXPRESS"))) {
        return reply_refuse(
            handling, &to, STR("ValidationException"),
            "1 validation error detected: Value '%.*s' at 'type' failed to satisfy constraint: Member must "
            "satisfy enum value set: [STANDARD, EXPRESS]",
            STR_ARGS(command->type));
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

static struct str type_of(const struct create_state_machine *command)
{
    return command->type.bytes == NULL ? STR("STANDARD") : command->type;
}

/* The version that the same command made; *out_version is NULL when it asks for none. NOT_FOUND: it made none. */
static enum status find_version(struct handling *handling, const struct create_state_machine *command,
                                const struct definition *head, const struct definition **out_version)
{
    *out_version = NULL;
    if (!command->publish) {
        return STATUS_OK;
    }
    TRY(qualified_present(handling, head, out_version));
    return str_equal((*out_version)->description, command->version_description) ? STATUS_OK : STATUS_NOT_FOUND;
}

/* Whether the machine has what the command gives; what is not given is the default. */
static enum status has_configurations(struct handling *handling, const struct create_state_machine *command,
                                      const struct definition *head, bool *out_same)
{
    const struct {
        struct str given;
        struct str present;
        struct str absent;
    } rows[] = {
        {command->logging_configuration, head->logging_configuration, MACHINE_LOGGING_DEFAULT},
        {command->tracing_configuration, head->tracing_configuration, MACHINE_TRACING_DEFAULT},
        {command->encryption_configuration, head->encryption_configuration, MACHINE_ENCRYPTION_DEFAULT},
    };
    *out_same = true;
    for (size_t at = 0; *out_same && at < sizeof rows / sizeof *rows; at++) {
        struct str given = rows[at].given.bytes == NULL ? rows[at].absent : rows[at].given;
        struct str present = rows[at].present.bytes == NULL ? rows[at].absent : rows[at].present;
        TRY(machine_rows_same_json(handling->arena, given, present, out_same));
    }
    return STATUS_OK;
}

/* The API: a differing role or tags is ignored, anything else makes it another machine. */
static enum status answer_existing(struct handling *handling, const struct create_state_machine *command,
                                   const struct definition *head)
{
    const struct definition *revision;
    const struct definition *version;
    enum status status = find_version(handling, command, head, &version);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    TRY(machine_rows_revision(handling, head->state_machine_arn, head->revision_id, &revision));
    bool same = status == STATUS_OK && str_equal(revision->definition, command->definition) &&
                str_equal(head->type, type_of(command));
    if (same) {
        TRY(has_configurations(handling, command, head, &same));
    }
    if (same) {
        return accept(handling, command, head, version);
    }
    struct reply_to to = REPLY_TO(command);
    return reply_refuse(handling, &to, STR("StateMachineAlreadyExists"), "State Machine Already Exists: '%.*s'",
                        STR_ARGS(head->state_machine_arn));
}

static enum status create(struct handling *handling, const struct create_state_machine *command, struct str arn,
                          int64_t version, struct str tags)
{
    struct definition definition;
    char *uuid = arena_allocate(handling->arena, UUID_CHARACTERS + 1);
    TRY_NEW(uuid);
    env_uuid(handling->env, uuid);
    record_init(RECORD_definition, &definition);
    definition.state_machine_arn = arn;
    definition.revision_id = (struct str){uuid, UUID_CHARACTERS};
    definition.version = version;
    definition.name = command->name;
    definition.type = type_of(command);
    definition.status = MACHINE_STATUS_ACTIVE;
    definition.definition = command->definition;
    definition.role_arn = command->role_arn;
    definition.creation_date = handling_now_us(handling);
    definition.update_date = definition.creation_date;
    definition.logging_configuration = command->logging_configuration;
    definition.tracing_configuration = command->tracing_configuration;
    definition.encryption_configuration = command->encryption_configuration;
    definition.tags = tags;
    definition.revision_number = 1;
    const struct definition *published = NULL;
    TRY(machine_rows_put_revision(handling, &definition));
    if (command->publish) {
        TRY(qualified_publish(handling, &definition, command->version_description, &published));
    }
    TRY(machine_rows_put_head(handling, &definition));
    return accept(handling, command, &definition, published);
}

enum status handle_create_state_machine(struct handling *handling, const struct create_state_machine *command)
{
    struct reply_to to = REPLY_TO(command);
    bool refused;
    struct str arn;
    TRY(check(handling, command, &refused));
    if (refused) {
        return STATUS_OK;
    }
    TRY(arn_machine(handling->arena, &handling->config->step, command->name, &arn));
    uint32_t murmur2 = hash_murmur2(arn);
    if (!forward_is_owner(handling, murmur2)) {
        return forward_add(handling, murmur2);
    }
    const struct definition *head;
    enum status status = machine_rows_head(handling, arn, &head);
    if (status == STATUS_OK && str_equal(head->status, MACHINE_STATUS_ACTIVE)) {
        return answer_existing(handling, command, head);
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    if (status == STATUS_OK && str_equal(head->status, MACHINE_STATUS_DELETING)) {
        return machine_rows_refuse_deleting(handling, &to, arn);
    }
    int64_t version = status == STATUS_OK ? head->version + 1 : 1;
    struct str tags;
    TRY(tags_add(handling, &to, arn, STR_NONE, command->tags, &tags, &refused));
    if (!refused) {
        bool express = str_equal(type_of(command), STR("EXPRESS"));
        TRY(machine_rows_check(handling, &to, command->definition, express, &refused));
    }
    return refused ? STATUS_OK : create(handling, command, arn, version, tags);
}
