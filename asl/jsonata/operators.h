/* + - * / % = != < <= > >= and or in & .. and the unary minus. */
#ifndef PAWL_ASL_JSONATA_OPERATORS_H
#define PAWL_ASL_JSONATA_OPERATORS_H

#include "asl/jsonata/evaluation.h"

MUST_CHECK enum status operators_binary(struct evaluation *evaluation, const struct node *node, struct datum input,
                                        struct environment *environment, struct datum *out_result);
MUST_CHECK enum status operators_minus(struct evaluation *evaluation, const struct node *node, struct datum input,
                                       struct environment *environment, struct datum *out_result);

/* Fails with D1001 for a number that is none any more (1/0), as every use of one does. */
MUST_CHECK enum status operators_check_finite(struct evaluation *evaluation, struct datum number);

#endif
