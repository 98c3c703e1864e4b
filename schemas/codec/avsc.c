#include "schemas/codec/avsc.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/limits.h"

/* ---- The schemas of records.def ---- */

struct avsc_writer {
    struct buffer *buffer;
    bool defined[RECORD_COUNT]; /* a named type is written out once, then called by its name */
};

/* The type of a kind, without null. */
static const char *kind_avro_type(enum record_kind kind)
{
    switch (kind) {
    case RECORD_KIND_STRING:
    case RECORD_KIND_STRING_NULL:
    case RECORD_KIND_JSON:
    case RECORD_KIND_JSON_NULL:
    case RECORD_KIND_JSON_TEXT:
    case RECORD_KIND_JSON_TEXT_NULL:
        return "\"string\"";
    case RECORD_KIND_BYTES:
    case RECORD_KIND_BYTES_NULL:
        return "\"bytes\"";
    case RECORD_KIND_INT:
    case RECORD_KIND_INT_NULL:
        return "\"int\"";
    case RECORD_KIND_LONG:
    case RECORD_KIND_LONG_NULL:
        return "\"long\"";
    case RECORD_KIND_TIME:
    case RECORD_KIND_TIME_NULL:
        return "{\"type\": \"long\", \"logicalType\": \"timestamp-micros\"}";
    case RECORD_KIND_BOOLEAN:
        return "\"boolean\"";
    case RECORD_KIND_INT_ARRAY:
        return "{\"type\": \"array\", \"items\": \"int\"}";
    case RECORD_KIND_RECORD:
        break;
    }
    UNREACHABLE("record kind");
}

/* A string that holds JSON says so: nothing else in the schema does. */
static enum status write_doc(struct buffer *buffer, const struct record_field *field)
{
    bool is_json = field->kind == RECORD_KIND_JSON || field->kind == RECORD_KIND_JSON_NULL;
    struct str doc = field->doc;
    if (is_json && doc.length > 0) {
        TRY(arena_concat(buffer->arena, STR("JSON text: "), doc, &doc));
    } else if (is_json) {
        doc = STR("JSON text");
    }
    if (doc.length == 0) {
        return STATUS_OK;
    }
    TRY(buffer_add(buffer, STR(", \"doc\": ")));
    return value_write_string(buffer, doc);
}

static enum status write_record(struct avsc_writer *writer, enum record_id id, int indent);

static enum status write_field(struct avsc_writer *writer, const struct record_field *field, int indent)
{
    struct buffer *buffer = writer->buffer;
    TRY(buffer_format(buffer, "%*s{\"name\": \"%.*s\", \"type\": ", indent, "", STR_ARGS(field->name)));
    if (field->kind == RECORD_KIND_RECORD) {
        TRY(write_record(writer, field->nested, indent));
    } else if (record_kind_is_nullable(field->kind)) {
        TRY(buffer_format(buffer, "[\"null\", %s], \"default\": null", kind_avro_type(field->kind)));
    } else {
        TRY(buffer_format(buffer, "%s", kind_avro_type(field->kind)));
    }
    TRY(write_doc(buffer, field));
    return buffer_add_byte(buffer, '}');
}

static enum status write_record(struct avsc_writer *writer, enum record_id id, int indent)
{
    struct buffer *buffer = writer->buffer;
    const struct record_type *type = &record_types[id];
    if (writer->defined[id]) {
        return buffer_format(buffer, "\"" AVSC_NAMESPACE ".%.*s\"", STR_ARGS(type->name));
    }
    writer->defined[id] = true;
    TRY(buffer_format(buffer,
                      "{\"type\": \"record\", \"name\": \"%.*s\", \"namespace\": \"" AVSC_NAMESPACE "\", \"doc\": ",
                      STR_ARGS(type->name)));
    TRY(value_write_string(buffer, type->doc));
    TRY(buffer_add(buffer, STR(", \"fields\": [\n")));
    for (uint32_t at = 0; at < type->field_count; at++) {
        TRY(write_field(writer, &type->fields[at], indent + 2));
        TRY(buffer_add(buffer, at + 1 < type->field_count ? STR(",\n") : STR("\n")));
    }
    return buffer_format(buffer, "%*s]}", indent, "");
}

enum status avsc_write(struct buffer *buffer, enum schema_id id)
{
    const struct record_schema *schema = &record_schemas[id];
    struct avsc_writer writer = {.buffer = buffer};
    if (schema->member_count == 1) {
        TRY(write_record(&writer, schema->members[0], 0));
        return buffer_add_byte(buffer, '\n');
    }
    TRY(buffer_add(buffer, STR("[\n")));
    for (uint32_t at = 0; at < schema->member_count; at++) {
        TRY(buffer_add(buffer, STR("  ")));
        TRY(write_record(&writer, schema->members[at], 2));
        TRY(buffer_add(buffer, at + 1 < schema->member_count ? STR(",\n") : STR("\n")));
    }
    return buffer_add(buffer, STR("]\n"));
}

/* ---- Parsing Canonical Form ---- */

static bool is_primitive(struct str name)
{
    static const struct str names[] = {STR_INIT("null"),  STR_INIT("boolean"), STR_INIT("int"),   STR_INIT("long"),
                                       STR_INIT("float"), STR_INIT("double"),  STR_INIT("bytes"), STR_INIT("string")};
    for (size_t at = 0; at < sizeof names / sizeof names[0]; at++) {
        if (str_equal(names[at], name)) {
            return true;
        }
    }
    return false;
}

static bool is_string(const struct value *value)
{
    return value != NULL && value->type == VALUE_STRING;
}

