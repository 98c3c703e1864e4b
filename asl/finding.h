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
    struct str hint;     /* how it may be mended, in pawl's words; STR_NONE: none */
    size_t offset;       /* bytes into the text; FINDING_NOWHERE: unknown */
    uint32_t line;       /* of the text, from 1; 0: unknown */
    uint32_t column;     /* characters, from 1 */
};

#define FINDING_NOWHERE SIZE_MAX

struct findings {
    struct finding *items;
    size_t count;
    size_t capacity;
    size_t error_count;       /* also counts those beyond FINDINGS_MAX, which are not kept */
    size_t unsupported_count; /* of the errors, those with FINDING_CODE_NOT_SUPPORTED */
    size_t transition_count;  /* and those with FINDING_CODE_TRANSITION */
};

#define FINDING_CODE_NOT_SUPPORTED STR("NOT_SUPPORTED_YET") /* AWS accepts it, and pawl's engine does not have it */
#define FINDING_CODE_TRANSITION STR("MISSING_TRANSITION_TARGET")

/* Keeps the finding; its texts are borrowed. */
MUST_CHECK enum status findings_add(struct arena *arena, struct findings *findings, struct finding finding);

/* Sets line and column of those with an offset into `text`: in one pass over it, whatever their order. */
MUST_CHECK enum status findings_locate(struct arena *arena, struct findings *findings, struct str text);

/* "Invalid State Machine Definition: '<code>: <message> at <location>, …'" of the errors, as CreateStateMachine answers. */
MUST_CHECK enum status findings_message(struct arena *arena, const struct findings *findings, struct str *out_message);

#endif
