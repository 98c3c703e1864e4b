#include "schemas/codec/nearest.h"

#include <ctype.h>

#define NAME_BYTES_MAX 64 /* longer ones are near nothing */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool is_same(struct str a, size_t at_a, struct str b, size_t at_b)
{
    return tolower((uint8_t)a.bytes[at_a]) == tolower((uint8_t)b.bytes[at_b]);
}

/* Levenshtein's distance with exchanged neighbours as one change: three rows of his table. */
static size_t distance_between(struct str a, struct str b)
{
    size_t rows[3][NAME_BYTES_MAX + 1];
    for (size_t column = 0; column <= b.length; column++) {
        rows[0][column] = column;
    }
    for (size_t line = 1; line <= a.length; line++) {
        const size_t *before = rows[(line + 1) % 3]; /* line - 2 */
        const size_t *above = rows[(line + 2) % 3];  /* line - 1 */
        size_t *row = rows[line % 3];
        row[0] = line;
        for (size_t column = 1; column <= b.length; column++) {
            size_t change = above[column - 1] + (is_same(a, line - 1, b, column - 1) ? 0 : 1);
            row[column] = smaller(change, smaller(above[column], row[column - 1]) + 1);
            if (line > 1 && column > 1 && is_same(a, line - 1, b, column - 2) && is_same(a, line - 2, b, column - 1)) {
                row[column] = smaller(row[column], before[column - 2] + 1);
            }
        }
    }
    return rows[a.length % 3][b.length];
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
