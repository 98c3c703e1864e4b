/* The records of records.def as structs, and as tables for whoever treats them all alike (the codec, the docs).
 *
 * A record's struct is called as the record (`struct start_execution`); its texts are borrowed from whoever filled it.
 * Absent: a text with bytes == NULL, a number or time equal to RECORD_NONE. */
#ifndef PAWL_SCHEMAS_RECORDS_H
#define PAWL_SCHEMAS_RECORDS_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_NONE INT64_MIN

struct int_array {
    const int64_t *items;
    size_t count;
};

/* The C type of each kind. */
#define RECORD_C_STRING struct str
#define RECORD_C_STRING_NULL struct str
#define RECORD_C_JSON struct str
#define RECORD_C_JSON_NULL struct str
#define RECORD_C_JSON_TEXT struct str
#define RECORD_C_JSON_TEXT_NULL struct str
#define RECORD_C_BYTES struct str
#define RECORD_C_BYTES_NULL struct str
#define RECORD_C_INT int64_t
#define RECORD_C_INT_NULL int64_t
#define RECORD_C_LONG int64_t
#define RECORD_C_LONG_NULL int64_t
#define RECORD_C_TIME int64_t
#define RECORD_C_TIME_NULL int64_t
#define RECORD_C_BOOLEAN bool
#define RECORD_C_INT_ARRAY struct int_array

#define RECORD(record, name, doc) struct record {
#define FIELD(record, member, name, kind, doc) RECORD_C_##kind member;
#define FIELD_RECORD(record, member, name, nested, doc) struct nested member;
#define RECORD_END(record)                                                                                             \
    }                                                                                                                  \
    ;
#include "schemas/records.def"

/* RECORD_start_execution … */
enum record_id {
#define RECORD(record, name, doc) RECORD_##record,
#include "schemas/records.def"
    RECORD_COUNT
};

/* SCHEMA_command … */
enum schema_id {
#define SCHEMA(schema, name) SCHEMA_##schema,
#include "schemas/records.def"
    SCHEMA_COUNT
};

enum record_kind {
    RECORD_KIND_STRING,
    RECORD_KIND_STRING_NULL,
    RECORD_KIND_JSON,
    RECORD_KIND_JSON_NULL,
    RECORD_KIND_JSON_TEXT,
    RECORD_KIND_JSON_TEXT_NULL,
    RECORD_KIND_BYTES,
    RECORD_KIND_BYTES_NULL,
    RECORD_KIND_INT,
    RECORD_KIND_INT_NULL,
    RECORD_KIND_LONG,
    RECORD_KIND_LONG_NULL,
    RECORD_KIND_TIME,
    RECORD_KIND_TIME_NULL,
    RECORD_KIND_BOOLEAN,
    RECORD_KIND_INT_ARRAY,
    RECORD_KIND_RECORD,
};

struct record_field {
    struct str name; /* in Avro and JSON */
    struct str doc;
    enum record_kind kind;
    enum record_id nested; /* of RECORD_KIND_RECORD */
    uint32_t offset;       /* of the member in the struct */
};

struct record_type {
    struct str name; /* in Avro */
    struct str doc;
    const struct record_field *fields;
    uint32_t field_count;
    uint32_t nested_count;
    uint32_t size;        /* of the struct */
    const void *defaults; /* the struct with each member absent, 0, false or empty; nested ones apart */
};

/* A topic's value: a union of records. One of a single record is written as that record, without a branch. */
struct record_schema {
    struct str name;
    const enum record_id *members;
    uint32_t member_count;
};

extern const struct record_type record_types[RECORD_COUNT];
extern const struct record_schema record_schemas[SCHEMA_COUNT];

/* Makes each member absent where it may be, else empty, 0 or false. `record` is a struct of that id. */
void record_init(enum record_id id, void *record);

/* Whether null is one of the kind's values. */
bool record_kind_is_nullable(enum record_kind kind);

/* The record's place in the schema's union, or -1. */
int record_union_index(enum schema_id schema, enum record_id record);

#endif
