#include "base/hash.h"
#include "processor/forward.h"
#include "processor/handle_parts.h"
#include "processor/machine_rows.h"
#include "processor/qualified.h"

#define REVISION_INITIAL STR("INITIAL") /* the API: how one names the revision that has no id */

static enum status accept(struct handling *handling, const struct publish_state_machine_version *command,
                          const struct definition *version, int64_t change)
{
    struct reply_to to = REPLY_TO(command);
    struct str date;
    struct str data;
    TRY(reply_date(handling->arena, version->creation_date, &date));
    TRY(arena_format(handling->arena, &data, "{\"stateMachineVersionArn\":\"%.*s\",\"creationDate\":%.*s}",
                     STR_ARGS(version->resource_arn), STR_ARGS(date)));
    return reply_accept(handling, &to, data, (struct reply_version){RECORD_NONE, change});
}

static enum status check_revision(struct handling *handling, const struct publish_state_machine_version *command,
                                  const struct definition *head, bool *out_refused)
{
    struct reply_to to = REPLY_TO(command);
    struct str present = machine_rows_shown_revision(head);
    present = present.bytes == NULL ? REVISION_INITIAL : present;
    *out_refused = command->revision_id.bytes != NULL && !str_equal(command->revision_id, present);
    if (!*out_refused) {
        return STATUS_OK;
    }
    return reply_refuse(handling, &to, STR("ConflictException"),
                        "Failed to publish the State Machine version for revision %.*s. The current State Machine "
                        "revision is %.*s.",
                        STR_ARGS(command->revision_id), STR_ARGS(present));
}

static enum status publish(struct handling *handling, const struct publish_state_machine_version *command,
                           const struct definition *head)
{
    struct definition next = *head;
    const struct definition *version;
    next.version = head->version + 1;
    TRY(qualified_publish(handling, &next, command->description, &version));
    if (next.last_version == head->last_version) {
        return accept(handling, command, version, head->version);
    }
    TRY(machine_rows_put_head(handling, &next));
    return accept(handling, command, version, next.version);
}

enum status handle_publish_state_machine_version(struct handling *handling,
                                                 const struct publish_state_machine_version *command)
{
    struct reply_to to = REPLY_TO(command);
    const struct definition *head;
    bool refused;
    TRY(machine_rows_check_arn(handling, &to, command->state_machine_arn, &refused));
    if (!refused) {
        TRY(machine_rows_check_description(handling, &to, "description", command->description, &refused));
    }
    if (refused) {
        return STATUS_OK;
    }
    uint32_t murmur2 = hash_murmur2(command->state_machine_arn);
    if (!forward_is_owner(handling, murmur2)) {
        return forward_add(handling, murmur2);
    }
    TRY(machine_rows_to_change(handling, &to, command->state_machine_arn, &head, &refused));
    if (!refused) {
        TRY(check_revision(handling, command, head, &refused));
    }
    if (!refused) {
        TRY(qualified_check_room(handling, &to, head, &refused));
    }
    return refused ? STATUS_OK : publish(handling, command, head);
}
