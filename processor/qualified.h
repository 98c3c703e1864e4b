/* Versions and aliases of a machine, as the owner of its ARN keeps them: rows beside the machine's own, under their
 * qualified ARNs, published on pawl.definitions under the same (design, section 7).
 *
 * A change of them is a change of their machine: its head gets the next change number and is published after them. Who
 * has seen the head at that number has seen the change. */
#ifndef PAWL_PROCESSOR_QUALIFIED_H
#define PAWL_PROCESSOR_QUALIFIED_H

#include "processor/handling.h"
#include "processor/reply.h"
#include "processor/routing.h"

/* Refuses what is no ARN of a version (or of an alias); *out_refused: it was, and that was answered. */
MUST_CHECK enum status qualified_check_arn(struct handling *handling, const struct reply_to *to, struct str arn,
                                           bool version, bool *out_refused);

MUST_CHECK enum status qualified_check_alias_name(struct handling *handling, const struct reply_to *to,
                                                  struct str name, bool *out_refused);
MUST_CHECK enum status qualified_check_routing(struct handling *handling, const struct reply_to *to, struct str text,
                                               struct routing *out_routing, bool *out_refused);

/* The head of the machine, with the versions that the routing names there; it may name none. *out_refused: it does not
 * exist, one of them does not, or it is being deleted, and that was answered. */
MUST_CHECK enum status qualified_to_change(struct handling *handling, const struct reply_to *to, struct str machine_arn,
                                           const struct routing *routing, const struct definition **out_head,
                                           bool *out_refused);
MUST_CHECK enum status qualified_refuse_missing(struct handling *handling, const struct reply_to *to);

/* Calls `each` for the machine's versions and aliases until it answers other than OK; END means enough and becomes OK.
 * `each` must not write. What it is given lives as long as the handling. */
typedef enum status (*qualified_each_fn)(void *owner, const struct definition *qualified);
MUST_CHECK enum status qualified_each(struct handling *handling, struct str machine_arn, qualified_each_fn each,
                                      void *owner);

/* Deletes some of the machine's versions and aliases, at most QUALIFIED_PAGE; *out_done: there are no more. Revisions that
 * only they named are to be forgotten. */
#define QUALIFIED_PAGE 200 /* four effects each: a step has at most STEP_EFFECTS_MAX */
MUST_CHECK enum status qualified_remove(struct handling *handling, const struct definition *head, bool *out_done);

/* To be asked before anything is staged. *out_refused: a version of the head's revision would be one too many, and that
 * was answered. */
MUST_CHECK enum status qualified_check_room(struct handling *handling, const struct reply_to *to,
                                            const struct definition *head, bool *out_refused);

/* The version of the head's present revision: the one there is, or a new one, which has the head's change number and
 * raises head->last_version; the caller puts the head. */
MUST_CHECK enum status qualified_publish(struct handling *handling, struct definition *head, struct str description,
                                         const struct definition **out_version);

/* The version of the head's present revision; NOT_FOUND when there is none. */
MUST_CHECK enum status qualified_present(struct handling *handling, const struct definition *head,
                                         const struct definition **out_version);

#endif
