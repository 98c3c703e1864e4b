#include "asl/redrive.h"
#include "base/assert.h"
#include "base/limits.h"
#include "processor/addressed.h"
#include "processor/handle_parts.h"
#include "schemas/execution_statuses.h"

static enum status refuse(struct handling *handling, const struct redrive_execution *redrive, struct str reason)
{
    struct reply_to to = REPLY_TO(redrive);
    return reply_refuse(handling, &to, STR("ExecutionNotRedrivable"), "%.*s", STR_ARGS(reason));
}

/* The time by which the step judged: an execution's time never goes back. */
static int64_t step_time_us(const struct handling *handling, const struct execution_row *row)
{
    int64_t now_us = handling_now_us(handling);
    return now_us > row->last_time ? now_us : (row->last_time + 999) / 1000 * 1000;
}

/* What was shown when the token was used is shown: no version to wait for. */
static enum status answer_repeated(struct handling *handling, const struct redrive_execution *redrive,
                                   const struct execution_row *row)
{
    struct reply_to to = REPLY_TO(redrive);
    int64_t date_us;
    TRY(redrive_token_date(handling->arena, row, redrive->client_token, step_time_us(handling, row), &date_us));
    return addressed_accept(handling, &to, "redriveDate", date_us, (struct reply_version){row->incarnation, RECORD_NONE});
}

static enum status answer_refused(struct handling *handling, const struct redrive_execution *redrive,
                                  const struct execution_row *row)
{
    struct str reason;
    TRY(redrive_refusal_of_row(handling->arena, row, &handling->config->step, step_time_us(handling, row), &reason));
    return refuse(handling, redrive, reason);
}

static enum status answer_redriven(struct handling *handling, const struct redrive_execution *redrive,
                                   struct reply_version version)
{
    struct reply_to to = REPLY_TO(redrive);
    const struct execution_row *row;
    TRY(store_execution(&handling->partition->store, handling->arena, &handling->execution, &row));
    return addressed_accept(handling, &to, "redriveDate", row->redrive_date, version);
}

static enum status redrive_it(struct handling *handling, const struct redrive_execution *redrive,
                              const struct execution_row *row)
{
    const struct step_event event = {
        .type = STEP_REDRIVE,
        .execution = handling->execution,
        .client_token = redrive->client_token,
    };
    struct reply_to to = REPLY_TO(redrive);
    enum step_outcome outcome;
    struct reply_version version;
    TRY(handle_step(handling, row, &event, &outcome, &version));
    switch (outcome) {
    case STEP_APPLIED:
        return answer_redriven(handling, redrive, version);
    case STEP_REPEATED:
        return answer_repeated(handling, redrive, row);
    case STEP_NOT_REDRIVABLE:
        return answer_refused(handling, redrive, row);
    case STEP_UNKNOWN:
        return addressed_nobody(handling, &to, redrive->execution_arn);
    case STEP_CLOSED:
    case STEP_LATE:
    case STEP_TAKEN:
    case STEP_MISPLACED:
        break;
    }
    UNREACHABLE("outcome of a redrive");
}

/* A machine that is being deleted takes no execution up again; its running ones go on to their end. */
static enum status is_deleting(struct handling *handling, const struct execution_row *row, bool *out_deleting)
{
    struct definition_head head;
    enum status status = definitions_head(handling->definitions, handling->arena, row->state_machine_arn, &head);
    *out_deleting = status == STATUS_NOT_FOUND || (status == STATUS_OK && head.deleting);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status redrive_row(struct handling *handling, const struct redrive_execution *redrive,
                               const struct execution_row *row)
{
    struct reply_to to = REPLY_TO(redrive);
    bool deleting;
    if (row->parked.bytes != NULL) {
        return reply_refuse(handling, &to, STR("ExecutionParked"), "%.*s", STR_ARGS(row->parked));
    }
    TRY(is_deleting(handling, row, &deleting));
    if (deleting && row->status != EXECUTION_STATUS_RUNNING && row->status != EXECUTION_STATUS_SUCCEEDED) {
        return refuse(handling, redrive, STR(REDRIVE_MACHINE_DELETING));
    }
    return redrive_it(handling, redrive, row);
}

enum status handle_redrive_execution(struct handling *handling, const struct redrive_execution *redrive)
{
    struct reply_to to = REPLY_TO(redrive);
    const struct execution_row *row;
    struct str token = redrive->client_token;
    if (token.bytes != NULL && (token.length == 0 || token.length > CLIENT_TOKEN_CHARACTERS_MAX)) {
        return reply_refuse(handling, &to, STR("ValidationException"),
                            "1 validation error detected: Value at 'clientToken' failed to satisfy constraint: Member must "
                            "have length between 1 and %d",
                            CLIENT_TOKEN_CHARACTERS_MAX);
    }
    TRY(addressed_execution(handling, &to, redrive->execution_arn, &row));
    return row == NULL ? STATUS_OK : redrive_row(handling, redrive, row);
}
