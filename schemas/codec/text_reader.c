#include "schemas/codec/text_reader.h"

#include "asl/value.h"
#include "base/assert.h"
#include "base/buffer.h"
#include "base/hash.h"
#include "base/limits.h"
#include "schemas/codec/deep_text.h"
#include "schemas/codec/moment.h"
#include "schemas/codec/nearest.h"
#include "schemas/codec/text_writer.h"

#define SHOWN_BYTES_MAX 80 /* of what someone sent, in a message */

struct reader {
    struct arena *arena;
    struct codec_error *error;
    const struct record_type *type; /* where we are, for messages */
    const struct record_field *field;
    bool is_checked;
    struct deep_text deep;
};

static struct str shown(struct str text)
{
    return str_cut(text, SHOWN_BYTES_MAX);
}

static enum status expected(struct reader *reader, const char *what, const struct value *found)
{
    static const char *const names[] = {
        [VALUE_NULL] = "null",       [VALUE_BOOLEAN] = "a boolean", [VALUE_NUMBER] = "a number",
        [VALUE_STRING] = "a string", [VALUE_ARRAY] = "an array",    [VALUE_OBJECT] = "an object"};
    struct str text = found->type == VALUE_NUMBER || found->type == VALUE_STRING ? shown(found->source) : STR_NONE;
    return codec_refuse(reader->arena, reader->error, "%.*s.%.*s: expected %s, found %s%s%.*s",
                        STR_ARGS(reader->type->name), STR_ARGS(reader->field->name), what, names[found->type],
                        text.length > 0 ? " " : "", STR_ARGS(text));
}

static enum status read_string(struct reader *reader, const struct value *value, struct str *out_text)
{
    if (value->type != VALUE_STRING) {
        return expected(reader, "a string", value);
    }
    if (reader->is_checked && !str_is_utf8(value->string)) {
        return expected(reader, "characters (half of a surrogate pair is none)", value);
    }
    *out_text = value->string;
    return STATUS_OK;
}

static bool kind_is_json(enum record_kind kind)
{
    return kind == RECORD_KIND_JSON || kind == RECORD_KIND_JSON_NULL;
}

/* `input` and `output`: whether they are JSON is for the handler to say, who answers InvalidExecutionInput or InvalidOutput. */
static bool is_payload(const struct record_field *field)
{
    return str_equal(field->name, STR("input")) || str_equal(field->name, STR("output"));
}

/* The value's text, however deep it is. */
static enum status read_source(struct reader *reader, const struct value *value, struct str *out_text)
{
    struct str deep = deep_text_member(&reader->deep, value->source);
    if (deep.bytes != NULL && reader->is_checked && kind_is_json(reader->field->kind) && !is_payload(reader->field)) {
        return codec_refuse(reader->arena, reader->error, "%.*s.%.*s: is nested deeper than %d levels",
                            STR_ARGS(reader->type->name), STR_ARGS(reader->field->name), JSON_DEPTH_MAX);
    }
    *out_text = deep.bytes != NULL ? deep : value->source;
    return STATUS_OK;
}

/* A string's characters, or another value's text. */
static enum status read_json_text(struct reader *reader, const struct value *value, struct str *out_text)
{
    if (value->type == VALUE_STRING) {
        return read_string(reader, value, out_text);
    }
    if (value->type == VALUE_NULL) {
        return expected(reader, "JSON, or a string of JSON text", value);
    }
    return read_source(reader, value, out_text);
}

static enum status read_bytes(struct reader *reader, const struct value *value, struct str *out_bytes)
{
    if (value->type != VALUE_STRING) {
        return expected(reader, "a string of base64url", value);
    }
    enum status status = hash_base64url_decode(reader->arena, value->string, out_bytes);
    return status == STATUS_INVALID ? expected(reader, "base64url without padding", value) : status;
}

static enum status read_long(struct reader *reader, const struct value *value, int64_t *out_number)
{
    int64_t number = 0;
    if (value->type != VALUE_NUMBER || !value_to_int64(value, &number) || number == RECORD_NONE) {
        return expected(reader, "a whole number of 64 bits", value);
    }
    *out_number = number;
    return STATUS_OK;
}

static enum status read_int(struct reader *reader, const struct value *value, int64_t *out_number)
{
    int64_t number = 0;
    if (value->type != VALUE_NUMBER || !value_to_int64(value, &number) || number != (int32_t)number) {
        return expected(reader, "a whole number of 32 bits", value);
    }
    *out_number = number;
    return STATUS_OK;
}

