#include "processor/loop.h"

#include "base/assert.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mutant.h"
#include "bus/bus_port.h"
#include "processor/handle.h"
#include "processor/loop_parts.h"
#include "state/timers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define CLOCK_STEP_MS 5000
#define TIMERS_AT_ONCE 100
#define NEEDS_MAX 8 /* a record that needs more than this is given up */
#define SPARE_ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define USAGE_ROWS_AT_ONCE 100
#define SUBJECT_BYTES_MAX 320 /* a topic's name and two numbers */

int64_t loop_now_ms(struct loop *loop)
{
    int64_t now_ms = bus_now_ms(loop->shared.bus);
    if (now_ms < loop->last_now_ms - CLOCK_STEP_MS) {
        counters_add(loop->shared.counters, COUNTER_CLOCK_STEPS_BACK, 1);
        log_event(LOG_WARNING, "clock_step_back", "thread=%" PRIu32 " ms=%" PRId64, loop->thread,
                  loop->last_now_ms - now_ms);
    }
    loop->last_now_ms = now_ms;
    return now_ms;
}

/* ---- Rebalances; called from bus_member_poll and bus_member_leave ---- */

static void note_callback(struct loop *loop, enum status status)
{
    if (status != STATUS_OK && status != STATUS_RETRIABLE && loop->callback_status == STATUS_OK) {
        loop->callback_status = status;
    }
}

static void on_assigned(void *owner, const uint32_t *partitions, size_t count)
{
    takeover_assigned(owner, partitions, count);
}

static void on_revoked(void *owner, const uint32_t *partitions, size_t count)
{
    struct loop *loop = owner;
    if (!MUTANT(REVOKE_KEEPS_BATCH)) {
        note_callback(loop, batch_commit(loop, &loop->callback_error));
    }
    takeover_give_up(loop, partitions, count);
}

static void on_lost(void *owner, const uint32_t *partitions, size_t count)
{
    struct loop *loop = owner;
    if (loop->batch.begun) {
        note_callback(loop, batch_fail(loop, STATUS_ABORTABLE, &loop->callback_error));
    }
    takeover_give_up(loop, partitions, count);
}

/* ---- One record or timer ---- */

static struct poison_subject subject_of(const struct handling *handling)
{
    struct poison_subject subject = {.partition = handling->partition->id, .is_timer = handling->timer != NULL};
    if (handling->timer != NULL) {
        subject.timer = *handling->timer;
    } else {
        subject.input = handling->input;
        subject.offset = handling->record->offset;
    }
    return subject;
}

/* Whether what is noted in the partition was done for this record or timer. */
static bool attempt_is_for(const struct partition_attempt *attempt, const struct handling *handling)
{
    if (attempt->count == 0 && !attempt->definition_overdue && !attempt->rows_unreadable) {
        return false;
    }
    if (handling->timer != NULL) {
        return attempt->is_timer && attempt->timer.due_ms == handling->timer->due_ms &&
               attempt->timer.frame == handling->timer->frame &&
               execution_id_equal(&attempt->timer.execution, &handling->timer->execution);
    }
    return !attempt->is_timer && attempt->input == handling->input && attempt->offset == handling->record->offset;
}

static void begin_attempt(struct partition *partition, const struct handling *handling)
{
    if (handling->attempt != NULL) {
        return;
    }
    partition->attempt = (struct partition_attempt){.is_timer = handling->timer != NULL};
    if (handling->timer != NULL) {
        partition->attempt.timer = *handling->timer;
    } else {
        partition->attempt.input = handling->input;
        partition->attempt.offset = handling->record->offset;
    }
}

/* The need outlives the record's arena. */
static enum status keep_need(struct loop *loop, const struct handling *handling)
{
    const struct need *need = &handling->need;
    arena_reset(loop->need_arena);
    loop->need = *need;
    TRY(arena_copy(loop->need_arena, need->arn, &loop->need.arn));
    TRY(arena_copy(loop->need_arena, need->revision_id, &loop->need.revision_id));
    TRY(arena_copy(loop->need_arena, need->name, &loop->need.name));
    struct str *routes = arena_array(loop->need_arena, struct str, need->route_count + 1);
    TRY_NEW(routes);
    for (size_t at = 0; at < need->route_count; at++) {
        TRY(arena_copy(loop->need_arena, need->routes[at], &routes[at]));
    }
    loop->need.routes = routes;
    loop->need_partition = handling->partition;
    /* Whatever becomes of the batch, the record is to be delivered again. */
    handling->partition->seek_pending = true;
    begin_attempt(handling->partition, handling);
    return STATUS_OK;
}

