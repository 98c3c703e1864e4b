/* Avro single-object encoding straight from a struct, by the record table: the hot path, seven records a task step. */
#ifndef PAWL_SCHEMAS_CODEC_BINARY_WRITER_H
#define PAWL_SCHEMAS_CODEC_BINARY_WRITER_H

#include "base/arena.h"
#include "schemas/records.h"

#define BINARY_HEADER_BYTES 10 /* C3 01, fingerprint */

struct binary_header {
    uint64_t fingerprint;
    int branch; /* place in the union; -1: the schema is the record itself */
};

MUST_CHECK enum status binary_writer_write(struct arena *arena, struct binary_header header, enum record_id record,
                                           const void *value, struct str *out_bytes);

#endif
