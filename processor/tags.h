/* Tags of machines and activities, in JSON as the API has them: [{"key":…,"value":…}]. */
#ifndef PAWL_PROCESSOR_TAGS_H
#define PAWL_PROCESSOR_TAGS_H

#include "processor/handling.h"
#include "processor/reply.h"

/* The present tags (STR_NONE: none) and the given ones, of which a later key replaces an earlier one in its place;
 * *out_tags is STR_NONE when there are none. *out_refused: they are no tags or too many, and that was answered, naming the
 * resource. */
MUST_CHECK enum status tags_add(struct handling *handling, const struct reply_to *to, struct str resource_arn,
                                struct str present, struct str given, struct str *out_tags, bool *out_refused);

/* The present tags without those of the keys, an array of strings in JSON. */
MUST_CHECK enum status tags_remove(struct handling *handling, const struct reply_to *to, struct str present,
                                   struct str keys, struct str *out_tags, bool *out_refused);

/* What TagResource and UntagResource change: the head of the machine or activity. *out_refused: there is none, and that was
 * answered. Requires an ARN that tags_check_arn has let through, owned by this partition. */
MUST_CHECK enum status tags_check_arn(struct handling *handling, const struct reply_to *to, struct str arn,
                                      bool *out_refused);
MUST_CHECK enum status tags_to_change(struct handling *handling, const struct reply_to *to, struct str arn,
                                      const struct definition **out_head, bool *out_refused);

/* Puts the head with these tags, and answers. */
MUST_CHECK enum status tags_put(struct handling *handling, const struct reply_to *to, const struct definition *head,
                                struct str tags);

#endif
