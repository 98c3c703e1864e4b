/* Functions that take functions: $map, $filter, $single, $reduce, $sift, $each, $sort. */
#include "asl/jsonata/builtins.h"
#include "asl/jsonata/evaluate.h"
#include "asl/jsonata/ordering.h"
#include "asl/jsonata/sequence.h"
#include "asl/jsonata/table.h"

/* Calls the function with an item, its index and the array, or as many of these as it wants. */
static enum status call_on_item(struct evaluation *evaluation, const struct builtin_call *call, uint32_t at,
                                struct datum *out_result)
{
    const struct datum arguments[] = {datum_item(call->arguments[0], at), datum_number(at), call->arguments[0]};
    return call_with(evaluation, call->arguments[1], (struct arguments){arguments, 3}, out_result);
}

/* … with a member's value, its key and the object. */
static enum status call_on_member(struct evaluation *evaluation, const struct builtin_call *call, uint32_t at,
                                  struct str *out_key, struct datum *out_member, struct datum *out_result)
{
    *out_member = datum_member(call->arguments[0], at, out_key);
    const struct datum arguments[] = {*out_member, datum_string(*out_key), call->arguments[0]};
    return call_with(evaluation, call->arguments[1], (struct arguments){arguments, 3}, out_result);
}

static uint32_t count_of(struct datum array)
{
    return array.type == DATUM_ARRAY ? datum_count(array) : 0;
}

enum status higher_order_functions_map(struct evaluation *evaluation, const struct builtin_call *call,
                                       struct datum *out_result)
{
    struct sequence results = {0};
    for (uint32_t at = 0; at < count_of(call->arguments[0]); at++) {
        struct datum result = DATUM_NONE;
        TRY(call_on_item(evaluation, call, at, &result));
        if (result.type != DATUM_UNDEFINED) {
            TRY(sequence_push(evaluation, &results, result));
        }
    }
    bool undefined = call->arguments[0].type == DATUM_UNDEFINED;
    *out_result = undefined ? DATUM_NONE : sequence_array(&results, DATUM_SEQUENCE);
    return STATUS_OK;
}

enum status higher_order_functions_filter(struct evaluation *evaluation, const struct builtin_call *call,
                                          struct datum *out_result)
{
    struct sequence results = {0};
    for (uint32_t at = 0; at < count_of(call->arguments[0]); at++) {
        struct datum result = DATUM_NONE;
        TRY(call_on_item(evaluation, call, at, &result));
        if (datum_truth(&evaluation->work, result)) {
            TRY(sequence_push(evaluation, &results, datum_item(call->arguments[0], at)));
        }
    }
    bool undefined = call->arguments[0].type == DATUM_UNDEFINED;
    *out_result = undefined ? DATUM_NONE : sequence_array(&results, DATUM_SEQUENCE);
    return STATUS_OK;
}

