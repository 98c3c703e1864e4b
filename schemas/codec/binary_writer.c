#include "schemas/codec/binary_writer.h"

#include "base/assert.h"

#define VARINT_BYTES_MAX 10
#define FIELD_BYTES_MAX (1 + VARINT_BYTES_MAX) /* of a field, without the bytes of its text: branch, number or length  \
                                                */

static inline struct str text_at(const void *member)
{
    return *(const struct str *)member;
}

static inline int64_t number_at(const void *member)
{
    return *(const int64_t *)member;
}

/* At least as many bytes as write_record takes. */
static size_t record_bound(const struct record_type *type, const char *value)
{
    size_t bound = type->field_count * (size_t)FIELD_BYTES_MAX;
    for (uint32_t at = 0; at < type->field_count; at++) {
        const struct record_field *field = &type->fields[at];
        const void *member = value + field->offset;
        switch (field->kind) {
        case RECORD_KIND_STRING:
        case RECORD_KIND_STRING_NULL:
        case RECORD_KIND_JSON:
        case RECORD_KIND_JSON_NULL:
        case RECORD_KIND_JSON_TEXT:
        case RECORD_KIND_JSON_TEXT_NULL:
        case RECORD_KIND_BYTES:
        case RECORD_KIND_BYTES_NULL:
            bound += text_at(member).length;
            continue;
        case RECORD_KIND_INT:
        case RECORD_KIND_INT_NULL:
        case RECORD_KIND_LONG:
        case RECORD_KIND_LONG_NULL:
        case RECORD_KIND_TIME:
        case RECORD_KIND_TIME_NULL:
        case RECORD_KIND_BOOLEAN:
            continue;
        case RECORD_KIND_INT_ARRAY:
            bound += (((const struct int_array *)member)->count + 1) * VARINT_BYTES_MAX;
            continue;
        case RECORD_KIND_RECORD:
            bound += record_bound(&record_types[field->nested], member);
            continue;
        }
        UNREACHABLE("record kind");
    }
    return bound;
}

/* Avro's long: zigzag, then seven bits a byte, lowest first. */
static inline char *write_long(char *out, int64_t number)
{
    uint64_t bits = ((uint64_t)number << 1) ^ (uint64_t)(number >> 63);
    while (bits >= 0x80) {
        *out++ = (char)(bits | 0x80);
        bits >>= 7;
    }
    *out++ = (char)bits;
    return out;
}

static inline char *write_text(char *out, struct str text)
{
    out = write_long(out, (int64_t)text.length);
    if (text.length > 0) {
        memcpy(out, text.bytes, text.length);
    }
    return out + text.length;
}

static char *write_array(char *out, const struct int_array *array)
{
    if (array->count > 0) {
        out = write_long(out, (int64_t)array->count);
        for (size_t at = 0; at < array->count; at++) {
            ASSERT(array->items[at] >= INT32_MIN && array->items[at] <= INT32_MAX);
            out = write_long(out, array->items[at]);
        }
    }
    return write_long(out, 0);
}

/* Branches of ["null", X]. */
static inline char *write_null(char *out)
{
    *out = 0;
    return out + 1;
}

static inline char *write_some(char *out)
{
    *out = 2;
    return out + 1;
}

static char *write_record(char *out, const struct record_type *type, const char *value)
{
    for (uint32_t at = 0; at < type->field_count; at++) {
        const struct record_field *field = &type->fields[at];
        const void *member = value + field->offset;
        switch (field->kind) {
        case RECORD_KIND_STRING_NULL:
        case RECORD_KIND_JSON_NULL:
        case RECORD_KIND_JSON_TEXT_NULL:
        case RECORD_KIND_BYTES_NULL:
            out = text_at(member).bytes == NULL ? write_null(out) : write_text(write_some(out), text_at(member));
            continue;
        case RECORD_KIND_STRING:
        case RECORD_KIND_JSON:
        case RECORD_KIND_JSON_TEXT:
        case RECORD_KIND_BYTES:
            out = write_text(out, text_at(member));
            continue;
        case RECORD_KIND_INT_NULL:
            ASSERT(number_at(member) == RECORD_NONE || number_at(member) == (int32_t)number_at(member));
            out = number_at(member) == RECORD_NONE ? write_null(out) : write_long(write_some(out), number_at(member));
            continue;
        case RECORD_KIND_LONG_NULL:
        case RECORD_KIND_TIME_NULL:
            out = number_at(member) == RECORD_NONE ? write_null(out) : write_long(write_some(out), number_at(member));
            continue;
        case RECORD_KIND_INT:
            ASSERT(number_at(member) == (int32_t)number_at(member));
            out = write_long(out, number_at(member));
            continue;
        case RECORD_KIND_LONG:
        case RECORD_KIND_TIME:
            out = write_long(out, number_at(member));
            continue;
        case RECORD_KIND_BOOLEAN:
            *out++ = *(const bool *)member ? 1 : 0;
            continue;
        case RECORD_KIND_INT_ARRAY:
            out = write_array(out, member);
            continue;
        case RECORD_KIND_RECORD:
            out = write_record(out, &record_types[field->nested], member);
            continue;
        }
        UNREACHABLE("record kind");
    }
    return out;
}

enum status binary_writer_write(struct arena *arena, struct binary_header header, enum record_id record,
                                const void *value, struct str *out_bytes)
{
    const struct record_type *type = &record_types[record];
    char *bytes = arena_allocate(arena, BINARY_HEADER_BYTES + VARINT_BYTES_MAX + record_bound(type, value));
    TRY_NEW(bytes);
    bytes[0] = (char)0xC3;
    bytes[1] = 0x01;
    for (int at = 0; at < 8; at++) {
        bytes[2 + at] = (char)(header.fingerprint >> (8 * at));
    }
    char *end = bytes + BINARY_HEADER_BYTES;
    if (header.branch >= 0) {
        end = write_long(end, header.branch);
    }
    end = write_record(end, type, value);
    *out_bytes = (struct str){bytes, (size_t)(end - bytes)};
    return STATUS_OK;
}
