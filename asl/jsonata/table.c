#include "asl/jsonata/table.h"

#define TABLE_LINEAR_MAX 8 /* members that are searched one by one */

struct table *table_create(struct arena *arena)
{
    return arena_new(arena, struct table);
}

uint32_t table_hash(struct str key)
{
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (size_t at = 0; at < key.length; at++) {
        hash = (hash ^ (uint8_t)key.bytes[at]) * 16777619U;
    }
    return hash;
}

static void index_member(struct table *table, uint32_t member)
{
    uint32_t slot = table_hash(table->members[member].key) & (table->slot_count - 1);
    while (table->slots[slot] != 0) {
        slot = (slot + 1) & (table->slot_count - 1);
    }
    table->slots[slot] = member + 1;
}

static enum status index_table(struct arena *arena, struct table *table)
{
    uint32_t slot_count = 32;
    while (slot_count < table->capacity * 2) {
        slot_count *= 2;
    }
    table->slots = arena_array(arena, uint32_t, slot_count);
    TRY_NEW(table->slots);
    table->slot_count = slot_count;
    for (uint32_t at = 0; at < table->count; at++) {
        index_member(table, at);
    }
    return STATUS_OK;
}

struct datum *table_find(const struct table *table, struct str key)
{
    if (table->slots == NULL) {
        for (uint32_t at = 0; at < table->count; at++) {
            if (str_equal(table->members[at].key, key)) {
                return &table->members[at].datum;
            }
        }
        return NULL;
    }
    uint32_t slot = table_hash(key) & (table->slot_count - 1);
    for (; table->slots[slot] != 0; slot = (slot + 1) & (table->slot_count - 1)) {
        struct table_member *member = &table->members[table->slots[slot] - 1];
        if (str_equal(member->key, key)) {
            return &member->datum;
        }
    }
    return NULL;
}

enum status table_set(struct arena *arena, struct table *table, struct str key, struct datum datum)
{
    struct datum *found = table_find(table, key);
    if (found != NULL) {
        *found = datum;
        return STATUS_OK;
    }
    if (table->count == table->capacity) {
        uint32_t capacity = table->capacity == 0 ? 4 : table->capacity * 2;
        struct table_member *members = arena_array(arena, struct table_member, capacity);
        TRY_NEW(members);
        if (table->count > 0) {
            memcpy(members, table->members, table->count * sizeof *members);
        }
        table->members = members;
        table->capacity = capacity;
        if (capacity > TABLE_LINEAR_MAX) {
            TRY(index_table(arena, table));
        }
    }
    table->members[table->count++] = (struct table_member){key, datum};
    if (table->slots != NULL) {
        index_member(table, table->count - 1);
    }
    return STATUS_OK;
}

void table_remove(struct table *table, struct str key)
{
    struct datum *found = table_find(table, key);
    if (found == NULL) {
        return;
    }
    for (uint32_t at = 0; at < table->count; at++) {
        if (&table->members[at].datum == found) {
            memmove(&table->members[at], &table->members[at + 1], (table->count - at - 1) * sizeof table->members[0]);
            break;
        }
    }
    table->count--;
    if (table->slots != NULL) {
        memset(table->slots, 0, table->slot_count * sizeof table->slots[0]);
        for (uint32_t at = 0; at < table->count; at++) {
            index_member(table, at);
        }
    }
}
