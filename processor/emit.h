/* Carries out what a step asks for (asl/effects.def): rows into the store, messages into the outbox, uses into the
 * handling. */
#ifndef PAWL_PROCESSOR_EMIT_H
#define PAWL_PROCESSOR_EMIT_H

#include "processor/handling.h"

/* The execution that the effects are about. */
struct emit_subject {
    struct execution_id id;
    struct str arn;
    int64_t incarnation;
    struct str state_machine_arn;
    struct str traceparent; /* STR_NONE: none */
    struct str tracestate;
};

/* What a step about the subject asks of its routes (asl/step.h). The owner must live as long as the step. */
struct emit_routes {
    struct handling *handling;
    const struct emit_subject *subject;
};
struct step_routes emit_routes(struct emit_routes *owner);

/* *out_last_event_id: of the last history event among the effects, or 0. RETRIABLE with a need: a task's topic is not
 * open. */
MUST_CHECK enum status emit_effects(struct handling *handling, const struct emit_subject *subject,
                                    const struct effects *effects, int64_t *out_last_event_id);

#endif
