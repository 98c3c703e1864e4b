/* The JSON encoding of a record (codec.h says what it looks like). */
#ifndef PAWL_SCHEMAS_CODEC_TEXT_WRITER_H
#define PAWL_SCHEMAS_CODEC_TEXT_WRITER_H

#include "base/arena.h"
#include "schemas/records.h"

/* The member that names the record of a union: "operation" of commands, "type" else; STR_NONE for a schema of one
 * record. */
struct str text_writer_discriminator(enum schema_id schema);

MUST_CHECK enum status text_writer_write(struct arena *arena, enum schema_id schema, enum record_id record,
                                         const void *value, struct str *out_text);

#endif
