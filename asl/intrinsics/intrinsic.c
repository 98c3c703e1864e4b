#include "asl/intrinsics/intrinsic.h"

#include "asl/errors.h"
#include "asl/intrinsics/intrinsic_call.h"
#include "asl/utf.h"
#include "base/assert.h"
#include "base/limits.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#define REASON_BYTES_MAX 512

bool intrinsic_is_call(struct str text)
{
    return str_starts_with(text, STR("States."));
}

struct str intrinsic_name(const struct intrinsic *call)
{
    static const struct str names[] = {
#define INTRINSIC(id, name, least, most, function) STR_INIT("States." name),
#include "asl/intrinsics/intrinsics.def"
    };
    return names[call->function];
}

/* Calls nest INTRINSIC_DEPTH_MAX deep at most: intrinsic_compile sees to it. */
void intrinsic_paths(const struct intrinsic *call, void (*visit)(void *owner, const struct path *path), void *owner)
{
    for (uint32_t at = 0; at < call->count; at++) {
        const struct intrinsic_argument *argument = &call->arguments[at];
        if (argument->path != NULL) {
            visit(owner, argument->path);
        } else if (argument->call != NULL) {
            intrinsic_paths(argument->call, visit, owner);
        }
    }
}

enum status intrinsic_fail(const struct intrinsic_frame *frame, const char *format, ...)
{
    char reason[REASON_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    ASSERT(length >= 0);
    TRY(failure_set(frame->run->arena, frame->run->failure, errors_name(ERROR_RUNTIME),
                    "The function '%.*s' had the following error: %s", STR_ARGS(frame->call->text), reason));
    return STATUS_REFUSED;
}

static const char *type_name(enum value_type type)
{
    switch (type) {
    case VALUE_NULL:
        return "null";
    case VALUE_BOOLEAN:
        return "a boolean";
    case VALUE_NUMBER:
        return "a number";
    case VALUE_STRING:
        return "a string";
    case VALUE_ARRAY:
        return "an array";
    case VALUE_OBJECT:
        return "an object";
    }
    UNREACHABLE("value type");
}

enum status intrinsic_need(const struct intrinsic_frame *frame, uint32_t at, enum value_type type)
{
    if (frame->values[at]->type == type) {
        return STATUS_OK;
    }
    struct str name = intrinsic_name(frame->call);
    return intrinsic_fail(frame, "Invalid arguments in %.*s: argument %u must be %s but is %s", STR_ARGS(name), at + 1,
                          type_name(type), type_name(frame->values[at]->type));
}

enum status intrinsic_need_integer(const struct intrinsic_frame *frame, uint32_t at, int64_t *out_number)
{
    TRY(intrinsic_need(frame, at, VALUE_NUMBER));
    if (value_to_int64(frame->values[at], out_number)) {
        return STATUS_OK;
    }
    double number = frame->values[at]->number;
    double below = floor(number);
    double rounded = number - below >= 0.5 ? below + 1 : below;
    if (!(rounded >= -0x1p63 && rounded < 0x1p63)) {
        struct str name = intrinsic_name(frame->call);
        return intrinsic_fail(frame, "Invalid arguments in %.*s: argument %u is out of range", STR_ARGS(name), at + 1);
    }
    *out_number = (int64_t)rounded;
    return STATUS_OK;
}

enum status intrinsic_need_text(const struct intrinsic_frame *frame, uint32_t at, struct str *out_text)
{
    TRY(intrinsic_need(frame, at, VALUE_STRING));
    *out_text = frame->values[at]->string;
    if (utf_units(*out_text) > INTRINSIC_TEXT_CHARACTERS_MAX) {
        struct str name = intrinsic_name(frame->call);
        return intrinsic_fail(frame, "Invalid arguments in %.*s: argument %u has more than %d characters", STR_ARGS(name),
                              at + 1, INTRINSIC_TEXT_CHARACTERS_MAX);
    }
    return STATUS_OK;
}

/* The cause that AWS gives for a path that finds nothing; other failures of a path say why themselves. */
static enum status fail_path(const struct intrinsic_frame *frame, const struct path *path, enum status status,
                             struct str message)
{
    struct intrinsic_run *run = frame->run;
    struct str input = STR("");
    struct str text = path_text(path);
    if (status == STATUS_INVALID) {
        TRY(failure_set(run->arena, run->failure, errors_name(ERROR_RUNTIME), "Invalid path '%.*s' : %.*s", STR_ARGS(text),
                        STR_ARGS(message)));
        return STATUS_REFUSED;
    }
    if (run->roots->input != NULL) {
        TRY(value_to_text(run->arena, run->roots->input, &input));
    }
    TRY(failure_set(run->arena, run->failure, errors_name(ERROR_RUNTIME),
                    "The function '%.*s' had the following error: The JsonPath argument for the field '%.*s' could not be "
                    "found in the input '%.*s'",
                    STR_ARGS(frame->call->text), STR_ARGS(text), STR_ARGS(input)));
    return STATUS_REFUSED;
}

static enum status dispatch(const struct intrinsic_frame *frame, const struct value **out_value)
{
    switch (frame->call->function) {
#define INTRINSIC(id, name, least, most, function)                                                                         \
    case INTRINSIC_##id:                                                                                                   \
        return function(frame, out_value);
#include "asl/intrinsics/intrinsics.def"
    case INTRINSIC_FUNCTION_COUNT:
        break;
    }
    UNREACHABLE("intrinsic function");
}

static enum status call_function(struct intrinsic_run *run, const struct intrinsic *call, const struct value **out_value)
{
    const struct value **values = arena_allocate(run->arena, (call->count + 1) * sizeof *values);
    TRY_NEW(values);
    struct intrinsic_frame frame = {.run = run, .call = call, .values = values};
    for (uint32_t at = 0; at < call->count; at++) {
        const struct intrinsic_argument *argument = &call->arguments[at];
        struct str message = STR_NONE;
        if (argument->call != NULL) {
            TRY(call_function(run, argument->call, &values[at]));
        } else if (argument->path != NULL) {
            enum status status = path_evaluate(run->arena, argument->path, run->roots, &values[at], &message);
            if (status == STATUS_NOT_FOUND || status == STATUS_INVALID) {
                return fail_path(&frame, argument->path, status, message);
            }
            TRY(status);
        } else {
            values[at] = argument->value;
        }
    }
    return dispatch(&frame, out_value);
}

enum status intrinsic_evaluate(struct arena *arena, const struct intrinsic *call, const struct path_roots *roots,
                               struct env *env, const struct value **out_value, struct failure *out_failure)
{
    struct intrinsic_run run = {.arena = arena, .roots = roots, .env = env, .failure = out_failure};
    const struct value *value = NULL;
    *out_failure = FAILURE_NONE;
    enum status status = call_function(&run, call, &value);
    if (status == STATUS_REFUSED) {
        return STATUS_OK;
    }
    TRY(status);
    *out_value = value;
    return STATUS_OK;
}
