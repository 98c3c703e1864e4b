/* Reads an expression into a tree as it is written: operator precedence (Pratt's method), one function a construct. */
#ifndef PAWL_ASL_JSONATA_GRAMMAR_H
#define PAWL_ASL_JSONATA_GRAMMAR_H

#include "asl/jsonata/compilation.h"

/* Chains of `.`, `[ ]`, `^( )`, `@`, `#`, `{ }` and := are binary nodes still; resolver.c sees to them. */
MUST_CHECK enum status grammar_parse(struct compilation *compilation, struct str text, struct node **out_root);

#endif
