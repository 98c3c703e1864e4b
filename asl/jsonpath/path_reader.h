/* Reading a path's text, byte by byte. Private to asl/jsonpath/. */
#ifndef PAWL_ASL_JSONPATH_PATH_READER_H
#define PAWL_ASL_JSONPATH_PATH_READER_H

#include "asl/jsonpath/path_token.h"

struct path_reader {
    struct arena *arena;
    struct str text;
    size_t at;
    uint32_t nesting;        /* paths, filters and parentheses around */
    struct str *out_message; /* may be NULL */
};

/* STATUS_INVALID, after setting the message (STATUS_LIMIT_EXCEEDED without room for it). */
MUST_CHECK enum status path_reader_fail(struct path_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The byte at `index`, '\0' behind the end. */
char path_reader_byte(const struct path_reader *reader, size_t index);

/* Where the first byte from `index` on is that is no blank. */
size_t path_reader_significant(const struct path_reader *reader, size_t index);

/* Where `byte` next stands from `index` on without a backslash before it, or text.length. */
size_t path_reader_unescaped(const struct path_reader *reader, size_t index, char byte);

/* The bracket that closes the one at `index`; brackets in quotes, and between slashes when `patterns`, do not count.
 * text.length when there is none. */
size_t path_reader_closing(const struct path_reader *reader, size_t index, char closing, bool patterns);

/* The text from `from` up to `to`. */
struct str path_reader_part(const struct path_reader *reader, size_t from, size_t to);

/* The text with its backslash escapes resolved: \uXXXX \b \f \n \r \t, any other byte stands for itself. */
MUST_CHECK enum status path_reader_unescape(struct path_reader *reader, struct str text, struct str *out_text);

/* A reader of a text inside this one's; STATUS_INVALID beyond PATH_NESTING_MAX. */
MUST_CHECK enum status path_reader_inner(struct path_reader *reader, struct str text, struct path_reader *out_inner);

/* Compiles the reader's whole text. `inner`: it may begin with `@`. */
MUST_CHECK enum status path_compile_text(struct path_reader *reader, bool inner, const struct path **out_path);

#endif