enum status higher_order_functions_single(struct evaluation *evaluation, const struct builtin_call *call,
                                          struct datum *out_result)
{
    *out_result = DATUM_NONE;
    if (call->arguments[0].type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    bool found = false;
    for (uint32_t at = 0; at < datum_count(call->arguments[0]); at++) {
        struct datum result = datum_boolean(true);
        if (call->arguments[1].type == DATUM_FUNCTION) {
            TRY(call_on_item(evaluation, call, at, &result));
        }
        TRY(evaluation_charge(evaluation, 1));
        if (datum_truth(&evaluation->work, result) && found) {
            return evaluation_fail(evaluation, FAULT_D3138);
        }
        if (datum_truth(&evaluation->work, result)) {
            found = true;
            *out_result = datum_item(call->arguments[0], at);
        }
    }
    return found ? STATUS_OK : evaluation_fail(evaluation, FAULT_D3139);
}

enum status higher_order_functions_reduce(struct evaluation *evaluation, const struct builtin_call *call,
                                          struct datum *out_result)
{
    struct datum items = call->arguments[0];
    struct datum result = call->arguments[2];
    *out_result = DATUM_NONE;
    if (items.type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    size_t arity = call_arity(call->arguments[1].function);
    if (arity < 2) {
        return evaluation_fail(evaluation, FAULT_D3050);
    }
    uint32_t at = 0;
    if (result.type == DATUM_UNDEFINED && datum_count(items) > 0) {
        result = datum_item(items, at++);
    }
    for (; at < datum_count(items); at++) {
        const struct datum arguments[] = {result, datum_item(items, at), datum_number(at), items};
        size_t count = arity > 4 ? 4 : arity;
        const struct arguments given = {arguments, count};
        TRY(call_apply(evaluation, call->arguments[1], given, (struct datum){.type = DATUM_NULL}, &result));
    }
    *out_result = result;
    return STATUS_OK;
}

/* The members that the function lets pass; undefined when it lets none. */
enum status higher_order_functions_sift(struct evaluation *evaluation, const struct builtin_call *call,
                                        struct datum *out_result)
{
    struct table *table = table_create(evaluation->arena);
    TRY_NEW(table);
    struct datum object = call->arguments[0];
    bool is_callable = call->arguments[1].type == DATUM_FUNCTION;
    uint32_t count = object.type == DATUM_OBJECT ? datum_member_count(object) : 0;
    for (uint32_t at = 0; at < count; at++) {
        struct str key;
        struct datum member;
        struct datum result = DATUM_NONE;
        if (!is_callable) {
            return evaluation_fail(evaluation, FAULT_T1006);
        }
        TRY(call_on_member(evaluation, call, at, &key, &member, &result));
        if (datum_truth(&evaluation->work, result)) {
            TRY(table_set(evaluation->arena, table, key, member));
        }
    }
    *out_result = table->count == 0 ? DATUM_NONE : datum_table(table);
    return STATUS_OK;
}

enum status higher_order_functions_each(struct evaluation *evaluation, const struct builtin_call *call,
                                        struct datum *out_result)
{
    struct sequence results = {0};
    struct datum object = call->arguments[0];
    uint32_t count = object.type == DATUM_OBJECT ? datum_member_count(object) : 0;
    for (uint32_t at = 0; at < count; at++) {
        struct str key;
        struct datum member;
        struct datum result = DATUM_NONE;
        TRY(call_on_member(evaluation, call, at, &key, &member, &result));
        if (result.type != DATUM_UNDEFINED) {
            TRY(sequence_push(evaluation, &results, result));
        }
    }
    *out_result = sequence_array(&results, DATUM_SEQUENCE);
    return STATUS_OK;
}

/* What a comparison function's answer is to JavaScript's `if`. */
static bool is_truthy(struct evaluation *evaluation, struct datum datum)
{
    if (datum.type == DATUM_ARRAY || datum.type == DATUM_OBJECT || datum.type == DATUM_FUNCTION) {
        return true;
    }
    return datum_truth(&evaluation->work, datum);
}

static enum status swaps_by_function(struct evaluation *evaluation, void *owner, uint32_t left, uint32_t right,
                                     bool *out_swaps)
{
    const struct builtin_call *call = owner;
    const struct datum arguments[] = {datum_item(call->arguments[0], left), datum_item(call->arguments[0], right)};
    const struct arguments given = {arguments, 2};
    struct datum result = DATUM_NONE;
    TRY(call_apply(evaluation, call->arguments[1], given, (struct datum){.type = DATUM_NULL}, &result));
    *out_swaps = is_truthy(evaluation, result);
    return STATUS_OK;
}

static enum status swaps_by_value(struct evaluation *evaluation, void *owner, uint32_t left, uint32_t right, bool *out_swaps)
{
    const struct builtin_call *call = owner;
    struct datum a = datum_item(call->arguments[0], left);
    struct datum b = datum_item(call->arguments[0], right);
    int order = (a.number > b.number) - (a.number < b.number);
    if (a.type != DATUM_NUMBER) {
        TRY(evaluation_compare(evaluation, a.string, b.string, &order));
    }
    *out_swaps = order > 0;
    return STATUS_OK;
}

static bool all_are(struct datum array, enum datum_type type)
{
    for (uint32_t at = 0; at < datum_count(array); at++) {
        if (datum_item(array, at).type != type) {
            return false;
        }
    }
    return true;
}

enum status higher_order_functions_sort(struct evaluation *evaluation, const struct builtin_call *call,
                                        struct datum *out_result)
{
    struct datum items = call->arguments[0];
    *out_result = items;
    if (count_of(items) < 2) {
        return STATUS_OK;
    }
    bool by_function = call->arguments[1].type == DATUM_FUNCTION;
    if (!by_function && !all_are(items, DATUM_NUMBER) && !all_are(items, DATUM_STRING)) {
        return evaluation_fail(evaluation, FAULT_D3070);
    }
    uint32_t *order = NULL;
    TRY(ordering_sort(evaluation, datum_count(items), by_function ? swaps_by_function : swaps_by_value, (void *)call, &order));
    struct sequence sorted = {0};
    for (uint32_t at = 0; at < datum_count(items); at++) {
        TRY(sequence_push(evaluation, &sorted, datum_item(items, order[at])));
    }
    *out_result = sequence_array(&sorted, 0);
    return STATUS_OK;
}
