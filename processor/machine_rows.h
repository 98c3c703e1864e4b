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

/* The revision's id as the API shows it: STR_NONE for a machine's first. */
struct str machine_rows_shown_revision(const struct definition *head);

/* Stores and publishes. A head has no text; a revision has. Versions, aliases and activities are heads as well, under
 * their own ARNs. */
MUST_CHECK enum status machine_rows_put_head(struct handling *handling, const struct definition *head);
MUST_CHECK enum status machine_rows_put_revision(struct handling *handling, const struct definition *revision);

/* Deletes and publishes the tombstone. */
MUST_CHECK enum status machine_rows_remove_head(struct handling *handling, struct str arn);

/* What an operation on a machine is refused for; *out_refused: it was, and that was answered. */
MUST_CHECK enum status machine_rows_check_arn(struct handling *handling, const struct reply_to *to, struct str arn,
                                              bool *out_refused);
MUST_CHECK enum status machine_rows_to_change(struct handling *handling, const struct reply_to *to, struct str arn,
                                              const struct definition **out_head, bool *out_refused);
MUST_CHECK enum status machine_rows_check_description(struct handling *handling, const struct reply_to *to,
                                                      const char *member, struct str text, bool *out_refused);
/* What a machine has that was given none. */
#define MACHINE_LOGGING_DEFAULT STR("{\"level\":\"OFF\",\"includeExecutionData\":false}")
#define MACHINE_TRACING_DEFAULT STR("{\"enabled\":false}")
#define MACHINE_ENCRYPTION_DEFAULT STR("{\"type\":\"AWS_OWNED_KEY\"}")

/* The configurations of a machine, in JSON; STR_NONE: not given. */
struct machine_configurations {
    struct str logging;
    struct str tracing;
    struct str encryption;
};
MUST_CHECK enum status machine_rows_check_configurations(struct handling *handling, const struct reply_to *to,
                                                         const struct machine_configurations *configurations,
                                                         bool *out_refused);

/* Whether two texts in JSON say the same; STR_NONE is the same as STR_NONE alone. */
MUST_CHECK enum status machine_rows_same_json(struct arena *arena, struct str a, struct str b, bool *out_same);

MUST_CHECK enum status machine_rows_refuse_missing(struct handling *handling, const struct reply_to *to,
                                                   struct str arn);
MUST_CHECK enum status machine_rows_refuse_deleting(struct handling *handling, const struct reply_to *to,
                                                    struct str arn);

/* Nobody starts the revision any more: it is forgotten when nobody can be running it. */
MUST_CHECK enum status machine_rows_supersede(struct handling *handling, struct str arn, struct str revision_id);

/* The head is forgotten after the time a deleted machine is shown. */
MUST_CHECK enum status machine_rows_retire(struct handling *handling, struct str arn);

/* Compiles the text and sees to the topics of its tasks. *out_refused: it was refused, and that was answered. RETRIABLE
 * with a need: topics must be made first. */
MUST_CHECK enum status machine_rows_check(struct handling *handling, const struct reply_to *to, struct str text,
                                          bool express, bool *out_refused);

#endif