static void begin_batch(struct loop *loop)
{
    if (loop->batch.started_ms == 0) {
        loop->batch.started_ms = loop_now_ms(loop);
        loop->env.drawn = 0;
        bus_random(loop->shared.bus, loop->env.seed, sizeof loop->env.seed);
    }
    loop->env.now_ms = loop_now_ms(loop);
}

static struct handling handling_for(struct loop *loop, struct partition *partition)
{
    arena_reset(loop->arena);
    arena_reset(loop->spare);
    return (struct handling){
        .config = loop->shared.config,
        .bus = loop->shared.bus,
        .topics = loop->shared.topics,
        .definitions = loop->shared.definitions,
        .codec = loop->shared.codec,
        .counters = loop->shared.counters,
        .arena = loop->arena,
        .spare = loop->spare,
        .env = &loop->env,
        .partition = partition,
        .outbox = {.arena = loop->arena},
    };
}

/* "pawl.results-3@17", or of a timer "timer-3@<due, in ms>". */
static void name_subject(const struct handling *handling, char *out, size_t capacity)
{
    if (handling->timer != NULL) {
        snprintf(out, capacity, "timer-%" PRIu32 "@%" PRId64, handling->partition->id, handling->timer->due_ms);
    } else {
        snprintf(out, capacity, "%.*s-%" PRIu32 "@%" PRId64, STR_ARGS(bus_topic_name(handling->record->topic)),
                 handling->partition->id, handling->record->offset);
    }
}

/* One line each for what an operator should see to. */
static void log_losses(const struct loop *loop, const struct handling *handling)
{
    char subject[SUBJECT_BYTES_MAX];
    char quoted[600];
    if (handling->notes.given_up.bytes == NULL && handling->notes.parked_reason.bytes == NULL) {
        return;
    }
    name_subject(handling, subject, sizeof subject);
    if (handling->notes.parked_reason.bytes != NULL) {
        log_event(LOG_ERROR, "execution_parked", "thread=%" PRIu32 " execution=%.*s by=%s reason=%s", loop->thread,
                  STR_ARGS(handling->notes.parked_arn), subject, log_quote(handling->notes.parked_reason, quoted, sizeof quoted));
    }
    if (handling->notes.given_up.bytes != NULL) {
        log_event(LOG_ERROR, handling->timer != NULL ? "timer_given_up" : "record_given_up",
                  "thread=%" PRIu32 " what=%s reason=%s", loop->thread, subject,
                  log_quote(handling->notes.given_up, quoted, sizeof quoted));
    }
}

/* ---- Who is to blame for a record that fails every transaction ---- */

/* The task that the record asks for, if any; the largest. */
static struct blame blame_of(const struct loop *loop, const struct outbox *outbox)
{
    struct blame blame = {.topic = NULL};
    for (size_t at = 0; at < outbox->count; at++) {
        const struct bus_message *message = &outbox->items[at];
        size_t bytes = outbox_message_bytes(message) + OUTBOX_OVERHEAD_BYTES;
        if (bytes > blame.bytes && topics_route_of(loop->shared.topics, message->topic).bytes != NULL) {
            blame.topic = message->topic;
            blame.bytes = bytes;
        }
    }
    return blame;
}

