/* Gives a parsed tree its meaning: paths, predicates, parents, tail calls. See ast.h. */
#ifndef PAWL_ASL_JSONATA_RESOLVER_H
#define PAWL_ASL_JSONATA_RESOLVER_H

#include "asl/jsonata/compilation.h"

/* Rewrites the tree in place; the result may have another root. STATUS_INVALID: compilation->fault is set. */
MUST_CHECK enum status resolver_resolve(struct compilation *compilation, struct node *root, struct node **out_root);

#endif
