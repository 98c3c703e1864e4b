/* The parts of handle.c: one file an operation (processor/handlers.def). Only processor/handle*.c include this. */
#ifndef PAWL_PROCESSOR_HANDLE_PARTS_H
#define PAWL_PROCESSOR_HANDLE_PARTS_H

#include "processor/emit.h"
#include "processor/handling.h"
#include "processor/reply.h"

#define COMMAND(record, function) enum status function(struct handling *handling, const struct record *command);
#define RESULT(record, event)
#include "processor/handlers.def"

/* A result, whatever its kind. */
enum status handle_result(struct handling *handling, enum record_id record, const void *result);

/* A due timer of an execution, and of a definition (frame below TIMER_EXECUTION). */
enum status handle_execution_timer(struct handling *handling);
enum status handle_definition_timer(struct handling *handling);

/* The transition alone, for the subject: its effects are not yet carried out. */
MUST_CHECK enum status handle_apply(struct handling *handling, const struct step_event *event,
                                    const struct machine *machine, const struct emit_subject *subject,
                                    struct effects *effects, enum step_outcome *out_outcome);

/* Applies the event to an execution that has a row, and emits. OK: *out_outcome, *out_version (incarnation and last
 * event id after it). The execution must not be parked. */
MUST_CHECK enum status handle_step(struct handling *handling, const struct execution_row *row,
                                   const struct step_event *event, enum step_outcome *out_outcome,
                                   struct reply_version *out_version);

/* Marks the execution as parked and stages its row. */
MUST_CHECK enum status handle_park(struct handling *handling, const struct execution_row *row, struct str reason);

/* Takes that back. `row` is not to be used any more. */
MUST_CHECK enum status handle_unpark(struct handling *handling, const struct execution_row *row);

#endif
