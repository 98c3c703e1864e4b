#include "asl/jsonpath/path_function.h"

#include "asl/java_text.h"
#include "base/assert.h"

#include <float.h>
#include <math.h>

static const char nothing_to_aggregate[] = "Aggregation function attempted to calculate value using empty array";

/* What a function is called with. */
struct call {
    struct path_evaluation *evaluation;
    const struct path_token *token;
    const struct value *value; /* what it is applied to */
    const struct value *document;
};

bool path_function_find(struct str name, enum path_function *out_function)
{
    static const struct str names[] = {
#define FUNCTION(id, text, call) STR_INIT(text),
#include "asl/jsonpath/path_functions.def"
    };
    for (size_t at = 0; at < PATH_FUNCTION_COUNT; at++) {
        if (str_equal(names[at], name)) {
            *out_function = (enum path_function)at;
            return true;
        }
    }
    return false;
}

static enum status argument_value(const struct call *call, uint32_t at, const struct value *document,
                                  const struct value **out_value)
{
    const struct path_argument *argument = &call->token->arguments[at];
    struct path_start start = {.document = document, .item = document};
    if (argument->path != NULL) {
        return path_evaluation_run(call->evaluation, argument->path, &start, out_value);
    }
    *out_value = argument->value;
    return STATUS_OK;
}

/* With a path as argument: how many children what it finds has (the path was widened for that). */
static enum status path_function_length(const struct call *call, const struct value **out_value)
{
    const struct value *value = call->value;
    if (call->token->count > 0 && call->token->arguments[0].path != NULL) {
        const struct value *found = NULL;
        TRY(argument_value(call, 0, call->value, &found));
        value = found->type == VALUE_ARRAY ? found : value;
    }
    if (value->type != VALUE_ARRAY && value->type != VALUE_OBJECT) {
        *out_value = &value_null;
        return STATUS_OK;
    }
    return value_integer(call->evaluation->arena, value->count, out_value);
}

static enum status path_function_keys(const struct call *call, const struct value **out_value)
{
    if (call->value->type != VALUE_OBJECT) {
        *out_value = &value_null;
        return STATUS_OK;
    }
    const struct value **keys = arena_allocate(call->evaluation->arena, (call->value->count + 1) * sizeof *keys);
    TRY_NEW(keys);
    for (uint32_t at = 0; at < call->value->count; at++) {
        TRY(value_string(call->evaluation->arena, call->value->members[at].key, &keys[at]));
    }
    return value_array(call->evaluation->arena, keys, call->value->count, out_value);
}

struct aggregate {
    double count;
    double sum;
    double squares;
    double least;
    double most;
};

static void aggregate_value(struct aggregate *aggregate, const struct value *value)
{
    if (value->type == VALUE_NUMBER) {
        aggregate->count++;
        aggregate->sum += value->number;
        aggregate->squares += value->number * value->number;
        aggregate->least = value->number < aggregate->least ? value->number : aggregate->least;
        aggregate->most = value->number > aggregate->most ? value->number : aggregate->most;
    }
}

static void aggregate_items(struct aggregate *aggregate, const struct value *array)
{
    for (uint32_t at = 0; at < array->count; at++) {
        aggregate_value(aggregate, array->items[at]);
    }
}

static double aggregate_result(const struct aggregate *aggregate, enum path_function function)
{
    double mean = aggregate->sum / aggregate->count;
    switch (function) {
    case PATH_FUNCTION_MIN:
        return aggregate->least;
    case PATH_FUNCTION_MAX:
        return aggregate->most;
    case PATH_FUNCTION_AVG:
        return mean;
    case PATH_FUNCTION_SUM:
        return aggregate->sum;
    case PATH_FUNCTION_STDDEV:
        return sqrt(aggregate->squares / aggregate->count - aggregate->sum * aggregate->sum / aggregate->count / aggregate->count);
    case PATH_FUNCTION_LENGTH:
    case PATH_FUNCTION_SIZE:
    case PATH_FUNCTION_KEYS:
    case PATH_FUNCTION_CONCAT:
    case PATH_FUNCTION_APPEND:
    case PATH_FUNCTION_FIRST:
    case PATH_FUNCTION_LAST:
    case PATH_FUNCTION_INDEX:
    case PATH_FUNCTION_COUNT:
        break;
    }
    UNREACHABLE("aggregate");
}

