#include "cli/map.h"

#include "base/hash.h"

#define CAPACITY_MIN 64

/* Where the key is, or would be. */
static struct map_entry *find(struct map_entry *entries, size_t capacity, struct str key, uint32_t hash)
{
    size_t at = hash & (capacity - 1);
    while (entries[at].key.bytes != NULL && (entries[at].hash != hash || !str_equal(entries[at].key, key))) {
        at = (at + 1) & (capacity - 1);
    }
    return &entries[at];
}

void *map_get(const struct map *map, struct str key)
{
    return map->capacity == 0 ? NULL : find(map->entries, map->capacity, key, hash_murmur2(key))->value;
}

static enum status grow(struct map *map)
{
    size_t capacity = map->capacity == 0 ? CAPACITY_MIN : map->capacity * 2;
    struct map_entry *entries = arena_array(map->arena, struct map_entry, capacity);
    TRY_NEW(entries);
    for (size_t at = 0; at < map->capacity; at++) {
        const struct map_entry *entry = &map->entries[at];
        if (entry->key.bytes != NULL) {
            *find(entries, capacity, entry->key, entry->hash) = *entry;
        }
    }
    map->entries = entries;
    map->capacity = capacity;
    return STATUS_OK;
}

enum status map_at(struct map *map, struct str key, void ***out_value)
{
    /* At most half full: probes stay short, and there is always a free place. */
    if (map->count * 2 >= map->capacity) {
        TRY(grow(map));
    }
    uint32_t hash = hash_murmur2(key);
    struct map_entry *entry = find(map->entries, map->capacity, key, hash);
    if (entry->key.bytes == NULL) {
        TRY(arena_copy(map->arena, key, &entry->key));
        entry->hash = hash;
        map->count++;
    }
    *out_value = &entry->value;
    return STATUS_OK;
}
