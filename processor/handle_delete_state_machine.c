#include "asl/arn.h"
#include "base/hash.h"
#include "processor/forward.h"
#include "processor/handle_parts.h"
#include "processor/machine_rows.h"
#include "processor/qualified.h"

/* Its versions and aliases go with it; those that are too many for one step go before the head does. Executions go on with
 * the revision they started with; it is forgotten when none can be running. */
static enum status delete_it(struct handling *handling, const struct definition *head, int64_t *out_version)
{
    struct definition next = *head;
    next.version = head->version + 1;
    next.update_date = handling_now_us(handling);
    next.status = MACHINE_STATUS_DELETING;
    bool done;
    TRY(qualified_remove(handling, head, &done));
    TRY(machine_rows_put_head(handling, &next));
    TRY(machine_rows_supersede(handling, head->state_machine_arn, head->revision_id));
    TRY(machine_rows_retire(handling, head->state_machine_arn));
    *out_version = next.version;
    return STATUS_OK;
}

enum status handle_delete_state_machine(struct handling *handling, const struct delete_state_machine *command)
{
    struct reply_to to = REPLY_TO(command);
    if (arn_type_of(command->state_machine_arn) != ARN_MACHINE) {
        return reply_refuse_arn(handling, &to, command->state_machine_arn);
    }
    uint32_t murmur2 = hash_murmur2(command->state_machine_arn);
    if (!forward_is_owner(handling, murmur2)) {
        return forward_add(handling, murmur2);
    }
    const struct definition *head;
    int64_t version = RECORD_NONE;
    enum status status = machine_rows_head(handling, command->state_machine_arn, &head);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    /* Deleting what is not there succeeds. */
    if (status == STATUS_OK && str_equal(head->status, MACHINE_STATUS_ACTIVE)) {
        TRY(delete_it(handling, head, &version));
    }
    return reply_accept(handling, &to, STR("{}"), (struct reply_version){RECORD_NONE, version});
}
