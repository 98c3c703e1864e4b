/* State machines as their owner keeps them: heads and revisions in rows of its partition, published copies in
 * pawl.definitions, timers that forget what nobody can run any more (design, section 7). */
#ifndef PAWL_PROCESSOR_MACHINE_ROWS_H
#define PAWL_PROCESSOR_MACHINE_ROWS_H

#include "processor/handling.h"
#include "processor/reply.h"

/* Frame ids of definitions' timers; executions have none below TIMER_EXECUTION. */
#define TIMER_REVISION (-2) /* a superseded revision is forgotten */
#define TIMER_MACHINE (-3)  /* a deleted machine's head is forgotten */

#define MACHINE_STATUS_ACTIVE STR("ACTIVE")
#define MACHINE_STATUS_DELETING STR("DELETING")
#define MACHINE_STATUS_DELETED                                                                                         \
    STR("DELETED") /* in the owner's row alone: change numbers go on when it is made again                             \
                    */

/* NOT_FOUND when there is none. */
MUST_CHECK enum status machine_rows_head(struct handling *handling, struct str arn, const struct definition **out_head);
MUST_CHECK enum status machine_rows_revision(struct handling *handling, struct str arn, struct str revision_id,
                                             const struct definition **out_revision);

/* Stores and publishes. A head has no text; a revision has. */
MUST_CHECK enum status machine_rows_put_head(struct handling *handling, const struct definition *head);
MUST_CHECK enum status machine_rows_put_revision(struct handling *handling, const struct definition *revision);

/* Nobody starts the revision any more: it is forgotten when nobody can be running it. */
MUST_CHECK enum status machine_rows_supersede(struct handling *handling, struct str arn, struct str revision_id);

/* The head is forgotten after the time a deleted machine is shown. */
MUST_CHECK enum status machine_rows_retire(struct handling *handling, struct str arn);

/* Compiles the text and sees to the topics of its tasks. *out_refused: it was refused, and that was answered. RETRIABLE
 * with a need: topics must be made first. */
MUST_CHECK enum status machine_rows_check(struct handling *handling, const struct reply_to *to, struct str text,
                                          bool express, bool *out_refused);

#endif
