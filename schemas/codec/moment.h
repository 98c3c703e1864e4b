/* A time in µs since 1970 in the JSON encoding. */
#ifndef PAWL_SCHEMAS_CODEC_MOMENT_H
#define PAWL_SCHEMAS_CODEC_MOMENT_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

/* "2026-11-23T06:40:16.123Z" with its quotes; six digits when there are µs. Outside the years 0000 to 9999: the bare
 * number of µs, which moment's readers take as well. */
MUST_CHECK enum status moment_write(struct buffer *buffer, int64_t moment_us);

/* The whole text as asl/timestamp.h reads it, what is finer than µs cut off: true and *out_moment_us, or false. */
bool moment_read(struct str text, int64_t *out_moment_us);

#endif
