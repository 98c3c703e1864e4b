#include "asl/jsonpath/path.h"
#include "asl/jsonpath/path_filter.h"
#include "asl/jsonpath/path_function.h"
#include "asl/jsonpath/path_reader.h"
#include "base/limits.h"

#define ARGUMENTS_MAX 64 /* of one function */
#define ENTRIES_MAX 1024 /* names or indexes in one pair of brackets */

/* The path so far. The reader stands at the next token. */
struct compiler {
    struct path_reader *reader;
    struct path path;
    struct path_token tokens[PATH_TOKENS_MAX];
    uint32_t count;
    bool dotted; /* a dot stands before the token */
    bool ended;
};

static enum status add_token(struct compiler *compiler, struct path_token token)
{
    if (compiler->count == PATH_TOKENS_MAX) {
        return path_reader_fail(compiler->reader, "A path has at most %d steps", PATH_TOKENS_MAX);
    }
    compiler->tokens[compiler->count++] = token;
    compiler->dotted = false;
    return STATUS_OK;
}

/* Jayway takes a text for read when its position is at the last character: what a token leaves of one is ignored. */
static void end_token(struct compiler *compiler, size_t at)
{
    compiler->reader->at = at;
    compiler->ended = at + 1 >= compiler->reader->text.length;
    if (at + 1 == compiler->reader->text.length) {
        compiler->path.reference = false;
    }
}

static enum status fail_token(struct compiler *compiler)
{
    return path_reader_fail(compiler->reader, "Could not parse token starting at position %zu. Expected ?, ', 0-9, * ",
                            compiler->reader->at);
}

/* `['a','b']` as Jayway prints it. */
static enum status names_text(struct arena *arena, const struct str *names, uint32_t count, char quote, struct str *out_text)
{
    struct buffer buffer = buffer_in(arena);
    TRY(buffer_add_byte(&buffer, '['));
    for (uint32_t at = 0; at < count; at++) {
        TRY(buffer_add(&buffer, at == 0 ? STR("") : STR(",")));
        TRY(buffer_add_byte(&buffer, quote));
        TRY(buffer_add(&buffer, names[at]));
        TRY(buffer_add_byte(&buffer, quote));
    }
    TRY(buffer_add_byte(&buffer, ']'));
    *out_text = buffer_text(&buffer);
    return STATUS_OK;
}

static enum status add_property(struct compiler *compiler, const struct str *names, uint32_t count, char quote)
{
    struct path_token token = {.type = PATH_TOKEN_PROPERTY, .count = count, .names = names};
    TRY(names_text(compiler->reader->arena, names, count, quote, &token.text));
    return add_token(compiler, token);
}

/* The quoted names between brackets; *out_end is the closing bracket. */
static enum status read_names(struct path_reader *reader, size_t at, struct str *names, uint32_t *out_count, size_t *out_end)
{
    char quote = path_reader_byte(reader, at);
    uint32_t count = 0;
    for (;;) {
        if (path_reader_byte(reader, at) != quote) {
            return path_reader_fail(reader, path_reader_byte(reader, at) == ']' ? "Found empty property at index %zu"
                                                                               : "Expected a quoted property at index %zu",
                                    at);
        }
        size_t close = path_reader_unescaped(reader, at + 1, quote);
        if (close == reader->text.length) {
            return path_reader_fail(reader, "Property has not been closed - missing closing %c", quote);
        }
        if (count == ENTRIES_MAX) {
            return path_reader_fail(reader, "More than %d properties in brackets", ENTRIES_MAX);
        }
        TRY(path_reader_unescape(reader, path_reader_part(reader, at + 1, close), &names[count]));
        count++;
        at = path_reader_significant(reader, close + 1);
        if (path_reader_byte(reader, at) == ']') {
            *out_count = count;
            *out_end = at;
            return STATUS_OK;
        }
        if (path_reader_byte(reader, at) != ',') {
            return path_reader_fail(reader,
                                    "Property must be separated by comma or Property must be terminated close square "
                                    "bracket at index %zu",
                                    close);
        }
        at = path_reader_significant(reader, at + 1);
    }
}

