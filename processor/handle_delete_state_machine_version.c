#include "asl/arn.h"
#include "base/buffer.h"
#include "base/hash.h"
#include "processor/forward.h"
#include "processor/handle_parts.h"
#include "processor/machine_rows.h"
#include "processor/qualified.h"
#include "processor/routing.h"
#include "schemas/definition_kinds.h"

/* The aliases that name a version. */
struct naming {
    struct arena *arena;
    struct str version_arn;
    struct buffer names; /* with commas between */
};

static enum status note_alias(void *owner, const struct definition *qualified)
{
    struct naming *naming = owner;
    struct routing routing;
    struct str problem;
    if (!str_equal(qualified->kind, DEFINITION_KIND_ALIAS)) {
        return STATUS_OK;
    }
    enum status status = routing_read(naming->arena, qualified->routing_configuration, &routing, &problem);
    if (status == STATUS_INVALID) {
        return STATUS_CORRUPT;
    }
    TRY(status);
    if (!routing_names(&routing, naming->version_arn)) {
        return STATUS_OK;
    }
    return buffer_format(&naming->names, "%s%.*s", naming->names.length == 0 ? "" : ", ", STR_ARGS(qualified->name));
}

static enum status check_aliases(struct handling *handling, const struct delete_state_machine_version *command,
                                 const struct definition *version, bool *out_refused)
{
    struct reply_to to = REPLY_TO(command);
    struct naming naming = {
        .arena = handling->arena,
        .version_arn = version->resource_arn,
        .names = buffer_in(handling->arena),
    };
    TRY(qualified_each(handling, version->state_machine_arn, note_alias, &naming));
    *out_refused = naming.names.length > 0;
    if (!*out_refused) {
        return STATUS_OK;
    }
    return reply_refuse(handling, &to, STR("ConflictException"),
                        "Version to be deleted must not be referenced by an alias. Current list of aliases referencing "
                        "this version: [%.*s]",
                        STR_ARGS(buffer_text(&naming.names)));
}

static enum status delete_it(struct handling *handling, const struct definition *version, int64_t *out_change)
{
    const struct definition *head;
    TRY(machine_rows_head(handling, version->state_machine_arn, &head));
    struct definition next = *head;
    next.version = head->version + 1;
    TRY(machine_rows_remove_head(handling, version->resource_arn));
    if (!str_equal(version->revision_id, head->revision_id)) {
        TRY(machine_rows_supersede(handling, version->state_machine_arn, version->revision_id));
    }
    TRY(machine_rows_put_head(handling, &next));
    *out_change = next.version;
    return STATUS_OK;
}

enum status handle_delete_state_machine_version(struct handling *handling,
                                                const struct delete_state_machine_version *command)
{
    struct reply_to to = REPLY_TO(command);
    struct str machine_arn;
    struct str qualifier;
    bool refused;
    TRY(qualified_check_arn(handling, &to, command->state_machine_version_arn, true, &refused));
    if (refused) {
        return STATUS_OK;
    }
    arn_split_qualified(command->state_machine_version_arn, &machine_arn, &qualifier);
    uint32_t murmur2 = hash_murmur2(machine_arn);
    if (!forward_is_owner(handling, murmur2)) {
        return forward_add(handling, murmur2);
    }
    const struct definition *version;
    int64_t change = RECORD_NONE;
    enum status status = machine_rows_head(handling, command->state_machine_version_arn, &version);
    if (status != STATUS_NOT_FOUND) { /* deleting what is not there succeeds */
        TRY(status);
        TRY(check_aliases(handling, command, version, &refused));
        if (refused) {
            return STATUS_OK;
        }
        TRY(delete_it(handling, version, &change));
    }
    return reply_accept(handling, &to, STR("{}"), (struct reply_version){RECORD_NONE, change});
}
