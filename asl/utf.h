/* Text as Java sees it: UTF-16 units, its escapes, its toString. Our text is UTF-8, with lone surrogates as three bytes. */
#ifndef PAWL_ASL_UTF_H
#define PAWL_ASL_UTF_H

#include "base/arena.h"
#include "base/str.h"

#define UTF_BYTES_MAX 4

/* Writes the code point (< 0x110000) to `out`, which has room for UTF_BYTES_MAX; returns the bytes written. */
size_t utf_encode(uint32_t point, char *out);

/* The code point that the (well-formed) text starts with; *out_length its bytes. Requires a text that is not empty; a
 * malformed byte stands for itself. */
uint32_t utf_decode(struct str text, size_t *out_length);

/* The value of a hexadecimal digit, or -1. */
int utf_hex_digit(char byte);

/* The number of UTF-16 units: Java's String.length. */
size_t utf_units(struct str text);

/* The order of Java's String.compareTo, which compares UTF-16 units: < 0, 0, > 0. */
int utf_compare(struct str a, struct str b);

/* The escape whose backslash is at text.bytes[0] and whose `uXXXX` is complete: the code point, two escapes of a surrogate
 * pair making one. Returns the bytes read, 0 when four hexadecimal digits do not follow. */
size_t utf_unescape(struct str text, uint32_t *out_point);

/* The bytes as UTF-8 text: themselves, or a copy in which what is malformed is U+FFFD, as in Java. */
MUST_CHECK enum status utf_repair(struct arena *arena, struct str bytes, struct str *out_text);

#endif
