/* Which variables are in sight. */
#ifndef PAWL_ASL_JSONATA_ENVIRONMENT_H
#define PAWL_ASL_JSONATA_ENVIRONMENT_H

#include "asl/jsonata/evaluation.h"

/* Variables of one block, function call or item, and what is around them. */
struct environment {
    const struct environment *outer;
    const struct binding *bindings;
};

/* Sets a variable in the innermost environment. */
MUST_CHECK enum status environment_bind(struct evaluation *evaluation, struct environment *environment, variable_id variable,
                                        struct datum datum);

/* `bindings` with one more in front. */
MUST_CHECK enum status environment_chain(struct evaluation *evaluation, const struct binding *bindings, variable_id variable,
                                         struct datum datum, const struct binding **out_bindings);

/* The variable's value: from inside out, then the caller's bindings, then the built-in functions. */
struct datum environment_find(struct evaluation *evaluation, const struct environment *environment, variable_id variable);

#endif
