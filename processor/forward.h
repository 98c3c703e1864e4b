/* Records that came to a partition that does not own them are passed on, in the same transaction (design, section 2).
 */
#ifndef PAWL_PROCESSOR_FORWARD_H
#define PAWL_PROCESSOR_FORWARD_H

#include "processor/handling.h"

/* Whether this partition owns what hashes to `murmur2` (of an ARN). */
bool forward_is_owner(const struct handling *handling, uint32_t murmur2);

/* Adds the record, as it came, for the partition that owns it. One that was forwarded before is wrong twice: a dead
 * letter. */
MUST_CHECK enum status forward_add(struct handling *handling, uint32_t murmur2);

#endif
