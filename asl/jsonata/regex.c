#define PCRE2_CODE_UNIT_WIDTH 8
#include "asl/jsonata/regex.h"

#include "asl/jsonata/code_points.h"
#include "base/limits.h"

#include <pcre2.h>

#define BYTES_A_STEP 16 /* text that pcre2 passes over in the time of one step */

/* What JavaScript's \s stands for, without brackets. */
#define SPACES "\\x09-\\x0d\\x20\\xa0\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}"

struct regex {
    pcre2_code *code;
    uint32_t group_count;
};

/* A pattern on its way from JavaScript's syntax to pcre2's. */
struct translation {
    struct str pattern;
    size_t at;
    bool in_class;
    bool after_quantifier; /* what comes next may be `?` but no other quantifier */
    bool after_atom;
    struct buffer out;
    const char *message;
};

static int peek(const struct translation *translation, size_t ahead)
{
    size_t at = translation->at + ahead;
    return at < translation->pattern.length ? (uint8_t)translation->pattern.bytes[at] : -1;
}

static enum status reject(struct translation *translation, const char *message)
{
    translation->message = message;
    return STATUS_INVALID;
}

/* `digits` hexadecimal digits at `ahead`, or -1. */
static int64_t hex_at(const struct translation *translation, size_t ahead, size_t digits)
{
    int64_t value = 0;
    for (size_t digit = 0; digit < digits; digit++) {
        int byte = peek(translation, ahead + digit);
        if (byte >= '0' && byte <= '9') {
            value = value * 16 + byte - '0';
        } else if ((byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F')) {
            value = value * 16 + (byte | 0x20) - 'a' + 10;
        } else {
            return -1;
        }
    }
    return value;
}

/* \u0041, \x41; two halves of a surrogate pair are one character here. */
static enum status translate_hex(struct translation *translation)
{
    size_t digits = peek(translation, 1) == 'u' ? 4 : 2;
    int64_t value = hex_at(translation, 2, digits);
    if (value < 0) {
        translation->at += 1; /* an escaped letter is that letter */
        return STATUS_OK;
    }
    translation->at += 2 + digits;
    if (value >= 0xD800 && value < 0xDC00 && peek(translation, 0) == '\\' && peek(translation, 1) == 'u') {
        int64_t low = hex_at(translation, 2, 4);
        if (low >= 0xDC00 && low < 0xE000) {
            value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
            translation->at += 6;
        }
    }
    if (value >= 0xD800 && value < 0xE000) {
        return reject(translation, "half of a surrogate pair");
    }
    return buffer_format(&translation->out, "\\x{%x}", (unsigned)value);
}

static enum status translate_escape(struct translation *translation)
{
    int name = peek(translation, 1);
    if (name < 0) {
        return reject(translation, "\\ at end of pattern");
    }
    if (name == 'u' || name == 'x') {
        return translate_hex(translation);
    }
    if (name == 's') {
        translation->at += 2;
        return buffer_add(&translation->out, translation->in_class ? STR(SPACES) : STR("[" SPACES "]"));
    }
    if (name == 'S' && !translation->in_class) {
        translation->at += 2;
        return buffer_add(&translation->out, STR("[^" SPACES "]"));
    }
    if (name == 'v') {
        translation->at += 2;
        return buffer_add(&translation->out, STR("\\x0b"));
    }
    bool is_letter = (name >= 'a' && name <= 'z') || (name >= 'A' && name <= 'Z');
    if (is_letter && strchr("dDwWSbBfnrtck", name) == NULL) {
        translation->at += 1; /* JavaScript knows no such escape: it is the letter */
        return STATUS_OK;
    }
    if (translation->in_class && name == 'B') {
        translation->at += 1;
        return STATUS_OK;
    }
    if (name >= 0x80) {
        translation->at += 1;
        return STATUS_OK;
    }
    TRY(buffer_add(&translation->out, str_slice(translation->pattern, translation->at, 2)));
    translation->at += 2;
    return STATUS_OK;
}

/* {2}, {2,}, {2,3}: its length; 0 when the brace is none of these and so stands for itself. */
static size_t quantifier_length(const struct translation *translation)
{
    size_t at = 1;
    while (peek(translation, at) >= '0' && peek(translation, at) <= '9') {
        at++;
    }
    if (at == 1) {
        return 0;
    }
    if (peek(translation, at) == ',') {
        at++;
        while (peek(translation, at) >= '0' && peek(translation, at) <= '9') {
            at++;
        }
    }
    return peek(translation, at) == '}' ? at + 1 : 0;
}

static enum status translate_quantifier(struct translation *translation, size_t length)
{
    if (!translation->after_atom) {
        return reject(translation, "nothing to repeat");
    }
    TRY(buffer_add(&translation->out, str_slice(translation->pattern, translation->at, length)));
    translation->at += length;
    if (peek(translation, 0) == '?') {
        translation->at += 1;
        TRY(buffer_add_byte(&translation->out, '?'));
    }
    translation->after_atom = false; /* a++ is possessive to pcre2 and nothing to JavaScript */
    return STATUS_OK;
}

static enum status translate_group(struct translation *translation)
{
    translation->after_atom = false;
    if (peek(translation, 1) == '*') {
        return reject(translation, "nothing to repeat");
    }
    if (peek(translation, 1) == '?') {
        int kind = peek(translation, 2);
        int after = peek(translation, 3);
        bool is_name = kind == '<' && ((after >= 'a' && after <= 'z') || (after >= 'A' && after <= 'Z') || after == '_');
        bool is_behind = kind == '<' && (after == '=' || after == '!');
        if (kind != ':' && kind != '=' && kind != '!' && !is_name && !is_behind) {
            return reject(translation, "invalid group");
        }
        TRY(buffer_add(&translation->out, STR("(?")));
        translation->at += 2;
        return STATUS_OK;
    }
    translation->at += 1;
    return buffer_add_byte(&translation->out, '(');
}

static enum status translate_class_start(struct translation *translation)
{
    bool negated = peek(translation, 1) == '^';
    translation->at += negated ? 2 : 1;
    if (peek(translation, 0) == ']') { /* [] is nothing, [^] is anything */
        translation->at += 1;
        translation->after_atom = true;
        return buffer_add(&translation->out, negated ? STR("[\\x00-\\x{10ffff}]") : STR("(?!)"));
    }
    translation->in_class = true;
    return buffer_add(&translation->out, negated ? STR("[^") : STR("["));
}

static enum status translate_in_class(struct translation *translation, int byte)
{
    if (byte == ']') {
        translation->in_class = false;
        translation->after_atom = true;
    } else if (byte == '[') {
        TRY(buffer_add_byte(&translation->out, '\\')); /* no POSIX classes */
    }
    translation->at += 1;
    return buffer_add_byte(&translation->out, (char)byte);
}

static enum status translate_one(struct translation *translation)
{
    int byte = peek(translation, 0);
    if (byte == '\\') {
        int name = peek(translation, 1);
        translation->after_atom = name != 'b' && name != 'B';
        return translate_escape(translation);
    }
    if (translation->in_class) {
        return translate_in_class(translation, byte);
    }
    size_t length = byte == '{' ? quantifier_length(translation) : 0;
    if (byte == '*' || byte == '+' || byte == '?' || length > 0) {
        return translate_quantifier(translation, length > 0 ? length : 1);
    }
    if (byte == '(') {
        return translate_group(translation);
    }
    if (byte == '[') {
        return translate_class_start(translation);
    }
    if (byte == '{' || byte == '}') {
        TRY(buffer_add_byte(&translation->out, '\\'));
    } else if (byte == '.') {
        translation->at += 1;
        translation->after_atom = true;
        return buffer_add(&translation->out, STR("[^\\n\\r\\x{2028}\\x{2029}]"));
    }
    translation->after_atom = byte != '|' && byte != '^' && byte != '$';
    translation->at += 1;
    return buffer_add_byte(&translation->out, (char)byte);
}

static void release_code(void *handle)
{
    pcre2_code_free(handle);
}

static enum status compile_translated(struct arena *arena, const struct regex_source *source, struct str pattern,
                                      struct regex **out_regex, struct str *out_message)
{
    struct regex *regex = arena_new(arena, struct regex);
    TRY_NEW(regex);
    uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_MATCH_UNSET_BACKREF | PCRE2_AUTO_CALLOUT |
                       PCRE2_DUPNAMES | PCRE2_NEVER_BACKSLASH_C;
    options |= source->case_insensitive ? PCRE2_CASELESS : 0;
    options |= source->multi_line ? PCRE2_MULTILINE : 0;
    int code = 0;
    PCRE2_SIZE offset = 0;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    TRY_NEW(context);
    pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
    regex->code = pcre2_compile((PCRE2_SPTR)pattern.bytes, pattern.length, options, &code, &offset, context);
    pcre2_compile_context_free(context);
    if (regex->code == NULL) {
        PCRE2_UCHAR message[120];
        pcre2_get_error_message(code, message, sizeof message);
        TRY(arena_format(arena, out_message, "%s", (const char *)message));
        return STATUS_INVALID;
    }
    TRY(arena_own(arena, regex->code, release_code));
    pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &regex->group_count);
    *out_regex = regex;
    return STATUS_OK;
}

