#include "asl/arn.h"
#include "base/assert.h"
#include "base/hash.h"
#include "base/limits.h"
#include "processor/forward.h"
#include "processor/handle_parts.h"

static enum status refuse_unknown(struct handling *handling, const struct stop_execution *stop)
{
    struct reply_to to = REPLY_TO(stop);
    return reply_refuse(handling, &to, STR("ExecutionDoesNotExist"), "Execution Does Not Exist: '%.*s'",
                        STR_ARGS(stop->execution_arn));
}

static enum status accept(struct handling *handling, const struct stop_execution *stop, int64_t stop_time_us,
                          struct reply_version version)
{
    struct reply_to to = REPLY_TO(stop);
    struct str date;
    struct str data;
    TRY(reply_date(handling->arena, stop_time_us, &date));
    TRY(arena_format(handling->arena, &data, "{\"stopDate\":%.*s}", STR_ARGS(date)));
    return reply_accept(handling, &to, data, version);
}

static enum status stop_it(struct handling *handling, const struct stop_execution *stop,
                           const struct execution_row *row)
{
    const struct step_event event = {
        .type = STEP_STOP,
        .execution = handling->execution,
        .error = stop->error,
        .cause = stop->cause,
    };
    enum step_outcome outcome;
    struct reply_version version;
    int64_t now_us = handling_now_us(handling);
    TRY(handle_step(handling, row, &event, &outcome, &version));
    switch (outcome) {
    case STEP_APPLIED:
        return accept(handling, stop, now_us > row->last_time ? now_us : row->last_time, version);
    case STEP_CLOSED:
        return accept(handling, stop, row->stop_date == RECORD_NONE ? row->last_time : row->stop_date, version);
    case STEP_UNKNOWN:
        return refuse_unknown(handling, stop);
    case STEP_LATE:
    case STEP_TAKEN:
    case STEP_MISPLACED:
    case STEP_REPEATED:
    case STEP_NOT_REDRIVABLE:
        break;
    }
    UNREACHABLE("outcome of a stop");
}

/* What is wrong with the command itself. *out_refused: it was answered. */
static enum status check(struct handling *handling, const struct stop_execution *stop, bool *out_refused)
{
    struct reply_to to = REPLY_TO(stop);
    *out_refused = true;
    if (arn_type_of(stop->execution_arn) != ARN_EXECUTION) {
        return reply_refuse_arn(handling, &to, stop->execution_arn);
    }
    if (stop->error.length > (size_t)4 * ERROR_CHARACTERS_MAX ||
        stop->cause.length > (size_t)4 * CAUSE_CHARACTERS_MAX) {
        return reply_refuse(
            handling, &to, STR("ValidationException"),
            "1 validation error detected: Value at '%s' failed to satisfy constraint: Member must have length "
            "less than or equal to %d",
            stop->error.length > (size_t)4 * ERROR_CHARACTERS_MAX ? "error" : "cause",
            stop->error.length > (size_t)4 * ERROR_CHARACTERS_MAX ? ERROR_CHARACTERS_MAX : CAUSE_CHARACTERS_MAX);
    }
    *out_refused = false;
    return STATUS_OK;
}

/* Stopping is the way out for a parked execution. If that breaks as well, it is parked again. */
static enum status unpark(struct handling *handling, const struct execution_row *row)
{
    struct key key;
    struct execution_row freed = *row;
    freed.parked = STR_NONE;
    keys_execution(handling->partition->store.partition, &handling->execution, &key);
    return store_put(&handling->partition->store, &key, RECORD_execution_row, &freed);
}

enum status handle_stop_execution(struct handling *handling, const struct stop_execution *stop)
{
    bool refused;
    TRY(check(handling, stop, &refused));
    if (refused) {
        return STATUS_OK;
    }
    uint32_t murmur2 = hash_murmur2(stop->execution_arn);
    if (!forward_is_owner(handling, murmur2)) {
        return forward_add(handling, murmur2);
    }
    const struct name_row *name;
    const struct execution_row *row;
    struct store *store = &handling->partition->store;
    enum status status = store_name(store, handling->arena, stop->execution_arn, &name);
    if (status == STATUS_NOT_FOUND) {
        return refuse_unknown(handling, stop);
    }
    TRY(status);
    handling->execution = execution_id_of(stop->execution_arn, name->incarnation);
    handling->has_execution = true;
    status = store_execution(store, handling->arena, &handling->execution, &row);
    if (status == STATUS_NOT_FOUND) {
        return refuse_unknown(handling, stop);
    }
    TRY(status);
    if (row->parked.bytes != NULL) {
        TRY(unpark(handling, row));
    }
    return stop_it(handling, stop, row);
}
