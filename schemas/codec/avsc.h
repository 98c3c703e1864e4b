/* Avro schemas as JSON text: those of records.def, and any schema's Parsing Canonical Form and fingerprint (Avro 1.11,
 * "Transforming into Parsing Canonical Form"). */
#ifndef PAWL_SCHEMAS_CODEC_AVSC_H
#define PAWL_SCHEMAS_CODEC_AVSC_H

#include "asl/value.h"
#include "base/buffer.h"
#include "schemas/records.h"

#define AVSC_NAMESPACE "io.pawl.v1"

/* The schema as the .avsc file has it, ended by a newline. */
MUST_CHECK enum status avsc_write(struct buffer *buffer, enum schema_id schema);

/* The Parsing Canonical Form of a schema. INVALID: no schema. */
MUST_CHECK enum status avsc_write_canonical(struct buffer *buffer, const struct value *schema);

/* CRC-64-AVRO of the canonical form. */
MUST_CHECK enum status avsc_fingerprint(struct arena *arena, const struct value *schema, uint64_t *out_fingerprint);

#endif