static enum status read_bracket_names(struct compiler *compiler, size_t first)
{
    struct path_reader *reader = compiler->reader;
    struct str found[ENTRIES_MAX];
    uint32_t count = 0;
    size_t end = 0;
    TRY(read_names(reader, first, found, &count, &end));
    struct str *names = arena_array(reader->arena, struct str, count);
    TRY_NEW(names);
    memcpy(names, found, count * sizeof *names);
    bool blanks = first != reader->at + 1 || path_reader_byte(reader, end - 1) == ' ';
    compiler->path.reference = compiler->path.reference && count == 1 && !blanks && !compiler->dotted;
    TRY(add_property(compiler, names, count, path_reader_byte(reader, first)));
    end_token(compiler, end + 1);
    return STATUS_OK;
}

static bool to_int32(struct str text, int32_t *out_number)
{
    int64_t number = 0;
    if (!str_to_int64(text, &number) || number < INT32_MIN || number > INT32_MAX) {
        return false;
    }
    *out_number = (int32_t)number;
    return true;
}

/* `1:`, `:2`, `1:2`; Jayway reads past a third part. */
static enum status read_slice(struct compiler *compiler, struct str text)
{
    struct path_reader *reader = compiler->reader;
    struct path_token token = {.type = PATH_TOKEN_SLICE};
    size_t colon = str_find(text, ':');
    struct str rest = str_from(text, colon + 1);
    struct str from = str_slice(text, 0, colon);
    struct str to = str_slice(rest, 0, str_find(rest, ':'));
    token.slice.has_from = from.length > 0;
    token.slice.has_to = to.length > 0;
    if (str_find(text, ' ') < text.length || str_find(text, ',') < text.length ||
        (!token.slice.has_from && !token.slice.has_to) ||
        (token.slice.has_from && !to_int32(from, &token.slice.from)) ||
        (token.slice.has_to && !to_int32(to, &token.slice.to))) {
        return path_reader_fail(reader, "Failed to parse SliceOperation: %.*s", STR_ARGS(text));
    }
    TRY(arena_format(reader->arena, &token.text, "[%.*s:%.*s]", STR_ARGS(from), STR_ARGS(to)));
    return add_token(compiler, token);
}

static enum status read_indexes(struct compiler *compiler, struct str text)
{
    struct path_reader *reader = compiler->reader;
    int32_t found[ENTRIES_MAX];
    uint32_t count = 0;
    struct str rest = text;
    struct buffer printed = buffer_in(reader->arena);
    for (bool more = true; more; count++) {
        size_t comma = str_find(rest, ',');
        struct str number = str_trim(str_slice(rest, 0, comma));
        if (count == ENTRIES_MAX || !to_int32(number, &found[count])) {
            return path_reader_fail(reader, "Failed to parse token in ArrayIndexOperation: %.*s", STR_ARGS(number));
        }
        TRY(buffer_format(&printed, "%s%d", count == 0 ? "[" : ",", found[count]));
        more = comma < rest.length;
        rest = str_from(rest, more ? comma + 1 : comma);
    }
    TRY(buffer_add_byte(&printed, ']'));
    int32_t *indexes = arena_array(reader->arena, int32_t, count);
    TRY_NEW(indexes);
    memcpy(indexes, found, count * sizeof *indexes);
    compiler->path.reference = compiler->path.reference && count == 1 && text.bytes[0] != '-' && !compiler->dotted;
    return add_token(compiler, (struct path_token){.type = PATH_TOKEN_INDEX,
                                                   .count = count,
                                                   .text = buffer_text(&printed),
                                                   .indexes = indexes});
}

/* Brackets with numbers in them. */
static enum status read_array(struct compiler *compiler)
{
    struct path_reader *reader = compiler->reader;
    struct str rest = str_from(reader->text, reader->at + 1);
    size_t length = str_find(rest, ']');
    if (length == rest.length) {
        return fail_token(compiler);
    }
    struct str inside = str_slice(rest, 0, length);
    struct str text = str_trim(inside);
    for (size_t at = 0; at < text.length; at++) {
        if (memchr("0123456789,-: ", text.bytes[at], 14) == NULL) {
            return fail_token(compiler);
        }
    }
    if (text.length < inside.length) {
        compiler->path.reference = false;
    }
    if (str_find(text, ':') < text.length) {
        compiler->path.reference = false;
        TRY(read_slice(compiler, text));
    } else {
        TRY(read_indexes(compiler, text));
    }
    end_token(compiler, reader->at + 1 + length + 1);
    return STATUS_OK;
}

