#include "oracle.h"

#include "base/assert.h"
#include "schemas/codec/binary_writer.h"

#include <avro.h>

static bool same_record(avro_value_t *found, enum record_id id, const char *value, struct str *out_what);

static bool same_text(avro_value_t *found, struct str text, bool is_bytes)
{
    const char *bytes = NULL;
    const void *data = NULL;
    size_t length = 0;
    int failed = is_bytes ? avro_value_get_bytes(found, &data, &length) : avro_value_get_string(found, &bytes, &length);
    if (failed != 0) {
        return false;
    }
    struct str read = is_bytes ? (struct str){data, length} : (struct str){bytes, length - 1};
    return str_equal(read, text);
}

static bool same_int(avro_value_t *found, int64_t number)
{
    int32_t read = 0;
    return avro_value_get_int(found, &read) == 0 && read == number;
}

static bool same_long(avro_value_t *found, int64_t number)
{
    int64_t read = 0;
    return avro_value_get_long(found, &read) == 0 && read == number;
}

static bool same_boolean(avro_value_t *found, bool boolean)
{
    int read = -1;
    return avro_value_get_boolean(found, &read) == 0 && read == (boolean ? 1 : 0);
}

static bool same_array(avro_value_t *found, const struct int_array *array)
{
    size_t count = 0;
    if (avro_value_get_size(found, &count) != 0 || count != array->count) {
        return false;
    }
    for (size_t at = 0; at < count; at++) {
        avro_value_t item;
        if (avro_value_get_by_index(found, at, &item, NULL) != 0 || !same_int(&item, array->items[at])) {
            return false;
        }
    }
    return true;
}

/* The branch of ["null", X] that is there; false: null. */
static bool some_branch(avro_value_t *field, avro_value_t *out_branch)
{
    int branch = 0;
    return avro_value_get_discriminant(field, &branch) == 0 && branch == 1 &&
           avro_value_get_current_branch(field, out_branch) == 0;
}

static bool same_member(avro_value_t *found, const struct record_field *field, const char *member, struct str *out_what)
{
    switch (field->kind) {
    case RECORD_KIND_STRING:
    case RECORD_KIND_STRING_NULL:
    case RECORD_KIND_JSON:
    case RECORD_KIND_JSON_NULL:
    case RECORD_KIND_JSON_TEXT:
    case RECORD_KIND_JSON_TEXT_NULL:
        return same_text(found, *(const struct str *)member, false);
    case RECORD_KIND_BYTES:
    case RECORD_KIND_BYTES_NULL:
        return same_text(found, *(const struct str *)member, true);
    case RECORD_KIND_INT:
    case RECORD_KIND_INT_NULL:
        return same_int(found, *(const int64_t *)member);
    case RECORD_KIND_LONG:
    case RECORD_KIND_LONG_NULL:
    case RECORD_KIND_TIME:
    case RECORD_KIND_TIME_NULL:
        return same_long(found, *(const int64_t *)member);
    case RECORD_KIND_BOOLEAN:
        return same_boolean(found, *(const bool *)member);
    case RECORD_KIND_INT_ARRAY:
        return same_array(found, (const struct int_array *)member);
    case RECORD_KIND_RECORD:
        return same_record(found, field->nested, member, out_what);
    }
    UNREACHABLE("record kind");
}

static bool is_null(const struct record_field *field, const char *member)
{
    bool is_number = field->kind == RECORD_KIND_INT_NULL || field->kind == RECORD_KIND_LONG_NULL ||
                     field->kind == RECORD_KIND_TIME_NULL;
    return is_number ? *(const int64_t *)member == RECORD_NONE : ((const struct str *)member)->bytes == NULL;
}

static bool same_record(avro_value_t *found, enum record_id id, const char *value, struct str *out_what)
{
    const struct record_type *type = &record_types[id];
    size_t field_count = 0;
    *out_what = STR("field count");
    if (avro_value_get_size(found, &field_count) != 0 || field_count != type->field_count) {
        return false;
    }
    for (uint32_t at = 0; at < type->field_count; at++) {
        const struct record_field *field = &type->fields[at];
        const char *member = value + field->offset;
        avro_value_t read;
        *out_what = field->name;
        if (avro_value_get_by_name(found, field->name.bytes, &read, NULL) != 0) {
            return false;
        }
        if (record_kind_is_nullable(field->kind)) {
            avro_value_t branch;
            bool is_some = some_branch(&read, &branch);
            if (is_some == is_null(field, member) || (is_some && !same_member(&branch, field, member, out_what))) {
                return false;
            }
        } else if (!same_member(&read, field, member, out_what)) {
            return false;
        }
    }
    return true;
}

/* avro-c writes what it has read; that must be our bytes, all of them. */
static bool same_bytes(struct arena *arena, avro_value_t *read, struct str body)
{
    size_t size = 0;
    char *out = arena_allocate(arena, body.length * 2 + 64);
    ASSERT(out != NULL);
    avro_writer_t writer = avro_writer_memory(out, (int64_t)body.length * 2 + 64);
    bool is_same = avro_value_sizeof(read, &size) == 0 && avro_value_write(writer, read) == 0 &&
                   avro_writer_tell(writer) == (int64_t)body.length && memcmp(out, body.bytes, body.length) == 0;
    avro_writer_free(writer);
    return is_same && size == body.length;
}

static bool check_value(struct arena *arena, avro_value_t *read, enum schema_id schema, struct str body,
                        enum record_id record, const void *value, struct str *out_what)
{
    avro_reader_t reader = avro_reader_memory(body.bytes, (int64_t)body.length);
    int failed = avro_value_read(reader, read);
    *out_what = str_of(avro_strerror());
    avro_reader_free(reader);
    if (failed != 0) {
        return false;
    }
    avro_value_t found = *read;
    if (record_schemas[schema].member_count > 1) {
        int branch = -1;
        *out_what = STR("branch");
        if (avro_value_get_discriminant(read, &branch) != 0 || branch != record_union_index(schema, record) ||
            avro_value_get_current_branch(read, &found) != 0) {
            return false;
        }
    }
    if (!same_record(&found, record, value, out_what)) {
        return false;
    }
    *out_what = STR("avro-c writes other bytes");
    return same_bytes(arena, read, body);
}

enum status oracle_check(struct arena *arena, enum schema_id schema, struct str avsc, struct str bytes,
                         enum record_id record, const void *value, struct str *out_what)
{
    avro_schema_t parsed;
    if (avro_schema_from_json_length(avsc.bytes, avsc.length, &parsed) != 0) {
        *out_what = str_of(avro_strerror());
        return STATUS_INVALID;
    }
    avro_value_iface_t *class = avro_generic_class_from_schema(parsed);
    avro_value_t read;
    ASSERT(class != NULL && avro_generic_value_new(class, &read) == 0);
    bool is_same = check_value(arena, &read, schema, str_from(bytes, BINARY_HEADER_BYTES), record, value, out_what);
    avro_value_decref(&read);
    avro_value_iface_decref(class);
    avro_schema_decref(parsed);
    return is_same ? STATUS_OK : STATUS_INVALID;
}
