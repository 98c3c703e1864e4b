#include "coordinator.h"

#include "base/assert.h"
#include "group.h"

static bool is_ending(const struct transactional *entry)
{
    return entry->state == TXN_COMMITTING || entry->state == TXN_ABORTING;
}

static bool is_away(const struct coordinator *coordinator)
{
    return coordinator->now_ms < coordinator->away_until_ms;
}

/* ---- The end: decided first, then marker by marker ---- */

static void write_marker(struct coordinator *coordinator, struct transactional *entry, struct touched *touched)
{
    enum log_outcome outcome = entry->state == TXN_COMMITTING ? LOG_COMMITTED : LOG_ABORTED;
    int32_t number = (int32_t)(entry - coordinator->entries);
    log_mark(touched->topic, touched->partition, number, entry->epoch, outcome, coordinator->now_ms);
    if (fault_strikes(coordinator->faults, FAULT_MARK_TWICE)) {
        log_mark(touched->topic, touched->partition, number, entry->epoch, outcome, coordinator->now_ms);
    }
    touched->ended = true;
}

static void write_markers(struct coordinator *coordinator, struct transactional *entry)
{
    bool all = true;
    if (is_away(coordinator)) {
        return;
    }
    if (!entry->offsets_ended && entry->offsets_ms <= coordinator->now_ms) {
        group_end(coordinator->group, (int32_t)(entry - coordinator->entries), entry->state == TXN_COMMITTING);
        entry->offsets_ended = true;
    }
    for (struct touched *touched = entry->touched; touched != NULL; touched = touched->next) {
        if (!touched->ended && touched->marker_ms <= coordinator->now_ms) {
            write_marker(coordinator, entry, touched);
        }
        all = all && touched->ended;
    }
    if (all && entry->offsets_ended) {
        entry->state = entry->state == TXN_COMMITTING ? TXN_COMMITTED : TXN_ABORTED;
    }
}

static int64_t delay_ms(struct faults *faults)
{
    return fault_strikes(faults, FAULT_MARKER) ? 1 + fault_below(faults, MARKER_MS_MAX) : 0;
}

static void decide(struct coordinator *coordinator, struct transactional *entry, bool commit)
{
    entry->state = commit ? TXN_COMMITTING : TXN_ABORTING;
    entry->offsets_ended = !entry->has_offsets;
    entry->offsets_ms = coordinator->now_ms + (entry->has_offsets ? delay_ms(coordinator->faults) : 0);
    for (struct touched *touched = entry->touched; touched != NULL; touched = touched->next) {
        touched->marker_ms = coordinator->now_ms + delay_ms(coordinator->faults);
    }
    write_markers(coordinator, entry);
}

void coordinator_pass_time(struct coordinator *coordinator, int64_t now_ms)
{
    coordinator->now_ms = now_ms;
    for (size_t at = 0; at < coordinator->count; at++) {
        struct transactional *entry = &coordinator->entries[at];
        if (entry->state == TXN_ONGOING && !is_away(coordinator) && now_ms - entry->started_ms > TRANSACTION_MS) {
            entry->epoch++; /* whoever is late finds himself fenced */
            decide(coordinator, entry, false);
        } else if (is_ending(entry)) {
            write_markers(coordinator, entry);
        }
    }
}

/* ---- Requests ---- */

static struct transactional *find(struct coordinator *coordinator, struct str id)
{
    for (size_t at = 0; at < coordinator->count; at++) {
        if (str_equal(coordinator->entries[at].id, id)) {
            return &coordinator->entries[at];
        }
    }
    ASSERT(coordinator->count < LOG_PRODUCERS_MAX);
    struct transactional *entry = &coordinator->entries[coordinator->count++];
    *entry = (struct transactional){.id = log_keep(coordinator->arena, id), .epoch = -1};
    return entry;
}

enum answer coordinator_init(struct coordinator *coordinator, struct str id, struct producer_id *out_id)
{
    struct transactional *entry = find(coordinator, id);
    if (is_away(coordinator)) {
        return ANSWER_AWAY;
    }
    if (entry->state == TXN_ONGOING) {
        entry->epoch++;
        decide(coordinator, entry, false);
    }
    if (is_ending(entry)) {
        return ANSWER_CONCURRENT;
    }
    entry->epoch++;
    entry->state = TXN_EMPTY;
    *out_id = (struct producer_id){(int32_t)(entry - coordinator->entries), entry->epoch};
    return ANSWER_OK;
}

