#include "asl/arn.h"
#include "asl/value.h"
#include "base/hash.h"
#include "processor/forward.h"
#include "processor/handle_parts.h"
#include "processor/machine_rows.h"
#include "processor/qualified.h"
#include "schemas/definition_kinds.h"

#include <inttypes.h>

static enum status accept(struct handling *handling, const struct create_state_machine_alias *command,
                          const struct definition *alias, int64_t change)
{
    struct reply_to to = REPLY_TO(command);
    struct buffer data = buffer_in(handling->arena);
    struct str date;
    TRY(reply_date(handling->arena, alias->creation_date, &date));
    TRY(buffer_add(&data, STR("{\"stateMachineAliasArn\":")));
    TRY(value_write_string(&data, alias->resource_arn));
    TRY(buffer_format(&data, ",\"creationDate\":%.*s}", STR_ARGS(date)));
    return reply_accept(handling, &to, buffer_text(&data), (struct reply_version){RECORD_NONE, change});
}

/* The same again is answered again. */
static enum status answer_existing(struct handling *handling, const struct create_state_machine_alias *command,
                                   const struct routing *routing, const struct definition *alias,
                                   const struct definition *head)
{
    struct reply_to to = REPLY_TO(command);
    struct str text;
    TRY(routing_write(handling->arena, routing, &text));
    if (str_equal(text, alias->routing_configuration) && str_equal(command->description, alias->description)) {
        return accept(handling, command, alias, head->version);
    }
    return reply_refuse(handling, &to, STR("ConflictException"),
                        "Failed to create alias because an alias with the same name and a different routing "
                        "configuration already exists.");
}

static enum status count_alias(void *owner, const struct definition *qualified)
{
    int64_t *count = owner;
    *count += str_equal(qualified->kind, DEFINITION_KIND_ALIAS);
    return STATUS_OK;
}

static enum status check_room(struct handling *handling, const struct create_state_machine_alias *command,
                              const struct definition *head, bool *out_refused)
{
    struct reply_to to = REPLY_TO(command);
    int64_t most = handling->config->aliases_max;
    int64_t count = 0;
    TRY(qualified_each(handling, head->state_machine_arn, count_alias, &count));
    *out_refused = count >= most;
    return !*out_refused ? STATUS_OK
                         : reply_refuse(handling, &to, STR("ServiceQuotaExceededException"),
                                        "Exceeded the limit of %" PRId64 " aliases of the state machine '%.*s'",
                                        most, STR_ARGS(head->state_machine_arn));
}

static enum status create(struct handling *handling, const struct create_state_machine_alias *command,
                          const struct routing *routing, struct str arn, const struct definition *head)
{
    struct definition alias;
    struct definition next = *head;
    next.version = head->version + 1;
    record_init(RECORD_definition, &alias);
    alias.state_machine_arn = head->state_machine_arn;
    alias.resource_arn = arn;
    alias.kind = DEFINITION_KIND_ALIAS;
    alias.version = next.version;
    alias.name = command->name;
    alias.type = head->type;
    alias.status = MACHINE_STATUS_ACTIVE;
    alias.description = command->description;
    alias.creation_date = handling_now_us(handling);
    alias.update_date = alias.creation_date;
    TRY(routing_write(handling->arena, routing, &alias.routing_configuration));
    TRY(machine_rows_put_head(handling, &alias));
    TRY(machine_rows_put_head(handling, &next));
    return accept(handling, command, &alias, next.version);
}

static enum status check(struct handling *handling, const struct create_state_machine_alias *command,
                         struct routing *routing, bool *out_refused)
{
    struct reply_to to = REPLY_TO(command);
    TRY(qualified_check_alias_name(handling, &to, command->name, out_refused));
    if (!*out_refused) {
        TRY(machine_rows_check_description(handling, &to, "description", command->description, out_refused));
    }
    return *out_refused ? STATUS_OK
                        : qualified_check_routing(handling, &to, command->routing_configuration, routing, out_refused);
}

enum status handle_create_state_machine_alias(struct handling *handling,
                                              const struct create_state_machine_alias *command)
{
    struct reply_to to = REPLY_TO(command);
    struct routing routing;
    struct str machine_arn;
    struct str qualifier;
    struct str arn;
    const struct definition *head;
    const struct definition *alias;
    bool refused;
    TRY(check(handling, command, &routing, &refused));
    if (refused) {
        return STATUS_OK;
    }
    arn_split_qualified(routing.versions[0].arn, &machine_arn, &qualifier);
    uint32_t murmur2 = hash_murmur2(machine_arn);
    if (!forward_is_owner(handling, murmur2)) {
        return forward_add(handling, murmur2);
    }
    TRY(qualified_to_change(handling, &to, machine_arn, &routing, &head, &refused));
    if (refused) {
        return STATUS_OK;
    }
    TRY(arena_format(handling->arena, &arn, "%.*s:%.*s", STR_ARGS(machine_arn), STR_ARGS(command->name)));
    enum status status = machine_rows_head(handling, arn, &alias);
    if (status == STATUS_OK) {
        return answer_existing(handling, command, &routing, alias, head);
    }
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    TRY(check_room(handling, command, head, &refused));
    return refused ? STATUS_OK : create(handling, command, &routing, arn, head);
}
