#include "asl/pattern.h"

#include <stdlib.h>

/* Reads a pattern from star to star. */
struct reader {
    struct str rest;
    char *scratch; /* as long as the pattern, when it has backslashes */
};

/* The bytes up to the next star, which is passed (*out_star), or to the end. They live until the next call. */
static struct str next_literal(struct reader *reader, bool *out_star)
{
    struct str rest = reader->rest;
    size_t length = 0;
    size_t at = 0;
    bool escaped = false;
    while (at < rest.length && rest.bytes[at] != '*') {
        bool escape = rest.bytes[at] == '\\' && at + 1 < rest.length && (rest.bytes[at + 1] == '*' || rest.bytes[at + 1] == '\\');
        escaped |= escape;
        at += escape;
        if (reader->scratch != NULL) {
            reader->scratch[length] = rest.bytes[at];
        }
        length++;
        at++;
    }
    *out_star = at < rest.length;
    reader->rest = str_from(rest, at + *out_star);
    return escaped ? (struct str){reader->scratch, length} : str_slice(rest, 0, length);
}

/* Between two stars the first occurrence will do: so each byte of the text is passed once. */
static bool match(struct reader *reader, struct str text)
{
    bool star = false;
    struct str literal = next_literal(reader, &star);
    if (!star) {
        return str_equal(text, literal);
    }
    if (!str_starts_with(text, literal)) {
        return false;
    }
    text = str_from(text, literal.length);
    for (;;) {
        literal = next_literal(reader, &star);
        if (!star) {
            return str_ends_with(text, literal);
        }
        size_t at = str_find_str(text, literal);
        if (at == text.length && literal.length > 0) {
            return false;
        }
        text = str_from(text, at + literal.length);
    }
}

bool pattern_matches(struct str text, struct str pattern)
{
    struct reader reader = {.rest = pattern};
    if (str_find(pattern, '\\') < pattern.length) {
        reader.scratch = malloc(pattern.length);
        if (reader.scratch == NULL) {
            return false;
        }
    }
    bool matches = match(&reader, text);
    free(reader.scratch);
    return matches;
}
