#include "cli/properties.h"

#include "base/buffer.h"

struct parser {
    struct arena *arena;
    struct str text;
    size_t at;
    uint32_t line;
};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\f';
}

static bool is_line_end(char byte)
{
    return byte == '\n' || byte == '\r';
}

static bool at_end(const struct parser *parser)
{
    return parser->at == parser->text.length;
}

static char peek(const struct parser *parser)
{
    return parser->text.bytes[parser->at];
}

static void skip_blanks(struct parser *parser)
{
    while (!at_end(parser) && is_blank(peek(parser))) {
        parser->at++;
    }
}

/* Past a line's end: \n, \r or \r\n. */
static void skip_line_end(struct parser *parser)
{
    if (!at_end(parser) && peek(parser) == '\r') {
        parser->at++;
        if (at_end(parser) || peek(parser) != '\n') {
            parser->line++;
            return;
        }
    }
    if (!at_end(parser)) {
        parser->at++;
        parser->line++;
    }
}

static void skip_line(struct parser *parser)
{
    while (!at_end(parser) && !is_line_end(peek(parser))) {
        parser->at++;
    }
    skip_line_end(parser);
}

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* XXXX of \uXXXX as UTF-8; surrogates have none. */
static enum status add_unicode(struct parser *parser, struct buffer *out)
{
    uint32_t point = 0;
    if (parser->text.length - parser->at < 4) {
        return STATUS_INVALID;
    }
    for (int digit = 0; digit < 4; digit++) {
        int value = hex_digit(parser->text.bytes[parser->at++]);
        if (value < 0) {
            return STATUS_INVALID;
        }
        point = point << 4 | (uint32_t)value;
    }
    if (point == 0 || (point >= 0xD800 && point <= 0xDFFF)) {
        return STATUS_INVALID;
    }
    if (point < 0x80) {
        return buffer_add_byte(out, (char)point);
    }
    if (point < 0x800) {
        TRY(buffer_add_byte(out, (char)(0xC0 | point >> 6)));
        return buffer_add_byte(out, (char)(0x80 | (point & 0x3F)));
    }
    TRY(buffer_add_byte(out, (char)(0xE0 | point >> 12)));
    TRY(buffer_add_byte(out, (char)(0x80 | (point >> 6 & 0x3F))));
    return buffer_add_byte(out, (char)(0x80 | (point & 0x3F)));
}

/* What follows a backslash. */
static enum status add_escape(struct parser *parser, struct buffer *out)
{
    if (at_end(parser)) {
        return STATUS_OK; /* as Java: a backslash at the very end is nothing */
    }
    if (is_line_end(peek(parser))) {
        skip_line_end(parser);
        skip_blanks(parser);
        return STATUS_OK;
    }
    char byte = peek(parser);
    parser->at++;
    switch (byte) {
    case 't':
        return buffer_add_byte(out, '\t');
    case 'n':
        return buffer_add_byte(out, '\n');
    case 'r':
        return buffer_add_byte(out, '\r');
    case 'f':
        return buffer_add_byte(out, '\f');
    case 'u':
        return add_unicode(parser, out);
    default:
        return buffer_add_byte(out, byte);
    }
}

/* The rest of the logical line, or in a key up to what separates it from the value. */
static enum status parse_text(struct parser *parser, bool key, struct str *out_text)
{
    struct buffer out = buffer_in(parser->arena);
    while (!at_end(parser) && !is_line_end(peek(parser))) {
        char byte = peek(parser);
        if (byte == '\0') {
            return STATUS_INVALID;
        }
        if (key && (is_blank(byte) || byte == '=' || byte == ':')) {
            break;
        }
        parser->at++;
        if (byte == '\\') {
            TRY(add_escape(parser, &out));
        } else {
            TRY(buffer_add_byte(&out, byte));
        }
    }
    return arena_copy(parser->arena, buffer_text(&out), out_text);
}

static enum status parse_property(struct parser *parser, struct property *out)
{
    out->line = parser->line;
    TRY(parse_text(parser, true, &out->key));
    if (out->key.length == 0) {
        return STATUS_INVALID;
    }
    skip_blanks(parser);
    if (!at_end(parser) && (peek(parser) == '=' || peek(parser) == ':')) {
        parser->at++;
        skip_blanks(parser);
    }
    TRY(parse_text(parser, false, &out->value));
    skip_line_end(parser);
    return STATUS_OK;
}

enum status properties_parse(struct arena *arena, struct str text, struct properties *out_properties, uint32_t *out_line)
{
    struct parser parser = {.arena = arena, .text = text, .line = 1};
    struct properties properties = {NULL, 0};
    size_t lines = 1;
    *out_line = 0;
    if (!str_is_utf8(text)) {
        return STATUS_INVALID;
    }
    for (size_t at = 0; at < text.length; at++) {
        lines += is_line_end(text.bytes[at]);
    }
    properties.items = arena_array(arena, struct property, lines);
    TRY_NEW(properties.items);
    while (!at_end(&parser)) {
        skip_blanks(&parser);
        if (at_end(&parser)) {
            break;
        }
        if (is_line_end(peek(&parser)) || peek(&parser) == '#' || peek(&parser) == '!') {
            skip_line(&parser);
            continue;
        }
        enum status status = parse_property(&parser, &properties.items[properties.count]);
        if (status != STATUS_OK) {
            *out_line = parser.line;
            return status;
        }
        properties.count++;
    }
    *out_properties = properties;
    return STATUS_OK;
}
