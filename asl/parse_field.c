#include "asl/parse.h"

#include "base/buffer.h"
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

static enum status place_write(struct buffer *buffer, const struct parse_place *place)
{
    /* Bounded by the nesting that value_parse allows. */
    if (place->parent != NULL) {
        TRY(place_write(buffer, place->parent));
    }
    if (place->key.bytes == NULL && place->parent != NULL) {
        return buffer_format(buffer, "[%u]", place->index);
    }
    return place->key.length == 0 ? STATUS_OK : buffer_format(buffer, "/%.*s", STR_ARGS(place->key));
}

static void locate(struct parser *parser, const struct value *value, struct finding *finding)
{
    if (value == NULL || value->source.bytes == NULL || value->source.bytes < parser->text.bytes ||
        value->source.bytes > parser->text.bytes + parser->text.length) {
        return;
    }
    finding->line = 1;
    finding->column = 1;
    for (const char *at = parser->text.bytes; at < value->source.bytes; at++) {
        if (*at == '\n') {
            finding->line++;
            finding->column = 1;
        } else if ((*at & 0xC0) != 0x80) {
            finding->column++;
        }
    }
}

static enum status findings_add(struct arena *arena, struct findings *findings, struct finding finding)
{
    if (findings->count == findings->capacity) {
        size_t capacity = findings->capacity == 0 ? 8 : findings->capacity * 2;
        struct finding *items = arena_array(arena, struct finding, capacity);
        TRY_NEW(items);
        if (findings->count > 0) {
            memcpy(items, findings->items, findings->count * sizeof *items);
        }
        findings->items = items;
        findings->capacity = capacity;
    }
    findings->items[findings->count++] = finding;
    findings->error_count += finding.severity == FINDING_ERROR;
    findings->unsupported_count += str_equal(finding.code, FINDING_CODE_NOT_SUPPORTED);
    return STATUS_OK;
}

enum status parse_finding(struct parser *parser, const struct parse_place *place, struct str key, const struct value *value,
                          struct str code, const char *format, ...)
{
    struct finding finding = {.severity = FINDING_ERROR, .code = code};
    struct buffer location = buffer_in(parser->arena);
    TRY(place_write(&location, place));
    if (key.length > 0) {
        TRY(buffer_format(&location, "/%.*s", STR_ARGS(key)));
    }
    finding.location = location.length == 0 ? STR("/") : buffer_text(&location);
    locate(parser, value, &finding);
    char *message = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&message, format, arguments);
    va_end(arguments);
    if (length < 0) {
        return STATUS_LIMIT_EXCEEDED;
    }
    enum status status = arena_copy(parser->arena, (struct str){message, (size_t)length}, &finding.message);
    free(message);
    TRY(status);
    return findings_add(parser->arena, parser->findings, finding);
}

static struct parse_context at_place(const struct parse_context *context, const struct parse_place *place)
{
    struct parse_context there = *context;
    there.place = *place;
    return there;
}

enum status parse_string(const struct parse_context *context, const struct value *object, struct str key, struct str *out_text)
{
    const struct value *value = value_get(object, key);
    if (value == NULL) {
        return STATUS_OK;
    }
    if (value->type != VALUE_STRING) {
        return PARSE_PROBLEM(context, key, value, "Expected value of type String");
    }
    return arena_copy(context->parser->arena, value->string, out_text);
}

enum status parse_integer(const struct parse_context *context, const struct value *object, struct str key,
                          struct parse_range range, int64_t *out_number)
{
    const struct value *value = value_get(object, key);
    int64_t number = 0;
    if (value == NULL) {
        return STATUS_OK;
    }
    if (value->type != VALUE_NUMBER || !value_to_int64(value, &number) || str_find(value->source, '.') != value->source.length) {
        return PARSE_PROBLEM(context, key, value, "Expected value of type Integer");
    }
    if (number < range.min || number > range.max) {
        return PARSE_PROBLEM(context, key, value, "Value is out of range: %lld is not in %lld..%lld", (long long)number,
                             (long long)range.min, (long long)range.max);
    }
    *out_number = number;
    return STATUS_OK;
}

enum status parse_path_field(const struct parse_context *context, const struct value *object, struct str key, bool reference,
                             struct path_field *out_field)
{
    const struct value *value = value_get(object, key);
    struct str message;
    if (value == NULL) {
        return STATUS_OK;
    }
    if (value->type == VALUE_NULL) {
        out_field->use = PATH_USE_NOTHING;
        return STATUS_OK;
    }
    if (value->type != VALUE_STRING) {
        return PARSE_PROBLEM(context, key, value, "Value is not a valid JSONPath or null");
    }
    enum status status = path_compile(context->parser->arena, value->string, &out_field->path, &message);
    if (status == STATUS_INVALID) {
        return PARSE_PROBLEM(context, key, value, "Value is not a %s: %.*s", reference ? "Reference Path" : "valid JSONPath",
                             STR_ARGS(message));
    }
    TRY(status);
    if (reference && (!path_is_reference(out_field->path) || path_root(out_field->path) != PATH_ROOT_INPUT)) {
        return PARSE_PROBLEM(context, key, value, "Value is not a Reference Path");
    }
    out_field->use = path_is_root(out_field->path) ? PATH_USE_WHOLE : PATH_USE_PATH;
    context->state->reads_context |= path_root(out_field->path) == PATH_ROOT_CONTEXT;
    context->state->reads_variables |= path_root(out_field->path) == PATH_ROOT_VARIABLE;
    return STATUS_OK;
}

void parse_note(struct state *state, const struct expression *expression)
{
    if (expression != NULL) {
        state->reads_context |= expression->reads_context;
        state->reads_variables |= expression->reads_variables;
    }
}

