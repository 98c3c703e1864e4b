#include "base/assert.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mutant.h"
#include "bus/bus_port.h"
#include "processor/loop_parts.h"
#include "state/restore.h"
#include "state/timers.h"

#include <inttypes.h>
#include <stdio.h>

#define REBUILDS_MAX 8 /* of a partition, before the process gives up */

enum status batch_abort_open(struct loop *loop, struct bus_error *out_error)
{
    if (!loop->must_abort) {
        return STATUS_OK;
    }
    enum status status = bus_abort(loop->member, out_error);
    loop->must_abort = status == STATUS_RETRIABLE || status == STATUS_ABORTABLE;
    return status;
}

/* ---- Into the transaction ---- */

enum status batch_touch(struct loop *loop, struct partition *partition, struct bus_error *out_error)
{
    ASSERT(partition->phase == PARTITION_ACTIVE || MUTANT(PROCESS_WHILE_RESTORING));
    partition->touched = true; /* whatever happens now: its record is to be delivered again unless this batch commits */
    if (!loop->batch.begun) {
        TRY(batch_abort_open(loop, out_error));
        TRY(bus_begin(loop->member, out_error));
        loop->batch.begun = true;
    }
    return STATUS_OK;
}

enum status batch_produce(struct loop *loop, const struct outbox *outbox, struct bus_error *out_error)
{
    for (size_t at = 0; at < outbox->count; at++) {
        TRY(bus_produce(loop->member, &outbox->items[at], out_error));
    }
    loop->batch.bytes += outbox->bytes;
    return STATUS_OK;
}

/* ---- Uses: added up in memory, one row a machine and minute at the end ---- */

void batch_count_usage(struct loop *loop, struct partition *partition, const struct handling *handling)
{
    bool ended = handling->notes.usage_end != EXECUTION_STATUS_RUNNING;
    if (handling->notes.usage_transitions == 0 && handling->notes.usage_executions_started == 0 && !ended) {
        return;
    }
    int64_t minute = handling->env->now_ms / 60000;
    struct partition_usage *usage = partition->usage;
    while (usage != NULL &&
           !(usage->minute == minute && str_equal(usage->state_machine_arn, handling->notes.usage_machine_arn))) {
        usage = usage->next;
    }
    if (usage == NULL) {
        usage = arena_new(loop->batch_arena, struct partition_usage);
        /* A batch is bounded, its arena is not near its end. */
        ASSERT(usage != NULL);
        usage->minute = minute;
        ASSERT(arena_copy(loop->batch_arena, handling->notes.usage_machine_arn, &usage->state_machine_arn) == STATUS_OK);
        usage->next = partition->usage;
        partition->usage = usage;
    }
    usage->transitions += handling->notes.usage_transitions;
    usage->executions_started += handling->notes.usage_executions_started;
    usage->counts.transitions += handling->notes.usage_transitions;
    usage->counts.started += handling->notes.usage_executions_started;
    if (ended) {
        usage->counts.ended[handling->notes.usage_end] += 1;
        histogram_add(&usage->counts.time, &histogram_duration, handling->notes.usage_time_us);
    }
}

static enum status put_usage(struct loop *loop, struct partition *partition, const struct partition_usage *usage)
{
    struct store *store = &partition->store;
    struct key key;
    struct usage_row row;
    const void *present;
    record_init(RECORD_usage_row, &row);
    row.state_machine_arn = usage->state_machine_arn;
    row.minute = usage->minute * 60000000;
    TRY(keys_usage(partition->id, usage->minute, usage->state_machine_arn, &key));
    enum status status = store_get(store, loop->batch_arena, &key, RECORD_usage_row, &present);
    if (status == STATUS_OK) {
        row = *(const struct usage_row *)present;
    } else if (status != STATUS_NOT_FOUND) {
        return status;
    }
    row.transitions += usage->transitions;
    row.executions_started += usage->executions_started;
    if (usage->minute < partition->usage_minute) {
        partition->usage_minute = usage->minute;
    }
    return store_put(store, &key, RECORD_usage_row, &row);
}

