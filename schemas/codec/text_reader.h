/* A record from its JSON encoding (codec.h says what it looks like). */
#ifndef PAWL_SCHEMAS_CODEC_TEXT_READER_H
#define PAWL_SCHEMAS_CODEC_TEXT_READER_H

#include "schemas/codec/codec.h"

/* is_checked: a member that no field has is refused, with the nearest name; else it is skipped. */
MUST_CHECK enum status text_reader_read(struct arena *arena, enum schema_id schema, struct str text, bool is_checked,
                                        enum record_id *out_record, void **out_value, struct codec_error *out_error);

#endif
