#include "asl/jsonata/code_points.h"

#define IS_CONTINUATION(byte) (((uint8_t)(byte) & 0xC0) == 0x80)
#define ASTRAL 0x10000
#define COMPARE_BLOCK 64

/* Bytes of the character that begins with `first`. */
static size_t length_of(uint8_t first)
{
    if (first < 0xC0) {
        return 1;
    }
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

uint32_t code_points_next(struct str text, size_t *at)
{
    const uint8_t *bytes = (const uint8_t *)text.bytes + *at;
    size_t length = length_of(bytes[0]);
    if (length == 1 || length > text.length - *at) {
        *at += 1;
        return bytes[0];
    }
    uint32_t code_point = bytes[0] & (0xFFU >> (length + 1));
    for (size_t index = 1; index < length; index++) {
        if (!IS_CONTINUATION(bytes[index])) {
            *at += 1;
            return bytes[0];
        }
        code_point = code_point << 6 | (bytes[index] & 0x3F);
    }
    *at += length;
    return code_point;
}

size_t code_points_count(struct str text)
{
    size_t count = 0;
    for (size_t at = 0; at < text.length; at++) {
        count += !IS_CONTINUATION(text.bytes[at]);
    }
    return count;
}

size_t code_points_utf16_count(struct str text)
{
    size_t count = 0;
    for (size_t at = 0; at < text.length; at++) {
        count += !IS_CONTINUATION(text.bytes[at]);
        count += (uint8_t)text.bytes[at] >= 0xF0;
    }
    return count;
}

size_t code_points_offset(struct str text, size_t index)
{
    size_t at = 0;
    for (; at < text.length; at++) {
        if (!IS_CONTINUATION(text.bytes[at])) {
            if (index == 0) {
                return at;
            }
            index--;
        }
    }
    return at;
}

size_t code_points_write(uint32_t code_point, char out[4])
{
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (char)(0xC0 | code_point >> 6);
        out[1] = (char)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < ASTRAL) {
        out[0] = (char)(0xE0 | code_point >> 12);
        out[1] = (char)(0x80 | (code_point >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code_point & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code_point >> 18);
    out[1] = (char)(0x80 | (code_point >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code_point >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code_point & 0x3F));
    return 4;
}

enum status code_points_add(struct buffer *buffer, uint32_t code_point)
{
    char bytes[4];
    size_t length = code_points_write(code_point, bytes);
    return buffer_add(buffer, (struct str){bytes, length});
}

/* The surrogate that the three bytes encode, when it is of the half that `second` (the top four bits of the middle byte's
 * payload) tells; 0 otherwise. */
static uint32_t surrogate_at(const char *bytes, uint8_t low, uint8_t high)
{
    uint8_t middle = (uint8_t)bytes[1];
    if ((uint8_t)bytes[0] != 0xED || middle < low || middle > high) {
        return 0;
    }
    return 0xD000U | (uint32_t)(middle & 0x3F) << 6 | ((uint8_t)bytes[2] & 0x3FU);
}

enum status code_points_add_string(struct buffer *buffer, struct str text)
{
    if (buffer->length >= 3 && text.length >= 3) {
        uint32_t high = surrogate_at(buffer->bytes + buffer->length - 3, 0xA0, 0xAF);
        uint32_t low = surrogate_at(text.bytes, 0xB0, 0xBF);
        if (high != 0 && low != 0) {
            buffer->length -= 3;
            TRY(code_points_add(buffer, ASTRAL + ((high - 0xD800) << 10) + (low - 0xDC00)));
            text = str_from(text, 3);
        }
    }
    return buffer_add(buffer, text);
}

/* The first UTF-16 unit. */
static uint32_t first_unit(uint32_t code_point)
{
    return code_point < ASTRAL ? code_point : 0xD800 + ((code_point - ASTRAL) >> 10);
}

/* How many bytes at the start of both are alike, up to `length`. Blocks first: a byte at a time is slow for long strings. */
static size_t common_length(struct str a, struct str b, size_t length)
{
    size_t same = 0;
    while (length - same >= COMPARE_BLOCK && memcmp(a.bytes + same, b.bytes + same, COMPARE_BLOCK) == 0) {
        same += COMPARE_BLOCK;
    }
    while (same < length && a.bytes[same] == b.bytes[same]) {
        same++;
    }
    return same;
}

int code_points_compare(struct str a, struct str b, size_t *out_same)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    size_t same = common_length(a, b, shorter);
    *out_same = same;
    if (same == shorter) {
        return a.length < b.length ? -1 : a.length > b.length;
    }
    while (same > 0 && IS_CONTINUATION(a.bytes[same])) {
        same--;
    }
    size_t at_a = same;
    size_t at_b = same;
    uint32_t point_a = code_points_next(a, &at_a);
    uint32_t point_b = code_points_next(b, &at_b);
    uint32_t unit_a = first_unit(point_a);
    uint32_t unit_b = first_unit(point_b);
    if (unit_a != unit_b) {
        return unit_a < unit_b ? -1 : 1;
    }
    return point_a < point_b ? -1 : point_a > point_b;
}

bool code_points_is_space(uint32_t code_point)
{
    return (code_point >= 0x09 && code_point <= 0x0D) || code_point == 0x20 || code_point == 0xA0 || code_point == 0x1680 ||
           (code_point >= 0x2000 && code_point <= 0x200A) || code_point == 0x2028 || code_point == 0x2029 ||
           code_point == 0x202F || code_point == 0x205F || code_point == 0x3000 || code_point == 0xFEFF;
}
