/* One record or one due timer, from its bytes to rows and messages (design, section 9):
 * decode → is it ours → what it means → rows → machine → step → rows and messages. */
#ifndef PAWL_PROCESSOR_HANDLE_H
#define PAWL_PROCESSOR_HANDLE_H

#include "processor/handling.h"

/* Statuses of both: OK: the step is whole, in outbox, store changes and counts. RETRIABLE: handling->need must be met
 * first; nothing was staged. Others: the store is in trouble, stop. What is wrong with the record itself ends in a dead
 * letter; an assertion that breaks parks the execution. The caller has begun the step in the store. */
MUST_CHECK enum status handle_record(struct handling *handling);
MUST_CHECK enum status handle_timer(struct handling *handling);

/* The record is given up: a dead letter, and the execution it is about is left as it is. A timer's execution is parked.
 */
MUST_CHECK enum status handle_give_up(struct handling *handling, struct str reason);

#endif
