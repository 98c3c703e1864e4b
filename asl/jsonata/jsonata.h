/* JSONata 2.0.6 as Step Functions has it, complete and bounded (docs.jsonata.org; AWS: "Transforming data with JSONata").
 *
 * A program is compiled once, with the definition, into the definition's arena; it is immutable and shared by threads. */
#ifndef PAWL_ASL_JSONATA_JSONATA_H
#define PAWL_ASL_JSONATA_JSONATA_H

#include "asl/value.h"
#include "base/env.h"

struct jsonata;

/* An error of JSONata: S… at compile time; T…, D… or U1001 (over a limit) when evaluated. */
struct jsonata_error {
    struct str code;     /* "T2001" */
    struct str message;  /* as the reference implementation words it */
    uint32_t position;   /* characters into the expression */
    struct str token;    /* STR_NONE: none */
};

/* What bounds one evaluation. JSONATA_LIMITS_DEFAULT is what the engine uses. Nothing here reads a clock: a step stands for
 * about 0.1 µs, and scope->env for how much all expressions of one step of the engine may take together. */
struct jsonata_limits {
    uint64_t steps_max;      /* nodes evaluated, and items and bytes that are walked */
    uint32_t depth_max;      /* nested evaluations, tail calls not counted */
    size_t result_bytes_max; /* of any one string that is built */
    size_t memory_bytes_max; /* taken from the arena */
};
extern const struct jsonata_limits jsonata_limits_default;

/* `text` without `{%` and `%}`. STATUS_INVALID: *out_error is set. */
MUST_CHECK enum status jsonata_compile(struct arena *arena, struct str text, const struct jsonata **out_program,
                                       struct jsonata_error *out_error);

/* What an expression sees. `bindings` is an object with a member a variable, names without `$` (`states`, workflow
 * variables); may be NULL. `input` is the root (`$`), NULL for none, as in ASL. */
struct jsonata_scope {
    const struct value *input;
    const struct value *bindings;
    const struct jsonata_limits *limits; /* NULL: the default */
    struct env *env;                     /* $now, $millis, $random, $uuid */
};

/* OK: *out_value is the result, NULL when it is undefined. STATUS_INVALID: *out_error. *out_is_function tells that the
 * result is a function (then *out_value is NULL). The result lies in the arena and may borrow from scope. */
MUST_CHECK enum status jsonata_evaluate(struct arena *arena, const struct jsonata *program, const struct jsonata_scope *scope,
                                        const struct value **out_value, bool *out_is_function, struct jsonata_error *out_error);

/* Calls `visit` once for every free variable that the program reads (names without `$`). Names of built-in functions are
 * among them: a variable of that name comes first. */
void jsonata_variables(const struct jsonata *program, void (*visit)(void *owner, struct str name), void *owner);

/* What Step Functions refuses in an expression when the definition is created, or allows in some fields alone. */
enum jsonata_reference {
    JSONATA_REFERENCE_TOP,    /* a name, *, ** or $$ that only a root input could give: there is none */
    JSONATA_REFERENCE_STATES, /* `$states.name` */
};

/* Calls `visit` once for each name of each kind, at most JSONATA_REFERENCES_MAX times. */
void jsonata_references(const struct jsonata *program, void (*visit)(void *owner, enum jsonata_reference type, struct str name),
                        void *owner);

#endif
