/* Values that look like what they are not: warnings of JSONPath states (ASL.md, section 17). */
#include "asl/parse.h"

/* Whether a text is meant as a path: "$.a", "$[0]", "$$.Execution.Id" and the like. A lone "$" may be money. */
static bool looks_like_path(struct str text)
{
    if (!str_starts_with(text, STR("$"))) {
        return false;
    }
    text = str_from(text, str_starts_with(text, STR("$$")) ? 2 : 1);
    return text.length > 1 && (text.bytes[0] == '.' || text.bytes[0] == '[');
}

/* "States.Format(…": the word alone may be prose. */
static bool looks_like_call(struct str text)
{
    size_t open = str_find(text, '(');
    if (!intrinsic_is_call(text) || open == text.length) {
        return false;
    }
    for (size_t at = sizeof "States." - 1; at < open; at++) {
        char byte = text.bytes[at];
        if (!((byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9'))) {
            return false;
        }
    }
    return open > sizeof "States." - 1;
}

static bool looks_dynamic(const struct value *value)
{
    return value->type == VALUE_STRING && (looks_like_path(value->string) || looks_like_call(value->string));
}

/* Warns of every text inside that looks computed. `result`: of a Pass's Result, where "key.$" is no better. */
static enum status walk(struct parser *parser, const struct parse_place *place, const struct value *value, bool result)
{
    /* Bounded by the nesting that value_parse allows. */
    for (uint32_t at = 0; value->type == VALUE_ARRAY && at < value->count; at++) {
        const struct parse_place item = {.parent = place, .index = at};
        if (result && looks_dynamic(value->items[at])) {
            TRY(parse_warning(parser, &item, STR_NONE, value->items[at], PARSE_WARNING_PASS_RESULT_IS_STATIC));
        }
        TRY(walk(parser, &item, value->items[at], result));
    }
    for (uint32_t at = 0; value->type == VALUE_OBJECT && at < value->count; at++) {
        const struct value_member *member = &value->members[at];
        const struct parse_place place_inside = {.parent = place, .key = member->key};
        if (looks_dynamic(member->value) && (result || !str_ends_with(member->key, STR(".$")))) {
            TRY(parse_warning(parser, &place_inside, STR_NONE, member->value,
                              result ? PARSE_WARNING_PASS_RESULT_IS_STATIC : PARSE_WARNING_NO_DOLLAR));
        }
        TRY(walk(parser, &place_inside, member->value, result));
    }
    return STATUS_OK;
}

enum status parse_dollars(const struct parse_context *context, struct str key, const struct value *value)
{
    const struct parse_place place = {.parent = &context->place, .key = key};
    return walk(context->parser, &place, value, false);
}

enum status parse_path_like(const struct parse_context *context, struct str key, const struct value *value)
{
    if (context->state->jsonata || value->type != VALUE_STRING || !looks_like_path(value->string)) {
        return STATUS_OK;
    }
    return parse_warning(context->parser, &context->place, key, value, PARSE_WARNING_NO_PATH);
}

enum status parse_static_result(const struct parse_context *context)
{
    struct str key = STR("Result");
    const struct value *value = value_get(context->object, key);
    const struct parse_place place = {.parent = &context->place, .key = key};
    if (value == NULL) {
        return STATUS_OK;
    }
    if (looks_dynamic(value)) {
        TRY(parse_warning(context->parser, &place, STR_NONE, value, PARSE_WARNING_PASS_RESULT_IS_STATIC));
    }
    return walk(context->parser, &place, value, true);
}
