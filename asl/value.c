#include "asl/value.h"

#include "asl/value_members.h"
#include "base/assert.h"
#include "base/limits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SEARCH_LINEAR 32 /* objects up to this size are searched member by member */

const struct value value_null = {.type = VALUE_NULL, .source = STR_INIT("null")};
const struct value value_true = {.type = VALUE_BOOLEAN, .boolean = true, .source = STR_INIT("true")};
const struct value value_false = {.type = VALUE_BOOLEAN, .boolean = false, .source = STR_INIT("false")};
const struct value value_empty_object = {.type = VALUE_OBJECT, .boolean = true, .depth = 1, .source = STR_INIT("{}")};
const struct value value_empty_array = {.type = VALUE_ARRAY, .boolean = true, .depth = 1, .source = STR_INIT("[]")};

const struct value *value_boolean(bool boolean)
{
    return boolean ? &value_true : &value_false;
}

static enum status make(struct arena *arena, struct value value, const struct value **out_value)
{
    struct value *made = arena_allocate(arena, sizeof *made);
    TRY_NEW(made);
    *made = value;
    *out_value = made;
    return STATUS_OK;
}

enum status value_string(struct arena *arena, struct str string, const struct value **out_value)
{
    return make(arena, (struct value){.type = VALUE_STRING, .string = string}, out_value);
}

enum status value_integer(struct arena *arena, int64_t number, const struct value **out_value)
{
    char digits[24];
    char *end = digits + sizeof digits;
    char *at = end;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0) {
        *--at = '-';
    }
    struct value value = {.type = VALUE_NUMBER, .number = (double)number};
    TRY(arena_copy(arena, (struct str){at, (size_t)(end - at)}, &value.source));
    return make(arena, value, out_value);
}

/* The fewest significant digits, at least two, that read back as `number`: "d.ddde±xx" in `out`. Java's
 * Double.toString wants two at least, so that 4.9E-324 is not 5E-324. */
static void shortest(double number, char *out, size_t capacity)
{
    /* No normal double that 15 digits can tell needs a search: they come back as they are, with zeros behind. */
    bool normal = isnormal(number);
    for (int precision = normal ? 14 : 1; precision <= 16; precision++) {
        snprintf(out, capacity, "%.*e", precision, number);
        if (strtod(out, NULL) == number) {
            return;
        }
    }
}

/* Double.toString of a finite number. */
static int print_double(double number, char *out, size_t capacity)
{
    if (number == 0) {
        return snprintf(out, capacity, "%s", signbit(number) ? "-0.0" : "0.0");
    }
    char scientific[32];
    shortest(fabs(number), scientific, sizeof scientific);
    char digits[24];
    char *exponent_at = strchr(scientific, 'e');
    int exponent = atoi(exponent_at + 1);
    int count = 0;
    for (const char *at = scientific; at < exponent_at; at++) {
        if (*at != '.') {
            digits[count++] = *at;
        }
    }
    while (count > 1 && digits[count - 1] == '0') {
        count--;
    }
    const char *sign = number < 0 ? "-" : "";
    if (exponent < -3 || exponent >= 7) {
        return snprintf(out, capacity, "%s%c.%.*sE%d", sign, digits[0], count > 1 ? count - 1 : 1,
                        count > 1 ? digits + 1 : "0", exponent);
    }
    if (exponent < 0) {
        return snprintf(out, capacity, "%s0.%.*s%.*s", sign, -exponent - 1, "00", count, digits);
    }
    while (count < exponent + 2) {
        digits[count++] = '0';
    }
    return snprintf(out, capacity, "%s%.*s.%.*s", sign, exponent + 1, digits, count - exponent - 1, digits + exponent + 1);
}

enum status value_double(struct arena *arena, double number, const struct value **out_value)
{
    if (!isfinite(number)) {
        return STATUS_INVALID;
    }
    char text[40];
    int length = print_double(number, text, sizeof text);
    struct value value = {.type = VALUE_NUMBER, .number = number};
    TRY(arena_copy(arena, (struct str){text, (size_t)length}, &value.source));
    return make(arena, value, out_value);
}

enum status value_number_text(struct arena *arena, struct str text, const struct value **out_value)
{
    struct str copy;
    const struct value *value = NULL;
    TRY(arena_copy(arena, text, &copy));
    TRY(value_parse(arena, copy, &value, NULL));
    if (value->type != VALUE_NUMBER || value->source.length != text.length) {
        return STATUS_INVALID;
    }
    *out_value = value;
    return STATUS_OK;
}

