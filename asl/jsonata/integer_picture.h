/* Pictures for whole numbers, of $formatInteger, $parseInteger and the parts of a date: 0001, #,##0, I, a, w;o
 * (XPath F&O 3.1, fn:format-integer). */
#ifndef PAWL_ASL_JSONATA_INTEGER_PICTURE_H
#define PAWL_ASL_JSONATA_INTEGER_PICTURE_H

#include "asl/jsonata/evaluation.h"

enum integer_form { INTEGER_DECIMAL, INTEGER_LETTERS, INTEGER_ROMAN, INTEGER_WORDS, INTEGER_SEQUENCE };
enum letter_case { LETTER_CASE_LOWER, LETTER_CASE_UPPER, LETTER_CASE_TITLE };

/* A character between digits, `position` digits from the right. */
struct separator {
    uint32_t position;
    uint32_t character;
};

struct integer_picture {
    enum integer_form form;
    enum letter_case letters;
    bool ordinal;
    uint32_t zero; /* first digit of the family */
    uint32_t mandatory_digits;
    uint32_t optional_digits;
    uint32_t interval; /* the separators, all alike, stand every so many digits; 0: where they are listed */
    struct separator *separators; /* from right to left */
    uint32_t separator_count;
    struct str token; /* of a sequence that nobody knows */
};

/* D3131 when digits of two families are mixed. */
MUST_CHECK enum status integer_picture_parse(struct evaluation *evaluation, struct str text, struct integer_picture *out_picture);

MUST_CHECK enum status integer_picture_format(struct evaluation *evaluation, const struct integer_picture *picture,
                                              double number, struct buffer *buffer);

/* The number a text stands for; NaN for none. */
MUST_CHECK enum status integer_picture_read(struct evaluation *evaluation, const struct integer_picture *picture,
                                            struct str text, double *out_number);

/* Adds a regular expression (JavaScript) that matches what could be read; decimal numbers have at most `digits` digits, any
 * when that is below 1. D3130 for an unknown sequence. */
MUST_CHECK enum status integer_picture_regex(struct evaluation *evaluation, const struct integer_picture *picture,
                                             int32_t digits, struct buffer *buffer);

#endif
