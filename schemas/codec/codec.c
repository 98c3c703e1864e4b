#include "schemas/codec/codec.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "schemas/codec/avsc.h"
#include "schemas/codec/binary_reader.h"
#include "schemas/codec/binary_writer.h"
#include "schemas/codec/plan.h"
#include "schemas/codec/text_reader.h"
#include "schemas/codec/text_writer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define CODEC_ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024) /* all plans; a schema takes some 50 KiB */
#define MESSAGE_BYTES_MAX 1024

struct codec {
    struct arena *arena;
    struct plan *plans;
    size_t plan_count;
};

/* What codec_encode writes; tests/schemas/test_generated.c computes them anew, codec_create compares. */
static const uint64_t fingerprints[SCHEMA_COUNT] = {
#define FINGERPRINT(schema, fingerprint) [SCHEMA_##schema] = fingerprint,
#include "schemas/codec/fingerprints.inc"
};

/* Ends with a row of nothing: C has no empty arrays. */
static const struct codec_past released[] = {
#define RELEASED(schema_name, text) {.schema = SCHEMA_##schema_name, .avsc = STR_INIT(text)},
#include "schemas/codec/released.inc"
    {.schema = SCHEMA_COUNT},
};

enum status codec_refuse(struct arena *arena, struct codec_error *out_error, const char *format, ...)
{
    char text[MESSAGE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    ASSERT(length >= 0);
    size_t kept = (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
    TRY(arena_copy(arena, (struct str){text, kept}, &out_error->message));
    return STATUS_INVALID;
}

/* ---- Creation ---- */

static enum status add_present(struct codec *codec, enum schema_id schema)
{
    struct buffer avsc = buffer_in(codec->arena);
    struct codec_error error = {0};
    TRY(avsc_write(&avsc, schema));
    struct codec_past present = {.schema = schema, .avsc = buffer_text(&avsc)};
    enum status status = plan_compile(codec->arena, &present, &codec->plans[codec->plan_count], &error);
    ASSERT(status != STATUS_INVALID);
    TRY(status);
    /* When it fails, records.def has changed: `test_schemas_generated --write` renews what is made of it. */
    ASSERT(codec->plans[codec->plan_count].fingerprint == fingerprints[schema]);
    codec->plan_count++;
    return STATUS_OK;
}

static enum status add_all(struct codec *codec, const struct codec_past *past, size_t past_count,
                           struct codec_error *out_error)
{
    size_t released_count = sizeof released / sizeof released[0] - 1;
    codec->plans = arena_array(codec->arena, struct plan, SCHEMA_COUNT + released_count + past_count);
    TRY_NEW(codec->plans);
    for (int schema = 0; schema < SCHEMA_COUNT; schema++) {
        TRY(add_present(codec, (enum schema_id)schema));
    }
    for (size_t at = 0; at < released_count; at++) {
        TRY(plan_compile(codec->arena, &released[at], &codec->plans[codec->plan_count++], out_error));
    }
    for (size_t at = 0; at < past_count; at++) {
        TRY(plan_compile(codec->arena, &past[at], &codec->plans[codec->plan_count++], out_error));
    }
    return STATUS_OK;
}

enum status codec_create_with(struct arena *arena, const struct codec_past *past, size_t past_count,
                              struct codec **out_codec, struct codec_error *out_error)
{
    struct arena *own = arena_create(CODEC_ARENA_BYTES_MAX);
    TRY_NEW(own);
    struct codec *codec = arena_new(own, struct codec);
    struct codec_error error = {0};
    enum status status = STATUS_LIMIT_EXCEEDED;
    if (codec != NULL) {
        codec->arena = own;
        status = add_all(codec, past, past_count, &error);
    }
    if (status == STATUS_OK) {
        *out_codec = codec;
        return STATUS_OK;
    }
    if (status == STATUS_INVALID && arena_copy(arena, error.message, &out_error->message) != STATUS_OK) {
        status = STATUS_LIMIT_EXCEEDED;
    }
    arena_destroy(own);
    return status;
}

enum status codec_create(struct codec **out_codec)
{
    struct codec_error error = {0};
    struct arena *arena = arena_create(MESSAGE_BYTES_MAX * 16);
    TRY_NEW(arena);
    enum status status = codec_create_with(arena, NULL, 0, out_codec, &error);
    arena_destroy(arena);
    ASSERT(status != STATUS_INVALID);
    return status;
}

void codec_destroy(struct codec *codec)
{
    if (codec != NULL) {
        arena_destroy(codec->arena); /* the codec itself lies in it */
    }
}

/* ---- Use ---- */

enum status codec_encode(struct arena *arena, enum codec_encoding encoding, enum schema_id schema,
                         enum record_id record, const void *value, struct str *out_bytes)
{
    int branch = record_union_index(schema, record);
    ASSERT(branch >= 0);
    switch (encoding) {
    case CODEC_AVRO: {
        bool is_union = record_schemas[schema].member_count > 1;
        struct binary_header header = {.fingerprint = fingerprints[schema], .branch = is_union ? branch : -1};
        return binary_writer_write(arena, header, record, value, out_bytes);
    }
    case CODEC_JSON:
        return text_writer_write(arena, schema, record, value, out_bytes);
    }
    UNREACHABLE("codec encoding");
}

/* Whether anyone may have written it: then texts are looked at, and members that no field has are refused. */
static bool schema_is_input(enum schema_id schema)
{
    return schema == SCHEMA_command || schema == SCHEMA_task_result;
}

static enum status decode_avro(const struct codec *codec, struct arena *arena, enum schema_id schema, struct str bytes,
                               enum record_id *out_record, void **out_value, struct codec_error *out_error)
{
    struct str name = record_schemas[schema].name;
    if (bytes.length < BINARY_HEADER_BYTES) {
        return codec_refuse(arena, out_error, "%.*s: ends within the fingerprint of its Avro schema", STR_ARGS(name));
    }
    uint64_t fingerprint = 0;
    for (int at = 0; at < 8; at++) {
        fingerprint |= (uint64_t)(uint8_t)bytes.bytes[2 + at] << (8 * at);
    }
    const struct plan *plan = &codec->plans[schema]; /* the present ones come first, in the order of their ids */
    for (size_t at = 0; plan->fingerprint != fingerprint && at < codec->plan_count; at++) {
        plan = codec->plans[at].fingerprint == fingerprint ? &codec->plans[at] : plan;
    }
    if (plan->fingerprint != fingerprint) {
        return codec_refuse(arena, out_error,
                            "%.*s: written with an Avro schema unknown to this version, fingerprint %016" PRIx64,
                            STR_ARGS(name), fingerprint);
    }
    if (plan->schema != schema) {
        return codec_refuse(arena, out_error, "%.*s expected, found a %.*s (by the fingerprint of its Avro schema)",
                            STR_ARGS(name), STR_ARGS(record_schemas[plan->schema].name));
    }
    return binary_reader_read(arena, plan, str_from(bytes, BINARY_HEADER_BYTES), schema_is_input(schema), out_record,
                              out_value, out_error);
}

enum status codec_decode(const struct codec *codec, struct arena *arena, enum schema_id schema, struct str bytes,
                         enum record_id *out_record, void **out_value, struct codec_error *out_error)
{
    struct str name = record_schemas[schema].name;
    uint8_t first = bytes.length > 0 ? (uint8_t)bytes.bytes[0] : 0;
    uint8_t second = bytes.length > 1 ? (uint8_t)bytes.bytes[1] : 0;
    if (bytes.length == 0) {
        return codec_refuse(arena, out_error, "%.*s: the value is empty", STR_ARGS(name));
    }
    if (first == 0xC3 && second == 0x01) {
        return decode_avro(codec, arena, schema, bytes, out_record, out_value, out_error);
    }
    if (first == 0x00) {
        /* Here a schema registry would turn the next four bytes, big-endian, into a plan. */
        return codec_refuse(arena, out_error, "%.*s: Confluent wire format: no schema registry is configured",
                            STR_ARGS(name));
    }
    if (first == '{' || first == ' ' || first == '\t' || first == '\r' || first == '\n') {
        return text_reader_read(arena, schema, bytes, schema_is_input(schema), out_record, out_value, out_error);
    }
    return codec_refuse(arena, out_error,
                        "%.*s: begins with byte %02x: neither Avro single-object encoding (c3 01) nor a JSON object",
                        STR_ARGS(name), first);
}
