#include "asl/jsonata/number_picture.h"

#include "asl/jsonata/code_points.h"
#include "asl/jsonata/js_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRACTION_DIGITS_MAX 100 /* JavaScript's toFixed */
#define FIXED_BYTES_MAX 512     /* 309 digits, a point, FRACTION_DIGITS_MAX */
#define PARTS_MAX 2

/* Characters, each a code point. */
struct run {
    const uint32_t *at;
    size_t count;
};

enum symbol {
    SYMBOL_DECIMAL,
    SYMBOL_GROUPING,
    SYMBOL_EXPONENT,
    SYMBOL_PERCENT,
    SYMBOL_PER_MILLE,
    SYMBOL_ZERO,
    SYMBOL_DIGIT,
    SYMBOL_PATTERN,
    SYMBOL_MINUS,
    SYMBOL_COUNT
};

/* The characters with a meaning; each a single one. The minus sign may be any text. */
struct symbols {
    uint32_t characters[SYMBOL_COUNT];
    struct str minus;
};

/* One picture out of the at most two. */
struct picture {
    struct run whole;
    struct run prefix;
    struct run suffix;
    struct run active;
    struct run mantissa;
    struct run exponent;
    bool has_exponent;
    struct run integer;
    struct run fraction;
};

/* What a picture asks for. */
struct analysis {
    size_t integer_min;
    size_t fraction_min;
    size_t fraction_max;
    size_t exponent_min;
    int scale; /* digits before the point of a mantissa */
    size_t interval;
    struct run integer_groups;  /* digits to the right of each separator */
    struct run fraction_groups; /* digits to the left of each separator */
};

static struct run cut(struct run run, size_t from, size_t to)
{
    to = to > run.count ? run.count : to;
    from = from > to ? to : from;
    return (struct run){run.at + from, to - from};
}

static size_t find(struct run run, uint32_t character, size_t from)
{
    while (from < run.count && run.at[from] != character) {
        from++;
    }
    return from;
}

static bool has(struct run run, uint32_t character)
{
    return find(run, character, 0) < run.count;
}

static size_t count_of(struct run run, uint32_t character)
{
    size_t count = 0;
    for (size_t at = 0; at < run.count; at++) {
        count += run.at[at] == character;
    }
    return count;
}

static bool is_family(const struct symbols *symbols, uint32_t character)
{
    uint32_t zero = symbols->characters[SYMBOL_ZERO];
    return character >= zero && character <= zero + 9;
}

static bool is_active(const struct symbols *symbols, uint32_t character)
{
    static const enum symbol actives[] = {SYMBOL_DECIMAL, SYMBOL_EXPONENT, SYMBOL_GROUPING, SYMBOL_DIGIT, SYMBOL_PATTERN};
    for (size_t at = 0; at < sizeof actives / sizeof actives[0]; at++) {
        if (character == symbols->characters[actives[at]]) {
            return true;
        }
    }
    return is_family(symbols, character);
}

/* Digits of the family, and `#` too when `optional`. */
static size_t count_digits(const struct symbols *symbols, struct run run, bool optional)
{
    size_t count = 0;
    for (size_t at = 0; at < run.count; at++) {
        count += is_family(symbols, run.at[at]) || (optional && run.at[at] == symbols->characters[SYMBOL_DIGIT]);
    }
    return count;
}

static enum status read_symbols(struct datum options, struct symbols *out_symbols)
{
    static const struct {
        struct str name;
        uint32_t character;
    } rows[SYMBOL_COUNT] = {
        [SYMBOL_DECIMAL] = {STR_INIT("decimal-separator"), '.'},
        [SYMBOL_GROUPING] = {STR_INIT("grouping-separator"), ','},
        [SYMBOL_EXPONENT] = {STR_INIT("exponent-separator"), 'e'},
        [SYMBOL_PERCENT] = {STR_INIT("percent"), '%'},
        [SYMBOL_PER_MILLE] = {STR_INIT("per-mille"), 0x2030},
        [SYMBOL_ZERO] = {STR_INIT("zero-digit"), '0'},
        [SYMBOL_DIGIT] = {STR_INIT("digit"), '#'},
        [SYMBOL_PATTERN] = {STR_INIT("pattern-separator"), ';'},
        [SYMBOL_MINUS] = {STR_INIT("minus-sign"), '-'},
    };
    out_symbols->minus = STR("-");
    for (size_t at = 0; at < SYMBOL_COUNT; at++) {
        struct datum option = options.type == DATUM_OBJECT ? datum_get(options, rows[at].name) : DATUM_NONE;
        bool given = option.type == DATUM_STRING && option.string.length > 0;
        size_t first = 0;
        out_symbols->characters[at] = given ? code_points_next(option.string, &first) : rows[at].character;
        if (given && at == SYMBOL_MINUS) {
            out_symbols->minus = option.string;
        }
    }
    return STATUS_OK;
}

