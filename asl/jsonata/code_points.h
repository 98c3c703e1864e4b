/* Strings as sequences of code points (UTF-8; a lone surrogate is three bytes of its own: WTF-8). */
#ifndef PAWL_ASL_JSONATA_CODE_POINTS_H
#define PAWL_ASL_JSONATA_CODE_POINTS_H

#include "base/buffer.h"
#include "base/str.h"

/* Reads the code point at byte *at (< length) and moves *at behind it. A malformed byte counts as one. */
uint32_t code_points_next(struct str text, size_t *at);

/* How many there are. */
size_t code_points_count(struct str text);

/* Code points that JavaScript would store as two. */
size_t code_points_utf16_count(struct str text);

/* The byte where code point `index` begins; the length when there are fewer. */
size_t code_points_offset(struct str text, size_t index);

/* Writes one; returns how many bytes (1 to 4). */
size_t code_points_write(uint32_t code_point, char out[4]);
MUST_CHECK enum status code_points_add(struct buffer *buffer, uint32_t code_point);

/* Adds a string; the two halves of a surrogate pair that meet at the seam become one code point. */
MUST_CHECK enum status code_points_add_string(struct buffer *buffer, struct str text);

/* Order by UTF-16 code units, as JavaScript's < does: < 0, 0, > 0. *out_same: how many bytes at the start are alike. */
int code_points_compare(struct str a, struct str b, size_t *out_same);

/* White space as JavaScript's \s sees it. */
bool code_points_is_space(uint32_t code_point);

#endif
