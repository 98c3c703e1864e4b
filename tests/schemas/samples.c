#include "samples.h"

#include "base/assert.h"

#define ARRAY_ITEMS 200

const char *const sample_names[SAMPLE_COUNT] = {"defaults", "usual", "extremes"};

static int64_t extreme_number(const struct record_field *field, int64_t first, int64_t last)
{
    return field->name.length % 2 == 0 ? first : last;
}

static struct int_array make_array(struct arena *arena, enum sample sample)
{
    size_t count = sample == SAMPLE_USUAL ? 3 : ARRAY_ITEMS;
    int64_t *items = arena_array(arena, int64_t, count);
    ASSERT(items != NULL);
    for (size_t at = 0; at < count; at++) {
        items[at] = sample == SAMPLE_USUAL ? (int64_t)at
                    : at % 2 == 0          ? INT32_MIN + (int64_t)at
                                           : INT32_MAX - (int64_t)at;
    }
    return (struct int_array){items, count};
}

static void fill(struct arena *arena, const struct record_field *field, enum sample sample, char *member)
{
    bool is_usual = sample == SAMPLE_USUAL;
    switch (field->kind) {
    case RECORD_KIND_STRING:
    case RECORD_KIND_STRING_NULL:
        *(struct str *)member = is_usual ? field->name : field->name.length % 2 == 0 ? STR("") : STR("\"\\\n\x01/é€😀");
        return;
    case RECORD_KIND_JSON:
    case RECORD_KIND_JSON_NULL:
        *(struct str *)member = is_usual ? STR("{ \"a\" : [1.10, 1e400, -0], \"b\\n\": \"\\ud800é\"}") : STR("null");
        return;
    case RECORD_KIND_JSON_TEXT:
    case RECORD_KIND_JSON_TEXT_NULL:
        *(struct str *)member = is_usual ? STR("{\"StartAt\": \"A\"}") : STR("not JSON");
        return;
    case RECORD_KIND_BYTES:
    case RECORD_KIND_BYTES_NULL:
        *(struct str *)member = is_usual ? STR("\x00\xFF\x80 16 bytes\xC3\x01..") : STR("");
        return;
    case RECORD_KIND_INT:
    case RECORD_KIND_INT_NULL:
        *(int64_t *)member = is_usual ? 7 : extreme_number(field, INT32_MIN, INT32_MAX);
        return;
    case RECORD_KIND_LONG:
    case RECORD_KIND_LONG_NULL:
        *(int64_t *)member = is_usual ? 1LL << 40 : extreme_number(field, INT64_MIN + 1, INT64_MAX);
        return;
    case RECORD_KIND_TIME:
    case RECORD_KIND_TIME_NULL:
        *(int64_t *)member = is_usual ? 1763880016123456LL : extreme_number(field, INT64_MIN + 1, -1);
        return;
    case RECORD_KIND_BOOLEAN:
        *(bool *)member = true;
        return;
    case RECORD_KIND_INT_ARRAY:
        *(struct int_array *)member = make_array(arena, sample);
        return;
    case RECORD_KIND_RECORD:
        memcpy(member, sample_make(arena, field->nested, sample), record_types[field->nested].size);
        return;
    }
    UNREACHABLE("record kind");
}

void *sample_make(struct arena *arena, enum record_id id, enum sample sample)
{
    const struct record_type *type = &record_types[id];
    char *value = arena_allocate_zeroed(arena, 1, type->size);
    ASSERT(value != NULL);
    record_init(id, value);
    for (uint32_t at = 0; sample != SAMPLE_DEFAULTS && at < type->field_count; at++) {
        fill(arena, &type->fields[at], sample, value + type->fields[at].offset);
    }
    return value;
}

static bool texts_equal(const struct str *a, const struct str *b)
{
    return (a->bytes == NULL) == (b->bytes == NULL) && str_equal(*a, *b);
}

static bool arrays_equal(const struct int_array *a, const struct int_array *b)
{
    return a->count == b->count && (a->count == 0 || memcmp(a->items, b->items, a->count * sizeof *a->items) == 0);
}

static bool members_equal(const struct record_field *field, const char *a, const char *b, struct str *out_field)
{
    switch (field->kind) {
    case RECORD_KIND_STRING:
    case RECORD_KIND_STRING_NULL:
    case RECORD_KIND_JSON:
    case RECORD_KIND_JSON_NULL:
    case RECORD_KIND_JSON_TEXT:
    case RECORD_KIND_JSON_TEXT_NULL:
    case RECORD_KIND_BYTES:
    case RECORD_KIND_BYTES_NULL:
        return texts_equal((const struct str *)a, (const struct str *)b);
    case RECORD_KIND_INT:
    case RECORD_KIND_INT_NULL:
    case RECORD_KIND_LONG:
    case RECORD_KIND_LONG_NULL:
    case RECORD_KIND_TIME:
    case RECORD_KIND_TIME_NULL:
        return *(const int64_t *)a == *(const int64_t *)b;
    case RECORD_KIND_BOOLEAN:
        return *(const bool *)a == *(const bool *)b;
    case RECORD_KIND_INT_ARRAY:
        return arrays_equal((const struct int_array *)a, (const struct int_array *)b);
    case RECORD_KIND_RECORD:
        return sample_equal(field->nested, a, b, out_field);
    }
    UNREACHABLE("record kind");
}

bool sample_equal(enum record_id id, const void *a, const void *b, struct str *out_field)
{
    const struct record_type *type = &record_types[id];
    for (uint32_t at = 0; at < type->field_count; at++) {
        const struct record_field *field = &type->fields[at];
        *out_field = field->name;
        if (!members_equal(field, (const char *)a + field->offset, (const char *)b + field->offset, out_field)) {
            return false;
        }
    }
    return true;
}