static bool bounds_active(const struct symbols *symbols, uint32_t character)
{
    return is_active(symbols, character) && character != symbols->characters[SYMBOL_EXPONENT];
}

static void split(const struct symbols *symbols, struct run whole, struct picture *picture)
{
    size_t from = 0;
    size_t to = whole.count;
    while (from < whole.count && !bounds_active(symbols, whole.at[from])) {
        from++;
    }
    while (to > from && !bounds_active(symbols, whole.at[to - 1])) {
        to--;
    }
    bool any = from < whole.count;
    *picture = (struct picture){.whole = whole,
                                .prefix = any ? cut(whole, 0, from) : cut(whole, 0, 0),
                                .suffix = any ? cut(whole, to, whole.count) : cut(whole, 0, 0),
                                .active = any ? cut(whole, from, to) : whole};
    /* The reference counts the exponent's place from the beginning of the picture, then cuts the active part there. */
    size_t exponent = find(whole, symbols->characters[SYMBOL_EXPONENT], picture->prefix.count);
    picture->has_exponent = any && exponent < whole.count && exponent <= whole.count - picture->suffix.count;
    if (!picture->has_exponent) {
        exponent = picture->active.count;
    }
    picture->mantissa = cut(picture->active, 0, exponent);
    picture->exponent = cut(picture->active, exponent + 1, picture->active.count);
    size_t point = find(picture->mantissa, symbols->characters[SYMBOL_DECIMAL], 0);
    picture->integer = cut(picture->mantissa, 0, point);
    picture->fraction = point < picture->mantissa.count ? cut(picture->mantissa, point + 1, picture->mantissa.count)
                                                        : picture->suffix;
}

static bool neighbours(struct run run, size_t at, uint32_t character)
{
    return (at > 0 && run.at[at - 1] == character) || (at + 1 < run.count && run.at[at + 1] == character);
}

/* Whether a separator follows another. */
static bool has_pair(struct run run, uint32_t character)
{
    for (size_t at = 0; at + 1 < run.count; at++) {
        if (run.at[at] == character && run.at[at + 1] == character) {
            return true;
        }
    }
    return false;
}

static bool has_passive(const struct symbols *symbols, struct run run)
{
    for (size_t at = 0; at < run.count; at++) {
        if (!is_active(symbols, run.at[at])) {
            return true;
        }
    }
    return false;
}

/* No digit before the first optional one of the integer part. */
static bool integer_in_order(const struct symbols *symbols, struct run run)
{
    size_t optional = find(run, symbols->characters[SYMBOL_DIGIT], 0);
    return optional == run.count || count_digits(symbols, cut(run, 0, optional), false) == 0;
}

/* No digit after the last optional one of the fraction. */
static bool fraction_in_order(const struct symbols *symbols, struct run run)
{
    size_t after = run.count;
    while (after > 0 && run.at[after - 1] != symbols->characters[SYMBOL_DIGIT]) {
        after--;
    }
    return after == 0 || count_digits(symbols, cut(run, after, run.count), false) == 0;
}

