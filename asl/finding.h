/* What validation has to say about a definition: every finding, not only the first (ASL.md, section 17). */
#ifndef PAWL_ASL_FINDING_H
#define PAWL_ASL_FINDING_H

#include "base/arena.h"

#include <stdint.h>

enum finding_severity { FINDING_ERROR, FINDING_WARNING };

struct finding {
    enum finding_severity severity;
    struct str code;     /* "SCHEMA_VALIDATION_FAILED" */
    struct str message;  /* in AWS's words where they are known */
    struct str location; /* "/States/X/Type"; STR_NONE: none */
    uint32_t line;       /* of the text, from 1; 0: unknown */
    uint32_t column;
};

struct findings {
    struct finding *items;
    size_t count;
    size_t capacity;
    size_t error_count;
    size_t unsupported_count; /* of the errors, those with FINDING_CODE_NOT_SUPPORTED */
};

#define FINDING_CODE_NOT_SUPPORTED STR("NOT_SUPPORTED_YET") /* AWS accepts it, and pawl's engine does not have it */

/* "Invalid State Machine Definition: '<code>: <message> at <location>, …'" of the errors, as CreateStateMachine answers. */
MUST_CHECK enum status findings_message(struct arena *arena, const struct findings *findings, struct str *out_message);

#endif
