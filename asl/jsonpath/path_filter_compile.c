#include "asl/jsonpath/path_filter.h"
#include "base/limits.h"

#define TERMS_MAX 256 /* of one chain of && or || */

static enum status read_or(struct path_reader *reader, const struct path_filter **out_filter);

static void skip_blanks(struct path_reader *reader)
{
    reader->at = path_reader_significant(reader, reader->at);
}

static char peek(const struct path_reader *reader)
{
    return path_reader_byte(reader, reader->at);
}

static bool is_relation_byte(char byte)
{
    return byte == '<' || byte == '>' || byte == '=' || byte == '~' || byte == '!';
}

static enum status read_quoted(struct path_reader *reader, struct path_operand *out_operand)
{
    size_t close = path_reader_unescaped(reader, reader->at + 1, peek(reader));
    if (close == reader->text.length) {
        return path_reader_fail(reader, "String literal does not have matching quotes. Expected %c in %.*s", peek(reader),
                                STR_ARGS(reader->text));
    }
    struct str string;
    TRY(path_reader_unescape(reader, path_reader_part(reader, reader->at + 1, close), &string));
    reader->at = close + 1;
    return value_string(reader->arena, string, &out_operand->value);
}

static enum status read_number(struct path_reader *reader, struct path_operand *out_operand)
{
    size_t start = reader->at;
    while (peek(reader) != '\0' && memchr("0123456789-.eE", peek(reader), 14) != NULL) {
        reader->at++;
    }
    struct str text = path_reader_part(reader, start, reader->at);
    /* BigDecimal takes leading zeros. */
    while (text.length > 1 && text.bytes[0] == '0' && text.bytes[1] >= '0' && text.bytes[1] <= '9') {
        text = str_from(text, 1);
    }
    enum status status = value_number_text(reader->arena, text, &out_operand->value);
    if (status == STATUS_INVALID) {
        return path_reader_fail(reader, "Failed to parse filter: [?(%.*s)], error on position: %zu", STR_ARGS(reader->text),
                                start);
    }
    return status;
}

/* JSON as Jayway's filters take it: strings may have single quotes. */
static enum status read_json(struct path_reader *reader, struct path_operand *out_operand)
{
    size_t close = path_reader_closing(reader, reader->at, peek(reader) == '{' ? '}' : ']', false);
    if (close == reader->text.length) {
        return path_reader_fail(reader, "String not closed. Expected %c in %.*s", peek(reader) == '{' ? '}' : ']',
                                STR_ARGS(reader->text));
    }
    struct buffer json = buffer_in(reader->arena);
    for (size_t at = reader->at; at <= close; at++) {
        char byte = path_reader_byte(reader, at);
        if (byte == '"' || byte == '\'') {
            struct str string;
            size_t end = path_reader_unescaped(reader, at + 1, byte);
            TRY(path_reader_unescape(reader, path_reader_part(reader, at + 1, end), &string));
            TRY(value_write_string(&json, string));
            at = end;
        } else {
            TRY(buffer_add_byte(&json, byte));
        }
    }
    reader->at = close + 1;
    struct value_error error;
    enum status status = value_parse(reader->arena, buffer_text(&json), &out_operand->value, &error);
    return status == STATUS_INVALID ? path_reader_fail(reader, "%.*s", STR_ARGS(error.message)) : status;
}

static enum status read_pattern(struct path_reader *reader, struct path_operand *out_operand)
{
    size_t close = path_reader_unescaped(reader, reader->at + 1, '/');
    if (close == reader->text.length) {
        return path_reader_fail(reader, "Pattern not closed. Expected / in %.*s", STR_ARGS(reader->text));
    }
    size_t end = close + 1;
    while ((path_reader_byte(reader, end) | 0x20) >= 'a' && (path_reader_byte(reader, end) | 0x20) <= 'z') {
        end++;
    }
    struct str pattern = path_reader_part(reader, reader->at + 1, close);
    struct str flags = path_reader_part(reader, close + 1, end);
    reader->at = end;
    return path_pattern_compile(reader, pattern, flags, &out_operand->pattern);
}

