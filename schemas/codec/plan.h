/* How to read what one writer's schema wrote: field by field, what comes next in the bytes and into which member of our
 * struct it goes, by name. Fields of the writer that we don't have are read past; fields of ours that it did not have
 * keep their default. The present schema is one more writer, so there is one reader only.
 *
 * Understood is what records.def can say and released schemas of it have said: records, unions of records at the top,
 * ["null", X] (either order) below, boolean, int, long, string, bytes, arrays of int or long. */
#ifndef PAWL_SCHEMAS_CODEC_PLAN_H
#define PAWL_SCHEMAS_CODEC_PLAN_H

#include "asl/value.h"
#include "schemas/codec/codec.h"

enum plan_wire { PLAN_BOOLEAN, PLAN_INT, PLAN_LONG, PLAN_STRING, PLAN_BYTES, PLAN_INT_ARRAY, PLAN_RECORD };

#define PLAN_NEVER_NULL (-1)

struct plan_field {
    enum plan_wire wire;
    int null_branch;                   /* which of two branches is null, or PLAN_NEVER_NULL */
    const struct record_field *target; /* ours; NULL: read past it */
    const struct plan_record *record;  /* of PLAN_RECORD */
    struct str name;                   /* the writer's, for messages */
};

struct plan_record {
    struct str name;   /* without namespace */
    enum record_id id; /* ours; RECORD_COUNT: we have none of that name */
    struct plan_field *fields;
    uint32_t field_count;
};

struct plan {
    uint64_t fingerprint;
    enum schema_id schema;
    bool is_union;
    const struct plan_record **records; /* the union's, or the one */
    uint32_t record_count;
};

/* The plan for a writer's schema. INVALID with *out_error: not a schema as above, or one whose fields don't fit ours.
 */
MUST_CHECK enum status plan_compile(struct arena *arena, const struct codec_past *writer, struct plan *out_plan,
                                    struct codec_error *out_error);

#endif
