#include "asl/jsonata/integer_picture.h"

#include "asl/jsonata/code_points.h"
#include "asl/jsonata/js_number.h"
#include "asl/jsonata/letter_case.h"
#include "asl/jsonata/number_words.h"
#include "base/assert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The zeros of Unicode's decimal digit families (the reference's list). */
static const uint32_t families[] = {0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6,
                                    0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0,
                                    0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620,
                                    0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10};

static const struct {
    uint32_t number;
    const char *letters;
} roman[] = {{1000, "m"}, {900, "cm"}, {500, "d"}, {400, "cd"}, {100, "c"}, {90, "xc"}, {50, "l"},
             {40, "xl"},  {10, "x"},   {9, "ix"},  {5, "v"},    {4, "iv"},  {1, "i"}};

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

/* The zero of the family that the digit belongs to, or 0. */
static uint32_t family_of(uint32_t code_point)
{
    for (size_t at = 0; at < COUNT(families); at++) {
        if (code_point >= families[at] && code_point <= families[at] + 9) {
            return families[at];
        }
    }
    return 0;
}

static uint32_t greatest_divisor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static bool has_separator_at(const struct integer_picture *picture, uint32_t position)
{
    for (uint32_t at = 0; at < picture->separator_count; at++) {
        if (picture->separators[at].position == position) {
            return true;
        }
    }
    return false;
}

/* Every how many digits a separator stands, when they are all alike and none is missing; else 0. */
static uint32_t interval_of(const struct integer_picture *picture)
{
    uint32_t divisor = 0;
    for (uint32_t at = 0; at < picture->separator_count; at++) {
        if (picture->separators[at].character != picture->separators[0].character) {
            return 0;
        }
        divisor = greatest_divisor(divisor, picture->separators[at].position);
    }
    for (uint32_t at = 1; at <= picture->separator_count; at++) {
        if (!has_separator_at(picture, at * divisor)) {
            return 0;
        }
    }
    return divisor;
}

static enum status parse_digits(struct evaluation *evaluation, struct str text, struct integer_picture *picture)
{
    size_t count = code_points_count(text);
    uint32_t *characters = arena_array(evaluation->arena, uint32_t, count);
    picture->separators = arena_array(evaluation->arena, struct separator, count);
    TRY_NEW(characters);
    TRY_NEW(picture->separators);
    size_t filled = 0;
    for (size_t at = 0; at < text.length && filled < count;) {
        characters[filled++] = code_points_next(text, &at);
    }
    uint32_t position = 0;
    picture->zero = 0;
    while (filled > 0) {
        uint32_t character = characters[--filled];
        uint32_t family = family_of(character);
        if (family != 0 && picture->zero != 0 && family != picture->zero) {
            return evaluation_fail(evaluation, FAULT_D3131);
        }
        if (family != 0) {
            picture->zero = family;
            picture->mandatory_digits++;
            position++;
        } else if (character == '#') {
            picture->optional_digits++;
            position++;
        } else {
            picture->separators[picture->separator_count++] = (struct separator){position, character};
        }
    }
    if (picture->mandatory_digits == 0) {
        picture->form = INTEGER_SEQUENCE;
        return STATUS_OK;
    }
    picture->interval = interval_of(picture);
    return STATUS_OK;
}