/* Handles, and puts what came of it into the transaction. RETRIABLE: a need was kept. */
static enum status run(struct loop *loop, struct handling *handling, struct bus_error *out_error)
{
    struct partition *partition = handling->partition;
    const struct poison_subject subject = subject_of(handling);
    enum status status;
    handling->attempt = attempt_is_for(&partition->attempt, handling) ? &partition->attempt : NULL;
    store_begin(&partition->store, handling->arena);
    if (handling->timer != NULL && handling->timer->frame >= TIMER_EXECUTION) {
        handling->execution = handling->timer->execution;
        handling->has_execution = true;
    }
    bool proved = poison_is_proved(&loop->poison, &subject);
    if (proved && loop->blame.topic != NULL) {
        /* A failing route fails the task: before the record is given up, its task is. */
        loop->batch.trial = loop->blame;
        handling->blame = &loop->batch.trial;
        proved = false;
    }
    if (proved) {
        status = handle_give_up(handling, STR("every transaction with it failed"));
    } else if (handling->attempt != NULL && handling->attempt->rows_unreadable) {
        status = handle_give_up(handling, STR("the rows it needs can't be read, as the changelog has them"));
    } else if (handling->attempt != NULL && handling->attempt->count > NEEDS_MAX) {
        status = handle_give_up(handling, STR("what it needs can't be had"));
    } else {
        status = handling->timer != NULL ? handle_timer(handling) : handle_record(handling);
    }
    if (!handling->notes.blamed) {
        loop->batch.trial.topic = NULL; /* it came to another end: that proves nothing against the route */
    }
    if (status == STATUS_RETRIABLE) {
        store_rollback(&partition->store);
        TRY(keep_need(loop, handling));
        return STATUS_RETRIABLE;
    }
    if (status == STATUS_CORRUPT || status == STATUS_NOT_FOUND) {
        begin_attempt(partition, handling);
        partition->attempt.rows_unreadable = true;
        return batch_rows_broken(partition, status, out_error);
    }
    if (status != STATUS_OK) {
        return bus_port_fail(out_error, takeover_parks(status) ? status : STATUS_FATAL, "partition %" PRIu32 ": %s",
                             partition->id, status_text(status));
    }
    if (handling->notes.given_up.bytes != NULL) {
        /* A parked execution keeps its timer, which is passed over from now on. */
        partition->attempt = (struct partition_attempt){.count = 0};
    }
    loop->batch.records++;
    loop->batch.has_subject = true;
    loop->batch.subject = subject;
    if (handling->timer != NULL && handling->outbox.count == 0) {
        return STATUS_OK;
    }
    if (poison_is_single(&loop->poison)) {
        loop->batch.blame = blame_of(loop, &handling->outbox);
    }
    TRY(batch_touch(loop, partition, out_error));
    TRY(batch_produce(loop, &handling->outbox, out_error));
    log_losses(loop, handling);
    partition->row_count += (int64_t)partition->store.changes.count;
    batch_count_usage(loop, partition, handling);
    for (int counter = 0; counter < COUNTER_COUNT; counter++) {
        loop->batch.counts[counter] += handling->notes.counts[counter];
    }
    if (handling->notes.closed_task != NULL) {
        task_times_add(&loop->batch.task_times, handling->notes.closed_task);
    }
    return STATUS_OK;
}

/* The record is borrowed until the next call on the member, and producing is one. */
static enum status copy_record(struct arena *arena, const struct bus_record *record, struct bus_record *out_copy)
{
    *out_copy = *record;
    if (record->key.bytes != NULL) {
        TRY(arena_copy(arena, record->key, &out_copy->key));
    }
    if (record->value.bytes != NULL) {
        TRY(arena_copy(arena, record->value, &out_copy->value));
    }
    struct bus_header *headers = arena_array(arena, struct bus_header, record->header_count + 1);
    TRY_NEW(headers);
    for (size_t at = 0; at < record->header_count; at++) {
        TRY(arena_copy(arena, record->headers[at].name, &headers[at].name));
        headers[at].value = record->headers[at].value;
        if (record->headers[at].value.bytes != NULL) {
            TRY(arena_copy(arena, record->headers[at].value, &headers[at].value));
        }
    }
    out_copy->headers = headers;
    return STATUS_OK;
}