/* The rules of F&O 4.7.3; of several that are broken the last is told, as the reference does. */
static enum fault_code validate(const struct symbols *symbols, const struct picture *picture)
{
    const uint32_t *characters = symbols->characters;
    struct run whole = picture->whole;
    uint32_t grouping = characters[SYMBOL_GROUPING];
    bool percent = has(whole, characters[SYMBOL_PERCENT]);
    bool per_mille = has(whole, characters[SYMBOL_PER_MILLE]);
    size_t point = find(whole, characters[SYMBOL_DECIMAL], 0);
    struct run integer = picture->integer;
    const struct {
        bool broken;
        enum fault_code code;
    } rules[] = {
        {count_of(whole, characters[SYMBOL_DECIMAL]) > 1, FAULT_D3081},
        {count_of(whole, characters[SYMBOL_PERCENT]) > 1, FAULT_D3082},
        {count_of(whole, characters[SYMBOL_PER_MILLE]) > 1, FAULT_D3083},
        {percent && per_mille, FAULT_D3084},
        {count_digits(symbols, picture->mantissa, true) == 0, FAULT_D3085},
        {has_passive(symbols, picture->active), FAULT_D3086},
        {point < whole.count && neighbours(whole, point, grouping), FAULT_D3087},
        {point == whole.count && integer.count > 0 && integer.at[integer.count - 1] == grouping, FAULT_D3088},
        {has_pair(whole, grouping), FAULT_D3089},
        {!integer_in_order(symbols, picture->integer), FAULT_D3090},
        {!fraction_in_order(symbols, picture->fraction), FAULT_D3091},
        {picture->exponent.count > 0 && (percent || per_mille), FAULT_D3092},
        {picture->has_exponent && (picture->exponent.count == 0 ||
                                   count_digits(symbols, picture->exponent, false) < picture->exponent.count),
         FAULT_D3093},
    };
    enum fault_code code = FAULT_NONE;
    for (size_t at = 0; at < sizeof rules / sizeof rules[0]; at++) {
        code = rules[at].broken ? rules[at].code : code;
    }
    return code;
}

/* How many digits stand to the right of each separator of the integer part. */
static enum status find_integer_groups(struct evaluation *evaluation, const struct symbols *symbols, struct run run,
                                       struct run *out_groups)
{
    uint32_t *groups = arena_array(evaluation->arena, uint32_t, run.count);
    TRY_NEW(groups);
    size_t count = 0;
    uint32_t grouping = symbols->characters[SYMBOL_GROUPING];
    for (size_t at = find(run, grouping, 0); at < run.count; at = find(run, grouping, at + 1)) {
        groups[count++] = (uint32_t)count_digits(symbols, cut(run, at, run.count), true);
        TRY(evaluation_charge(evaluation, run.count / 16));
    }
    *out_groups = (struct run){groups, count};
    return STATUS_OK;
}

/* How many digits of the fraction stand to the left of its separators. The reference finds the first separator in the
 * fraction, but looks for the others in the integer part. */
static enum status find_fraction_groups(struct evaluation *evaluation, const struct symbols *symbols,
                                        const struct picture *picture, struct run *out_groups)
{
    struct run fraction = picture->fraction;
    struct run integer = picture->integer;
    uint32_t *groups = arena_array(evaluation->arena, uint32_t, integer.count + 1);
    TRY_NEW(groups);
    size_t count = 0;
    uint32_t grouping = symbols->characters[SYMBOL_GROUPING];
    size_t at = find(fraction, grouping, 0);
    if (at < fraction.count) {
        do {
            groups[count++] = (uint32_t)count_digits(symbols, cut(fraction, 0, at), true);
            TRY(evaluation_charge(evaluation, fraction.count / 16));
            at = find(integer, grouping, at + 1);
        } while (at < integer.count);
    }
    *out_groups = (struct run){groups, count};
    return STATUS_OK;
}

/* The distance of the separators when it is always the same, else 0. */
static size_t find_interval(struct run groups)
{
    size_t interval = groups.count == 0 ? 0 : groups.at[groups.count - 1];
    for (size_t at = 0; at < groups.count; at++) {
        if (groups.at[at] != interval * (groups.count - at)) {
            return 0;
        }
    }
    return interval;
}

