/* A payload on its way through a state: its JSON text, its value, or both. What no path touches stays a text and is never
 * parsed; what was computed stays a value until its text is asked for. */
#ifndef PAWL_ASL_DATA_H
#define PAWL_ASL_DATA_H

#include "asl/value.h"

struct data {
    struct str text;           /* bytes == NULL: not yet written */
    const struct value *value; /* NULL: not yet parsed */
};

static inline struct data data_of_text(struct str text)
{
    return (struct data){.text = text};
}

static inline struct data data_of_value(const struct value *value)
{
    return (struct data){.value = value};
}

/* Each computes its form once and keeps it. The text of a `data` is valid JSON: it was checked where it came in. */
MUST_CHECK enum status data_value(struct arena *arena, struct data *data, const struct value **out_value);
MUST_CHECK enum status data_text(struct arena *arena, struct data *data, struct str *out_text);

#endif
