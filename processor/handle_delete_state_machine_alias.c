#include "asl/arn.h"
#include "base/hash.h"
#include "processor/forward.h"
#include "processor/handle_parts.h"
#include "processor/machine_rows.h"
#include "processor/qualified.h"

enum status handle_delete_state_machine_alias(struct handling *handling,
                                              const struct delete_state_machine_alias *command)
{
    struct reply_to to = REPLY_TO(command);
    struct str machine_arn;
    struct str qualifier;
    const struct definition *head;
    const struct definition *alias;
    bool refused;
    TRY(qualified_check_arn(handling, &to, command->state_machine_alias_arn, false, &refused));
    if (refused) {
        return STATUS_OK;
    }
    arn_split_qualified(command->state_machine_alias_arn, &machine_arn, &qualifier);
    uint32_t murmur2 = hash_murmur2(machine_arn);
    if (!forward_is_owner(handling, murmur2)) {
        return forward_add(handling, murmur2);
    }
    enum status status = machine_rows_head(handling, machine_arn, &head);
    if (status == STATUS_NOT_FOUND) {
        return qualified_refuse_missing(handling, &to);
    }
    TRY(status);
    struct definition next = *head;
    status = machine_rows_head(handling, command->state_machine_alias_arn, &alias);
    if (status == STATUS_OK) {
        next.version = head->version + 1;
        TRY(machine_rows_remove_head(handling, alias->resource_arn));
        TRY(machine_rows_put_head(handling, &next));
    } else if (status != STATUS_NOT_FOUND) { /* deleting what is not there succeeds */
        return status;
    }
    return reply_accept(handling, &to, STR("{}"), (struct reply_version){RECORD_NONE, next.version});
}
