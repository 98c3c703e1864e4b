/* An ordered map from bytes to bytes in memory: a skip list whose towers' heights come from the key's hash, so that the
 * same rows always make the same list. It copies what it is given. Not for several threads at once. */
#ifndef PAWL_KV_KV_MAP_H
#define PAWL_KV_KV_MAP_H

#include "base/status.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

#define KV_MAP_LEVELS 16

struct kv_map_row {
    struct str key;
    struct str value;          /* bytes == NULL: the key is marked as deleted (in a batch) */
    struct kv_map_row *next[]; /* as many as the tower is high */
};

struct kv_map {
    struct kv_map_row *first[KV_MAP_LEVELS];
    size_t count;
    size_t bytes; /* keys and values */
};

void kv_map_init(struct kv_map *map);
void kv_map_clear(struct kv_map *map);

/* The row of `key`, or NULL. Borrowed until the map next changes. */
const struct kv_map_row *kv_map_find(const struct kv_map *map, struct str key);

/* The first row whose key is ≥ `key` (> `key` when `after`), or NULL. */
const struct kv_map_row *kv_map_seek(const struct kv_map *map, struct str key, bool after);

/* LIMIT_EXCEEDED: no memory; the map is as it was. */
MUST_CHECK enum status kv_map_put(struct kv_map *map, struct str key, struct str value);
void kv_map_remove(struct kv_map *map, struct str key);

#endif
