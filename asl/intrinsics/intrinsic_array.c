#include "asl/intrinsics/intrinsic_call.h"
#include "base/limits.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum status intrinsic_array(const struct intrinsic_frame *frame, const struct value **out_value)
{
    return value_array(frame->run->arena, frame->values, frame->call->count, out_value);
}

enum status intrinsic_array_partition(const struct intrinsic_frame *frame, const struct value **out_value)
{
    struct arena *arena = frame->run->arena;
    int64_t size = 0;
    TRY(intrinsic_need(frame, 0, VALUE_ARRAY));
    TRY(intrinsic_need_integer(frame, 1, &size));
    if (size <= 0) {
        return intrinsic_fail(frame, "The chunk size must be a positive integer but is %" PRId64, size);
    }
    const struct value *array = frame->values[0];
    uint32_t chunk = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
    uint32_t count = array->count / chunk + (array->count % chunk != 0);
    const struct value **chunks = arena_allocate(arena, ((size_t)count + 1) * sizeof *chunks);
    TRY_NEW(chunks);
    for (uint32_t at = 0; at < count; at++) {
        uint32_t left = array->count - at * chunk;
        TRY(value_array(arena, array->items + (size_t)at * chunk, left < chunk ? left : chunk, &chunks[at]));
    }
    return value_array(arena, chunks, count, out_value);
}

enum status intrinsic_array_contains(const struct intrinsic_frame *frame, const struct value **out_value)
{
    TRY(intrinsic_need(frame, 0, VALUE_ARRAY));
    bool contains = false;
    env_work_add(frame->run->env, frame->values[0]->count);
    for (uint32_t at = 0; at < frame->values[0]->count && !contains; at++) {
        contains = value_equal(frame->values[0]->items[at], frame->values[1]);
    }
    *out_value = value_boolean(contains);
    return STATUS_OK;
}

enum status intrinsic_array_range(const struct intrinsic_frame *frame, const struct value **out_value)
{
    int64_t first = 0;
    int64_t last = 0;
    int64_t step = 0;
    TRY(intrinsic_need_integer(frame, 0, &first));
    TRY(intrinsic_need_integer(frame, 1, &last));
    TRY(intrinsic_need_integer(frame, 2, &step));
    if (step == 0) {
        return intrinsic_fail(frame, "The step of a range must not be 0");
    }
    __extension__ typedef __int128 wide;
    wide span = (wide)last - first;
    wide count = (span < 0) != (step < 0) && span != 0 ? 0 : span / step + 1;
    if (count > INTRINSIC_RANGE_ITEMS_MAX) {
        return intrinsic_fail(frame, "A range has at most %d items", INTRINSIC_RANGE_ITEMS_MAX);
    }
    const struct value **items = arena_allocate(frame->run->arena, ((size_t)count + 1) * sizeof *items);
    TRY_NEW(items);
    for (wide at = 0; at < count; at++) {
        TRY(value_integer(frame->run->arena, (int64_t)(first + at * step), &items[at]));
    }
    return value_array(frame->run->arena, items, (size_t)count, out_value);
}

enum status intrinsic_array_get_item(const struct intrinsic_frame *frame, const struct value **out_value)
{
    int64_t index = 0;
    TRY(intrinsic_need(frame, 0, VALUE_ARRAY));
    TRY(intrinsic_need_integer(frame, 1, &index));
    if (index < 0 || index >= frame->values[0]->count) {
        return intrinsic_fail(frame, "The index %" PRId64 " is outside the array of %u items", index, frame->values[0]->count);
    }
    *out_value = frame->values[0]->items[index];
    return STATUS_OK;
}

enum status intrinsic_array_length(const struct intrinsic_frame *frame, const struct value **out_value)
{
    TRY(intrinsic_need(frame, 0, VALUE_ARRAY));
    return value_integer(frame->run->arena, frame->values[0]->count, out_value);
}

static enum status write_key(struct buffer *buffer, const struct value *value, size_t depth);

static int compare_members(const void *a, const void *b)
{
    const struct value_member *first = *(const struct value_member *const *)a;
    const struct value_member *second = *(const struct value_member *const *)b;
    return str_compare(first->key, second->key);
}