/* ---- The end of the transaction ---- */

int64_t batch_position(const struct loop *loop, const struct partition *partition, enum input input)
{
    int64_t next = partition->current.next[input];
    if (!partition_is_ready(partition) && !MUTANT(PASS_UNHANDLED)) {
        return next; /* what the member has delivered is not all handled */
    }
    int64_t position = bus_member_position(loop->member, input, partition->id);
    return position > next ? position : next;
}

static enum status put_commit_row(struct loop *loop, struct partition *partition)
{
    struct store *store = &partition->store;
    struct key key;
    struct commit_row row;
    record_init(RECORD_commit_row, &row);
    row.sequence = ++partition->current.sequence;
    row.row_count = partition->row_count + (int64_t)store->changes.count + 1;
    row.commands_offset = partition->current.next[INPUT_COMMANDS];
    row.results_offset = partition->current.next[INPUT_RESULTS];
    row.time = loop->env.now_ms * 1000;
    if (MUTANT(SKIP_COMMIT_ROW) && row.sequence % 5 == 4) {
        return STATUS_OK;
    }
    keys_kind(partition->id, KEY_COMMIT, &key);
    return store_put(store, &key, RECORD_commit_row, &row);
}

/* Usage rows and, last, the commit row (rule 12). */
static enum status close_partition(struct loop *loop, struct partition *partition, struct bus_error *out_error)
{
    struct store *store = &partition->store;
    store_begin(store, loop->batch_arena);
    for (const struct partition_usage *usage = partition->usage; usage != NULL; usage = usage->next) {
        if (usage->transitions == 0 && usage->executions_started == 0) {
            continue; /* it ended without */
        }
        enum status status = put_usage(loop, partition, usage);
        if (status == STATUS_CORRUPT) {
            return batch_rows_broken(partition, status, out_error);
        }
        TRY(status);
    }
    for (int input = 0; input < INPUT_COUNT; input++) {
        partition->current.next[input] = batch_position(loop, partition, (enum input)input);
    }
    TRY(put_commit_row(loop, partition));
    for (size_t at = 0; at < store->changes.count; at++) {
        const struct bus_message message = {
            .topic = topics_get(loop->shared.topics, TOPIC_STATE),
            .partition = partition->id,
            .key = store->changes.items[at].key,
            .value = store->changes.items[at].value,
        };
        TRY(bus_produce(loop->member, &message, out_error));
    }
    loop->batch.counts[COUNTER_ROWS] += (int64_t)store->changes.count;
    return STATUS_OK;
}

/* Rule 1: the present offsets of every touched partition, moved or not. */
static size_t fill_positions(const struct loop *loop, struct bus_position *positions)
{
    size_t count = 0;
    for (size_t at = 0; at < loop->partition_count; at++) {
        const struct partition *partition = loop->partitions[at];
        bool moved = partition->current.next[0] != partition->committed.next[0] ||
                     partition->current.next[1] != partition->committed.next[1];
        if (!partition->touched || (MUTANT(SKIP_TIMER_OFFSETS) && !moved)) {
            continue;
        }
        struct bus_position *position = &positions[count++];
        position->partition = partition->id;
        for (int input = 0; input < INPUT_COUNT; input++) {
            position->next[input] = partition->current.next[input];
            if (MUTANT(COMMIT_LAST) && position->next[input] > partition->committed.next[input]) {
                position->next[input]--;
            }
        }
    }
    return count;
}

static enum status put_offset_row(struct loop *loop, struct partition *partition)
{
    const struct bus_topic *topic = topics_get(loop->shared.topics, TOPIC_STATE);
    struct offset_row row;
    int64_t last = bus_last_offset(loop->member, topic, partition->id);
    ASSERT(last >= 0 || MUTANT(SKIP_COMMIT_ROW));
    if (last < 0) {
        return STATUS_OK;
    }
    record_init(RECORD_offset_row, &row);
    row.offset = last + 1;
    row.cluster_id = bus_cluster_id(loop->shared.bus);
    row.topic_mark = bus_topic_mark(topic);
    row.time = loop->env.now_ms * 1000;
    return store_put_offset(&partition->store, loop->batch_arena, &row);
}