/* A path ends at a blank, an operator or a parenthesis that is not its own. */
static enum status read_path(struct path_reader *reader, struct path_operand *out_operand)
{
    size_t start = reader->at++;
    while (reader->at < reader->text.length) {
        char byte = peek(reader);
        if (byte == '[' || byte == '(') {
            size_t close = path_reader_closing(reader, reader->at, byte == '[' ? ']' : ')', false);
            if (close == reader->text.length) {
                return path_reader_fail(reader, "Square brackets does not match in filter %.*s", STR_ARGS(reader->text));
            }
            reader->at = close;
        } else if (byte == ' ' || byte == ')' || is_relation_byte(byte)) {
            break;
        }
        reader->at++;
    }
    struct path_reader inner;
    TRY(path_reader_inner(reader, path_reader_part(reader, start, reader->at), &inner));
    return path_compile_text(&inner, true, &out_operand->path);
}

static enum status read_word(struct path_reader *reader, struct str word, const struct value *value,
                             struct path_operand *out_operand)
{
    if (!str_starts_with(str_from(reader->text, reader->at), word)) {
        return path_reader_fail(reader, "Expected <%.*s> literal", STR_ARGS(word));
    }
    reader->at += word.length;
    out_operand->value = value;
    return STATUS_OK;
}

/* A path, or a constant. */
static enum status read_operand(struct path_reader *reader, struct path_operand *out_operand)
{
    *out_operand = (struct path_operand){.path = NULL};
    skip_blanks(reader);
    switch (peek(reader)) {
    case '$':
    case '@':
        return read_path(reader, out_operand);
    case '\'':
    case '"':
        return read_quoted(reader, out_operand);
    case 't':
        return read_word(reader, STR("true"), &value_true, out_operand);
    case 'f':
        return read_word(reader, STR("false"), &value_false, out_operand);
    case 'n':
        return read_word(reader, STR("null"), &value_null, out_operand);
    case '{':
    case '[':
        return read_json(reader, out_operand);
    case '/':
        return read_pattern(reader, out_operand);
    default:
        return read_number(reader, out_operand);
    }
}

/* The operator at the reader, if there is one of the known ones. */
static bool read_operator(struct path_reader *reader, enum path_operator *out_operator)
{
    static const struct str names[] = {
#define OPERATOR(id, text) STR_INIT(text),
#include "asl/jsonpath/path_operators.def"
    };
    skip_blanks(reader);
    size_t start = reader->at;
    bool symbols = is_relation_byte(peek(reader));
    while (reader->at < reader->text.length && (symbols ? is_relation_byte(peek(reader)) : peek(reader) != ' ')) {
        reader->at++;
    }
    struct str word = path_reader_part(reader, start, reader->at);
    for (size_t at = 0; at < PATH_OPERATOR_COUNT; at++) {
        bool same = word.length == names[at].length;
        for (size_t index = 0; same && index < word.length; index++) {
            char byte = word.bytes[index];
            same = (byte >= 'a' && byte <= 'z' ? byte - 0x20 : byte) == names[at].bytes[index];
        }
        if (same) {
            *out_operator = (enum path_operator)at;
            return true;
        }
    }
    return false;
}

/* `left`, `left operator right`; a path by itself must exist, with `!` before it must not. */
static enum status read_relation(struct path_reader *reader, bool negated, const struct path_filter **out_filter)
{
    struct path_filter *filter = arena_new(reader->arena, struct path_filter);
    TRY_NEW(filter);
    TRY(read_operand(reader, &filter->left));
    size_t behind = reader->at;
    if (read_operator(reader, &filter->relation)) {
        struct path_reader attempt = *reader;
        enum status status = read_operand(&attempt, &filter->right);
        if (status != STATUS_INVALID) {
            TRY(status);
            reader->at = attempt.at;
            filter->kind = PATH_FILTER_RELATION;
            *out_filter = filter;
            return STATUS_OK;
        }
    }
    reader->at = behind;
    if (filter->left.path == NULL) {
        return path_reader_fail(reader, "Expected path node");
    }
    filter->kind = PATH_FILTER_EXISTS;
    filter->negated = negated;
    *out_filter = filter;
    return STATUS_OK;
}

