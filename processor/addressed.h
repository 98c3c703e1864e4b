/* The execution that a command is about. */
#ifndef PAWL_PROCESSOR_ADDRESSED_H
#define PAWL_PROCESSOR_ADDRESSED_H

#include "processor/reply.h"

/* The row of the Standard execution, which handling->execution then names. *out_row is NULL when the command is done with:
 * refused, or sent on to the partition that owns it. */
MUST_CHECK enum status addressed_execution(struct handling *handling, const struct reply_to *to, struct str execution_arn,
                                           const struct execution_row **out_row);

/* Refuses a command about an execution that is not there. */
MUST_CHECK enum status addressed_nobody(struct handling *handling, const struct reply_to *to, struct str execution_arn);

/* Accepts with {"<member>": <time>}. */
MUST_CHECK enum status addressed_accept(struct handling *handling, const struct reply_to *to, const char *member,
                                        int64_t time_us, struct reply_version version);

#endif