static void clear_partition(struct partition *partition)
{
    partition->touched = false;
    partition->row_count = 0;
    partition->usage = NULL;
}

static void clear_batch(struct loop *loop)
{
    loop->batch = (struct batch){.begun = false};
    arena_reset(loop->batch_arena);
    for (size_t at = 0; at < loop->partition_count; at++) {
        clear_partition(loop->partitions[at]);
    }
}

/* The transaction stands, and the store is behind it: from here on its partitions have the changelog alone. */
static enum status park_touched(struct loop *loop, enum status status, struct bus_error *out_error)
{
    kv_batch_clear(loop->overlay);
    for (size_t at = 0; at < loop->partition_count; at++) {
        if (loop->partitions[at]->touched) {
            TRY(takeover_park(loop, loop->partitions[at], status, out_error));
        }
    }
    return STATUS_OK;
}

/* Kafka has committed: overlay → store, in one write with each partition's commit row and changelog offset (rule 11).
 */
static enum status write_store(struct loop *loop, struct bus_error *out_error)
{
    struct kv_error error = {""};
    for (size_t at = 0; at < loop->partition_count; at++) {
        if (loop->partitions[at]->touched) {
            TRY(put_offset_row(loop, loop->partitions[at]));
        }
    }
    enum status status = kv_batch_write(loop->overlay, &error);
    if (status != STATUS_OK && !MUTANT(IGNORE_FULL_DISK)) {
        (void)bus_port_fail(out_error, status, "the store can't be written: %s", error.text);
        return takeover_parks(status) ? park_touched(loop, status, out_error) : STATUS_FATAL;
    }
    for (size_t at = 0; at < loop->partition_count; at++) {
        struct partition *partition = loop->partitions[at];
        partition->committed = partition->current;
        partition->io_failures = partition->touched ? 0 : partition->io_failures;
    }
    return STATUS_OK;
}

static enum status close_all(struct loop *loop, struct bus_error *out_error)
{
    for (size_t at = 0; at < loop->partition_count; at++) {
        if (loop->partitions[at]->touched) {
            TRY(close_partition(loop, loop->partitions[at], out_error));
        }
    }
    return STATUS_OK;
}

static enum status write_too_early(struct loop *loop)
{
    struct kv_error error = {""};
    return MUTANT(WRITE_BEFORE_COMMIT) ? kv_batch_write(loop->overlay, &error) : STATUS_OK;
}

/* Without its task the record has gone through: it is the route that fails. Others need not find that out again. */
static void convict(struct loop *loop)
{
    const struct blame *trial = &loop->batch.trial;
    char quoted[600];
    if (trial->topic == NULL) {
        return;
    }
    topics_route_refuse(loop->shared.topics, topics_route_of(loop->shared.topics, trial->topic),
                        trial->too_large ? trial->bytes : 0, trial->reason);
    log_event(LOG_WARNING, "route_refused", "thread=%" PRIu32 " topic=%.*s reason=%s", loop->thread,
              STR_ARGS(bus_topic_name(trial->topic)), log_quote(str_of(trial->reason), quoted, sizeof quoted));
}

/* What an abort takes back is never counted. */
static void count(struct loop *loop)
{
    struct counters *counters = loop->shared.counters;
    counters_add(counters, COUNTER_COMMITS, 1);
    for (int counter = 0; counter < COUNTER_COUNT; counter++) {
        if (loop->batch.counts[counter] != 0) {
            counters_add(counters, (enum counter)counter, loop->batch.counts[counter]);
        }
    }
    task_times_merge(&counters->task_times, &loop->batch.task_times);
    histogram_add(&counters->transaction_time, &histogram_latency, (loop->last_commit_ms - loop->batch.started_ms) * 1000);
    for (size_t at = 0; at < loop->partition_count; at++) {
        for (const struct partition_usage *usage = loop->partitions[at]->usage; usage != NULL; usage = usage->next) {
            machine_counts_merge(machine_table_find(loop->shared.machines, usage->state_machine_arn), &usage->counts);
        }
    }
}