static enum status path_function_aggregate(const struct call *call, const struct value **out_value)
{
    /* Jayway's maximum starts at Double.MIN_VALUE, the smallest positive number: negative numbers have that as theirs. */
    struct aggregate aggregate = {.least = DBL_MAX, .most = DBL_TRUE_MIN};
    if (call->value->type == VALUE_ARRAY) {
        aggregate_items(&aggregate, call->value);
    }
    for (uint32_t at = 0; at < call->token->count; at++) {
        const struct value *argument = NULL;
        TRY(argument_value(call, at, call->document, &argument));
        if (argument->type == VALUE_ARRAY) {
            aggregate_items(&aggregate, argument);
        } else {
            aggregate_value(&aggregate, argument);
        }
    }
    if (aggregate.count == 0) {
        return path_evaluation_fail(call->evaluation, "%s", nothing_to_aggregate);
    }
    double result = aggregate_result(&aggregate, call->token->function);
    if (!isfinite(result)) {
        return path_evaluation_fail(call->evaluation, "The result of %.*s is no finite number", STR_ARGS(call->token->text));
    }
    return value_double(call->evaluation->arena, result, out_value);
}

/* The strings of the array, then the arguments as Java prints them. */
static enum status path_function_concat(const struct call *call, const struct value **out_value)
{
    struct buffer text = buffer_in(call->evaluation->arena);
    for (uint32_t at = 0; call->value->type == VALUE_ARRAY && at < call->value->count; at++) {
        if (call->value->items[at]->type == VALUE_STRING) {
            TRY(buffer_add(&text, call->value->items[at]->string));
        }
    }
    for (uint32_t at = 0; at < call->token->count; at++) {
        const struct value *argument = NULL;
        TRY(argument_value(call, at, call->document, &argument));
        bool array = argument->type == VALUE_ARRAY;
        for (uint32_t item = 0; item < (array ? argument->count : 1); item++) {
            const struct value *part = array ? argument->items[item] : argument;
            if (part->type != VALUE_NULL) {
                TRY(java_text_write(&text, part));
            }
        }
    }
    return value_string(call->evaluation->arena, buffer_text(&text), out_value);
}

static enum status path_function_append(const struct call *call, const struct value **out_value)
{
    const struct value *array = call->value;
    if (array->type != VALUE_ARRAY) {
        *out_value = array;
        return STATUS_OK;
    }
    const struct value **items =
        arena_allocate(call->evaluation->arena, ((size_t)array->count + call->token->count + 1) * sizeof *items);
    TRY_NEW(items);
    if (array->count > 0) {
        memcpy(items, array->items, array->count * sizeof *items);
    }
    for (uint32_t at = 0; at < call->token->count; at++) {
        TRY(argument_value(call, at, call->document, &items[array->count + at]));
    }
    return value_array(call->evaluation->arena, items, (size_t)array->count + call->token->count, out_value);
}

/* first(), last(), index(n); a negative n counts from the end. */
static enum status path_function_item(const struct call *call, const struct value **out_value)
{
    int64_t index = call->token->function == PATH_FUNCTION_LAST ? -1 : 0;
    if (call->value->type != VALUE_ARRAY) {
        return path_evaluation_fail(call->evaluation, "%s", nothing_to_aggregate);
    }
    if (call->token->function == PATH_FUNCTION_INDEX) {
        const struct value *argument = NULL;
        if (call->token->count > 0) {
            TRY(argument_value(call, 0, call->document, &argument));
        }
        argument = argument != NULL && argument->type == VALUE_ARRAY ? value_item(argument, 0) : argument;
        if (argument == NULL || argument->type != VALUE_NUMBER || !(fabs(argument->number) <= INT32_MAX)) {
            return path_evaluation_fail(call->evaluation, "index() takes a number");
        }
        index = (int64_t)argument->number;
    }
    int64_t counted = index < 0 ? index + call->value->count : index;
    /* Jayway's bound: what counts from the end never reaches the first item. */
    if (counted >= call->value->count || counted < 0 || (index < 0 && counted == 0)) {
        return path_evaluation_fail(call->evaluation, "Target index:%lld larger than object count:%u", (long long)index,
                                    call->value->count);
    }
    *out_value = call->value->items[counted];
    return STATUS_OK;
}

/* Paths among the arguments are evaluated even by a function that does not use them: what they miss fails, as in Jayway. */
static enum status check_arguments(const struct call *call)
{
    bool is_length = call->token->function == PATH_FUNCTION_LENGTH || call->token->function == PATH_FUNCTION_SIZE;
    for (uint32_t at = 0; !is_length && at < call->token->count; at++) {
        const struct value *ignored = NULL;
        if (call->token->arguments[at].path != NULL) {
            TRY(argument_value(call, at, call->document, &ignored));
        }
    }
    return STATUS_OK;
}

enum status path_function_call(struct path_evaluation *evaluation, const struct path_token *token, const struct value *value,
                               const struct value *document, const struct value **out_value)
{
    struct call call = {.evaluation = evaluation, .token = token, .value = value, .document = document};
    TRY(path_evaluation_visit(evaluation, value->count));
    TRY(check_arguments(&call));
    switch (token->function) {
#define FUNCTION(id, name, function)                                                                                       \
    case PATH_FUNCTION_##id:                                                                                               \
        return function(&call, out_value);
#include "asl/jsonpath/path_functions.def"
    case PATH_FUNCTION_COUNT:
        break;
    }
    UNREACHABLE("path function");
}
