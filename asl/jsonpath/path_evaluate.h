/* Walking a compiled path over values. Private to asl/jsonpath/. */
#ifndef PAWL_ASL_JSONPATH_PATH_EVALUATE_H
#define PAWL_ASL_JSONPATH_PATH_EVALUATE_H

#include "asl/jsonpath/path_token.h"

/* One call of path_evaluate. */
struct path_evaluation {
    struct arena *arena;
    const struct path_roots *roots;
    const struct value *document; /* what the outermost path's root found: `$` of filters and arguments */
    uint64_t visits;              /* values looked at */
    uint64_t visits_max;          /* PATH_VISITS_MAX, or what the env has left */
    uint32_t nesting;             /* paths being evaluated inside each other */
    bool quiet;                   /* no message for STATUS_NOT_FOUND: it is no failure here */
    struct str message;
};

/* What a path inside a path is to begin at. */
struct path_start {
    const struct value *document; /* `$` */
    const struct value *item;     /* `@` */
    bool required;                /* a missing property is an error everywhere: an exists check */
};

/* STATUS_INVALID, after setting the message. */
MUST_CHECK enum status path_evaluation_fail(struct path_evaluation *evaluation, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Counts `visits` more; STATUS_INVALID beyond visits_max. */
MUST_CHECK enum status path_evaluation_visit(struct path_evaluation *evaluation, uint64_t visits);

/* What the path finds: as path_evaluate answers, except that, as in Jayway, an indefinite path may end in STATUS_NOT_FOUND
 * too, and STATUS_REFUSED says that a filter stands at a value that cannot be filtered (then a filter around it fails). */
MUST_CHECK enum status path_evaluation_run(struct path_evaluation *evaluation, const struct path *path,
                                           const struct path_start *start, const struct value **out_value);

#endif
