/* An array while it is put together. */
#ifndef PAWL_ASL_JSONATA_SEQUENCE_H
#define PAWL_ASL_JSONATA_SEQUENCE_H

#include "asl/jsonata/evaluation.h"

struct sequence {
    struct datum *items;
    uint32_t count;
    uint32_t capacity;
};

MUST_CHECK enum status sequence_push(struct evaluation *evaluation, struct sequence *sequence, struct datum datum);

/* The same of a JSON value; of an array its items. */
MUST_CHECK enum status sequence_append_value(struct evaluation *evaluation, struct sequence *sequence, const struct value *value);

/* Adds the items of an array, or one datum that is none; nothing for undefined. */
MUST_CHECK enum status sequence_append(struct evaluation *evaluation, struct sequence *sequence, struct datum datum);

static inline struct datum sequence_array(const struct sequence *sequence, uint8_t flags)
{
    return datum_array(sequence->items, sequence->count, flags);
}

/* a followed by b, as $append does. */
MUST_CHECK enum status sequence_concat(struct evaluation *evaluation, struct datum a, struct datum b, struct datum *out_array);

#endif
