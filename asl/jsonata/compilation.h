/* What the passes of one compilation share. */
#ifndef PAWL_ASL_JSONATA_COMPILATION_H
#define PAWL_ASL_JSONATA_COMPILATION_H

#include "asl/jsonata/fault.h"
#include "asl/jsonata/program.h"

struct compilation {
    struct arena *arena;
    struct fault fault;
    struct variable *variables;
    uint32_t variable_count;
    uint32_t variable_capacity;
    struct table *variable_ids; /* name to id */
};

MUST_CHECK enum status compilation_init(struct compilation *compilation, struct arena *arena);

/* The id of the variable of that name; a new one for STR_NONE. */
MUST_CHECK enum status compilation_variable(struct compilation *compilation, struct str name, variable_id *out_id);

/* Notes what is wrong and returns STATUS_INVALID. */
MUST_CHECK enum status compilation_fail(struct compilation *compilation, enum fault_code code, uint32_t position,
                                        struct datum token);

/* Room for one more in an array of `count` items that doubles its capacity; NULL at the arena's limit. */
void *compilation_grow(struct arena *arena, void *items, size_t size, size_t count, uint32_t *capacity);

#endif
