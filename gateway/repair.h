/* Half of a surrogate pair, which JSON can write and no record can hold, becomes U+FFFD. */
#ifndef PAWL_GATEWAY_REPAIR_H
#define PAWL_GATEWAY_REPAIR_H

#include "asl/value.h"

/* The request with its texts repaired, at any depth; itself when there is nothing to repair. Its `name` stays, to be refused,
 * and so do members' names. */
MUST_CHECK enum status repair_texts(struct arena *arena, const struct value *request, const struct value **out_request);

#endif
