#include "schemas/codec/binary_reader.h"

#include "base/assert.h"

#include <inttypes.h>

#define ARRAY_CAPACITY_MIN 8

struct reader {
    struct arena *arena;
    const char *begin;
    const char *at;
    const char *end;
    struct codec_error *error;
    const struct plan_record *record; /* where we are, for messages */
    const struct plan_field *field;
    bool is_checked;
};

static enum status refuse(struct reader *reader, const char *what)
{
    struct str record = reader->record == NULL ? STR("union") : reader->record->name;
    struct str field = reader->field == NULL ? STR_NONE : reader->field->name;
    return codec_refuse(reader->arena, reader->error, "%.*s%s%.*s: %s, at byte %td of %td of the Avro value",
                        STR_ARGS(record), field.length > 0 ? "." : "", STR_ARGS(field), what,
                        reader->at - reader->begin, reader->end - reader->begin);
}

static enum status read_long_slow(struct reader *reader, int64_t *out_number)
{
    uint64_t bits = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (reader->at == reader->end) {
            return refuse(reader, "ends within a number");
        }
        uint64_t byte = (uint8_t)*reader->at++;
        bits |= (byte & 0x7F) << shift;
        if (byte < 0x80) {
            if (shift == 63 && byte > 1) {
                break;
            }
            *out_number = (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1);
            return STATUS_OK;
        }
    }
    return refuse(reader, "a number of more than 64 bits");
}

static inline enum status read_long(struct reader *reader, int64_t *out_number)
{
    if (reader->at < reader->end && (uint8_t)*reader->at < 0x80) {
        uint8_t byte = (uint8_t)*reader->at++;
        *out_number = (byte >> 1) ^ -(byte & 1);
        return STATUS_OK;
    }
    return read_long_slow(reader, out_number);
}

static enum status read_int(struct reader *reader, int64_t *out_number)
{
    TRY(read_long(reader, out_number));
    return *out_number == (int32_t)*out_number ? STATUS_OK : refuse(reader, "an int of more than 32 bits");
}

static enum status read_bytes(struct reader *reader, struct str *out_text)
{
    int64_t length = 0;
    TRY(read_long(reader, &length));
    if (length < 0) {
        return refuse(reader, "a negative length");
    }
    if (length > reader->end - reader->at) {
        return refuse(reader, "a length beyond the end");
    }
    *out_text = (struct str){reader->at, (size_t)length};
    reader->at += length;
    return STATUS_OK;
}

static enum status read_boolean(struct reader *reader, bool *out_boolean)
{
    if (reader->at == reader->end) {
        return refuse(reader, "ends before a boolean");
    }
    uint8_t byte = (uint8_t)*reader->at++;
    if (byte > 1) {
        return refuse(reader, "a boolean that is neither 0 nor 1");
    }
    *out_boolean = byte == 1;
    return STATUS_OK;
}

/* The head of an array's next block; 0 ends the array. Each item takes a byte at least, which bounds the count. */
static enum status read_block(struct reader *reader, int64_t *out_count)
{
    int64_t count = 0;
    TRY(read_long(reader, &count));
    if (count < 0) { /* then the block's size in bytes follows, for readers that skip it */
        int64_t size = 0;
        TRY(read_long(reader, &size));
        if (size < 0 || size > reader->end - reader->at || count == INT64_MIN) {
            return refuse(reader, "a block beyond the end");
        }
        count = -count;
    }
    if (count > reader->end - reader->at) {
        return refuse(reader, "more items than bytes");
    }
    *out_count = count;
    return STATUS_OK;
}

