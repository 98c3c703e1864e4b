/* A JSON value: an immutable tree over its source text, in an arena (design, section 2; RFC 8259).
 *
 * Numbers keep their text (1.10, 1e400, -0 and big integers stay as they were written), strings keep their escapes,
 * objects keep their order. A value never changes (STYLE 18): an operation makes a new one which borrows the rest.
 *
 * Duplicate keys: the last one wins, at the place of the first, as Jackson (which AWS uses) reads them. */
#ifndef PAWL_ASL_VALUE_H
#define PAWL_ASL_VALUE_H

#include "base/arena.h"
#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

enum value_type { VALUE_NULL, VALUE_BOOLEAN, VALUE_NUMBER, VALUE_STRING, VALUE_ARRAY, VALUE_OBJECT };

struct value_member;

struct value {
    enum value_type type;
    bool boolean;       /* a boolean's value; of a parsed array or object: its source is compact and has no duplicate keys,
                           so that it prints as it was written */
    uint16_t depth;     /* of a parsed array or object: containers inside each other, itself included */
    uint32_t count;     /* items of an array, members of an object */
    struct str source;  /* a scalar's JSON text as it was written (a number always has one); of a parsed array or object
                           its whole text, blanks included; empty for other computed values (they print canonically) */
    struct str string;  /* a string's characters, decoded; UTF-8, a lone surrogate as its three bytes (WTF-8) */
    double number;      /* a number as a double: nearest, ±infinity beyond the range */
    union {
        const struct value *const *items;
        const struct value_member *members;
    };
};

struct value_member {
    struct str key;        /* decoded */
    struct str key_source; /* as written, with its quotes; empty when computed */
    const struct value *value;
};

/* Where and why a text is no JSON. */
struct value_error {
    size_t offset;   /* bytes from the start */
    uint32_t line;   /* from 1 */
    uint32_t column; /* from 1, in characters */
    struct str message; /* Jackson's wording, which AWS shows: "Unrecognized token 'not': was expecting (…)" */
};

/* Parses one JSON text, blanks around it allowed. The value borrows `text`, which must live as long as the arena's
 * contents. STATUS_INVALID with *out_error filled (may be NULL when nobody asks) for what is not JSON or not UTF-8;
 * STATUS_LIMIT_EXCEEDED beyond JSON_DEPTH_MAX or at the arena's limit. */
MUST_CHECK enum status value_parse(struct arena *arena, struct str text, const struct value **out_value,
                                   struct value_error *out_error);

/* The same, but an object with a key that comes twice is STATUS_INVALID, too. out_error must not be NULL. */
MUST_CHECK enum status value_parse_unique(struct arena *arena, struct str text, const struct value **out_value,
                                          struct value_error *out_error);

/* Whether value_parse would accept the text, without building anything. Faster than parsing. */
bool value_text_is_valid(struct str text);

/* The constants. */
extern const struct value value_null;
extern const struct value value_true;
extern const struct value value_false;
extern const struct value value_empty_object;
extern const struct value value_empty_array;
const struct value *value_boolean(bool boolean);

/* Computed values. Strings are borrowed, not copied. An integer prints as one; a double prints as Java's Double.toString
 * does ("8.0", "1.0E10"); STATUS_INVALID when it is not finite, for which JSON has no text. */
MUST_CHECK enum status value_string(struct arena *arena, struct str string, const struct value **out_value);
MUST_CHECK enum status value_integer(struct arena *arena, int64_t number, const struct value **out_value);
MUST_CHECK enum status value_double(struct arena *arena, double number, const struct value **out_value);

/* A number that prints as `text`; STATUS_INVALID when that is no JSON number. The text is copied. */
MUST_CHECK enum status value_number_text(struct arena *arena, struct str text, const struct value **out_value);

/* The same of a text that is known to be one, and to read as `number`; it is borrowed. */
MUST_CHECK enum status value_number_printed(struct arena *arena, struct str text, double number, const struct value **out_value);

/* An array that borrows `items` (count pointers in the arena). */
MUST_CHECK enum status value_array(struct arena *arena, const struct value *const *items, size_t count,
                                   const struct value **out_value);

/* An object that borrows `members`; keys must be distinct. */
MUST_CHECK enum status value_object(struct arena *arena, const struct value_member *members, size_t count,
                                    const struct value **out_value);

/* The member's value, or NULL when `object` is no object or has none of that name. */
const struct value *value_get(const struct value *object, struct str key);

/* The item, or NULL when `array` is no array or ends before `index`. */
const struct value *value_item(const struct value *array, size_t index);

/* A new object: `object` with the member set (in its place when it was there, else last). Requires an object. */
MUST_CHECK enum status value_object_with(struct arena *arena, const struct value *object, struct str key,
                                         const struct value *member, const struct value **out_value);

/* A new object: the members of both, the second's values where both have one. Requires objects. */
MUST_CHECK enum status value_object_merge(struct arena *arena, const struct value *first, const struct value *second,
                                          const struct value **out_value);

/* A new array: `array` with item `index` (< count) replaced. */
MUST_CHECK enum status value_array_with(struct arena *arena, const struct value *array, size_t index,
                                        const struct value *item, const struct value **out_value);

/* Deep equality as Jackson's JsonNode.equals sees it, except that 1 equals 1.0; order of members does not matter. */
bool value_equal(const struct value *a, const struct value *b);

/* Whether a number is written without point and exponent, or is whole (1.0, 1e2), and fits; then *out_number. */
bool value_to_int64(const struct value *value, int64_t *out_number);

/* Compact JSON text: no blanks outside strings; scalars as they were written. STATUS_LIMIT_EXCEEDED for what is nested
 * deeper than JSON_DEPTH_MAX. value_to_text may lend the value's own source instead of a copy. */
MUST_CHECK enum status value_write(struct buffer *buffer, const struct value *value);
MUST_CHECK enum status value_to_text(struct arena *arena, const struct value *value, struct str *out_text);

/* Adds `string` to the buffer as a JSON string, in quotes, escaped as Jackson does: \" \\ \b \t \n \f \r, \u00XX for other
 * controls (upper-case hex digits), \uDXXX for a lone surrogate, everything else as it is. */
MUST_CHECK enum status value_write_string(struct buffer *buffer, struct str string);

#endif
