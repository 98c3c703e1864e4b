/* Records as bytes (design, section 2, "Values"): the value of a Kafka record and of a state row.
 *
 * Three encodings, recognised by the first bytes:
 *     C3 01           Avro single-object: then the CRC-64-AVRO fingerprint of the writer's schema, little-endian, then
 * the record in Avro binary. Read with the present schema of records.def or any released one. 00              Confluent
 * wire format: refused by name; it takes a schema registry (codec_decode has the place). { (or blanks)   JSON: names as
 * in the Avro schema; a field that holds JSON text is inlined as JSON; a union is flat with `operation` (commands) or
 * `type`; what is absent is left out.
 *
 * A null in JSON is absence, except where a field holds JSON: there it is JSON's null.
 *
 * Commands and results come from anyone: their texts must be UTF-8, their JSON must be JSON (but for `input` and `output`,
 * which the handler checks, to answer in AWS's words), and in the JSON encoding a
 * member that no field has is refused. What pawl wrote itself is taken as it is; members of a newer pawl are skipped.
 */
#ifndef PAWL_SCHEMAS_CODEC_CODEC_H
#define PAWL_SCHEMAS_CODEC_CODEC_H

#include "base/arena.h"
#include "schemas/records.h"

enum codec_encoding { CODEC_AVRO, CODEC_JSON };

/* The schemas that can be read, each as a plan. Never changes after its creation: threads may share one. */
struct codec;

/* A schema that an earlier release wrote: its .avsc text. */
struct codec_past {
    enum schema_id schema;
    struct str avsc;
};

/* What is wrong, in which field, what was expected. The message lies in the call's arena. */
struct codec_error {
    struct str message;
};

/* Knows the present schemas and all released ones (released.inc). LIMIT_EXCEEDED: no memory. */
MUST_CHECK enum status codec_create(struct codec **out_codec);

/* The same and `past` ones, for tests. INVALID with *out_error, in `arena`: a text that is no schema we can read. */
MUST_CHECK enum status codec_create_with(struct arena *arena, const struct codec_past *past, size_t past_count,
                                         struct codec **out_codec, struct codec_error *out_error);
void codec_destroy(struct codec *codec);

/* The record (a struct of id `record`) as a value of the schema. Requires that the schema's union has the record. Fails
 * at the arena's limit only. */
MUST_CHECK enum status codec_encode(struct arena *arena, enum codec_encoding encoding, enum schema_id schema,
                                    enum record_id record, const void *value, struct str *out_bytes);

/* A value of the schema as the struct of *out_record. Its texts borrow `bytes`. INVALID with *out_error for whatever is
 * not such a value; LIMIT_EXCEEDED at the arena's limit. */
MUST_CHECK enum status codec_decode(const struct codec *codec, struct arena *arena, enum schema_id schema,
                                    struct str bytes, enum record_id *out_record, void **out_value,
                                    struct codec_error *out_error);

/* Sets the message, as printf does; always STATUS_INVALID (LIMIT_EXCEEDED when the arena is full). */
MUST_CHECK enum status codec_refuse(struct arena *arena, struct codec_error *out_error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
