#include "asl/value_fault.h"

#include "asl/utf.h"
#include "base/assert.h"
#include "base/limits.h"

#define TOKEN_CHARACTERS_MAX 256  /* Jackson's ParserBase: what it repeats of an unknown token */
#define SOURCE_CHARACTERS_MAX 500 /* Jackson's JsonLocation: what it repeats of the source */

static uint32_t code_point(const char *at, const char *end, size_t *out_length)
{
    return utf_decode((struct str){at, (size_t)(end - at)}, out_length);
}

/* Java's Character.isJavaIdentifierStart, and digits; beyond ASCII it is guessed by blocks. */
static bool is_identifier(uint32_t point)
{
    if (point < 0x80) {
        return (point >= '0' && point <= '9') || ((point | 0x20) >= 'a' && (point | 0x20) <= 'z') || point == '_' ||
               point == '$';
    }
    bool symbol = point >= 0x2000 && point < 0x2C00 && !(point >= 0x20A0 && point < 0x20D0);
    return point >= 0xC0 && point != 0xD7 && point != 0xF7 && !symbol &&
           !(point >= 0x3000 && point < 0x3005) && point < 0xE000;
}

/* Java's Character.isIdentifierIgnorable: controls that may stand inside a word. */
static bool is_ignorable(uint32_t point)
{
    return point < 0x09 || (point >= 0x0E && point < 0x1C) || (point >= 0x7F && point < 0xA0);
}

static enum status describe_character(struct buffer *buffer, const char *at, const char *end)
{
    size_t length = 0;
    uint32_t point = at < end ? code_point(at, end, &length) : 0;
    if (point < 0x20 || (point >= 0x7F && point < 0xA0)) {
        return buffer_format(buffer, "(CTRL-CHAR, code %u)", (unsigned)point);
    }
    TRY(buffer_format(buffer, "'%.*s' (code %u", (int)length, at, (unsigned)point));
    return point > 255 ? buffer_format(buffer, " / 0x%x)", (unsigned)point) : buffer_add_byte(buffer, ')');
}

static void locate(struct str text, const char *at, struct value_error *out_error)
{
    out_error->offset = (size_t)(at - text.bytes);
    out_error->line = 1;
    out_error->column = 1;
    for (const char *byte = text.bytes; byte < at; byte++) {
        if (*byte == '\n' || (*byte == '\r' && !(byte + 1 < text.bytes + text.length && byte[1] == '\n'))) {
            out_error->line++;
            out_error->column = 1;
        } else if (((unsigned char)*byte & 0xC0) != 0x80 && *byte != '\r') {
            /* Java counts UTF-16 units: two beyond the basic plane. */
            out_error->column += (unsigned char)*byte >= 0xF0 ? 2 : 1;
        }
    }
}

/* `[Source: (String)"…"; line: 1, column: 2]` for the container that starts at `open`. */
static enum status describe_source(struct buffer *buffer, struct str text, const char *open)
{
    struct value_error place;
    locate(text, open == NULL ? text.bytes : open, &place);
    place.column -= open == NULL; /* before the first character, for Jackson */
    size_t shown = text.length < SOURCE_CHARACTERS_MAX ? text.length : SOURCE_CHARACTERS_MAX;
    while (shown < text.length && shown > 0 && ((unsigned char)text.bytes[shown] & 0xC0) == 0x80) {
        shown--;
    }
    TRY(buffer_add(buffer, STR("[Source: (String)\"")));
    TRY(buffer_add(buffer, (struct str){text.bytes, shown}));
    TRY(buffer_add_byte(buffer, '"'));
    if (shown < text.length) {
        TRY(buffer_format(buffer, "[truncated %zu chars]", text.length - shown));
    }
    return buffer_format(buffer, "; line: %u, column: %u]", place.line, place.column);
}

static enum status describe_token(struct buffer *buffer, struct str text, const char *at, const char **out_after)
{
    const char *end = text.bytes + text.length;
    const char *after = at;
    uint32_t count = 0;
    size_t length = 0;
    while (after < end && count < TOKEN_CHARACTERS_MAX) {
        uint32_t point = code_point(after, end, &length);
        if (!is_identifier(point) && !is_ignorable(point)) {
            break;
        }
        after += length;
        count++;
    }
    TRY(buffer_add(buffer, STR("Unrecognized token '")));
    TRY(buffer_add(buffer, (struct str){at, (size_t)(after - at)}));
    TRY(buffer_add(buffer, count == TOKEN_CHARACTERS_MAX ? STR("...") : STR("")));
    *out_after = after;
    return buffer_add(buffer, STR("': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"));
}

static const char *container(const struct value_fault *fault)
{
    return fault->open == NULL ? "root" : *fault->open == '[' ? "Array" : "Object";
}

