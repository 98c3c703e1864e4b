#include "base/nearest.h"

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

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* How many letters must be changed, left out, put in, or swapped with their neighbour; a different case counts nothing. */
static size_t distance(struct str a, struct str b)
{
    size_t rows[3][BYTES_MAX + 1];
    for (size_t at = 0; at <= b.length; at++) {
        rows[0][at] = at;
    }
    for (size_t i = 1; i <= a.length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.length; j++) {
            size_t change = above[j - 1] + (same(a.bytes[i - 1], b.bytes[j - 1]) ? 0 : 1);
            row[j] = least(change, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && same(a.bytes[i - 1], b.bytes[j - 2]) && same(a.bytes[i - 2], b.bytes[j - 1])) {
                row[j] = least(row[j], rows[(i - 2) % 3][j - 2] + 1);
            }
        }
    }
    return rows[a.length % 3][b.length];
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