/* [FULLNAMES]: the name with the namespace that encloses it, unless it brings one or has none. */
static enum status write_full_name(struct buffer *buffer, struct str name, struct str space)
{
    if (str_find(name, '.') < name.length || space.length == 0) {
        return buffer_format(buffer, "\"%.*s\"", STR_ARGS(name));
    }
    return buffer_format(buffer, "\"%.*s.%.*s\"", STR_ARGS(space), STR_ARGS(name));
}

static enum status write_type(struct buffer *buffer, const struct value *schema, struct str space, int depth);

static enum status write_fields(struct buffer *buffer, const struct value *fields, struct str space, int depth)
{
    if (fields == NULL || fields->type != VALUE_ARRAY) {
        return STATUS_INVALID;
    }
    TRY(buffer_add(buffer, STR(",\"fields\":[")));
    for (uint32_t at = 0; at < fields->count; at++) {
        const struct value *name = value_get(fields->items[at], STR("name"));
        const struct value *type = value_get(fields->items[at], STR("type"));
        if (!is_string(name) || type == NULL) {
            return STATUS_INVALID;
        }
        TRY(buffer_format(buffer, "%s{\"name\":\"%.*s\",\"type\":", at == 0 ? "" : ",", STR_ARGS(name->string)));
        TRY(write_type(buffer, type, space, depth + 1));
        TRY(buffer_add_byte(buffer, '}'));
    }
    return buffer_add_byte(buffer, ']');
}

/* record, error, enum, fixed: [ORDER] name, type, fields, symbols, size. */
static enum status write_named(struct buffer *buffer, const struct value *schema, struct str space, int depth)
{
    struct str type = value_get(schema, STR("type"))->string;
    const struct value *name = value_get(schema, STR("name"));
    const struct value *own_space = value_get(schema, STR("namespace"));
    if (!is_string(name)) {
        return STATUS_INVALID;
    }
    size_t dot = name->string.length;
    while (dot > 0 && name->string.bytes[dot - 1] != '.') {
        dot--;
    }
    if (dot > 0) {
        space = str_slice(name->string, 0, dot - 1);
    } else if (is_string(own_space)) {
        space = own_space->string;
    }
    TRY(buffer_add(buffer, STR("{\"name\":")));
    TRY(write_full_name(buffer, name->string, space));
    TRY(buffer_format(buffer, ",\"type\":\"%.*s\"", STR_ARGS(type)));
    if (str_equal(type, STR("record")) || str_equal(type, STR("error"))) {
        TRY(write_fields(buffer, value_get(schema, STR("fields")), space, depth));
    } else if (str_equal(type, STR("enum")) && value_get(schema, STR("symbols")) != NULL) {
        TRY(buffer_add(buffer, STR(",\"symbols\":")));
        TRY(value_write(buffer, value_get(schema, STR("symbols"))));
    } else if (str_equal(type, STR("fixed")) && value_get(schema, STR("size")) != NULL) {
        TRY(buffer_add(buffer, STR(",\"size\":")));
        TRY(value_write(buffer, value_get(schema, STR("size"))));
    } else {
        return STATUS_INVALID;
    }
    return buffer_add_byte(buffer, '}');
}

static enum status write_object(struct buffer *buffer, const struct value *schema, struct str space, int depth)
{
    const struct value *type = value_get(schema, STR("type"));
    if (type == NULL) {
        return STATUS_INVALID;
    }
    if (type->type != VALUE_STRING || is_primitive(type->string)) {
        return write_type(buffer, type, space, depth + 1); /* [PRIMITIVES]: attributes such as logicalType go */
    }
    bool is_array = str_equal(type->string, STR("array"));
    if (!is_array && !str_equal(type->string, STR("map"))) {
        return write_named(buffer, schema, space, depth);
    }
    const struct value *inner = value_get(schema, is_array ? STR("items") : STR("values"));
    if (inner == NULL) {
        return STATUS_INVALID;
    }
    TRY(buffer_add(buffer, is_array ? STR("{\"type\":\"array\",\"items\":") : STR("{\"type\":\"map\",\"values\":")));
    TRY(write_type(buffer, inner, space, depth + 1));
    return buffer_add_byte(buffer, '}');
}

static enum status write_type(struct buffer *buffer, const struct value *schema, struct str space, int depth)
{
    if (depth >= JSON_DEPTH_MAX) {
        return STATUS_INVALID;
    }
    if (schema->type == VALUE_STRING) {
        return write_full_name(buffer, schema->string, is_primitive(schema->string) ? STR("") : space);
    }
    if (schema->type == VALUE_OBJECT) {
        return write_object(buffer, schema, space, depth);
    }
    if (schema->type != VALUE_ARRAY) {
        return STATUS_INVALID;
    }
    TRY(buffer_add_byte(buffer, '['));
    for (uint32_t at = 0; at < schema->count; at++) {
        if (at > 0) {
            TRY(buffer_add_byte(buffer, ','));
        }
        TRY(write_type(buffer, schema->items[at], space, depth + 1));
    }
    return buffer_add_byte(buffer, ']');
}

enum status avsc_write_canonical(struct buffer *buffer, const struct value *schema)
{
    return write_type(buffer, schema, STR(""), 0);
}

enum status avsc_fingerprint(struct arena *arena, const struct value *schema, uint64_t *out_fingerprint)
{
    struct buffer canonical = buffer_in(arena);
    TRY(avsc_write_canonical(&canonical, schema));
    *out_fingerprint = hash_crc64_avro(buffer_text(&canonical));
    return STATUS_OK;
}
