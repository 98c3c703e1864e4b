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

MUST_CHECK enum status generated_fingerprints(struct buffer *buffer);

/* From the .avsc files in GENERATED_RELEASED_FOLDER. */
MUST_CHECK enum status generated_released(struct buffer *buffer);

/* `page` with everything between `<!-- made from records.def: Record -->` and `<!-- end -->` made anew; so for `topics`. */
MUST_CHECK enum status generated_docs(struct buffer *buffer, struct str page);

/* The file, from the root; empty when there is none. */
MUST_CHECK enum status generated_read(struct arena *arena, const char *path, struct str *out_text);
MUST_CHECK enum status generated_write(const char *path, struct str text);

#endif
