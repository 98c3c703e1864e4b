/* RedriveExecution: an execution that ended without success goes on where it stood.
 *
 * Whatever was not left stays in its frames at the end: what failed and what was taken down with it is FRAME_DOWN, and what
 * StopExecution or a time-out surprised is as it was. Each frame is redriven once, parents before their children, as their
 * ids have it; one that is not yet has a lower `redrive` than the execution, and hears of no result and no timer. */
#include "asl/redrive.h"
#include "asl/step_parts.h"

#define WALK_PAGE 50 /* frames redriven before the queue has its turn */

enum status step_begin_redrive(struct run *run, const struct step_event *event)
{
    struct history_event *told = NULL;
    struct execution_row *execution = &run->execution;
    if (event->client_token.bytes != NULL) {
        TRY(redrive_add_token(run->arena, execution, event->client_token, execution->last_time, &execution->redrive_tokens));
    }
    execution->status = EXECUTION_STATUS_RUNNING;
    execution->redrive_count++;
    execution->redrive_date = execution->last_time;
    execution->stop_date = RECORD_NONE;
    execution->error = STR_NONE;
    execution->cause = STR_NONE;
    run->execution_dirty = true;
    run->status_changed = true;
    TRY(step_arm_deadline(run)); /* in place of the timer that would have deleted everything */
    TRY(history_add(run, HISTORY_EVENT_EXECUTION_REDRIVEN, execution->last_event_id, &told));
    told->redrive_count = execution->redrive_count;
    return STATUS_OK;
}

/* No task and no failure of before counts any more. */
static void forget_attempt(struct frame_row *row)
{
    row->retry_counts = (struct int_array){NULL, 0};
    row->retry_total = 0;
    step_forget_task(row);
    row->pending_error = STR_NONE;
    row->pending_cause = STR_NONE;
    row->pending_heartbeat = false;
    row->walked = RECORD_NONE;
}

/* A Parallel or Map goes on with the children that it has; any other state begins anew. A branch's events follow one another
 * still; it is the root's next one that ExecutionRedriven caused. */
static enum status redrive_frame(struct run *run, struct run_frame *frame)
{
    enum frame_phase phase = (enum frame_phase)frame->row.phase;
    bool ahead = phase == FRAME_ENTER || phase == FRAME_AHEAD;
    if (phase == FRAME_ABORT && !step_keeps_children(run, frame)) {
        step_leave_group(frame); /* some of its children are gone */
    }
    forget_attempt(&frame->row);
    frame->row.redrive = run->execution.redrive_count;
    run->rows_estimated += 3;
    if (!ahead && frame->row.child_group != FRAME_NO_GROUP) {
        frame->row.pending_event_id = frame->row.previous_event_id; /* what the branches not yet started name */
        run_phase(run, frame, FRAME_CHILDREN, RECORD_NONE);
    } else {
        run_phase(run, frame, ahead ? FRAME_ENTER : FRAME_REDRIVE, RECORD_NONE);
    }
    return run_queue(run, frame);
}

enum status step_redrive(struct run *run, const struct step_event *event, enum step_outcome *out_outcome)
{
    struct run_frame *root = NULL;
    struct run_frame *walker = NULL;
    struct str reason;
    int64_t date;
    int64_t now_us = run->execution.last_time;
    enum status status = redrive_token_date(run->arena, &run->execution, event->client_token, now_us, &date);
    if (status != STATUS_NOT_FOUND) {
        *out_outcome = STEP_REPEATED;
        return status;
    }
    TRY(redrive_refusal_of_row(run->arena, &run->execution, run->step->config, now_us, &reason));
    if (reason.bytes != NULL) {
        *out_outcome = STEP_NOT_REDRIVABLE;
        return STATUS_OK;
    }
    bool alone = run->execution.next_frame_id == FRAME_ROOT + 1;
    TRY(step_begin_redrive(run, event));
    TRY(run_frame(run, FRAME_ROOT, &root));
    root->row.previous_event_id = run->execution.last_event_id;
    TRY(redrive_frame(run, root));
    if (alone) {
        return STATUS_OK;
    }
    TRY(run_frame_new(run, NULL, 0, 0, &walker));
    walker->row.walked = FRAME_ROOT + 1;
    run_phase(run, walker, FRAME_WALK, RECORD_NONE);
    return run_queue(run, walker);
}

static enum status visit(struct run *run, struct run_frame *frame)
{
    bool alive = false;
    if (frame->row.phase == FRAME_WALK) {
        return run_frame_delete(run, frame); /* of an earlier redrive that did not get far */
    }
    if (frame->row.parent == FRAME_NO_PARENT || run_frame_is_current(run, frame)) {
        return STATUS_OK;
    }
    TRY(run_frame_is_alive(run, frame, &alive));
    return alive ? redrive_frame(run, frame) : STATUS_OK;
}

enum status step_walk(struct run *run, struct run_frame *walker)
{
    const struct rows *rows = run->step->rows;
    const struct frame_row **page = NULL;
    size_t count = 0;
    TRY(rows->frames(rows->owner, run->arena, &run->id, walker->row.walked, WALK_PAGE, &page, &count));
    for (size_t at = 0; at < count && page[at]->id < walker->row.id; at++) {
        struct run_frame *frame = NULL;
        enum status status = run_frame(run, page[at]->id, &frame);
        if (status == STATUS_OK) {
            TRY(visit(run, frame));
        } else if (status != STATUS_NOT_FOUND) {
            return status;
        }
    }
    if (count < WALK_PAGE || page[count - 1]->id >= walker->row.id) {
        return run_frame_delete(run, walker);
    }
    walker->row.walked = page[count - 1]->id + 1;
    walker->dirty = true;
    return run_queue(run, walker);
}
