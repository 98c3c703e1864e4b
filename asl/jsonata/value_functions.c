/* $boolean, $not, $exists, $type, $error, $assert, $clone. */
#include "asl/jsonata/builtins.h"
#include "asl/jsonata/evaluate.h"
#include "asl/jsonata/transform.h"
#include "base/assert.h"

enum status value_functions_boolean(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    (void)evaluation;
    struct datum value = call->arguments[0];
    *out_result = value.type == DATUM_UNDEFINED ? value : datum_boolean(datum_truth(&evaluation->work, value));
    return STATUS_OK;
}

enum status value_functions_not(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    (void)evaluation;
    struct datum value = call->arguments[0];
    *out_result = value.type == DATUM_UNDEFINED ? value : datum_boolean(!datum_truth(&evaluation->work, value));
    return STATUS_OK;
}

enum status value_functions_exists(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    (void)evaluation;
    *out_result = datum_boolean(call->arguments[0].type != DATUM_UNDEFINED);
    return STATUS_OK;
}

static struct str name_of_type(struct datum datum)
{
    switch ((enum datum_type)datum.type) {
    case DATUM_NULL:
        return STR("null");
    case DATUM_BOOLEAN:
        return STR("boolean");
    case DATUM_NUMBER:
        return STR("number");
    case DATUM_STRING:
        return STR("string");
    case DATUM_ARRAY:
        return STR("array");
    case DATUM_OBJECT:
        return STR("object");
    case DATUM_FUNCTION:
        return STR("function");
    case DATUM_UNDEFINED:
    case DATUM_TUPLE:
    case DATUM_THUNK:
        break;
    }
    UNREACHABLE("type of a value");
}

enum status value_functions_type(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    (void)evaluation;
    struct datum value = call->arguments[0];
    *out_result = value.type == DATUM_UNDEFINED ? value : datum_string(name_of_type(value));
    return STATUS_OK;
}

static enum status fail_with(struct evaluation *evaluation, enum fault_code code, struct datum message, struct str otherwise)
{
    bool given = message.type == DATUM_STRING && message.string.length > 0;
    return evaluation_fail_message(evaluation, code, given ? message.string : otherwise);
}

enum status value_functions_error(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    (void)out_result;
    return fail_with(evaluation, FAULT_D3137, call->arguments[0], STR("$error() function evaluated"));
}

enum status value_functions_assert(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    *out_result = DATUM_NONE;
    if (call->arguments[0].boolean) {
        return STATUS_OK;
    }
    return fail_with(evaluation, FAULT_D3141, call->arguments[1], STR("$assert() statement failed"));
}

enum status value_functions_clone(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    return transform_clone(evaluation, call->arguments[0], out_result);
}
