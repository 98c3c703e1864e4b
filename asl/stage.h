/* What each stage of a state's data flow produced, for who looks on: `pawl run --trace`, TestState's inspection data. The
 * engine has no observer, and pays nothing for it. */
#ifndef PAWL_ASL_STAGE_H
#define PAWL_ASL_STAGE_H

#include "base/status.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum stage_type {
#define STAGE(id, name) STAGE_##id,
#include "asl/stages.def"
    STAGE_TYPE_COUNT
};

#define STAGE_NO_INDEX INT64_MIN

struct stage {
    enum stage_type type;
    struct str state;          /* its name */
    int64_t entered_event_id;  /* of the state: tells one stay from another */
    int64_t after_event_id;    /* the last event before */
    int64_t time_ms;
    int64_t index;             /* see stages.def; STAGE_NO_INDEX: none */
    bool given;                /* the definition has the field; else the value is as it was before */
    struct str path;           /* of InputPath, ItemsPath, ResultPath, OutputPath; "null"; STR_NONE: none */
    struct str value;          /* JSON text */
};

/* What is told of lives as long as the step's arena. */
struct stage_observer {
    void *owner;
    enum status (*observe)(void *owner, const struct stage *stage);
};

struct str stage_name(enum stage_type type);

#endif
