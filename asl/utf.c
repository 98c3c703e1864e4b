#include "asl/utf.h"

#include "base/buffer.h"

#include "base/assert.h"

size_t utf_encode(uint32_t point, char *out)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t index = length - 1; index > 0; index--) {
        out[index] = (char)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    out[0] = (char)((0xF00 >> length) | point);
    return length;
}

uint32_t utf_decode(struct str text, size_t *out_length)
{
    ASSERT(text.length > 0);
    unsigned char first = (unsigned char)text.bytes[0];
    size_t length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    *out_length = 1;
    if (length == 1 || text.length < length) {
        return first;
    }
    uint32_t point = first & (0xFFU >> (length + 1));
    for (size_t index = 1; index < length; index++) {
        point = point << 6 | ((unsigned char)text.bytes[index] & 0x3F);
    }
    *out_length = length;
    return point;
}

int utf_hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

size_t utf_units(struct str text)
{
    size_t units = 0;
    for (size_t at = 0; at < text.length; at++) {
        unsigned char byte = (unsigned char)text.bytes[at];
        units += (byte & 0xC0) != 0x80;
        units += byte >= 0xF0;
    }
    return units;
}

int utf_compare(struct str a, struct str b)
{
    size_t common = a.length < b.length ? a.length : b.length;
    size_t at = 0;
    while (at < common && a.bytes[at] == b.bytes[at]) {
        at++;
    }
    if (at == common) {
        return (a.length > b.length) - (a.length < b.length);
    }
    unsigned char first = (unsigned char)a.bytes[at];
    unsigned char second = (unsigned char)b.bytes[at];
    /* Bytes order as code points do; only that surrogates (of what takes four bytes) come before U+E000 and up. */
    bool first_pair = first >= 0xF0;
    bool second_pair = second >= 0xF0;
    if (first_pair != second_pair && first >= 0xEE && second >= 0xEE) {
        return first_pair ? -1 : 1;
    }
    return first < second ? -1 : 1;
}

static bool hex_unit(struct str text, uint32_t *out_unit)
{
    uint32_t unit = 0;
    for (size_t index = 2; index < 6; index++) {
        int digit = index < text.length ? utf_hex_digit(text.bytes[index]) : -1;
        if (digit < 0) {
            return false;
        }
        unit = unit << 4 | (uint32_t)digit;
    }
    *out_unit = unit;
    return true;
}

size_t utf_unescape(struct str text, uint32_t *out_point)
{
    uint32_t high = 0;
    uint32_t low = 0;
    if (!hex_unit(text, &high)) {
        return 0;
    }
    *out_point = high;
    if ((high & 0xFC00) != 0xD800 || text.length < 12 || text.bytes[6] != '\\' || text.bytes[7] != 'u' ||
        !hex_unit(str_from(text, 6), &low) || (low & 0xFC00) != 0xDC00) {
        return 6;
    }
    *out_point = 0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF);
    return 12;
}

/* How many bytes one replacement stands for: a leading byte and what continues it. */
static size_t malformed_length(struct str bytes)
{
    unsigned char first = (unsigned char)bytes.bytes[0];
    size_t expected = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    size_t length = 1;
    while (length < expected && length < bytes.length && ((unsigned char)bytes.bytes[length] & 0xC0) == 0x80) {
        length++;
    }
    return length;
}

enum status utf_repair(struct arena *arena, struct str bytes, struct str *out_text)
{
    struct buffer text = buffer_in(arena);
    if (str_is_utf8(bytes)) {
        *out_text = bytes;
        return STATUS_OK;
    }
    while (bytes.length > 0) {
        size_t length = malformed_length(bytes);
        struct str part = str_slice(bytes, 0, length);
        TRY(buffer_add(&text, str_is_utf8(part) ? part : STR("\xEF\xBF\xBD")));
        bytes = str_from(bytes, length);
    }
    *out_text = buffer_text(&text);
    return STATUS_OK;
}
