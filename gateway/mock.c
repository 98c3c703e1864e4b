#include "gateway/mock.h"

#include "base/assert.h"

enum field_type { FIELD_STRING, FIELD_NUMBER, FIELD_ARRAY, FIELD_OBJECT, FIELD_BOOLEAN, FIELD_CHOICE };

#define MOCK_ANY INT64_MIN

struct field {
    struct str action;
    struct str path;
    enum field_type type;
    bool required;
    int64_t least;
    int64_t most;
    struct str choices;
};

#define NEED_REQUIRED true
#define NEED_OPTIONAL false

static const struct field fields[] = {
#define MOCK_FIELD(action, path, type, need, least, most)                                                              \
    {STR_INIT(action), STR_INIT(path), FIELD_##type, NEED_##need, least, most, {NULL, 0}},
#define MOCK_CHOICE(action, path, values)                                                                              \
    {STR_INIT(action), STR_INIT(path), FIELD_CHOICE, false, MOCK_ANY, MOCK_ANY, STR_INIT(values)},
#include "gateway/mock_fields.def"
};

/* ---- One field ---- */

static enum status refuse(struct call *call, struct str path, const char *what, bool *out_refused)
{
    size_t name = path.length;
    while (name > 0 && path.bytes[name - 1] != '/') {
        name--;
    }
    *out_refused = true;
    return call_refuse(call, STR("ValidationException"), "Mock result schema validation error: Field '%.*s' %s",
                       STR_ARGS(str_from(path, name)), what);
}

static bool is_choice(struct str choices, struct str text)
{
    while (choices.length > 0) {
        size_t end = str_find(choices, ',');
        if (str_equal(str_slice(choices, 0, end), text)) {
            return true;
        }
        choices = str_trim(str_from(choices, end < choices.length ? end + 1 : end));
    }
    return false;
}

static enum status check_string(struct call *call, const struct field *field, const struct value *value, bool *out_refused)
{
    if (value->type != VALUE_STRING) {
        return refuse(call, field->path, "must be a string", out_refused);
    }
    if (field->type == FIELD_CHOICE) {
        return is_choice(field->choices, value->string) ? STATUS_OK
                                                        : refuse(call, field->path, "is not an expected value", out_refused);
    }
    if (field->least != MOCK_ANY && (int64_t)value->string.length < field->least) {
        return refuse(call, field->path, "is smaller than the minimum length", out_refused);
    }
    if (field->most != MOCK_ANY && (int64_t)value->string.length > field->most) {
        return refuse(call, field->path, "exceeds the maximum length", out_refused);
    }
    return STATUS_OK;
}

static enum status check_number(struct call *call, const struct field *field, const struct value *value, bool *out_refused)
{
    if (value->type != VALUE_NUMBER) {
        return refuse(call, field->path, "must be a number", out_refused);
    }
    if (field->least != MOCK_ANY && value->number < (double)field->least) {
        return refuse(call, field->path, "is less than the minimum value", out_refused);
    }
    if (field->most != MOCK_ANY && value->number > (double)field->most) {
        return refuse(call, field->path, "exceeds the maximum value", out_refused);
    }
    return STATUS_OK;
}

static enum status check_value(struct call *call, const struct field *field, const struct value *value, bool *out_refused)
{
    switch (field->type) {
    case FIELD_STRING:
    case FIELD_CHOICE:
        return check_string(call, field, value, out_refused);
    case FIELD_NUMBER:
        return check_number(call, field, value, out_refused);
    case FIELD_ARRAY:
        return value->type == VALUE_ARRAY ? STATUS_OK : refuse(call, field->path, "must be an array", out_refused);
    case FIELD_OBJECT:
        return value->type == VALUE_OBJECT ? STATUS_OK : refuse(call, field->path, "must be an object", out_refused);
    case FIELD_BOOLEAN:
        return value->type == VALUE_BOOLEAN ? STATUS_OK : refuse(call, field->path, "must be a boolean", out_refused);
    }
    UNREACHABLE("type of a mocked field");
}

/* The rest of the field's path, from `value` on. The table's paths bound this recursion. */
static enum status check_path(struct call *call, const struct field *field, struct str path, const struct value *value,
                              bool *out_refused)
{
    size_t end = str_find(path, '/');
    struct str name = str_slice(path, 0, end);
    bool each = str_ends_with(name, STR("[]"));
    name = each ? str_slice(name, 0, name.length - 2) : name;
    const struct value *member = value->type == VALUE_OBJECT ? value_get(value, name) : NULL;
    if (member == NULL || member->type == VALUE_NULL) {
        return STATUS_OK;
    }
    if (end == path.length) {
        return check_value(call, field, member, out_refused);
    }
    struct str rest = str_from(path, end + 1);
    if (!each) {
        return check_path(call, field, rest, member, out_refused);
    }
    for (uint32_t at = 0; member->type == VALUE_ARRAY && at < member->count && !*out_refused; at++) {
        TRY(check_path(call, field, rest, value_item(member, at), out_refused));
    }
    return STATUS_OK;
}

/* ---- A task's result ---- */

/* "lambda:invoke" of arn:aws:states:::lambda:invoke.waitForTaskToken; STR_NONE of another Resource. */
static struct str action_of(const struct value *state)
{
    static const struct str head = STR_INIT("arn:aws:states:::");
    const struct value *resource = value_get(state, STR("Resource"));
    if (resource == NULL || resource->type != VALUE_STRING || !str_starts_with(resource->string, head)) {
        return STR_NONE;
    }
    struct str action = str_from(resource->string, head.length);
    return str_slice(action, 0, str_find(action, '.'));
}

static enum status check_task(struct call *call, const struct value *state, const struct value *result, bool *out_refused)
{
    const struct value *mock = value_get(call->request, STR("mock"));
    const struct value *mode = value_get(mock, STR("fieldValidationMode"));
    bool strict = mode == NULL || mode->type != VALUE_STRING || str_equal(mode->string, STR("STRICT"));
    struct str action = action_of(state);
    if (action.bytes == NULL || (!strict && str_equal(mode->string, STR("NONE")))) {
        return STATUS_OK;
    }
    for (size_t at = 0; at < sizeof fields / sizeof *fields && !*out_refused; at++) {
        const struct field *field = &fields[at];
        if (!str_equal(field->action, action)) {
            continue;
        }
        const struct value *member = result->type == VALUE_OBJECT ? value_get(result, field->path) : NULL;
        if (strict && field->required && member == NULL) {
            *out_refused = true;
            return call_refuse(call, STR("ValidationException"),
                               "Mock result schema validation error: Required field '%.*s' is missing", STR_ARGS(field->path));
        }
        TRY(check_path(call, field, field->path, result, out_refused));
    }
    return STATUS_OK;
}

/* ---- The mock ---- */

static enum status refuse_whole(struct call *call, const char *message, bool *out_refused)
{
    *out_refused = true;
    return call_refuse(call, STR("ValidationException"), "%s", message);
}

static enum status check_result(struct call *call, const struct mock_subject *subject, struct str text, bool *out_refused)
{
    const struct value *result;
    enum status status = value_parse(call->arena, text, &result, NULL);
    if (status == STATUS_INVALID) {
        return refuse_whole(call, "Mocked result must be valid JSON", out_refused);
    }
    TRY(status);
    if (str_equal(subject->type, STR("Map"))) {
        bool writes = value_get(subject->state, STR("ResultWriter")) != NULL;
        if (writes && result->type != VALUE_OBJECT) {
            return refuse_whole(call, "Mocked result must be a JSON object.", out_refused);
        }
        return writes || result->type == VALUE_ARRAY ? STATUS_OK
                                                     : refuse_whole(call, "Mocked result must be an array.", out_refused);
    }
    if (str_equal(subject->type, STR("Parallel"))) {
        const struct value *branches = value_get(subject->state, STR("Branches"));
        if (result->type != VALUE_ARRAY) {
            return refuse_whole(call, "Mocked result must be an array.", out_refused);
        }
        return branches != NULL && branches->count == result->count
                   ? STATUS_OK
                   : refuse_whole(call, "Mocked result must contain the same number of items as number of Parallel branches.",
                                  out_refused);
    }
    return check_task(call, subject->state, result, out_refused);
}

static struct str text_in(const struct value *object, struct str name)
{
    const struct value *value = object == NULL ? NULL : value_get(object, name);
    return value == NULL || value->type != VALUE_STRING ? STR_NONE : value->string.bytes == NULL ? STR("") : value->string;
}

static bool can_be_mocked(struct str type)
{
    return str_equal(type, STR("Task")) || str_equal(type, STR("Map")) || str_equal(type, STR("Parallel"));
}

const struct value *mock_configuration(const struct call *call, struct str name)
{
    const struct value *configuration = value_get(call->request, STR("stateConfiguration"));
    return configuration == NULL ? NULL : value_get(configuration, name);
}

/* What says something of a mock's failures, and there is none. */
static enum status check_without(struct call *call, bool *out_refused)
{
    if (mock_configuration(call, STR("mapIterationFailureCount")) == NULL) {
        return STATUS_OK;
    }
    return refuse_whole(call, "TestState does not support MapIterationFailureCount when a mock is not specified.", out_refused);
}

enum status mock_read(struct call *call, const struct mock_subject *subject, struct mock *out_mock, bool *out_refused)
{
    const struct value *given = value_get(call->request, STR("mock"));
    *out_mock = (struct mock){.given = given != NULL && given->type == VALUE_OBJECT};
    *out_refused = false;
    if (!out_mock->given) {
        return check_without(call, out_refused);
    }
    const struct value *failure = value_get(given, STR("errorOutput"));
    failure = failure != NULL && failure->type == VALUE_OBJECT ? failure : NULL;
    out_mock->result = text_in(given, STR("result"));
    out_mock->error = text_in(failure, STR("error"));
    out_mock->cause = text_in(failure, STR("cause"));
    if ((out_mock->result.bytes == NULL) == (failure == NULL)) {
        return refuse_whole(call, "A test mock should have only one of the following fields: [result, errorOutput].", out_refused);
    }
    if (!can_be_mocked(subject->type)) {
        *out_refused = true;
        return call_refuse(call, STR("ValidationException"), "State type '%.*s' is not supported when a mock is specified",
                           STR_ARGS(subject->type));
    }
    if (call_boolean(call, "revealSecrets", false)) {
        return refuse_whole(call, "TestState does not support RevealSecrets when a mock is specified.", out_refused);
    }
    return out_mock->result.bytes == NULL ? STATUS_OK : check_result(call, subject, out_mock->result, out_refused);
}
