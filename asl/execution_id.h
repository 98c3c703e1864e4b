/* What names an execution in keys and tokens: the first 16 bytes of SHA-256(ARN, incarnation) (design, section 2). */
#ifndef PAWL_ASL_EXECUTION_ID_H
#define PAWL_ASL_EXECUTION_ID_H

#include "base/str.h"

#include <stdint.h>

#define EXECUTION_ID_BYTES 16

struct execution_id {
    uint8_t bytes[EXECUTION_ID_BYTES];
};

/* `incarnation` is the start time in µs; it enters the hash as 8 bytes, big-endian. */
struct execution_id execution_id_of(struct str arn, int64_t incarnation);

static inline bool execution_id_equal(const struct execution_id *a, const struct execution_id *b)
{
    return memcmp(a->bytes, b->bytes, EXECUTION_ID_BYTES) == 0;
}

#endif
