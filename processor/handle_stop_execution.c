#include "base/assert.h"
#include "base/limits.h"
#include "processor/addressed.h"
#include "processor/handle_parts.h"

static enum status stop_it(struct handling *handling, const struct stop_execution *stop,
                           const struct execution_row *row)
{
    const struct step_event event = {
        .type = STEP_STOP,
        .execution = handling->execution,
        .error = stop->error,
        .cause = stop->cause,
    };
    struct reply_to to = REPLY_TO(stop);
    enum step_outcome outcome;
    struct reply_version version;
    int64_t now_us = handling_now_us(handling);
    TRY(handle_step(handling, row, &event, &outcome, &version));
    switch (outcome) {
    case STEP_APPLIED:
        return addressed_accept(handling, &to, "stopDate", now_us > row->last_time ? now_us : row->last_time, version);
    case STEP_CLOSED:
        return addressed_accept(handling, &to, "stopDate", row->stop_date == RECORD_NONE ? row->last_time : row->stop_date, version);
    case STEP_UNKNOWN:
        return addressed_nobody(handling, &to, stop->execution_arn);
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

enum status handle_stop_execution(struct handling *handling, const struct stop_execution *stop)
{
    struct reply_to to = REPLY_TO(stop);
    const struct execution_row *row;
    bool refused;
    TRY(check(handling, stop, &refused));
    if (refused) {
        return STATUS_OK;
    }
    TRY(addressed_execution(handling, &to, stop->execution_arn, &row));
    if (row == NULL) {
        return STATUS_OK;
    }
    /* Stopping is the way out for a parked execution. If that breaks as well, it is parked again. */
    if (row->parked.bytes != NULL) {
        TRY(handle_unpark(handling, row));
    }
    return stop_it(handling, stop, row);
}
