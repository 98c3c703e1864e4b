#include "processor/addressed.h"

#include "asl/arn.h"
#include "base/hash.h"
#include "processor/forward.h"

enum status addressed_nobody(struct handling *handling, const struct reply_to *to, struct str execution_arn)
{
    return reply_refuse(handling, to, STR("ExecutionDoesNotExist"), "Execution Does Not Exist: '%.*s'", STR_ARGS(execution_arn));
}

enum status addressed_accept(struct handling *handling, const struct reply_to *to, const char *member, int64_t time_us,
                             struct reply_version version)
{
    struct str date;
    struct str data;
    TRY(reply_date(handling->arena, time_us, &date));
    TRY(arena_format(handling->arena, &data, "{\"%s\":%.*s}", member, STR_ARGS(date)));
    return reply_accept(handling, to, data, version);
}

enum status addressed_execution(struct handling *handling, const struct reply_to *to, struct str execution_arn,
                                const struct execution_row **out_row)
{
    struct store *store = &handling->partition->store;
    const struct name_row *name;
    *out_row = NULL;
    if (arn_type_of(execution_arn) != ARN_EXECUTION) {
        return reply_refuse_arn(handling, to, execution_arn);
    }
    uint32_t murmur2 = hash_murmur2(execution_arn);
    if (!forward_is_owner(handling, murmur2)) {
        return forward_add(handling, murmur2);
    }
    enum status status = store_name(store, handling->arena, execution_arn, &name);
    if (status == STATUS_OK) {
        handling->execution = execution_id_of(execution_arn, name->incarnation);
        handling->has_execution = true;
        status = store_execution(store, handling->arena, &handling->execution, out_row);
    }
    return status == STATUS_NOT_FOUND ? addressed_nobody(handling, to, execution_arn) : status;
}
