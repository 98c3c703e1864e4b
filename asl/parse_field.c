#include "asl/parse.h"

#include "asl/utf.h"
#include "base/assert.h"
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

size_t parse_characters(struct str text)
{
    size_t count = 0;
    for (size_t at = 0; at < text.length; at++) {
        count += (text.bytes[at] & 0xC0) != 0x80;
    }
    return count;
}

uint32_t parse_depth(const struct parse_place *place)
{
    uint32_t depth = 0;
    for (; place->parent != NULL; place = place->parent) {
        depth++;
    }
    return depth;
}

/* The last `count` parts of the place, without a slash in front. */
static enum status place_write_below(struct buffer *buffer, const struct parse_place *place, uint32_t count)
{
    if (count == 0) {
        return STATUS_OK;
    }
    TRY(place_write_below(buffer, place->parent, count - 1));
    if (place->key.bytes == NULL) {
        return buffer_format(buffer, "[%u]", place->index);
    }
    return buffer_format(buffer, "%s%.*s", buffer->length > 0 ? "/" : "", STR_ARGS(place->key));
}

static size_t offset_of(const struct parser *parser, const struct value *value)
{
    bool inside = value != NULL && value->source.bytes != NULL && value->source.bytes >= parser->text.bytes &&
                  value->source.bytes <= parser->text.bytes + parser->text.length;
    return inside ? (size_t)(value->source.bytes - parser->text.bytes) : FINDING_NOWHERE;
}

/* The finding without its message. `place` NULL: AWS names no location. */
static enum status begin_finding(struct parser *parser, const struct parse_place *place, struct str key, const struct value *value,
                                 struct finding *finding)
{
    struct buffer location = buffer_in(parser->arena);
    finding->offset = offset_of(parser, value);
    if (place == NULL) {
        return STATUS_OK;
    }
    TRY(place_write(&location, place));
    if (key.length > 0) {
        TRY(buffer_format(&location, "/%.*s", STR_ARGS(key)));
    }
    /* A key may be half of a surrogate pair, which a reply cannot hold. */
    return utf_repair(parser->arena, location.length == 0 ? STR("/") : buffer_text(&location), &finding->location);
}

enum status parse_finding(struct parser *parser, const struct parse_place *place, struct str key, const struct value *value,
                          struct str code, const char *format, ...)
{
    struct finding finding = {.severity = FINDING_ERROR, .code = code};
    TRY(begin_finding(parser, place, key, value, &finding));
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
    TRY(utf_repair(parser->arena, finding.message, &finding.message));
    return findings_add(parser->arena, parser->findings, finding);
}

enum status parse_hint(struct parser *parser, const char *format, ...)
{
    struct findings *findings = parser->findings;
    char *text = NULL;
    if (findings->count == 0 || findings->count == FINDINGS_MAX) {
        return STATUS_OK; /* the last one may not have been kept */
    }
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0) {
        return STATUS_LIMIT_EXCEEDED;
    }
    enum status status = arena_copy(parser->arena, (struct str){text, (size_t)length}, &findings->items[findings->count - 1].hint);
    free(text);
    return status;
}

enum status parse_hint_name(struct parser *parser, const struct nearest *nearest)
{
    return nearest->best.length == 0 ? STATUS_OK : parse_hint(parser, "is it '%.*s'?", STR_ARGS(nearest->best));
}

enum status parse_warning(struct parser *parser, const struct parse_place *place, struct str key, const struct value *value,
                          enum parse_warning_type type)
{
    /* The words are those that AWS's documentation has for the codes. */
    static const struct {
        struct str code;
        struct str message;
    } warnings[] = {
        [PARSE_WARNING_NO_DOLLAR] = {STR_INIT("NO_DOLLAR"),
                                     STR_INIT("No .$ on a field that appears to be a JSONPath or Intrinsic Function.")},
        [PARSE_WARNING_NO_PATH] = {STR_INIT("NO_PATH"),
                                   STR_INIT("Field value looks like a path, but field name does not end with 'Path'.")},
        [PARSE_WARNING_PASS_RESULT_IS_STATIC] = {STR_INIT("PASS_RESULT_IS_STATIC"),
                                                 STR_INIT("Attempt to use a path in the result of a pass state.")},
    };
    struct finding finding = {.severity = FINDING_WARNING, .code = warnings[type].code, .message = warnings[type].message};
    TRY(begin_finding(parser, place, key, value, &finding));
    TRY(findings_add(parser->arena, parser->findings, finding));
    struct str name = key.length > 0 ? key : place->key;
    switch (type) {
    case PARSE_WARNING_NO_DOLLAR:
        return parse_hint(parser, "name it \"%.*s.$\" to have it evaluated", STR_ARGS(name));
    case PARSE_WARNING_NO_PATH:
        return parse_hint(parser, "name it \"%.*sPath\" to have it evaluated", STR_ARGS(name));
    case PARSE_WARNING_PASS_RESULT_IS_STATIC:
        return parse_hint(parser, "Result is taken as it is; Parameters are evaluated");
    }
    UNREACHABLE("warning");
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
    if (number < range.min) {
        return PARSE_PROBLEM(context, key, value, "Minimum value is %lld", (long long)range.min);
    }
    if (number > range.max) {
        return PARSE_PROBLEM(context, key, value, "Maximum value is %lld", (long long)range.max);
    }
    *out_number = number;
    return STATUS_OK;
}

