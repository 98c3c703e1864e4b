#include "txn.h"

#include "base/assert.h"

#include <string.h>

struct txn *txn_begin(struct txns *txns, int64_t now_ms)
{
    struct txn *txn = arena_new(txns->arena, struct txn);
    *txn = (struct txn){.state = TXN_ONGOING, .next = txns->ongoing, .started_ms = now_ms};
    txn->late_end = &txn->late;
    txn->is_late = chance_of(txns->chance, txns->late_in_10000);
    txns->ongoing = txn;
    return txn;
}

static struct touched *touch(struct txns *txns, struct txn *txn, struct topic *topic, uint32_t partition)
{
    for (struct touched *touched = txn->touched; touched != NULL; touched = touched->next) {
        if (touched->topic == topic && touched->partition == partition) {
            return touched;
        }
    }
    struct touched *touched = arena_new(txns->arena, struct touched);
    *touched = (struct touched){
        .next = txn->touched, .topic = topic, .partition = partition, .last_offset = BUS_OFFSET_NONE};
    txn->touched = touched;
    return touched;
}

void txn_produce(struct txns *txns, struct txn *txn, const struct bus_message *message, int64_t now_ms)
{
    struct touched *touched = touch(txns, txn, (struct topic *)message->topic, message->partition);
    struct log_record item = log_record_of(txns->arena, message);
    item.txn = txn;
    item.touched = touched;
    if (txn->is_late) {
        struct txn_late *late = arena_new(txns->arena, struct txn_late);
        *late = (struct txn_late){.touched = touched, .item = item};
        *txn->late_end = late;
        txn->late_end = &late->next;
        return;
    }
    touched->last_offset = log_append(touched->topic, touched->partition, &item, now_ms);
}

void txn_deliver(struct txn *txn, int64_t now_ms)
{
    ASSERT(txn->state == TXN_ONGOING);
    for (struct txn_late *late = txn->late; late != NULL; late = late->next) {
        struct touched *touched = late->touched;
        touched->last_offset = log_append(touched->topic, touched->partition, &late->item, now_ms);
    }
    txn->late = NULL;
    txn->late_end = &txn->late;
}

void txn_send_offsets(struct txns *txns, struct txn *txn, const struct bus_position *positions, size_t count)
{
    txn->pending = arena_array(txns->arena, struct bus_position, count);
    memcpy(txn->pending, positions, count * sizeof *positions);
    txn->pending_count = count;
    txn->pending_serial = ++txns->serial;
}

/* ---- The end ---- */

static void unlink_from(struct txn **list, struct txn *txn)
{
    while (*list != txn) {
        list = &(*list)->next;
    }
    *list = txn->next;
}

/* Of two transactions, the offsets that were sent last count, whichever marker comes last. */
static void end_offsets(struct txns *txns, struct txn *txn)
{
    txn->offsets_ended = true;
    for (size_t at = 0; at < txn->pending_count && txn->state == TXN_COMMITTED; at++) {
        uint32_t partition = txn->pending[at].partition;
        if (txns->committed_serial[partition] < txn->pending_serial) {
            txns->committed[partition] = txn->pending[at];
            txns->committed_serial[partition] = txn->pending_serial;
        }
    }
}

/* Writes what is due by then. */
static void write_markers(struct txns *txns, struct txn *txn, int64_t due_ms, int64_t now_ms)
{
    bool all = true;
    if (!txn->offsets_ended && txn->offsets_ms <= due_ms) {
        end_offsets(txns, txn);
    }
    for (struct touched *touched = txn->touched; touched != NULL; touched = touched->next) {
        if (!touched->ended && touched->marker_ms <= due_ms) {
            log_append(touched->topic, touched->partition, &(struct log_record){.txn = txn, .marker = true}, now_ms);
            touched->ended = true;
        }
        all = all && touched->ended;
    }
    if (all && txn->offsets_ended) {
        unlink_from(&txns->ending, txn);
    }
}

static int64_t delay_ms(struct txns *txns)
{
    return chance_of(txns->chance, txns->marker_in_10000) ? 1 + chance_below(txns->chance, MARKER_MS_MAX) : 0;
}

void txn_end(struct txns *txns, struct txn *txn, enum txn_state state, int64_t now_ms)
{
    ASSERT(txn->state == TXN_ONGOING);
    unlink_from(&txns->ongoing, txn);
    txn->state = state;
    txn->next = txns->ending;
    txns->ending = txn;
    txn->offsets_ms = now_ms + delay_ms(txns);
    for (struct touched *touched = txn->touched; touched != NULL; touched = touched->next) {
        touched->marker_ms = now_ms + delay_ms(txns);
    }
    write_markers(txns, txn, now_ms, now_ms);
}

void txn_finish(struct txns *txns, struct txn *txn, int64_t now_ms)
{
    for (struct txn *at = txns->ending; at != NULL; at = at->next) {
        if (at == txn) {
            write_markers(txns, txn, INT64_MAX, now_ms);
            return;
        }
    }
}

void txn_pass_time(struct txns *txns, int64_t now_ms)
{
    struct txn *next;
    for (struct txn *txn = txns->ongoing; txn != NULL; txn = next) {
        next = txn->next;
        if (now_ms - txn->started_ms > TRANSACTION_MS) {
            txn_end(txns, txn, TXN_ABORTED, now_ms);
        }
    }
    for (struct txn *txn = txns->ending; txn != NULL; txn = next) {
        next = txn->next;
        write_markers(txns, txn, now_ms, now_ms);
    }
}

/* ---- Questions ---- */

static bool names(const struct txn *txn, uint32_t partition)
{
    for (size_t at = 0; at < txn->pending_count; at++) {
        if (txn->pending[at].partition == partition) {
            return true;
        }
    }
    return false;
}

bool txn_is_pending(const struct txns *txns, uint32_t partition)
{
    for (const struct txn *txn = txns->ongoing; txn != NULL; txn = txn->next) {
        if (names(txn, partition)) {
            return true;
        }
    }
    for (const struct txn *txn = txns->ending; txn != NULL; txn = txn->next) {
        if (!txn->offsets_ended && names(txn, partition)) {
            return true;
        }
    }
    return false;
}

int64_t txn_last_offset(const struct txn *txn, const struct bus_topic *topic, uint32_t partition)
{
    for (const struct touched *touched = txn->touched; touched != NULL; touched = touched->next) {
        if (&touched->topic->base == topic && touched->partition == partition) {
            return touched->last_offset;
        }
    }
    return BUS_OFFSET_NONE;
}

size_t txn_open_count(const struct txns *txns)
{
    size_t count = 0;
    for (const struct txn *txn = txns->ongoing; txn != NULL; txn = txn->next) {
        count++;
    }
    for (const struct txn *txn = txns->ending; txn != NULL; txn = txn->next) {
        count++;
    }
    return count;
}
