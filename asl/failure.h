/* The workflow's own failure, which Retry and Catch see: data, not a status (STYLE 11).
 *
 * A function that can fail so takes a `struct failure *failure`, returns STATUS_OK, and has set failure->error; its other
 * results are then not written. Callers look with failure_is(). */
#ifndef PAWL_ASL_FAILURE_H
#define PAWL_ASL_FAILURE_H

#include "base/arena.h"

#include <stdbool.h>

struct failure {
    struct str error;    /* "States.Runtime", "Lambda.Unknown", a worker's own; STR_NONE: none given (cause may still be) */
    struct str cause;    /* STR_NONE: none given */
    struct str location; /* JSONata: the field path for EvaluationFailed ("Output/result"), else STR_NONE */
    bool is;             /* whether there is a failure at all */
};

#define FAILURE_NONE ((struct failure){.is = false})

static inline bool failure_is(const struct failure *failure)
{
    return failure->is;
}

/* Sets the failure; the cause is as printf's, limited as below. */
MUST_CHECK enum status failure_set(struct arena *arena, struct failure *out_failure, struct str error, const char *cause_format,
                                   ...) __attribute__((format(printf, 4, 5)));

/* Makes error and cause what the history and the API may hold: UTF-8, at most ERROR_CHARACTERS_MAX and CAUSE_CHARACTERS_MAX. */
MUST_CHECK enum status failure_limit(struct arena *arena, struct failure *failure);

#endif