enum status integer_picture_parse(struct evaluation *evaluation, struct str text, struct integer_picture *out_picture)
{
    static const struct {
        struct str text;
        enum integer_form form;
        enum letter_case letters;
    } rows[] = {
        {STR_INIT("A"), INTEGER_LETTERS, LETTER_CASE_UPPER}, {STR_INIT("a"), INTEGER_LETTERS, LETTER_CASE_LOWER},
        {STR_INIT("I"), INTEGER_ROMAN, LETTER_CASE_UPPER},   {STR_INIT("i"), INTEGER_ROMAN, LETTER_CASE_LOWER},
        {STR_INIT("W"), INTEGER_WORDS, LETTER_CASE_UPPER},   {STR_INIT("w"), INTEGER_WORDS, LETTER_CASE_LOWER},
        {STR_INIT("Ww"), INTEGER_WORDS, LETTER_CASE_TITLE},
    };
    struct integer_picture picture = {.form = INTEGER_DECIMAL, .zero = '0'};
    struct str primary = text;
    for (size_t at = text.length; at > 0; at--) {
        if (text.bytes[at - 1] == ';') {
            primary = str_slice(text, 0, at - 1);
            picture.ordinal = str_starts_with(str_from(text, at), STR("o"));
            break;
        }
    }
    picture.token = primary;
    for (size_t at = 0; at < COUNT(rows); at++) {
        if (str_equal(primary, rows[at].text)) {
            picture.form = rows[at].form;
            picture.letters = rows[at].letters;
            *out_picture = picture;
            return STATUS_OK;
        }
    }
    TRY(parse_digits(evaluation, primary, &picture));
    *out_picture = picture;
    return STATUS_OK;
}

static enum status add_letters(const struct integer_picture *picture, double number, struct buffer *buffer)
{
    char letters[256]; /* 26^219 is beyond the greatest double */
    size_t at = sizeof letters;
    char first = picture->letters == LETTER_CASE_UPPER ? 'A' : 'a';
    while (number > 0 && at > 0) {
        letters[--at] = (char)(first + (int)fmod(number - 1, 26));
        number = floor((number - 1) / 26);
    }
    return buffer_add(buffer, (struct str){letters + at, sizeof letters - at});
}

static enum status add_roman(struct evaluation *evaluation, const struct integer_picture *picture, double number,
                             struct buffer *buffer)
{
    TRY(evaluation_check_string(evaluation, number > 1e12 ? SIZE_MAX : (size_t)(number / 1000)));
    struct buffer letters = buffer_in(evaluation->arena);
    for (size_t at = 0; at < COUNT(roman); at++) {
        for (; number >= roman[at].number; number -= roman[at].number) {
            TRY(buffer_add(&letters, str_of(roman[at].letters)));
        }
    }
    TRY(evaluation_charge(evaluation, letters.length / 4));
    return picture->letters == LETTER_CASE_UPPER ? letter_case_upper(buffer, buffer_text(&letters))
                                                 : buffer_add(buffer, buffer_text(&letters));
}

static enum status add_words(struct evaluation *evaluation, const struct integer_picture *picture, double number,
                             struct buffer *buffer)
{
    struct buffer words = buffer_in(evaluation->arena);
    TRY(number_words_add(&words, number, picture->ordinal));
    switch (picture->letters) {
    case LETTER_CASE_LOWER:
        return letter_case_lower(buffer, buffer_text(&words));
    case LETTER_CASE_UPPER:
        return letter_case_upper(buffer, buffer_text(&words));
    case LETTER_CASE_TITLE:
        return buffer_add(buffer, buffer_text(&words));
    }
    UNREACHABLE("case of letters");
}

/* Digits and separators. */
struct draft {
    uint32_t *at;
    size_t count;
};

static void draft_insert(struct draft *draft, size_t place, uint32_t character)
{
    memmove(draft->at + place + 1, draft->at + place, (draft->count - place) * sizeof *draft->at);
    draft->at[place] = character;
    draft->count++;
}

/* Each separator where the picture has it. Where there are too few digits, the reference puts the separator before the
 * last ones (as many as are missing) and drops the others. */
static enum status separate(struct evaluation *evaluation, const struct integer_picture *picture, struct draft *draft)
{
    for (uint32_t left = picture->separator_count; left > 0; left--) {
        const struct separator *separator = &picture->separators[left - 1];
        size_t place = draft->count - separator->position;
        if (separator->position > draft->count) {
            size_t missing = separator->position - draft->count;
            size_t kept = missing < draft->count ? missing : draft->count;
            memmove(draft->at, draft->at + draft->count - kept, kept * sizeof *draft->at);
            draft->count = kept;
            place = 0;
        }
        draft_insert(draft, place, separator->character);
        TRY(evaluation_charge(evaluation, draft->count / 16));
    }
    return STATUS_OK;
}

