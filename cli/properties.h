/* Kafka's properties files, as java.util.Properties reads them: key=value, key:value or key value; # and ! begin comments;
 * a backslash at a line's end continues it; \t \n \r \f \\ \uXXXX and a backslash before any other character are escapes.
 * UTF-8. */
#ifndef PAWL_CLI_PROPERTIES_H
#define PAWL_CLI_PROPERTIES_H

#include "base/arena.h"

#include <stdint.h>

struct property {
    struct str key;
    struct str value;
    uint32_t line; /* where it begins, from 1 */
};

struct properties {
    struct property *items;
    size_t count;
};

/* All properties of the text, in order, copied into the arena. INVALID: *out_line tells where the text is no properties
 * file (a bad \u escape, a NUL, no UTF-8, an empty key). */
MUST_CHECK enum status properties_parse(struct arena *arena, struct str text, struct properties *out_properties,
                                        uint32_t *out_line);

#endif
