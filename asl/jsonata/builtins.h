/* The table of built-in functions (builtins.def) and what they are made with. */
#ifndef PAWL_ASL_JSONATA_BUILTINS_H
#define PAWL_ASL_JSONATA_BUILTINS_H

#include "asl/jsonata/call.h"
#include "asl/jsonata/evaluation.h"
#include "asl/jsonata/function.h"

/* The function of that name (without $), or NULL. */
const struct builtin *builtins_find(struct str name);

/* One a row, defined in the family's file. Arguments are as the signature says, or undefined. */
#define BUILTIN(name, signature, arity, function)                                                                           \
    MUST_CHECK enum status function(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result);
#include "asl/jsonata/builtins.def"

#endif
