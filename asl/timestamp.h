/* Instants as the language writes them: RFC 3339 with a capital T, and Z or an offset ("2016-08-18T17:33:00Z"). */
#ifndef PAWL_ASL_TIMESTAMP_H
#define PAWL_ASL_TIMESTAMP_H

#include "base/str.h"

#define TIMESTAMP_TEXT_BYTES 25 /* "2024-01-01T00:00:00.000Z" and a NUL */

struct timestamp {
    int64_t seconds;     /* since 1970-01-01T00:00:00Z */
    int32_t nanoseconds; /* 0 ..= 999,999,999, on top of the seconds */
};

/* Whether the whole text is such a timestamp; then *out. Years 0000 to 9999, offsets up to ±18:00, fractions of one to nine
 * digits. As Java's OffsetDateTime reads it, there is no second 60 and no hour 24. */
bool timestamp_parse(struct str text, struct timestamp *out);

/* Milliseconds since 1970, rounded down. */
int64_t timestamp_ms(const struct timestamp *timestamp);

/* < 0, 0, > 0: a before, at, after b. */
int timestamp_compare(const struct timestamp *a, const struct timestamp *b);

/* Writes "2024-01-01T00:00:00.000Z"; what lies outside the years 0000 to 9999 is written as their first or last instant. */
void timestamp_format_ms(int64_t unix_ms, char out[TIMESTAMP_TEXT_BYTES]);

#endif
