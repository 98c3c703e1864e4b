#include "cli/nearest.h"

#include <ctype.h>

#define BYTES_MAX 120 /* longer names are not compared */

struct nearest nearest_begin(struct str text)
{
    return (struct nearest){.text = text, .distance = SIZE_MAX};
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance; a different case counts nothing. */
static size_t distance(struct str a, struct str b)
{
    size_t row[BYTES_MAX + 1];
    for (size_t at = 0; at <= b.length; at++) {
        row[at] = at;
    }
    for (size_t i = 1; i <= a.length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.length; j++) {
            bool same = tolower((unsigned char)a.bytes[i - 1]) == tolower((unsigned char)b.bytes[j - 1]);
            size_t change = diagonal + (same ? 0 : 1);
            diagonal = row[j];
            row[j] = least(change, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[b.length];
}

void nearest_try(struct nearest *nearest, struct str name)
{
    if (name.length > BYTES_MAX || nearest->text.length > BYTES_MAX) {
        return;
    }
    size_t found = distance(nearest->text, name);
    size_t longest = name.length > nearest->text.length ? name.length : nearest->text.length;
    if (found < nearest->distance && found * 3 <= longest) {
        nearest->best = name;
        nearest->distance = found;
    }
}
