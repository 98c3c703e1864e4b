/* An object that an expression has built: members in order of insertion, with an index by key when there are many. */
#ifndef PAWL_ASL_JSONATA_TABLE_H
#define PAWL_ASL_JSONATA_TABLE_H

#include "asl/jsonata/datum.h"

struct table_member {
    struct str key;
    struct datum datum;
};

struct table {
    struct table_member *members;
    uint32_t count;
    uint32_t capacity;
    uint32_t *slots; /* open addressing, member + 1; NULL while small */
    uint32_t slot_count;
};

/* An empty table; NULL at the arena's limit. */
struct table *table_create(struct arena *arena);
struct datum *table_find(const struct table *table, struct str key);
MUST_CHECK enum status table_set(struct arena *arena, struct table *table, struct str key, struct datum datum);
void table_remove(struct table *table, struct str key);

/* A hash of a key; only the speed of look-ups depends on it, never an order. */
uint32_t table_hash(struct str key);

#endif