enum status value_number_printed(struct arena *arena, struct str text, double number, const struct value **out_value)
{
    return make(arena, (struct value){.type = VALUE_NUMBER, .number = number, .source = text}, out_value);
}

enum status value_array(struct arena *arena, const struct value *const *items, size_t count, const struct value **out_value)
{
    if (count > UINT32_MAX) {
        return STATUS_LIMIT_EXCEEDED;
    }
    return make(arena, (struct value){.type = VALUE_ARRAY, .count = (uint32_t)count, .items = items}, out_value);
}

enum status value_object(struct arena *arena, const struct value_member *members, size_t count,
                         const struct value **out_value)
{
    if (count > UINT32_MAX) {
        return STATUS_LIMIT_EXCEEDED;
    }
    return make(arena, (struct value){.type = VALUE_OBJECT, .count = (uint32_t)count, .members = members}, out_value);
}

/* The member's index, or object->count. */
static uint32_t find_member(const struct value *object, struct str key)
{
    uint32_t at = 0;
    while (at < object->count && !str_equal(object->members[at].key, key)) {
        at++;
    }
    return at;
}

const struct value *value_get(const struct value *object, struct str key)
{
    if (object == NULL || object->type != VALUE_OBJECT) {
        return NULL;
    }
    uint32_t at = find_member(object, key);
    return at == object->count ? NULL : object->members[at].value;
}

const struct value *value_item(const struct value *array, size_t index)
{
    if (array == NULL || array->type != VALUE_ARRAY || index >= array->count) {
        return NULL;
    }
    return array->items[index];
}

enum status value_object_with(struct arena *arena, const struct value *object, struct str key, const struct value *member,
                              const struct value **out_value)
{
    ASSERT(object->type == VALUE_OBJECT);
    uint32_t at = find_member(object, key);
    uint32_t count = object->count;
    bool added = at == count;
    struct value_member *members = arena_allocate(arena, ((size_t)count + added) * sizeof *members);
    TRY_NEW(members);
    if (count > 0) {
        memcpy(members, object->members, count * sizeof *members);
    }
    if (added) {
        members[at] = (struct value_member){.key = key};
    }
    members[at].value = member;
    return value_object(arena, members, (size_t)count + added, out_value);
}

enum status value_object_merge(struct arena *arena, const struct value *first, const struct value *second,
                               const struct value **out_value)
{
    ASSERT(first->type == VALUE_OBJECT && second->type == VALUE_OBJECT);
    size_t count = (size_t)first->count + second->count;
    struct value_member *members = arena_allocate(arena, count * sizeof *members);
    TRY_NEW(members);
    if (first->count > 0) {
        memcpy(members, first->members, first->count * sizeof *members);
    }
    if (second->count > 0) {
        memcpy(members + first->count, second->members, second->count * sizeof *members);
    }
    TRY(value_members_merge(members, count, &count));
    return value_object(arena, members, count, out_value);
}

enum status value_array_with(struct arena *arena, const struct value *array, size_t index, const struct value *item,
                             const struct value **out_value)
{
    ASSERT(array->type == VALUE_ARRAY && index < array->count);
    const struct value **items = arena_allocate(arena, array->count * sizeof *items);
    TRY_NEW(items);
    memcpy(items, array->items, array->count * sizeof *items);
    items[index] = item;
    return value_array(arena, items, array->count, out_value);
}

static bool numbers_equal(const struct value *a, const struct value *b)
{
    int64_t first = 0;
    int64_t second = 0;
    if (str_equal(a->source, b->source)) {
        return true;
    }
    bool whole = value_to_int64(a, &first);
    if (whole != value_to_int64(b, &second)) {
        return false;
    }
    return whole ? first == second : isfinite(a->number) && a->number == b->number;
}

static int compare_members(const void *a, const void *b)
{
    const struct value_member *first = *(const struct value_member *const *)a;
    const struct value_member *second = *(const struct value_member *const *)b;
    return str_compare(first->key, second->key);
}

/* The members by key; to be freed. NULL when there is no memory. */
static const struct value_member **sorted_members(const struct value *object)
{
    const struct value_member **sorted = malloc(object->count * sizeof *sorted);
    for (uint32_t at = 0; sorted != NULL && at < object->count; at++) {
        sorted[at] = &object->members[at];
    }
    if (sorted != NULL) {
        qsort(sorted, object->count, sizeof *sorted, compare_members);
    }
    return sorted;
}

static bool equal_at(const struct value *a, const struct value *b, size_t depth);

