#include "asl/intrinsics/intrinsic.h"
#include "asl/intrinsics/intrinsic_call.h"
#include "base/assert.h"
#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>

#define ARGUMENTS_MAX 1000 /* the most that a row of intrinsics.def allows */
#define ARGUMENTS_FIRST 4
#define MESSAGE_BYTES_MAX 512

struct reader {
    struct arena *arena;
    struct str text;
    size_t at;
    struct str *out_message;
};

static const struct {
    struct str name;
    uint32_t least;
    uint32_t most;
} rules[] = {
#define INTRINSIC(id, name, least, most, call) {STR_INIT(name), least, most},
#include "asl/intrinsics/intrinsics.def"
};

static enum status fail(struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));

static enum status fail(struct reader *reader, const char *format, ...)
{
    if (reader->out_message == NULL) {
        return STATUS_INVALID;
    }
    char message[MESSAGE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    ASSERT(length >= 0);
    size_t shown = (size_t)length < sizeof message ? (size_t)length : sizeof message - 1;
    TRY(arena_copy(reader->arena, (struct str){message, shown}, reader->out_message));
    return STATUS_INVALID;
}

static char peek(const struct reader *reader)
{
    return reader->at < reader->text.length ? reader->text.bytes[reader->at] : '\0';
}

static void skip_blanks(struct reader *reader)
{
    while (peek(reader) == ' ' || peek(reader) == '\t' || peek(reader) == '\n' || peek(reader) == '\r') {
        reader->at++;
    }
}

/* 'text', with \' \{ \} \\ as the only escapes. */
static enum status read_string(struct reader *reader, struct intrinsic_argument *out_argument)
{
    struct buffer string = buffer_in(reader->arena);
    size_t start = ++reader->at;
    while (peek(reader) != '\'') {
        if (reader->at == reader->text.length) {
            return fail(reader, "A string is not closed: it ends with '");
        }
        if (peek(reader) == '\\') {
            reader->at++;
            if (peek(reader) == '\0' || memchr("'{}\\", peek(reader), 4) == NULL) {
                return fail(reader, "Position %zu: only \\' \\{ \\} and \\\\ can be escaped", reader->at);
            }
        }
        TRY(buffer_add_byte(&string, reader->text.bytes[reader->at]));
        reader->at++;
    }
    out_argument->template = str_slice(reader->text, start, reader->at - start);
    reader->at++;
    return value_string(reader->arena, buffer_text(&string), &out_argument->value);
}

/* A path ends at a comma or parenthesis that is not inside its own brackets, parentheses or quotes. */
static enum status read_path(struct reader *reader, struct intrinsic_argument *out_argument)
{
    size_t start = reader->at;
    size_t depth = 0;
    char quote = '\0';
    for (; reader->at < reader->text.length; reader->at++) {
        char byte = peek(reader);
        if (quote != '\0') {
            reader->at += byte == '\\' && reader->at + 1 < reader->text.length;
            quote = byte == quote ? '\0' : quote;
        } else if (depth == 0 && (byte == ',' || byte == ')')) {
            break;
        } else if (byte == '[' || byte == '(') {
            depth++;
        } else if (byte == ']' || byte == ')') {
            depth -= depth > 0;
        } else if (depth > 0 && (byte == '\'' || byte == '"')) {
            quote = byte;
        }
    }
    struct str text = str_trim(str_slice(reader->text, start, reader->at - start));
    return path_compile(reader->arena, text, &out_argument->path, reader->out_message);
}

/* A number, true, false or null. */
static enum status read_constant(struct reader *reader, struct intrinsic_argument *out_argument)
{
    size_t start = reader->at;
    while (reader->at < reader->text.length && memchr(",) \t\r\n", peek(reader), 6) == NULL) {
        reader->at++;
    }
    struct str text = str_slice(reader->text, start, reader->at - start);
    enum status status = value_parse(reader->arena, text, &out_argument->value, NULL);
    if (status == STATUS_INVALID || (status == STATUS_OK && out_argument->value->type > VALUE_NUMBER)) {
        return fail(reader, "Position %zu: '%.*s' is no argument", start, STR_ARGS(text));
    }
    return status;
}

static enum status read_call(struct reader *reader, uint32_t depth, const struct intrinsic **out_call);

static enum status read_argument(struct reader *reader, uint32_t depth, struct intrinsic_argument *out_argument)
{
    *out_argument = (struct intrinsic_argument){.path = NULL};
    switch (peek(reader)) {
    case '\'':
        return read_string(reader, out_argument);
    case '$':
        return read_path(reader, out_argument);
    case 'S':
        return read_call(reader, depth + 1, &out_argument->call);
    default:
        return read_constant(reader, out_argument);
    }
}

struct arguments {
    struct intrinsic_argument *found;
    uint32_t count;
    uint32_t capacity;
};

static enum status arguments_grow(struct reader *reader, struct arguments *arguments)
{
    if (arguments->count == ARGUMENTS_MAX) {
        return fail(reader, "More than %d arguments", ARGUMENTS_MAX);
    }
    if (arguments->count == arguments->capacity) {
        uint32_t capacity = arguments->capacity == 0 ? ARGUMENTS_FIRST : arguments->capacity * 2;
        struct intrinsic_argument *found = arena_array(reader->arena, struct intrinsic_argument, capacity);
        TRY_NEW(found);
        if (arguments->count > 0) {
            memcpy(found, arguments->found, arguments->count * sizeof *found);
        }
        arguments->found = found;
        arguments->capacity = capacity;
    }
    return STATUS_OK;
}

/* From behind the opening parenthesis past the closing one. */
static enum status read_arguments(struct reader *reader, uint32_t depth, struct arguments *out_arguments)
{
    skip_blanks(reader);
    if (peek(reader) == ')') {
        reader->at++;
        return STATUS_OK;
    }
    for (;;) {
        TRY(arguments_grow(reader, out_arguments));
        skip_blanks(reader);
        TRY(read_argument(reader, depth, &out_arguments->found[out_arguments->count]));
        out_arguments->count++;
        skip_blanks(reader);
        char byte = peek(reader);
        reader->at++;
        if (byte == ')') {
            return STATUS_OK;
        }
        if (byte != ',') {
            return fail(reader, "Position %zu: expected , or )", reader->at - 1);
        }
    }
}

static enum status read_name(struct reader *reader, enum intrinsic_function *out_function)
{
    struct str rest = str_from(reader->text, reader->at);
    size_t length = str_find(rest, '(');
    struct str name = str_slice(rest, 0, length);
    if (length == rest.length || !intrinsic_is_call(name)) {
        return fail(reader, "Position %zu: expected a function, States.Name(…)", reader->at);
    }
    for (size_t at = 0; at < INTRINSIC_FUNCTION_COUNT; at++) {
        if (str_equal(str_from(name, STR("States.").length), rules[at].name)) {
            *out_function = (enum intrinsic_function)at;
            reader->at += length + 1;
            return STATUS_OK;
        }
    }
    return fail(reader, "There is no function %.*s", STR_ARGS(name));
}

static enum status read_call(struct reader *reader, uint32_t depth, const struct intrinsic **out_call)
{
    if (depth > INTRINSIC_DEPTH_MAX) {
        return fail(reader, "More than %d functions inside each other", INTRINSIC_DEPTH_MAX);
    }
    struct intrinsic *call = arena_new(reader->arena, struct intrinsic);
    TRY_NEW(call);
    size_t start = reader->at;
    struct arguments arguments = {.count = 0};
    TRY(read_name(reader, &call->function));
    TRY(read_arguments(reader, depth, &arguments));
    if (arguments.count < rules[call->function].least || arguments.count > rules[call->function].most) {
        return fail(reader, "Wrong number of arguments to States.%.*s: %u", STR_ARGS(rules[call->function].name),
                    arguments.count);
    }
    call->text = str_slice(reader->text, start, reader->at - start);
    call->count = arguments.count;
    call->arguments = arguments.found;
    *out_call = call;
    return STATUS_OK;
}

enum status intrinsic_compile(struct arena *arena, struct str text, const struct intrinsic **out_call, struct str *out_message)
{
    struct reader reader = {.arena = arena, .out_message = out_message};
    const struct intrinsic *call = NULL;
    TRY(arena_copy(arena, text, &reader.text));
    if (!str_is_utf8(text)) {
        return fail(&reader, "A function call must be UTF-8");
    }
    TRY(read_call(&reader, 1, &call));
    skip_blanks(&reader);
    if (reader.at != reader.text.length) {
        return fail(&reader, "Position %zu: nothing may follow the call", reader.at);
    }
    *out_call = call;
    return STATUS_OK;
}
