/* The parser of asl/value.h. It works on every payload of every event, so: one pass, strings scanned eight bytes at a
 * time, values allocated at their exact size, and words about errors only when there is one. */
#include "asl/utf.h"
#include "asl/value.h"
#include "asl/value_fault.h"
#include "asl/value_members.h"
#include "base/limits.h"

#include <endian.h>
#include <stdlib.h>

#define PENDING_LOCAL 48      /* members on the parser's own stack before it asks for memory */
#define DIGITS_EXACT 15       /* decimal digits that a double holds exactly */
#define POWER_EXACT 22        /* 10^22 is the last power of ten that a double holds exactly */
#define EXPONENT_MAX 99999    /* where an exponent stops growing; doubles end at 10^308 */

#define BYTES(byte) (UINT64_MAX / 255 * (byte))

static const char expected_value[] =
    ": expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

/* Reads tokens; what is wrong with the first bad one stays in `fault`. */
struct scanner {
    const char *at;
    const char *end;
    size_t blanks; /* bytes of white space passed */
    struct value_fault fault;
};

static bool fail(struct scanner *scanner, enum value_fault_kind kind, const char *at, const char *detail)
{
    scanner->fault.kind = kind;
    scanner->fault.at = at;
    scanner->fault.detail = detail;
    return false;
}

static bool skip_some_blanks(struct scanner *scanner)
{
    const char *start = scanner->at;
    const char *at = start;
    while (at < scanner->end && (unsigned char)*at <= ' ') {
        if (*at != ' ' && *at != '\n' && *at != '\t' && *at != '\r') {
            return fail(scanner, VALUE_FAULT_SPACE, at, NULL);
        }
        at++;
    }
    scanner->blanks += (size_t)(at - start);
    scanner->at = at;
    return at < scanner->end;
}

/* To the next byte that is no white space. False at the end of the text (no fault) and at a control character. */
static inline bool skip_blanks(struct scanner *scanner)
{
    /* Usually there is none to skip. */
    return (scanner->at < scanner->end && (unsigned char)*scanner->at > ' ') || skip_some_blanks(scanner);
}

/* To the first byte that is a quote, a backslash, a control character or not ASCII. */
static const char *skip_plain(const char *at, const char *end)
{
    while (end - at >= 8) {
        uint64_t word = 0;
        memcpy(&word, at, sizeof word);
        word = le64toh(word);
        uint64_t quote = word ^ BYTES('"');
        uint64_t backslash = word ^ BYTES('\\');
        /* The lowest flagged byte is exact: borrows only run upwards. */
        uint64_t special = (((quote - BYTES(1)) & ~quote) | ((backslash - BYTES(1)) & ~backslash) |
                            ((word - BYTES(0x20)) & ~word) | word) &
                           BYTES(0x80);
        if (special != 0) {
            return at + (__builtin_ctzll(special) >> 3);
        }
        at += 8;
    }
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80) {
        at++;
    }
    return at;
}

