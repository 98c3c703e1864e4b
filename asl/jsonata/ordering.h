/* Sorting: the order-by step ^( ) and $sort share one stable merge sort. */
#ifndef PAWL_ASL_JSONATA_ORDERING_H
#define PAWL_ASL_JSONATA_ORDERING_H

#include "asl/jsonata/evaluation.h"

/* input^(terms) */
MUST_CHECK enum status ordering_sort_step(struct evaluation *evaluation, const struct node *step, struct datum input,
                                          struct environment *environment, struct datum *out_result);

/* Whether `right` belongs before `left`. */
typedef enum status (*ordering_swaps)(struct evaluation *evaluation, void *owner, uint32_t left, uint32_t right,
                                      bool *out_swaps);

/* Sorts the numbers 0 ..< count by what `swaps` says of them; they lie in *out_order. */
MUST_CHECK enum status ordering_sort(struct evaluation *evaluation, uint32_t count, ordering_swaps swaps, void *owner,
                                     uint32_t **out_order);

#endif