static enum status analyse(struct evaluation *evaluation, const struct symbols *symbols, const struct picture *picture,
                           struct analysis *analysis)
{
    *analysis = (struct analysis){
        .integer_min = count_digits(symbols, picture->integer, false),
        .fraction_min = count_digits(symbols, picture->fraction, false),
        .fraction_max = count_digits(symbols, picture->fraction, true),
        .exponent_min = count_digits(symbols, picture->exponent, false),
    };
    analysis->scale = (int)analysis->integer_min;
    if (analysis->integer_min == 0 && analysis->fraction_max == 0 && picture->has_exponent) {
        analysis->fraction_min = 1;
        analysis->fraction_max = 1;
    } else if (analysis->integer_min == 0 && analysis->fraction_max == 0) {
        analysis->integer_min = 1;
    }
    if (picture->has_exponent && analysis->integer_min == 0 && has(picture->integer, symbols->characters[SYMBOL_DIGIT])) {
        analysis->integer_min = 1;
    }
    if (analysis->integer_min == 0 && analysis->fraction_min == 0) {
        analysis->fraction_min = 1;
    }
    TRY(find_integer_groups(evaluation, symbols, picture->integer, &analysis->integer_groups));
    TRY(find_fraction_groups(evaluation, symbols, picture, &analysis->fraction_groups));
    analysis->interval = find_interval(analysis->integer_groups);
    return STATUS_OK;
}

/* number × 10^shift without the error of multiplying: by moving the point in its decimal text. */
static enum status shift_point(struct evaluation *evaluation, double number, double shift, double *out_number)
{
    char text[JS_NUMBER_CHARACTERS_MAX];
    int64_t whole = 0;
    int scale = 0;
    if (js_number_short(number, &whole, &scale) && shift == trunc(shift) && shift <= scale && scale - shift <= JS_NUMBER_POWER_MAX) {
        *out_number = (double)whole / js_number_power((int)(scale - shift)); /* as rounded as strtod's */
        return STATUS_OK;
    }
    struct str printed = js_number_print(number, text);
    size_t end = str_find(printed, 'e');
    int64_t exponent = 0;
    if (end < printed.length) {
        struct str digits = str_from(printed, end + (printed.bytes[end + 1] == '+' ? 2 : 1));
        (void)str_to_int64(digits, &exponent);
    }
    shift = fmax(-9999, fmin(9999, trunc(shift)));
    struct str moved;
    TRY(arena_format(evaluation->arena, &moved, "%.*se%d", (int)end, printed.bytes, (int)exponent + (int)shift));
    *out_number = strtod(moved.bytes, NULL);
    return STATUS_OK;
}

enum status number_picture_round(struct evaluation *evaluation, double number, double precision, double *out_rounded)
{
    double shifted = number;
    if (!isfinite(number)) {
        *out_rounded = number;
        return STATUS_OK;
    }
    if (precision != 0) {
        TRY(shift_point(evaluation, number, precision, &shifted));
    }
    double rounded = floor(shifted + 0.5);
    if (fabs(shifted) >= 0x1p52 || !isfinite(shifted)) {
        rounded = shifted;
    } else if (rounded - shifted == 0.5 && fmod(rounded, 2) != 0) {
        rounded -= 1;
    } else if (rounded - shifted > 0.5) {
        rounded -= 1; /* the sum itself was rounded up */
    }
    if (precision != 0 && isfinite(rounded)) {
        TRY(shift_point(evaluation, rounded, -precision, &rounded));
    }
    *out_rounded = rounded == 0 ? 0 : rounded;
    return STATUS_OK;
}

/* A text under construction. */
struct draft {
    uint32_t *at;
    size_t count;
};

static size_t draft_find(const struct draft *draft, uint32_t character)
{
    return find((struct run){draft->at, draft->count}, character, 0);
}

/* Puts a character before `place`; a negative place counts from the end, as that of JavaScript's slice does. */
static enum status draft_insert(struct evaluation *evaluation, struct draft *draft, int64_t place, uint32_t character)
{
    int64_t count = (int64_t)draft->count;
    place = place < 0 ? place + count : place;
    place = place < 0 ? 0 : place > count ? count : place;
    memmove(draft->at + place + 1, draft->at + place, (size_t)(count - place) * sizeof *draft->at);
    draft->at[place] = character;
    draft->count++;
    return evaluation_charge(evaluation, draft->count / 16);
}

static enum status draft_pad(struct evaluation *evaluation, const struct symbols *symbols, const struct analysis *analysis,
                             struct draft *draft)
{
    uint32_t zero = symbols->characters[SYMBOL_ZERO];
    size_t point = draft_find(draft, symbols->characters[SYMBOL_DECIMAL]);
    size_t fraction = draft->count - point - 1;
    for (; point < analysis->integer_min; point++) {
        TRY(draft_insert(evaluation, draft, 0, zero));
    }
    for (; fraction < analysis->fraction_min; fraction++) {
        draft->at[draft->count++] = zero;
    }
    return STATUS_OK;
}