static enum status describe_character_fault(struct buffer *buffer, const char *end, const struct value_fault *fault)
{
    static const char comment[] =
        ": maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)";
    const char *detail = fault->detail == NULL ? "" : fault->detail;
    /* Where a token may begin, Jackson thinks of comments. */
    bool at_token = strncmp(detail, ": was expecting", 15) == 0 || strncmp(detail, ": expected a v", 14) == 0;
    switch (fault->kind) {
    case VALUE_FAULT_CHARACTER:
    case VALUE_FAULT_NUMBER:
        TRY(buffer_add(buffer, STR("Unexpected character (")));
        TRY(describe_character(buffer, fault->at, end));
        return buffer_format(buffer, ")%s", at_token && fault->at < end && *fault->at == '/' ? comment : detail);
    case VALUE_FAULT_SPACE:
        TRY(buffer_add(buffer, STR("Illegal character (")));
        TRY(describe_character(buffer, fault->at, end));
        return buffer_add(buffer, STR("): only regular white space (\\r, \\n, \\t) is allowed between tokens"));
    case VALUE_FAULT_CONTROL:
        TRY(buffer_add(buffer, STR("Illegal unquoted character (")));
        TRY(describe_character(buffer, fault->at, end));
        return buffer_format(buffer, "): has to be escaped using backslash to be included in %s", fault->detail);
    case VALUE_FAULT_ESCAPE:
        TRY(buffer_add(buffer, STR("Unrecognized character escape ")));
        return describe_character(buffer, fault->at, end);
    case VALUE_FAULT_NONE:
    case VALUE_FAULT_TOKEN:
    case VALUE_FAULT_END:
    case VALUE_FAULT_OPEN:
    case VALUE_FAULT_CLOSE:
    case VALUE_FAULT_TEXT:
    case VALUE_FAULT_UTF8:
    case VALUE_FAULT_DEPTH:
        break;
    }
    UNREACHABLE("fault of a character");
}

static enum status describe_fault(struct buffer *buffer, struct str text, const struct value_fault *fault,
                                  const char **out_after)
{
    const char *end = text.bytes + text.length;
    switch (fault->kind) {
    case VALUE_FAULT_TOKEN:
        return describe_token(buffer, text, fault->at, out_after);
    case VALUE_FAULT_NUMBER:
        *out_after = fault->at + 1 < end || *fault->at != '.' ? fault->at : end;
        return describe_character_fault(buffer, end, fault);
    case VALUE_FAULT_CHARACTER:
    case VALUE_FAULT_SPACE:
    case VALUE_FAULT_CONTROL:
    case VALUE_FAULT_ESCAPE:
        return describe_character_fault(buffer, end, fault);
    case VALUE_FAULT_END:
        return buffer_format(buffer, "Unexpected end-of-input%s", fault->detail);
    case VALUE_FAULT_OPEN:
        TRY(buffer_format(buffer, "Unexpected end-of-input: expected close marker for %s (start marker at ", container(fault)));
        TRY(describe_source(buffer, text, fault->open));
        return buffer_add_byte(buffer, ')');
    case VALUE_FAULT_CLOSE:
        *out_after = fault->at + 1;
        TRY(buffer_format(buffer, "Unexpected close marker '%c': expected '%c' (for %s starting at ", *fault->at,
                          *fault->at == ']' ? '}' : ']', container(fault)));
        TRY(describe_source(buffer, text, fault->open));
        return buffer_add_byte(buffer, ')');
    case VALUE_FAULT_TEXT:
        return buffer_add(buffer, str_of(fault->detail));
    case VALUE_FAULT_UTF8:
        return buffer_format(buffer, "Invalid UTF-8 start byte 0x%x", (unsigned)(unsigned char)*fault->at);
    case VALUE_FAULT_DEPTH:
        return buffer_format(buffer, "Document nesting depth (%d) exceeds the maximum allowed (%d)", JSON_DEPTH_MAX + 1,
                             JSON_DEPTH_MAX);
    case VALUE_FAULT_NONE:
        break;
    }
    UNREACHABLE("fault");
}

/* Whether Jackson reports the place behind the character that is wrong. */
static bool is_of_character(enum value_fault_kind kind)
{
    return kind == VALUE_FAULT_CHARACTER || kind == VALUE_FAULT_SPACE || kind == VALUE_FAULT_CONTROL ||
           kind == VALUE_FAULT_ESCAPE;
}

enum status value_fault_describe(struct arena *arena, struct str text, const struct value_fault *fault,
                                 struct value_error *out_error)
{
    struct buffer buffer = buffer_in(arena);
    const char *after = fault->at;
    struct value_fault seen = *fault;
    size_t length = 0;
    if (fault->kind == VALUE_FAULT_TOKEN && !is_identifier(code_point(fault->at, text.bytes + text.length, &length))) {
        seen.kind = VALUE_FAULT_CHARACTER;
    }
    TRY(describe_fault(&buffer, text, &seen, &after));
    locate(text, after, out_error);
    if (is_of_character(seen.kind) && after < text.bytes + text.length) {
        /* Past the character; a line feed that should not be there begins no line. */
        (void)code_point(after, text.bytes + text.length, &length);
        out_error->offset += length;
        out_error->column++;
    }
    out_error->message = buffer_text(&buffer);
    return STATUS_OK;
}
