/* YAML as JSON text: definitions may be written in either (YAML 1.2, core schema: yes, no, on and off are texts, and so is a
 * date).
 *
 * Every token of the JSON stands on a line of its own, so that the line tells where it comes from in the YAML. */
#ifndef PAWL_CLI_YAML_H
#define PAWL_CLI_YAML_H

#include "base/arena.h"

#include <stdint.h>

struct yaml_mark {
    uint32_t line; /* from 1 */
    uint32_t column;
};

struct yaml_json {
    struct str text;
    const struct yaml_mark *marks; /* of the JSON's lines: marks[0] is that of line 1 */
    size_t mark_count;
};

struct yaml_error {
    struct yaml_mark mark;
    struct str message;
};

/* Converts one document of at most json_bytes_max bytes of JSON. INVALID: *out_error says where and why: no YAML, a tag such
 * as CloudFormation's !Ref, a key that is no scalar or is there twice, a number that JSON does not have, or too large. */
MUST_CHECK enum status yaml_to_json(struct arena *arena, struct str yaml, size_t json_bytes_max, struct yaml_json *out_json,
                                    struct yaml_error *out_error);

#endif