static struct str ordinal_suffix(const struct draft *draft)
{
    uint32_t last = draft->at[draft->count - 1];
    bool teen = draft->count > 1 && draft->at[draft->count - 2] == '1';
    if (teen || last < '1' || last > '3') {
        return STR("th");
    }
    return last == '1' ? STR("st") : last == '2' ? STR("nd") : STR("rd");
}

static enum status add_digits(struct evaluation *evaluation, const struct integer_picture *picture, double number,
                              struct buffer *buffer)
{
    char text[JS_NUMBER_CHARACTERS_MAX];
    struct draft draft = {0};
    struct str plain = js_number_print(number, text);
    size_t zeros = plain.length < picture->mandatory_digits ? picture->mandatory_digits - plain.length : 0;
    size_t count = zeros + plain.length;
    TRY(evaluation_check_string(evaluation, picture->mandatory_digits));
    TRY(evaluation_charge(evaluation, count / 16));
    draft.at = arena_array(evaluation->arena, uint32_t, 2 * count + picture->separator_count);
    TRY_NEW(draft.at);
    for (size_t at = 0; at < count; at++) {
        if (at > 0 && picture->interval > 0 && (count - at) % picture->interval == 0) {
            draft.at[draft.count++] = picture->separators[0].character;
        }
        uint32_t character = at < zeros ? '0' : (uint8_t)plain.bytes[at - zeros];
        draft.at[draft.count++] = character + (picture->zero - '0');
    }
    if (picture->interval == 0) {
        TRY(separate(evaluation, picture, &draft));
    }
    for (size_t at = 0; at < draft.count; at++) {
        TRY(code_points_add(buffer, draft.at[at]));
    }
    return picture->ordinal ? buffer_add(buffer, ordinal_suffix(&draft)) : STATUS_OK;
}

static enum status fail_sequence(struct evaluation *evaluation, const struct integer_picture *picture)
{
    return evaluation_fail_value(evaluation, FAULT_D3130, datum_string(picture->token));
}

enum status integer_picture_format(struct evaluation *evaluation, const struct integer_picture *picture, double number,
                                   struct buffer *buffer)
{
    if (!isfinite(number)) {
        return evaluation_fail_value(evaluation, FAULT_D1001, datum_number(number));
    }
    if (number < 0) {
        TRY(buffer_add_byte(buffer, '-'));
    }
    number = fabs(number);
    switch (picture->form) {
    case INTEGER_LETTERS:
        return add_letters(picture, number, buffer);
    case INTEGER_ROMAN:
        return add_roman(evaluation, picture, number, buffer);
    case INTEGER_WORDS:
        return add_words(evaluation, picture, number, buffer);
    case INTEGER_DECIMAL:
        return add_digits(evaluation, picture, number, buffer);
    case INTEGER_SEQUENCE:
        return fail_sequence(evaluation, picture);
    }
    UNREACHABLE("form of integers");
}

static double read_letters(const struct integer_picture *picture, struct str text)
{
    int before_first = (picture->letters == LETTER_CASE_UPPER ? 'A' : 'a') - 1;
    double number = 0;
    for (size_t at = 0; at < text.length; at++) {
        number = number * 26 + ((uint8_t)text.bytes[at] - before_first);
    }
    return number;
}

/* A lesser numeral before a greater one is taken away. */
static double read_roman(const struct integer_picture *picture, struct str text)
{
    double number = 0;
    double greatest = 1;
    for (size_t at = text.length; at > 0; at--) {
        char letter = text.bytes[at - 1];
        bool is_upper = letter >= 'A' && letter <= 'Z';
        double value = NAN;
        for (size_t row = 0; row < COUNT(roman); row++) {
            if (roman[row].letters[1] == '\0' && roman[row].letters[0] == (letter | 0x20)) {
                value = roman[row].number;
            }
        }
        if (isnan(value) || (picture->letters == LETTER_CASE_UPPER && !is_upper)) {
            return NAN;
        }
        greatest = value < greatest ? greatest : value;
        number += value < greatest ? -value : value;
    }
    return number;
}

