#include "schemas/codec/plan.h"

#include "base/assert.h"
#include "schemas/codec/avsc.h"

#define PLAN_RECORDS_MAX 64 /* named types of one schema */

struct compiler {
    struct arena *arena;
    struct codec_error *error;
    const struct plan_record *named[PLAN_RECORDS_MAX];
    uint32_t named_count;
};

static struct str text_of(const struct value *value)
{
    return value != NULL && value->type == VALUE_STRING ? value->string : STR_NONE;
}

/* What follows the last point. */
static struct str short_name(struct str name)
{
    size_t at = name.length;
    while (at > 0 && name.bytes[at - 1] != '.') {
        at--;
    }
    return str_from(name, at);
}

static enum record_id record_of(struct str name)
{
    int at = 0;
    while (at < RECORD_COUNT && !str_equal(record_types[at].name, name)) {
        at++;
    }
    return (enum record_id)at;
}

static const struct record_field *field_of(enum record_id id, struct str name)
{
    for (uint32_t at = 0; id != RECORD_COUNT && at < record_types[id].field_count; at++) {
        if (str_equal(record_types[id].fields[at].name, name)) {
            return &record_types[id].fields[at];
        }
    }
    return NULL;
}

/* Whether what is on the wire can be put into a member of the kind. */
static bool fits(const struct plan_field *field)
{
    switch (field->target->kind) {
    case RECORD_KIND_STRING:
    case RECORD_KIND_STRING_NULL:
    case RECORD_KIND_JSON:
    case RECORD_KIND_JSON_NULL:
    case RECORD_KIND_JSON_TEXT:
    case RECORD_KIND_JSON_TEXT_NULL:
        return field->wire == PLAN_STRING;
    case RECORD_KIND_BYTES:
    case RECORD_KIND_BYTES_NULL:
        return field->wire == PLAN_BYTES;
    case RECORD_KIND_INT:
    case RECORD_KIND_INT_NULL:
        return field->wire == PLAN_INT;
    case RECORD_KIND_LONG:
    case RECORD_KIND_LONG_NULL:
    case RECORD_KIND_TIME:
    case RECORD_KIND_TIME_NULL:
        return field->wire == PLAN_INT || field->wire == PLAN_LONG;
    case RECORD_KIND_BOOLEAN:
        return field->wire == PLAN_BOOLEAN;
    case RECORD_KIND_INT_ARRAY:
        return field->wire == PLAN_INT_ARRAY;
    case RECORD_KIND_RECORD:
        return field->wire == PLAN_RECORD && field->record->id == field->target->nested;
    }
    UNREACHABLE("record kind");
}

static enum status compile_record(struct compiler *compiler, const struct value *schema, int depth,
                                  const struct plan_record **out_record);

/* A type that is neither null nor a union. */
static enum status compile_type(struct compiler *compiler, const struct value *type, int depth,
                                struct plan_field *field)
{
    static const struct {
        struct str name;
        enum plan_wire wire;
    } primitives[] = {{STR_INIT("boolean"), PLAN_BOOLEAN},
                      {STR_INIT("int"), PLAN_INT},
                      {STR_INIT("long"), PLAN_LONG},
                      {STR_INIT("string"), PLAN_STRING},
                      {STR_INIT("bytes"), PLAN_BYTES}};
    struct str name = text_of(type->type == VALUE_OBJECT ? value_get(type, STR("type")) : type);
    for (size_t at = 0; at < sizeof primitives / sizeof primitives[0]; at++) {
        if (str_equal(primitives[at].name, name)) {
            field->wire = primitives[at].wire;
            return STATUS_OK;
        }
    }
    if (type->type == VALUE_OBJECT && str_equal(name, STR("array"))) {
        struct str item = text_of(value_get(type, STR("items")));
        field->wire = PLAN_INT_ARRAY;
        return str_equal(item, STR("int")) || str_equal(item, STR("long"))
                   ? STATUS_OK
                   : codec_refuse(compiler->arena, compiler->error, "%.*s: only arrays of int or long are understood",
                                  STR_ARGS(field->name));
    }
    field->wire = PLAN_RECORD;
    return compile_record(compiler, type, depth, &field->record);
}

