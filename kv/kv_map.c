#include "kv/kv_map.h"

#include "base/hash.h"

#include <stdlib.h>

void kv_map_init(struct kv_map *map)
{
    *map = (struct kv_map){0};
}

void kv_map_clear(struct kv_map *map)
{
    struct kv_map_row *row = map->first[0];
    while (row != NULL) {
        struct kv_map_row *next = row->next[0];
        free(row);
        row = next;
    }
    kv_map_init(map);
}

/* 1 ..= KV_MAP_LEVELS; one row in four reaches the next level. */
static size_t tower_height(struct str key)
{
    /* murmur2's low bits are good, and pawl's keys are no attack: the map is for tests. */
    uint32_t chance = hash_murmur2(key);
    size_t height = 1;
    while (height < KV_MAP_LEVELS && (chance & 3) == 0) {
        height++;
        chance >>= 2;
    }
    return height;
}

/* Fills links[level] with the pointer that leads to the first row at or after `key` on that level. */
static void find_links(struct kv_map *map, struct str key, struct kv_map_row **links[KV_MAP_LEVELS])
{
    struct kv_map_row **towers = map->first;
    for (size_t level = KV_MAP_LEVELS; level-- > 0;) {
        while (towers[level] != NULL && str_compare(towers[level]->key, key) < 0) {
            towers = towers[level]->next;
        }
        links[level] = &towers[level];
    }
}

const struct kv_map_row *kv_map_seek(const struct kv_map *map, struct str key, bool after)
{
    struct kv_map_row *const *towers = map->first;
    for (size_t level = KV_MAP_LEVELS; level-- > 0;) {
        while (towers[level] != NULL && str_compare(towers[level]->key, key) < (after ? 1 : 0)) {
            towers = towers[level]->next;
        }
    }
    return towers[0];
}

const struct kv_map_row *kv_map_find(const struct kv_map *map, struct str key)
{
    const struct kv_map_row *row = kv_map_seek(map, key, false);
    return row != NULL && str_equal(row->key, key) ? row : NULL;
}

static void unlink_row(struct kv_map *map, struct kv_map_row **links[KV_MAP_LEVELS], struct kv_map_row *row)
{
    size_t height = tower_height(row->key);
    for (size_t level = 0; level < height; level++) {
        *links[level] = row->next[level];
    }
    map->count--;
    map->bytes -= row->key.length + row->value.length;
    free(row);
}

enum status kv_map_put(struct kv_map *map, struct str key, struct str value)
{
    size_t height = tower_height(key);
    size_t head = sizeof(struct kv_map_row) + height * sizeof(struct kv_map_row *);
    struct kv_map_row *row = malloc(head + key.length + value.length + 1);
    TRY_NEW(row);
    char *bytes = (char *)row + head;
    memcpy(bytes, key.bytes, key.length);
    row->key = (struct str){bytes, key.length};
    row->value = STR_NONE;
    if (value.bytes != NULL) {
        memcpy(bytes + key.length, value.bytes, value.length);
        row->value = (struct str){bytes + key.length, value.length};
    }

    struct kv_map_row **links[KV_MAP_LEVELS];
    find_links(map, key, links);
    if (*links[0] != NULL && str_equal((*links[0])->key, key)) {
        unlink_row(map, links, *links[0]);
    }
    for (size_t level = 0; level < height; level++) {
        row->next[level] = *links[level];
        *links[level] = row;
    }
    map->count++;
    map->bytes += key.length + row->value.length;
    return STATUS_OK;
}

void kv_map_remove(struct kv_map *map, struct str key)
{
    struct kv_map_row **links[KV_MAP_LEVELS];
    find_links(map, key, links);
    if (*links[0] != NULL && str_equal((*links[0])->key, key)) {
        unlink_row(map, links, *links[0]);
    }
}
