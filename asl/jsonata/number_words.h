/* Numbers in English words: one thousand, two hundred and thirty-four; thirty-fourth. */
#ifndef PAWL_ASL_JSONATA_NUMBER_WORDS_H
#define PAWL_ASL_JSONATA_NUMBER_WORDS_H

#include "base/buffer.h"

/* Adds a whole number ≥ 0 in title case. */
MUST_CHECK enum status number_words_add(struct buffer *buffer, double number, bool ordinal);

/* Reads lower-case words; NaN when one is unknown. */
double number_words_read(struct str text);

/* Calls `visit` with each word that number_words_read knows. */
MUST_CHECK enum status number_words_each(enum status (*visit)(void *owner, struct str word), void *owner);

#endif
