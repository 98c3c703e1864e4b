/* Which variables an expression takes from outside. */
#ifndef PAWL_ASL_JSONATA_FREE_VARIABLES_H
#define PAWL_ASL_JSONATA_FREE_VARIABLES_H

#include "asl/jsonata/compilation.h"
#include "asl/jsonata/program.h"

struct free_variables {
    variable_id *variables;
    uint32_t variable_count;
    struct reference *references; /* what jsonata_references tells */
    uint32_t reference_count;
};

/* The variables that are read where no :=, parameter, @ or # of the expression has bound them, in order of first use.
 * A function may call itself by the name it is bound to. Refuses a call of $eval (S0304). */
MUST_CHECK enum status free_variables_find(struct compilation *compilation, const struct node *root,
                                           struct free_variables *out_found);

#endif
