/* The error names that the language reserves (asl/errors.def). */
#ifndef PAWL_ASL_ERRORS_H
#define PAWL_ASL_ERRORS_H

#include "base/str.h"

enum error_name {
#define ERROR(id, name) ERROR_##id,
#include "asl/errors.def"
    ERROR_NAME_COUNT
};

/* Static storage. */
struct str errors_name(enum error_name error);

/* Whether ASL lets a definition name it: one of ours, or one that does not begin with "States.". */
bool errors_is_known(struct str name);

#endif
