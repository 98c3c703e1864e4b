#include "base/assert.h"
#include "base/log.h"
#include "base/mutant.h"
#include "bus/bus_port.h"
#include "processor/loop_parts.h"
#include "state/timers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define NEED_RETRY_MS 500
#define DISAGREEMENTS_MAX 3
#define PARKED_MS 2000    /* before a parked partition is tried again */
#define IO_FAILURES_MAX 8 /* of a partition, one after the other, before the process gives up: a start opens the store anew */
#define STABLE_RETRY_MS 50 /* after offsets that were pending; fetching them may take the bus a second */

/* ---- Given and taken away ---- */

struct partition *loop_partition(struct loop *loop, uint32_t id)
{
    for (size_t at = 0; at < loop->partition_count; at++) {
        if (loop->partitions[at]->id == id) {
            return loop->partitions[at];
        }
    }
    return NULL;
}

static void add(struct loop *loop, uint32_t id)
{
    if (loop_partition(loop, id) != NULL) {
        return;
    }
    if (loop->partition_count == loop->partition_capacity) {
        size_t capacity = loop->partition_capacity == 0 ? 16 : loop->partition_capacity * 2;
        struct partition **grown = realloc(loop->partitions, capacity * sizeof(struct partition *));
        ASSERT(grown != NULL);
        loop->partitions = grown;
        loop->partition_capacity = capacity;
    }
    struct partition *partition = calloc(1, sizeof *partition);
    ASSERT(partition != NULL);
    partition->id = id;
    standby_suspend(loop->shared.standby, id);
    store_init(&partition->store, loop->shared.kv, loop->overlay, loop->shared.codec, id);
    loop->partitions[loop->partition_count++] = partition;
}

void takeover_assigned(struct loop *loop, const uint32_t *ids, size_t count)
{
    for (size_t at = 0; at < count; at++) {
        add(loop, ids[at]);
    }
}

static void let_go(struct loop *loop, struct partition *partition)
{
    if (partition->restore != NULL) {
        restorer_close(loop->shared.restorer, partition->restore);
        partition->restore = NULL;
    }
    if (partition->holds_rows) {
        owners_give(loop->shared.owners, partition->id, loop->thread);
        partition->holds_rows = false;
    }
    if (loop->poison.has_suspect && loop->poison.suspect.partition == partition->id) {
        loop->poison = (struct poison){.aborts = 0};
    }
    if (loop->need_partition == partition) {
        loop->need = (struct need){.type = NEED_NOTHING};
        loop->need_partition = NULL;
    }
}

void takeover_give_up(struct loop *loop, const uint32_t *ids, size_t count)
{
    for (size_t at = 0; at < count; at++) {
        for (size_t place = 0; place < loop->partition_count; place++) {
            struct partition *partition = loop->partitions[place];
            if (partition->id == ids[at]) {
                let_go(loop, partition);
                standby_resume(loop->shared.standby, partition->id);
                store_clear(&partition->store);
                free(partition);
                loop->partitions[place] = loop->partitions[--loop->partition_count];
                break;
            }
        }
    }
}

void takeover_begin_again(struct loop *loop, struct partition *partition)
{
    struct bus_error ignored;
    uint32_t id = partition->id;
    let_go(loop, partition);
    store_clear(&partition->store);
    *partition = (struct partition){.id = id};
    store_init(&partition->store, loop->shared.kv, loop->overlay, loop->shared.codec, id);
    /* What is still delivered is dropped until the partition is active. */
    (void)(bus_member_pause(loop->member, id, &ignored) == STATUS_OK);
}

static void refuse(struct loop *loop, struct partition *partition, const char *why)
{
    char quoted[600];
    partition->phase = PARTITION_REFUSED;
    snprintf(partition->refusal, sizeof partition->refusal, "partition %" PRIu32 ": %s", partition->id, why);
    log_event(LOG_ERROR, "partition_refused", "thread=%" PRIu32 " partition=%" PRIu32 " reason=%s", loop->thread,
              partition->id, log_quote(str_of(why), quoted, sizeof quoted));
}

/* ---- The store's trouble ---- */