/* Objects in the same order, as most are; *out_order tells whether it was so. */
static bool objects_equal_ordered(const struct value *a, const struct value *b, size_t depth, bool *out_order)
{
    for (uint32_t at = 0; at < a->count; at++) {
        if (!str_equal(a->members[at].key, b->members[at].key)) {
            *out_order = false;
            return false;
        }
    }
    *out_order = true;
    for (uint32_t at = 0; at < a->count; at++) {
        if (!equal_at(a->members[at].value, b->members[at].value, depth)) {
            return false;
        }
    }
    return true;
}

static bool objects_equal(const struct value *a, const struct value *b, size_t depth)
{
    bool ordered = false;
    bool equal = objects_equal_ordered(a, b, depth, &ordered);
    if (ordered) {
        return equal;
    }
    if (a->count <= SEARCH_LINEAR) {
        for (uint32_t at = 0; at < a->count; at++) {
            const struct value *other = value_get(b, a->members[at].key);
            if (other == NULL || !equal_at(a->members[at].value, other, depth)) {
                return false;
            }
        }
        return true;
    }
    const struct value_member **first = sorted_members(a);
    const struct value_member **second = sorted_members(b);
    equal = first != NULL && second != NULL;
    for (uint32_t at = 0; equal && at < a->count; at++) {
        equal = str_equal(first[at]->key, second[at]->key) && equal_at(first[at]->value, second[at]->value, depth);
    }
    free(first);
    free(second);
    return equal;
}

static bool arrays_equal(const struct value *a, const struct value *b, size_t depth)
{
    for (uint32_t at = 0; at < a->count; at++) {
        if (!equal_at(a->items[at], b->items[at], depth)) {
            return false;
        }
    }
    return true;
}

static bool equal_at(const struct value *a, const struct value *b, size_t depth)
{
    if (a == b) {
        return true;
    }
    if (a->type != b->type || depth > JSON_DEPTH_MAX) {
        return false;
    }
    switch (a->type) {
    case VALUE_NULL:
        return true;
    case VALUE_BOOLEAN:
        return a->boolean == b->boolean;
    case VALUE_NUMBER:
        return numbers_equal(a, b);
    case VALUE_STRING:
        return str_equal(a->string, b->string);
    case VALUE_ARRAY:
        return a->count == b->count && arrays_equal(a, b, depth + 1);
    case VALUE_OBJECT:
        return a->count == b->count && objects_equal(a, b, depth + 1);
    }
    UNREACHABLE("value type");
}

bool value_equal(const struct value *a, const struct value *b)
{
    return equal_at(a, b, 0);
}

/* The whole number with these digits (a point among them is passed over) of which the first `whole` count and the others
 * must be zeros; summed downwards, because INT64_MIN has no positive. */
static bool sum_digits(struct str digits, int64_t whole, int64_t *out_negated)
{
    int64_t sum = 0;
    int64_t at = 0;
    for (size_t index = 0; index < digits.length; index++) {
        if (digits.bytes[index] == '.') {
            continue;
        }
        int digit = digits.bytes[index] - '0';
        if (at >= whole && digit != 0) {
            return false;
        }
        if (at < whole && (__builtin_mul_overflow(sum, 10, &sum) || __builtin_sub_overflow(sum, digit, &sum))) {
            return false;
        }
        at++;
    }
    for (; at < whole && sum != 0; at++) {
        if (__builtin_mul_overflow(sum, 10, &sum)) {
            return false;
        }
    }
    *out_negated = sum;
    return true;
}

bool value_to_int64(const struct value *value, int64_t *out_number)
{
    if (value == NULL || value->type != VALUE_NUMBER) {
        return false;
    }
    struct str text = value->source;
    if (str_to_int64(text, out_number)) {
        return true;
    }
    bool negative = text.length > 0 && text.bytes[0] == '-';
    struct str digits = str_from(text, negative ? 1 : 0);
    size_t mark = str_find(digits, 'e');
    mark = mark == digits.length ? str_find(digits, 'E') : mark;
    int64_t exponent = 0;
    if (mark < digits.length) {
        struct str shown = str_from(digits, mark + 1);
        shown = shown.length > 0 && shown.bytes[0] == '+' ? str_from(shown, 1) : shown;
        if (!str_to_int64(shown, &exponent) || exponent > INT32_MAX || exponent < INT32_MIN) {
            return false;
        }
        digits.length = mark;
    }
    int64_t sum = 0;
    if (digits.length == 0 || !sum_digits(digits, (int64_t)str_find(digits, '.') + exponent, &sum) ||
        (!negative && __builtin_sub_overflow(0, sum, &sum))) {
        return false;
    }
    *out_number = sum;
    return true;
}

