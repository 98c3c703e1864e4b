#include "asl/arn.h"
#include "base/hash.h"
#include "processor/forward.h"
#include "processor/handle_parts.h"
#include "processor/machine_rows.h"

enum status handle_delete_activity(struct handling *handling, const struct delete_activity *command)
{
    struct reply_to to = REPLY_TO(command);
    const struct definition *activity;
    int64_t version = RECORD_NONE;
    if (arn_type_of(command->activity_arn) != ARN_ACTIVITY) {
        return reply_refuse_arn(handling, &to, command->activity_arn);
    }
    uint32_t murmur2 = hash_murmur2(command->activity_arn);
    if (!forward_is_owner(handling, murmur2)) {
        return forward_add(handling, murmur2);
    }
    enum status status = machine_rows_head(handling, command->activity_arn, &activity);
    if (status == STATUS_OK) {
        version = activity->version + 1;
        TRY(machine_rows_remove_head(handling, command->activity_arn));
    } else if (status != STATUS_NOT_FOUND) { /* deleting what is not there succeeds */
        return status;
    }
    return reply_accept(handling, &to, STR("{}"), (struct reply_version){RECORD_NONE, version});
}
