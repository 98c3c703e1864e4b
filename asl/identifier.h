/* Names of variables: a Unicode identifier (UAX #31: ID_Start, then ID_Continue). */
#ifndef PAWL_ASL_IDENTIFIER_H
#define PAWL_ASL_IDENTIFIER_H

#include "base/arena.h"

#include <stdbool.h>

/* What is known of identifiers, made when it is first needed. */
struct identifier {
    void *pattern; /* NULL: not yet */
};

/* Whether the whole text, which is UTF-8, is one. */
MUST_CHECK enum status identifier_is(struct arena *arena, struct identifier *identifier, struct str text, bool *out_is);

#endif
