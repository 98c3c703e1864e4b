/* Text as bytes and a length (STYLE 19): payloads hold NUL, Kafka values end nowhere. A str borrows its bytes. */
#ifndef PAWL_BASE_STR_H
#define PAWL_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *bytes;
    size_t length;
};

/* A literal. STR_INIT is for static tables. */
#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_INIT(literal)                                                                          \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }
#define STR_NONE ((struct str){NULL, 0})

/* For printf: printf("%.*s", STR_ARGS(text)). */
#define STR_ARGS(text) (int)(text).length, ((text).bytes == NULL ? "" : (text).bytes)

static inline bool str_equal(struct str a, struct str b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

/* The bytes of a C string, without its NUL; STR_NONE for NULL. */
struct str str_of(const char *text);

/* Byte order: < 0, 0, > 0. For UTF-8 this is the order of code points. */
int str_compare(struct str a, struct str b);

bool str_starts_with(struct str text, struct str prefix);
bool str_ends_with(struct str text, struct str suffix);

/* The text from byte `from` (at most the length) on. */
struct str str_from(struct str text, size_t from);

/* `length` bytes from byte `from` on; both must lie in the text. */
struct str str_slice(struct str text, size_t from, size_t length);

/* Where `byte` first occurs, or text.length. */
size_t str_find(struct str text, char byte);

/* Where `part` first occurs, or text.length. Takes time in proportion to the text. */
size_t str_find_str(struct str text, struct str part);

/* The first `length_max` bytes, or less so that no UTF-8 character is cut through. */
struct str str_cut(struct str text, size_t length_max);

/* The first characters (UTF-8 code points), at most so many. */
struct str str_cut_characters(struct str text, size_t characters_max);

/* Without blanks, tabs, CR and LF at both ends. */
struct str str_trim(struct str text);

/* The decimal integer that is the whole text ("-12"): true and *out_number, or false. */
bool str_to_int64(struct str text, int64_t *out_number);

/* Code points of a UTF-8 text; of another, some number at most its length. */
size_t str_character_count(struct str text);

/* Whether the text is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool str_is_utf8(struct str text);

#endif
