/* $string, $substring and relatives, $lowercase, $uppercase, $length, $trim, $pad, $join. */
#include "asl/jsonata/builtins.h"
#include "asl/jsonata/code_points.h"
#include "asl/jsonata/letter_case.h"
#include "asl/jsonata/printer.h"

#include <math.h>

static enum status answer(struct datum *out_result, struct datum datum)
{
    *out_result = datum;
    return STATUS_OK;
}

enum status string_functions_string(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct datum value = call->arguments[0];
    if (value.type == DATUM_ARRAY && (value.flags & DATUM_OUTER) != 0) {
        value = datum_item(value, 0); /* the input itself, not what wraps it */
    }
    return printer_string(evaluation, value, call->arguments[1].boolean, out_result);
}

/* A position as Array.prototype.slice takes it: negative ones count from the end. */
static size_t slice_position(double position, size_t length)
{
    position = trunc(position);
    if (position < 0) {
        position += (double)length;
    }
    if (!(position > 0)) {
        return 0;
    }
    return position > (double)length ? length : (size_t)position;
}

enum status string_functions_substring(struct evaluation *evaluation, const struct builtin_call *call,
                                       struct datum *out_result)
{
    struct str text = call->arguments[0].string;
    struct datum length = call->arguments[2];
    if (call->arguments[0].type == DATUM_UNDEFINED) {
        return answer(out_result, DATUM_NONE);
    }
    size_t count = code_points_count(text);
    double start = call->arguments[1].type == DATUM_NUMBER ? call->arguments[1].number : NAN; /* nothing, with a length */
    start = (double)count + start < 0 ? 0 : start;
    size_t from = slice_position(start, count);
    size_t to = count;
    if (length.type == DATUM_NUMBER) {
        if (length.number <= 0) {
            return answer(out_result, datum_string(STR("")));
        }
        to = slice_position(start >= 0 ? start + length.number : (double)count + start + length.number, count);
    }
    size_t from_byte = code_points_offset(text, from);
    size_t to_byte = to <= from ? from_byte : from_byte + code_points_offset(str_from(text, from_byte), to - from);
    TRY(evaluation_charge(evaluation, text.length / 64));
    return answer(out_result, datum_string(str_slice(text, from_byte, to_byte - from_byte)));
}

/* The text before (or after) the separator; all of it when there is none. */
static enum status cut(struct evaluation *evaluation, const struct builtin_call *call, bool after, struct datum *out_result)
{
    struct datum text = call->arguments[0];
    struct datum separator = call->arguments[1];
    *out_result = text;
    if (text.type == DATUM_UNDEFINED || separator.type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    size_t at = str_find_str(text.string, separator.string);
    if (at < text.string.length || separator.string.length == 0) {
        *out_result = datum_string(after ? str_from(text.string, at + separator.string.length)
                                         : str_slice(text.string, 0, at));
    }
    return evaluation_charge(evaluation, text.string.length / 64);
}

enum status string_functions_substring_before(struct evaluation *evaluation, const struct builtin_call *call,
                                              struct datum *out_result)
{
    return cut(evaluation, call, false, out_result);
}

enum status string_functions_substring_after(struct evaluation *evaluation, const struct builtin_call *call,
                                             struct datum *out_result)
{
    return cut(evaluation, call, true, out_result);
}

enum status string_functions_lowercase(struct evaluation *evaluation, const struct builtin_call *call,
                                       struct datum *out_result)
{
    struct buffer buffer = buffer_in(evaluation->arena);
    if (call->arguments[0].type == DATUM_UNDEFINED) {
        return answer(out_result, DATUM_NONE);
    }
    TRY(letter_case_lower(&buffer, call->arguments[0].string));
    return evaluation_string(evaluation, &buffer, out_result);
}

enum status string_functions_uppercase(struct evaluation *evaluation, const struct builtin_call *call,
                                       struct datum *out_result)
{
    struct buffer buffer = buffer_in(evaluation->arena);
    if (call->arguments[0].type == DATUM_UNDEFINED) {
        return answer(out_result, DATUM_NONE);
    }
    TRY(letter_case_upper(&buffer, call->arguments[0].string));
    return evaluation_string(evaluation, &buffer, out_result);
}

enum status string_functions_length(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct datum text = call->arguments[0];
    if (text.type == DATUM_UNDEFINED) {
        return answer(out_result, DATUM_NONE);
    }
    TRY(evaluation_charge(evaluation, text.string.length / 64));
    return answer(out_result, datum_number((double)code_points_count(text.string)));
}

/* Blanks at the ends go, blanks in a row become one. */
enum status string_functions_trim(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct buffer buffer = buffer_in(evaluation->arena);
    struct str text = call->arguments[0].string;
    if (call->arguments[0].type == DATUM_UNDEFINED) {
        return answer(out_result, DATUM_NONE);
    }
    bool blank = false;
    for (size_t at = 0; at < text.length; at++) {
        char byte = text.bytes[at];
        if (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r') {
            blank = true;
            continue;
        }
        if (blank && buffer.length > 0) {
            TRY(buffer_add_byte(&buffer, ' '));
        }
        blank = false;
        TRY(buffer_add_byte(&buffer, byte));
    }
    return evaluation_string(evaluation, &buffer, out_result);
}

static enum status add_padding(struct evaluation *evaluation, struct buffer *buffer, struct str pattern, size_t count)
{
    while (count > 0) {
        for (size_t at = 0; at < pattern.length && count > 0; count--) {
            TRY(code_points_add(buffer, code_points_next(pattern, &at)));
        }
        TRY(evaluation_check_string(evaluation, buffer->length));
    }
    return STATUS_OK;
}

enum status string_functions_pad(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct datum text = call->arguments[0];
    struct datum pattern = call->arguments[2];
    double width = call->arguments[1].type == DATUM_NUMBER ? trunc(call->arguments[1].number) : 0;
    double padding = text.type == DATUM_STRING ? fabs(width) - (double)code_points_count(text.string) : 0;
    if (!(padding > 0)) {
        return answer(out_result, text);
    }
    TRY(evaluation_check_string(evaluation, padding > 1e18 ? SIZE_MAX : (size_t)padding));
    if (pattern.type == DATUM_UNDEFINED || pattern.string.length == 0) {
        pattern = datum_string(STR(" "));
    }
    struct buffer buffer = buffer_in(evaluation->arena);
    if (width > 0) {
        TRY(buffer_add(&buffer, text.string));
    }
    TRY(add_padding(evaluation, &buffer, pattern.string, (size_t)padding));
    if (width < 0) {
        TRY(buffer_add(&buffer, text.string));
    }
    return evaluation_string(evaluation, &buffer, out_result);
}

enum status string_functions_join(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct datum texts = call->arguments[0];
    struct datum separator = call->arguments[1];
    struct buffer buffer = buffer_in(evaluation->arena);
    if (texts.type == DATUM_UNDEFINED) {
        return answer(out_result, DATUM_NONE);
    }
    for (uint32_t at = 0; at < datum_count(texts); at++) {
        if (at > 0 && separator.type == DATUM_STRING) {
            TRY(code_points_add_string(&buffer, separator.string));
        }
        TRY(code_points_add_string(&buffer, datum_item(texts, at).string));
        TRY(evaluation_check_string(evaluation, buffer.length));
        TRY(evaluation_charge(evaluation, 1));
    }
    return evaluation_string(evaluation, &buffer, out_result);
}
