/* | pattern | update, delete |: a function that copies its argument and changes what the pattern finds in the copy. */
#ifndef PAWL_ASL_JSONATA_TRANSFORM_H
#define PAWL_ASL_JSONATA_TRANSFORM_H

#include "asl/jsonata/evaluation.h"
#include "asl/jsonata/function.h"

MUST_CHECK enum status transform_create(struct evaluation *evaluation, const struct node *node, struct datum input,
                                        struct environment *environment, struct datum *out_result);

MUST_CHECK enum status transform_apply(struct evaluation *evaluation, const struct function *transform, struct datum object,
                                       struct datum *out_result);

/* A copy whose objects are tables that nobody else has. */
MUST_CHECK enum status transform_clone(struct evaluation *evaluation, struct datum datum, struct datum *out_copy);

#endif
