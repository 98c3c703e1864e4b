/* The name that a misspelled one was meant to be. */
#ifndef PAWL_BASE_NEAREST_H
#define PAWL_BASE_NEAREST_H

#include "base/str.h"

struct nearest {
    struct str text;
    struct str best; /* empty: none is near */
    size_t distance; /* of best */
};

struct nearest nearest_begin(struct str text);

/* Takes the name when it is nearer than the best so far, and near at all: a third of its bytes may differ, in letters or their
 * case. */
void nearest_try(struct nearest *nearest, struct str name);

#endif