static enum status take(struct loop *loop, const struct bus_record *borrowed, struct bus_error *out_error)
{
    struct partition *partition = loop_partition(loop, borrowed->partition);
    if (partition == NULL || !partition_is_ready(partition)) {
        return STATUS_OK;
    }
    enum input input =
        borrowed->topic == topics_get(loop->shared.topics, TOPIC_COMMANDS) ? INPUT_COMMANDS : INPUT_RESULTS;
    if (borrowed->offset < partition->current.next[input]) {
        counters_add(loop->shared.counters, COUNTER_REPEATED_RECORDS, 1);
        return STATUS_OK;
    }
    struct handling handling = handling_for(loop, partition);
    struct bus_record record;
    begin_batch(loop);
    enum status status = copy_record(loop->arena, borrowed, &record);
    if (status == STATUS_OK) {
        handling.record = &record;
        handling.input = input;
        int64_t before = partition->current.next[input];
        partition->current.next[input] = record.offset + 1;
        status = run(loop, &handling, out_error);
        if (status == STATUS_RETRIABLE && loop->need.type != NEED_NOTHING) {
            partition->current.next[input] = MUTANT(SKIP_AFTER_NEED) ? record.offset + 1 : before;
            return STATUS_OK;
        }
    }
    partition->seek_pending |= status != STATUS_OK; /* it is to be delivered again */
    return status;
}

/* ---- Collect ---- */

static bool is_full(struct loop *loop)
{
    const struct processor_config *config = loop->shared.config;
    if (loop->need.type != NEED_NOTHING) {
        return true;
    }
    uint32_t records_max = poison_is_single(&loop->poison) ? 1 : config->batch_records_max;
    if (loop->batch.records >= records_max || loop->batch.bytes >= config->batch_bytes_max) {
        return true;
    }
    return loop->batch.records > 0 && loop_now_ms(loop) - loop->batch.started_ms >= config->batch_ms_max;
}

/* How long the loop may wait for a record. */
static int wait_ms(struct loop *loop, int timeout_ms)
{
    int64_t now_ms = loop_now_ms(loop);
    int64_t wait = timeout_ms;
    if (loop->batch.begun) {
        /* A floor between two commits makes larger batches. */
        wait = loop->last_commit_ms + loop->shared.config->commit_interval_ms_min - now_ms;
    }
    for (size_t at = 0; at < loop->partition_count && wait > 0; at++) {
        const struct partition *partition = loop->partitions[at];
        if (partition->phase != PARTITION_ACTIVE || partition->waiting) {
            bool rests = partition->phase == PARTITION_REFUSED || partition->phase == PARTITION_PARKED;
            wait = rests || wait < 10 ? wait : 10;
            continue;
        }
        int64_t due_ms = timers_next_due_ms(&partition->store);
        if (due_ms <= now_ms) {
            wait = 0;
        } else if (due_ms - now_ms < wait) {
            wait = due_ms - now_ms;
        }
    }
    return wait > 0 ? (int)wait : 0;
}

static enum status collect(struct loop *loop, int timeout_ms, struct bus_error *out_error)
{
    while (!is_full(loop)) {
        struct bus_record record;
        enum status status = bus_member_poll(loop->member, wait_ms(loop, timeout_ms), &record, out_error);
        if (loop->callback_status != STATUS_OK) {
            *out_error = loop->callback_error;
            return loop->callback_status;
        }
        if (status == STATUS_END || status == STATUS_RETRIABLE) {
            return STATUS_OK;
        }
        TRY(status);
        TRY(take(loop, &record, out_error));
    }
    return STATUS_OK;
}

/* ---- Fire ---- */

static enum status fire_one(struct loop *loop, struct partition *partition, const struct timer_key *timer,
                            struct bus_error *out_error)
{
    struct handling handling = handling_for(loop, partition);
    int64_t phase_counter;
    begin_batch(loop);
    enum status status = timers_get(&partition->store, loop->arena, timer, &phase_counter);
    timers_pass(&partition->store, timer);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    if (status == STATUS_CORRUPT) {
        return batch_rows_broken(partition, status, out_error);
    }
    TRY(status);
    histogram_add(&loop->shared.counters->timer_lateness, &histogram_latency,
                  (loop->env.now_ms - timer->due_ms) * 1000);
    handling.timer = timer;
    status = run(loop, &handling, out_error);
    return status == STATUS_RETRIABLE && loop->need.type != NEED_NOTHING ? STATUS_OK : status;
}

