#include "asl/pattern.h"

/* The pattern's unit at `at`: a character of one byte, taken literally after a backslash, or a star. */
static char unit_at(struct str pattern, size_t at, size_t *out_length, bool *out_star)
{
    bool escaped = pattern.bytes[at] == '\\' && at + 1 < pattern.length &&
                   (pattern.bytes[at + 1] == '*' || pattern.bytes[at + 1] == '\\');
    *out_length = escaped ? 2 : 1;
    *out_star = !escaped && pattern.bytes[at] == '*';
    return pattern.bytes[at + (escaped ? 1 : 0)];
}

/* It goes back to the last star alone. */
bool pattern_matches(struct str text, struct str pattern)
{
    size_t t = 0;
    size_t p = 0;
    size_t after_star = SIZE_MAX;
    size_t text_at_star = 0;
    while (t < text.length || p < pattern.length) {
        size_t length = 0;
        bool star = false;
        char unit = p < pattern.length ? unit_at(pattern, p, &length, &star) : '\0';
        if (p < pattern.length && star) {
            p += length;
            after_star = p;
            text_at_star = t;
        } else if (p < pattern.length && t < text.length && text.bytes[t] == unit) {
            p += length;
            t++;
        } else if (after_star != SIZE_MAX && text_at_star < text.length) {
            p = after_star;
            t = ++text_at_star;
        } else {
            return false;
        }
    }
    return true;
}
