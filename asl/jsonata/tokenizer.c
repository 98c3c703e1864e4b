#include "asl/jsonata/tokenizer.h"

#include "asl/jsonata/code_points.h"
#include "base/assert.h"

#include <math.h>
#include <stdlib.h>

static const struct str operators[] = {
#define OPERATOR(id, text, power) STR_INIT(text),
#include "asl/jsonata/operators.def"
};

struct str tokenizer_operator(enum operator_type operator)
{
    return operators[operator];
}

struct datum tokenizer_datum(const struct token *token)
{
    switch (token->type) {
    case TOKEN_END:
        return datum_string(STR("(end)"));
    case TOKEN_OPERATOR:
    case TOKEN_NAME:
    case TOKEN_VARIABLE:
    case TOKEN_STRING:
    case TOKEN_REGEX:
        return datum_string(token->text);
    case TOKEN_NUMBER:
        return datum_number(token->number);
    case TOKEN_BOOLEAN:
        return datum_boolean(token->boolean);
    case TOKEN_NULL:
        return (struct datum){.type = DATUM_NULL};
    }
    UNREACHABLE("token type");
}

static enum status fail(struct tokenizer *tokenizer, enum fault_code code, uint32_t position, struct datum token)
{
    *tokenizer->fault = (struct fault){.code = code, .has_position = true, .position = position, .token = token};
    return STATUS_INVALID;
}

static bool at_end(const struct tokenizer *tokenizer)
{
    return tokenizer->at >= tokenizer->text.length;
}

static char peek(const struct tokenizer *tokenizer, size_t ahead)
{
    size_t at = tokenizer->at + ahead;
    return at < tokenizer->text.length ? tokenizer->text.bytes[at] : '\0';
}

/* Moves `count` bytes on; they hold whole characters. */
static void skip(struct tokenizer *tokenizer, size_t count)
{
    struct str skipped = str_slice(tokenizer->text, tokenizer->at, count);
    tokenizer->character += (uint32_t)code_points_count(skipped);
    tokenizer->at += count;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r' || byte == '\v';
}

static enum status skip_blanks(struct tokenizer *tokenizer)
{
    while (!at_end(tokenizer)) {
        if (is_space(peek(tokenizer, 0))) {
            skip(tokenizer, 1);
        } else if (peek(tokenizer, 0) == '/' && peek(tokenizer, 1) == '*') {
            uint32_t position = tokenizer->character;
            struct str rest = str_from(tokenizer->text, tokenizer->at + 2);
            size_t end = str_find_str(rest, STR("*/"));
            if (end == rest.length) {
                return fail(tokenizer, FAULT_S0106, position, DATUM_NONE);
            }
            skip(tokenizer, end + 4);
        } else {
            break;
        }
    }
    return STATUS_OK;
}

/* Whether the byte is, or begins, an operator. */
static bool is_symbol(char byte)
{
    return byte != '\0' && strchr(".[]{}(),@#;:?+-*/%|=<>^&!~", byte) != NULL;
}

