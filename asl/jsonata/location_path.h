/* Paths: a.b[c]^(d)#$i.%: steps over sequences, predicates, wildcards, and streams of tuples for @ # %. */
#ifndef PAWL_ASL_JSONATA_LOCATION_PATH_H
#define PAWL_ASL_JSONATA_LOCATION_PATH_H

#include "asl/jsonata/environment.h"

MUST_CHECK enum status location_path_evaluate(struct evaluation *evaluation, const struct node *path, struct datum input,
                                              struct environment *environment, struct datum *out_result);

/* The member of that name, of an object or of each object in an array. */
MUST_CHECK enum status location_path_lookup(struct evaluation *evaluation, struct datum input, struct str name,
                                            struct datum *out_result);

/* * and ** */
MUST_CHECK enum status location_path_wildcard(struct evaluation *evaluation, struct datum input, struct datum *out_result);
MUST_CHECK enum status location_path_descendants(struct evaluation *evaluation, struct datum input, struct datum *out_result);

/* input[predicate] */
MUST_CHECK enum status location_path_filter(struct evaluation *evaluation, const struct node *predicate, struct datum input,
                                            struct environment *environment, struct datum *out_result);

/* The item of a sequence as a context: a tuple's own, with its bindings around in *out_environment. */
struct datum location_path_context(struct datum item, struct environment *outer, struct environment *out_environment);

#endif