static enum status compile_field(struct compiler *compiler, const struct value *schema, enum record_id id, int depth,
                                 struct plan_field *field)
{
    const struct value *type = value_get(schema, STR("type"));
    field->name = text_of(value_get(schema, STR("name")));
    field->null_branch = PLAN_NEVER_NULL;
    if (type == NULL || field->name.length == 0) {
        return codec_refuse(compiler->arena, compiler->error, "a field without name or type");
    }
    if (type->type == VALUE_ARRAY) {
        field->null_branch = str_equal(text_of(value_item(type, 0)), STR("null")) ? 0 : 1;
        if (type->count != 2 || !str_equal(text_of(type->items[field->null_branch]), STR("null"))) {
            return codec_refuse(compiler->arena, compiler->error,
                                "%.*s: only unions of null and one type are understood", STR_ARGS(field->name));
        }
        type = type->items[1 - field->null_branch];
    }
    TRY(compile_type(compiler, type, depth, field));
    field->target = field_of(id, field->name);
    if (field->target != NULL && !fits(field)) {
        return codec_refuse(compiler->arena, compiler->error, "%.*s: its type has changed", STR_ARGS(field->name));
    }
    return STATUS_OK;
}

static enum status find_record(struct compiler *compiler, struct str name, const struct plan_record **out_record)
{
    for (uint32_t at = 0; at < compiler->named_count; at++) {
        if (str_equal(compiler->named[at]->name, short_name(name))) {
            *out_record = compiler->named[at];
            return STATUS_OK;
        }
    }
    return codec_refuse(compiler->arena, compiler->error, "type \"%.*s\" is not understood", STR_ARGS(name));
}

/* A record, or the name of one that came before (and is whole: so records don't contain themselves). */
static enum status compile_record(struct compiler *compiler, const struct value *schema, int depth,
                                  const struct plan_record **out_record)
{
    if (schema->type == VALUE_STRING) {
        return find_record(compiler, schema->string, out_record);
    }
    struct str name = short_name(text_of(value_get(schema, STR("name"))));
    const struct value *fields = value_get(schema, STR("fields"));
    if (!str_equal(text_of(value_get(schema, STR("type"))), STR("record")) || name.length == 0 || fields == NULL ||
        fields->type != VALUE_ARRAY || depth > PLAN_RECORDS_MAX || compiler->named_count == PLAN_RECORDS_MAX) {
        return codec_refuse(compiler->arena, compiler->error, "not a record with name and fields, or over %d records",
                            PLAN_RECORDS_MAX);
    }
    struct plan_record *record = arena_new(compiler->arena, struct plan_record);
    TRY_NEW(record);
    record->name = name;
    record->id = record_of(name);
    record->field_count = fields->count;
    record->fields = arena_array(compiler->arena, struct plan_field, (size_t)fields->count + 1);
    TRY_NEW(record->fields);
    for (uint32_t at = 0; at < fields->count; at++) {
        TRY(compile_field(compiler, fields->items[at], record->id, depth + 1, &record->fields[at]));
    }
    if (compiler->named_count == PLAN_RECORDS_MAX) {
        return codec_refuse(compiler->arena, compiler->error, "over %d records", PLAN_RECORDS_MAX);
    }
    compiler->named[compiler->named_count++] = record;
    *out_record = record;
    return STATUS_OK;
}

enum status plan_compile(struct arena *arena, const struct codec_past *writer, struct plan *out_plan,
                         struct codec_error *out_error)
{
    struct compiler compiler = {.arena = arena, .error = out_error};
    struct plan plan = {.schema = writer->schema, .record_count = 1};
    const struct value *schema = NULL;
    struct value_error error = {0};
    enum status status = value_parse(arena, writer->avsc, &schema, &error);
    if (status == STATUS_INVALID) {
        return codec_refuse(arena, out_error, "line %u: %.*s", error.line, STR_ARGS(error.message));
    }
    TRY(status);
    plan.is_union = schema->type == VALUE_ARRAY;
    if (plan.is_union) {
        plan.record_count = schema->count;
    }
    plan.records = arena_array(arena, const struct plan_record *, (size_t)plan.record_count + 1);
    TRY_NEW(plan.records);
    for (uint32_t at = 0; at < plan.record_count; at++) {
        TRY(compile_record(&compiler, plan.is_union ? schema->items[at] : schema, 0, &plan.records[at]));
    }
    if (avsc_fingerprint(arena, schema, &plan.fingerprint) != STATUS_OK) {
        return codec_refuse(arena, out_error, "no canonical form");
    }
    *out_plan = plan;
    return STATUS_OK;
}
