/* Answers that were read, and whose task waits all the same: a result that was lost although its offset was committed. */
#include "cli/verify.h"

#include <inttypes.h>

/* The token that the answer ends a task of; STR_NONE: it ends none, or can't be read (the processor has told of it). */
static struct str token_of(struct verify *verify, struct scan *scan, const struct bus_record *record)
{
    struct codec_error error;
    enum record_id type;
    void *value;
    arena_reset(scan->scratch);
    if (codec_decode(verify->context->connection->codec, scan->scratch, SCHEMA_task_result, record->value, &type, &value,
                     &error) != STATUS_OK) {
        return STR_NONE;
    }
    if (type == RECORD_task_succeeded) {
        return ((const struct task_succeeded *)value)->task_token;
    }
    return type == RECORD_task_failed ? ((const struct task_failed *)value)->task_token : STR_NONE;
}

static enum exit_code take_answer(struct verify *verify, struct scan *scan, const struct bus_record *record)
{
    struct str token = token_of(verify, scan, record);
    const struct verify_row *row = token.bytes == NULL ? NULL : map_get(&verify->waiting, token);
    if (row == NULL) {
        return EXIT_CODE_OK;
    }
    const struct execution_id id = verify_row_owner(row);
    const struct verify_row *owner = verify_rows_execution(&verify->rows, &id);
    const struct verify_frame *frame = row->key[0] == KEY_FRAME ? row->frame : &row->execution->root;
    verify_report(verify, VERIFY_WAIT, record, "%.*s: frame %" PRId64 " waits for a task whose answer was read",
                  STR_ARGS(owner->execution->arn), frame->id);
    return EXIT_CODE_OK;
}

enum exit_code verify_answers(struct verify *verify)
{
    const struct bus_topic *results;
    struct scan scan;
    if (verify->waiting.count == 0) {
        return EXIT_CODE_OK;
    }
    TRY_RUN(connection_topic(verify->context, TOPIC_RESULTS, &results));
    TRY_RUN(scan_open(verify->context, results, verify->partition, &scan));
    scan.end = scan.end < verify->log.next[1] ? scan.end : verify->log.next[1]; /* behind that, nothing was read */
    return verify_take(verify, &scan, take_answer);
}
