#include "asl/jsonata/datum.h"

#include "asl/jsonata/js_number.h"
#include "asl/jsonata/table.h"
#include "base/assert.h"
#include "base/limits.h"

#include <math.h>

#define STRING_BYTES_A_STEP 64 /* comparing so many bytes is about as much work as looking at an item */

struct datum datum_as_array(const struct datum *datum)
{
    return datum->type == DATUM_ARRAY ? *datum : datum_array(datum, 1, DATUM_SEQUENCE);
}

uint32_t datum_member_count(struct datum object)
{
    ASSERT(object.type == DATUM_OBJECT);
    return object.backing == BACKING_JSON ? object.origin->count : object.table->count;
}

struct datum datum_member(struct datum object, uint32_t index, struct str *out_key)
{
    ASSERT(index < datum_member_count(object));
    if (object.backing == BACKING_JSON) {
        const struct value_member *member = &object.origin->members[index];
        *out_key = member->key;
        return datum_of(member->value);
    }
    *out_key = object.table->members[index].key;
    return object.table->members[index].datum;
}

struct datum datum_get(struct datum object, struct str key)
{
    if (object.backing == BACKING_JSON) {
        return datum_of(value_get(object.origin, key));
    }
    const struct datum *found = table_find(object.table, key);
    return found == NULL ? DATUM_NONE : *found;
}

static bool equal_at(struct datum_work *work, struct datum a, struct datum b, uint32_t depth);

/* The member of that key; usually it is at the same place in both objects. */
static struct datum member_like(struct datum_work *work, struct datum object, uint32_t at, struct str key)
{
    struct str other;
    struct datum member = datum_member(object, at, &other);
    if (str_equal(key, other)) {
        return member;
    }
    work->steps += object.backing == BACKING_JSON ? datum_member_count(object) / 16 : 0;
    return datum_get(object, key);
}

static bool objects_equal(struct datum_work *work, struct datum a, struct datum b, uint32_t depth)
{
    uint32_t count = datum_member_count(a);
    if (count != datum_member_count(b)) {
        return false;
    }
    for (uint32_t at = 0; at < count && !datum_work_is_over(work); at++) {
        struct str key;
        struct datum member = datum_member(a, at, &key);
        if (!equal_at(work, member, member_like(work, b, at, key), depth + 1)) {
            return false;
        }
    }
    return true;
}

static bool arrays_equal(struct datum_work *work, struct datum a, struct datum b, uint32_t depth)
{
    if (a.count != b.count) {
        return false;
    }
    for (uint32_t at = 0; at < a.count && !datum_work_is_over(work); at++) {
        if (!equal_at(work, datum_item(a, at), datum_item(b, at), depth + 1)) {
            return false;
        }
    }
    return true;
}

static bool strings_equal(struct datum_work *work, struct str a, struct str b)
{
    work->steps += a.length == b.length ? a.length / STRING_BYTES_A_STEP : 0;
    return str_equal(a, b);
}

static bool equal_at(struct datum_work *work, struct datum a, struct datum b, uint32_t depth)
{
    work->steps++;
    if (a.type != b.type || depth > JSON_DEPTH_MAX) {
        return false;
    }
    switch ((enum datum_type)a.type) {
    case DATUM_UNDEFINED:
    case DATUM_NULL:
        return true;
    case DATUM_BOOLEAN:
        return a.boolean == b.boolean;
    case DATUM_NUMBER:
        return a.number == b.number;
    case DATUM_STRING:
        return strings_equal(work, a.string, b.string);
    case DATUM_ARRAY:
        return arrays_equal(work, a, b, depth);
    case DATUM_OBJECT:
        return objects_equal(work, a, b, depth);
    case DATUM_FUNCTION:
        return a.function == b.function;
    case DATUM_TUPLE:
        return a.tuple == b.tuple;
    case DATUM_THUNK:
        return a.thunk == b.thunk;
    }
    UNREACHABLE("datum type");
}

bool datum_equal(struct datum_work *work, struct datum a, struct datum b)
{
    return equal_at(work, a, b, 0);
}

static bool truth_at(struct datum_work *work, struct datum datum, uint32_t depth)
{
    switch ((enum datum_type)datum.type) {
    case DATUM_BOOLEAN:
        return datum.boolean;
    case DATUM_NUMBER:
        return datum.number != 0 && datum.number == datum.number;
    case DATUM_STRING:
        return datum.string.length > 0;
    case DATUM_ARRAY:
        for (uint32_t at = 0; at < datum_count(datum) && depth < JSON_DEPTH_MAX && !datum_work_is_over(work); at++) {
            work->steps++;
            if (truth_at(work, datum_item(datum, at), depth + 1)) {
                return true;
            }
        }
        return false;
    case DATUM_OBJECT:
        return datum_member_count(datum) > 0;
    case DATUM_UNDEFINED:
    case DATUM_NULL:
    case DATUM_FUNCTION:
    case DATUM_TUPLE:
    case DATUM_THUNK:
        return false;
    }
    UNREACHABLE("datum type");
}

bool datum_truth(struct datum_work *work, struct datum datum)
{
    return truth_at(work, datum, 0);
}

static uint64_t mix(uint64_t hash, uint64_t more)
{
    hash = (hash ^ more) * 0x9E3779B97F4A7C15ULL;
    return hash ^ hash >> 29;
}

