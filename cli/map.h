/* A map from texts to pointers, in an arena. */
#ifndef PAWL_CLI_MAP_H
#define PAWL_CLI_MAP_H

#include "base/arena.h"

#include <stdint.h>

struct map_entry {
    struct str key; /* bytes == NULL: a free place */
    uint32_t hash;
    void *value;
};

struct map {
    struct arena *arena;
    struct map_entry *entries;
    size_t count;
    size_t capacity;
};

static inline struct map map_in(struct arena *arena)
{
    return (struct map){.arena = arena};
}

/* The key's value, or NULL. */
void *map_get(const struct map *map, struct str key);

/* Where the key's value lies: NULL in it when the key is new, and then the key is copied. Moved by the next map_at. */
MUST_CHECK enum status map_at(struct map *map, struct str key, void ***out_value);

#endif