/* How many bytes at the start need no escape: all but quote, backslash, controls and lone surrogates (as WTF-8 has them). */
static size_t plain_length(struct str text)
{
    for (size_t at = 0; at < text.length; at++) {
        unsigned char byte = (unsigned char)text.bytes[at];
        if (byte < 0x20 || byte == '"' || byte == '\\' ||
            (byte == 0xED && at + 2 < text.length && (unsigned char)text.bytes[at + 1] >= 0xA0)) {
            return at;
        }
    }
    return text.length;
}

static enum status write_escape(struct buffer *buffer, struct str text, size_t *out_length)
{
    static const char letters[] = "\"\"\\\\\bb\tt\nn\ff\rr";
    unsigned char byte = (unsigned char)text.bytes[0];
    *out_length = 1;
    for (const char *at = letters; *at != '\0'; at += 2) {
        if ((unsigned char)*at == byte) {
            const char escape[] = {'\\', at[1]};
            return buffer_add(buffer, (struct str){escape, sizeof escape});
        }
    }
    if (byte == 0xED) {
        *out_length = 3;
        unsigned second = (unsigned char)text.bytes[1];
        unsigned third = (unsigned char)text.bytes[2];
        return buffer_format(buffer, "\\u%04X", 0xD000U | (second & 0x3F) << 6 | (third & 0x3F));
    }
    return buffer_format(buffer, "\\u%04X", byte);
}

enum status value_write_string(struct buffer *buffer, struct str string)
{
    TRY(buffer_add_byte(buffer, '"'));
    while (string.length > 0) {
        size_t length = plain_length(string);
        TRY(buffer_add(buffer, (struct str){string.bytes, length}));
        string = str_from(string, length);
        if (string.length > 0) {
            TRY(write_escape(buffer, string, &length));
            string = str_from(string, length);
        }
    }
    return buffer_add_byte(buffer, '"');
}

static enum status write_at(struct buffer *buffer, const struct value *value, size_t depth);

static enum status write_array(struct buffer *buffer, const struct value *array, size_t depth)
{
    TRY(buffer_add_byte(buffer, '['));
    for (uint32_t at = 0; at < array->count; at++) {
        if (at > 0) {
            TRY(buffer_add_byte(buffer, ','));
        }
        TRY(write_at(buffer, array->items[at], depth));
    }
    return buffer_add_byte(buffer, ']');
}

static enum status write_object(struct buffer *buffer, const struct value *object, size_t depth)
{
    TRY(buffer_add_byte(buffer, '{'));
    for (uint32_t at = 0; at < object->count; at++) {
        const struct value_member *member = &object->members[at];
        if (at > 0) {
            TRY(buffer_add_byte(buffer, ','));
        }
        if (member->key_source.length > 0) {
            TRY(buffer_add(buffer, member->key_source));
        } else {
            TRY(value_write_string(buffer, member->key));
        }
        TRY(buffer_add_byte(buffer, ':'));
        TRY(write_at(buffer, member->value, depth));
    }
    return buffer_add_byte(buffer, '}');
}

static enum status write_at(struct buffer *buffer, const struct value *value, size_t depth)
{
    switch (value->type) {
    case VALUE_NULL:
    case VALUE_BOOLEAN:
    case VALUE_NUMBER:
        return buffer_add(buffer, value->source);
    case VALUE_STRING:
        return value->source.length > 0 ? buffer_add(buffer, value->source) : value_write_string(buffer, value->string);
    case VALUE_ARRAY:
    case VALUE_OBJECT:
        if (value->boolean && depth + value->depth <= JSON_DEPTH_MAX) {
            return buffer_add(buffer, value->source);
        }
        /* What is written must be readable again. */
        if (depth == JSON_DEPTH_MAX) {
            return STATUS_LIMIT_EXCEEDED;
        }
        return value->type == VALUE_ARRAY ? write_array(buffer, value, depth + 1) : write_object(buffer, value, depth + 1);
    }
    UNREACHABLE("value type");
}

enum status value_write(struct buffer *buffer, const struct value *value)
{
    return write_at(buffer, value, 0);
}

enum status value_to_text(struct arena *arena, const struct value *value, struct str *out_text)
{
    bool as_written = value->source.length > 0 && (value->boolean || value->type <= VALUE_STRING);
    if (as_written) {
        *out_text = value->source;
        return STATUS_OK;
    }
    struct buffer buffer = buffer_in(arena);
    TRY(value_write(&buffer, value));
    *out_text = buffer_text(&buffer);
    return STATUS_OK;
}
