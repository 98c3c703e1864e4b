/* Records to encode, made by the record tables. */
#ifndef PAWL_TESTS_SCHEMAS_SAMPLES_H
#define PAWL_TESTS_SCHEMAS_SAMPLES_H

#include "base/arena.h"
#include "schemas/records.h"

enum sample {
    SAMPLE_DEFAULTS, /* as record_init leaves it */
    SAMPLE_USUAL,    /* every field set */
    SAMPLE_EXTREMES, /* empty texts, the largest and smallest numbers, many items */
    SAMPLE_COUNT
};

extern const char *const sample_names[SAMPLE_COUNT];

/* The record's struct, in the arena. */
void *sample_make(struct arena *arena, enum record_id id, enum sample sample);

/* Whether both structs hold the same; *out_field names the first member that differs. */
bool sample_equal(enum record_id id, const void *a, const void *b, struct str *out_field);

#endif