/* The longest operator of symbols (not a word) at this place. */
static bool find_operator(const struct tokenizer *tokenizer, enum operator_type *out_operator)
{
    if (!is_symbol(peek(tokenizer, 0))) {
        return false;
    }
    struct str rest = str_from(tokenizer->text, tokenizer->at);
    size_t longest = 0;
    for (int at = 0; at < OPERATOR_COUNT; at++) {
        char first = operators[at].bytes[0];
        bool is_word = first >= 'a' && first <= 'z';
        if (!is_word && operators[at].length > longest && str_starts_with(rest, operators[at])) {
            longest = operators[at].length;
            *out_operator = (enum operator_type)at;
        }
    }
    return longest > 0;
}

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    if (byte >= 'a' && byte <= 'f') {
        return byte - 'a' + 10;
    }
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* The escape after a backslash. */
static enum status read_escape(struct tokenizer *tokenizer, struct buffer *buffer)
{
    static const char names[] = "\"\\/bfnrt";
    static const char bytes[] = "\"\\/\b\f\n\r\t";
    char name = peek(tokenizer, 0);
    const char *found = name == '\0' ? NULL : strchr(names, name);
    if (found != NULL) {
        skip(tokenizer, 1);
        return buffer_add_byte(buffer, bytes[found - names]);
    }
    if (name != 'u') {
        size_t end = tokenizer->at;
        if (!at_end(tokenizer)) {
            code_points_next(tokenizer->text, &end);
        }
        struct str token = str_slice(tokenizer->text, tokenizer->at, end - tokenizer->at);
        return fail(tokenizer, FAULT_S0103, tokenizer->character, datum_string(token));
    }
    uint32_t code_point = 0;
    for (size_t digit = 1; digit <= 4; digit++) {
        int value = hex_digit(peek(tokenizer, digit));
        if (value < 0) {
            return fail(tokenizer, FAULT_S0104, tokenizer->character, DATUM_NONE);
        }
        code_point = code_point * 16 + (uint32_t)value;
    }
    skip(tokenizer, 5);
    char encoded[4];
    size_t length = code_points_write(code_point, encoded);
    return code_points_add_string(buffer, (struct str){encoded, length});
}

static enum status read_string(struct tokenizer *tokenizer, char quote, struct token *token)
{
    skip(tokenizer, 1);
    struct buffer buffer = buffer_in(tokenizer->arena);
    while (!at_end(tokenizer)) {
        size_t from = tokenizer->at;
        size_t to = from;
        while (to < tokenizer->text.length && tokenizer->text.bytes[to] != quote && tokenizer->text.bytes[to] != '\\') {
            to++;
        }
        TRY(code_points_add_string(&buffer, str_slice(tokenizer->text, from, to - from)));
        skip(tokenizer, to - from);
        if (peek(tokenizer, 0) == quote && !at_end(tokenizer)) {
            skip(tokenizer, 1);
            token->type = TOKEN_STRING;
            token->text = buffer_text(&buffer);
            return STATUS_OK;
        }
        if (!at_end(tokenizer)) {
            skip(tokenizer, 1);
            TRY(read_escape(tokenizer, &buffer));
        }
    }
    return fail(tokenizer, FAULT_S0101, tokenizer->character, DATUM_NONE);
}

static size_t digits_from(const struct tokenizer *tokenizer, size_t ahead)
{
    while (peek(tokenizer, ahead) >= '0' && peek(tokenizer, ahead) <= '9') {
        ahead++;
    }
    return ahead;
}

/* JSON's number without its sign. */
static enum status read_number(struct tokenizer *tokenizer, struct token *token)
{
    size_t length = peek(tokenizer, 0) == '0' ? 1 : digits_from(tokenizer, 0);
    if (peek(tokenizer, length) == '.' && digits_from(tokenizer, length + 1) > length + 1) {
        length = digits_from(tokenizer, length + 1);
    }
    if (peek(tokenizer, length) == 'e' || peek(tokenizer, length) == 'E') {
        size_t sign = peek(tokenizer, length + 1) == '+' || peek(tokenizer, length + 1) == '-' ? 1 : 0;
        size_t digits = length + 1 + sign;
        if (digits_from(tokenizer, digits) > digits) {
            length = digits_from(tokenizer, digits);
        }
    }
    struct str copy;
    TRY(arena_copy(tokenizer->arena, str_slice(tokenizer->text, tokenizer->at, length), &copy));
    token->type = TOKEN_NUMBER;
    token->text = copy;
    token->number = strtod(copy.bytes, NULL);
    if (!isfinite(token->number)) {
        return fail(tokenizer, FAULT_S0102, tokenizer->character, datum_string(copy));
    }
    skip(tokenizer, length);
    return STATUS_OK;
}

static enum status read_quoted_name(struct tokenizer *tokenizer, struct token *token)
{
    skip(tokenizer, 1);
    struct str rest = str_from(tokenizer->text, tokenizer->at);
    size_t end = str_find(rest, '`');
    if (end == rest.length) {
        skip(tokenizer, rest.length);
        return fail(tokenizer, FAULT_S0105, tokenizer->character, DATUM_NONE);
    }
    token->type = TOKEN_NAME;
    token->text = str_slice(rest, 0, end);
    skip(tokenizer, end + 1);
    return STATUS_OK;
}

