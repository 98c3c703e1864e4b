/* What a JSONata expression is once it is compiled: a tree of nodes, in the definition's arena, never changed again.
 *
 * grammar.c builds the tree as it is written; resolver.c then turns chains of `.`, `[ ]`, `^( )`, `@`, `#` and `{ }` into
 * paths with steps and stages, finds what each `%` refers to, and marks tail calls. evaluate.c walks the result. */
#ifndef PAWL_ASL_JSONATA_AST_H
#define PAWL_ASL_JSONATA_AST_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct regex;
struct signature;

enum node_type {
#define NODE(id, name) NODE_##id,
#include "asl/jsonata/nodes.def"
    NODE_TYPE_COUNT
};

enum operator_type {
#define OPERATOR(id, text, power) OPERATOR_##id,
#include "asl/jsonata/operators.def"
    OPERATOR_COUNT
};

/* A variable is a number in the program's table of names; the names of `$` and `$$` are "" and "$". */
typedef uint32_t variable_id;
#define VARIABLE_NONE UINT32_MAX

/* What one `%` refers to: the context that was current `level` steps further out. */
struct slot {
    variable_id label; /* the hidden variable that holds it */
    int level;
};

struct slot_list {
    struct slot **slots;
    uint32_t count;
    uint32_t capacity;
};

enum stage_type { STAGE_FILTER, STAGE_INDEX };

/* What follows a step: `[predicate]` or `#$index`. */
struct stage {
    enum stage_type type;
    struct node *predicate;
    variable_id index;
    struct stage *next;
};

/* `{ key: value, … }`: 2 × count nodes. */
struct group {
    struct node **pairs;
    size_t count;
    uint32_t position;
};

struct node {
    enum node_type type;
    enum operator_type operator; /* binary and unary nodes; the words `and or in` used as names */
    uint32_t position;           /* characters into the expression, after the token */
    uint32_t depth;              /* height of the tree under it, while it is built */
    bool keep_array;             /* `[]` follows */
    bool keep_singleton;         /* path: some step keeps arrays */
    bool cons_array;             /* an array constructor whose result is not flattened */
    bool tuple;                  /* makes a stream of bindings, for @ # % */
    bool tail;                   /* a call that is the last thing its function does */
    bool descending;             /* term of ^( ) */
    bool boolean;                /* literal */
    struct str text;             /* name, string, operator; as the source's words say it */
    double number;
    variable_id variable;        /* variable, target of := */
    variable_id focus;           /* @$v */
    variable_id index;           /* #$v */
    struct node *left;           /* operand; condition; pattern; procedure; body of a lambda */
    struct node *right;          /* operand; then; update */
    struct node *third;          /* else; delete */
    struct node **items;         /* steps, expressions, arguments, parameters, terms; pairs (2 × count) of an object */
    size_t count;
    uint32_t capacity;           /* of a path's steps, while it is built */
    struct stage *predicates;    /* filters on the result */
    struct stage *stages;        /* filters and indexes of a step */
    struct group *group;
    struct slot *slot;           /* of `%` */
    struct slot *ancestor;       /* of the step that a `%` refers to */
    struct slot_list seeking;    /* `%` below that have not found their step yet */
    struct regex *regex;
    struct signature *signature; /* of a lambda, or NULL */
};

/* The name of a node's type, as error messages show it. */
const char *ast_type_name(enum node_type type);

#endif
