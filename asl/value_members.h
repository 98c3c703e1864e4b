/* Members of an object that is being made, where a key may come twice. */
#ifndef PAWL_ASL_VALUE_MEMBERS_H
#define PAWL_ASL_VALUE_MEMBERS_H

#include "asl/value.h"

/* Of members with one key keeps the first place and the last value; the rest move together and are *out_count. Takes
 * n log n, whatever the keys are. */
MUST_CHECK enum status value_members_merge(struct value_member *members, size_t count, size_t *out_count);

#endif