enum status parse_not_a_reference(const struct parse_context *context, struct str key, const struct value *value)
{
    bool dollar = value->type == VALUE_STRING && str_starts_with(value->string, STR("$"));
    return PARSE_PROBLEM(context, key, value, "Value is not a Reference Path%s",
                         dollar ? "" : ": Reference path didn't start with '$'");
}

enum status parse_unsupported(const struct parse_context *context, const struct value_member *member)
{
    return PARSE_PROBLEM(context, STR_NONE, member->value, "Field '%.*s' is not supported", STR_ARGS(member->key));
}

enum status parse_other_language(const struct parse_context *context, const struct value_member *member)
{
    static const struct {
        const char *jsonpath;
        const char *jsonata;
    } pairs[] = {{"Parameters", "Arguments"}, {"ItemsPath", "Items"},   {"InputPath", "Output"}, {"OutputPath", "Output"},
                 {"ResultPath", "Output"},    {"Result", "Output"},     {"ResultSelector", "Output"},
                 {"Variable", "Condition"}};
    bool jsonata = context->state->jsonata;
    const char *instead = NULL;
    for (size_t at = 0; at < sizeof pairs / sizeof pairs[0] && instead == NULL; at++) {
        bool found = str_equal(member->key, str_of(jsonata ? pairs[at].jsonpath : pairs[at].jsonata));
        instead = !found ? NULL : jsonata ? pairs[at].jsonata : pairs[at].jsonpath;
    }
    TRY(PARSE_PROBLEM(context, STR_NONE, member->value,
                         "The QueryLanguage is set to '%s', but field '%.*s' is only supported for the '%s' QueryLanguage",
                      jsonata ? "JSONata" : "JSONPath", STR_ARGS(member->key), jsonata ? "JSONPath" : "JSONata"));
    if (jsonata && instead == NULL && str_ends_with(member->key, STR("Path"))) {
        return parse_hint(context->parser, "%.*s takes an expression: \"{%% … %%}\"", (int)member->key.length - 4, member->key.bytes);
    }
    return instead == NULL ? STATUS_OK
                           : parse_hint(context->parser, "%s does it in %s%s", instead, jsonata ? "JSONata" : "JSONPath",
                                        jsonata ? "" : "; or the state says \"QueryLanguage\": \"JSONata\"");
}

enum status parse_exclusive(const struct parse_context *context, const struct value *object, const char *one, const char *other)
{
    if (value_get(object, str_of(one)) == NULL || value_get(object, str_of(other)) == NULL) {
        return STATUS_OK;
    }
    return PARSE_PROBLEM(context, STR_NONE, object, "There should only be one of the following fields: [%s, %s]", one, other);
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
        return PARSE_PROBLEM(context, key, value, "Expected value of type String or null");
    }
    enum status status = path_compile(context->parser->arena, value->string, &out_field->path, &message);
    bool refused = status == STATUS_INVALID || path_is_open(value->string) ||
                   (status == STATUS_OK && reference &&
                    (!path_is_reference(out_field->path) || path_root(out_field->path) != PATH_ROOT_INPUT));
    if (refused) {
        return reference ? parse_not_a_reference(context, key, value)
                         : PARSE_PROBLEM(context, key, value, "Value must be a valid JSONPath.");
    }
    TRY(status);
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

