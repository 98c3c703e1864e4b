/* $keys, $lookup, $spread, $merge. */
#include "asl/jsonata/builtins.h"
#include "asl/jsonata/location_path.h"
#include "asl/jsonata/sequence.h"
#include "asl/jsonata/table.h"
#include "base/limits.h"

/* Notes the keys of an object, or of every object in an array. */
static enum status collect_keys(struct evaluation *evaluation, struct datum datum, uint32_t depth, struct table *keys)
{
    TRY(evaluation_charge(evaluation, 1));
    if (datum.type == DATUM_ARRAY && depth < JSON_DEPTH_MAX) {
        for (uint32_t at = 0; at < datum_count(datum); at++) {
            TRY(collect_keys(evaluation, datum_item(datum, at), depth + 1, keys));
        }
    } else if (datum.type == DATUM_OBJECT) {
        TRY(evaluation_charge(evaluation, datum_member_count(datum)));
        for (uint32_t at = 0; at < datum_member_count(datum); at++) {
            struct str key;
            datum_member(datum, at, &key);
            TRY(table_set(evaluation->arena, keys, key, datum_boolean(true)));
        }
    }
    return STATUS_OK;
}

enum status object_functions_keys(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct table *keys = table_create(evaluation->arena);
    TRY_NEW(keys);
    TRY(collect_keys(evaluation, call->arguments[0], 0, keys));
    struct sequence names = {0};
    for (uint32_t at = 0; at < keys->count; at++) {
        TRY(sequence_push(evaluation, &names, datum_string(keys->members[at].key)));
    }
    *out_result = sequence_array(&names, DATUM_SEQUENCE);
    return STATUS_OK;
}

enum status object_functions_lookup(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    *out_result = DATUM_NONE;
    if (call->arguments[1].type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    return location_path_lookup(evaluation, call->arguments[0], call->arguments[1].string, out_result);
}

/* One object for each member. */
static enum status spread(struct evaluation *evaluation, struct datum datum, uint32_t depth, struct sequence *parts)
{
    TRY(evaluation_charge(evaluation, 1));
    if (datum.type == DATUM_ARRAY && depth < JSON_DEPTH_MAX) {
        for (uint32_t at = 0; at < datum_count(datum); at++) {
            TRY(spread(evaluation, datum_item(datum, at), depth + 1, parts));
        }
        return STATUS_OK;
    }
    if (datum.type != DATUM_OBJECT) {
        return sequence_append(evaluation, parts, datum);
    }
    for (uint32_t at = 0; at < datum_member_count(datum); at++) {
        struct str key;
        struct datum member = datum_member(datum, at, &key);
        struct table *part = table_create(evaluation->arena);
        TRY_NEW(part);
        TRY(table_set(evaluation->arena, part, key, member));
        TRY(sequence_push(evaluation, parts, datum_table(part)));
    }
    return STATUS_OK;
}

enum status object_functions_spread(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct datum value = call->arguments[0];
    *out_result = value;
    if (value.type == DATUM_ARRAY || value.type == DATUM_OBJECT) {
        struct sequence parts = {0};
        TRY(spread(evaluation, value, 0, &parts));
        bool joined = value.type == DATUM_ARRAY && datum_count(value) > 0; /* by $append, which makes arrays */
        *out_result = sequence_array(&parts, joined ? 0 : DATUM_SEQUENCE);
    }
    return STATUS_OK;
}

enum status object_functions_merge(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct datum objects = call->arguments[0];
    *out_result = DATUM_NONE;
    if (objects.type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    struct table *table = table_create(evaluation->arena);
    TRY_NEW(table);
    for (uint32_t index = 0; index < datum_count(objects); index++) {
        struct datum object = datum_item(objects, index);
        TRY(evaluation_charge(evaluation, datum_member_count(object)));
        for (uint32_t at = 0; at < datum_member_count(object); at++) {
            struct str key;
            struct datum member = datum_member(object, at, &key);
            TRY(table_set(evaluation->arena, table, key, member));
        }
    }
    *out_result = datum_table(table);
    return STATUS_OK;
}