static enum status read_array(struct reader *reader, struct int_array *out_array)
{
    int64_t *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    int64_t block = 0;
    TRY(read_block(reader, &block));
    while (block > 0) {
        if (count + (size_t)block > capacity) {
            capacity = capacity * 2 > count + (size_t)block ? capacity * 2 : count + (size_t)block;
            capacity = capacity < ARRAY_CAPACITY_MIN ? ARRAY_CAPACITY_MIN : capacity;
            int64_t *more = arena_array(reader->arena, int64_t, capacity);
            TRY_NEW(more);
            if (count > 0) {
                memcpy(more, items, count * sizeof *items);
            }
            items = more;
        }
        for (; block > 0; block--) {
            TRY(read_int(reader, &items[count++]));
        }
        TRY(read_block(reader, &block));
    }
    *out_array = (struct int_array){items, count};
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

static enum status read_text(struct reader *reader, void *member)
{
    struct str text = STR_NONE;
    TRY(read_bytes(reader, &text));
    if (reader->is_checked && reader->field->wire == PLAN_STRING) {
        const struct record_field *target = reader->field->target;
        if (target != NULL && kind_is_json(target->kind) && !is_payload(target)) {
            if (!value_text_is_valid(text)) {
                return refuse(reader, "is not JSON text (expected one JSON value in UTF-8)");
            }
        } else if (!str_is_utf8(text)) {
            return refuse(reader, "is not UTF-8");
        }
    }
    if (member != NULL) {
        *(struct str *)member = text;
    }
    return STATUS_OK;
}

static enum status read_record(struct reader *reader, const struct plan_record *record, char *value);

/* member: where it goes, NULL to read past it. */
static enum status read_field(struct reader *reader, const struct plan_field *field, void *member)
{
    int64_t ignored_number = 0;
    bool ignored_boolean = false;
    struct int_array ignored_array = {0};
    switch (field->wire) {
    case PLAN_STRING:
    case PLAN_BYTES:
        return read_text(reader, member);
    case PLAN_LONG:
        return read_long(reader, member != NULL ? member : &ignored_number);
    case PLAN_INT:
        return read_int(reader, member != NULL ? member : &ignored_number);
    case PLAN_BOOLEAN:
        return read_boolean(reader, member != NULL ? member : &ignored_boolean);
    case PLAN_INT_ARRAY:
        return read_array(reader, member != NULL ? member : &ignored_array);
    case PLAN_RECORD:
        return read_record(reader, field->record, member);
    }
    UNREACHABLE("plan wire");
}

static enum status read_record(struct reader *reader, const struct plan_record *record, char *value)
{
    const struct plan_record *outer = reader->record;
    for (uint32_t at = 0; at < record->field_count; at++) {
        const struct plan_field *field = &record->fields[at];
        reader->record = record;
        reader->field = field;
        if (field->null_branch != PLAN_NEVER_NULL) {
            int64_t branch = 0;
            TRY(read_long(reader, &branch));
            if (branch == field->null_branch) {
                continue; /* the member keeps its default: null where it may be null */
            }
            if (branch != 1 - field->null_branch) {
                return refuse(reader, "a branch that its union does not have");
            }
        }
        TRY(read_field(reader, field, value == NULL || field->target == NULL ? NULL : value + field->target->offset));
    }
    reader->record = outer;
    reader->field = NULL;
    return STATUS_OK;
}

enum status binary_reader_read(struct arena *arena, const struct plan *plan, struct str bytes, bool is_checked,
                               enum record_id *out_record, void **out_value, struct codec_error *out_error)
{
    struct reader reader = {.arena = arena,
                            .begin = bytes.bytes,
                            .at = bytes.bytes,
                            .end = bytes.bytes + bytes.length,
                            .error = out_error,
                            .is_checked = is_checked};
    int64_t branch = 0;
    if (plan->is_union) {
        TRY(read_long(&reader, &branch));
        if (branch < 0 || branch >= (int64_t)plan->record_count) {
            return refuse(&reader, "a branch that the union does not have");
        }
    }
    const struct plan_record *record = plan->records[branch];
    if (record->id == RECORD_COUNT || record_union_index(plan->schema, record->id) < 0) {
        return codec_refuse(arena, out_error, "record %.*s is not understood by this version", STR_ARGS(record->name));
    }
    void *value = arena_allocate(arena, record_types[record->id].size);
    TRY_NEW(value);
    record_init(record->id, value);
    TRY(read_record(&reader, record, value));
    if (reader.at != reader.end) {
        reader.record = record;
        return refuse(&reader, "the value ends before its bytes do");
    }
    *out_record = record->id;
    *out_value = value;
    return STATUS_OK;
}