/* The context's place below its state, and the key: "Choices[0]/Output". */
static enum status field_of(const struct parse_context *context, struct str key, struct str *out_field)
{
    struct buffer buffer = buffer_in(context->parser->arena);
    TRY(place_write_below(&buffer, &context->place, parse_depth(&context->place) - context->level));
    TRY(buffer_format(&buffer, "%s%.*s", buffer.length > 0 ? "/" : "", STR_ARGS(key)));
    *out_field = buffer_text(&buffer);
    return STATUS_OK;
}

/* The state's own place. */
static const struct parse_place *state_place(const struct parse_context *context)
{
    const struct parse_place *place = &context->place;
    for (uint32_t depth = parse_depth(place); depth > context->level; depth--) {
        place = place->parent;
    }
    return place;
}

/* Reports what is wrong with a template, all of it. JSONata names the very value (AWS: "at /States/E/Output/v"), JSONPath the
 * template. */
static enum status report_problems(const struct parse_context *context, struct str key,
                                   const struct expression_problem *problem)
{
    for (; problem != NULL; problem = problem->next) {
        bool exact = problem->field.length > 0;
        TRY(parse_finding(context->parser, exact ? state_place(context) : &context->place, exact ? problem->field : key,
                          problem->value, problem->code, "%.*s", STR_ARGS(problem->message)));
        TRY(problem->hint.length > 0 ? parse_hint(context->parser, "%.*s", STR_ARGS(problem->hint)) : STATUS_OK);
    }
    return STATUS_OK;
}

enum status parse_template(const struct parse_context *context, const struct value *object, struct str key,
                           const struct expression **out_expression)
{
    const struct value *value = value_get(object, key);
    struct arena *arena = context->parser->arena;
    const struct expression_problem *problems = NULL;
    if (value == NULL) {
        return STATUS_OK;
    }
    if (!context->state->jsonata) {
        TRY(parse_dollars(context, key, value));
        TRY(expression_template(arena, value, out_expression, &problems));
    } else {
        struct str field;
        TRY(field_of(context, key, &field));
        const struct expression_place place = {field, context->sees};
        TRY(expression_jsonata(arena, value, &place, out_expression, &problems));
    }
    TRY(report_problems(context, key, problems));
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
    if (value_get(context->object, key) != NULL) {
        return PARSE_PROBLEM(context, STR_NONE, context->object, "There should only be one of the following fields: [%.*s, %.*s]",
                             STR_ARGS(key), STR_ARGS(path_key));
    }
    if (value->type != VALUE_STRING) {
        return PARSE_PROBLEM(context, path_key, value, "Expected value of type String");
    }
    enum status status = expression_path(parser->arena, value->string, path_key, intrinsics, out_expression, &problem);
    if (status == STATUS_INVALID) {
        return intrinsics ? PARSE_PROBLEM(context, path_key, value, "%.*s", STR_ARGS(problem))
                          : parse_not_a_reference(context, path_key, value);
    }
    TRY(status);
    bool call = (*out_expression)->kind == EXPRESSION_INTRINSIC;
    bool context_object = !call && context->state->type == STATE_MAP && path_root((*out_expression)->path) == PATH_ROOT_CONTEXT;
    if (!call && (context_object || !path_is_reference((*out_expression)->path))) {
        /* Seen on AWS: of a Map's paths only ItemsPath may lead into the context object. */
        return parse_not_a_reference(context, path_key, value);
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
        TRY(parse_path_like(context, key, value));
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
    if (value != NULL && context->state->jsonata) {
        return parse_template(context, context->object, key, out_expression);
    }
    if (value != NULL) {
        TRY(parse_path_like(context, key, value));
        TRY(expression_constant(context->parser->arena, value, key, out_expression));
    }
    return parse_path_form(context, key, intrinsics, out_expression);
}

static enum status is_variable_name(struct parser *parser, struct str name, bool *out_is)
{
    TRY(identifier_is(parser->arena, &parser->identifier, name, out_is));
    *out_is = *out_is && parse_characters(name) <= NAME_CHARACTERS_MAX && !str_equal(name, STR("states"));
    return STATUS_OK;
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
        bool good = false;
        TRY(is_variable_name(context->parser, name, &good));
        if (!good) {
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
            struct nearest nearest = nearest_begin(object->members[at].key);
            for (size_t name = 0; name < name_count && context->parser->findings->count < PARSE_HINTED_MAX; name++) {
                nearest_try(&nearest, str_of(names[name]));
            }
            TRY(parse_unsupported(&there, &object->members[at]));
            TRY(parse_hint_name(context->parser, &nearest));
        }
    }
    return STATUS_OK;
}
