#include "schemas/codec/nearest.h"

#include <ctype.h>

#define NAME_BYTES_MAX 64 /* longer ones are near nothing */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, one row of his table at a time. */
static size_t distance_between(struct str a, struct str b)
{
    size_t row[NAME_BYTES_MAX + 1];
    for (size_t column = 0; column <= b.length; column++) {
        row[column] = column;
    }
    for (size_t line = 1; line <= a.length; line++) {
        size_t diagonal = row[0];
        row[0] = line;
        for (size_t column = 1; column <= b.length; column++) {
            bool is_same = tolower((uint8_t)a.bytes[line - 1]) == tolower((uint8_t)b.bytes[column - 1]);
            size_t change = diagonal + (is_same ? 0 : 1);
            diagonal = row[column];
            row[column] = smaller(change, smaller(row[column], row[column - 1]) + 1);
        }
    }
    return row[b.length];
}

struct nearest nearest_to(struct str typed)
{
    return (struct nearest){.typed = typed, .best = STR_NONE, .distance = SIZE_MAX};
}

void nearest_offer(struct nearest *nearest, struct str known)
{
    if (nearest->typed.length > NAME_BYTES_MAX || known.length > NAME_BYTES_MAX) {
        return;
    }
    size_t distance = distance_between(nearest->typed, known);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->best = known;
    }
}

struct str nearest_best(const struct nearest *nearest)
{
    return nearest->best.length > 0 && nearest->distance * 3 <= nearest->best.length ? nearest->best : STR_NONE;
}
