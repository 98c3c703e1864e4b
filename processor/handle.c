#include "processor/handle.h"

#include "base/assert.h"
#include "base/limits.h"
#include "processor/dead_letter.h"
#include "processor/handle_parts.h"
#include "processor/headers.h"
#include "schemas/reply_address.h"
#include "state/timers.h"

#include <inttypes.h>

/* ---- A record ---- */

static enum status dispatch(struct handling *handling, enum record_id record, const void *value)
{
    switch ((int)record) {
#define COMMAND(name, function)                                                                                        \
    case RECORD_##name:                                                                                                \
        return function(handling, value);
#define RESULT(name, event)                                                                                            \
    case RECORD_##name:                                                                                                \
        return handle_result(handling, RECORD_##name, value);
#include "processor/handlers.def"
    }
    UNREACHABLE("record of an input topic");
}

static struct reply_to reply_to_of(enum record_id record, const void *value)
{
    switch ((int)record) {
#define COMMAND(name, function)                                                                                        \
    case RECORD_##name:                                                                                                \
        return REPLY_TO((const struct name *)value);
#define RESULT(name, event) COMMAND(name, )
#include "processor/handlers.def"
    }
    UNREACHABLE("record of an input topic");
}

/* Where the answer to a record that can't be read is wanted: its header says so, if anything does. */
static struct reply_to reply_to_of_header(const struct bus_record *record)
{
    struct reply_address address;
    if (!reply_address_parse(headers_find(record, REPLY_ADDRESS_HEADER), &address)) {
        return (struct reply_to){.topic = STR_NONE, .partition = RECORD_NONE, .correlation_id = STR_NONE};
    }
    return (struct reply_to){address.topic, address.partition, address.correlation_id};
}

/* It is a dead letter with an answer, too: whoever wrote it should have known better. */
static enum status refuse_unreadable(struct handling *handling, struct str message)
{
    handling->reply_to = reply_to_of_header(handling->record);
    TRY(reply_prepare(handling, &handling->reply_to));
    TRY(reply_refuse_quietly(handling, &handling->reply_to, STR("InvalidRecord"), message));
    return dead_letter_add(handling, STR("InvalidRecord"), message);
}

static enum status decode_and_dispatch(struct handling *handling)
{
    enum schema_id schema = handling->input == INPUT_COMMANDS ? SCHEMA_command : SCHEMA_task_result;
    enum record_id record;
    void *value;
    struct codec_error error;
    handling_count(handling, handling->input == INPUT_COMMANDS ? COUNTER_COMMANDS : COUNTER_RESULTS);
    if (handling->record->value.bytes == NULL) {
        return refuse_unreadable(handling, STR("has no value"));
    }
    enum status status =
        codec_decode(handling->codec, handling->arena, schema, handling->record->value, &record, &value, &error);
    if (status == STATUS_INVALID) {
        return refuse_unreadable(handling, error.message);
    }
    TRY(status);
    handling->reply_to = reply_to_of(record, value);
    TRY(reply_prepare(handling, &handling->reply_to));
    return dispatch(handling, record, value);
}

/* ---- What breaks ---- */

/* Takes everything back that the handling has done so far. What it made may fill its arena: what is left to say goes to
 * the spare one. */
static void start_over(struct handling *handling)
{
    handling->arena = handling->spare;
    handling->outbox = (struct outbox){.arena = handling->arena};
    handling->need = (struct need){.type = NEED_NOTHING};
    handling->notes = (struct handling_notes){.given_up = STR_NONE};
    store_rollback(&handling->partition->store);
    store_begin(&handling->partition->store, handling->arena);
    timers_forget(&handling->partition->store);
}

enum status handle_park(struct handling *handling, const struct execution_row *row, struct str reason)
{
    struct key key;
    struct execution_row parked = *row;
    parked.parked = reason;
    keys_execution(handling->partition->store.partition, &handling->execution, &key);
    handling_count(handling, COUNTER_PARKED);
    handling->notes.parked_arn = row->arn;
    handling->notes.parked_reason = reason;
    return store_put(&handling->partition->store, &key, RECORD_execution_row, &parked);
}

enum status handle_unpark(struct handling *handling, const struct execution_row *row)
{
    struct key key;
    struct execution_row freed = *row;
    freed.parked = STR_NONE;
    keys_execution(handling->partition->store.partition, &handling->execution, &key);
    return store_put(&handling->partition->store, &key, RECORD_execution_row, &freed);
}

/* The changes of the step as records of pawl.state. */
static enum status publish_changes(struct handling *handling)
{
    const struct store_changes *changes = &handling->partition->store.changes;
    for (size_t at = 0; at < changes->count; at++) {
        const struct bus_message message = {
            .topic = topics_get(handling->topics, TOPIC_STATE),
            .partition = handling->partition->id,
            .key = changes->items[at].key,
            .value = changes->items[at].value,
        };
        TRY(outbox_add(&handling->outbox, &message, topic_types[TOPIC_STATE].max_message_bytes));
        handling_count(handling, COUNTER_ROWS);
    }
    return STATUS_OK;
}

static enum status give_up(struct handling *handling, struct str reason)
{
    const struct execution_row *row = NULL;
    struct str arn = STR("");
    start_over(handling);
    handling->notes.given_up = reason;
    if (handling->has_execution) {
        enum status status = store_execution(&handling->partition->store, handling->arena, &handling->execution, &row);
        if (status == STATUS_OK) {
            arn = row->arn;
            TRY(handle_park(handling, row, reason));
        } else if (status != STATUS_NOT_FOUND && status != STATUS_CORRUPT) {
            return status;
        }
    }
    if (handling->record != NULL) {
        TRY(reply_refuse_quietly(handling, &handling->reply_to, STR("InternalError"), reason));
        return dead_letter_add(handling, STR("InternalError"), reason);
    }
    if (row == NULL) {
        TRY(timers_delete(&handling->partition->store, handling->timer));
    }
    return dead_letter_of_timer(handling, arn, STR("InternalError"), reason);
}

enum status handle_give_up(struct handling *handling, struct str reason)
{
    TRY(give_up(handling, reason));
    return publish_changes(handling);
}

/* Runs `function` such that an assertion comes back here: false, and *out_scope tells which. */
static bool run_scoped(struct handling *handling, enum status (*function)(struct handling *),
                       struct assert_scope *scope, enum status *out_status)
{
    volatile bool whole = false;
    assert_scope_enter(scope);
    if (setjmp(scope->back) == 0) {
        enum status status = function(handling);
        *out_status = status == STATUS_OK ? publish_changes(handling) : status;
        whole = true;
    }
    assert_scope_leave(scope);
    return whole;
}

static enum status handle(struct handling *handling, enum status (*function)(struct handling *))
{
    struct assert_scope scope;
    enum status status = STATUS_OK;
    struct str reason;
    bool whole = run_scoped(handling, function, &scope, &status);
    if (!whole) {
        TRY(arena_format(handling->spare, &reason, "assertion failed: %s at %s:%d", scope.condition, scope.file,
                         scope.line));
        status = handle_give_up(handling, reason);
    } else if (status == STATUS_LIMIT_EXCEEDED) {
        status =
            handle_give_up(handling, STR("more memory than a step may take, or a record larger than its topic takes"));
    }
    if (handling->use != NULL) {
        definitions_release(handling->definitions, handling->use);
        handling->use = NULL;
    }
    return status;
}

enum status handle_record(struct handling *handling)
{
    return handle(handling, decode_and_dispatch);
}

static enum status timer(struct handling *handling)
{
    handling_count(handling, COUNTER_TIMERS);
    if (handling->timer->frame < TIMER_EXECUTION) {
        return handle_definition_timer(handling);
    }
    return handle_execution_timer(handling);
}

enum status handle_timer(struct handling *handling)
{
    return handle(handling, timer);
}
