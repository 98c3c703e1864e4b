/* Executions by their rows: that they stand where their history ends, and that nothing is stuck or left over.
 *
 * The rows of an execution change in one transaction, and so agree with each other at any time; with what other topics hold
 * they are compared only when the execution has not gone on since the reading began. */
#include "cli/verify.h"

#include "asl/frame.h"
#include "base/hash.h"
#include "base/limits.h"
#include "schemas/execution_statuses.h"

#include <inttypes.h>

/* An execution under judgement, or one of its frames: the root's row is the execution's. */
struct subject {
    const struct verify_row *owner;
    const struct verify_execution *execution;
    struct execution_id id;
    const struct verify_row *row;
    const struct verify_frame *frame;
};

static void report(struct verify *verify, enum verify_rule rule, const struct verify_row *row, struct str arn, const char *what)
{
    const struct bus_record record = {.topic = verify->state, .partition = verify->partition, .offset = row->offset};
    verify_report(verify, rule, &record, "%.*s%s", STR_ARGS(arn), what);
}

static struct str name_of(const struct verify_execution *execution)
{
    return execution->run == NULL ? STR("an execution without a history") : execution->arn;
}

static void report_frame(struct verify *verify, enum verify_rule rule, const struct subject *subject, const char *what)
{
    char text[256];
    snprintf(text, sizeof text, ": frame %" PRId64 " %s", subject->frame->id, what);
    report(verify, rule, subject->row, name_of(subject->execution), text);
}

static bool is_running(const struct verify_execution *execution)
{
    return execution->status == EXECUTION_STATUS_RUNNING;
}

/* Whether the other topics say of it what they did when its row was written. */
static bool is_settled(const struct verify_execution *execution)
{
    return execution->run != NULL && execution->run->has_history && !execution->run->young;
}

/* ---- Before judging: what belongs together ---- */

static void link_run(struct verify *verify, struct str arn, const struct verify_run *run)
{
    const struct execution_id id = execution_id_of(arn, run->incarnation);
    const struct verify_row *row = verify_rows_execution(&verify->rows, &id);
    if (row != NULL && run->has_history) {
        row->execution->run = run;
        row->execution->arn = arn;
    }
}

static void link_runs(struct verify *verify)
{
    for (size_t at = 0; at < verify->runs.capacity; at++) {
        const struct map_entry *entry = &verify->runs.entries[at];
        for (const struct verify_run *run = entry->value; run != NULL; run = run->earlier) {
            link_run(verify, entry->key, run);
        }
    }
}

/* The frame's present state, the root's too. NULL: there is none. */
static struct verify_frame *frame_at(const struct verify *verify, const struct verify_row *owner, const struct execution_id *id,
                                     int64_t frame)
{
    if (frame == FRAME_ROOT) {
        return &owner->execution->root;
    }
    const struct verify_row *row = verify_rows_frame(&verify->rows, id, frame);
    return row == NULL ? NULL : row->frame;
}

static bool is_current(const struct verify_execution *execution, const struct verify_frame *frame)
{
    return frame->redrive == execution->redrive_count;
}

static void link_frame(const struct verify *verify, const struct verify_row *row)
{
    const struct execution_id id = verify_row_owner(row);
    const struct verify_row *owner = verify_rows_execution(&verify->rows, &id);
    if (owner == NULL) {
        return;
    }
    if (row->frame->phase == FRAME_WALK && is_current(owner->execution, row->frame)) {
        owner->execution->walked = true;
    }
    struct verify_frame *parent = frame_at(verify, owner, &id, row->frame->parent);
    if (parent != NULL && parent->child_group == row->frame->group) {
        parent->children++;
    }
}

/* ---- Rows and history ---- */

static void check_missing(struct verify *verify, struct str arn, const struct verify_run *run)
{
    const struct execution_id id = execution_id_of(arn, run->incarnation);
    bool express = str_find_str(arn, STR(":express:")) < arn.length;
    bool runs = run->end.bytes == NULL;
    bool kept = runs || (!express && run->last_time > verify->start_us - verify_retention_us(verify));
    if (!run->has_history || run->young || !kept || verify_rows_execution(&verify->rows, &id) != NULL) {
        return;
    }
    const struct bus_record record = verify_record_at(verify, run->last);
    verify->counts[VERIFY_ROW]++;
    verify_report(verify, VERIFY_ROW, &record, "%.*s %s, and has no row", STR_ARGS(arn), runs ? "runs" : "has ended");
}

/* Of a name's runs the latest alone has a row: the name was free before. */
static void check_latest(struct verify *verify)
{
    for (size_t at = 0; at < verify->runs.capacity; at++) {
        const struct map_entry *entry = &verify->runs.entries[at];
        const struct verify_run *latest = entry->value;
        for (const struct verify_run *run = latest; run != NULL; run = run->earlier) {
            latest = run->incarnation > latest->incarnation ? run : latest;
        }
        if (latest != NULL) {
            check_missing(verify, entry->key, latest);
        }
    }
}