bool takeover_parks(enum status status)
{
    return status == STATUS_FULL || status == STATUS_IO;
}

enum status takeover_park(struct loop *loop, struct partition *partition, enum status status, struct bus_error *error)
{
    char quoted[600];
    const char *why = error->text[0] != '\0' ? error->text : status_text(status);
    bool is_new = partition->refusal[0] == '\0';
    uint32_t io_failures = status == STATUS_IO ? partition->io_failures + 1 : 0;
    takeover_begin_again(loop, partition);
    partition->phase = PARTITION_PARKED;
    partition->parked_ms = loop_now_ms(loop);
    partition->io_failures = io_failures;
    snprintf(partition->refusal, sizeof partition->refusal, "partition %" PRIu32 ": %.480s", partition->id, why);
    if (is_new) {
        counters_add(loop->shared.counters, COUNTER_PARTITIONS_PARKED, 1);
        log_event(LOG_ERROR, "partition_parked", "thread=%" PRIu32 " partition=%" PRIu32 " reason=%s", loop->thread,
                  partition->id, log_quote(str_of(why), quoted, sizeof quoted));
    }
    if (io_failures <= IO_FAILURES_MAX) {
        return STATUS_OK;
    }
    return bus_port_fail(error, STATUS_FATAL, "%.500s", partition->refusal);
}

/* Whether there is room again is found out by restoring, which writes. What was wrong is told until it is not any more. */
static void settle_parked(struct loop *loop, struct partition *partition)
{
    int64_t passed_ms = loop_now_ms(loop) - partition->parked_ms;
    if (passed_ms >= PARKED_MS || passed_ms < 0) {
        partition->phase = PARTITION_ASSIGNED;
    }
}

/* ---- Phase by phase ---- */

/* What can't be done now, and will be tried again: a broker in trouble, or a partition that is another's already, which
 * the next poll will tell. */
static bool is_not_now(enum status status)
{
    return status == STATUS_RETRIABLE || status == STATUS_ABORTABLE || status == STATUS_TIMED_OUT ||
           status == STATUS_FENCED || status == STATUS_REFUSED;
}

static enum status settle_assigned(struct loop *loop, struct partition *partition, struct bus_error *out_error)
{
    partition->stable = (struct bus_position){.partition = partition->id, .next = {BUS_OFFSET_NONE, BUS_OFFSET_NONE}};
    if (!MUTANT(NO_STABLE_OFFSETS)) {
        /* Where one is pending, others of the same owner are: the partitions that work must not wait for each in turn.
         */
        if (loop_now_ms(loop) < loop->stable_again_ms) {
            return STATUS_OK;
        }
        enum status status = bus_member_stable(loop->member, partition->id, &partition->stable, out_error);
        if (is_not_now(status)) {
            loop->stable_again_ms = loop_now_ms(loop) + STABLE_RETRY_MS;
            return STATUS_OK;
        }
        TRY(status);
    }
    partition->phase = PARTITION_WAITING;
    return STATUS_OK;
}

static enum status settle_waiting(struct loop *loop, struct partition *partition)
{
    partition->holds_rows = owners_take(loop->shared.owners, partition->id, loop->thread);
    if (!partition->holds_rows && !MUTANT(SHARED_STORE_RACE)) {
        return STATUS_OK;
    }
    TRY(restorer_submit(loop->shared.restorer, partition->id, &partition->restore));
    partition->phase = PARTITION_RESTORING;
    return STATUS_OK;
}

