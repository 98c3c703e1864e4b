#include "asl/arn.h"
#include "base/hash.h"
#include "processor/forward.h"
#include "processor/handle_parts.h"
#include "processor/machine_rows.h"
#include "processor/qualified.h"

static enum status accept(struct handling *handling, const struct update_state_machine_alias *command,
                          const struct definition *alias)
{
    struct reply_to to = REPLY_TO(command);
    struct str date;
    struct str data;
    TRY(reply_date(handling->arena, alias->update_date, &date));
    TRY(arena_format(handling->arena, &data, "{\"updateDate\":%.*s}", STR_ARGS(date)));
    return reply_accept(handling, &to, data, (struct reply_version){RECORD_NONE, alias->version});
}

static enum status update(struct handling *handling, const struct update_state_machine_alias *command,
                          const struct routing *routing, const struct definition *alias, const struct definition *head)
{
    struct definition next = *head;
    struct definition changed = *alias;
    next.version = head->version + 1;
    changed.version = next.version;
    changed.update_date = handling_now_us(handling);
    if (command->description.bytes != NULL) {
        changed.description = command->description;
    }
    if (routing->count > 0) {
        TRY(routing_write(handling->arena, routing, &changed.routing_configuration));
    }
    TRY(machine_rows_put_head(handling, &changed));
    TRY(machine_rows_put_head(handling, &next));
    return accept(handling, command, &changed);
}

/* `routing` has none when none is given. */
static enum status check(struct handling *handling, const struct update_state_machine_alias *command,
                         struct routing *routing, bool *out_refused)
{
    struct reply_to to = REPLY_TO(command);
    bool routed = command->routing_configuration.bytes != NULL;
    routing->count = 0;
    TRY(qualified_check_arn(handling, &to, command->state_machine_alias_arn, false, out_refused));
    if (!*out_refused && !routed && command->description.bytes == NULL) {
        *out_refused = true;
        return reply_refuse(handling, &to, STR("ValidationException"),
                            "Either the description or the routing configuration must be specified");
    }
    if (!*out_refused) {
        TRY(machine_rows_check_description(handling, &to, "description", command->description, out_refused));
    }
    if (*out_refused || !routed) {
        return STATUS_OK;
    }
    return qualified_check_routing(handling, &to, command->routing_configuration, routing, out_refused);
}

enum status handle_update_state_machine_alias(struct handling *handling,
                                              const struct update_state_machine_alias *command)
{
    struct reply_to to = REPLY_TO(command);
    struct routing routing;
    struct str machine_arn;
    struct str qualifier;
    const struct definition *head;
    const struct definition *alias;
    bool refused;
    TRY(check(handling, command, &routing, &refused));
    if (refused) {
        return STATUS_OK;
    }
    arn_split_qualified(command->state_machine_alias_arn, &machine_arn, &qualifier);
    uint32_t murmur2 = hash_murmur2(machine_arn);
    if (!forward_is_owner(handling, murmur2)) {
        return forward_add(handling, murmur2);
    }
    TRY(qualified_to_change(handling, &to, machine_arn, &routing, &head, &refused));
    if (refused) {
        return STATUS_OK;
    }
    enum status status = machine_rows_head(handling, command->state_machine_alias_arn, &alias);
    if (status == STATUS_NOT_FOUND) {
        return qualified_refuse_missing(handling, &to);
    }
    TRY(status);
    return update(handling, command, &routing, alias, head);
}
