#include "processor/handle_parts.h"

#include "base/mutant.h"
#include "state/timers.h"

/* Whether the row is gone, or is another than the one that fired: the step took care of it. */
static enum status delete_if_left(struct handling *handling, int64_t phase_counter)
{
    int64_t present;
    struct store *store = &handling->partition->store;
    enum status status = timers_get(store, handling->arena, handling->timer, &present);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    TRY(status);
    /* The step may have written a continuation under the same key: then it is of a later phase, or put anew. */
    return present == phase_counter && !MUTANT(FIRE_TIMER_TWICE) ? timers_delete(store, handling->timer) : STATUS_OK;
}

enum status handle_execution_timer(struct handling *handling)
{
    const struct timer_key *timer = handling->timer;
    struct store *store = &handling->partition->store;
    int64_t phase_counter;
    TRY(timers_get(store, handling->arena, timer, &phase_counter));

    const struct execution_row *row;
    handling->execution = timer->execution;
    handling->has_execution = true;
    enum status status = store_execution(store, handling->arena, &timer->execution, &row);
    if (status == STATUS_NOT_FOUND) {
        return timers_delete(store, timer);
    }
    TRY(status);
    if (row->parked.bytes != NULL) {
        /* It keeps its timers, for the day it is taken up again. */
        return STATUS_OK;
    }
    const struct step_event event = {
        .type = STEP_TIMER,
        .execution = timer->execution,
        .timer = {.due_ms = timer->due_ms, .frame = timer->frame, .phase_counter = phase_counter},
    };
    enum step_outcome outcome;
    struct reply_version version;
    TRY(handle_step(handling, row, &event, &outcome, &version));
    return outcome == STEP_APPLIED ? STATUS_OK : delete_if_left(handling, phase_counter);
}
