/* Which variables each state of a definition reads, as DescribeStateMachine tells. */
#ifndef PAWL_ASL_VARIABLE_REFERENCES_H
#define PAWL_ASL_VARIABLE_REFERENCES_H

#include "base/arena.h"

#include <stdbool.h>

struct variable_references {
    struct str text;     /* {"State":["a","b"],…}: states in order, names sorted; STR_NONE: no state reads any */
    bool is_present_day; /* uses what the language has had since November 2024: variables, JSONata */
};

/* Of a definition that compiles. What is no definition has none. */
MUST_CHECK enum status variable_references_find(struct arena *arena, struct str definition,
                                                struct variable_references *out_references);

#endif