enum status regex_compile(struct arena *arena, const struct regex_source *source, struct regex **out_regex,
                          struct str *out_message)
{
    struct translation translation = {.pattern = source->pattern, .out = buffer_in(arena)};
    while (translation.at < source->pattern.length) {
        enum status status = translate_one(&translation);
        if (status == STATUS_INVALID) {
            *out_message = str_of(translation.message);
        }
        TRY(status);
    }
    return compile_translated(arena, source, buffer_text(&translation.out), out_regex, out_message);
}

struct work {
    struct evaluation *evaluation;
    size_t position;
    uint64_t passed; /* bytes that were not charged yet */
};

/* pcre2 calls this before each item of the pattern: what it passed over since is charged. Its own limits start anew at
 * every place of the text and so do not bound a search. */
static int count_work(pcre2_callout_block *block, void *data)
{
    struct work *work = data;
    size_t now = block->current_position;
    work->passed += 1 + (now > work->position ? now - work->position : work->position - now);
    work->position = now;
    if (work->passed < 64 * BYTES_A_STEP) {
        return 0;
    }
    uint64_t steps = work->passed / BYTES_A_STEP;
    work->passed = 0;
    return evaluation_charge(work->evaluation, steps) == STATUS_OK ? 0 : PCRE2_ERROR_CALLOUT;
}