/* A slash outside brackets and without a backslash ends the pattern. */
static enum status read_regex(struct tokenizer *tokenizer, struct token *token)
{
    skip(tokenizer, 1);
    struct str rest = str_from(tokenizer->text, tokenizer->at);
    int depth = 0;
    bool escaped = false;
    for (size_t at = 0; at < rest.length; at++) {
        char byte = rest.bytes[at];
        if (escaped) {
            escaped = false;
        } else if (byte == '\\') {
            escaped = true;
        } else if (byte == '(' || byte == '[' || byte == '{') {
            depth++;
        } else if (byte == ')' || byte == ']' || byte == '}') {
            depth--;
        } else if (byte == '/' && depth == 0) {
            if (at == 0) {
                return fail(tokenizer, FAULT_S0301, tokenizer->character, DATUM_NONE);
            }
            token->type = TOKEN_REGEX;
            token->text = str_slice(rest, 0, at);
            skip(tokenizer, at + 1);
            for (; peek(tokenizer, 0) == 'i' || peek(tokenizer, 0) == 'm'; skip(tokenizer, 1)) {
                token->case_insensitive |= peek(tokenizer, 0) == 'i';
                token->multi_line |= peek(tokenizer, 0) == 'm';
            }
            return STATUS_OK;
        }
    }
    skip(tokenizer, rest.length);
    return fail(tokenizer, FAULT_S0302, tokenizer->character, DATUM_NONE);
}

static void read_word(struct tokenizer *tokenizer, struct token *token)
{
    size_t from = tokenizer->at;
    size_t to = from;
    while (to < tokenizer->text.length && !is_space(tokenizer->text.bytes[to]) && !is_symbol(tokenizer->text.bytes[to])) {
        to++;
    }
    struct str word = str_slice(tokenizer->text, from, to - from);
    skip(tokenizer, to - from);
    token->text = word;
    if (word.bytes[0] == '$') {
        token->type = TOKEN_VARIABLE;
        token->text = str_from(word, 1);
        return;
    }
    static const enum operator_type words[] = {OPERATOR_AND, OPERATOR_OR, OPERATOR_IN};
    for (size_t at = 0; at < sizeof words / sizeof words[0]; at++) {
        if (str_equal(word, operators[words[at]])) {
            token->type = TOKEN_OPERATOR;
            token->operator = words[at];
            return;
        }
    }
    token->boolean = str_equal(word, STR("true"));
    if (token->boolean || str_equal(word, STR("false"))) {
        token->type = TOKEN_BOOLEAN;
    } else {
        token->type = str_equal(word, STR("null")) ? TOKEN_NULL : TOKEN_NAME;
    }
}

static enum status read_token(struct tokenizer *tokenizer, bool infix, struct token *token)
{
    char first = peek(tokenizer, 0);
    if (at_end(tokenizer)) {
        token->type = TOKEN_END;
        token->text = STR("(end)");
        return STATUS_OK;
    }
    if (first == '/' && !infix) {
        return read_regex(tokenizer, token);
    }
    if (find_operator(tokenizer, &token->operator)) {
        token->type = TOKEN_OPERATOR;
        token->text = operators[token->operator];
        skip(tokenizer, token->text.length);
        return STATUS_OK;
    }
    if (first == '"' || first == '\'') {
        return read_string(tokenizer, first, token);
    }
    if (first >= '0' && first <= '9') {
        return read_number(tokenizer, token);
    }
    if (first == '`') {
        return read_quoted_name(tokenizer, token);
    }
    read_word(tokenizer, token);
    return STATUS_OK;
}

enum status tokenizer_next(struct tokenizer *tokenizer, bool infix, struct token *out_token)
{
    TRY(skip_blanks(tokenizer));
    struct token token = {.type = TOKEN_END};
    TRY(read_token(tokenizer, infix, &token));
    token.position = tokenizer->character;
    *out_token = token;
    return STATUS_OK;
}
