#include "base/str.h"

#include "base/assert.h"

struct str str_of(const char *text)
{
    return text == NULL ? STR_NONE : (struct str){text, strlen(text)};
}

int str_compare(struct str a, struct str b)
{
    size_t common = a.length < b.length ? a.length : b.length;
    int order = common == 0 ? 0 : memcmp(a.bytes, b.bytes, common);
    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

bool str_starts_with(struct str text, struct str prefix)
{
    return text.length >= prefix.length && str_equal((struct str){text.bytes, prefix.length}, prefix);
}

bool str_ends_with(struct str text, struct str suffix)
{
    return text.length >= suffix.length &&
           str_equal((struct str){text.bytes + text.length - suffix.length, suffix.length}, suffix);
}

struct str str_from(struct str text, size_t from)
{
    ASSERT(from <= text.length);
    return from == 0 ? text : (struct str){text.bytes + from, text.length - from};
}

struct str str_slice(struct str text, size_t from, size_t length)
{
    ASSERT(from <= text.length && length <= text.length - from);
    return length == 0 ? STR("") : (struct str){text.bytes + from, length};
}

size_t str_find(struct str text, char byte)
{
    const char *found = text.length == 0 ? NULL : memchr(text.bytes, byte, text.length);
    return found == NULL ? text.length : (size_t)(found - text.bytes);
}

size_t str_find_str(struct str text, struct str part)
{
    if (part.length == 0 || part.length > text.length) {
        return part.length == 0 ? 0 : text.length;
    }
    /* glibc's takes time in proportion to the text, whatever the part is. */
    const char *found = memmem(text.bytes, text.length, part.bytes, part.length);
    return found == NULL ? text.length : (size_t)(found - text.bytes);
}

struct str str_cut(struct str text, size_t length_max)
{
    if (text.length <= length_max) {
        return text;
    }
    size_t length = length_max;
    while (length > 0 && ((unsigned char)text.bytes[length] & 0xC0) == 0x80) {
        length--; /* not within a character */
    }
    return str_slice(text, 0, length);
}

struct str str_cut_characters(struct str text, size_t characters_max)
{
    size_t characters = 0;
    for (size_t at = 0; text.length > characters_max && at < text.length; at++) {
        bool begins = ((unsigned char)text.bytes[at] & 0xC0) != 0x80;
        if (begins && characters++ == characters_max) {
            return str_slice(text, 0, at);
        }
    }
    return text;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

struct str str_trim(struct str text)
{
    while (text.length > 0 && is_blank(text.bytes[0])) {
        text = str_from(text, 1);
    }
    while (text.length > 0 && is_blank(text.bytes[text.length - 1])) {
        text.length--;
    }
    return text;
}

bool str_to_int64(struct str text, int64_t *out_number)
{
    bool negative = text.length > 0 && text.bytes[0] == '-';
    struct str digits = str_from(text, negative ? 1 : 0);
    int64_t number = 0;
    if (digits.length == 0) {
        return false;
    }
    for (size_t at = 0; at < digits.length; at++) {
        int digit = digits.bytes[at] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_sub_overflow(number, digit, &number)) {
            return false;
        }
    }
    /* Summed downwards, because INT64_MIN has no positive. */
    if (!negative && __builtin_sub_overflow(0, number, &number)) {
        return false;
    }
    *out_number = number;
    return true;
}

/* The length of the UTF-8 sequence that starts at `at`, or 0 when it is malformed. */
static size_t utf8_sequence(const unsigned char *bytes, size_t left)
{
    unsigned char first = bytes[0];
    size_t length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
    if (length == 0 || length > left) {
        return 0;
    }
    for (size_t at = 1; at < length; at++) {
        if ((bytes[at] & 0xC0) != 0x80) {
            return 0;
        }
    }
    if ((first == 0xE0 && bytes[1] < 0xA0) || (first == 0xED && bytes[1] > 0x9F) ||
        (first == 0xF0 && bytes[1] < 0x90) || (first == 0xF4 && bytes[1] > 0x8F)) {
        return 0;
    }
    return length;
}

bool str_is_utf8(struct str text)
{
    const unsigned char *bytes = (const unsigned char *)text.bytes;
    for (size_t at = 0; at < text.length;) {
        size_t length = bytes[at] < 0x80 ? 1 : utf8_sequence(bytes + at, text.length - at);
        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}

size_t str_character_count(struct str text)
{
    size_t count = 0;
    for (size_t at = 0; at < text.length; at++) {
        count += ((unsigned char)text.bytes[at] & 0xC0) != 0x80;
    }
    return count;
}
