/* The known name that a mistyped one is nearest to, for "is … meant?". */
#ifndef PAWL_SCHEMAS_CODEC_NEAREST_H
#define PAWL_SCHEMAS_CODEC_NEAREST_H

#include "base/str.h"

struct nearest {
    struct str typed;
    struct str best;
    size_t distance; /* of best: letters to insert, delete, change or swap; upper and lower case are the same */
};

struct nearest nearest_to(struct str typed);
void nearest_offer(struct nearest *nearest, struct str known);

/* STR_NONE when nothing offered is near: at most a third of its letters away. */
struct str nearest_best(const struct nearest *nearest);

#endif