static enum status read_wildcard(struct compiler *compiler, size_t star)
{
    struct path_reader *reader = compiler->reader;
    size_t end = star;
    if (path_reader_byte(reader, reader->at) == '[') {
        end = path_reader_significant(reader, star + 1);
        if (path_reader_byte(reader, end) != ']') {
            return path_reader_fail(reader, "Expected wildcard token to end with ']' on position %zu", star + 1);
        }
    }
    TRY(add_token(compiler, (struct path_token){.type = PATH_TOKEN_WILDCARD, .text = STR("[*]")}));
    end_token(compiler, end + 1);
    return STATUS_OK;
}

/* `[?(…)]`. */
static enum status read_filter(struct compiler *compiler, size_t question)
{
    struct path_reader *reader = compiler->reader;
    size_t open = path_reader_significant(reader, question + 1);
    if (path_reader_byte(reader, open) == ']') {
        return path_reader_fail(reader, "Not enough predicates supplied for filter [?] at position %zu", reader->at);
    }
    size_t close = path_reader_byte(reader, open) == '(' ? path_reader_closing(reader, open, ')', true) : reader->text.length;
    size_t end = path_reader_significant(reader, close + 1);
    if (path_reader_byte(reader, end) != ']') {
        return fail_token(compiler);
    }
    struct path_token token = {.type = PATH_TOKEN_FILTER, .text = STR("[?]")};
    struct path_reader inner;
    TRY(path_reader_inner(reader, path_reader_part(reader, open + 1, close), &inner));
    TRY(path_filter_compile(&inner, &token.filter));
    TRY(add_token(compiler, token));
    end_token(compiler, end + 1);
    return STATUS_OK;
}

static enum status read_brackets(struct compiler *compiler)
{
    size_t first = path_reader_significant(compiler->reader, compiler->reader->at + 1);
    char byte = path_reader_byte(compiler->reader, first);
    if (byte == '\'' || byte == '"') {
        return read_bracket_names(compiler, first);
    }
    if (byte == '-' || byte == ':' || (byte >= '0' && byte <= '9')) {
        return read_array(compiler);
    }
    compiler->path.reference = false;
    if (byte == '*') {
        return read_wildcard(compiler, first);
    }
    return byte == '?' ? read_filter(compiler, first) : fail_token(compiler);
}

/* One argument of a function. What is neither a path nor JSON's start is passed over, as Jayway does. */
static enum status read_argument(struct path_reader *reader, struct str text, struct path_argument *out_argument, bool *out_is)
{
    text = str_trim(text);
    char first = text.length == 0 ? '\0' : text.bytes[0];
    *out_argument = (struct path_argument){.path = NULL};
    *out_is = true;
    if (first == '$' || first == '@') {
        struct path_reader inner;
        TRY(path_reader_inner(reader, text, &inner));
        return path_compile_text(&inner, true, &out_argument->path);
    }
    if (first == '"' || first == '{' || first == '[' || first == '-' || (first >= '0' && first <= '9')) {
        struct value_error error;
        struct str copy;
        TRY(arena_copy(reader->arena, text, &copy));
        enum status status = value_parse(reader->arena, copy, &out_argument->value, &error);
        return status == STATUS_INVALID ? path_reader_fail(reader, "%.*s", STR_ARGS(error.message)) : status;
    }
    *out_is = false;
    return STATUS_OK;
}