static enum status write_object_key(struct buffer *buffer, const struct value *object, size_t depth)
{
    const struct value_member **sorted = arena_allocate(buffer->arena, ((size_t)object->count + 1) * sizeof *sorted);
    TRY_NEW(sorted);
    for (uint32_t at = 0; at < object->count; at++) {
        sorted[at] = &object->members[at];
    }
    qsort(sorted, object->count, sizeof *sorted, compare_members);
    TRY(buffer_add_byte(buffer, '{'));
    for (uint32_t at = 0; at < object->count; at++) {
        TRY(value_write_string(buffer, sorted[at]->key));
        TRY(write_key(buffer, sorted[at]->value, depth + 1));
    }
    return buffer_add_byte(buffer, '}');
}

static enum status write_number_key(struct buffer *buffer, const struct value *number)
{
    int64_t integer = 0;
    if (value_to_int64(number, &integer)) {
        return buffer_format(buffer, "%" PRId64 ",", integer);
    }
    return isfinite(number->number) ? buffer_format(buffer, "%.17g,", number->number)
                                    : buffer_format(buffer, "%.*s,", STR_ARGS(number->source));
}

/* A text that equal values share and no others: by it they are sorted, since comparing all pairs would be quadratic. */
static enum status write_key(struct buffer *buffer, const struct value *value, size_t depth)
{
    if (depth > JSON_DEPTH_MAX) {
        return STATUS_LIMIT_EXCEEDED;
    }
    switch (value->type) {
    case VALUE_NULL:
    case VALUE_BOOLEAN:
        return buffer_add(buffer, value->source);
    case VALUE_NUMBER:
        return write_number_key(buffer, value);
    case VALUE_STRING:
        return value_write_string(buffer, value->string);
    case VALUE_ARRAY:
        TRY(buffer_add_byte(buffer, '['));
        for (uint32_t at = 0; at < value->count; at++) {
            TRY(write_key(buffer, value->items[at], depth + 1));
        }
        return buffer_add_byte(buffer, ']');
    case VALUE_OBJECT:
        break;
    }
    return write_object_key(buffer, value, depth);
}

struct keyed {
    struct str key;
    uint32_t index;
    bool repeated;
};

static int compare_keyed(const void *a, const void *b)
{
    const struct keyed *first = a;
    const struct keyed *second = b;
    int order = str_compare(first->key, second->key);
    return order != 0 ? order : (first->index > second->index) - (first->index < second->index);
}

/* Marks in `repeated` the items that equal an earlier one. */
static enum status find_repeated(struct arena *arena, const struct value *array, bool *repeated)
{
    struct keyed *keyed = arena_array(arena, struct keyed, (size_t)array->count + 1);
    size_t *starts = arena_array(arena, size_t, (size_t)array->count + 1);
    struct buffer text = buffer_in(arena);
    TRY_NEW(keyed);
    TRY_NEW(starts);
    for (uint32_t at = 0; at < array->count; at++) {
        TRY(write_key(&text, array->items[at], 0));
        starts[at + 1] = text.length;
    }
    for (uint32_t at = 0; at < array->count; at++) {
        keyed[at].key = str_slice(buffer_text(&text), starts[at], starts[at + 1] - starts[at]);
        keyed[at].index = at;
    }
    qsort(keyed, array->count, sizeof *keyed, compare_keyed);
    for (uint32_t at = 1; at < array->count; at++) {
        repeated[keyed[at].index] = str_equal(keyed[at].key, keyed[at - 1].key);
    }
    return STATUS_OK;
}

enum status intrinsic_array_unique(const struct intrinsic_frame *frame, const struct value **out_value)
{
    TRY(intrinsic_need(frame, 0, VALUE_ARRAY));
    struct arena *arena = frame->run->arena;
    const struct value *array = frame->values[0];
    bool *repeated = arena_array(arena, bool, (size_t)array->count + 1);
    const struct value **items = arena_allocate(arena, ((size_t)array->count + 1) * sizeof *items);
    TRY_NEW(repeated);
    TRY_NEW(items);
    TRY(find_repeated(arena, array, repeated));
    uint32_t count = 0;
    for (uint32_t at = 0; at < array->count; at++) {
        if (!repeated[at]) {
            items[count++] = array->items[at];
        }
    }
    return value_array(arena, items, count, out_value);
}
