#include "schemas/codec/text_writer.h"

#include "asl/value.h"
#include "base/assert.h"
#include "base/buffer.h"
#include "base/hash.h"
#include "schemas/codec/moment.h"

#include <inttypes.h>

static enum status write_record(struct buffer *buffer, enum record_id id, const char *value, struct str discriminator);

static bool is_absent(const struct record_field *field, const void *member)
{
    switch (field->kind) {
    case RECORD_KIND_STRING_NULL:
    case RECORD_KIND_JSON_NULL:
    case RECORD_KIND_JSON_TEXT_NULL:
    case RECORD_KIND_BYTES_NULL:
        return ((const struct str *)member)->bytes == NULL;
    case RECORD_KIND_INT_NULL:
    case RECORD_KIND_LONG_NULL:
    case RECORD_KIND_TIME_NULL:
        return *(const int64_t *)member == RECORD_NONE;
    case RECORD_KIND_STRING:
    case RECORD_KIND_JSON:
    case RECORD_KIND_JSON_TEXT:
    case RECORD_KIND_BYTES:
    case RECORD_KIND_INT:
    case RECORD_KIND_LONG:
    case RECORD_KIND_TIME:
    case RECORD_KIND_BOOLEAN:
    case RECORD_KIND_INT_ARRAY:
    case RECORD_KIND_RECORD:
        return false;
    }
    UNREACHABLE("record kind");
}

static enum status write_array(struct buffer *buffer, const struct int_array *array)
{
    TRY(buffer_add_byte(buffer, '['));
    for (size_t at = 0; at < array->count; at++) {
        TRY(buffer_format(buffer, "%s%" PRId64, at == 0 ? "" : ",", array->items[at]));
    }
    return buffer_add_byte(buffer, ']');
}

static enum status write_bytes(struct buffer *buffer, struct str bytes)
{
    struct str text = STR_NONE;
    TRY(hash_base64url_encode(buffer->arena, bytes, &text));
    return value_write_string(buffer, text);
}

static enum status write_member(struct buffer *buffer, const struct record_field *field, const void *member)
{
    switch (field->kind) {
    case RECORD_KIND_STRING:
    case RECORD_KIND_STRING_NULL:
    case RECORD_KIND_JSON_TEXT:
    case RECORD_KIND_JSON_TEXT_NULL:
        return value_write_string(buffer, *(const struct str *)member);
    case RECORD_KIND_JSON:
    case RECORD_KIND_JSON_NULL:
        return buffer_add(buffer, *(const struct str *)member);
    case RECORD_KIND_BYTES:
    case RECORD_KIND_BYTES_NULL:
        return write_bytes(buffer, *(const struct str *)member);
    case RECORD_KIND_INT:
    case RECORD_KIND_INT_NULL:
    case RECORD_KIND_LONG:
    case RECORD_KIND_LONG_NULL:
        return buffer_format(buffer, "%" PRId64, *(const int64_t *)member);
    case RECORD_KIND_TIME:
    case RECORD_KIND_TIME_NULL:
        return moment_write(buffer, *(const int64_t *)member);
    case RECORD_KIND_BOOLEAN:
        return buffer_add(buffer, *(const bool *)member ? STR("true") : STR("false"));
    case RECORD_KIND_INT_ARRAY:
        return write_array(buffer, member);
    case RECORD_KIND_RECORD:
        return write_record(buffer, field->nested, member, STR_NONE);
    }
    UNREACHABLE("record kind");
}

static enum status write_record(struct buffer *buffer, enum record_id id, const char *value, struct str discriminator)
{
    const struct record_type *type = &record_types[id];
    bool is_first = true;
    TRY(buffer_add_byte(buffer, '{'));
    if (discriminator.length > 0) {
        TRY(buffer_format(buffer, "\"%.*s\":\"%.*s\"", STR_ARGS(discriminator), STR_ARGS(type->name)));
        is_first = false;
    }
    for (uint32_t at = 0; at < type->field_count; at++) {
        const struct record_field *field = &type->fields[at];
        if (is_absent(field, value + field->offset)) {
            continue;
        }
        TRY(buffer_format(buffer, "%s\"%.*s\":", is_first ? "" : ",", STR_ARGS(field->name)));
        TRY(write_member(buffer, field, value + field->offset));
        is_first = false;
    }
    return buffer_add_byte(buffer, '}');
}

struct str text_writer_discriminator(enum schema_id schema)
{
    if (record_schemas[schema].member_count == 1) {
        return STR_NONE;
    }
    return schema == SCHEMA_command ? STR("operation") : STR("type");
}

enum status text_writer_write(struct arena *arena, enum schema_id schema, enum record_id record, const void *value,
                              struct str *out_text)
{
    struct buffer buffer = buffer_in(arena);
    TRY(write_record(&buffer, record, value, text_writer_discriminator(schema)));
    *out_text = buffer_text(&buffer);
    return STATUS_OK;
}