enum status batch_commit(struct loop *loop, struct bus_error *out_error)
{
    if (!loop->batch.begun) {
        clear_batch(loop);
        return STATUS_OK;
    }
    enum status status = close_all(loop, out_error);
    if (status == STATUS_OK) {
        struct bus_position *positions = arena_array(loop->batch_arena, struct bus_position, loop->partition_count);
        ASSERT(positions != NULL);
        size_t count = fill_positions(loop, positions);
        ASSERT(count > 0 || MUTANT(SKIP_TIMER_OFFSETS));
        TRY(write_too_early(loop));
        status = bus_commit(loop->member, positions, count, out_error);
    }
    if (status != STATUS_OK) {
        return batch_fail(loop, status, out_error);
    }
    loop->last_commit_ms = loop_now_ms(loop);
    count(loop);
    convict(loop);
    poison_committed(&loop->poison, loop->batch.has_subject ? &loop->batch.subject : NULL);
    status = write_store(loop, out_error);
    clear_batch(loop);
    return status;
}

/* ---- When it fails ---- */

/* Everything since the last commit was never there. */
static void drop(struct loop *loop)
{
    if (!MUTANT(KEEP_OVERLAY_AFTER_ABORT)) {
        kv_batch_clear(loop->overlay);
    }
    for (size_t at = 0; at < loop->partition_count; at++) {
        struct partition *partition = loop->partitions[at];
        if (partition->touched) {
            partition->current = partition->committed;
            partition->seek_pending = !MUTANT(NO_SEEK_AFTER_ABORT);
            partition->usage_minute = PARTITION_USAGE_UNKNOWN;
            store_forget(&partition->store);
        } else {
            /* A timer of it may have been passed already: what it needed is dropped here, or the transaction did not begin. */
            timers_forget(&partition->store);
        }
    }
    loop->need = (struct need){.type = NEED_NOTHING};
    clear_batch(loop);
}

static enum status fenced(struct loop *loop)
{
    drop(loop);
    counters_add(loop->shared.counters, COUNTER_FENCED, 1);
    for (size_t at = 0; at < loop->partition_count && !MUTANT(FENCED_KEEPS_STATE); at++) {
        takeover_begin_again(loop, loop->partitions[at]);
    }
    return STATUS_OK;
}

enum status batch_rows_broken(struct partition *partition, enum status status, struct bus_error *out_error)
{
    partition->rows_broken = true;
    return bus_port_fail(out_error, STATUS_CORRUPT, "the rows of partition %" PRIu32 " can't be read: %s", partition->id,
                         status_text(status));
}

/* The changelog has what the store has lost. What was noted of the record that found it out stays: if it finds the same in
 * the rebuilt rows, it is given up. */
static enum status rebuild(struct loop *loop, struct partition *partition, struct bus_error *out_error)
{
    struct partition_attempt attempt = partition->attempt;
    uint32_t rebuilds = partition->rebuilds + 1;
    struct kv_error error = {""};
    char quoted[600];
    log_event(LOG_ERROR, "partition_rebuilt", "thread=%" PRIu32 " partition=%" PRIu32 " reason=%s", loop->thread,
              partition->id, log_quote(str_of(out_error->text), quoted, sizeof quoted));
    if (rebuilds > REBUILDS_MAX) {
        return STATUS_FATAL;
    }
    enum status status = restore_empty(loop->shared.kv, partition->id, &error);
    if (status != STATUS_OK) {
        /* Once it is no longer parked it meets its broken rows again, as if for the first time. */
        (void)bus_port_fail(out_error, status, "the rows of partition %" PRIu32 " can't be deleted: %s", partition->id,
                            error.text);
        TRY(takeover_parks(status) ? takeover_park(loop, partition, status, out_error) : STATUS_FATAL);
        return STATUS_RETRIABLE;
    }
    counters_add(loop->shared.counters, COUNTER_REBUILDS, 1);
    takeover_begin_again(loop, partition);
    partition->attempt = attempt;
    partition->rebuilds = rebuilds;
    return STATUS_RETRIABLE;
}