static enum status read_time(struct reader *reader, const struct value *value, int64_t *out_time)
{
    if (value->type == VALUE_NUMBER) {
        return read_long(reader, value, out_time);
    }
    if (value->type != VALUE_STRING || !moment_read(value->string, out_time)) {
        return expected(reader, "an ISO 8601 time such as 2026-11-23T06:40:16.123Z, or a number of microseconds",
                        value);
    }
    return STATUS_OK;
}

static enum status read_boolean(struct reader *reader, const struct value *value, bool *out_boolean)
{
    if (value->type != VALUE_BOOLEAN) {
        return expected(reader, "true or false", value);
    }
    *out_boolean = value->boolean;
    return STATUS_OK;
}

static enum status read_array(struct reader *reader, const struct value *value, struct int_array *out_array)
{
    if (value->type != VALUE_ARRAY) {
        return expected(reader, "an array of numbers", value);
    }
    int64_t *items = arena_array(reader->arena, int64_t, (size_t)value->count + 1);
    TRY_NEW(items);
    for (uint32_t at = 0; at < value->count; at++) {
        TRY(read_int(reader, value->items[at], &items[at]));
    }
    *out_array = (struct int_array){items, value->count};
    return STATUS_OK;
}

static enum status read_record(struct reader *reader, enum record_id id, const struct value *object,
                               struct str discriminator, void *out_value);

static enum status read_member(struct reader *reader, const struct value *value, void *member)
{
    switch (reader->field->kind) {
    case RECORD_KIND_STRING:
    case RECORD_KIND_STRING_NULL:
        return read_string(reader, value, member);
    case RECORD_KIND_JSON:
    case RECORD_KIND_JSON_NULL:
        return read_source(reader, value, member);
    case RECORD_KIND_JSON_TEXT:
    case RECORD_KIND_JSON_TEXT_NULL:
        return read_json_text(reader, value, member);
    case RECORD_KIND_BYTES:
    case RECORD_KIND_BYTES_NULL:
        return read_bytes(reader, value, member);
    case RECORD_KIND_INT:
    case RECORD_KIND_INT_NULL:
        return read_int(reader, value, member);
    case RECORD_KIND_LONG:
    case RECORD_KIND_LONG_NULL:
        return read_long(reader, value, member);
    case RECORD_KIND_TIME:
    case RECORD_KIND_TIME_NULL:
        return read_time(reader, value, member);
    case RECORD_KIND_BOOLEAN:
        return read_boolean(reader, value, member);
    case RECORD_KIND_INT_ARRAY:
        return read_array(reader, value, member);
    case RECORD_KIND_RECORD:
        if (value->type != VALUE_OBJECT) {
            return expected(reader, "an object", value);
        }
        return read_record(reader, reader->field->nested, value, STR_NONE, member);
    }
    UNREACHABLE("record kind");
}

/* No member for the field. A boolean is then false, which is what the API takes an absent one for. */
static enum status read_absent(struct reader *reader)
{
    enum record_kind kind = reader->field->kind;
    if (record_kind_is_nullable(kind) || kind == RECORD_KIND_BOOLEAN) {
        return STATUS_OK;
    }
    return codec_refuse(reader->arena, reader->error, "%.*s.%.*s: is missing (%.*s)", STR_ARGS(reader->type->name),
                        STR_ARGS(reader->field->name),
                        STR_ARGS(reader->field->doc.length > 0 ? reader->field->doc : STR("required")));
}

/* Refuses members that are no fields. */
static enum status check_names(struct reader *reader, const struct record_type *type, const struct value *object,
                               struct str discriminator)
{
    for (uint32_t at = 0; at < object->count; at++) {
        struct str key = object->members[at].key;
        bool is_known = str_equal(key, discriminator);
        for (uint32_t field = 0; field < type->field_count && !is_known; field++) {
            is_known = str_equal(type->fields[field].name, key);
        }
        if (is_known) {
            continue;
        }
        struct nearest nearest = nearest_to(key);
        for (uint32_t field = 0; field < type->field_count; field++) {
            nearest_offer(&nearest, type->fields[field].name);
        }
        struct str hint = nearest_best(&nearest);
        return codec_refuse(reader->arena, reader->error, "%.*s: has no field \"%.*s\"%s%.*s%s", STR_ARGS(type->name),
                            STR_ARGS(shown(key)), hint.length > 0 ? "; is \"" : "", STR_ARGS(hint),
                            hint.length > 0 ? "\" meant?" : "");
    }
    return STATUS_OK;
}