/* Begins a transaction where none is: as the first request to add something to one does. */
static enum answer enter(struct coordinator *coordinator, struct producer_id id, struct transactional **out_entry)
{
    struct transactional *entry = &coordinator->entries[id.number];
    if (is_away(coordinator)) {
        return ANSWER_AWAY;
    }
    if (id.epoch != entry->epoch) {
        return ANSWER_FENCED;
    }
    if (is_ending(entry)) {
        return ANSWER_CONCURRENT;
    }
    if (entry->state != TXN_ONGOING) {
        entry->state = TXN_ONGOING;
        entry->started_ms = coordinator->now_ms;
        entry->touched = NULL;
        entry->has_offsets = false;
    }
    *out_entry = entry;
    return ANSWER_OK;
}

static struct touched *find_touched(const struct transactional *entry, const struct topic *topic, uint32_t partition)
{
    struct touched *touched = entry->touched;
    while (touched != NULL && (touched->topic != topic || touched->partition != partition)) {
        touched = touched->next;
    }
    return touched;
}

enum answer coordinator_add_partition(struct coordinator *coordinator, struct producer_id id, struct topic *topic,
                                      uint32_t partition)
{
    struct transactional *entry;
    enum answer answer = enter(coordinator, id, &entry);
    if (answer == ANSWER_OK && find_touched(entry, topic, partition) == NULL) {
        struct touched *touched = arena_new(coordinator->arena, struct touched);
        *touched = (struct touched){.next = entry->touched, .topic = topic, .partition = partition};
        entry->touched = touched;
    }
    return answer;
}

enum answer coordinator_add_offsets(struct coordinator *coordinator, struct producer_id id)
{
    struct transactional *entry;
    enum answer answer = enter(coordinator, id, &entry);
    if (answer == ANSWER_OK) {
        entry->has_offsets = true;
    }
    return answer;
}

enum answer coordinator_end(struct coordinator *coordinator, struct producer_id id, bool commit)
{
    struct transactional *entry = &coordinator->entries[id.number];
    if (is_away(coordinator)) {
        return ANSWER_AWAY;
    }
    if (id.epoch != entry->epoch) {
        return ANSWER_FENCED;
    }
    switch (entry->state) {
    case TXN_ONGOING:
        decide(coordinator, entry, commit);
        return ANSWER_OK;
    case TXN_COMMITTING:
    case TXN_ABORTING:
        return (entry->state == TXN_COMMITTING) == commit ? ANSWER_CONCURRENT : ANSWER_STATE;
    case TXN_COMMITTED:
    case TXN_ABORTED:
        return (entry->state == TXN_COMMITTED) == commit ? ANSWER_OK : ANSWER_STATE;
    case TXN_EMPTY:
        return ANSWER_STATE;
    }
    UNREACHABLE("state of a transaction");
}

/* ---- Questions ---- */

static enum answer verify(const struct coordinator *coordinator, struct producer_id id)
{
    const struct transactional *entry = &coordinator->entries[id.number];
    if (is_away(coordinator)) {
        return ANSWER_AWAY;
    }
    if (id.epoch != entry->epoch) {
        return ANSWER_FENCED;
    }
    return entry->state == TXN_ONGOING ? ANSWER_OK : ANSWER_STATE;
}

enum answer coordinator_verify_partition(const struct coordinator *coordinator, struct producer_id id,
                                         const struct topic *topic, uint32_t partition)
{
    enum answer answer = verify(coordinator, id);
    bool has = find_touched(&coordinator->entries[id.number], topic, partition) != NULL;
    return answer == ANSWER_OK && !has ? ANSWER_STATE : answer;
}

enum answer coordinator_verify_offsets(const struct coordinator *coordinator, struct producer_id id)
{
    enum answer answer = verify(coordinator, id);
    return answer == ANSWER_OK && !coordinator->entries[id.number].has_offsets ? ANSWER_STATE : answer;
}

bool coordinator_is_ongoing(const struct coordinator *coordinator, struct producer_id id)
{
    return coordinator->entries[id.number].state == TXN_ONGOING && coordinator->entries[id.number].epoch == id.epoch;
}

size_t coordinator_open_count(const struct coordinator *coordinator)
{
    size_t count = 0;
    for (size_t at = 0; at < coordinator->count; at++) {
        count += coordinator->entries[at].state == TXN_ONGOING || is_ending(&coordinator->entries[at]);
    }
    return count;
}