/* The length of the well-formed UTF-8 sequence of two bytes or more at `at`, or 0. */
static size_t sequence_length(const char *at, const char *end)
{
    unsigned char first = (unsigned char)*at;
    size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
    if (length == 0 || (size_t)(end - at) < length) {
        return 0;
    }
    unsigned char second = (unsigned char)at[1];
    unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (second < low || second > high) {
        return 0;
    }
    for (size_t index = 2; index < length; index++) {
        if (((unsigned char)at[index] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return length;
}

/* Past the escape whose backslash is at scanner->at. */
static bool scan_escape(struct scanner *scanner)
{
    const char *at = scanner->at + 1;
    if (at == scanner->end) {
        return fail(scanner, VALUE_FAULT_END, at, " in character escape sequence");
    }
    if (memchr("\"\\/bfnrt", *at, 8) != NULL) {
        scanner->at = at + 1;
        return true;
    }
    if (*at != 'u') {
        return fail(scanner, VALUE_FAULT_ESCAPE, at, NULL);
    }
    for (int index = 1; index <= 4; index++) {
        if (at + index >= scanner->end) {
            return fail(scanner, VALUE_FAULT_END, scanner->end, " in character escape sequence");
        }
        if (utf_hex_digit(at[index]) < 0) {
            return fail(scanner, VALUE_FAULT_CHARACTER, at + index, ": expected a hex-digit for character escape sequence");
        }
    }
    scanner->at = at + 5;
    return true;
}

/* Past the string whose opening quote is at scanner->at. */
static bool scan_string(struct scanner *scanner, bool is_name, bool *out_escaped)
{
    scanner->at++;
    *out_escaped = false;
    for (;;) {
        const char *at = skip_plain(scanner->at, scanner->end);
        if (at == scanner->end) {
            return fail(scanner, VALUE_FAULT_END, at,
                        is_name ? " in field name" : ": was expecting closing quote for a string value");
        }
        scanner->at = at;
        if (*at == '"') {
            scanner->at++;
            return true;
        }
        if (*at == '\\') {
            *out_escaped = true;
            if (!scan_escape(scanner)) {
                return false;
            }
        } else if ((unsigned char)*at < 0x20) {
            return fail(scanner, VALUE_FAULT_CONTROL, at, is_name ? "name" : "string value");
        } else {
            size_t length = sequence_length(at, scanner->end);
            if (length == 0) {
                return fail(scanner, VALUE_FAULT_UTF8, at, NULL);
            }
            scanner->at += length;
        }
    }
}

/* A number in its parts: digits (without leading zeros of the fraction's kind) · 10^exponent. */
struct decimal {
    uint64_t digits;
    uint32_t digit_count; /* significant ones; beyond DIGITS_EXACT `digits` is not to be used */
    int32_t exponent;
    bool negative;
};

static void scan_digits(struct scanner *scanner, struct decimal *decimal, int32_t exponent_step)
{
    const char *at = scanner->at;
    while (at < scanner->end && (unsigned)(*at - '0') < 10) {
        if (decimal->digit_count <= DIGITS_EXACT) {
            decimal->digits = decimal->digits * 10 + (uint64_t)(*at - '0');
            decimal->digit_count += decimal->digits != 0;
            decimal->exponent += exponent_step;
        }
        at++;
    }
    scanner->at = at;
}

static bool scan_exponent(struct scanner *scanner, struct decimal *decimal)
{
    bool negative = false;
    int32_t exponent = 0;
    scanner->at++;
    if (scanner->at < scanner->end && (*scanner->at == '+' || *scanner->at == '-')) {
        negative = *scanner->at == '-';
        scanner->at++;
    }
    const char *first = scanner->at;
    while (scanner->at < scanner->end && (unsigned)(*scanner->at - '0') < 10) {
        if (exponent < EXPONENT_MAX) {
            exponent = exponent * 10 + (*scanner->at - '0');
        }
        scanner->at++;
    }
    if (scanner->at == first) {
        if (first == scanner->end) {
            return fail(scanner, VALUE_FAULT_END, first, "expected a digit for number exponent");
        }
        return fail(scanner, VALUE_FAULT_NUMBER, first,
                    " in numeric value: Exponent indicator not followed by a digit");
    }
    decimal->exponent += negative ? -exponent : exponent;
    return true;
}

/* Past the number at scanner->at, which starts with a digit or a minus sign. */
static bool scan_number(struct scanner *scanner, struct decimal *out_decimal)
{
    *out_decimal = (struct decimal){.negative = *scanner->at == '-'};
    scanner->at += out_decimal->negative;
    if (scanner->at == scanner->end) {
        return fail(scanner, VALUE_FAULT_END, scanner->at, "No digit following minus sign");
    }
    const char *first = scanner->at;
    scan_digits(scanner, out_decimal, 0);
    if (scanner->at == first) {
        return fail(scanner, VALUE_FAULT_CHARACTER, first,
                    " in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value");
    }
    if (*first == '0' && scanner->at - first > 1) {
        return fail(scanner, VALUE_FAULT_TEXT, first + 1, "Invalid numeric value: Leading zeroes not allowed");
    }
    if (scanner->at < scanner->end && *scanner->at == '.') {
        const char *fraction = ++scanner->at;
        scan_digits(scanner, out_decimal, -1);
        if (scanner->at == fraction) {
            return fail(scanner, VALUE_FAULT_NUMBER, fraction == scanner->end ? fraction - 1 : fraction,
                        " in numeric value: Decimal point not followed by a digit");
        }
    }
    if (scanner->at < scanner->end && (*scanner->at | 0x20) == 'e') {
        return scan_exponent(scanner, out_decimal);
    }
    return true;
}

static bool is_word_byte(char byte)
{
    return (unsigned)(byte - '0') < 10 || (unsigned)((byte | 0x20) - 'a') < 26 || byte == '_' || byte == '$' ||
           (unsigned char)byte >= 0xC3;
}

static bool scan_literal(struct scanner *scanner, struct str word)
{
    const char *at = scanner->at;
    if ((size_t)(scanner->end - at) < word.length || memcmp(at, word.bytes, word.length) != 0 ||
        (at + word.length < scanner->end && is_word_byte(at[word.length]))) {
        return fail(scanner, VALUE_FAULT_TOKEN, at, NULL);
    }
    scanner->at += word.length;
    return true;
}

/* No value can start with the byte at scanner->at: says so as Jackson's _handleOddValue does. */
static bool fail_odd_value(struct scanner *scanner, bool in_object)
{
    char byte = *scanner->at;
    if ((unsigned char)byte >= 0x80 && sequence_length(scanner->at, scanner->end) == 0) {
        return fail(scanner, VALUE_FAULT_UTF8, scanner->at, NULL);
    }
    if (is_word_byte(byte)) {
        return fail(scanner, VALUE_FAULT_TOKEN, scanner->at, expected_value);
    }
    return fail(scanner, VALUE_FAULT_CHARACTER, scanner->at, byte == '}' && !in_object ? ": expected a value" : expected_value);
}

static const char end_in_object[] = " within/between Object entries";
static const char end_in_array[] = " within/between Array entries";
static const char colon_missing[] = ": was expecting a colon to separate field name and value";
static const char comma_in_object[] = ": was expecting comma to separate Object entries";
static const char comma_in_array[] = ": was expecting comma to separate Array entries";

/* The container at `open` must go on: false at the end of the text, with the fault. */
static bool container_goes_on(struct scanner *scanner, const char *open)
{
    if (skip_blanks(scanner)) {
        return true;
    }
    scanner->fault.open = open;
    return scanner->fault.kind == VALUE_FAULT_NONE ? fail(scanner, VALUE_FAULT_OPEN, scanner->end, NULL) : false;
}

/* As above between the parts of an entry. */
static bool entry_goes_on(struct scanner *scanner, const char *open)
{
    if (skip_blanks(scanner)) {
        return true;
    }
    return scanner->fault.kind == VALUE_FAULT_NONE
               ? fail(scanner, VALUE_FAULT_END, scanner->end, *open == '{' ? end_in_object : end_in_array)
               : false;
}

/* After an item: past a comma (*out_more) or past the closing bracket. */
static bool scan_separator(struct scanner *scanner, const char *open, bool *out_more)
{
    if (!container_goes_on(scanner, open)) {
        return false;
    }
    char byte = *scanner->at;
    char closing = *open == '{' ? '}' : ']';
    *out_more = byte == ',';
    if (byte == ',') {
        scanner->at++;
        return entry_goes_on(scanner, open);
    }
    if (byte == closing) {
        scanner->at++;
        return true;
    }
    if (byte == ']' || byte == '}') {
        scanner->fault.open = open;
        return fail(scanner, VALUE_FAULT_CLOSE, scanner->at, NULL);
    }
    return fail(scanner, VALUE_FAULT_CHARACTER, scanner->at, *open == '{' ? comma_in_object : comma_in_array);
}

/* After an opening bracket: whether the container is empty, and then past its end. */
static bool scan_first(struct scanner *scanner, const char *open, bool *out_empty)
{
    scanner->at++;
    if (!container_goes_on(scanner, open)) {
        return false;
    }
    *out_empty = *scanner->at == (*open == '{' ? '}' : ']');
    scanner->at += *out_empty;
    if (!*out_empty && (*scanner->at == ']' || *scanner->at == '}')) {
        scanner->fault.open = open;
        return fail(scanner, VALUE_FAULT_CLOSE, scanner->at, NULL);
    }
    return true;
}

/* Past a member's name and colon, to its value. *out_source is the name with its quotes. */
static bool scan_name(struct scanner *scanner, const char *open, struct str *out_source, bool *out_escaped)
{
    const char *start = scanner->at;
    if (*start != '"') {
        return fail(scanner, VALUE_FAULT_CHARACTER, start, ": was expecting double-quote to start field name");
    }
    if (!scan_string(scanner, true, out_escaped)) {
        return false;
    }
    *out_source = (struct str){start, (size_t)(scanner->at - start)};
    if (scanner->at < scanner->end && *scanner->at == ':') {
        scanner->at++;
        return entry_goes_on(scanner, open);
    }
    if (!entry_goes_on(scanner, open)) {
        return false;
    }
    if (*scanner->at != ':') {
        return fail(scanner, VALUE_FAULT_CHARACTER, scanner->at, colon_missing);
    }
    scanner->at++;
    return entry_goes_on(scanner, open);
}

/* After the text's value: nothing but white space may follow. */
static bool scan_end(struct scanner *scanner, char last)
{
    /* A number must not touch what follows it. */
    bool tight = scanner->at < scanner->end && (unsigned char)*scanner->at > ' ';
    if (!skip_blanks(scanner)) {
        return scanner->fault.kind == VALUE_FAULT_NONE;
    }
    char byte = *scanner->at;
    if (tight && (unsigned)(last - '0') < 10) {
        return fail(scanner, VALUE_FAULT_CHARACTER, scanner->at, ": Expected space separating root-level values");
    }
    if (byte == ']' || byte == '}') {
        return fail(scanner, VALUE_FAULT_CLOSE, scanner->at, NULL);
    }
    if (byte == '"' || byte == '{' || byte == '[' || byte == '-' || (unsigned)(byte - '0') < 10) {
        return fail(scanner, VALUE_FAULT_TEXT, scanner->at,
                    "Trailing token found after value: not allowed as per `DeserializationFeature.FAIL_ON_TRAILING_TOKENS`");
    }
    return fail_odd_value(scanner, false);
}

static const double powers[POWER_EXACT + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                               1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static enum status decimal_to_double(struct arena *arena, const struct decimal *decimal, struct str text, double *out_number)
{
    double number = 0;
    if (decimal->digits == 0) {
        number = 0; /* a zero before any digit was dropped */
    } else if (decimal->digit_count <= DIGITS_EXACT && decimal->exponent >= -POWER_EXACT && decimal->exponent <= POWER_EXACT) {
        /* Both operands are exact, so the one rounding is the right one. */
        number = decimal->exponent < 0 ? (double)decimal->digits / powers[-decimal->exponent]
                                       : (double)decimal->digits * powers[decimal->exponent];
    } else {
        char local[64];
        char *copy = text.length < sizeof local ? local : arena_allocate(arena, text.length + 1);
        TRY_NEW(copy);
        memcpy(copy, text.bytes, text.length);
        copy[text.length] = '\0';
        *out_number = strtod(copy, NULL);
        return STATUS_OK;
    }
    *out_number = decimal->negative ? -number : number;
    return STATUS_OK;
}

struct parser {
    struct scanner scanner;
    struct arena *arena;
    size_t depth;
    size_t deepest; /* what depth reached since the container now open began */
    size_t duplicates; /* members dropped */
    bool unique;       /* the first of them is wanted: */
    struct str duplicate; /* its key as it was written */
    struct value_member *pending; /* items and members of the containers not yet closed */
    size_t pending_count;
    size_t pending_capacity;
    struct value_member local[PENDING_LOCAL];
};

static enum status pending_grow(struct parser *parser)
{
    size_t capacity = parser->pending_capacity * 2;
    struct value_member *old = parser->pending == parser->local ? NULL : parser->pending;
    struct value_member *grown = realloc(old, capacity * sizeof *grown);
    TRY_NEW(grown);
    if (old == NULL) {
        memcpy(grown, parser->local, sizeof parser->local);
    }
    parser->pending = grown;
    parser->pending_capacity = capacity;
    return STATUS_OK;
}

/* What the escape at `at` (its backslash) stands for; a pair of surrogates is one character. Returns the bytes read. */
static size_t decode_escape(const char *at, const char *end, uint32_t *out_point)
{
    switch (at[1]) {
    case 'b':
        *out_point = '\b';
        return 2;
    case 'f':
        *out_point = '\f';
        return 2;
    case 'n':
        *out_point = '\n';
        return 2;
    case 'r':
        *out_point = '\r';
        return 2;
    case 't':
        *out_point = '\t';
        return 2;
    case 'u':
        break;
    default:
        *out_point = (unsigned char)at[1];
        return 2;
    }
    return utf_unescape((struct str){at, (size_t)(end - at)}, out_point);
}

/* The characters of a scanned string. `source` has its quotes. */
static enum status decode_string(struct arena *arena, struct str source, bool escaped, struct str *out_string)
{
    struct str inner = {source.bytes + 1, source.length - 2};
    if (!escaped) {
        *out_string = inner;
        return STATUS_OK;
    }
    /* No escape is shorter than what it stands for. */
    char *bytes = arena_allocate(arena, inner.length);
    TRY_NEW(bytes);
    const char *at = inner.bytes;
    const char *end = at + inner.length;
    size_t length = 0;
    while (at < end) {
        size_t plain = str_find((struct str){at, (size_t)(end - at)}, '\\');
        memcpy(bytes + length, at, plain);
        length += plain;
        at += plain;
        if (at < end) {
            uint32_t point = 0;
            at += decode_escape(at, end, &point);
            length += utf_encode(point, bytes + length);
        }
    }
    *out_string = (struct str){bytes, length};
    return STATUS_OK;
}

/* Notes the first of the members that was not kept. `before`: all of them. */
static void note_duplicate(struct parser *parser, const struct value_member *before, size_t base, size_t kept)
{
    size_t at = 0;
    while (at < kept && before[at].key.bytes == parser->pending[base + at].key.bytes) {
        at++;
    }
    parser->duplicate = before[at].key_source;
}

static enum status merge_duplicates(struct parser *parser, size_t base)
{
    size_t count = parser->pending_count - base;
    size_t kept = 0;
    struct value_member *before = NULL;
    if (parser->unique && parser->duplicate.bytes == NULL) {
        before = malloc(count * sizeof *before);
        TRY_NEW(before);
        memcpy(before, parser->pending + base, count * sizeof *before);
    }
    enum status status = value_members_merge(parser->pending + base, count, &kept);
    if (status == STATUS_OK && before != NULL && kept < count) {
        note_duplicate(parser, before, base, kept);
    }
    free(before);
    TRY(status);
    parser->duplicates += count - kept;
    parser->pending_count = base + kept;
    return STATUS_OK;
}

static enum status parse_value(struct parser *parser, bool in_object, const struct value **out_value);

static enum status enter(struct parser *parser)
{
    if (parser->depth == JSON_DEPTH_MAX) {
        (void)fail(&parser->scanner, VALUE_FAULT_DEPTH, parser->scanner.at, NULL);
        return STATUS_LIMIT_EXCEEDED;
    }
    parser->depth++;
    parser->deepest = parser->depth;
    return STATUS_OK;
}

static enum status parse_members(struct parser *parser, const char *open, bool *out_doubtful)
{
    struct scanner *scanner = &parser->scanner;
    uint64_t seen = 0; /* a bit a key: two keys with different bits differ */
    bool more = true;
    while (more) {
        bool escaped = false;
        struct value_member member = {.value = NULL};
        if (!scan_name(scanner, open, &member.key_source, &escaped)) {
            return STATUS_INVALID;
        }
        TRY(decode_string(parser->arena, member.key_source, escaped, &member.key));
        size_t sum = member.key.length;
        if (sum > 0) {
            sum += (unsigned char)member.key.bytes[0] * 5U + (unsigned char)member.key.bytes[sum - 1] * 11U;
        }
        uint64_t bit = 1ULL << (sum & 63);
        *out_doubtful |= (seen & bit) != 0;
        seen |= bit;
        TRY(parse_value(parser, true, &member.value));
        if (parser->pending_count == parser->pending_capacity) {
            TRY(pending_grow(parser));
        }
        parser->pending[parser->pending_count++] = member;
        if (!scan_separator(scanner, open, &more)) {
            return STATUS_INVALID;
        }
    }
    return STATUS_OK;
}

static enum status parse_items(struct parser *parser, const char *open)
{
    struct scanner *scanner = &parser->scanner;
    bool more = true;
    while (more) {
        const struct value *item = NULL;
        TRY(parse_value(parser, false, &item));
        if (parser->pending_count == parser->pending_capacity) {
            TRY(pending_grow(parser));
        }
        parser->pending[parser->pending_count++].value = item;
        if (!scan_separator(scanner, open, &more)) {
            return STATUS_INVALID;
        }
    }
    return STATUS_OK;
}

/* Moves what is pending from `base` on to the arena, at its exact size. */
static enum status collect(struct parser *parser, size_t base, struct value *value)
{
    size_t count = parser->pending_count - base;
    const struct value_member *from = parser->pending + base;
    value->count = (uint32_t)count;
    parser->pending_count = base;
    if (count == 0) {
        value->items = NULL;
    } else if (value->type == VALUE_OBJECT) {
        struct value_member *members = arena_allocate(parser->arena, count * sizeof *members);
        TRY_NEW(members);
        memcpy(members, from, count * sizeof *members);
        value->members = members;
    } else {
        const struct value **items = arena_allocate(parser->arena, count * sizeof *items);
        TRY_NEW(items);
        for (size_t at = 0; at < count; at++) {
            items[at] = from[at].value;
        }
        value->items = items;
    }
    return STATUS_OK;
}

static enum status parse_container(struct parser *parser, const struct value **out_value)
{
    struct scanner *scanner = &parser->scanner;
    const char *open = scanner->at;
    size_t blanks = scanner->blanks;
    size_t duplicates = parser->duplicates;
    size_t base = parser->pending_count;
    size_t deepest_outside = parser->deepest;
    bool doubtful = false;
    bool empty = false;
    TRY(enter(parser));
    struct value *value = arena_allocate(parser->arena, sizeof *value);
    TRY_NEW(value);
    if (!scan_first(scanner, open, &empty)) {
        return STATUS_INVALID;
    }
    if (!empty && *open == '{') {
        TRY(parse_members(parser, open, &doubtful));
    } else if (!empty) {
        TRY(parse_items(parser, open));
    }
    if (doubtful) {
        TRY(merge_duplicates(parser, base));
    }
    *value = (struct value){
        .type = *open == '{' ? VALUE_OBJECT : VALUE_ARRAY,
        .boolean = scanner->blanks == blanks && parser->duplicates == duplicates,
        .depth = (uint16_t)(parser->deepest - parser->depth + 1),
        .source = {open, (size_t)(scanner->at - open)},
    };
    TRY(collect(parser, base, value));
    parser->depth--;
    parser->deepest = parser->deepest < deepest_outside ? deepest_outside : parser->deepest;
    *out_value = value;
    return STATUS_OK;
}

static enum status parse_string(struct parser *parser, const struct value **out_value)
{
    const char *start = parser->scanner.at;
    bool escaped = false;
    if (!scan_string(&parser->scanner, false, &escaped)) {
        return STATUS_INVALID;
    }
    struct value *value = arena_allocate(parser->arena, sizeof *value);
    TRY_NEW(value);
    *value = (struct value){.type = VALUE_STRING, .source = {start, (size_t)(parser->scanner.at - start)}};
    TRY(decode_string(parser->arena, value->source, escaped, &value->string));
    *out_value = value;
    return STATUS_OK;
}

static enum status parse_number(struct parser *parser, const struct value **out_value)
{
    const char *start = parser->scanner.at;
    struct decimal decimal;
    if (!scan_number(&parser->scanner, &decimal)) {
        return STATUS_INVALID;
    }
    struct value *value = arena_allocate(parser->arena, sizeof *value);
    TRY_NEW(value);
    *value = (struct value){.type = VALUE_NUMBER, .source = {start, (size_t)(parser->scanner.at - start)}};
    TRY(decimal_to_double(parser->arena, &decimal, value->source, &value->number));
    *out_value = value;
    return STATUS_OK;
}

static enum status parse_literal(struct parser *parser, struct str word, const struct value *literal,
                                 const struct value **out_value)
{
    if (!scan_literal(&parser->scanner, word)) {
        return STATUS_INVALID;
    }
    *out_value = literal;
    return STATUS_OK;
}

/* The value that starts at the scanner's byte, which is there. */
static enum status parse_value(struct parser *parser, bool in_object, const struct value **out_value)
{
    switch (*parser->scanner.at) {
    case '"':
        return parse_string(parser, out_value);
    case '{':
    case '[':
        return parse_container(parser, out_value);
    case 't':
        return parse_literal(parser, STR("true"), &value_true, out_value);
    case 'f':
        return parse_literal(parser, STR("false"), &value_false, out_value);
    case 'n':
        return parse_literal(parser, STR("null"), &value_null, out_value);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return parse_number(parser, out_value);
    default:
        (void)fail_odd_value(&parser->scanner, in_object);
        return STATUS_INVALID;
    }
}

/* To the first byte of the text's value. */
static bool scan_start(struct scanner *scanner)
{
    if (!skip_blanks(scanner)) {
        return scanner->fault.kind == VALUE_FAULT_NONE
                   ? fail(scanner, VALUE_FAULT_TEXT, scanner->end, "No content to map due to end-of-input")
                   : false;
    }
    if (*scanner->at == ']' || *scanner->at == '}') {
        return fail(scanner, VALUE_FAULT_CLOSE, scanner->at, NULL);
    }
    return true;
}

static enum status parse_text(struct parser *parser, const struct value **out_value)
{
    if (!scan_start(&parser->scanner)) {
        return STATUS_INVALID;
    }
    TRY(parse_value(parser, false, out_value));
    return scan_end(&parser->scanner, parser->scanner.at[-1]) ? STATUS_OK : STATUS_INVALID;
}

/* As Jackson tells it. */
static enum status describe_duplicate(struct arena *arena, struct str text, struct str key, struct value_error *out_error)
{
    struct str name = str_slice(key, 1, key.length - 2);
    *out_error = (struct value_error){.offset = (size_t)(key.bytes - text.bytes), .line = 1, .column = 1};
    for (size_t at = 0; at < out_error->offset; at++) {
        bool ends = text.bytes[at] == '\n';
        out_error->line += ends;
        out_error->column = ends ? 1 : out_error->column + ((text.bytes[at] & 0xC0) != 0x80);
    }
    TRY(arena_format(arena, &out_error->message, "Duplicate field '%.*s'", STR_ARGS(name)));
    return STATUS_INVALID;
}

static enum status parse_whole(struct arena *arena, struct str text, bool unique, const struct value **out_value,
                               struct value_error *out_error)
{
    if (text.bytes == NULL) {
        text = STR("");
    }
    struct parser parser;
    parser.unique = unique;
    parser.duplicate = STR_NONE;
    parser.scanner = (struct scanner){.at = text.bytes, .end = text.bytes + text.length};
    parser.arena = arena;
    parser.depth = 0;
    parser.deepest = 0;
    parser.duplicates = 0;
    parser.pending = parser.local;
    parser.pending_count = 0;
    parser.pending_capacity = PENDING_LOCAL;
    const struct value *value = NULL;
    enum status status = parse_text(&parser, &value);
    if (parser.pending != parser.local) {
        free(parser.pending);
    }
    if (status == STATUS_OK && parser.duplicate.bytes != NULL) {
        return describe_duplicate(arena, text, parser.duplicate, out_error);
    }
    if (status == STATUS_OK) {
        *out_value = value;
    } else if (out_error != NULL) {
        *out_error = (struct value_error){.message = STR("out of memory")};
        if (parser.scanner.fault.kind != VALUE_FAULT_NONE) {
            TRY(value_fault_describe(arena, text, &parser.scanner.fault, out_error));
        }
    }
    return status;
}

enum status value_parse(struct arena *arena, struct str text, const struct value **out_value, struct value_error *out_error)
{
    return parse_whole(arena, text, false, out_value, out_error);
}

enum status value_parse_unique(struct arena *arena, struct str text, const struct value **out_value, struct value_error *out_error)
{
    return parse_whole(arena, text, true, out_value, out_error);
}

/* Past a scalar. */
static bool skip_scalar(struct scanner *scanner)
{
    bool escaped = false;
    struct decimal decimal;
    char byte = *scanner->at;
    if (byte == '"') {
        return scan_string(scanner, false, &escaped);
    }
    if (byte == '-' || (unsigned)(byte - '0') < 10) {
        return scan_number(scanner, &decimal);
    }
    return byte == 't'   ? scan_literal(scanner, STR("true"))
           : byte == 'f' ? scan_literal(scanner, STR("false"))
                         : scan_literal(scanner, STR("null"));
}

bool value_text_is_valid(struct str text)
{
    if (text.bytes == NULL || text.length == 0) {
        return false;
    }
    struct scanner scanner = {.at = text.bytes, .end = text.bytes + text.length};
    const char *open[JSON_DEPTH_MAX];
    size_t depth = 0;
    struct str name;
    bool escaped = false;
    bool more = true; /* a value comes next */
    if (!scan_start(&scanner)) {
        return false;
    }
    for (;;) {
        if (more && (*scanner.at == '{' || *scanner.at == '[')) {
            if (depth == JSON_DEPTH_MAX) {
                return false;
            }
            bool empty = false;
            open[depth++] = scanner.at;
            if (!scan_first(&scanner, open[depth - 1], &empty)) {
                return false;
            }
            more = !empty;
            depth -= empty;
        } else if (more) {
            if (!skip_scalar(&scanner)) {
                return false;
            }
            more = false;
        }
        if (!more) {
            if (depth == 0) {
                return scan_end(&scanner, scanner.at[-1]);
            }
            if (!scan_separator(&scanner, open[depth - 1], &more)) {
                return false;
            }
            depth -= !more;
        }
        if (more && *open[depth - 1] == '{' && !scan_name(&scanner, open[depth - 1], &name, &escaped)) {
            return false;
        }
    }
}
