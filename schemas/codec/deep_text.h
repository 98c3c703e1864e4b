/* A record in JSON one of whose members is nested deeper than a JSON text may be: the record can be read all the same, and
 * whose business the member is can say so. */
#ifndef PAWL_SCHEMAS_CODEC_DEEP_TEXT_H
#define PAWL_SCHEMAS_CODEC_DEEP_TEXT_H

#include "base/arena.h"

struct deep_member {
    const char *stand_in; /* where in the folded text */
    struct str text;      /* as it was written; perhaps no JSON */
};

struct deep_text {
    struct str folded; /* the object, with [] or {} in the place of each member that is too deep */
    struct deep_member *members;
    size_t count;
};

/* INVALID when brackets and quotes do not pair up. */
MUST_CHECK enum status deep_text_fold(struct arena *arena, struct str object, struct deep_text *out_text);

/* The member that stands behind `source`, a text within folded; STR_NONE: it stands for itself. */
struct str deep_text_member(const struct deep_text *text, struct str source);

#endif