static void check_history(struct verify *verify, const struct verify_row *row, const struct verify_execution *execution)
{
    const struct verify_run *run = execution->run;
    char text[128];
    if (execution->status < 0 || execution->status >= EXECUTION_STATUS_COUNT) {
        report(verify, VERIFY_ROW, row, execution->arn, " has a status that is none");
        return;
    }
    struct str status = execution_status_name((enum execution_status_id)execution->status);
    struct str expected = verify_status_of(run->end);
    if (!str_equal(status, expected)) {
        snprintf(text, sizeof text, " is %.*s, and by its history %.*s", STR_ARGS(status), STR_ARGS(expected));
        report(verify, VERIFY_ROW, row, execution->arn, text);
    }
    if (execution->last_event_id != run->last_id) {
        snprintf(text, sizeof text, ": its last event is %" PRId64 ", and by its history %" PRId64, execution->last_event_id,
                 run->last_id);
        report(verify, VERIFY_ROW, row, execution->arn, text);
    }
}

static void check_name(struct verify *verify, const struct verify_row *row, const struct execution_id *id)
{
    const struct verify_execution *execution = row->execution;
    const struct verify_row *name = execution->express ? NULL : verify_rows_name(&verify->rows, execution->arn);
    if (!execution->express && (name == NULL || !execution_id_equal(&name->named, id))) {
        report(verify, VERIFY_ROW, row, execution->arn, name == NULL ? ": its name is free" : ": its name is another's");
    }
}

/* ---- Frames ---- */

static bool has_timer(const struct verify *verify, const struct subject *subject, int64_t frame, int64_t due_us)
{
    const struct timer_key timer = {.due_ms = due_us / 1000, .execution = subject->id, .frame = frame};
    return due_us != RECORD_NONE && verify_rows_timer(&verify->rows, &timer) != NULL;
}

/* Whether what the frame does counts: everything around it waits for it. */
static bool is_alive(const struct verify *verify, const struct subject *subject)
{
    int64_t group = subject->frame->group;
    int64_t id = subject->frame->parent;
    for (int depth = 0; id != FRAME_NO_PARENT && depth <= MACHINE_DEPTH_MAX + 1; depth++) {
        const struct verify_frame *parent = frame_at(verify, subject->owner, &subject->id, id);
        if (parent == NULL || parent->phase != FRAME_CHILDREN || parent->child_group != group) {
            return false;
        }
        group = parent->group;
        id = parent->parent;
    }
    return true;
}

/* The time until which it waits, at the latest. */
static int64_t waits_until(const struct verify_frame *frame)
{
    int64_t until = frame->deadline;
    bool beats = frame->phase == FRAME_TASK && frame->heartbeat_deadline != RECORD_NONE;
    return beats && (until == RECORD_NONE || frame->heartbeat_deadline < until) ? frame->heartbeat_deadline : until;
}

static void check_time(struct verify *verify, const struct subject *subject)
{
    const struct verify_frame *frame = subject->frame;
    int64_t until = waits_until(frame);
    verify->counts[VERIFY_TIMER]++;
    if (frame->timer_due == RECORD_NONE) {
        report_frame(verify, VERIFY_TIMER, subject, "waits for a time, and has no timer");
    } else if (until != RECORD_NONE && frame->timer_due > until) {
        report_frame(verify, VERIFY_TIMER, subject, "has a timer that is later than what it waits for");
    }
}

/* The token that the frame's request had. */
static enum status token_of(struct verify *verify, const struct subject *subject, struct str *out_text)
{
    struct token token = {
        .arn_murmur2 = hash_murmur2(subject->execution->arn),
        .execution = subject->id,
        .frame = subject->frame->id,
        .attempt = (uint32_t)subject->frame->retry_total,
    };
    memcpy(token.bits, subject->frame->token_bits, TOKEN_BITS_BYTES);
    arena_reset(verify->scratch);
    return token_encode(verify->scratch, &token, out_text);
}

static enum exit_code check_task(struct verify *verify, const struct subject *subject)
{
    struct str token;
    void **place;
    if (!subject->frame->has_token) {
        report_frame(verify, VERIFY_WAIT, subject, "is at a task, and nobody can answer it");
        return EXIT_CODE_OK;
    }
    if (subject->execution->run == NULL) {
        return EXIT_CODE_OK; /* without its ARN there is no token */
    }
    if (token_of(verify, subject, &token) != STATUS_OK || map_at(&verify->waiting, token, &place) != STATUS_OK) {
        return context_fail_memory(verify->context);
    }
    *place = subject->execution->parked ? NULL : (void *)subject->row;
    if (is_settled(subject->execution) && !verify->tasks_cut && map_get(&verify->tokens, token) == NULL) {
        report_frame(verify, VERIFY_WAIT, subject, "waits for a task that was never asked for");
    }
    return EXIT_CODE_OK;
}