static enum status fire_partition(struct loop *loop, struct partition *partition, struct bus_error *out_error)
{
    struct timer_key *timers;
    size_t count;
    int64_t now_ms = loop_now_ms(loop);
    if (timers_next_due_ms(&partition->store) > now_ms) {
        return STATUS_OK;
    }
    struct arena *arena = arena_create(STEP_ARENA_BYTES_MAX);
    if (arena == NULL) {
        return STATUS_LIMIT_EXCEEDED;
    }
    enum status status = timers_due(&partition->store, arena, now_ms, TIMERS_AT_ONCE, &timers, &count);
    if (status == STATUS_CORRUPT) {
        status = batch_rows_broken(partition, status, out_error);
    }
    for (size_t at = 0; status == STATUS_OK && at < count && !is_full(loop); at++) {
        status = fire_one(loop, partition, &timers[at], out_error);
    }
    arena_destroy(arena);
    return status;
}

/* Each partition's turn comes first once in a while. A batch full of records leaves the timers some room: they count
 * anew. */
static enum status fire(struct loop *loop, struct bus_error *out_error)
{
    if (loop->need.type != NEED_NOTHING || (poison_is_single(&loop->poison) && loop->batch.records > 0)) {
        return STATUS_OK;
    }
    uint32_t records = loop->batch.records;
    loop->batch.records = 0;
    loop->next_partition++;
    enum status status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < loop->partition_count && !is_full(loop); at++) {
        struct partition *partition = loop->partitions[(loop->next_partition + at) % loop->partition_count];
        if (partition_is_ready(partition)) {
            status = fire_partition(loop, partition, out_error);
        }
    }
    loop->batch.records += records;
    return status;
}

/* ---- Uses of minutes that are over ---- */

struct usage_scan {
    struct arena *arena;
    int64_t minute; /* of now */
    struct str keys[USAGE_ROWS_AT_ONCE];
    struct str values[USAGE_ROWS_AT_ONCE];
    size_t count;
    int64_t next_minute;
};

static enum status usage_each(void *owner, struct str key, struct str value)
{
    struct usage_scan *scan = owner;
    int64_t minute;
    if (!keys_read_usage(key, &minute)) {
        return STATUS_CORRUPT;
    }
    scan->next_minute = minute;
    if (minute >= scan->minute || scan->count == USAGE_ROWS_AT_ONCE) {
        return STATUS_END;
    }
    TRY(arena_copy(scan->arena, key, &scan->keys[scan->count]));
    TRY(arena_copy(scan->arena, value, &scan->values[scan->count]));
    scan->count++;
    scan->next_minute = INT64_MAX;
    return STATUS_OK;
}

static enum status publish_use(struct loop *loop, struct handling *handling, struct str stored, struct str value)
{
    struct store *store = &handling->partition->store;
    const void *row;
    struct key key;
    struct usage usage;
    TRY(store_decode(store, handling->arena, RECORD_usage_row, value, &row));
    const struct usage_row *usage_row = row;
    record_init(RECORD_usage, &usage);
    usage.state_machine_arn = usage_row->state_machine_arn;
    usage.minute = usage_row->minute;
    usage.partition = handling->partition->id;
    usage.transitions = usage_row->transitions;
    usage.executions_started = usage_row->executions_started;
    struct bus_message message = {
        .topic = topics_get(loop->shared.topics, TOPIC_USAGE),
        .partition = handling->partition->id,
        .key = usage.state_machine_arn,
    };
    TRY(codec_encode(handling->arena, handling->config->encodings[TOPIC_USAGE], SCHEMA_usage, RECORD_usage, &usage,
                     &message.value));
    TRY(outbox_add(&handling->outbox, &message, topic_types[TOPIC_USAGE].max_message_bytes));
    TRY(keys_of_published(store->partition, str_from(stored, KEYS_PARTITION_BYTES), &key));
    return store_delete(store, &key);
}

