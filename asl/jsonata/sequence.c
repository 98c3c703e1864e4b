#include "asl/jsonata/sequence.h"

static enum status reserve(struct evaluation *evaluation, struct sequence *sequence, uint32_t more)
{
    if (sequence->capacity - sequence->count >= more) {
        return STATUS_OK;
    }
    uint64_t capacity = sequence->capacity == 0 ? 4 : (uint64_t)sequence->capacity * 2;
    while (capacity < (uint64_t)sequence->count + more) {
        capacity *= 2;
    }
    if (capacity > UINT32_MAX / 2 || capacity * sizeof(struct datum) > evaluation->limits.memory_bytes_max) {
        return evaluation_fail_message(evaluation, FAULT_U1001, STR("The expression takes too much memory"));
    }
    TRY(evaluation_charge(evaluation, capacity - sequence->count));
    struct datum *items = arena_allocate(evaluation->arena, capacity * sizeof *items);
    TRY_NEW(items);
    if (sequence->count > 0) {
        memcpy(items, sequence->items, sequence->count * sizeof *items);
    }
    sequence->items = items;
    sequence->capacity = (uint32_t)capacity;
    return STATUS_OK;
}

enum status sequence_push(struct evaluation *evaluation, struct sequence *sequence, struct datum datum)
{
    TRY(reserve(evaluation, sequence, 1));
    sequence->items[sequence->count++] = datum;
    return STATUS_OK;
}

enum status sequence_append_value(struct evaluation *evaluation, struct sequence *sequence, const struct value *value)
{
    bool is_array = value->type == VALUE_ARRAY;
    uint32_t count = is_array ? value->count : 1;
    TRY(reserve(evaluation, sequence, count));
    for (uint32_t at = 0; at < count; at++) {
        datum_read(&sequence->items[sequence->count++], is_array ? value->items[at] : value);
    }
    return STATUS_OK;
}

enum status sequence_append(struct evaluation *evaluation, struct sequence *sequence, struct datum datum)
{
    if (datum.type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    if (datum.type != DATUM_ARRAY) {
        return sequence_push(evaluation, sequence, datum);
    }
    if (datum.backing == BACKING_JSON) {
        return sequence_append_value(evaluation, sequence, datum.origin);
    }
    uint32_t count = datum_count(datum);
    TRY(reserve(evaluation, sequence, count));
    for (uint32_t at = 0; at < count; at++) {
        sequence->items[sequence->count++] = datum_item(datum, at);
    }
    return STATUS_OK;
}

enum status sequence_concat(struct evaluation *evaluation, struct datum a, struct datum b, struct datum *out_array)
{
    if (a.type == DATUM_UNDEFINED || b.type == DATUM_UNDEFINED) {
        *out_array = a.type == DATUM_UNDEFINED ? b : a;
        return STATUS_OK;
    }
    struct sequence sequence = {0};
    TRY(sequence_append(evaluation, &sequence, a));
    TRY(sequence_append(evaluation, &sequence, b));
    *out_array = sequence_array(&sequence, 0);
    return STATUS_OK;
}
