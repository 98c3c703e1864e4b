#include "asl/jsonata/printer.h"

#include "asl/jsonata/code_points.h"
#include "asl/jsonata/js_number.h"
#include "base/assert.h"
#include "base/limits.h"

#include <math.h>

struct printer {
    struct evaluation *evaluation;
    struct buffer buffer;
    bool pretty;
};

static enum status print(struct printer *printer, struct datum datum, uint32_t depth);

static enum status print_string(struct printer *printer, struct str text)
{
    static const char escaped[] = "\"\\\b\f\n\r\t";
    static const char names[] = "\"\\bfnrt";
    struct buffer *buffer = &printer->buffer;
    TRY(buffer_add_byte(buffer, '"'));
    size_t from = 0;
    for (size_t at = 0; at < text.length; at++) {
        uint8_t byte = (uint8_t)text.bytes[at];
        const char *found = byte == 0 ? NULL : strchr(escaped, byte);
        bool surrogate = byte == 0xED && at + 2 < text.length && (uint8_t)text.bytes[at + 1] >= 0xA0;
        if (byte >= 0x20 && found == NULL && !surrogate) {
            continue;
        }
        TRY(buffer_add(buffer, str_slice(text, from, at - from)));
        if (found != NULL) {
            TRY(buffer_format(buffer, "\\%c", names[found - escaped]));
        } else if (surrogate) {
            TRY(buffer_format(buffer, "\\u%04x", code_points_next(text, &at)));
            at--;
        } else {
            TRY(buffer_format(buffer, "\\u%04x", byte));
        }
        from = at + 1;
    }
    TRY(buffer_add(buffer, str_from(text, from)));
    TRY(evaluation_check_string(printer->evaluation, buffer->length));
    return buffer_add_byte(buffer, '"');
}

static enum status print_number(struct printer *printer, double number)
{
    if (isnan(number)) {
        return buffer_add(&printer->buffer, STR("null"));
    }
    if (isinf(number)) {
        return evaluation_fail_value(printer->evaluation, FAULT_D1001, datum_number(number));
    }
    char text[JS_NUMBER_CHARACTERS_MAX];
    return buffer_add(&printer->buffer, js_number_print(js_number_rounded(number), text));
}

static enum status new_line(struct printer *printer, uint32_t depth)
{
    if (!printer->pretty) {
        return STATUS_OK;
    }
    TRY(buffer_add_byte(&printer->buffer, '\n'));
    for (uint32_t at = 0; at < depth; at++) {
        TRY(buffer_add(&printer->buffer, STR("  ")));
    }
    return evaluation_check_string(printer->evaluation, printer->buffer.length);
}

static enum status print_array(struct printer *printer, struct datum array, uint32_t depth)
{
    TRY(buffer_add_byte(&printer->buffer, '['));
    for (uint32_t at = 0; at < datum_count(array); at++) {
        if (at > 0) {
            TRY(buffer_add_byte(&printer->buffer, ','));
        }
        TRY(new_line(printer, depth + 1));
        TRY(print(printer, datum_item(array, at), depth + 1));
    }
    if (datum_count(array) > 0) {
        TRY(new_line(printer, depth));
    }
    return buffer_add_byte(&printer->buffer, ']');
}

static enum status print_object(struct printer *printer, struct datum object, uint32_t depth)
{
    bool any = false;
    TRY(buffer_add_byte(&printer->buffer, '{'));
    for (uint32_t at = 0; at < datum_member_count(object); at++) {
        struct str key;
        struct datum member = datum_member(object, at, &key);
        if (member.type == DATUM_UNDEFINED) {
            continue;
        }
        if (any) {
            TRY(buffer_add_byte(&printer->buffer, ','));
        }
        any = true;
        TRY(new_line(printer, depth + 1));
        TRY(print_string(printer, key));
        TRY(buffer_add(&printer->buffer, printer->pretty ? STR(": ") : STR(":")));
        TRY(print(printer, member, depth + 1));
    }
    if (any) {
        TRY(new_line(printer, depth));
    }
    return buffer_add_byte(&printer->buffer, '}');
}

static enum status print(struct printer *printer, struct datum datum, uint32_t depth)
{
    if (depth > JSON_DEPTH_MAX) {
        return evaluation_fail_message(printer->evaluation, FAULT_U1001, STR("The value is nested too deeply"));
    }
    TRY(evaluation_charge(printer->evaluation, 1));
    TRY(evaluation_check_string(printer->evaluation, printer->buffer.length));
    switch ((enum datum_type)datum.type) {
    case DATUM_UNDEFINED:
    case DATUM_NULL:
        return buffer_add(&printer->buffer, STR("null"));
    case DATUM_BOOLEAN:
        return buffer_add(&printer->buffer, datum.boolean ? STR("true") : STR("false"));
    case DATUM_NUMBER:
        return print_number(printer, datum.number);
    case DATUM_STRING:
        return print_string(printer, datum.string);
    case DATUM_ARRAY:
        return print_array(printer, datum, depth);
    case DATUM_OBJECT:
        return print_object(printer, datum, depth);
    case DATUM_FUNCTION:
        return buffer_add(&printer->buffer, STR("\"\""));
    case DATUM_TUPLE:
        return print(printer, datum.tuple->context, depth + 1);
    case DATUM_THUNK:
        break;
    }
    UNREACHABLE("datum type when printing");
}

enum status printer_string(struct evaluation *evaluation, struct datum datum, bool pretty, struct datum *out_text)
{
    if (datum.type == DATUM_UNDEFINED || datum.type == DATUM_STRING) {
        *out_text = datum;
        return STATUS_OK;
    }
    if (datum.type == DATUM_FUNCTION) {
        *out_text = datum_string(STR(""));
        return STATUS_OK;
    }
    if (datum.type == DATUM_NUMBER && !isfinite(datum.number)) {
        return evaluation_fail_value(evaluation, FAULT_D3001, datum);
    }
    if (datum.type == DATUM_NUMBER) {
        char text[JS_NUMBER_CHARACTERS_MAX];
        struct str copy;
        TRY(arena_copy(evaluation->arena, js_number_print(js_number_rounded(datum.number), text), &copy));
        *out_text = datum_string(copy);
        return STATUS_OK;
    }
    struct printer printer = {.evaluation = evaluation, .buffer = buffer_in(evaluation->arena), .pretty = pretty};
    TRY(print(&printer, datum, 0));
    return evaluation_string(evaluation, &printer.buffer, out_text);
}
