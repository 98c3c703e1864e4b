#include "base/assert.h"
#include "base/hash.h"
#include "base/limits.h"
#include "gateway/view_parts.h"
#include "schemas/history_events.h"

#define SWEEP_MS 100
#define ARENA_BYTES_MAX STEP_ARENA_BYTES_MAX

size_t view_slot_of_machine(struct str arn)
{
    return hash_murmur2(arn) % VIEW_SLOTS;
}

size_t view_slot_of_execution(const struct execution_id *id)
{
    return hash_murmur2((struct str){(const char *)id->bytes, sizeof id->bytes}) % VIEW_SLOTS;
}

static size_t slot_of(const struct view_wait *wait)
{
    bool machine = wait->goal == VIEW_MACHINE || wait->goal == VIEW_MACHINE_GONE;
    return machine ? view_slot_of_machine(wait->arn) : view_slot_of_execution(&wait->execution);
}

static bool is_end(struct str type_name)
{
    enum history_event_type type;
    return history_event_type_of(type_name, &type) && history_event_is_end(type);
}

/* Statuses come by a topic of their own: who sees the event that ends an execution is to see the end as well. */
static enum status shows_end(struct view *view, struct arena *arena, struct str bytes)
{
    const struct execution_status *execution;
    struct codec_error error;
    enum record_id record;
    void *value;
    TRY(codec_decode(view->config.codec, arena, SCHEMA_history_event, bytes, &record, &value, &error));
    const struct history_event *event = value;
    if (!is_end(event->type)) {
        return STATUS_OK;
    }
    TRY(view_execution(view, arena, event->execution_arn, &execution));
    bool is_later = execution->incarnation > event->incarnation;
    bool is_shown = execution->incarnation == event->incarnation && execution->version >= event->id;
    return is_later || is_shown ? STATUS_OK : STATUS_NOT_FOUND;
}

static enum status has_event(struct view *view, struct arena *arena, const struct view_wait *wait)
{
    struct view_key key;
    struct str value;
    if (!view_keys_event(&wait->execution, wait->version, &key)) {
        return STATUS_NOT_FOUND;
    }
    enum status status = kv_get(view->kv, NULL, arena, view_key_text(&key), &value);
    if (status == STATUS_OK) {
        return shows_end(view, arena, value);
    }
    if (status != STATUS_NOT_FOUND || !view_keys_express_event(&wait->execution, &key)) {
        return status;
    }
    TRY(kv_get(view->kv, NULL, arena, view_key_text(&key), &value));
    return view_keys_number(value) >= wait->version ? STATUS_OK : STATUS_NOT_FOUND;
}

/* OK: reached. NOT_FOUND: not yet. */
static enum status look(struct view *view, struct arena *arena, const struct view_wait *wait)
{
    const struct definition *head;
    const struct execution_status *execution;
    enum status status;
    switch (wait->goal) {
    case VIEW_MACHINE:
    case VIEW_MACHINE_GONE:
        status = view_machine(view, arena, wait->arn, &head);
        if (status == STATUS_NOT_FOUND) {
            return wait->goal == VIEW_MACHINE_GONE ? STATUS_OK : STATUS_NOT_FOUND;
        }
        TRY(status);
        return head->version >= wait->version ? STATUS_OK : STATUS_NOT_FOUND;
    case VIEW_STARTED:
    case VIEW_STOPPED:
    case VIEW_REDRIVEN:
        TRY(view_execution(view, arena, wait->arn, &execution));
        if (execution->incarnation > wait->incarnation) {
            return STATUS_OK; /* forgotten, and its name used again */
        }
        if (execution->incarnation < wait->incarnation ||
            (wait->goal == VIEW_STOPPED && str_equal(execution->status, STR("RUNNING"))) ||
            (wait->goal == VIEW_REDRIVEN && execution->version < wait->version)) {
            return STATUS_NOT_FOUND;
        }
        return has_event(view, arena, wait);
    case VIEW_EVENT:
        return has_event(view, arena, wait);
    case VIEW_ENDED:
        TRY(view_express(view, arena, wait->arn, &execution));
        return str_equal(execution->status, STR("RUNNING")) ? STATUS_NOT_FOUND : STATUS_OK;
    }
    UNREACHABLE("goal of a wait");
}

void view_await(struct view *view, struct view_wait *wait)
{
    struct arena *arena = arena_create(ARENA_BYTES_MAX);
    enum status status = arena == NULL ? STATUS_LIMIT_EXCEEDED : look(view, arena, wait);
    if (status != STATUS_NOT_FOUND) {
        arena_destroy(arena);
        wait->done(wait, status);
        return;
    }
    size_t slot = slot_of(wait);
    wait->deadline_ms = bus_now_ms(view->config.bus) + (wait->wait_ms > 0 ? wait->wait_ms : view->config.wait_ms);
    pthread_mutex_lock(&view->lock);
    bool ended = atomic_load(&view->stopping) || view->status.failed;
    /* Again, now that the thread can't write and look in between. */
    status = ended ? STATUS_RETRIABLE : look(view, arena, wait);
    if (status == STATUS_NOT_FOUND) {
        wait->next = view->waits[slot];
        view->waits[slot] = wait;
        view->wait_count += 1;
        view->vain_rounds = 0;
        pthread_cond_signal(&view->woken);
    }
    pthread_mutex_unlock(&view->lock);
    arena_destroy(arena);
    if (status != STATUS_NOT_FOUND) {
        wait->done(wait, status);
    }
}

/* Takes those of the slot that are over; with the lock held. */
static void take_over(struct view *view, size_t slot, int64_t now_ms, struct view_wait **out_over)
{
    struct view_wait **at = &view->waits[slot];
    while (*at != NULL) {
        struct view_wait *wait = *at;
        enum status status = view->touched[slot] ? look(view, view->arena, wait) : STATUS_NOT_FOUND;
        if (status == STATUS_NOT_FOUND && now_ms < wait->deadline_ms) {
            at = &wait->next;
            continue;
        }
        *at = wait->next;
        view->wait_count -= 1;
        wait->outcome = status == STATUS_NOT_FOUND ? STATUS_TIMED_OUT : status;
        wait->next = *out_over;
        *out_over = wait;
    }
}

static void tell(struct view_wait *over)
{
    while (over != NULL) {
        struct view_wait *next = over->next;
        over->done(over, over->outcome);
        over = next;
    }
}

void view_waits_check(struct view *view, int64_t now_ms)
{
    struct view_wait *over = NULL;
    bool sweep = now_ms - view->swept_ms >= SWEEP_MS;
    pthread_mutex_lock(&view->lock);
    for (size_t slot = 0; slot < VIEW_SLOTS; slot++) {
        if (view->waits[slot] != NULL && (sweep || view->touched[slot])) {
            take_over(view, slot, now_ms, &over);
        }
        view->touched[slot] = false;
    }
    pthread_mutex_unlock(&view->lock);
    if (sweep) {
        view->swept_ms = now_ms;
    }
    tell(over);
}

void view_waits_end(struct view *view, enum status status)
{
    struct view_wait *over = NULL;
    pthread_mutex_lock(&view->lock);
    for (size_t slot = 0; slot < VIEW_SLOTS; slot++) {
        while (view->waits[slot] != NULL) {
            struct view_wait *wait = view->waits[slot];
            view->waits[slot] = wait->next;
            wait->outcome = status;
            wait->next = over;
            over = wait;
        }
    }
    view->wait_count = 0;
    pthread_mutex_unlock(&view->lock);
    tell(over);
}