static bool is_separator(const struct integer_picture *picture, uint32_t character)
{
    if (picture->interval > 0) {
        return character == ',';
    }
    for (uint32_t at = 0; at < picture->separator_count; at++) {
        if (picture->separators[at].character == character) {
            return true;
        }
    }
    return false;
}

/* As parseInt: blanks, a sign, digits; what follows is left aside. */
static enum status read_digits(struct evaluation *evaluation, const struct integer_picture *picture, struct str text,
                               double *out_number)
{
    struct buffer digits = buffer_in(evaluation->arena);
    if (picture->ordinal) {
        text = str_slice(text, 0, text.length < 2 ? 0 : text.length - 2);
    }
    bool any = false;
    for (size_t at = 0; at < text.length;) {
        uint32_t character = code_points_next(text, &at);
        if (is_separator(picture, character) || (digits.length == 0 && code_points_is_space(character))) {
            continue;
        }
        bool sign = (character == '-' || character == '+') && digits.length == 0;
        bool digit = character >= picture->zero && character <= picture->zero + 9;
        if (!sign && !digit) {
            break;
        }
        any |= digit;
        TRY(buffer_add_byte(&digits, (char)(digit ? character - picture->zero + '0' : character)));
    }
    TRY(buffer_add_byte(&digits, '\0'));
    *out_number = any ? strtod(digits.bytes, NULL) : NAN;
    return STATUS_OK;
}

enum status integer_picture_read(struct evaluation *evaluation, const struct integer_picture *picture, struct str text,
                                 double *out_number)
{
    struct buffer words = buffer_in(evaluation->arena);
    TRY(evaluation_charge(evaluation, text.length / 4));
    switch (picture->form) {
    case INTEGER_LETTERS:
        *out_number = read_letters(picture, text);
        return STATUS_OK;
    case INTEGER_ROMAN:
        *out_number = read_roman(picture, text);
        return STATUS_OK;
    case INTEGER_WORDS:
        TRY(letter_case_lower(&words, text));
        *out_number = number_words_read(buffer_text(&words));
        return STATUS_OK;
    case INTEGER_DECIMAL:
        return read_digits(evaluation, picture, text, out_number);
    case INTEGER_SEQUENCE:
        return fail_sequence(evaluation, picture);
    }
    UNREACHABLE("form of integers");
}

static enum status add_alternative(void *owner, struct str word)
{
    TRY(buffer_add(owner, word));
    return buffer_add_byte(owner, '|');
}

static enum status add_decimal_regex(const struct integer_picture *picture, int32_t digits, struct buffer *buffer)
{
    int32_t optional = (int32_t)picture->optional_digits;
    if (digits < 1) {
        TRY(buffer_add(buffer, STR("[0-9]+")));
    } else {
        TRY(buffer_format(buffer, "[0-9]{%d,%d}", digits > optional ? digits - optional : 1, digits));
    }
    return picture->ordinal ? buffer_add(buffer, STR("(?:th|st|nd|rd)")) : STATUS_OK;
}

enum status integer_picture_regex(struct evaluation *evaluation, const struct integer_picture *picture, int32_t digits,
                                  struct buffer *buffer)
{
    bool upper = picture->letters == LETTER_CASE_UPPER;
    switch (picture->form) {
    case INTEGER_LETTERS:
        return buffer_add(buffer, upper ? STR("[A-Z]+") : STR("[a-z]+"));
    case INTEGER_ROMAN:
        return buffer_add(buffer, upper ? STR("[MDCLXVI]+") : STR("[mdclxvi]+"));
    case INTEGER_WORDS:
        TRY(buffer_add(buffer, STR("(?:")));
        TRY(number_words_each(add_alternative, buffer));
        return buffer_add(buffer, STR("and|[\\-, ])+"));
    case INTEGER_DECIMAL:
        return add_decimal_regex(picture, digits, buffer);
    case INTEGER_SEQUENCE:
        return fail_sequence(evaluation, picture);
    }
    UNREACHABLE("form of integers");
}
