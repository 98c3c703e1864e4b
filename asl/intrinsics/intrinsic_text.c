#include "asl/intrinsics/intrinsic_call.h"
#include "asl/java_text.h"
#include "asl/utf.h"
#include "base/assert.h"
#include "base/hash.h"
#include "base/limits.h"

#include <openssl/evp.h>

#define FORMAT_BYTES_MAX (4 * PAYLOAD_BYTES_MAX) /* what is longer fits into no payload; checked while it grows */

/* Adds the template up to the next `{}`; *out_placeholder tells whether there is one, and is then passed. */
static enum status add_literal(struct buffer *text, struct str *template, bool *out_placeholder)
{
    *out_placeholder = false;
    while (template->length > 0) {
        if (str_starts_with(*template, STR("{}"))) {
            *out_placeholder = true;
            *template = str_from(*template, 2);
            return STATUS_OK;
        }
        bool escape = template->bytes[0] == '\\' && template->length > 1 && memchr("'{}\\", template->bytes[1], 4) != NULL;
        TRY(buffer_add_byte(text, template->bytes[escape]));
        *template = str_from(*template, escape ? 2 : 1);
    }
    return STATUS_OK;
}

enum status intrinsic_format(const struct intrinsic_frame *frame, const struct value **out_value)
{
    TRY(intrinsic_need(frame, 0, VALUE_STRING));
    struct str template = frame->call->arguments[0].template;
    template = template.bytes == NULL ? frame->values[0]->string : template;
    struct buffer text = buffer_in(frame->run->arena);
    uint32_t used = 0;
    bool placeholder = false;
    TRY(add_literal(&text, &template, &placeholder));
    while (placeholder) {
        used++;
        if (used < frame->call->count) {
            TRY(java_text_write(&text, frame->values[used]));
        }
        if (text.length > FORMAT_BYTES_MAX) {
            return intrinsic_fail(frame, "The result is too long");
        }
        TRY(add_literal(&text, &template, &placeholder));
    }
    if (used != frame->call->count - 1) {
        return intrinsic_fail(frame, "Invalid arguments in States.Format: %u placeholders but %u arguments", used,
                              frame->call->count - 1);
    }
    return value_string(frame->run->arena, buffer_text(&text), out_value);
}

/* Compact JSON, its strings with Jackson's escapes whatever those of the source: "\u00e9" is written as é. */
static enum status write_json(struct buffer *text, const struct value *value, size_t depth)
{
    if (depth > JSON_DEPTH_MAX) {
        return STATUS_LIMIT_EXCEEDED;
    }
    switch (value->type) {
    case VALUE_NULL:
    case VALUE_BOOLEAN:
    case VALUE_NUMBER:
        return value_write(text, value);
    case VALUE_STRING:
        return value_write_string(text, value->string);
    case VALUE_ARRAY:
        TRY(buffer_add_byte(text, '['));
        for (uint32_t at = 0; at < value->count; at++) {
            TRY(at > 0 ? buffer_add_byte(text, ',') : STATUS_OK);
            TRY(write_json(text, value->items[at], depth + 1));
        }
        return buffer_add_byte(text, ']');
    case VALUE_OBJECT:
        TRY(buffer_add_byte(text, '{'));
        for (uint32_t at = 0; at < value->count; at++) {
            TRY(at > 0 ? buffer_add_byte(text, ',') : STATUS_OK);
            TRY(value_write_string(text, value->members[at].key));
            TRY(buffer_add_byte(text, ':'));
            TRY(write_json(text, value->members[at].value, depth + 1));
        }
        return buffer_add_byte(text, '}');
    }
    UNREACHABLE("value type");
}

enum status intrinsic_json_to_string(const struct intrinsic_frame *frame, const struct value **out_value)
{
    struct buffer text = buffer_in(frame->run->arena);
    TRY(write_json(&text, frame->values[0], 0));
    return value_string(frame->run->arena, buffer_text(&text), out_value);
}

enum status intrinsic_string_to_json(const struct intrinsic_frame *frame, const struct value **out_value)
{
    TRY(intrinsic_need(frame, 0, VALUE_STRING));
    struct str text = str_trim(frame->values[0]->string);
    struct value_error error;
    if (text.length == 0) {
        *out_value = &value_null;
        return STATUS_OK;
    }
    /* Jackson's integers have no negative zero. */
    if (str_equal(text, STR("-0"))) {
        return value_integer(frame->run->arena, 0, out_value);
    }
    enum status status = value_parse(frame->run->arena, text, out_value, &error);
    if (status == STATUS_INVALID || (status == STATUS_LIMIT_EXCEEDED && error.line > 0)) {
        return intrinsic_fail(frame, "%.*s", STR_ARGS(error.message));
    }
    return status;
}

enum status intrinsic_json_merge(const struct intrinsic_frame *frame, const struct value **out_value)
{
    TRY(intrinsic_need(frame, 0, VALUE_OBJECT));
    TRY(intrinsic_need(frame, 1, VALUE_OBJECT));
    TRY(intrinsic_need(frame, 2, VALUE_BOOLEAN));
    if (frame->values[2]->boolean) {
        return intrinsic_fail(frame, "Deep merging is not supported: the third argument must be false");
    }
    return value_object_merge(frame->run->arena, frame->values[0], frame->values[1], out_value);
}

/* Which code points are delimiters: a byte each, up to the greatest. */
struct delimiters {
    bool *is;
    uint32_t count;
};

