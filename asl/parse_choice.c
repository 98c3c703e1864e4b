#include "asl/parse.h"

#include "asl/choice.h"
#include "asl/timestamp.h"

#define SCANS_MAX 2 /* paths that are looked up in the text; more can cost more than a tree of it (docs/benchmarks.md) */

struct comparison_rule {
    const char *name;
    enum { OPERAND_STRING, OPERAND_NUMBER, OPERAND_BOOLEAN, OPERAND_TIMESTAMP } operand;
    bool path;
};

static const struct comparison_rule comparisons[] = {
#define COMPARISON(id, name, operand, path, compare, relation) {name, OPERAND_##operand, path},
#include "asl/comparisons.def"
};

static enum status parse_condition(const struct parse_context *context, const struct value *object, bool top,
                                   struct condition *condition);

/* Which comparison a member's key names; *out_path: in its Path form. */
static bool find_comparison(struct str key, enum comparison *out_comparison, bool *out_path)
{
    for (int at = 0; at < COMPARISON_COUNT; at++) {
        struct str name = str_of(comparisons[at].name);
        if (str_equal(key, name)) {
            *out_comparison = (enum comparison)at;
            *out_path = false;
            return true;
        }
        if (comparisons[at].path && key.length == name.length + 4 && str_starts_with(key, name) && str_ends_with(key, STR("Path"))) {
            *out_comparison = (enum comparison)at;
            *out_path = true;
            return true;
        }
    }
    return false;
}

static bool operand_fits(const struct comparison_rule *rule, const struct value *operand)
{
    struct timestamp timestamp;
    switch (rule->operand) {
    case OPERAND_STRING:
        return operand->type == VALUE_STRING;
    case OPERAND_NUMBER:
        return operand->type == VALUE_NUMBER;
    case OPERAND_BOOLEAN:
        return operand->type == VALUE_BOOLEAN;
    case OPERAND_TIMESTAMP:
        return operand->type == VALUE_STRING && timestamp_parse(operand->string, &timestamp);
    }
    return false;
}

/* A path of a rule: a reference path into input, context or variables. */
static enum status parse_rule_path(const struct parse_context *context, const struct value_member *member, const struct path **out_path)
{
    struct str message = STR_NONE;
    if (member->value->type != VALUE_STRING) {
        return PARSE_PROBLEM(context, member->key, member->value, "Expected value of type String");
    }
    enum status status = path_compile(context->parser->arena, member->value->string, out_path, &message);
    if (status == STATUS_INVALID || path_is_open(member->value->string) || (status == STATUS_OK && !path_is_reference(*out_path))) {
        return parse_not_a_reference(context, member->key, member->value);
    }
    TRY(status);
    context->state->reads_context |= path_root(*out_path) == PATH_ROOT_CONTEXT;
    context->state->reads_variables |= path_root(*out_path) == PATH_ROOT_VARIABLE;
    return STATUS_OK;
}

static enum status parse_operand(const struct parse_context *context, const struct value_member *member, bool path,
                                 struct condition *condition)
{
    if (path) {
        return parse_rule_path(context, member, &condition->operand_path);
    }
    condition->operand = member->value;
    const struct comparison_rule *rule = &comparisons[condition->comparison];
    if (rule->path) {
        TRY(parse_path_like(context, member->key, member->value));
    }
    if (!operand_fits(rule, member->value)) {
        static const char *const names[] = {"String", "Number", "Boolean", "Timestamp"};
        return PARSE_PROBLEM(context, member->key, member->value, "Expected value of type %s", names[rule->operand]);
    }
    return STATUS_OK;
}

static enum status parse_parts(const struct parse_context *context, const struct value_member *member, struct condition *condition)
{
    const struct value *const *items = &member->value;
    condition->count = 1;
    if (condition->kind == CONDITION_NOT) {
        if (member->value->type != VALUE_OBJECT) {
            return PARSE_PROBLEM(context, member->key, member->value, "Expected value of type Object");
        }
    } else {
        if (member->value->type != VALUE_ARRAY) {
            return PARSE_PROBLEM(context, member->key, member->value, "Expected value of type Array");
        }
        if (member->value->count == 0) {
            return PARSE_PROBLEM(context, member->key, member->value, "Value cannot be empty");
        }
        items = member->value->items;
        condition->count = member->value->count;
    }
    struct condition *parts = arena_array(context->parser->arena, struct condition, condition->count);
    TRY_NEW(parts);
    const struct parse_place list_place = {.parent = &context->place, .key = member->key};
    for (uint32_t at = 0; at < condition->count; at++) {
        struct parse_context there = *context;
        if (condition->kind == CONDITION_NOT) {
            there.place = list_place;
        } else {
            there.place = (struct parse_place){.parent = &list_place, .index = at};
        }
        TRY(parse_condition(&there, items[at], false, &parts[at]));
    }
    condition->parts = parts;
    return STATUS_OK;
}

