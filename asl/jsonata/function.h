/* What can be called. */
#ifndef PAWL_ASL_JSONATA_FUNCTION_H
#define PAWL_ASL_JSONATA_FUNCTION_H

#include "asl/jsonata/datum.h"
#include "asl/jsonata/evaluation.h"

struct regex;

enum function_type {
    FUNCTION_BUILTIN,
    FUNCTION_LAMBDA,
    FUNCTION_PARTIAL,   /* some arguments are given already */
    FUNCTION_CHAIN,     /* f ~> g */
    FUNCTION_REGEX,     /* a matcher: (text) to the first match */
    FUNCTION_NEXT,      /* `next` of a match: () to the next one */
    FUNCTION_TRANSFORM, /* | … | */
};

struct function {
    enum function_type type;
    const struct signature *signature; /* NULL: anything goes */
    const struct builtin *builtin;
    const struct node *node;     /* a lambda's or transform's */
    const struct regex *regex;
    struct environment *environment; /* where a lambda or transform was made */
    struct datum input;              /* the context there; the text of a match's `next` */
    struct function *first;          /* of a chain; what a partial calls */
    struct function *second;
    const struct datum *arguments;   /* of a partial */
    const bool *open;                /* [argument] whether it is still to be given */
    size_t argument_count;
    size_t offset;                   /* where `next` looks from, bytes */
    size_t offset_units;             /* … and in UTF-16 units */
};

struct builtin_call;

/* A row of builtins.def. */
struct builtin {
    struct str name;
    const char *signature;
    size_t arity; /* what higher-order functions take it to want */
    enum status (*call)(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result);
};

struct builtin_call {
    const struct datum *arguments; /* at least BUILTIN_ARGUMENTS_MAX; those not given are undefined */
    size_t count;                  /* given */
    const struct builtin *builtin;
};

#define BUILTIN_ARGUMENTS_MAX 4

#endif