static void check_children(struct verify *verify, const struct subject *subject)
{
    const struct verify_frame *frame = subject->frame;
    if (frame->child_done < 0 || frame->child_started < frame->child_done || frame->child_count < frame->child_started) {
        report_frame(verify, VERIFY_WAIT, subject, "has lost count of its children");
        return;
    }
    int64_t running = frame->child_started - frame->child_done;
    bool more = frame->child_started < frame->child_count && (frame->child_limit == 0 || running < frame->child_limit);
    bool all = frame->child_done == frame->child_count;
    if (frame->children != running) {
        char text[128];
        snprintf(text, sizeof text, "waits for %" PRId64 " children, and there are %" PRId64, running, frame->children);
        report_frame(verify, VERIFY_WAIT, subject, text);
    }
    if ((more || all || running == 0) && frame->timer_due == RECORD_NONE) {
        report_frame(verify, VERIFY_WAIT, subject,
                     all ? "waits for children that are all done" : "is to start children, and no timer makes it");
    }
}

static enum exit_code check_phase(struct verify *verify, const struct subject *subject)
{
    const struct verify_frame *frame = subject->frame;
    verify->counts[VERIFY_WAIT]++;
    switch ((enum frame_phase)frame->phase) {
    case FRAME_WAIT:
    case FRAME_RETRY:
        check_time(verify, subject);
        return EXIT_CODE_OK;
    case FRAME_TASK:
        if (waits_until(frame) != RECORD_NONE) {
            check_time(verify, subject);
        }
        return check_task(verify, subject);
    case FRAME_CHILDREN:
        check_children(verify, subject);
        return EXIT_CODE_OK;
    case FRAME_ENTER:
    case FRAME_ABORT:
    case FRAME_SWEEP:
    case FRAME_REDRIVE:
    case FRAME_WALK:
        if (frame->timer_due == RECORD_NONE) {
            report_frame(verify, VERIFY_WAIT, subject, "is to go on, and no timer makes it");
        }
        return EXIT_CODE_OK;
    case FRAME_DOWN:
    case FRAME_AHEAD:
    case FRAME_GONE:
        report_frame(verify, VERIFY_WAIT, subject, "is down, and what is around it waits for it");
        return EXIT_CODE_OK;
    }
    report_frame(verify, VERIFY_WAIT, subject, "is in no phase that there is");
    return EXIT_CODE_OK;
}

static enum exit_code check_frame(struct verify *verify, const struct subject *subject)
{
    const struct verify_execution *execution = subject->execution;
    const struct verify_frame *frame = subject->frame;
    if (frame->timer_due != RECORD_NONE) {
        verify->counts[VERIFY_TIMER]++;
        if (!has_timer(verify, subject, frame->id, frame->timer_due)) {
            report_frame(verify, VERIFY_TIMER, subject, "waits for a timer that is not there");
        }
    }
    if (frame->phase == FRAME_SWEEP) {
        return check_phase(verify, subject); /* whatever becomes of the execution */
    }
    if (!is_running(execution) || !is_alive(verify, subject)) {
        return EXIT_CODE_OK;
    }
    if (is_current(execution, frame)) {
        return check_phase(verify, subject);
    }
    if (!execution->walked) {
        report_frame(verify, VERIFY_WAIT, subject, "was not redriven, and nothing comes to it");
    }
    return EXIT_CODE_OK;
}

/* ---- What is left ---- */

/* Its end was its last word: nothing of it will be taken up again. */
static bool is_over(const struct verify_execution *execution)
{
    return !is_running(execution) && (execution->status == EXECUTION_STATUS_SUCCEEDED || execution->express ||
                                      execution->root.phase == FRAME_GONE);
}

/* Its rows are being deleted, some at a time: its timer makes it go on. */
static bool is_cleaning(const struct verify_execution *execution)
{
    return execution->timer_due != RECORD_NONE && execution->timer_due <= execution->last_time;
}

/* A frame, payload or timer of an execution. */
static void check_owner(struct verify *verify, const struct verify_row *row, const struct verify_row *owner, const char *what)
{
    char text[64];
    verify->counts[VERIFY_LEFT]++;
    if (owner == NULL) {
        snprintf(text, sizeof text, "%s of an execution that is not there", what);
        report(verify, VERIFY_LEFT, row, STR_NONE, text);
    } else if (is_over(owner->execution) && !is_cleaning(owner->execution)) {
        snprintf(text, sizeof text, " has ended, and %s of it is left", what);
        report(verify, VERIFY_LEFT, row, name_of(owner->execution), text);
    }
}

