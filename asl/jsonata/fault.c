#include "asl/jsonata/fault.h"

#include "asl/jsonata/js_number.h"
#include "base/assert.h"

#include <math.h>

#define VALUE_BYTES_MAX 1000 /* of a value in a message; a cause is shown to people */
#define VALUE_ITEMS_MAX 2000 /* these are more than so many bytes */

static const struct {
    const char *code;
    const char *message;
} rows[] = {
    {"", ""},
#define FAULT(id, message) {#id, message},
#include "asl/jsonata/errors.def"
};

static enum status add_json(struct buffer *buffer, struct datum datum)
{
    const struct value *value = NULL;
    struct str text = STR("undefined");
    struct datum_work work = {.steps_max = VALUE_ITEMS_MAX};
    enum status status = datum_to_value(buffer->arena, &work, datum, &value);
    if (status == STATUS_LIMIT_EXCEEDED) {
        return status;
    }
    if (status == STATUS_OK && value != NULL) {
        TRY(value_to_text(buffer->arena, value, &text));
    }
    TRY(buffer_add(buffer, str_cut(text, VALUE_BYTES_MAX)));
    return text.length > VALUE_BYTES_MAX ? buffer_add(buffer, STR("...")) : STATUS_OK;
}

static enum status add_field(struct buffer *buffer, const struct fault *fault, struct str name, bool quoted)
{
    if (str_equal(name, STR("token")) && !quoted && fault->token.type == DATUM_STRING) {
        return buffer_add(buffer, fault->token.string);
    }
    if (str_equal(name, STR("token"))) {
        return add_json(buffer, fault->token);
    }
    if (str_equal(name, STR("value"))) {
        return add_json(buffer, fault->value);
    }
    if (str_equal(name, STR("value2"))) {
        return add_json(buffer, fault->value2);
    }
    if (str_equal(name, STR("index"))) {
        return buffer_format(buffer, "%u", fault->index);
    }
    if (str_equal(name, STR("exp"))) {
        return add_json(buffer, datum_number(fault->exp));
    }
    if (str_equal(name, STR("type"))) {
        return buffer_format(buffer, "\"%s\"", fault->type == NULL ? "" : fault->type);
    }
    if (str_equal(name, STR("function"))) {
        return buffer_format(buffer, "%s", fault->function == NULL ? "" : fault->function);
    }
    return buffer_add(buffer, fault->message);
}

static enum status add_message(struct buffer *buffer, const struct fault *fault, struct str rest)
{
    while (rest.length > 0) {
        size_t open = str_find_str(rest, STR("{{"));
        TRY(buffer_add(buffer, str_slice(rest, 0, open)));
        if (open == rest.length) {
            break;
        }
        rest = str_from(rest, open + 2);
        bool raw = str_starts_with(rest, STR("{"));
        rest = str_from(rest, raw ? 1 : 0);
        size_t close = str_find_str(rest, STR("}}"));
        TRY(add_field(buffer, fault, str_slice(rest, 0, close), !raw));
        rest = str_from(rest, close + (raw ? 3 : 2));
    }
    return STATUS_OK;
}

/* The token as text: a name as it is, a literal as JSON. */
static enum status describe_token(struct arena *arena, struct datum token, struct str *out_text)
{
    if (token.type == DATUM_UNDEFINED) {
        *out_text = STR_NONE;
        return STATUS_OK;
    }
    if (token.type == DATUM_STRING) {
        return arena_copy(arena, token.string, out_text);
    }
    struct buffer buffer = buffer_in(arena);
    TRY(add_json(&buffer, token));
    *out_text = buffer_text(&buffer);
    return STATUS_OK;
}

enum status fault_describe(struct arena *arena, const struct fault *fault, struct jsonata_error *out_error)
{
    ASSERT(fault->code != FAULT_NONE);
    struct jsonata_error error = {.code = str_of(rows[fault->code].code), .position = fault->position};
    struct buffer buffer = buffer_in(arena);
    TRY(add_message(&buffer, fault, str_of(rows[fault->code].message)));
    error.message = buffer_text(&buffer);
    TRY(describe_token(arena, fault->token, &error.token));
    *out_error = error;
    return STATUS_OK;
}
