/* One evaluation: what it may use up, what went wrong, which variables are in sight. */
#ifndef PAWL_ASL_JSONATA_EVALUATION_H
#define PAWL_ASL_JSONATA_EVALUATION_H

#include "asl/jsonata/fault.h"
#include "asl/jsonata/jsonata.h"
#include "asl/jsonata/program.h"
#include "asl/jsonata/signature.h"

struct evaluation {
    struct arena *arena;
    const struct jsonata *program;
    const struct jsonata_scope *scope;
    struct jsonata_limits limits;
    uint64_t steps;
    uint32_t depth;      /* nested evaluations */
    uint32_t call_depth; /* nested calls: chains and partial applications nest without evaluating */
    size_t arena_used_before;
    struct datum input; /* `$$` */
    struct str checked_text; /* the text that a regular expression last looked at, and the same as well-formed UTF-8 */
    struct str checked_copy;
    struct fault fault;
};

/* Variables of one block, function call or item, and what is around them. */
struct environment {
    const struct environment *outer;
    const struct binding *bindings;
};

/* Notes what is wrong and returns STATUS_INVALID. The second shows a value in the message. */
MUST_CHECK enum status evaluation_fail(struct evaluation *evaluation, enum fault_code code);
MUST_CHECK enum status evaluation_fail_value(struct evaluation *evaluation, enum fault_code code, struct datum value);
MUST_CHECK enum status evaluation_fail_message(struct evaluation *evaluation, enum fault_code code, struct str message);

/* Completes the fault on its way out: sets position and token where nothing further in has set them. */
void evaluation_place(struct evaluation *evaluation, uint32_t position, struct datum token);

/* One level deeper, within the limit; the caller counts `depth` down again. */
MUST_CHECK enum status evaluation_enter(struct evaluation *evaluation, uint32_t *depth);

/* Counts `steps` of work against the budgets. */
MUST_CHECK enum status evaluation_charge(struct evaluation *evaluation, uint64_t steps);

/* Refuses a string longer than the limit. */
MUST_CHECK enum status evaluation_check_string(struct evaluation *evaluation, size_t length);

/* The buffer's text as a datum, checked; its making is counted. */
MUST_CHECK enum status evaluation_string(struct evaluation *evaluation, const struct buffer *buffer, struct datum *out_result);

/* An array that grows. */
struct sequence {
    struct datum *items;
    uint32_t count;
    uint32_t capacity;
};

MUST_CHECK enum status sequence_push(struct evaluation *evaluation, struct sequence *sequence, struct datum datum);

/* Adds the items of an array, or one datum that is none; nothing for undefined. */
MUST_CHECK enum status sequence_append(struct evaluation *evaluation, struct sequence *sequence, struct datum datum);

static inline struct datum sequence_array(const struct sequence *sequence, uint8_t flags)
{
    return datum_array(sequence->items, sequence->count, flags);
}

/* a followed by b, as $append does. */
MUST_CHECK enum status sequence_concat(struct evaluation *evaluation, struct datum a, struct datum b, struct datum *out_array);

/* Sets a variable in the innermost environment. */
MUST_CHECK enum status environment_bind(struct evaluation *evaluation, struct environment *environment, variable_id variable,
                                        struct datum datum);

/* `bindings` with one more in front. */
MUST_CHECK enum status environment_chain(struct evaluation *evaluation, const struct binding *bindings, variable_id variable,
                                         struct datum datum, const struct binding **out_bindings);

/* The variable's value: from inside out, then the caller's bindings, then the built-in functions. */
struct datum environment_find(struct evaluation *evaluation, const struct environment *environment, variable_id variable);

#endif
