#include "asl/jsonata/number_words.h"

#include <math.h>

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])
#define WORD_BYTES_MAX 16
#define SEGMENTS_MAX 64 /* sums of a text's parts that are kept apart; beyond that it is no number anyone wrote */

static const char *const few[] = {"Zero",   "One",     "Two",       "Three",    "Four",     "Five",    "Six",
                                  "Seven",  "Eight",   "Nine",      "Ten",      "Eleven",   "Twelve",  "Thirteen",
                                  "Fourteen", "Fifteen", "Sixteen", "Seventeen", "Eighteen", "Nineteen"};
static const char *const ordinals[] = {"Zeroth",     "First",     "Second",    "Third",       "Fourth",
                                       "Fifth",      "Sixth",     "Seventh",   "Eighth",      "Ninth",
                                       "Tenth",      "Eleventh",  "Twelfth",   "Thirteenth",  "Fourteenth",
                                       "Fifteenth",  "Sixteenth", "Seventeenth", "Eighteenth", "Nineteenth"};
static const char *const decades[] = {"Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety"};
static const char *const magnitudes[] = {"Thousand", "Million", "Billion", "Trillion"};

static enum status add_below_hundred(struct buffer *buffer, int number, bool ordinal)
{
    if (number < 20) {
        return buffer_format(buffer, "%s", ordinal ? ordinals[number] : few[number]);
    }
    const char *decade = decades[number / 10 - 2];
    if (number % 10 > 0) {
        TRY(buffer_format(buffer, "%s-", decade));
        return add_below_hundred(buffer, number % 10, ordinal);
    }
    return ordinal ? buffer_format(buffer, "%.*sieth", (int)strlen(decade) - 1, decade) : buffer_format(buffer, "%s", decade);
}

static enum status add_after(struct buffer *buffer, double number, bool after, bool ordinal);

/* A count of a unit, and what is left. */
static enum status add_unit(struct buffer *buffer, double number, double unit, const char *name, bool ordinal)
{
    double count = floor(number / unit);
    double rest = number - count * unit;
    TRY(add_after(buffer, count, false, false));
    TRY(buffer_format(buffer, " %s", name));
    if (rest > 0) {
        return add_after(buffer, rest, true, ordinal);
    }
    return ordinal ? buffer_add(buffer, STR("th")) : STATUS_OK;
}

/* `after`: greater units stand before. Each recursion divides by a hundred at least. */
static enum status add_after(struct buffer *buffer, double number, bool after, bool ordinal)
{
    if (number < 100) {
        TRY(buffer_add(buffer, after ? STR(" and ") : STR("")));
        return add_below_hundred(buffer, (int)number, ordinal);
    }
    TRY(buffer_add(buffer, after ? STR(", ") : STR("")));
    if (number < 1000) {
        return add_unit(buffer, number, 100, "Hundred", ordinal);
    }
    size_t magnitude = (size_t)floor(log10(number) / 3);
    magnitude = magnitude > COUNT(magnitudes) ? COUNT(magnitudes) : magnitude;
    return add_unit(buffer, number, pow(10, (double)magnitude * 3), magnitudes[magnitude - 1], ordinal);
}

enum status number_words_add(struct buffer *buffer, double number, bool ordinal)
{
    return add_after(buffer, number, false, ordinal);
}

struct entry {
    char word[WORD_BYTES_MAX];
    double number;
};

static void lower(const char *word, size_t length, const char *ending, char out[WORD_BYTES_MAX])
{
    size_t at = 0;
    for (; at < length && at < WORD_BYTES_MAX - 8; at++) {
        out[at] = (char)(word[at] | 0x20);
    }
    memcpy(out + at, ending, strlen(ending) + 1);
}

/* The word number `index` and what it stands for; false after the last. */
static bool word_at(size_t index, struct entry *entry)
{
    static const char *const hundreds[] = {"hundred", "hundredth"};
    if (index < 2 * COUNT(few)) {
        const char *word = index % 2 == 0 ? few[index / 2] : ordinals[index / 2];
        lower(word, strlen(word) > 8 ? 8 : strlen(word), strlen(word) > 8 ? word + 8 : "", entry->word);
        entry->number = (double)(index / 2);
        return true;
    }
    index -= 2 * COUNT(few);
    if (index < 2 * COUNT(decades)) {
        const char *word = decades[index / 2];
        lower(word, strlen(word) - index % 2, index % 2 == 0 ? "" : "ieth", entry->word);
        entry->number = (double)(index / 2 + 2) * 10;
        return true;
    }
    index -= 2 * COUNT(decades);
    if (index < 2) {
        memcpy(entry->word, hundreds[index], strlen(hundreds[index]) + 1);
        entry->number = 100;
        return true;
    }
    index -= 2;
    if (index < 2 * COUNT(magnitudes)) {
        const char *word = magnitudes[index / 2];
        lower(word, strlen(word), index % 2 == 0 ? "" : "th", entry->word);
        entry->number = pow(10, (double)(index / 2 + 1) * 3);
        return true;
    }
    return false;
}

enum status number_words_each(enum status (*visit)(void *owner, struct str word), void *owner)
{
    struct entry entry;
    for (size_t at = 0; word_at(at, &entry); at++) {
        TRY(visit(owner, str_of(entry.word)));
    }
    return STATUS_OK;
}

static double read_word(struct str word)
{
    struct entry entry;
    for (size_t at = 0; word_at(at, &entry); at++) {
        if (str_equal(word, str_of(entry.word))) {
            return entry.number;
        }
    }
    return NAN;
}

/* The bytes of what separates words at `at`: ", ", " and ", a blank or a hyphen; 0 inside a word. */
static size_t separator_length(struct str text, size_t at)
{
    struct str rest = str_from(text, at);
    if (str_starts_with(rest, STR(", "))) {
        return 2;
    }
    if (str_starts_with(rest, STR(" and "))) {
        return 5;
    }
    char byte = text.bytes[at];
    return byte == ' ' || byte == '-' || byte == '\t' || byte == '\n' || byte == '\r' ? 1 : 0;
}

/* Small numbers add up; a hundred, a thousand … multiply what stands before them. */
double number_words_read(struct str text)
{
    double segments[SEGMENTS_MAX] = {0};
    size_t last = 0;
    for (size_t from = 0; from <= text.length;) {
        size_t to = from;
        while (to < text.length && separator_length(text, to) == 0) {
            to++;
        }
        double number = read_word(str_slice(text, from, to - from));
        if (isnan(number)) {
            return NAN;
        }
        if (number >= 100) {
            segments[last] *= number;
        } else if (segments[last] >= 1000 && last + 1 < SEGMENTS_MAX) {
            segments[++last] = number;
        } else {
            segments[last] += number;
        }
        from = to < text.length ? to + separator_length(text, to) : text.length + 1;
    }
    double sum = 0;
    for (size_t at = 0; at <= last; at++) {
        sum += segments[at];
    }
    return sum;
}
