#include "asl/name_table.h"

#include "base/assert.h"

#define CAPACITY_FIRST 64
#define MIX 0x9E3779B97F4A7C15ULL /* 2^64 over the golden ratio: odd, its bits well spread */

/* Multiplied and folded byte by byte from the seed on. */
static uint64_t hash_of(const struct name_table *table, uint32_t scope, struct str name)
{
    uint64_t hash = (table->seed ^ scope) * MIX;
    for (size_t at = 0; at < name.length; at++) {
        hash = (hash ^ (hash >> 29) ^ (uint8_t)name.bytes[at]) * MIX;
    }
    return hash ^ (hash >> 32);
}

/* Where the name is, or would be: there is always a free slot. */
static struct name_entry *slot_of(const struct name_table *table, uint32_t scope, struct str name)
{
    uint32_t at = (uint32_t)hash_of(table, scope, name) & (table->capacity - 1);
    while (table->slots[at].name.bytes != NULL &&
           (table->slots[at].scope != scope || !str_equal(table->slots[at].name, name))) {
        at = (at + 1) & (table->capacity - 1);
    }
    return &table->slots[at];
}

struct name_entry *name_table_find(const struct name_table *table, uint32_t scope, struct str name)
{
    struct name_entry *slot = table->capacity == 0 ? NULL : slot_of(table, scope, name);
    return slot == NULL || slot->name.bytes == NULL ? NULL : slot;
}

static enum status grow(struct arena *arena, struct name_table *table)
{
    struct name_table grown = {.count = table->count, .seed = table->seed};
    grown.capacity = table->capacity == 0 ? CAPACITY_FIRST : table->capacity * 2;
    grown.slots = arena_array(arena, struct name_entry, grown.capacity);
    TRY_NEW(grown.slots);
    for (uint32_t at = 0; at < table->capacity; at++) {
        const struct name_entry *entry = &table->slots[at];
        if (entry->name.bytes != NULL) {
            *slot_of(&grown, entry->scope, entry->name) = *entry;
        }
    }
    *table = grown;
    return STATUS_OK;
}

enum status name_table_add(struct arena *arena, struct name_table *table, struct name_entry entry)
{
    ASSERT(entry.name.bytes != NULL);
    if (table->capacity <= 2 * table->count + 2) {
        TRY(grow(arena, table));
    }
    *slot_of(table, entry.scope, entry.name) = entry;
    table->count++;
    return STATUS_OK;
}