static enum status settle_restoring(struct loop *loop, struct partition *partition, struct bus_error *out_error)
{
    struct restore_progress progress;
    enum status status;
    enum restorer_state state = restorer_state(loop->shared.restorer, partition->restore, &progress, out_error);
    if (MUTANT(PROCESS_WHILE_RESTORING) || MUTANT(STALE_STORE)) {
        struct arena *arena = loop->arena;
        const struct offset_row *row;
        arena_reset(arena);
        if (MUTANT(PROCESS_WHILE_RESTORING) || store_offset_row(&partition->store, arena, &row) == STATUS_OK) {
            state = RESTORER_DONE;
        }
    }
    switch (state) {
    case RESTORER_RUNNING:
        return STATUS_OK;
    case RESTORER_FAILED:
        status = restorer_failure(loop->shared.restorer, partition->restore);
        if (takeover_parks(status)) {
            return takeover_park(loop, partition, status, out_error);
        }
        refuse(loop, partition, out_error->text);
        break;
    case RESTORER_DONE:
        log_event(LOG_INFO, "partition_restored",
                  "partition=%" PRIu32 " rows=%" PRId64 " from=%" PRId64 " to=%" PRId64 " proved_from=%" PRId64
                  " proved_to=%" PRId64,
                  partition->id, progress.row_count, progress.from_offset, progress.next_offset, progress.proved_from,
                  progress.proved_to);
        partition->phase = PARTITION_RESTORED;
        break;
    }
    restorer_close(loop->shared.restorer, partition->restore);
    partition->restore = NULL;
    return STATUS_OK;
}

/* The group and the changelog disagree. Perhaps a newer owner has committed since the stable offsets were fetched, and
 * the bus is about to say that the partition is lost: look again, and only then refuse. */
static void disagree(struct loop *loop, struct partition *partition, const char *why)
{
    uint32_t disagreements = partition->disagreements + 1;
    if (disagreements >= DISAGREEMENTS_MAX) {
        refuse(loop, partition, why);
        return;
    }
    takeover_begin_again(loop, partition);
    partition->disagreements = disagreements;
}

/* Where the partition's input begins when nothing was ever committed. */
static enum status first_positions(struct loop *loop, struct partition *partition, int64_t next[INPUT_COUNT],
                                   struct bus_error *out_error)
{
    static const enum topic_id topics[INPUT_COUNT] = {TOPIC_COMMANDS, TOPIC_RESULTS};
    for (int input = 0; input < INPUT_COUNT; input++) {
        int64_t end;
        TRY(bus_bounds(loop->shared.bus, topics_get(loop->shared.topics, topics[input]), partition->id, false,
                       &next[input], &end, out_error));
    }
    return STATUS_OK;
}