static enum status draft_group(struct evaluation *evaluation, const struct symbols *symbols, const struct analysis *analysis,
                               struct draft *draft)
{
    uint32_t grouping = symbols->characters[SYMBOL_GROUPING];
    int64_t point = (int64_t)draft_find(draft, symbols->characters[SYMBOL_DECIMAL]);
    int64_t interval = (int64_t)analysis->interval;
    for (int64_t place = point - interval; interval > 0 && place > 0; place -= interval) {
        TRY(draft_insert(evaluation, draft, place, grouping));
    }
    for (size_t at = 0; interval == 0 && at < analysis->integer_groups.count; at++) {
        TRY(draft_insert(evaluation, draft, point - (int64_t)analysis->integer_groups.at[at], grouping));
        point++;
    }
    point = (int64_t)draft_find(draft, symbols->characters[SYMBOL_DECIMAL]);
    for (size_t at = 0; at < analysis->fraction_groups.count; at++) {
        TRY(draft_insert(evaluation, draft, point + 1 + (int64_t)analysis->fraction_groups.at[at], grouping));
    }
    return STATUS_OK;
}

/* The digits of a number as toFixed() gives them, without zeros at the ends: 1e21 and more have an exponent. */
static enum status draft_digits(struct evaluation *evaluation, const struct symbols *symbols, const struct analysis *analysis,
                                double number, struct draft *out_draft)
{
    char text[FIXED_BYTES_MAX];
    uint32_t zero = symbols->characters[SYMBOL_ZERO];
    struct str digits;
    if (fabs(number) >= 1e21) {
        digits = js_number_print(fabs(number), text);
    } else {
        digits.bytes = text;
        digits.length = (size_t)snprintf(text, sizeof text, "%.*f", (int)analysis->fraction_max, fabs(number));
    }
    struct draft draft = {0};
    size_t groups = analysis->integer_groups.count + analysis->fraction_groups.count;
    draft.at = arena_array(evaluation->arena, uint32_t, 2 * digits.length + 1 + analysis->integer_min + analysis->fraction_min + groups);
    TRY_NEW(draft.at);
    bool has_point = false;
    bool leading = true;
    for (size_t at = 0; at < digits.length; at++) {
        char byte = digits.bytes[at];
        leading = leading && byte == '0';
        if (!leading) {
            bool is_digit = byte >= '0' && byte <= '9';
            has_point |= byte == '.';
            draft.at[draft.count++] = is_digit      ? zero + (uint32_t)(byte - '0')
                                      : byte == '.' ? symbols->characters[SYMBOL_DECIMAL]
                                                    : (uint32_t)byte;
        }
    }
    if (!has_point) {
        draft.at[draft.count++] = symbols->characters[SYMBOL_DECIMAL];
    }
    while (draft.count > 0 && draft.at[draft.count - 1] == zero) {
        draft.count--;
    }
    *out_draft = draft;
    return STATUS_OK;
}

static enum status add_number(struct evaluation *evaluation, const struct symbols *symbols, const struct picture *picture,
                              const struct analysis *analysis, double number, struct buffer *buffer)
{
    struct draft draft;
    uint32_t decimal = symbols->characters[SYMBOL_DECIMAL];
    TRY(draft_digits(evaluation, symbols, analysis, number, &draft));
    TRY(draft_pad(evaluation, symbols, analysis, &draft));
    TRY(draft_group(evaluation, symbols, analysis, &draft));
    if (draft.count > 0 && (!has(picture->whole, decimal) || draft_find(&draft, decimal) == draft.count - 1)) {
        draft.count--;
    }
    for (size_t at = 0; at < draft.count; at++) {
        TRY(code_points_add(buffer, draft.at[at]));
    }
    return STATUS_OK;
}

static enum status add_digit(const struct symbols *symbols, char digit, struct buffer *buffer)
{
    return code_points_add(buffer, symbols->characters[SYMBOL_ZERO] + (uint32_t)(digit - '0'));
}

static enum status add_run(struct run run, struct buffer *buffer)
{
    for (size_t at = 0; at < run.count; at++) {
        TRY(code_points_add(buffer, run.at[at]));
    }
    return STATUS_OK;
}

