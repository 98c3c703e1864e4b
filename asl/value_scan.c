#include "asl/value_scan.h"

#include "asl/value.h"
#include "base/assert.h"

#include <endian.h>
#include <string.h>

#define BYTES(byte) (UINT64_MAX / 255 * (byte))

static const char *past_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) {
        at++;
    }
    return at;
}

/* To the first quote or backslash, eight bytes at a time. */
static const char *to_quote(const char *at, const char *end)
{
    while (end - at >= 8) {
        uint64_t word = 0;
        memcpy(&word, at, sizeof word);
        word = le64toh(word);
        uint64_t quote = word ^ BYTES('"');
        uint64_t backslash = word ^ BYTES('\\');
        uint64_t special = (((quote - BYTES(1)) & ~quote) | ((backslash - BYTES(1)) & ~backslash)) & BYTES(0x80);
        if (special != 0) {
            return at + (__builtin_ctzll(special) >> 3);
        }
        at += 8;
    }
    while (at < end && *at != '"' && *at != '\\') {
        at++;
    }
    return at;
}

/* `at` is a string's first quote. */
static const char *past_string(const char *at, const char *end)
{
    at = to_quote(at + 1, end);
    while (at < end && *at == '\\') {
        at = to_quote(at + 2 <= end ? at + 2 : end, end);
    }
    ASSERT(at < end);
    return at + 1;
}

/* `at` is a value's first byte. */
static const char *past_value(const char *at, const char *end)
{
    size_t depth = 0;
    while (at < end) {
        switch (*at) {
        case '"':
            at = past_string(at, end);
            break;
        case '{':
        case '[':
            depth++;
            at++;
            continue;
        case '}':
        case ']':
            if (depth == 0) {
                return at; /* of what a number stands in */
            }
            depth--;
            at++;
            break;
        case ',':
        case ' ':
        case '\n':
        case '\t':
        case '\r':
            if (depth == 0) {
                return at;
            }
            at++;
            continue;
        default:
            at++;
            continue;
        }
        if (depth == 0) {
            return at;
        }
    }
    return at;
}

static struct str slice(const char *from, const char *to)
{
    return (struct str){from, (size_t)(to - from)};
}

/* Whether the name as it is written, in its quotes, is `name`. */
static enum status name_is(struct arena *arena, struct str written, struct str name, bool *out_is)
{
    struct str plain = slice(written.bytes + 1, written.bytes + written.length - 1);
    if (memchr(plain.bytes, '\\', plain.length) != NULL) {
        const struct value *value = NULL;
        TRY(value_parse(arena, written, &value, NULL));
        plain = value->string;
    }
    *out_is = str_equal(plain, name);
    return STATUS_OK;
}

enum status value_scan_member(struct arena *arena, struct str text, struct str name, struct str *out_value)
{
    const char *end = text.bytes + text.length;
    const char *at = past_blanks(text.bytes, end);
    enum status found = STATUS_NOT_FOUND;
    if (at == end || *at != '{') {
        return STATUS_NOT_FOUND;
    }
    for (at = past_blanks(at + 1, end); at < end && *at == '"'; at = past_blanks(at + (*at == ','), end)) {
        bool is = false;
        const char *written = at;
        at = past_string(at, end);
        TRY(name_is(arena, slice(written, at), name, &is));
        at = past_blanks(past_blanks(at, end) + 1, end); /* the colon */
        const char *value = at;
        at = past_value(at, end);
        if (is) {
            *out_value = slice(value, at);
            found = STATUS_OK;
        }
        at = past_blanks(at, end);
        ASSERT(at < end);
    }
    return found;
}

enum status value_scan_item(struct str text, int64_t index, struct str *out_value)
{
    const char *end = text.bytes + text.length;
    const char *at = past_blanks(text.bytes, end);
    if (at == end || *at != '[') {
        return STATUS_NOT_FOUND;
    }
    for (at = past_blanks(at + 1, end); at < end && *at != ']'; at = past_blanks(at + (*at == ','), end)) {
        const char *value = at;
        at = past_value(at, end);
        if (index-- == 0) {
            *out_value = slice(value, at);
            return STATUS_OK;
        }
        at = past_blanks(at, end);
        ASSERT(at < end);
    }
    return STATUS_NOT_FOUND;
}