/* Where the argument that starts at `at` ends: at a comma or the closing parenthesis at `close`. */
static size_t argument_end(const struct path_reader *reader, size_t at, size_t close)
{
    while (at < close && path_reader_byte(reader, at) != ',') {
        char byte = path_reader_byte(reader, at);
        if (byte == '"' || byte == '\'') {
            at = path_reader_unescaped(reader, at + 1, byte);
        } else if (byte == '(' || byte == '[' || byte == '{') {
            at = path_reader_closing(reader, at, byte == '(' ? ')' : byte == '[' ? ']' : '}', false);
        }
        at++;
    }
    return at < close ? at : close;
}

static enum status read_arguments(struct path_reader *reader, size_t open, size_t close, struct path_token *token)
{
    struct path_argument found[ARGUMENTS_MAX];
    size_t at = open + 1;
    while (at <= close) {
        size_t end = argument_end(reader, at, close);
        bool is = false;
        if (token->count == ARGUMENTS_MAX) {
            return path_reader_fail(reader, "A function has at most %d arguments", ARGUMENTS_MAX);
        }
        TRY(read_argument(reader, path_reader_part(reader, at, end), &found[token->count], &is));
        token->count += is;
        at = end + 1;
    }
    struct path_argument *arguments = arena_array(reader->arena, struct path_argument, token->count);
    TRY_NEW(arguments);
    memcpy(arguments, found, token->count * sizeof *arguments);
    token->arguments = arguments;
    return STATUS_OK;
}

/* `name(…)`, the parenthesis at `open`. */
static enum status read_function(struct compiler *compiler, size_t open)
{
    struct path_reader *reader = compiler->reader;
    struct str name = path_reader_part(reader, reader->at, open);
    size_t close = path_reader_closing(reader, open, ')', false);
    if (close == reader->text.length) {
        return path_reader_fail(reader, "Arguments to function: '%.*s' are not closed properly.", STR_ARGS(name));
    }
    struct path_token token = {.type = PATH_TOKEN_FUNCTION};
    if (!path_function_find(name, &token.function)) {
        return path_reader_fail(reader, "Function with name: %.*s does not exist.", STR_ARGS(name));
    }
    TRY(read_arguments(reader, open, close, &token));
    TRY(arena_format(reader->arena, &token.text, ".%.*s(%s)", STR_ARGS(name), token.count > 0 ? "..." : ""));
    TRY(add_token(compiler, token));
    compiler->path.reference = false;
    reader->at = close + 1;
    compiler->ended = reader->at >= reader->text.length;
    char next = path_reader_byte(reader, reader->at);
    return compiler->ended || next == '.' || next == '[' ? STATUS_OK : fail_token(compiler);
}

/* Whether a dotted name is one that a Reference Path may have. */
static bool is_plain_name(struct str name)
{
    for (size_t at = 0; at < name.length; at++) {
        if (memchr("$@*?()'\",: \t\r\n]", name.bytes[at], 15) != NULL) {
            return false;
        }
    }
    return name.length > 0;
}

/* A name without brackets, or a function. */
static enum status read_word(struct compiler *compiler)
{
    struct path_reader *reader = compiler->reader;
    size_t at = reader->at;
    while (at < reader->text.length && memchr(".[( ", path_reader_byte(reader, at), 4) == NULL) {
        at++;
    }
    if (path_reader_byte(reader, at) == ' ') {
        return path_reader_fail(reader,
                                "Use bracket notion ['my prop'] if your property contains blank characters. position: %zu",
                                reader->at);
    }
    if (path_reader_byte(reader, at) == '(') {
        return read_function(compiler, at);
    }
    struct str *name = arena_new(reader->arena, struct str);
    TRY_NEW(name);
    *name = path_reader_part(reader, reader->at, at);
    compiler->path.reference = compiler->path.reference && is_plain_name(*name) && compiler->dotted;
    TRY(add_property(compiler, name, 1, '\''));
    end_token(compiler, at);
    return STATUS_OK;
}

/* Past one or two dots. */
static enum status read_dots(struct compiler *compiler)
{
    struct path_reader *reader = compiler->reader;
    reader->at++;
    compiler->dotted = true;
    if (path_reader_byte(reader, reader->at) == '.') {
        reader->at++;
        compiler->path.reference = false;
        TRY(add_token(compiler, (struct path_token){.type = PATH_TOKEN_SCAN, .text = STR("..")}));
    }
    if (path_reader_byte(reader, reader->at) == '.') {
        return path_reader_fail(reader, "Character '.' on position %zu is not valid.", reader->at);
    }
    return STATUS_OK;
}

