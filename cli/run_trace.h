/* What happened in an execution, state by state, for people: `pawl run --trace`. */
#ifndef PAWL_CLI_RUN_TRACE_H
#define PAWL_CLI_RUN_TRACE_H

#include "asl/interpreter.h"
#include "base/buffer.h"
#include "cli/paint.h"

/* Adds a line for each thing that happened: virtual time since the start, the state, what, and its data in full. */
MUST_CHECK enum status run_trace_write(struct buffer *buffer, const struct interpreter *interpreter, struct paint paint);

#endif
