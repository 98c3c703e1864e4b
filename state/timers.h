/* Timer rows of a partition: what is due, in order of due time.
 *
 * A scan over all timers would walk over the tombstones of those that fired. So the store remembers where the last one
 * was and when the next is due; a new timer moves both back, and after an abort both are forgotten. */
#ifndef PAWL_STATE_TIMERS_H
#define PAWL_STATE_TIMERS_H

#include "state/store.h"

#define TIMERS_NEVER INT64_MAX

/* Nothing is known: the next scan begins at the first row. */
void timers_forget(struct store *store);

MUST_CHECK enum status timers_put(struct store *store, const struct timer_key *timer, int64_t phase_counter);
MUST_CHECK enum status timers_delete(struct store *store, const struct timer_key *timer);

/* No timer is due before this; TIMERS_NEVER: there is none. It may be early: then timers_due finds nothing and knows
 * more. */
int64_t timers_next_due_ms(const struct store *store);

/* The first timers that are due at now_ms, at most count_max, in order of due time. */
MUST_CHECK enum status timers_due(struct store *store, struct arena *arena, int64_t now_ms, size_t count_max,
                                  struct timer_key **out_timers, size_t *out_count);

/* Whether the row is still there, and its phase counter: an earlier one of the batch may have deleted it. NOT_FOUND. */
MUST_CHECK enum status timers_get(const struct store *store, struct arena *arena, const struct timer_key *timer,
                                  int64_t *out_phase_counter);

/* The timer is about to fire, or is to be passed over: the next scan begins after it. A put during its step moves it
 * back. */
void timers_pass(struct store *store, const struct timer_key *timer);

#endif
