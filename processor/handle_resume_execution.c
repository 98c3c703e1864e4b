#include "processor/addressed.h"
#include "processor/handle_parts.h"
#include "state/timers.h"

/* A parked execution has its row as it was before the step that broke, and all of its timers: they were passed over and are
 * looked at anew, so that what was due meanwhile fires now. A step that gave way is a timer too. What was asked of the execution
 * meanwhile, or tripped it, was refused and lies in the dead letters: whoever wants it sends it again. */
enum status handle_resume_execution(struct handling *handling, const struct resume_execution *resume)
{
    struct reply_to to = REPLY_TO(resume);
    const struct execution_row *row;
    TRY(addressed_execution(handling, &to, resume->execution_arn, &row));
    if (row == NULL) {
        return STATUS_OK;
    }
    if (row->parked.bytes == NULL) {
        return reply_refuse(handling, &to, STR("ExecutionNotParked"), "Execution is not parked: '%.*s'",
                            STR_ARGS(resume->execution_arn));
    }
    int64_t incarnation = row->incarnation;
    TRY(handle_unpark(handling, row));
    timers_forget(&handling->partition->store);
    /* No event tells of it, and its status is as it was: there is no version to wait for. */
    return addressed_accept(handling, &to, "resumeDate", handling_now_us(handling),
                            (struct reply_version){incarnation, RECORD_NONE});
}
