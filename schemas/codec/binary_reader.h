/* Avro binary into a struct, by a writer's plan. Every length and count is checked against the bytes that are there. */
#ifndef PAWL_SCHEMAS_CODEC_BINARY_READER_H
#define PAWL_SCHEMAS_CODEC_BINARY_READER_H

#include "schemas/codec/plan.h"

/* The whole of `bytes` (without the header) as one value. is_checked: texts must be UTF-8, JSON texts JSON. */
MUST_CHECK enum status binary_reader_read(struct arena *arena, const struct plan *plan, struct str bytes,
                                          bool is_checked, enum record_id *out_record, void **out_value,
                                          struct codec_error *out_error);

#endif
