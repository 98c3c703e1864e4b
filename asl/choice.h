/* Whether a Choice rule is true (ASL.md, section 5). */
#ifndef PAWL_ASL_CHOICE_H
#define PAWL_ASL_CHOICE_H

#include "asl/expression.h"

struct condition;

/* And and Or stop at the first part that decides. A failure (a variable that finds nothing, a Condition that is no boolean)
 * is in *out_failure. */
MUST_CHECK enum status choice_matches(struct arena *arena, const struct condition *condition, const struct expression_scope *scope,
                                      bool *out_matches, struct failure *out_failure);

#endif
