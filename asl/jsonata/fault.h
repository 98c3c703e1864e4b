/* What went wrong in an expression: a code of errors.def with what its message tells. */
#ifndef PAWL_ASL_JSONATA_FAULT_H
#define PAWL_ASL_JSONATA_FAULT_H

#include "asl/jsonata/datum.h"
#include "asl/jsonata/jsonata.h"

enum fault_code {
    FAULT_NONE,
#define FAULT(id, message) FAULT_##id,
#include "asl/jsonata/errors.def"
    FAULT_CODE_COUNT
};

struct fault {
    enum fault_code code;
    bool has_position;
    uint32_t position;
    uint32_t index;       /* of an argument, from 1 */
    double exp;           /* exponent of $power */
    struct datum token;   /* undefined: none */
    struct datum value;
    struct datum value2;
    struct str message;   /* for the codes whose message is all their own */
    const char *type;     /* "numbers" */
    const char *function; /* name without $ */
};

/* The error as the API tells it, its texts in the arena. */
MUST_CHECK enum status fault_describe(struct arena *arena, const struct fault *fault, struct jsonata_error *out_error);

#endif