static enum status make_chain(struct path_reader *reader, enum path_filter_kind kind, const struct path_filter *const *terms,
                              uint32_t count, const struct path_filter **out_filter)
{
    const struct path_filter **kept = arena_allocate(reader->arena, count * sizeof *kept);
    struct path_filter *filter = arena_new(reader->arena, struct path_filter);
    TRY_NEW(kept);
    TRY_NEW(filter);
    memcpy(kept, terms, count * sizeof *kept);
    filter->kind = kind;
    filter->count = count;
    filter->terms = kept;
    *out_filter = filter;
    return STATUS_OK;
}

/* `!`, `(…)` or a relation. */
static enum status read_term(struct path_reader *reader, const struct path_filter **out_filter)
{
    bool negated = false;
    uint32_t negations = 0;
    skip_blanks(reader);
    while (peek(reader) == '!') {
        reader->at++;
        negations++;
        skip_blanks(reader);
    }
    /* Before a path, the last `!` belongs to the path. */
    if (negations > 0 && (peek(reader) == '@' || peek(reader) == '$')) {
        negated = true;
        negations--;
    }
    if (peek(reader) != '(') {
        TRY(read_relation(reader, negated, out_filter));
    } else {
        size_t close = path_reader_closing(reader, reader->at, ')', true);
        struct path_reader inner;
        if (close == reader->text.length) {
            return path_reader_fail(reader, "Expected character: )");
        }
        TRY(path_reader_inner(reader, path_reader_part(reader, reader->at + 1, close), &inner));
        TRY(path_filter_compile(&inner, out_filter));
        reader->at = close + 1;
    }
    if (negations % 2 == 1) {
        TRY(make_chain(reader, PATH_FILTER_NOT, out_filter, 1, out_filter));
    }
    return STATUS_OK;
}

/* Terms with `&&` between them. */
static enum status read_and(struct path_reader *reader, const struct path_filter **out_filter)
{
    const struct path_filter *terms[TERMS_MAX];
    uint32_t count = 0;
    for (;;) {
        if (count == TERMS_MAX) {
            return path_reader_fail(reader, "More than %d terms of &&", TERMS_MAX);
        }
        TRY(read_term(reader, &terms[count++]));
        skip_blanks(reader);
        if (peek(reader) != '&' || path_reader_byte(reader, reader->at + 1) != '&') {
            break;
        }
        reader->at += 2;
    }
    if (count > 1) {
        return make_chain(reader, PATH_FILTER_AND, terms, count, out_filter);
    }
    *out_filter = terms[0];
    return STATUS_OK;
}

/* Terms with `||` between them. */
static enum status read_or(struct path_reader *reader, const struct path_filter **out_filter)
{
    const struct path_filter *terms[TERMS_MAX];
    uint32_t count = 0;
    for (;;) {
        if (count == TERMS_MAX) {
            return path_reader_fail(reader, "More than %d terms of ||", TERMS_MAX);
        }
        TRY(read_and(reader, &terms[count++]));
        skip_blanks(reader);
        if (peek(reader) != '|' || path_reader_byte(reader, reader->at + 1) != '|') {
            break;
        }
        reader->at += 2;
    }
    if (count > 1) {
        return make_chain(reader, PATH_FILTER_OR, terms, count, out_filter);
    }
    *out_filter = terms[0];
    return STATUS_OK;
}

enum status path_filter_compile(struct path_reader *reader, const struct path_filter **out_filter)
{
    TRY(read_or(reader, out_filter));
    skip_blanks(reader);
    return reader->at == reader->text.length ? STATUS_OK : path_reader_fail(reader, "Expected character: )");
}