static enum status read_record(struct reader *reader, enum record_id id, const struct value *object,
                               struct str discriminator, void *out_value)
{
    const struct record_type *type = &record_types[id];
    const struct record_type *outer = reader->type;
    if (reader->is_checked) {
        TRY(check_names(reader, type, object, discriminator));
    }
    for (uint32_t at = 0; at < type->field_count; at++) {
        const struct record_field *field = &type->fields[at];
        const struct value *value = value_get(object, field->name);
        reader->type = type;
        reader->field = field;
        if (value != NULL && value->type == VALUE_NULL && record_kind_is_nullable(field->kind) &&
            !kind_is_json(field->kind)) {
            value = NULL;
        }
        if (value == NULL) {
            TRY(read_absent(reader));
        } else {
            TRY(read_member(reader, value, (char *)out_value + field->offset));
        }
    }
    reader->type = outer;
    return STATUS_OK;
}

/* Which record of the schema's union the object is. */
static enum status find_record(struct reader *reader, enum schema_id id, const struct value *object,
                               enum record_id *out_record)
{
    const struct record_schema *schema = &record_schemas[id];
    struct str discriminator = text_writer_discriminator(id);
    if (discriminator.length == 0) {
        *out_record = schema->members[0];
        return STATUS_OK;
    }
    const struct value *name = value_get(object, discriminator);
    struct buffer known = buffer_in(reader->arena);
    struct nearest nearest = nearest_to(name != NULL && name->type == VALUE_STRING ? name->string : STR(""));
    for (uint32_t at = 0; at < schema->member_count; at++) {
        struct str member = record_types[schema->members[at]].name;
        if (name != NULL && name->type == VALUE_STRING && str_equal(name->string, member)) {
            *out_record = schema->members[at];
            return STATUS_OK;
        }
        nearest_offer(&nearest, member);
        TRY(buffer_format(&known, "%s%.*s", at == 0 ? "" : ", ", STR_ARGS(member)));
    }
    if (name == NULL) {
        return codec_refuse(reader->arena, reader->error, "%.*s: \"%.*s\" is missing; expected one of %.*s",
                            STR_ARGS(schema->name), STR_ARGS(discriminator), STR_ARGS(buffer_text(&known)));
    }
    struct str hint = nearest_best(&nearest);
    return codec_refuse(reader->arena, reader->error, "%.*s: \"%.*s\" is %.*s; expected one of %.*s%s%.*s%s",
                        STR_ARGS(schema->name), STR_ARGS(discriminator), STR_ARGS(shown(name->source)),
                        STR_ARGS(buffer_text(&known)), hint.length > 0 ? " (is " : "", STR_ARGS(hint),
                        hint.length > 0 ? " meant?)" : "");
}

/* The record as a value. What is nested too deep in one of its members is that member's matter: reader->deep. */
static enum status parse(struct reader *reader, struct str text, struct str schema, const struct value **out_object)
{
    struct value_error error = {0};
    enum status status = value_parse(reader->arena, text, out_object, &error);
    bool is_deep = status == STATUS_LIMIT_EXCEEDED && error.line > 0;
    if (is_deep && deep_text_fold(reader->arena, text, &reader->deep) == STATUS_OK) {
        status = value_parse(reader->arena, reader->deep.folded, out_object, &error);
        is_deep = false;
    }
    if (status == STATUS_INVALID || is_deep) {
        return codec_refuse(reader->arena, reader->error, "%.*s: not JSON: %.*s, at line %u, column %u", STR_ARGS(schema),
                            STR_ARGS(error.message), error.line, error.column);
    }
    return status;
}

enum status text_reader_read(struct arena *arena, enum schema_id schema, struct str text, bool is_checked,
                             enum record_id *out_record, void **out_value, struct codec_error *out_error)
{
    struct reader reader = {.arena = arena, .error = out_error, .is_checked = is_checked};
    struct str name = record_schemas[schema].name;
    const struct value *object = NULL;
    TRY(parse(&reader, text, name, &object));
    if (object->type != VALUE_OBJECT) {
        return codec_refuse(arena, out_error, "%.*s: expected a JSON object", STR_ARGS(name));
    }
    enum record_id record = RECORD_COUNT;
    TRY(find_record(&reader, schema, object, &record));
    void *value = arena_allocate(arena, record_types[record].size);
    TRY_NEW(value);
    record_init(record, value);
    TRY(read_record(&reader, record, object, text_writer_discriminator(schema), value));
    *out_record = record;
    *out_value = value;
    return STATUS_OK;
}
