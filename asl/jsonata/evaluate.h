/* Evaluates a node: the one place where depth and steps are counted, predicates applied and sequences unwrapped. */
#ifndef PAWL_ASL_JSONATA_EVALUATE_H
#define PAWL_ASL_JSONATA_EVALUATE_H

#include "asl/jsonata/evaluation.h"

MUST_CHECK enum status evaluate_node(struct evaluation *evaluation, const struct node *node, struct datum input,
                                     struct environment *environment, struct datum *out_result);

#endif