/* What fails for a reason of the store's: the batch never was. */
static enum status drop_and_abort(struct loop *loop, struct bus_error *out_error)
{
    struct bus_error ignored;
    loop->must_abort = loop->must_abort || loop->batch.begun;
    drop(loop);
    counters_add(loop->shared.counters, COUNTER_ABORTS, 1);
    if (batch_abort_open(loop, &ignored) == STATUS_FATAL) {
        *out_error = ignored;
        return STATUS_FATAL;
    }
    return STATUS_OK;
}

/* A store that can't be read fails whoever reads it: all of them are parked. */
static enum status fail_unreadable(struct loop *loop, enum status status, struct bus_error *out_error)
{
    TRY(drop_and_abort(loop, out_error));
    (void)bus_port_fail(out_error, status, "the store can't be read: %s", status_text(status));
    for (size_t at = 0; at < loop->partition_count; at++) {
        if (loop->partitions[at]->phase == PARTITION_ACTIVE) {
            TRY(takeover_park(loop, loop->partitions[at], status, out_error));
        }
    }
    return STATUS_RETRIABLE;
}

/* Whose rows are broken begins anew, from nothing. */
static enum status fail_broken(struct loop *loop, struct bus_error *out_error)
{
    TRY(drop_and_abort(loop, out_error));
    enum status status = STATUS_RETRIABLE;
    for (size_t at = 0; status == STATUS_RETRIABLE && at < loop->partition_count; at++) {
        if (loop->partitions[at]->rows_broken) {
            status = rebuild(loop, loop->partitions[at], out_error);
        }
    }
    return status;
}

enum status batch_fail(struct loop *loop, enum status status, struct bus_error *out_error)
{
    bool begun = loop->batch.begun;
    if (status == STATUS_CORRUPT) {
        return fail_broken(loop, out_error);
    }
    if (takeover_parks(status)) {
        return fail_unreadable(loop, status, out_error);
    }
    if (status != STATUS_ABORTABLE && status != STATUS_FENCED && status != STATUS_LIMIT_EXCEEDED &&
        status != STATUS_RETRIABLE) {
        return status;
    }
    if (status == STATUS_FENCED) {
        /* One that was fenced in its middle is still to be ended on our side; what the broker says to it is all one. */
        struct bus_error ignored;
        loop->must_abort = begun;
        status = fenced(loop);
        return batch_abort_open(loop, &ignored) == STATUS_FATAL ? STATUS_FATAL : status;
    }
    bool was_single = poison_is_single(&loop->poison);
    if (loop->batch.has_subject && loop->batch.records == 1) {
        loop->blame = loop->batch.blame;
        loop->blame.too_large = status == STATUS_LIMIT_EXCEEDED;
        snprintf(loop->blame.reason, sizeof loop->blame.reason, "%.255s", out_error->text);
    }
    poison_aborted(&loop->poison, loop->batch.records, loop->batch.has_subject ? &loop->batch.subject : NULL);
    if (!was_single && poison_is_single(&loop->poison)) {
        counters_add(loop->shared.counters, COUNTER_SINGLE_BATCHES, 1);
    }
    drop(loop);
    counters_add(loop->shared.counters, COUNTER_ABORTS, 1);
    loop->must_abort = loop->must_abort || begun;
    status = batch_abort_open(loop, out_error);
    if (status == STATUS_FENCED) {
        return fenced(loop);
    }
    return status == STATUS_FATAL ? status : STATUS_RETRIABLE;
}
