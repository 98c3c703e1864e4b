/* Which variables an expression takes from outside. */
#ifndef PAWL_ASL_JSONATA_FREE_VARIABLES_H
#define PAWL_ASL_JSONATA_FREE_VARIABLES_H

#include "asl/jsonata/compilation.h"

/* The variables that are read where no :=, parameter, @ or # of the expression has bound them, in order of first use.
 * A function may call itself by the name it is bound to. Refuses a call of $eval (S0304). */
MUST_CHECK enum status free_variables_find(struct compilation *compilation, const struct node *root,
                                           variable_id **out_variables, uint32_t *out_count);

#endif