static enum status read_groups(struct evaluation *evaluation, const struct regex *regex, struct str text,
                               const pcre2_match_data *data, struct regex_match *match)
{
    const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer((pcre2_match_data *)data);
    match->found = true;
    match->start = offsets[0];
    match->end = offsets[1];
    if (match->end < match->start) {
        return evaluation_fail(evaluation, FAULT_D1004);
    }
    match->group_count = regex->group_count;
    match->groups = arena_array(evaluation->arena, struct datum, regex->group_count);
    TRY_NEW(match->groups);
    for (uint32_t at = 0; at < regex->group_count; at++) {
        PCRE2_SIZE start = offsets[2 * at + 2];
        PCRE2_SIZE end = offsets[2 * at + 3];
        if (start != PCRE2_UNSET && start <= end) {
            match->groups[at] = datum_string(str_slice(text, start, end - start));
        }
    }
    return STATUS_OK;
}

/* Adds a character for pcre2, in as many bytes as it has in `text`. */
static enum status add_well_formed(struct buffer *buffer, struct str text, size_t *at)
{
    size_t from = *at;
    uint32_t code_point = code_points_next(text, at);
    size_t length = *at - from;
    char bytes[4];
    if (code_point >= 0xD800 && code_point < 0xE000 && length == 3) {
        return buffer_add(buffer, STR("\xEF\xBF\xBD"));
    }
    bool good = code_point <= 0x10FFFF && code_points_write(code_point, bytes) == length;
    return buffer_add(buffer, good ? (struct str){bytes, length} : str_slice(STR("????"), 0, length));
}

/* The text for pcre2, which wants well-formed UTF-8: a lone surrogate becomes U+FFFD. It is checked once for all the
 * searches that go over it. */
static enum status check_text(struct evaluation *evaluation, struct str text, struct str *out_copy)
{
    if (evaluation->checked_text.bytes != text.bytes || evaluation->checked_text.length != text.length) {
        struct str copy = text;
        TRY(evaluation_charge(evaluation, 1 + text.length / BYTES_A_STEP));
        if (!str_is_utf8(text)) {
            struct buffer buffer = buffer_in(evaluation->arena);
            for (size_t at = 0; at < text.length;) {
                TRY(add_well_formed(&buffer, text, &at));
            }
            copy = buffer_text(&buffer);
        }
        evaluation->checked_text = text;
        evaluation->checked_copy = copy;
    }
    *out_copy = evaluation->checked_copy;
    return STATUS_OK;
}

static enum status find_with(struct evaluation *evaluation, const struct regex *regex, struct str text, size_t from,
                             pcre2_match_data *data, pcre2_match_context *context, struct regex_match *out_match)
{
    struct str subject;
    TRY(check_text(evaluation, text, &subject));
    struct work work = {.evaluation = evaluation, .position = from};
    pcre2_set_match_limit(context, JSONATA_REGEX_MATCH_MAX);
    pcre2_set_heap_limit(context, JSONATA_REGEX_HEAP_KIB_MAX);
    pcre2_set_callout(context, count_work, &work);
    const char *bytes = subject.length == 0 ? "" : subject.bytes;
    int code = pcre2_match(regex->code, (PCRE2_SPTR)bytes, subject.length, from, PCRE2_NO_UTF_CHECK, data, context);
    TRY(code == PCRE2_ERROR_CALLOUT ? STATUS_INVALID : STATUS_OK); /* the callback has said why */
    TRY(evaluation_charge(evaluation, 1 + work.passed / BYTES_A_STEP));
    struct regex_match match = {.found = false};
    if (code > 0) {
        TRY(read_groups(evaluation, regex, text, data, &match));
    } else if (code != PCRE2_ERROR_NOMATCH) {
        return evaluation_fail_message(evaluation, FAULT_U1001, STR("The regular expression takes too long to match"));
    }
    *out_match = match;
    return STATUS_OK;
}

enum status regex_find(struct evaluation *evaluation, const struct regex *regex, struct str text, size_t from,
                       struct regex_match *out_match)
{
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(regex->code, NULL);
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    enum status status = STATUS_LIMIT_EXCEEDED;
    if (data != NULL && context != NULL) {
        status = find_with(evaluation, regex, text, from, data, context, out_match);
    }
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
    return status;
}

enum status regex_find_next(struct evaluation *evaluation, const struct regex *regex, struct str text, size_t from,
                            struct regex_match *out_match)
{
    *out_match = (struct regex_match){.found = false};
    if (from >= text.length) {
        return STATUS_OK;
    }
    TRY(regex_find(evaluation, regex, text, from, out_match));
    bool is_stuck = out_match->found && out_match->start == out_match->end;
    return is_stuck ? evaluation_fail(evaluation, FAULT_D1004) : STATUS_OK;
}
