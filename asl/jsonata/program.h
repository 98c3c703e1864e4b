/* A compiled expression: what jsonata_compile makes and everything else reads. */
#ifndef PAWL_ASL_JSONATA_PROGRAM_H
#define PAWL_ASL_JSONATA_PROGRAM_H

#include "asl/jsonata/ast.h"
#include "asl/jsonata/jsonata.h"

struct function;

/* A name after `$`, or a hidden variable for what a `%` refers to. */
struct variable {
    struct str name; /* bytes NULL: hidden */
    struct function *function; /* the built-in one of that name, or NULL */
};

struct reference {
    enum jsonata_reference type;
    struct str name;
};

struct jsonata {
    const struct node *root;
    const struct variable *variables;
    uint32_t variable_count;
    const variable_id *free_variables; /* those taken from outside */
    uint32_t free_variable_count;
    const struct reference *references;
    uint32_t reference_count;
};

/* The first two variables of every program. */
#define VARIABLE_CONTEXT ((variable_id)0) /* $ */
#define VARIABLE_ROOT ((variable_id)1)    /* $$ */

#endif