static enum status publish_uses(struct loop *loop, struct partition *partition, struct bus_error *out_error)
{
    struct usage_scan scan = {.arena = loop->arena, .minute = loop_now_ms(loop) / 60000, .next_minute = INT64_MAX};
    if (partition->usage_minute >= scan.minute) {
        return STATUS_OK;
    }
    struct handling handling = handling_for(loop, partition);
    struct key prefix;
    begin_batch(loop);
    keys_kind(partition->id, KEY_USAGE, &prefix);
    TRY(store_scan(&partition->store, &prefix, &prefix, usage_each, &scan));
    partition->usage_minute = scan.next_minute;
    if (scan.count == 0) {
        return STATUS_OK;
    }
    store_begin(&partition->store, loop->arena);
    for (size_t at = 0; at < scan.count; at++) {
        TRY(publish_use(loop, &handling, scan.keys[at], scan.values[at]));
    }
    const struct store_changes *changes = &partition->store.changes;
    for (size_t at = 0; at < changes->count; at++) {
        const struct bus_message message = {
            .topic = topics_get(loop->shared.topics, TOPIC_STATE),
            .partition = partition->id,
            .key = changes->items[at].key,
            .value = changes->items[at].value,
        };
        TRY(outbox_add(&handling.outbox, &message, topic_types[TOPIC_STATE].max_message_bytes));
    }
    TRY(batch_touch(loop, partition, out_error));
    partition->row_count += (int64_t)changes->count;
    return batch_produce(loop, &handling.outbox, out_error);
}

static enum status publish_usage(struct loop *loop, struct bus_error *out_error)
{
    for (size_t at = 0; at < loop->partition_count && loop->need.type == NEED_NOTHING; at++) {
        struct partition *partition = loop->partitions[at];
        if (partition_is_ready(partition)) {
            enum status status = publish_uses(loop, partition, out_error);
            TRY(status == STATUS_CORRUPT ? batch_rows_broken(partition, status, out_error) : status);
        }
    }
    return STATUS_OK;
}

/* ---- Once around ---- */

/* Takes part in the group, or nobody would tell that a partition is lost. A record that comes is to come again. */
static enum status poll_only(struct loop *loop, struct bus_error *out_error)
{
    struct bus_record record;
    enum status status = bus_member_poll(loop->member, 0, &record, out_error);
    if (status == STATUS_OK) {
        struct partition *partition = loop_partition(loop, record.partition);
        if (partition != NULL && partition->phase == PARTITION_ACTIVE) {
            partition->seek_pending = true;
        }
        return STATUS_OK;
    }
    return status == STATUS_END || status == STATUS_RETRIABLE ? STATUS_OK : status;
}

/* An empty transaction of the suspect's partition: whether the broker or the record is to blame. */
static enum status probe(struct loop *loop, struct bus_error *out_error)
{
    TRY(poll_only(loop, out_error));
    struct partition *partition = loop_partition(loop, loop->poison.suspect.partition);
    if (partition == NULL || partition->phase != PARTITION_ACTIVE) {
        loop->poison.probe = false;
        return STATUS_OK;
    }
    begin_batch(loop);
    enum status status = batch_touch(loop, partition, out_error);
    return status == STATUS_OK ? batch_commit(loop, out_error) : batch_fail(loop, status, out_error);
}

#define POSITIONS_MS 5000 /* what stands behind its last commit is looked for so often */

/* A partition that has passed markers or aborted records since its last commit commits where it stands. If its input now lay
 * idle for longer than its retention, it would begin behind the committed position: as if input had been deleted unread. */
static enum status commit_positions(struct loop *loop, struct bus_error *out_error)
{
    int64_t passed_ms = loop->last_now_ms - loop->positions_ms;
    bool is_late = loop->need.type != NEED_NOTHING || (poison_is_single(&loop->poison) && loop->batch.records > 0);
    if (is_late || (passed_ms >= 0 && passed_ms < POSITIONS_MS) || MUTANT(STAND_BEFORE_MARKERS)) {
        return STATUS_OK;
    }
    loop->positions_ms = loop->last_now_ms;
    for (size_t at = 0; at < loop->partition_count; at++) {
        struct partition *partition = loop->partitions[at];
        if (!partition_is_ready(partition) || partition->touched) {
            continue;
        }
        if (batch_position(loop, partition, INPUT_COMMANDS) > partition->committed.next[INPUT_COMMANDS] ||
            batch_position(loop, partition, INPUT_RESULTS) > partition->committed.next[INPUT_RESULTS]) {
            begin_batch(loop);
            TRY(batch_touch(loop, partition, out_error));
        }
    }
    return STATUS_OK;
}

static enum status batch(struct loop *loop, int timeout_ms, struct bus_error *out_error)
{
    TRY(collect(loop, timeout_ms, out_error));
    TRY(fire(loop, out_error));
    TRY(publish_usage(loop, out_error));
    return commit_positions(loop, out_error);
}