static enum status read_token(struct compiler *compiler)
{
    if (path_reader_byte(compiler->reader, compiler->reader->at) == '.') {
        TRY(read_dots(compiler));
    }
    switch (path_reader_byte(compiler->reader, compiler->reader->at)) {
    case '[':
        return read_brackets(compiler);
    case '*':
        compiler->path.reference = false;
        return read_wildcard(compiler, compiler->reader->at);
    case ' ':
    case '\0':
        return fail_token(compiler);
    default:
        return read_word(compiler);
    }
}

static bool is_name_byte(char byte)
{
    unsigned char lower = (unsigned char)byte | 0x20;
    return (byte >= '0' && byte <= '9') || (lower >= 'a' && lower <= 'z') || byte == '_' || (unsigned char)byte >= 0x80;
}

/* `$`, `$$`, `$name` or `@`, up to what may follow. */
static enum status read_root(struct compiler *compiler, bool inner)
{
    struct path_reader *reader = compiler->reader;
    char first = path_reader_byte(reader, 0);
    if (first != '$' && !(inner && first == '@')) {
        return path_reader_fail(reader, "Path must start with '$'%s", inner ? " or '@'" : "");
    }
    reader->at = 1;
    compiler->path.item = first == '@';
    if (first == '$' && path_reader_byte(reader, 1) == '$') {
        reader->at = 2;
        compiler->path.root = PATH_ROOT_CONTEXT;
    } else if (first == '$' && (path_reader_byte(reader, 1) < '0' || path_reader_byte(reader, 1) > '9')) {
        while (is_name_byte(path_reader_byte(reader, reader->at))) {
            reader->at++;
        }
        compiler->path.variable = path_reader_part(reader, 1, reader->at);
        compiler->path.root = reader->at > 1 ? PATH_ROOT_VARIABLE : PATH_ROOT_INPUT;
    }
    char next = path_reader_byte(reader, reader->at);
    compiler->ended = reader->at == reader->text.length;
    if (!compiler->ended && next != '.' && next != '[') {
        return path_reader_fail(reader, "Illegal character at position %zu expected '.' or '['", reader->at);
    }
    return STATUS_OK;
}

/* Whether each token, and so the path, finds one value at most. */
static void mark_definite(struct path_token *tokens, uint32_t count, bool *out_definite)
{
    bool definite = true;
    for (uint32_t at = 0; at < count; at++) {
        struct path_token *token = &tokens[at];
        bool last = at + 1 == count;
        token->upstream_definite = definite;
        token->definite = token->type == PATH_TOKEN_FUNCTION ||
                          ((token->type == PATH_TOKEN_PROPERTY || token->type == PATH_TOKEN_INDEX) && token->count == 1) ||
                          (token->type == PATH_TOKEN_PROPERTY && last); /* several are merged into one object */
        definite = definite && token->definite;
    }
    *out_definite = definite;
}

static enum status finish(struct arena *arena, const struct path *path, const struct path_token *tokens, uint32_t count,
                          struct path **out_path)
{
    struct path *made = arena_new(arena, struct path);
    struct path_token *kept = arena_array(arena, struct path_token, count);
    TRY_NEW(made);
    TRY_NEW(kept);
    memcpy(kept, tokens, count * sizeof *kept);
    *made = *path;
    made->tokens = kept;
    made->token_count = count;
    mark_definite(kept, count, &made->definite);
    *out_path = made;
    return STATUS_OK;
}

