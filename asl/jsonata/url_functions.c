/* $encodeUrl, $decodeUrl and their Component forms; $base64encode, $base64decode. */
#include "asl/jsonata/builtins.h"
#include "asl/jsonata/code_points.h"

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define UNRESERVED LETTERS_AND_DIGITS "-_.!~*'()" /* ECMA-262, 19.2.6 */
#define RESERVED ";/?:@&=+$,#"

static const char hex_digits[] = "0123456789ABCDEF";
static const char base64_digits[] = LETTERS_AND_DIGITS "+/";

static bool is_among(const char *set, uint8_t byte)
{
    return byte != 0 && strchr(set, byte) != NULL;
}

static bool is_surrogate_at(struct str text, size_t at)
{
    return (uint8_t)text.bytes[at] == 0xED && at + 1 < text.length && (uint8_t)text.bytes[at + 1] >= 0xA0;
}

static enum status fail_malformed(struct evaluation *evaluation, const struct builtin_call *call)
{
    enum status failed = evaluation_fail_value(evaluation, FAULT_D3140, call->arguments[0]);
    evaluation->fault.function = call->builtin->name.bytes;
    return failed;
}

static enum status encode(struct evaluation *evaluation, const struct builtin_call *call, const char *kept,
                          struct datum *out_result)
{
    struct str text = call->arguments[0].string;
    struct buffer buffer = buffer_in(evaluation->arena);
    if (call->arguments[0].type == DATUM_UNDEFINED) {
        *out_result = DATUM_NONE;
        return STATUS_OK;
    }
    for (size_t at = 0; at < text.length; at++) {
        uint8_t byte = (uint8_t)text.bytes[at];
        if (is_surrogate_at(text, at)) {
            return fail_malformed(evaluation, call);
        }
        if (is_among(kept, byte)) {
            TRY(buffer_add_byte(&buffer, (char)byte));
        } else {
            const char escape[] = {'%', hex_digits[byte >> 4], hex_digits[byte & 15]};
            TRY(buffer_add(&buffer, (struct str){escape, sizeof escape}));
        }
    }
    return evaluation_string(evaluation, &buffer, out_result);
}

enum status url_functions_encode_component(struct evaluation *evaluation, const struct builtin_call *call,
                                           struct datum *out_result)
{
    return encode(evaluation, call, UNRESERVED, out_result);
}

enum status url_functions_encode(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    return encode(evaluation, call, UNRESERVED RESERVED, out_result);
}

static int hex_digit(char byte)
{
    static const char digits[] = "0123456789ABCDEF0123456789abcdef";
    const char *found = byte == '\0' ? NULL : strchr(digits, byte);
    return found == NULL ? -1 : (int)((found - digits) % 16);
}

/* The byte of a %XX at `at`, or -1. */
static int escaped_byte(struct str text, size_t at)
{
    if (at + 2 >= text.length || text.bytes[at] != '%') {
        return -1;
    }
    int high = hex_digit(text.bytes[at + 1]);
    int low = hex_digit(text.bytes[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static enum status decode(struct evaluation *evaluation, const struct builtin_call *call, const char *kept,
                          struct datum *out_result)
{
    struct str text = call->arguments[0].string;
    struct buffer buffer = buffer_in(evaluation->arena);
    struct buffer decoded = buffer_in(evaluation->arena); /* the bytes that escapes stood for must be UTF-8 */
    if (call->arguments[0].type == DATUM_UNDEFINED) {
        *out_result = DATUM_NONE;
        return STATUS_OK;
    }
    for (size_t at = 0; at < text.length;) {
        if (text.bytes[at] != '%') {
            TRY(buffer_add_byte(&buffer, text.bytes[at++]));
            continue;
        }
        int byte = escaped_byte(text, at);
        if (byte < 0) {
            return fail_malformed(evaluation, call);
        }
        if (is_among(kept, (uint8_t)byte)) {
            TRY(buffer_add(&buffer, str_slice(text, at, 3)));
            at += 3;
            continue;
        }
        decoded.length = 0;
        size_t length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
        for (; length > 0 && byte >= 0; length--) {
            TRY(buffer_add_byte(&decoded, (char)byte));
            at += 3;
            byte = length > 1 ? escaped_byte(text, at) : 0;
        }
        if (byte < 0 || !str_is_utf8(buffer_text(&decoded))) {
            return fail_malformed(evaluation, call);
        }
        TRY(buffer_add(&buffer, buffer_text(&decoded)));
    }
    return evaluation_string(evaluation, &buffer, out_result);
}

enum status url_functions_decode_component(struct evaluation *evaluation, const struct builtin_call *call,
                                           struct datum *out_result)
{
    return decode(evaluation, call, "", out_result);
}

enum status url_functions_decode(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    return decode(evaluation, call, RESERVED, out_result);
}

static enum status add_base64(struct buffer *buffer, const uint8_t bytes[3], size_t count)
{
    uint32_t bits = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
    char digits[4];
    for (size_t at = 0; at < 4; at++) {
        digits[at] = at <= count ? base64_digits[bits >> (18 - 6 * at) & 63] : '=';
    }
    return buffer_add(buffer, (struct str){digits, 4});
}

/* Each UTF-16 unit is one byte of binary data, as the reference has it: é is E9, what is beyond U+00FF loses its upper half. */
enum status url_functions_base64_encode(struct evaluation *evaluation, const struct builtin_call *call,
                                        struct datum *out_result)
{
    struct str text = call->arguments[0].string;
    struct buffer buffer = buffer_in(evaluation->arena);
    if (call->arguments[0].type == DATUM_UNDEFINED) {
        *out_result = DATUM_NONE;
        return STATUS_OK;
    }
    uint8_t group[4] = {0};
    size_t count = 0;
    for (size_t at = 0; at < text.length;) {
        uint32_t code_point = code_points_next(text, &at);
        if (code_point >= 0x10000) {
            group[count++] = (uint8_t)((code_point - 0x10000) >> 10);
        }
        if (count < 3) {
            group[count++] = (uint8_t)code_point;
            code_point = UINT32_MAX;
        }
        if (count == 3) {
            TRY(add_base64(&buffer, group, 3));
            memset(group, 0, sizeof group);
            count = 0;
            if (code_point != UINT32_MAX) {
                group[count++] = (uint8_t)code_point; /* the second half of a pair */
            }
        }
    }
    if (count > 0) {
        TRY(add_base64(&buffer, group, count));
    }
    return evaluation_string(evaluation, &buffer, out_result);
}

/* Lenient, as the reference: what is no digit is passed over, - and _ are digits too, = ends it. */
enum status url_functions_base64_decode(struct evaluation *evaluation, const struct builtin_call *call,
                                        struct datum *out_result)
{
    struct str text = call->arguments[0].string;
    struct buffer buffer = buffer_in(evaluation->arena);
    if (call->arguments[0].type == DATUM_UNDEFINED) {
        *out_result = DATUM_NONE;
        return STATUS_OK;
    }
    uint32_t bits = 0;
    int count = 0;
    for (size_t at = 0; at < text.length && text.bytes[at] != '='; at++) {
        char byte = text.bytes[at] == '-' ? '+' : text.bytes[at] == '_' ? '/' : text.bytes[at];
        const char *found = byte == '\0' ? NULL : strchr(base64_digits, byte);
        if (found == NULL) {
            continue;
        }
        bits = bits << 6 | (uint32_t)(found - base64_digits);
        count += 6;
        if (count >= 8) {
            count -= 8;
            TRY(code_points_add(&buffer, bits >> count & 0xFF));
        }
    }
    return evaluation_string(evaluation, &buffer, out_result);
}