/* What a key of a rule is: And, Or, Not, a comparison; else false. */
static bool find_kind(struct str key, struct condition *condition, bool *out_path)
{
    static const struct {
        const char *name;
        enum condition_kind kind;
    } combinators[] = {{"And", CONDITION_AND}, {"Or", CONDITION_OR}, {"Not", CONDITION_NOT}};
    for (size_t at = 0; at < sizeof combinators / sizeof combinators[0]; at++) {
        if (str_equal(key, str_of(combinators[at].name))) {
            condition->kind = combinators[at].kind;
            return true;
        }
    }
    condition->kind = CONDITION_COMPARISON;
    return find_comparison(key, &condition->comparison, out_path);
}

static bool is_rule_field(struct str key, bool top)
{
    return str_equal(key, STR("Comment")) || str_equal(key, STR("Variable")) ||
           (top && (str_equal(key, STR("Next")) || str_equal(key, STR("Assign"))));
}

static enum status hint_comparison(const struct parse_context *context, struct str key)
{
    static const char *const others[] = {"Variable", "Next", "And", "Or", "Not", "Comment", "Assign"};
    struct nearest nearest = nearest_begin(key);
    if (context->parser->findings->count > PARSE_HINTED_MAX) {
        return STATUS_OK;
    }
    for (int at = 0; at < COMPARISON_COUNT; at++) {
        nearest_try(&nearest, str_of(comparisons[at].name));
    }
    for (size_t at = 0; at < sizeof others / sizeof others[0]; at++) {
        nearest_try(&nearest, str_of(others[at]));
    }
    return parse_hint_name(context->parser, &nearest);
}

static bool is_jsonata_field(struct str key)
{
    return str_equal(key, STR("Condition")) || str_equal(key, STR("Output"));
}

static enum status parse_condition(const struct parse_context *context, const struct value *object, bool top,
                                   struct condition *condition)
{
    const struct value_member *test = NULL;
    const struct value_member *variable = NULL;
    bool path = false;
    bool unknown = false;
    if (object->type != VALUE_OBJECT) {
        return PARSE_PROBLEM(context, STR_NONE, object, "Expected value of type Object");
    }
    for (uint32_t at = 0; at < object->count; at++) {
        const struct value_member *member = &object->members[at];
        struct condition found = {0};
        bool found_path = false;
        if (str_equal(member->key, STR("Variable"))) {
            variable = member;
        } else if (find_kind(member->key, &found, &found_path)) {
            if (test != NULL) {
                return PARSE_PROBLEM(context, STR_NONE, object, "Exactly one comparison is allowed: [%.*s, %.*s]", STR_ARGS(test->key),
                                     STR_ARGS(member->key));
            }
            test = member;
            *condition = found;
            path = found_path;
        } else if (!is_rule_field(member->key, top)) {
            if (is_jsonata_field(member->key)) {
                TRY(parse_other_language(context, member));
            } else {
                TRY(parse_unsupported(context, member));
                TRY(hint_comparison(context, member->key));
                unknown = true;
            }
        }
    }
    if (test == NULL && unknown) {
        return STATUS_OK; /* that is the one */
    }
    if (test == NULL) {
        return PARSE_PROBLEM(context, STR_NONE, object, "A comparison, And, Or or Not is required");
    }
    if (condition->kind != CONDITION_COMPARISON) {
        if (variable != NULL) {
            TRY(parse_unsupported(context, variable));
        }
        return parse_parts(context, test, condition);
    }
    if (variable == NULL) {
        return PARSE_PROBLEM(context, STR_NONE, object, "These fields are required: [Variable]");
    }
    TRY(parse_rule_path(context, variable, &condition->variable));
    return parse_operand(context, test, path, condition);
}