/* Reports a problem that an expression_…() function worded, or passes its status on. */
static enum status report(const struct parse_context *context, struct str key, const struct value *value, enum status status,
                          struct str problem)
{
    if (status == STATUS_INVALID) {
        return PARSE_PROBLEM(context, key, value, "%.*s", STR_ARGS(problem));
    }
    return status;
}

enum status parse_template(const struct parse_context *context, const struct value *object, struct str key,
                           const struct expression **out_expression)
{
    const struct value *value = value_get(object, key);
    struct arena *arena = context->parser->arena;
    struct str problem;
    if (value == NULL) {
        return STATUS_OK;
    }
    enum status status = context->state->jsonata ? expression_jsonata(arena, value, key, out_expression, &problem)
                                                 : expression_template(arena, value, out_expression, &problem);
    TRY(report(context, key, value, status, problem));
    parse_note(context->state, *out_expression);
    return STATUS_OK;
}

/* `key`Path when the state has it: a reference path, or a call where that is allowed. */
static enum status parse_path_form(const struct parse_context *context, struct str key, bool intrinsics,
                                   const struct expression **out_expression)
{
    struct parser *parser = context->parser;
    struct str path_key;
    struct str problem;
    TRY(arena_concat(parser->arena, key, STR("Path"), &path_key));
    const struct value *value = value_get(context->object, path_key);
    if (value == NULL) {
        return STATUS_OK;
    }
    if (*out_expression != NULL) {
        return PARSE_PROBLEM(context, path_key, value, "These fields cannot be used together: [%.*s, %.*s]", STR_ARGS(key),
                             STR_ARGS(path_key));
    }
    if (value->type != VALUE_STRING) {
        return PARSE_PROBLEM(context, path_key, value, "Expected value of type String");
    }
    enum status status = expression_path(parser->arena, value->string, path_key, intrinsics, out_expression, &problem);
    TRY(report(context, path_key, value, status, problem));
    if (status == STATUS_OK && (*out_expression)->kind == EXPRESSION_PATH && !path_is_reference((*out_expression)->path)) {
        return PARSE_PROBLEM(context, path_key, value, "Value is not a Reference Path");
    }
    parse_note(context->state, *out_expression);
    return STATUS_OK;
}

static bool is_expression(const struct parse_context *context, const struct value *value)
{
    return context->state->jsonata && value->type == VALUE_STRING && expression_is_jsonata(value->string);
}

enum status parse_number(const struct parse_context *context, struct str key, struct parse_range range,
                         const struct expression **out_expression)
{
    const struct value *value = value_get(context->object, key);
    if (value != NULL && is_expression(context, value)) {
        return parse_template(context, context->object, key, out_expression);
    }
    if (value != NULL) {
        int64_t number = 0;
        size_t before = context->parser->findings->count;
        TRY(parse_integer(context, context->object, key, range, &number));
        if (context->parser->findings->count == before) {
            TRY(expression_constant(context->parser->arena, value, key, out_expression));
        }
    }
    return parse_path_form(context, key, false, out_expression);
}

enum status parse_text(const struct parse_context *context, struct str key, bool intrinsics,
                       const struct expression **out_expression)
{
    const struct value *value = value_get(context->object, key);
    if (value != NULL && value->type != VALUE_STRING) {
        return PARSE_PROBLEM(context, key, value, "Expected value of type String");
    }
    if (value != NULL && is_expression(context, value)) {
        return parse_template(context, context->object, key, out_expression);
    }
    if (value != NULL) {
        TRY(expression_constant(context->parser->arena, value, key, out_expression));
    }
    return parse_path_form(context, key, intrinsics, out_expression);
}

/* A Unicode identifier, approximated: ASCII letters, digits and '_' as they are, everything beyond ASCII as a letter. */
static bool is_variable_name(struct str name)
{
    for (size_t at = 0; at < name.length; at++) {
        unsigned char byte = (unsigned char)name.bytes[at];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte >= 0x80;
        bool later = (byte >= '0' && byte <= '9') || byte == '_';
        if (!letter && !(later && at > 0)) {
            return false;
        }
    }
    return name.length > 0 && name.length <= NAME_CHARACTERS_MAX && !str_equal(name, STR("states"));
}

enum status parse_assign(const struct parse_context *context, const struct value *object, const struct parse_place *place,
                         const struct expression **out_assign)
{
    const struct parse_context there = at_place(context, place);
    const struct value *value = value_get(object, STR("Assign"));
    if (value == NULL) {
        return STATUS_OK;
    }
    if (value->type != VALUE_OBJECT) {
        return PARSE_PROBLEM(&there, STR("Assign"), value, "Expected value of type Object");
    }
    for (uint32_t at = 0; at < value->count; at++) {
        struct str name = value->members[at].key;
        if (!context->state->jsonata && str_ends_with(name, STR(".$"))) {
            name.length -= 2;
        }
        if (!is_variable_name(name)) {
            TRY(PARSE_PROBLEM(&there, STR("Assign"), value->members[at].value, "Invalid variable name: '%.*s'", STR_ARGS(name)));
        }
    }
    return parse_template(&there, object, STR("Assign"), out_assign);
}

enum status parse_members(const struct parse_context *context, const struct value *object, const struct parse_place *place,
                          const char *const *names, size_t name_count)
{
    const struct parse_context there = at_place(context, place);
    for (uint32_t at = 0; at < object->count; at++) {
        bool known = false;
        for (size_t name = 0; name < name_count && !known; name++) {
            known = str_equal(object->members[at].key, str_of(names[name]));
        }
        if (!known) {
            TRY(PARSE_PROBLEM(&there, object->members[at].key, object->members[at].value, "Field is not supported"));
        }
    }
    return STATUS_OK;
}