static uint64_t hash_at(struct datum_work *work, struct datum datum, uint32_t depth)
{
    bool within = depth < JSON_DEPTH_MAX && !datum_work_is_over(work);
    uint64_t hash = datum.type;
    double number = datum.number == 0 ? 0 : datum.number; /* -0 equals 0 */
    uint64_t bits = 0;
    work->steps++;
    switch ((enum datum_type)datum.type) {
    case DATUM_BOOLEAN:
        return mix(hash, datum.boolean);
    case DATUM_NUMBER:
        memcpy(&bits, &number, sizeof bits);
        return mix(hash, bits);
    case DATUM_STRING:
        work->steps += datum.string.length / STRING_BYTES_A_STEP;
        return mix(hash, table_hash(datum.string));
    case DATUM_ARRAY:
        for (uint32_t at = 0; at < datum_count(datum) && within; at++) {
            hash = mix(hash, hash_at(work, datum_item(datum, at), depth + 1));
        }
        return hash;
    case DATUM_OBJECT:
        for (uint32_t at = 0; at < datum_member_count(datum) && within; at++) {
            struct str key;
            struct datum member = datum_member(datum, at, &key);
            hash += mix(table_hash(key), hash_at(work, member, depth + 1)); /* whatever the order */
        }
        return hash;
    case DATUM_UNDEFINED:
    case DATUM_NULL:
    case DATUM_FUNCTION:
    case DATUM_TUPLE:
    case DATUM_THUNK:
        return hash;
    }
    UNREACHABLE("datum type");
}

uint64_t datum_hash(struct datum_work *work, struct datum datum)
{
    return hash_at(work, datum, 0);
}

static enum status to_value_at(struct arena *arena, struct datum_work *work, struct datum datum, uint32_t depth,
                               const struct value **out_value);

/* How many of so many items the limit allows, and one to be over it. */
static uint32_t shown(const struct datum_work *work, uint32_t count)
{
    uint64_t left = datum_work_is_over(work) ? 0 : work->steps_max - work->steps + 1;
    return left < count ? (uint32_t)left : count;
}

static enum status array_to_value(struct arena *arena, struct datum_work *work, struct datum array, uint32_t depth,
                                  const struct value **out_value)
{
    uint32_t count = shown(work, datum_count(array));
    const struct value **items = arena_array(arena, const struct value *, count);
    TRY_NEW(items);
    uint32_t kept = 0;
    for (; kept < count && !datum_work_is_over(work); kept++) {
        TRY(to_value_at(arena, work, datum_item(array, kept), depth + 1, &items[kept]));
        if (items[kept] == NULL) {
            items[kept] = &value_null;
        }
    }
    return value_array(arena, items, kept, out_value);
}

static enum status object_to_value(struct arena *arena, struct datum_work *work, struct datum object, uint32_t depth,
                                   const struct value **out_value)
{
    uint32_t count = shown(work, datum_member_count(object));
    struct value_member *members = arena_array(arena, struct value_member, count);
    TRY_NEW(members);
    uint32_t kept = 0;
    for (uint32_t at = 0; at < count && !datum_work_is_over(work); at++) {
        struct str key;
        struct datum member = datum_member(object, at, &key);
        const struct value *value = NULL;
        TRY(to_value_at(arena, work, member, depth + 1, &value));
        if (value != NULL) {
            members[kept++] = (struct value_member){.key = key, .value = value};
        }
    }
    return value_object(arena, members, kept, out_value);
}

static enum status number_to_value(struct arena *arena, double number, const struct value **out_value)
{
    if (!isfinite(number)) {
        *out_value = &value_null;
        return STATUS_OK;
    }
    char text[JS_NUMBER_CHARACTERS_MAX];
    struct str copy;
    TRY(arena_copy(arena, js_number_print(number, text), &copy));
    return value_number_printed(arena, copy, number == 0 ? 0 : number, out_value); /* -0 prints as 0 */
}

static enum status to_value_at(struct arena *arena, struct datum_work *work, struct datum datum, uint32_t depth,
                               const struct value **out_value)
{
    work->steps++;
    if (depth > JSON_DEPTH_MAX) {
        return STATUS_INVALID;
    }
    if (datum.origin != NULL) {
        *out_value = datum.origin;
        return STATUS_OK;
    }
    switch ((enum datum_type)datum.type) {
    case DATUM_UNDEFINED:
    case DATUM_FUNCTION:
    case DATUM_THUNK:
        *out_value = NULL;
        return STATUS_OK;
    case DATUM_NULL:
        *out_value = &value_null;
        return STATUS_OK;
    case DATUM_BOOLEAN:
        *out_value = value_boolean(datum.boolean);
        return STATUS_OK;
    case DATUM_NUMBER:
        return number_to_value(arena, datum.number, out_value);
    case DATUM_STRING:
        return value_string(arena, datum.string, out_value);
    case DATUM_ARRAY:
        return array_to_value(arena, work, datum, depth, out_value);
    case DATUM_OBJECT:
        return object_to_value(arena, work, datum, depth, out_value);
    case DATUM_TUPLE:
        return to_value_at(arena, work, datum.tuple->context, depth + 1, out_value);
    }
    UNREACHABLE("datum type");
}

enum status datum_to_value(struct arena *arena, struct datum_work *work, struct datum datum, const struct value **out_value)
{
    return to_value_at(arena, work, datum, 0, out_value);
}