static enum status parse_jsonata_rule(const struct parse_context *context, const struct value *object, struct condition *condition)
{
    static const char *const fields[] = {"Condition", "Next", "Assign", "Output", "Comment"};
    const struct value *value = value_get(object, STR("Condition"));
    for (uint32_t at = 0; at < object->count; at++) {
        const struct value_member *member = &object->members[at];
        struct condition found = {0};
        bool path = false;
        bool known = false;
        for (size_t field = 0; field < sizeof fields / sizeof fields[0]; field++) {
            known = known || str_equal(member->key, str_of(fields[field]));
        }
        if (!known) {
            bool other = str_equal(member->key, STR("Variable")) || find_kind(member->key, &found, &path);
            TRY(other ? parse_other_language(context, member) : parse_unsupported(context, member));
        }
    }
    if (value == NULL) {
        return PARSE_PROBLEM(context, STR_NONE, object, "These fields are required: [Condition]");
    }
    if (value->type != VALUE_BOOLEAN && !(value->type == VALUE_STRING && expression_is_jsonata(value->string))) {
        return PARSE_PROBLEM(context, STR("Condition"), value, "Expected a JSONata expression or a value of type Boolean");
    }
    condition->kind = CONDITION_EXPRESSION;
    return parse_template(context, object, STR("Condition"), &condition->expression);
}

static enum status parse_rule(const struct parse_context *context, const struct value *object, struct choice_rule *rule)
{
    struct condition *condition = arena_new(context->parser->arena, struct condition);
    TRY_NEW(condition);
    rule->next = STATE_NONE;
    rule->condition = condition;
    if (object->type != VALUE_OBJECT) {
        return PARSE_PROBLEM(context, STR_NONE, object, "Expected value of type Object");
    }
    struct str comment = STR_NONE;
    TRY(parse_string(context, object, STR("Comment"), &comment));
    if (context->state->jsonata) {
        TRY(parse_jsonata_rule(context, object, condition));
        TRY(parse_template(context, object, STR("Output"), &rule->output));
    } else {
        TRY(parse_condition(context, object, true, condition));
    }
    TRY(parse_assign(context, object, &context->place, &rule->assign));
    return parse_target(context, object, &context->place, STR("Next"), true, &rule->next);
}

/* Counts the paths that read the input; whether each can be looked up in its text. */
static bool count_scans(const struct condition *condition, uint32_t *count)
{
    const struct path *paths[] = {condition->variable, condition->operand_path};
    if (condition->kind == CONDITION_EXPRESSION || (condition->count > 0 && condition->parts == NULL)) {
        return false; /* or it is refused anyway */
    }
    for (uint32_t at = 0; at < condition->count; at++) {
        if (!count_scans(&condition->parts[at], count)) {
            return false;
        }
    }
    for (size_t at = 0; at < sizeof paths / sizeof paths[0]; at++) {
        if (paths[at] != NULL && path_root(paths[at]) == PATH_ROOT_INPUT) {
            *count += 1;
            if (!path_is_reference(paths[at])) {
                return false;
            }
        }
    }
    return true;
}

static bool choice_scans(const struct state_choice *choice)
{
    uint32_t count = 0;
    for (uint32_t at = 0; at < choice->rule_count; at++) {
        if (!count_scans(choice->rules[at].condition, &count)) {
            return false;
        }
    }
    return count <= SCANS_MAX;
}

enum status parse_choice(struct parse_context *context)
{
    struct str key = STR("Choices");
    struct state_choice *choice = &context->state->choice;
    const struct value *list = value_get(context->object, key);
    choice->default_next = STATE_NONE;
    if (list == NULL) {
        return PARSE_PROBLEM(context, STR_NONE, context->object, "These fields are required: [Choices]");
    }
    if (list->type != VALUE_ARRAY) {
        return PARSE_PROBLEM(context, key, list, "Expected value of type Array");
    }
    if (list->count == 0) {
        return PARSE_PROBLEM(context, key, list, "Value cannot be empty");
    }
    struct choice_rule *rules = arena_array(context->parser->arena, struct choice_rule, list->count);
    TRY_NEW(rules);
    const struct parse_place list_place = {.parent = &context->place, .key = key};
    for (uint32_t at = 0; at < list->count; at++) {
        struct parse_context there = *context;
        there.place = (struct parse_place){.parent = &list_place, .index = at};
        TRY(parse_rule(&there, list->items[at], &rules[at]));
    }
    choice->rules = rules;
    choice->rule_count = list->count;
    choice->scans = choice_scans(choice);
    return parse_target(context, context->object, &context->place, STR("Default"), false, &choice->default_next);
}
