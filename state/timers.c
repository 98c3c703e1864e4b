#include "state/timers.h"

static bool is_before(const struct key *a, const struct key *b)
{
    return str_compare(keys_stored(a), keys_stored(b)) < 0;
}

void timers_forget(struct store *store)
{
    keys_kind(store->partition, KEY_TIMER, &store->timers_from);
    store->timers_put.length = 0;
    store->timers_due_ms = INT64_MIN;
}

enum status timers_put(struct store *store, const struct timer_key *timer, int64_t phase_counter)
{
    struct key key;
    struct timer_row row;
    record_init(RECORD_timer_row, &row);
    row.phase_counter = phase_counter;
    keys_timer(store->partition, timer, &key);
    TRY(store_put(store, &key, RECORD_timer_row, &row));
    if (is_before(&key, &store->timers_from)) {
        store->timers_from = key;
    }
    if (store->timers_put.length == 0 || is_before(&key, &store->timers_put)) {
        store->timers_put = key;
    }
    if (timer->due_ms < store->timers_due_ms) {
        store->timers_due_ms = timer->due_ms;
    }
    return STATUS_OK;
}

enum status timers_delete(struct store *store, const struct timer_key *timer)
{
    struct key key;
    keys_timer(store->partition, timer, &key);
    return store_delete(store, &key);
}

int64_t timers_next_due_ms(const struct store *store)
{
    return store->timers_due_ms;
}

struct due_scan {
    struct timer_key *timers;
    size_t count;
    size_t count_max;
    int64_t now_ms;
    int64_t next_due_ms;
};

static enum status due_each(void *owner, struct str key, struct str value)
{
    struct due_scan *scan = owner;
    (void)value;
    struct timer_key timer;
    if (!keys_read_timer(key, &timer)) {
        return STATUS_CORRUPT;
    }
    scan->next_due_ms = timer.due_ms;
    if (timer.due_ms > scan->now_ms || scan->count == scan->count_max) {
        return STATUS_END;
    }
    scan->timers[scan->count++] = timer;
    scan->next_due_ms = TIMERS_NEVER;
    return STATUS_OK;
}

enum status timers_due(struct store *store, struct arena *arena, int64_t now_ms, size_t count_max,
                       struct timer_key **out_timers, size_t *out_count)
{
    *out_timers = NULL;
    *out_count = 0;
    if (store->timers_due_ms > now_ms) {
        return STATUS_OK;
    }
    struct due_scan scan = {.count_max = count_max, .now_ms = now_ms, .next_due_ms = TIMERS_NEVER};
    scan.timers = arena_array(arena, struct timer_key, count_max);
    TRY_NEW(scan.timers);
    struct key prefix;
    keys_kind(store->partition, KEY_TIMER, &prefix);
    TRY(store_scan(store, &prefix, &store->timers_from, due_each, &scan));
    store->timers_put.length = 0;
    /* Those found are not behind us yet: until they fire, the next due time is theirs. */
    store->timers_due_ms = scan.count > 0 ? scan.timers[0].due_ms : scan.next_due_ms;
    *out_timers = scan.timers;
    *out_count = scan.count;
    return STATUS_OK;
}

enum status timers_get(const struct store *store, struct arena *arena, const struct timer_key *timer,
                       int64_t *out_phase_counter)
{
    struct key key;
    const void *row;
    keys_timer(store->partition, timer, &key);
    TRY(store_get(store, arena, &key, RECORD_timer_row, &row));
    *out_phase_counter = ((const struct timer_row *)row)->phase_counter;
    return STATUS_OK;
}

void timers_pass(struct store *store, const struct timer_key *timer)
{
    /* The least key after it: the same with a byte behind. */
    keys_timer(store->partition, timer, &store->timers_from);
    store->timers_from.bytes[store->timers_from.length++] = 0;
    /* One that fired before, of the same scan, may have put one between itself and this. */
    if (store->timers_put.length > 0 && is_before(&store->timers_put, &store->timers_from)) {
        store->timers_from = store->timers_put;
    }
}