/* Rule 6: the commit row decides, and the group must agree. *out_refused: it does not. */
static enum status compare(struct loop *loop, struct partition *partition, const struct commit_row *row,
                           struct bus_error *out_error, bool *out_refused)
{
    const int64_t *stable = partition->stable.next;
    int64_t *next = partition->current.next;
    char why[256];
    *out_refused = false;
    if (row == NULL) {
        bool any = stable[0] != BUS_OFFSET_NONE || stable[1] != BUS_OFFSET_NONE;
        TRY(first_positions(loop, partition, next, out_error));
        if (!any) {
            return STATUS_OK;
        }
        if (!loop->shared.config->accept_loss) {
            snprintf(why, sizeof why,
                     "the group stands at %" PRId64 " and %" PRId64
                     ", but the changelog has no commit row: state is lost",
                     stable[0], stable[1]);
            disagree(loop, partition, why);
            *out_refused = true;
            return STATUS_OK;
        }
        for (int input = 0; input < INPUT_COUNT; input++) {
            next[input] = stable[input] != BUS_OFFSET_NONE ? stable[input] : next[input];
        }
        return STATUS_OK;
    }
    next[INPUT_COMMANDS] = row->commands_offset;
    next[INPUT_RESULTS] = row->results_offset;
    partition->current.sequence = row->sequence;
    for (int input = 0; input < INPUT_COUNT; input++) {
        if (stable[input] == BUS_OFFSET_NONE || stable[input] == next[input] || MUTANT(IGNORE_DISAGREEMENT)) {
            continue;
        }
        if (!loop->shared.config->accept_loss) {
            snprintf(why, sizeof why,
                     "the commit row says %" PRId64 " and %" PRId64 ", the group %" PRId64 " and %" PRId64, next[0],
                     next[1], stable[0], stable[1]);
            disagree(loop, partition, why);
            *out_refused = true;
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

/* Never reset silently: input that was deleted before it was read is told. */
static enum status check_bounds(struct loop *loop, struct partition *partition, struct bus_error *out_error,
                                bool *out_refused)
{
    static const enum topic_id topics[INPUT_COUNT] = {TOPIC_COMMANDS, TOPIC_RESULTS};
    *out_refused = false;
    for (int input = 0; input < INPUT_COUNT; input++) {
        const struct bus_topic *topic = topics_get(loop->shared.topics, topics[input]);
        int64_t begin;
        int64_t end;
        int64_t *next = &partition->current.next[input];
        TRY(bus_bounds(loop->shared.bus, topic, partition->id, false, &begin, &end, out_error));
        if (*next >= begin && *next <= end) {
            continue;
        }
        if (!loop->shared.config->accept_loss && !MUTANT(RESET_SILENTLY)) {
            char why[256];
            snprintf(why, sizeof why, "%.*s has offsets %" PRId64 " to %" PRId64 ", but %" PRId64 " is to be read next",
                     STR_ARGS(bus_topic_name(topic)), begin, end, *next);
            refuse(loop, partition, why);
            *out_refused = true;
            return STATUS_OK;
        }
        *next = *next < begin ? begin : end;
    }
    return STATUS_OK;
}

static enum status settle_restored(struct loop *loop, struct partition *partition, struct bus_error *out_error)
{
    const struct commit_row *row = NULL;
    bool refused;
    arena_reset(loop->arena);
    enum status status = store_commit_row(&partition->store, loop->arena, &row);
    if (takeover_parks(status)) {
        (void)bus_port_fail(out_error, status, "the store can't be read: %s", status_text(status));
        return takeover_park(loop, partition, status, out_error);
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return bus_port_fail(out_error, STATUS_FATAL, "the commit row of partition %" PRIu32 " can't be read",
                             partition->id);
    }
    status = compare(loop, partition, status == STATUS_OK ? row : NULL, out_error, &refused);
    if (status == STATUS_OK && !refused) {
        status = check_bounds(loop, partition, out_error, &refused);
    }
    if (is_not_now(status) || refused) {
        return STATUS_OK;
    }
    TRY(status);
    partition->committed = partition->current;
    partition->usage_minute = PARTITION_USAGE_UNKNOWN;
    timers_forget(&partition->store);
    store_keep_rows(&partition->store);
    partition->disagreements = 0;
    partition->refusal[0] = '\0';
    partition->seek_pending = true;
    partition->phase = PARTITION_ACTIVE;
    return STATUS_OK;
}

/* Waits that are over, and the position that the bus must be told. */
static enum status settle_active(struct loop *loop, struct partition *partition, struct bus_error *out_error)
{
    if (partition->waiting) {
        bool seen = definitions_position(loop->shared.definitions) >= partition->wait_end;
        if (!seen && loop_now_ms(loop) < partition->wait_until_ms) {
            return STATUS_OK;
        }
        partition->waiting = false;
        bool for_definitions = partition->wait_end != INT64_MAX;
        partition->attempt.definition_awaited |= for_definitions && seen;
        partition->attempt.definition_overdue |= for_definitions;
        partition->seek_pending = true;
        timers_forget(&partition->store);
    }
    if (partition->seek_pending) {
        const struct bus_position position = {
            .partition = partition->id,
            .next = {partition->current.next[0], partition->current.next[1]},
        };
        enum status status = bus_member_seek(loop->member, &position, out_error);
        if (is_not_now(status)) {
            return STATUS_OK;
        }
        TRY(status);
        partition->seek_pending = false;
    }
    return STATUS_OK;
}

static enum status settle(struct loop *loop, struct partition *partition, struct bus_error *out_error)
{
    switch (partition->phase) {
    case PARTITION_ASSIGNED:
        return settle_assigned(loop, partition, out_error);
    case PARTITION_WAITING:
        return settle_waiting(loop, partition);
    case PARTITION_RESTORING:
        return settle_restoring(loop, partition, out_error);
    case PARTITION_RESTORED:
        return settle_restored(loop, partition, out_error);
    case PARTITION_ACTIVE:
        return settle_active(loop, partition, out_error);
    case PARTITION_REFUSED:
        return STATUS_OK;
    case PARTITION_PARKED:
        settle_parked(loop, partition);
        return STATUS_OK;
    }
    UNREACHABLE("partition phase");
}

enum status takeover_settle(struct loop *loop, struct bus_error *out_error)
{
    ASSERT(!loop->batch.begun);
    loop->settle_first++;
    for (size_t at = 0; at < loop->partition_count; at++) {
        /* Each comes first once in a while: the first that is pending keeps the others from being asked. */
        struct partition *partition = loop->partitions[(loop->settle_first + at) % loop->partition_count];
        enum partition_phase before;
        do {
            before = partition->phase;
            TRY(settle(loop, partition, out_error));
        } while (partition->phase > before);
    }
    return STATUS_OK;
}

/* ---- What a record needs ---- */

static void wait_for(struct loop *loop, struct partition *partition, int64_t end, int64_t wait_ms)
{
    struct bus_error ignored;
    partition->waiting = true;
    partition->wait_end = end;
    partition->wait_until_ms = loop_now_ms(loop) + wait_ms;
    (void)(bus_member_pause(loop->member, partition->id, &ignored) == STATUS_OK);
}

static enum status await_definitions(struct loop *loop, struct partition *partition, struct bus_error *out_error)
{
    int64_t begin;
    int64_t end;
    TRY(bus_bounds(loop->shared.bus, topics_get(loop->shared.topics, TOPIC_DEFINITIONS), 0, false, &begin, &end,
                   out_error));
    counters_add(loop->shared.counters, COUNTER_DEFINITION_WAITS, 1);
    wait_for(loop, partition, end, loop->shared.config->definition_wait_ms);
    return STATUS_OK;
}

static enum status open_routes(struct loop *loop, struct partition *partition, struct bus_error *out_error)
{
    for (size_t at = 0; at < loop->need.route_count; at++) {
        enum status status = topics_route_open(loop->shared.topics, loop->need.routes[at], out_error);
        if (status == STATUS_REFUSED || status == STATUS_INVALID) {
            partition->attempt.routes_refused = true;
            snprintf(partition->attempt.refusal, sizeof partition->attempt.refusal, "%s", out_error->text);
            return STATUS_OK;
        }
        TRY(status);
    }
    return STATUS_OK;
}

static enum status meet(struct loop *loop, struct partition *partition, struct bus_error *out_error)
{
    const struct need *need = &loop->need;
    enum status status;
    switch (need->type) {
    case NEED_NOTHING:
        return STATUS_OK;
    case NEED_MACHINE:
        status = definitions_prepare(loop->shared.definitions, need->arn, need->revision_id, out_error);
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    case NEED_DEFINITION:
        return await_definitions(loop, partition, out_error);
    case NEED_ROUTES:
        return open_routes(loop, partition, out_error);
    case NEED_REPLY:
        return topics_reply_open(loop->shared.topics, need->name, out_error);
    }
    UNREACHABLE("need");
}

enum status takeover_meet_need(struct loop *loop, struct bus_error *out_error)
{
    ASSERT(!loop->batch.begun);
    struct partition *partition = loop->need_partition;
    if (loop->need.type == NEED_NOTHING || partition == NULL) {
        return STATUS_OK;
    }
    enum status status = meet(loop, partition, out_error);
    loop->need = (struct need){.type = NEED_NOTHING};
    loop->need_partition = NULL;
    partition->seek_pending = !partition->waiting;
    timers_forget(&partition->store);
    if (status == STATUS_OK) {
        partition->attempt.count += !partition->waiting;
        return STATUS_OK;
    }
    if (status == STATUS_FATAL || status == STATUS_FENCED) {
        return status;
    }
    /* The broker is in trouble, or does not let us: the partition's other records wait with this one. */
    char quoted[600];
    log_event(LOG_WARNING, "need_not_met", "thread=%" PRIu32 " partition=%" PRIu32 " reason=%s", loop->thread,
              partition->id, log_quote(str_of(out_error->text), quoted, sizeof quoted));
    if (status == STATUS_REFUSED || status == STATUS_INVALID) {
        partition->attempt.count++; /* it won't get better: after some tries the record is given up */
    }
    partition->seek_pending = false;
    wait_for(loop, partition, INT64_MAX, NEED_RETRY_MS);
    return STATUS_OK;
}
