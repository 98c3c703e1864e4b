#include "state/row_cache.h"

#include <stdlib.h>

#define SLOTS 2048 /* with the bytes of a row, a bound on the memory of a partition: 5 MiB, and usually 2 */

struct slot {
    struct execution_id id;
    char *bytes;
    uint32_t length; /* 0: empty */
    uint32_t capacity;
};

struct row_cache {
    struct slot slots[SLOTS];
};

/* Ids are hashes: any bits do. */
static size_t place(const struct execution_id *id)
{
    return ((size_t)id->bytes[0] << 8 | id->bytes[1]) % SLOTS;
}

struct row_cache *row_cache_create(void)
{
    return calloc(1, sizeof(struct row_cache));
}

void row_cache_destroy(struct row_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    for (size_t at = 0; at < SLOTS; at++) {
        free(cache->slots[at].bytes);
    }
    free(cache);
}

void row_cache_clear(struct row_cache *cache)
{
    for (size_t at = 0; cache != NULL && at < SLOTS; at++) {
        cache->slots[at].length = 0;
    }
}

struct str row_cache_get(const struct row_cache *cache, const struct execution_id *id)
{
    if (cache == NULL) {
        return STR_NONE;
    }
    const struct slot *slot = &cache->slots[place(id)];
    if (slot->length == 0 || !execution_id_equal(&slot->id, id)) {
        return STR_NONE;
    }
    return (struct str){slot->bytes, slot->length};
}

void row_cache_put(struct row_cache *cache, const struct execution_id *id, struct str value)
{
    if (cache == NULL) {
        return;
    }
    struct slot *slot = &cache->slots[place(id)];
    slot->length = 0;
    if (value.length > ROW_CACHE_VALUE_BYTES_MAX) {
        return;
    }
    if (value.length > slot->capacity) {
        uint32_t capacity = (uint32_t)(value.length + value.length / 4);
        char *bytes = realloc(slot->bytes, capacity);
        if (bytes == NULL) {
            return;
        }
        slot->bytes = bytes;
        slot->capacity = capacity;
    }
    memcpy(slot->bytes, value.bytes, value.length);
    slot->length = (uint32_t)value.length;
    slot->id = *id;
}

void row_cache_remove(struct row_cache *cache, const struct execution_id *id)
{
    if (cache != NULL && execution_id_equal(&cache->slots[place(id)].id, id)) {
        cache->slots[place(id)].length = 0;
    }
}
