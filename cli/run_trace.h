/* What happened in an execution, state by state, for people and for programs: `pawl run --trace`. */
#ifndef PAWL_CLI_RUN_TRACE_H
#define PAWL_CLI_RUN_TRACE_H

#include "asl/interpreter.h"
#include "base/buffer.h"
#include "cli/paint.h"

#include <stdbool.h>

/* How a trace is written. */
struct run_trace_style {
    bool json;               /* a line of JSON for each event and stage */
    size_t characters_max;   /* of a value in text; 0: all */
    struct paint paint;
};

/* Adds a line for each thing that happened and each stage of a state's data flow: virtual time since the start, the state,
 * what, and its data. As JSON: {"ms","state","event":type,"id","details":{AWS's event}} or {"ms","state","stage","index",
 * "path","value"}. */
MUST_CHECK enum status run_trace_write(struct buffer *buffer, const struct interpreter *interpreter,
                                       const struct run_trace_style *style);

#endif
