#include "asl/jsonata/number_picture.h"

#include "asl/jsonata/code_points.h"
#include "asl/jsonata/js_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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
    size_t exponent = find(picture->active, symbols->characters[SYMBOL_EXPONENT], 0);
    picture->has_exponent = exponent < picture->active.count;
    picture->mantissa = cut(picture->active, 0, exponent);
    picture->exponent = cut(picture->active, exponent + 1, picture->active.count);
    size_t point = find(picture->mantissa, symbols->characters[SYMBOL_DECIMAL], 0);
    picture->integer = cut(picture->mantissa, 0, point);
    picture->fraction = cut(picture->mantissa, point + 1, picture->mantissa.count);
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

static bool digits_in_order(const struct symbols *symbols, const struct picture *picture, bool fraction)
{
    uint32_t digit = symbols->characters[SYMBOL_DIGIT];
    struct run run = fraction ? picture->fraction : picture->integer;
    size_t seen = 0;
    bool optional = false;
    for (size_t at = 0; at < run.count; at++) {
        bool is_digit = is_family(symbols, run.at[at]);
        bool is_optional = run.at[at] == digit;
        if ((fraction && is_digit && optional) || (!fraction && is_optional && seen > 0)) {
            return false;
        }
        seen += is_digit;
        optional |= is_optional;
    }
    return true;
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
        {!digits_in_order(symbols, picture, false), FAULT_D3090},
        {!digits_in_order(symbols, picture, true), FAULT_D3091},
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

/* How many digits stand to the right (or left) of each separator. */
static enum status find_groups(struct evaluation *evaluation, const struct symbols *symbols, struct run run, bool to_left,
                               struct run *out_groups)
{
    uint32_t *groups = arena_array(evaluation->arena, uint32_t, run.count);
    TRY_NEW(groups);
    size_t count = 0;
    uint32_t grouping = symbols->characters[SYMBOL_GROUPING];
    for (size_t at = find(run, grouping, 0); at < run.count; at = find(run, grouping, at + 1)) {
        struct run side = to_left ? cut(run, 0, at) : cut(run, at, run.count);
        groups[count++] = (uint32_t)count_digits(symbols, side, true);
        TRY(evaluation_charge(evaluation, run.count / 16));
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
    TRY(find_groups(evaluation, symbols, picture->integer, false, &analysis->integer_groups));
    TRY(find_groups(evaluation, symbols, picture->fraction, true, &analysis->fraction_groups));
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

/* The digits of a number, before and after the point. */
struct digits {
    char text[FIXED_BYTES_MAX];
    struct str integer;
    struct str fraction;
};

static void print_digits(double number, size_t places, struct digits *out_digits)
{
    int length = snprintf(out_digits->text, sizeof out_digits->text, "%.*f", (int)places, fabs(number));
    struct str text = {out_digits->text, (size_t)length};
    size_t point = str_find(text, '.');
    out_digits->integer = str_slice(text, 0, point);
    out_digits->fraction = str_from(text, point + (point < text.length ? 1 : 0));
    while (str_starts_with(out_digits->integer, STR("0"))) {
        out_digits->integer = str_from(out_digits->integer, 1);
    }
    while (str_ends_with(out_digits->fraction, STR("0"))) {
        out_digits->fraction.length--;
    }
}

static bool has_group_at(struct run groups, size_t position)
{
    for (size_t at = 0; at < groups.count; at++) {
        if (groups.at[at] == position) {
            return true;
        }
    }
    return false;
}

static enum status add_digit(const struct symbols *symbols, char digit, struct buffer *buffer)
{
    return code_points_add(buffer, symbols->characters[SYMBOL_ZERO] + (uint32_t)(digit - '0'));
}

static enum status add_integer(struct evaluation *evaluation, const struct symbols *symbols, const struct analysis *analysis,
                               struct str digits, struct buffer *buffer)
{
    size_t count = digits.length < analysis->integer_min ? analysis->integer_min : digits.length;
    TRY(evaluation_charge(evaluation, count * (analysis->interval > 0 ? 1 : 1 + analysis->integer_groups.count) / 16));
    for (size_t left = count; left > 0; left--) {
        bool by_interval = analysis->interval > 0 && left % analysis->interval == 0;
        bool by_list = analysis->interval == 0 && has_group_at(analysis->integer_groups, left);
        if (left < count && (by_interval || by_list)) {
            TRY(code_points_add(buffer, symbols->characters[SYMBOL_GROUPING]));
        }
        TRY(add_digit(symbols, left > digits.length ? '0' : digits.bytes[digits.length - left], buffer));
    }
    return STATUS_OK;
}

static enum status add_fraction(const struct symbols *symbols, const struct analysis *analysis, struct str digits,
                                struct buffer *buffer)
{
    size_t count = digits.length < analysis->fraction_min ? analysis->fraction_min : digits.length;
    for (size_t at = 0; at < count; at++) {
        if (at > 0 && has_group_at(analysis->fraction_groups, at)) {
            TRY(code_points_add(buffer, symbols->characters[SYMBOL_GROUPING]));
        }
        TRY(add_digit(symbols, at < digits.length ? digits.bytes[at] : '0', buffer));
    }
    return STATUS_OK;
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
    struct digits digits;
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
    print_digits(number, analysis.fraction_max, &digits);
    TRY(add_run(picture->prefix, buffer));
    TRY(add_integer(evaluation, symbols, &analysis, digits.integer, buffer));
    if (has(picture->whole, symbols->characters[SYMBOL_DECIMAL]) &&
        (digits.fraction.length > 0 || analysis.fraction_min > 0)) {
        TRY(code_points_add(buffer, symbols->characters[SYMBOL_DECIMAL]));
        TRY(add_fraction(symbols, &analysis, digits.fraction, buffer));
    }
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
