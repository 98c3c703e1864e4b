/* What is made of records.def and lies in the repository: the .avsc files, the fingerprints, the released schemas as C,
 * the tables of docs/records.md. */
#ifndef PAWL_TESTS_SCHEMAS_GENERATED_H
#define PAWL_TESTS_SCHEMAS_GENERATED_H

#include "base/buffer.h"
#include "schemas/records.h"

/* Paths from the root of the sources. */
#define GENERATED_AVSC_PATH "schemas/avro/%s.avsc"
#define GENERATED_FINGERPRINTS_PATH "schemas/codec/fingerprints.inc"
#define GENERATED_RELEASED_PATH "schemas/codec/released.inc"
#define GENERATED_RELEASED_FOLDER "schemas/released"
#define GENERATED_DOCS_PATH "docs/records.md"

/* A schema of an earlier release: `Command-0.1.avsc` and `Command-0.1.samples`. */
struct generated_past {
    enum schema_id schema;
    struct str file;
    struct str avsc;
    struct str samples;
};

/* All there are, by name. INVALID: a file whose name begins with no schema's. */
MUST_CHECK enum status generated_past_load(struct arena *arena, struct generated_past **out_past, size_t *out_count);

MUST_CHECK enum status generated_fingerprints(struct buffer *buffer);

/* The .avsc files in GENERATED_RELEASED_FOLDER as C. */
MUST_CHECK enum status generated_released(struct buffer *buffer);

/* Copies each present schema that no release has had to GENERATED_RELEASED_FOLDER as `<Schema>-<release>.avsc`, with
 * `<Schema>-<release>.samples`: for each record of its union a line of the record's name, its Avro bytes in hexadecimal
 * and its JSON encoding, tabs between them. */
MUST_CHECK enum status generated_release(struct arena *arena, const char *release);

/* `page` with everything between `<!-- made from records.def: Record -->` and `<!-- end -->` made anew; so for `topics`
 * and `schemas`. */
MUST_CHECK enum status generated_docs(struct buffer *buffer, struct str page);

/* The file, from the root; empty when there is none. */
MUST_CHECK enum status generated_read(struct arena *arena, const char *path, struct str *out_text);
MUST_CHECK enum status generated_write(const char *path, struct str text);

#endif