/* Whether somebody knows of the timer: what nobody waits for fires for nothing. */
static void check_timer(struct verify *verify, const struct verify_row *row)
{
    const struct timer_key timer = verify_row_timer(row);
    if (timer.frame < TIMER_EXECUTION) {
        return; /* a definition's */
    }
    const struct verify_row *owner = verify_rows_execution(&verify->rows, &timer.execution);
    verify->counts[VERIFY_TIMER]++;
    if (owner == NULL || timer.frame != TIMER_EXECUTION) {
        check_owner(verify, row, owner, "a timer");
    }
    if (owner == NULL) {
        return;
    }
    const struct verify_frame *frame =
        timer.frame == TIMER_EXECUTION ? NULL : frame_at(verify, owner, &timer.execution, timer.frame);
    int64_t due = timer.frame == TIMER_EXECUTION ? owner->execution->timer_due : frame == NULL ? RECORD_NONE : frame->timer_due;
    if (due == RECORD_NONE || due / 1000 != timer.due_ms) {
        report(verify, VERIFY_TIMER, row, name_of(owner->execution), ": nobody waits for the timer");
    }
}

static void check_named(struct verify *verify, const struct verify_row *row)
{
    verify->counts[VERIFY_LEFT]++;
    if (verify_rows_execution(&verify->rows, &row->named) == NULL) {
        report(verify, VERIFY_LEFT, row, STR_NONE, "a name of an execution that is not there");
    }
}

/* ---- All of them ---- */

static enum exit_code check_execution(struct verify *verify, const struct verify_row *row)
{
    struct subject subject = {.owner = row, .row = row, .id = verify_row_owner(row)};
    struct verify_execution *execution = row->execution;
    subject.execution = execution;
    subject.frame = &execution->root;
    verify->counts[VERIFY_ROW]++;
    if (execution->run == NULL) {
        if (!verify_forgets(verify, execution->incarnation)) {
            report(verify, VERIFY_ROW, row, STR("an execution has a row"), ", and no history");
        }
    } else {
        if (is_settled(execution)) {
            check_history(verify, row, execution);
        }
        check_name(verify, row, &subject.id);
    }
    if (execution->parked) {
        verify->parked++;
        verify_note(verify, "%.*s is parked (`pawl resume`)", STR_ARGS(name_of(execution)));
    }
    if (!has_timer(verify, &subject, TIMER_EXECUTION, execution->timer_due)) {
        report(verify, VERIFY_TIMER, row, name_of(execution),
               is_running(execution) ? " has no timer for its end" : " has no timer that forgets it");
    }
    if (is_over(execution) && execution->express && !is_cleaning(execution)) {
        report(verify, VERIFY_LEFT, row, name_of(execution), " has ended, and was Express");
    }
    return check_frame(verify, &subject);
}

static enum exit_code check_frame_row(struct verify *verify, const struct verify_row *row)
{
    const struct execution_id id = verify_row_owner(row);
    const struct verify_row *owner = verify_rows_execution(&verify->rows, &id);
    check_owner(verify, row, owner, "a frame");
    if (owner == NULL) {
        return EXIT_CODE_OK;
    }
    const struct subject subject = {
        .owner = owner, .execution = owner->execution, .id = id, .row = row, .frame = row->frame};
    return check_frame(verify, &subject);
}

static enum exit_code check_row(struct verify *verify, const struct verify_row *row)
{
    const struct execution_id id = verify_row_owner(row);
    if (row->key[0] == KEY_EXECUTION) {
        return check_execution(verify, row);
    }
    if (row->key[0] == KEY_FRAME) {
        return check_frame_row(verify, row);
    }
    if (row->key[0] == KEY_PAYLOAD) {
        check_owner(verify, row, verify_rows_execution(&verify->rows, &id), "a payload");
    } else if (row->key[0] == KEY_TIMER) {
        check_timer(verify, row);
    } else {
        check_named(verify, row);
    }
    return EXIT_CODE_OK;
}

enum exit_code verify_executions(struct verify *verify)
{
    const struct verify_row *row;
    if (verify->log.rows > 0) {
        return EXIT_CODE_OK; /* torn: there is no commit that the rows were those of */
    }
    link_runs(verify);
    for (row = verify_rows_next(&verify->rows, NULL); row != NULL; row = verify_rows_next(&verify->rows, row)) {
        if (row->key[0] == KEY_FRAME) {
            link_frame(verify, row);
        }
    }
    check_latest(verify);
    for (row = verify_rows_next(&verify->rows, NULL); row != NULL; row = verify_rows_next(&verify->rows, row)) {
        TRY_RUN(check_row(verify, row));
    }
    return EXIT_CODE_OK;
}