static enum status find_delimiters(struct arena *arena, struct str text, struct delimiters *out_delimiters)
{
    size_t length = 0;
    uint32_t greatest = 0;
    for (size_t at = 0; at < text.length; at += length) {
        uint32_t point = utf_decode(str_from(text, at), &length);
        greatest = point > greatest ? point : greatest;
    }
    out_delimiters->count = greatest + 1;
    out_delimiters->is = arena_array(arena, bool, out_delimiters->count);
    TRY_NEW(out_delimiters->is);
    for (size_t at = 0; at < text.length; at += length) {
        out_delimiters->is[utf_decode(str_from(text, at), &length)] = true;
    }
    return STATUS_OK;
}

/* Adds the piece, if it is not empty, to the items; their array has room. */
static enum status add_piece(const struct intrinsic_frame *frame, struct str piece, const struct value **items,
                             uint32_t *count)
{
    if (piece.length == 0) {
        return STATUS_OK;
    }
    TRY(value_string(frame->run->arena, piece, &items[*count]));
    (*count)++;
    return STATUS_OK;
}

enum status intrinsic_string_split(const struct intrinsic_frame *frame, const struct value **out_value)
{
    TRY(intrinsic_need(frame, 0, VALUE_STRING));
    TRY(intrinsic_need(frame, 1, VALUE_STRING));
    struct str text = frame->values[0]->string;
    struct delimiters delimiters;
    TRY(find_delimiters(frame->run->arena, frame->values[1]->string, &delimiters));
    const struct value **items = arena_allocate(frame->run->arena, (text.length / 2 + 1) * sizeof *items);
    TRY_NEW(items);
    uint32_t count = 0;
    size_t start = 0;
    size_t at = 0;
    while (at < text.length) {
        size_t length = 0;
        uint32_t point = utf_decode(str_from(text, at), &length);
        if (point < delimiters.count && delimiters.is[point]) {
            TRY(add_piece(frame, str_slice(text, start, at - start), items, &count));
            start = at + length;
        }
        at += length;
    }
    TRY(add_piece(frame, str_slice(text, start, text.length - start), items, &count));
    return value_array(frame->run->arena, items, count, out_value);
}

enum status intrinsic_base64_encode(const struct intrinsic_frame *frame, const struct value **out_value)
{
    struct str text;
    TRY(intrinsic_need_text(frame, 0, &text));
    size_t capacity = (text.length + 2) / 3 * 4 + 1;
    unsigned char *bytes = arena_allocate(frame->run->arena, capacity);
    TRY_NEW(bytes);
    int length = EVP_EncodeBlock(bytes, (const unsigned char *)text.bytes, (int)text.length);
    return value_string(frame->run->arena, (struct str){(const char *)bytes, (size_t)length}, out_value);
}

static int base64_digit(char byte)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = byte == '\0' ? NULL : strchr(digits, byte);
    return found == NULL ? -1 : (int)(found - digits);
}

/* As Java's Base64.getDecoder(): padding is right or absent. */
static bool decode_base64(struct str text, char *out_bytes, size_t *out_length)
{
    size_t padding = 0;
    while (padding < 2 && text.length > 0 && text.bytes[text.length - 1] == '=') {
        text.length--;
        padding++;
    }
    if (text.length % 4 == 1 || (padding > 0 && (text.length + padding) % 4 != 0)) {
        return false;
    }
    uint32_t bits = 0;
    size_t length = 0;
    for (size_t at = 0; at < text.length; at++) {
        int digit = base64_digit(text.bytes[at]);
        if (digit < 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)digit;
        if (at % 4 != 0) {
            out_bytes[length++] = (char)(bits >> (6 - 2 * (at % 4)));
        }
    }
    *out_length = length;
    return true;
}

enum status intrinsic_base64_decode(const struct intrinsic_frame *frame, const struct value **out_value)
{
    struct str text;
    TRY(intrinsic_need_text(frame, 0, &text));
    char *bytes = arena_allocate(frame->run->arena, text.length + 1);
    TRY_NEW(bytes);
    struct str decoded = {bytes, 0};
    if (!decode_base64(text, bytes, &decoded.length)) {
        return intrinsic_fail(frame, "Invalid arguments in States.Base64Decode: the text is not in Base64");
    }
    TRY(utf_repair(frame->run->arena, decoded, &decoded));
    return value_string(frame->run->arena, decoded, out_value);
}

static const EVP_MD *find_digest(struct str name)
{
    static const struct {
        struct str name;
        const EVP_MD *(*digest)(void);
    } rows[] = {
        {STR_INIT("MD5"), EVP_md5},         {STR_INIT("SHA-1"), EVP_sha1},     {STR_INIT("SHA-256"), EVP_sha256},
        {STR_INIT("SHA-384"), EVP_sha384}, {STR_INIT("SHA-512"), EVP_sha512},
    };
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        if (str_equal(rows[at].name, name)) {
            return rows[at].digest();
        }
    }
    return NULL;
}

enum status intrinsic_hash(const struct intrinsic_frame *frame, const struct value **out_value)
{
    struct str text;
    struct str hex;
    TRY(intrinsic_need_text(frame, 0, &text));
    TRY(intrinsic_need(frame, 1, VALUE_STRING));
    const EVP_MD *digest = find_digest(frame->values[1]->string);
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (digest == NULL) {
        return intrinsic_fail(frame, "Invalid arguments in States.Hash: the algorithm must be one of MD5, SHA-1, SHA-256, "
                                     "SHA-384, SHA-512");
    }
    if (EVP_Digest(text.bytes == NULL ? "" : text.bytes, text.length, bytes, &length, digest, NULL) != 1) {
        return STATUS_FATAL;
    }
    TRY(hash_hex_encode(frame->run->arena, (struct str){(const char *)bytes, length}, &hex));
    return value_string(frame->run->arena, hex, out_value);
}
