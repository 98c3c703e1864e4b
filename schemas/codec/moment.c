#include "schemas/codec/moment.h"

#include "asl/timestamp.h"

#include <inttypes.h>

#define MOMENT_FIRST_US (-62167219200LL * 1000000) /* 0000-01-01T00:00:00Z */
#define MOMENT_END_US (253402300800LL * 1000000)   /* 10000-01-01T00:00:00Z */

enum status moment_write(struct buffer *buffer, int64_t moment_us)
{
    if (moment_us < MOMENT_FIRST_US || moment_us >= MOMENT_END_US) {
        return buffer_format(buffer, "%" PRId64, moment_us);
    }
    int64_t rest_us = moment_us % 1000 < 0 ? moment_us % 1000 + 1000 : moment_us % 1000;
    char text[TIMESTAMP_TEXT_BYTES];
    timestamp_format_ms((moment_us - rest_us) / 1000, text);
    if (rest_us == 0) {
        return buffer_format(buffer, "\"%s\"", text);
    }
    size_t length_without_zone = sizeof text - sizeof "Z";
    return buffer_format(buffer, "\"%.*s%03dZ\"", (int)length_without_zone, text, (int)rest_us);
}

bool moment_read(struct str text, int64_t *out_moment_us)
{
    struct timestamp moment = {0};
    if (!timestamp_parse(text, &moment)) {
        return false;
    }
    *out_moment_us = moment.seconds * 1000000 + moment.nanoseconds / 1000;
    return true;
}