enum status loop_step(struct loop *loop, int timeout_ms, struct bus_error *out_error)
{
    struct bus_error ignored;
    if (batch_abort_open(loop, &ignored) == STATUS_FATAL) {
        *out_error = ignored;
        return STATUS_FATAL;
    }
    TRY(takeover_settle(loop, out_error));
    if (loop->poison.probe) {
        TRY(probe(loop, out_error));
        TRY(takeover_settle(loop, out_error));
    }
    enum status status = batch(loop, timeout_ms, out_error);
    if (MUTANT(WAIT_IN_TRANSACTION)) {
        TRY(takeover_meet_need(loop, out_error));
    }
    status = status == STATUS_OK ? batch_commit(loop, out_error) : batch_fail(loop, status, out_error);
    if (loop->callback_status != STATUS_OK) {
        *out_error = loop->callback_error;
        return loop->callback_status;
    }
    TRY(status);
    TRY(takeover_meet_need(loop, out_error));
    loop_publish_status(loop);
    return STATUS_OK;
}

void loop_wake(struct loop *loop)
{
    bus_member_wake(loop->member);
}

/* ---- Beginning and end ---- */

static void loop_free(struct loop *loop)
{
    while (loop->partition_count > 0) {
        uint32_t id = loop->partitions[0]->id;
        takeover_give_up(loop, &id, 1);
    }
    free(loop->partitions);
    free(loop->published);
    if (loop->overlay != NULL) {
        kv_batch_destroy(loop->overlay);
    }
    struct arena *arenas[] = {loop->arena, loop->spare, loop->batch_arena, loop->need_arena};
    for (size_t at = 0; at < sizeof arenas / sizeof *arenas; at++) {
        if (arenas[at] != NULL) {
            arena_destroy(arenas[at]);
        }
    }
    pthread_mutex_destroy(&loop->status_lock);
    free(loop);
}

static enum status join(struct loop *loop, struct bus_error *out_error)
{
    const struct processor_config *config = loop->shared.config;
    struct str group;
    struct str instance;
    TRY(arena_format(loop->need_arena, &group, "%.*s-processor", STR_ARGS(config->prefix)));
    TRY(arena_format(loop->need_arena, &instance, "%.*s-%.*s", STR_ARGS(config->prefix), STR_ARGS(config->instance)));
    const struct bus_member_config member_config = {
        .group = group,
        .instance = instance,
        .thread = loop->thread,
        .topics = {topics_get(loop->shared.topics, TOPIC_COMMANDS), topics_get(loop->shared.topics, TOPIC_RESULTS)},
        .events = {.owner = loop, .assigned = on_assigned, .revoked = on_revoked, .lost = on_lost},
    };
    return bus_member_open(loop->shared.bus, &member_config, &loop->member, out_error);
}

enum status loop_open(const struct loop_shared *shared, uint32_t thread, struct loop **out_loop,
                      struct bus_error *out_error)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) {
        return bus_port_fail(out_error, STATUS_LIMIT_EXCEEDED, "no memory");
    }
    loop->shared = *shared;
    loop->thread = thread;
    loop->callback_status = STATUS_OK;
    loop->status.committed_ms = bus_now_ms(shared->bus); /* it has nothing to commit yet */
    pthread_mutex_init(&loop->status_lock, NULL);
    loop->arena = arena_create(STEP_ARENA_BYTES_MAX);
    loop->spare = arena_create(SPARE_ARENA_BYTES);
    loop->batch_arena = arena_create(STEP_ARENA_BYTES_MAX);
    loop->need_arena = arena_create(STEP_ARENA_BYTES_MAX);
    enum status status = STATUS_LIMIT_EXCEEDED;
    if (loop->arena != NULL && loop->spare != NULL && loop->batch_arena != NULL && loop->need_arena != NULL &&
        kv_batch_create(shared->kv, &loop->overlay) == STATUS_OK) {
        status = join(loop, out_error);
    }
    if (status != STATUS_OK) {
        loop_free(loop);
        return status;
    }
    *out_loop = loop;
    return STATUS_OK;
}

void loop_close(struct loop *loop)
{
    bus_member_close(loop->member);
    loop_free(loop);
}

void loop_leave(struct loop *loop)
{
    bus_member_leave(loop->member);
    loop_free(loop);
}
