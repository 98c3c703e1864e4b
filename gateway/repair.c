#include "gateway/repair.h"

#include "asl/utf.h"
#include "base/assert.h"

static enum status repair(struct arena *arena, const struct value *value, const struct value **out_value);

static enum status repair_array(struct arena *arena, const struct value *array, const struct value **out_array)
{
    const struct value **items = NULL;
    for (uint32_t at = 0; at < array->count; at++) {
        const struct value *item;
        TRY(repair(arena, array->items[at], &item));
        if (item != array->items[at] && items == NULL) {
            items = arena_array(arena, const struct value *, array->count);
            TRY_NEW(items);
            memcpy(items, array->items, array->count * sizeof *items);
        }
        if (items != NULL) {
            items[at] = item;
        }
    }
    if (items != NULL) {
        struct value *copy = arena_new(arena, struct value);
        TRY_NEW(copy);
        *copy = *array;
        copy->items = items;
        copy->source = STR_NONE;
        *out_array = copy;
    }
    return STATUS_OK;
}

/* `kept`: a member that stays as it is. */
static enum status repair_object(struct arena *arena, const struct value *object, struct str kept,
                                 const struct value **out_object)
{
    struct value_member *members = NULL;
    for (uint32_t at = 0; at < object->count; at++) {
        const struct value *member = object->members[at].value;
        if (!str_equal(object->members[at].key, kept)) {
            TRY(repair(arena, object->members[at].value, &member));
        }
        if (member != object->members[at].value && members == NULL) {
            members = arena_array(arena, struct value_member, object->count);
            TRY_NEW(members);
            memcpy(members, object->members, object->count * sizeof *members);
        }
        if (members != NULL) {
            members[at].value = member;
        }
    }
    if (members != NULL) {
        struct value *copy = arena_new(arena, struct value);
        TRY_NEW(copy);
        *copy = *object;
        copy->members = members;
        copy->source = STR_NONE;
        *out_object = copy;
    }
    return STATUS_OK;
}

/* The parser bounds this recursion. */
static enum status repair(struct arena *arena, const struct value *value, const struct value **out_value)
{
    struct str text;
    *out_value = value;
    switch (value->type) {
    case VALUE_STRING:
        if (str_is_utf8(value->string)) {
            return STATUS_OK;
        }
        TRY(utf_repair(arena, value->string, &text));
        return value_string(arena, text, out_value);
    case VALUE_ARRAY:
        return repair_array(arena, value, out_value);
    case VALUE_OBJECT:
        return repair_object(arena, value, STR_NONE, out_value);
    case VALUE_NULL:
    case VALUE_BOOLEAN:
    case VALUE_NUMBER:
        return STATUS_OK;
    }
    UNREACHABLE("type of a value");
}

enum status repair_texts(struct arena *arena, const struct value *request, const struct value **out_request)
{
    *out_request = request;
    return request->type == VALUE_OBJECT ? repair_object(arena, request, STR("name"), out_request) : STATUS_OK;
}
