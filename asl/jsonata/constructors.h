/* Arrays and objects that an expression makes: [a, b..c], { key: value }, items{ key: value }. */
#ifndef PAWL_ASL_JSONATA_CONSTRUCTORS_H
#define PAWL_ASL_JSONATA_CONSTRUCTORS_H

#include "asl/jsonata/evaluation.h"

MUST_CHECK enum status constructors_array(struct evaluation *evaluation, const struct node *node, struct datum input,
                                          struct environment *environment, struct datum *out_result);

/* An object with one member a distinct key; its value is evaluated over all items that gave that key. */
MUST_CHECK enum status constructors_group(struct evaluation *evaluation, const struct group *group, struct datum input,
                                          struct environment *environment, struct datum *out_result);

#endif
