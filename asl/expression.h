/* A field of a definition whose value is computed: a constant, a path, an intrinsic call, a JSONata program, or a payload
 * template (an object or array with any of these inside). Compiled with the definition.
 *
 * This is the one place where a query language is chosen: a new one is a new kind here. */
#ifndef PAWL_ASL_EXPRESSION_H
#define PAWL_ASL_EXPRESSION_H

#include "asl/failure.h"
#include "asl/intrinsics/intrinsic.h"
#include "asl/jsonata/jsonata.h"
#include "asl/jsonpath/path.h"
#include "asl/value.h"
#include "base/env.h"

enum expression_kind {
    EXPRESSION_CONSTANT,
    EXPRESSION_PATH,
    EXPRESSION_INTRINSIC,
    EXPRESSION_JSONATA,
    EXPRESSION_OBJECT,
    EXPRESSION_ARRAY,
};

struct expression_member {
    struct str key; /* without ".$"; STR_NONE in an array */
    const struct expression *value;
};

struct expression {
    enum expression_kind kind;
    bool reads_context;   /* anything inside reads `$$` or `$states.context` */
    bool reads_variables; /* anything inside reads a variable */
    uint32_t count;       /* members */
    struct str field;     /* for messages: "value.$" of a path in a template, "Output/result" of JSONata, else the field's name */
    struct str text;      /* of a path, intrinsic or JSONata (without `{%` `%}`) */
    union {
        const struct value *constant;
        const struct path *path;
        const struct intrinsic *intrinsic;
        const struct jsonata *jsonata;
        const struct expression_member *members;
    };
};

/* What an expression is evaluated against. */
struct expression_scope {
    struct path_roots roots;          /* JSONPath: `$`, `$$`, variables; context and variables only when they are read */
    struct str input_text;            /* Choice: `$` when roots.input is NULL, for Reference Paths alone */
    const struct value *states_input; /* JSONata: `$states.input`, result and errorOutput (NULL: absent) */
    const struct value *states_result;
    const struct value *states_error_output;
    struct env *env;
};

/* What is wrong with a template: each value by itself. */
struct expression_problem {
    struct str code;    /* of ValidateStateMachineDefinition: "INVALID_JSONATA_EXPRESSION" */
    struct str message; /* in AWS's words */
    struct str field;   /* JSONata: the value's path below the state, "Output/v"; else empty */
    struct str hint;    /* how it may be mended; empty: no idea */
    const struct value *value;
    struct expression_problem *next;
};

/* Compiles a payload template of a JSONPath state: members whose key ends in ".$" are paths or intrinsics. *out_problems is
 * NULL, or a list; what is wrong is then left out of the expression. */
MUST_CHECK enum status expression_template(struct arena *arena, const struct value *template,
                                           const struct expression **out_expression,
                                           const struct expression_problem **out_problems);

/* Which members of $states a JSONata field has beside input and context. */
enum expression_sees { EXPRESSION_SEES_INPUT, EXPRESSION_SEES_RESULT, EXPRESSION_SEES_ERROR };

/* Where a value of a JSONata state stands. */
struct expression_place {
    struct str field; /* below the state: "Output", "Choices[0]/Condition" */
    enum expression_sees sees;
};

/* Compiles a value of a JSONata state: strings `{% … %}` at any depth are programs. *out_problems as above. */
MUST_CHECK enum status expression_jsonata(struct arena *arena, const struct value *value, const struct expression_place *place,
                                          const struct expression **out_expression,
                                          const struct expression_problem **out_problems);

/* A path, or an intrinsic call where `intrinsics` allows it, as a field's whole value. */
MUST_CHECK enum status expression_path(struct arena *arena, struct str text, struct str field, bool intrinsics,
                                       const struct expression **out_expression, struct str *out_problem);

MUST_CHECK enum status expression_constant(struct arena *arena, const struct value *constant, struct str field,
                                           const struct expression **out_expression);

/* The value. A workflow failure (a path that finds nothing, a JSONata error) is in *out_failure, without the prefix
 * that names the state. */
MUST_CHECK enum status expression_evaluate(struct arena *arena, const struct expression *expression,
                                           const struct expression_scope *scope, const struct value **out_value,
                                           struct failure *out_failure);

/* The failure of a field that takes only values of a type ("boolean"), for what its JSONata expression gave. */
MUST_CHECK enum status expression_unexpected(struct arena *arena, const struct expression *expression, const char *wanted,
                                             const struct value *value, struct failure *out_failure);

/* Whether a JSON string is a JSONata expression: begins with "{%" and ends with "%}". */
bool expression_is_jsonata(struct str text);

#endif
