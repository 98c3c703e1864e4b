/* Names of a definition (states, routes, variables) by hash: what is looked up while it is compiled, so that compiling takes
 * time in proportion to the text. The hash depends on a seed, which is to depend on the whole text: nobody can choose names
 * that meet in one slot. */
#ifndef PAWL_ASL_NAME_TABLE_H
#define PAWL_ASL_NAME_TABLE_H

#include "base/arena.h"

#include <stdint.h>

struct name_entry {
    struct str name; /* borrowed; its bytes are not NULL */
    uint32_t scope;  /* part of the key, such as the machine that a variable is of */
    uint32_t number; /* what the name stands for */
    bool several;    /* the user's */
};

/* Zeroed but for the seed, it is empty. */
struct name_table {
    struct name_entry *slots;
    uint32_t count;
    uint32_t capacity;
    uint64_t seed;
};

/* The entry, which may be changed but for its key, or NULL. Moved by the next addition. */
struct name_entry *name_table_find(const struct name_table *table, uint32_t scope, struct str name);

/* Adds an entry that is not there yet. */
MUST_CHECK enum status name_table_add(struct arena *arena, struct name_table *table, struct name_entry entry);

#endif
