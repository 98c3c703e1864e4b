#include "schemas/records.h"

#include "base/assert.h"

#define RECORD_DEFAULT_STRING STR_INIT("")
#define RECORD_DEFAULT_STRING_NULL                                                                                     \
    {                                                                                                                  \
        NULL, 0                                                                                                        \
    }
#define RECORD_DEFAULT_JSON STR_INIT("null")
#define RECORD_DEFAULT_JSON_NULL RECORD_DEFAULT_STRING_NULL
#define RECORD_DEFAULT_JSON_TEXT STR_INIT("")
#define RECORD_DEFAULT_JSON_TEXT_NULL RECORD_DEFAULT_STRING_NULL
#define RECORD_DEFAULT_BYTES STR_INIT("")
#define RECORD_DEFAULT_BYTES_NULL RECORD_DEFAULT_STRING_NULL
#define RECORD_DEFAULT_INT 0
#define RECORD_DEFAULT_INT_NULL RECORD_NONE
#define RECORD_DEFAULT_LONG 0
#define RECORD_DEFAULT_LONG_NULL RECORD_NONE
#define RECORD_DEFAULT_TIME 0
#define RECORD_DEFAULT_TIME_NULL RECORD_NONE
#define RECORD_DEFAULT_BOOLEAN false
#define RECORD_DEFAULT_INT_ARRAY                                                                                       \
    {                                                                                                                  \
        NULL, 0                                                                                                        \
    }

#define RECORD(record, name, doc) static const struct record record##_defaults = {
#define FIELD(record, member, name, kind, doc) .member = RECORD_DEFAULT_##kind,
#define RECORD_END(record)                                                                                             \
    }                                                                                                                  \
    ;
#include "schemas/records.def"

#define RECORD(record, name, doc) static const struct record_field record##_fields[] = {
#define FIELD(record, member, field_name, field_kind, field_doc)                                                       \
    {.name = STR_INIT(field_name),                                                                                     \
     .doc = STR_INIT(field_doc),                                                                                       \
     .kind = RECORD_KIND_##field_kind,                                                                                 \
     .offset = offsetof(struct record, member)},
#define FIELD_RECORD(record, member, field_name, nested_record, field_doc)                                             \
    {.name = STR_INIT(field_name),                                                                                     \
     .doc = STR_INIT(field_doc),                                                                                       \
     .kind = RECORD_KIND_RECORD,                                                                                       \
     .nested = RECORD_##nested_record,                                                                                 \
     .offset = offsetof(struct record, member)},
#define RECORD_END(record)                                                                                             \
    }                                                                                                                  \
    ;
#include "schemas/records.def"

const struct record_type record_types[RECORD_COUNT] = {
#define RECORD(record, record_name, record_doc)                                                                        \
    [RECORD_##record] = {.name = STR_INIT(record_name),                                                                \
                         .doc = STR_INIT(record_doc),                                                                  \
                         .fields = record##_fields,                                                                    \
                         .field_count = sizeof record##_fields / sizeof record##_fields[0],                            \
                         .size = sizeof(struct record),                                                                \
                         .defaults = &record##_defaults,                                                               \
                         .nested_count = 0
#define FIELD_RECORD(record, member, name, nested, doc) +1
#define RECORD_END(record)                                                                                             \
    }                                                                                                                  \
    ,
#include "schemas/records.def"
};

#define SCHEMA(schema, name) static const enum record_id schema##_members[] = {
#define UNION_MEMBER(schema, record) RECORD_##record,
#define SCHEMA_END(schema)                                                                                             \
    }                                                                                                                  \
    ;
#include "schemas/records.def"

const struct record_schema record_schemas[SCHEMA_COUNT] = {
#define SCHEMA(schema, schema_name)                                                                                    \
    [SCHEMA_##schema] = {STR_INIT(schema_name), schema##_members, sizeof schema##_members / sizeof schema##_members[0]},
#include "schemas/records.def"
};

void record_init(enum record_id id, void *record)
{
    const struct record_type *type = &record_types[id];
    memcpy(record, type->defaults, type->size);
    for (uint32_t at = 0; type->nested_count > 0 && at < type->field_count; at++) {
        if (type->fields[at].kind == RECORD_KIND_RECORD) {
            record_init(type->fields[at].nested, (char *)record + type->fields[at].offset);
        }
    }
}

bool record_kind_is_nullable(enum record_kind kind)
{
    switch (kind) {
    case RECORD_KIND_STRING_NULL:
    case RECORD_KIND_JSON_NULL:
    case RECORD_KIND_JSON_TEXT_NULL:
    case RECORD_KIND_BYTES_NULL:
    case RECORD_KIND_INT_NULL:
    case RECORD_KIND_LONG_NULL:
    case RECORD_KIND_TIME_NULL:
        return true;
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

int record_union_index(enum schema_id schema, enum record_id record)
{
    for (uint32_t at = 0; at < record_schemas[schema].member_count; at++) {
        if (record_schemas[schema].members[at] == record) {
            return (int)at;
        }
    }
    return -1;
}