static enum status add_exponent(const struct symbols *symbols, const struct analysis *analysis, int exponent,
                                struct buffer *buffer)
{
    char text[16];
    int length = snprintf(text, sizeof text, "%d", abs(exponent));
    TRY(code_points_add(buffer, symbols->characters[SYMBOL_EXPONENT]));
    TRY(buffer_add(buffer, exponent < 0 ? symbols->minus : STR("")));
    for (size_t at = (size_t)length; at < analysis->exponent_min; at++) {
        TRY(add_digit(symbols, '0', buffer));
    }
    for (int at = 0; at < length; at++) {
        TRY(add_digit(symbols, text[at], buffer));
    }
    return STATUS_OK;
}

/* Scales the number so that it has the mantissa's digits before the point; returns by what power of ten. */
static int normalise(const struct analysis *analysis, double *mantissa)
{
    double most = pow(10, analysis->scale);
    double least = pow(10, analysis->scale - 1);
    double size = fabs(*mantissa);
    int exponent = 0;
    for (; size > 0 && size < least && exponent > -1000; exponent--) {
        size *= 10;
    }
    for (; size > most && exponent < 1000; exponent++) {
        size /= 10;
    }
    *mantissa = size;
    return exponent;
}

static enum status format_with(struct evaluation *evaluation, const struct symbols *symbols, const struct picture *picture,
                               double number, struct buffer *buffer)
{
    struct analysis analysis;
    int exponent = 0;
    TRY(analyse(evaluation, symbols, picture, &analysis));
    if (analysis.fraction_max > FRACTION_DIGITS_MAX || analysis.integer_min > FIXED_BYTES_MAX) {
        return evaluation_fail_message(evaluation, FAULT_D3142, STR("The picture string asks for too many digits"));
    }
    if (has(picture->whole, symbols->characters[SYMBOL_PERCENT])) {
        number *= 100;
    } else if (has(picture->whole, symbols->characters[SYMBOL_PER_MILLE])) {
        number *= 1000;
    }
    if (analysis.exponent_min > 0) {
        exponent = normalise(&analysis, &number);
    }
    if (!isfinite(number)) {
        return evaluation_fail_value(evaluation, FAULT_D1001, datum_number(number));
    }
    TRY(number_picture_round(evaluation, number, (double)analysis.fraction_max, &number));
    TRY(add_run(picture->prefix, buffer));
    TRY(add_number(evaluation, symbols, picture, &analysis, number, buffer));
    if (analysis.exponent_min > 0) {
        TRY(add_exponent(symbols, &analysis, exponent, buffer));
    }
    return add_run(picture->suffix, buffer);
}

static enum status decode(struct evaluation *evaluation, struct str text, struct run *out_run)
{
    uint32_t *characters = arena_array(evaluation->arena, uint32_t, text.length);
    TRY_NEW(characters);
    size_t count = 0;
    for (size_t at = 0; at < text.length;) {
        characters[count++] = code_points_next(text, &at);
    }
    *out_run = (struct run){characters, count};
    return evaluation_charge(evaluation, text.length / 4);
}

enum status number_picture_format(struct evaluation *evaluation, double number, struct str text, struct datum options,
                                  struct buffer *buffer)
{
    struct symbols symbols;
    struct run run;
    struct picture pictures[PARTS_MAX];
    TRY(read_symbols(options, &symbols));
    TRY(decode(evaluation, text, &run));
    size_t separators = count_of(run, symbols.characters[SYMBOL_PATTERN]);
    if (separators >= PARTS_MAX) {
        return evaluation_fail(evaluation, FAULT_D3080);
    }
    size_t end = find(run, symbols.characters[SYMBOL_PATTERN], 0);
    split(&symbols, cut(run, 0, end), &pictures[0]);
    split(&symbols, cut(run, end + 1, run.count), &pictures[1]);
    for (size_t at = 0; at <= separators; at++) {
        enum fault_code code = validate(&symbols, &pictures[at]);
        if (code != FAULT_NONE) {
            return evaluation_fail(evaluation, code);
        }
    }
    bool negative = number < 0;
    if (negative && separators == 0) {
        TRY(buffer_add(buffer, symbols.minus));
    }
    return format_with(evaluation, &symbols, &pictures[negative && separators > 0 ? 1 : 0], number, buffer);
}
