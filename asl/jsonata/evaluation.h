/* One evaluation: what it may use up and what went wrong. */
#ifndef PAWL_ASL_JSONATA_EVALUATION_H
#define PAWL_ASL_JSONATA_EVALUATION_H

#include "asl/jsonata/fault.h"
#include "asl/jsonata/jsonata.h"
#include "asl/jsonata/program.h"
#include "asl/jsonata/signature.h"

struct environment; /* variables in sight: environment.h */

struct evaluation {
    struct arena *arena;
    const struct jsonata *program;
    const struct jsonata_scope *scope;
    struct jsonata_limits limits;
    struct datum_work work; /* steps taken, and how many may be */
    uint32_t depth;      /* nested evaluations */
    uint32_t call_depth; /* nested calls: chains and partial applications nest without evaluating */
    size_t arena_used_before;
    struct datum input; /* `$$` */
    struct str checked_text; /* the text that a regular expression last looked at, and the same as well-formed UTF-8 */
    struct str checked_copy;
    struct fault fault;
};

/* Notes what is wrong and returns STATUS_INVALID. The second shows a value in the message. */
MUST_CHECK enum status evaluation_fail(struct evaluation *evaluation, enum fault_code code);
MUST_CHECK enum status evaluation_fail_value(struct evaluation *evaluation, enum fault_code code, struct datum value);
MUST_CHECK enum status evaluation_fail_message(struct evaluation *evaluation, enum fault_code code, struct str message);

/* Completes the fault on its way out: sets position and token where nothing further in has set them. */
void evaluation_place(struct evaluation *evaluation, uint32_t position, struct datum token);

/* Whether the budgets of steps and memory still hold. */
MUST_CHECK enum status evaluation_check(struct evaluation *evaluation);

#define EVALUATION_CHECK_EVERY 16 /* single steps: what they allocate between two looks at the arena is little */

/* Counts `steps` of work against the budgets. */
MUST_CHECK static inline enum status evaluation_charge(struct evaluation *evaluation, uint64_t steps)
{
    evaluation->work.steps += steps;
    bool due = steps != 1 || evaluation->work.steps % EVALUATION_CHECK_EVERY == 0 || datum_work_is_over(&evaluation->work);
    return due ? evaluation_check(evaluation) : STATUS_OK;
}

/* Too deep: sets the fault. */
MUST_CHECK enum status evaluation_fail_depth(struct evaluation *evaluation);

/* One level deeper, within the limit; the caller counts `depth` down again. */
MUST_CHECK static inline enum status evaluation_enter(struct evaluation *evaluation, uint32_t *depth)
{
    if (*depth >= evaluation->limits.depth_max) {
        return evaluation_fail_depth(evaluation);
    }
    TRY(evaluation_charge(evaluation, 1));
    *depth += 1;
    return STATUS_OK;
}

/* The order of two strings, as JavaScript's < has it: < 0, 0, > 0. Counted by the bytes that are the same. */
MUST_CHECK enum status evaluation_compare(struct evaluation *evaluation, struct str a, struct str b, int *out_order);

/* Refuses a string longer than the limit. */
MUST_CHECK enum status evaluation_check_string(struct evaluation *evaluation, size_t length);

/* The buffer's text as a datum, checked; its making is counted. */
MUST_CHECK enum status evaluation_string(struct evaluation *evaluation, const struct buffer *buffer, struct datum *out_result);

#endif
