/* Calling functions: built-in ones, lambdas, partial applications, chains; tail calls take no depth. */
#ifndef PAWL_ASL_JSONATA_CALL_H
#define PAWL_ASL_JSONATA_CALL_H

#include "asl/jsonata/evaluation.h"
#include "asl/jsonata/function.h"

/* Calls `procedure`; `input` is the context that a missing argument may stand for. */
MUST_CHECK enum status call_apply(struct evaluation *evaluation, struct datum procedure, struct arguments arguments,
                                  struct datum input, struct datum *out_result);

/* Calls a function that a higher-order function was given, with as many of `arguments` as it wants (at least one). */
MUST_CHECK enum status call_with(struct evaluation *evaluation, struct datum function, struct arguments arguments,
                                 struct datum *out_result);

/* How many parameters the function has. */
size_t call_arity(const struct function *function);

/* The nodes about functions. */
MUST_CHECK enum status call_evaluate(struct evaluation *evaluation, const struct node *node, struct datum input,
                                     struct environment *environment, struct datum *out_result);
MUST_CHECK enum status call_partial(struct evaluation *evaluation, const struct node *node, struct datum input,
                                    struct environment *environment, struct datum *out_result);
MUST_CHECK enum status call_chain(struct evaluation *evaluation, const struct node *node, struct datum input,
                                  struct environment *environment, struct datum *out_result);
MUST_CHECK enum status call_lambda(struct evaluation *evaluation, const struct node *node, struct datum input,
                                   struct environment *environment, struct datum *out_result);

struct regex_match;

/* A match as a matcher function answers it; `start` is its start in UTF-16 units. */
MUST_CHECK enum status call_match_object(struct evaluation *evaluation, const struct regex *regex, struct str text,
                                         const struct regex_match *match, size_t start, struct datum *out_object);

#endif
