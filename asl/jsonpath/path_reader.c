#include "asl/jsonpath/path_reader.h"

#include "asl/utf.h"
#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>

#define MESSAGE_BYTES_MAX 512

enum status path_reader_fail(struct path_reader *reader, const char *format, ...)
{
    if (reader->out_message == NULL) {
        return STATUS_INVALID;
    }
    char message[MESSAGE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    struct str text = {message, length < 0 ? 0 : (size_t)length};
    if (text.length >= sizeof message) {
        text.length = sizeof message - 1;
        while (text.length > 0 && ((unsigned char)message[text.length] & 0xC0) == 0x80) {
            text.length--;
        }
    }
    TRY(arena_copy(reader->arena, text, reader->out_message));
    return STATUS_INVALID;
}

char path_reader_byte(const struct path_reader *reader, size_t index)
{
    return index < reader->text.length ? reader->text.bytes[index] : '\0';
}

size_t path_reader_significant(const struct path_reader *reader, size_t index)
{
    while (path_reader_byte(reader, index) == ' ') {
        index++;
    }
    return index;
}

size_t path_reader_unescaped(const struct path_reader *reader, size_t index, char byte)
{
    bool escaped = false;
    while (index < reader->text.length) {
        if (escaped) {
            escaped = false;
        } else if (reader->text.bytes[index] == '\\') {
            escaped = true;
        } else if (reader->text.bytes[index] == byte) {
            break;
        }
        index++;
    }
    return index < reader->text.length ? index : reader->text.length;
}

size_t path_reader_closing(const struct path_reader *reader, size_t index, char closing, bool patterns)
{
    char opening = path_reader_byte(reader, index);
    size_t depth = 0;
    while (index < reader->text.length) {
        char byte = reader->text.bytes[index];
        if (byte == '\'' || byte == '"' || (patterns && byte == '/')) {
            index = path_reader_unescaped(reader, index + 1, byte);
        } else if (byte == opening) {
            depth++;
        } else if (byte == closing) {
            depth--;
        }
        if (depth == 0 && index < reader->text.length) {
            return index;
        }
        index++;
    }
    return reader->text.length;
}

struct str path_reader_part(const struct path_reader *reader, size_t from, size_t to)
{
    return str_slice(reader->text, from, to - from);
}

static char escaped_byte(char letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter;
    }
}

enum status path_reader_unescape(struct path_reader *reader, struct str text, struct str *out_text)
{
    char *bytes = arena_allocate(reader->arena, text.length + 1);
    TRY_NEW(bytes);
    size_t length = 0;
    size_t at = 0;
    while (at < text.length) {
        if (text.bytes[at] != '\\' || at + 1 == text.length) {
            bytes[length++] = text.bytes[at++];
        } else if (text.bytes[at + 1] != 'u') {
            bytes[length++] = escaped_byte(text.bytes[at + 1]);
            at += 2;
        } else {
            uint32_t point = 0;
            size_t read = utf_unescape(str_from(text, at), &point);
            if (read == 0) {
                return path_reader_fail(reader, "Unable to parse unicode value: %.*s", STR_ARGS(text));
            }
            length += utf_encode(point, bytes + length);
            at += read;
        }
    }
    *out_text = (struct str){bytes, length};
    return STATUS_OK;
}

enum status path_reader_inner(struct path_reader *reader, struct str text, struct path_reader *out_inner)
{
    if (reader->nesting == PATH_NESTING_MAX) {
        return path_reader_fail(reader, "Nested more than %d deep", PATH_NESTING_MAX);
    }
    *out_inner = *reader;
    out_inner->text = text;
    out_inner->at = 0;
    out_inner->nesting++;
    return STATUS_OK;
}