/* `$..a.sum()` is read as `$.sum($..a)`: functions would otherwise see each match by itself. */
static enum status invert_scan(struct compiler *compiler)
{
    uint32_t at = 0;
    while (at < compiler->count && compiler->tokens[at].type != PATH_TOKEN_FUNCTION) {
        at++;
    }
    if (at == compiler->count || compiler->tokens[0].type != PATH_TOKEN_SCAN ||
        compiler->tokens[compiler->count - 1].type != PATH_TOKEN_FUNCTION) {
        return STATUS_OK;
    }
    struct path_argument *argument = arena_new(compiler->reader->arena, struct path_argument);
    TRY_NEW(argument);
    if (compiler->tokens[at - 1].type == PATH_TOKEN_SCAN) {
        return path_reader_fail(compiler->reader, "A function must not follow '..'");
    }
    struct path *path = NULL;
    TRY(finish(compiler->reader->arena, &compiler->path, compiler->tokens, at, &path));
    argument->path = path;
    compiler->count -= at;
    memmove(compiler->tokens, compiler->tokens + at, compiler->count * sizeof compiler->tokens[0]);
    compiler->tokens[0].count = 1;
    compiler->tokens[0].arguments = argument;
    return STATUS_OK;
}

/* length() of a path counts the children of what the path finds. */
static enum status widen_length(struct compiler *compiler)
{
    for (uint32_t at = 0; at < compiler->count; at++) {
        struct path_token *token = &compiler->tokens[at];
        bool length = token->type == PATH_TOKEN_FUNCTION &&
                      (token->function == PATH_FUNCTION_LENGTH || token->function == PATH_FUNCTION_SIZE);
        const struct path *path = length && token->count > 0 ? token->arguments[0].path : NULL;
        if (path == NULL || path_is_function(path) || path->token_count == 0 || path->token_count == PATH_TOKENS_MAX) {
            continue;
        }
        struct path_token tokens[PATH_TOKENS_MAX];
        struct path_argument *argument = arena_new(compiler->reader->arena, struct path_argument);
        TRY_NEW(argument);
        memcpy(tokens, path->tokens, path->token_count * sizeof tokens[0]);
        tokens[path->token_count] = (struct path_token){.type = PATH_TOKEN_WILDCARD, .text = STR("[*]")};
        struct path *widened = NULL;
        TRY(finish(compiler->reader->arena, path, tokens, path->token_count + 1, &widened));
        /* Jayway has judged the path before it added the wildcard: of a definite one the last child is taken. */
        widened->definite = path->definite;
        argument->path = widened;
        token->count = 1;
        token->arguments = argument;
    }
    return STATUS_OK;
}

enum status path_compile_text(struct path_reader *reader, bool inner, const struct path **out_path)
{
    struct compiler compiler;
    compiler.reader = reader;
    compiler.path = (struct path){.text = reader->text, .reference = !inner};
    compiler.count = 0;
    compiler.dotted = false;
    while (reader->text.length > 0 && reader->text.bytes[reader->text.length - 1] == ' ') {
        reader->text.length--;
    }
    if (str_ends_with(reader->text, STR("."))) {
        return path_reader_fail(reader, "Path must not end with a '.' or '..'");
    }
    TRY(read_root(&compiler, inner));
    while (!compiler.ended) {
        TRY(read_token(&compiler));
    }
    TRY(invert_scan(&compiler));
    TRY(widen_length(&compiler));
    struct path *path = NULL;
    TRY(finish(reader->arena, &compiler.path, compiler.tokens, compiler.count, &path));
    *out_path = path;
    return STATUS_OK;
}

enum status path_compile(struct arena *arena, struct str text, const struct path **out_path, struct str *out_message)
{
    struct path_reader reader = {.arena = arena, .out_message = out_message};
    TRY(arena_copy(arena, text, &reader.text));
    if (!str_is_utf8(text)) {
        return path_reader_fail(&reader, "A path must be UTF-8");
    }
    return path_compile_text(&reader, false, out_path);
}

bool path_is_open(struct str text)
{
    return str_ends_with(str_trim(text), STR("["));
}

struct str path_text(const struct path *path)
{
    return path->text;
}

enum path_root path_root(const struct path *path)
{
    return path->root;
}

struct str path_variable(const struct path *path)
{
    return path->variable;
}

bool path_is_reference(const struct path *path)
{
    return path->reference;
}

bool path_is_root(const struct path *path)
{
    return path->root == PATH_ROOT_INPUT && path->token_count == 0;
}
