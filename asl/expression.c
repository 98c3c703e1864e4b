#include "asl/expression.h"

#include "asl/errors.h"
#include "base/assert.h"
#include "base/limits.h"

#include <stdlib.h>

struct compiler {
    struct arena *arena;
    bool jsonata;
    enum expression_sees sees;
    struct expression_problem **last; /* where the next problem is hung on */
};

static enum status compile(struct compiler *compiler, const struct value *value, struct str field, int depth,
                           struct expression **out_expression);

static enum status add_problem(struct compiler *compiler, struct expression_problem problem)
{
    struct expression_problem *added = arena_new(compiler->arena, struct expression_problem);
    TRY_NEW(added);
    *added = problem;
    *compiler->last = added;
    compiler->last = &added->next;
    return STATUS_OK;
}

/* A problem of a payload template. */
static enum status add_path_problem(struct compiler *compiler, const struct value *value, struct str message)
{
    return add_problem(compiler, (struct expression_problem){
                                     .code = STR("SCHEMA_VALIDATION_FAILED"), .message = message, .value = value});
}

static enum status expression_new(struct arena *arena, enum expression_kind kind, struct str field,
                                  struct expression **out_expression)
{
    struct expression *expression = arena_new(arena, struct expression);
    TRY_NEW(expression);
    expression->kind = kind;
    expression->field = field;
    *out_expression = expression;
    return STATUS_OK;
}

static void note_path(void *owner, const struct path *path)
{
    struct expression *expression = owner;
    expression->reads_context |= path_root(path) == PATH_ROOT_CONTEXT;
    expression->reads_variables |= path_root(path) == PATH_ROOT_VARIABLE;
}

static void note_variable(void *owner, struct str name)
{
    struct expression *expression = owner;
    /* `$states` may be used for its context; telling which member would need the tree. */
    expression->reads_context |= str_equal(name, STR("states"));
    expression->reads_variables |= !str_equal(name, STR("states"));
}

static enum status path_problem(struct arena *arena, struct str field, struct str *out_problem)
{
    TRY(arena_format(arena, out_problem, "The value for the field '%.*s' must be a valid JSONPath or a valid intrinsic function call",
                     STR_ARGS(field)));
    return STATUS_INVALID;
}

static enum status compile_path(struct arena *arena, struct str text, struct str field, bool intrinsics,
                                struct expression **out_expression, struct str *out_problem)
{
    struct expression *expression = NULL;
    TRY(expression_new(arena, EXPRESSION_PATH, field, &expression));
    TRY(arena_copy(arena, text, &expression->text));
    enum status status;
    if (intrinsics && intrinsic_is_call(text)) {
        expression->kind = EXPRESSION_INTRINSIC;
        status = intrinsic_compile(arena, text, &expression->intrinsic, out_problem);
        if (status == STATUS_OK) {
            intrinsic_paths(expression->intrinsic, note_path, expression);
        }
    } else {
        status = path_is_open(text) ? STATUS_INVALID : path_compile(arena, text, &expression->path, out_problem);
        if (status == STATUS_OK) {
            note_path(expression, expression->path);
        }
    }
    if (status == STATUS_INVALID) {
        return path_problem(arena, field, out_problem);
    }
    TRY(status);
    *out_expression = expression;
    return STATUS_OK;
}

/* What jsonata_references tells of, while it is checked. */
struct references {
    struct compiler *compiler;
    const struct value *value;
    struct str field;
    enum status status;
};

static bool states_has(const struct compiler *compiler, struct str name)
{
    return str_equal(name, STR("input")) || str_equal(name, STR("context")) ||
           (compiler->sees == EXPRESSION_SEES_RESULT && str_equal(name, STR("result"))) ||
           (compiler->sees == EXPRESSION_SEES_ERROR && str_equal(name, STR("errorOutput")));
}

static enum status hint_reference(struct arena *arena, bool top, struct str name, struct str *out_hint)
{
    if (str_equal(name, STR("errorOutput"))) {
        *out_hint = STR("only Assign and Output of a Catcher have it");
    } else if (str_equal(name, STR("result")) && !top) {
        *out_hint = STR("only Assign and Output of Task, Parallel and Map have it");
    } else if (!top) {
        *out_hint = STR("$states has input, result, errorOutput and context");
    } else if (name.length > 0 && strchr("$*", name.bytes[0]) == NULL) {
        return arena_format(arena, out_hint, "is it $states.input.%.*s, or the variable $%.*s?", STR_ARGS(name), STR_ARGS(name));
    } else {
        *out_hint = STR("the state's input is $states.input");
    }
    return STATUS_OK;
}

/* Seen on AWS: both are refused when the definition is created. */
static void check_reference(void *owner, enum jsonata_reference type, struct str name)
{
    struct references *references = owner;
    struct compiler *compiler = references->compiler;
    struct expression_problem problem = {
        .code = STR("UNSUPPORTED_JSONATA_EXPRESSION"), .field = references->field, .value = references->value};
    bool top = type == JSONATA_REFERENCE_TOP;
    if (references->status != STATUS_OK || (!top && states_has(compiler, name))) {
        return;
    }
    references->status =
        top ? arena_format(compiler->arena, &problem.message, "Reference to '%.*s' at the top level is not supported.", STR_ARGS(name))
            : arena_format(compiler->arena, &problem.message, "Field '$states.%.*s' does not exist.", STR_ARGS(name));
    if (references->status == STATUS_OK) {
        references->status = hint_reference(compiler->arena, top, name, &problem.hint);
    }
    if (references->status == STATUS_OK) {
        references->status = add_problem(compiler, problem);
    }
}

static enum status compile_jsonata(struct compiler *compiler, const struct value *value, struct str field,
                                   struct expression **out_expression)
{
    struct expression *expression = NULL;
    struct jsonata_error error;
    struct str text = value->string;
    TRY(expression_new(compiler->arena, EXPRESSION_JSONATA, field, &expression));
    TRY(arena_copy(compiler->arena, str_trim(str_slice(text, 2, text.length - 4)), &expression->text));
    enum status status = jsonata_compile(compiler->arena, expression->text, &expression->jsonata, &error);
    if (status == STATUS_INVALID) {
        TRY(expression_new(compiler->arena, EXPRESSION_CONSTANT, field, out_expression));
        (*out_expression)->constant = value;
        return add_problem(compiler, (struct expression_problem){.code = STR("INVALID_JSONATA_EXPRESSION"),
                                                                 .message = error.message,
                                                                 .field = field,
                                                                 .value = value});
    }
    TRY(status);
    jsonata_variables(expression->jsonata, note_variable, expression);
    struct references references = {compiler, value, field, STATUS_OK};
    jsonata_references(expression->jsonata, check_reference, &references);
    *out_expression = expression;
    return references.status;
}

bool expression_is_jsonata(struct str text)
{
    return text.length >= 4 && str_starts_with(text, STR("{%")) && str_ends_with(text, STR("%}"));
}

static bool is_half_open(struct str text)
{
    return str_starts_with(text, STR("{%")) || str_ends_with(text, STR("%}"));
}

/* The value of "key.$". */
static enum status compile_computed(struct compiler *compiler, const struct value *value, struct str field,
                                    struct expression **out_expression)
{
    struct str problem = STR_NONE;
    enum status status = value->type != VALUE_STRING
                             ? path_problem(compiler->arena, field, &problem)
                             : compile_path(compiler->arena, value->string, field, true, out_expression, &problem);
    if (status != STATUS_INVALID) {
        return status;
    }
    TRY(expression_new(compiler->arena, EXPRESSION_CONSTANT, field, out_expression));
    (*out_expression)->constant = value;
    return add_path_problem(compiler, value, problem);
}

/* The key as the result has it. */
static struct str plain_key(const struct value_member *member)
{
    struct str key = member->key;
    key.length -= str_ends_with(key, STR(".$")) ? 2 : 0;
    return key;
}

static int compare_plain_keys(const void *left, const void *right)
{
    const struct value_member *const *a = left;
    const struct value_member *const *b = right;
    int order = str_compare(plain_key(*a), plain_key(*b));
    return order != 0 ? order : ((*a)->key.length > (*b)->key.length) - ((*a)->key.length < (*b)->key.length);
}

/* "a" and "a.$" beside each other. JSON's own duplicates are settled when the text is read. */
static enum status check_twins(struct compiler *compiler, const struct value *object)
{
    const struct value_member **members = arena_array(compiler->arena, const struct value_member *, object->count);
    bool computed = false;
    TRY_NEW(members);
    for (uint32_t at = 0; at < object->count; at++) {
        members[at] = &object->members[at];
        computed = computed || str_ends_with(members[at]->key, STR(".$"));
    }
    if (!computed) {
        return STATUS_OK;
    }
    qsort(members, object->count, sizeof *members, compare_plain_keys);
    for (uint32_t at = 1; at < object->count; at++) {
        struct str key = plain_key(members[at]);
        struct str message;
        if (str_equal(key, plain_key(members[at - 1]))) {
            TRY(arena_format(compiler->arena, &message, "The field '%.*s' occurs twice, as '%.*s' and '%.*s.$'", STR_ARGS(key),
                             STR_ARGS(key), STR_ARGS(key)));
            TRY(add_path_problem(compiler, members[at]->value, message));
        }
    }
    return STATUS_OK;
}

/* One member of a payload template: "key.$" is computed, any other is walked. */
static enum status compile_member(struct compiler *compiler, const struct value_member *member, struct str field, int depth,
                                  struct expression_member *out_member)
{
    struct expression *expression = NULL;
    struct str key = member->key;
    if (!compiler->jsonata && str_ends_with(key, STR(".$"))) {
        TRY(arena_copy(compiler->arena, key, &field));
        TRY(compile_computed(compiler, member->value, field, &expression));
        key.length -= 2;
    } else {
        if (compiler->jsonata) {
            TRY(arena_format(compiler->arena, &field, "%.*s/%.*s", STR_ARGS(field), STR_ARGS(key)));
        }
        TRY(compile(compiler, member->value, field, depth, &expression));
    }
    TRY(arena_copy(compiler->arena, key, &out_member->key));
    out_member->value = expression;
    return STATUS_OK;
}

static enum status compile_members(struct compiler *compiler, const struct value *value, struct str field, int depth,
                                   struct expression *expression)
{
    struct expression_member *members = arena_array(compiler->arena, struct expression_member, value->count);
    TRY_NEW(members);
    bool constant = true;
    for (uint32_t at = 0; at < value->count; at++) {
        if (value->type == VALUE_OBJECT) {
            TRY(compile_member(compiler, &value->members[at], field, depth, &members[at]));
        } else {
            struct expression *item = NULL;
            struct str item_field = field;
            if (compiler->jsonata) {
                TRY(arena_format(compiler->arena, &item_field, "%.*s[%u]", STR_ARGS(field), at));
            }
            TRY(compile(compiler, value->items[at], item_field, depth, &item));
            members[at].value = item;
        }
        constant &= members[at].value->kind == EXPRESSION_CONSTANT;
        expression->reads_context |= members[at].value->reads_context;
        expression->reads_variables |= members[at].value->reads_variables;
    }
    if (!compiler->jsonata && value->type == VALUE_OBJECT) {
        TRY(check_twins(compiler, value));
    }
    if (constant) {
        expression->kind = EXPRESSION_CONSTANT;
        expression->constant = value;
    } else {
        expression->count = value->count;
        expression->members = members;
    }
    return STATUS_OK;
}

static enum status compile(struct compiler *compiler, const struct value *value, struct str field, int depth,
                           struct expression **out_expression)
{
    ASSERT(depth <= JSON_DEPTH_MAX); /* value_parse sees to it */
    if (compiler->jsonata && value->type == VALUE_STRING && expression_is_jsonata(value->string)) {
        return compile_jsonata(compiler, value, field, out_expression);
    }
    if (compiler->jsonata && value->type == VALUE_STRING && is_half_open(value->string)) {
        /* AWS's guide: "Improperly opening or closing the expression will result in a validation error." */
        TRY(add_problem(compiler,
                        (struct expression_problem){
                            .code = STR("INVALID_JSONATA_EXPRESSION"),
                            .message = STR("A JSONata expression must begin with '{%' and end with '%}', without blanks around"),
                            .field = field,
                            .value = value}));
    }
    struct expression *expression = NULL;
    TRY(expression_new(compiler->arena, EXPRESSION_CONSTANT, field, &expression));
    expression->constant = value;
    if (value->type == VALUE_OBJECT || value->type == VALUE_ARRAY) {
        expression->kind = value->type == VALUE_OBJECT ? EXPRESSION_OBJECT : EXPRESSION_ARRAY;
        TRY(compile_members(compiler, value, field, depth + 1, expression));
    }
    *out_expression = expression;
    return STATUS_OK;
}

static enum status compile_all(struct arena *arena, const struct value *value, const struct expression_place *place,
                               const struct expression **out_expression, const struct expression_problem **out_problems)
{
    struct expression_problem *problems = NULL;
    struct compiler compiler = {.arena = arena, .jsonata = place != NULL, .last = &problems};
    struct expression *expression = NULL;
    if (place != NULL) {
        compiler.sees = place->sees;
    }
    TRY(compile(&compiler, value, place == NULL ? STR_NONE : place->field, 0, &expression));
    *out_expression = expression;
    *out_problems = problems;
    return STATUS_OK;
}

enum status expression_template(struct arena *arena, const struct value *template, const struct expression **out_expression,
                                const struct expression_problem **out_problems)
{
    return compile_all(arena, template, NULL, out_expression, out_problems);
}

enum status expression_jsonata(struct arena *arena, const struct value *value, const struct expression_place *place,
                               const struct expression **out_expression, const struct expression_problem **out_problems)
{
    return compile_all(arena, value, place, out_expression, out_problems);
}

enum status expression_path(struct arena *arena, struct str text, struct str field, bool intrinsics,
                            const struct expression **out_expression, struct str *out_problem)
{
    struct expression *expression = NULL;
    TRY(compile_path(arena, text, field, intrinsics, &expression, out_problem));
    *out_expression = expression;
    return STATUS_OK;
}

enum status expression_constant(struct arena *arena, const struct value *constant, struct str field,
                                const struct expression **out_expression)
{
    struct expression *expression = NULL;
    TRY(expression_new(arena, EXPRESSION_CONSTANT, field, &expression));
    expression->constant = constant;
    *out_expression = expression;
    return STATUS_OK;
}

static enum status evaluate_path(struct arena *arena, const struct expression *expression, const struct expression_scope *scope,
                                 const struct value **out_value, struct failure *out_failure)
{
    struct str message;
    enum status status = path_evaluate(arena, expression->path, &scope->roots, out_value, &message);
    if (status == STATUS_NOT_FOUND || status == STATUS_INVALID) {
        struct str input = STR("{}");
        if (scope->roots.input != NULL) {
            TRY(value_to_text(arena, scope->roots.input, &input));
        }
        return failure_set(arena, out_failure, errors_name(ERROR_RUNTIME),
                           "The JSONPath '%.*s' specified for the field '%.*s' could not be found in the input '%.*s'",
                           STR_ARGS(expression->text), STR_ARGS(expression->field), STR_ARGS(input));
    }
    return status;
}

static enum status states_member(struct arena *arena, const struct value *states, struct str name, const struct value *member,
                                 const struct value **out_states)
{
    *out_states = states;
    return member == NULL ? STATUS_OK : value_object_with(arena, states, name, member, out_states);
}

static enum status jsonata_bindings(struct arena *arena, const struct expression_scope *scope, const struct value **out_bindings)
{
    const struct value *states = &value_empty_object;
    TRY(states_member(arena, states, STR("input"), scope->states_input, &states));
    TRY(states_member(arena, states, STR("result"), scope->states_result, &states));
    TRY(states_member(arena, states, STR("errorOutput"), scope->states_error_output, &states));
    TRY(states_member(arena, states, STR("context"), scope->roots.context, &states));
    const struct value *variables = scope->roots.variables != NULL ? scope->roots.variables : &value_empty_object;
    return value_object_with(arena, variables, STR("states"), states, out_bindings);
}

static enum status evaluate_jsonata(struct arena *arena, const struct expression *expression, const struct expression_scope *scope,
                                    const struct value **out_value, struct failure *out_failure)
{
    const struct value *bindings = NULL;
    TRY(jsonata_bindings(arena, scope, &bindings));
    const struct jsonata_scope jsonata_scope = {.bindings = bindings, .env = scope->env};
    const struct value *value = NULL;
    bool is_function = false;
    struct jsonata_error error;
    enum status status = jsonata_evaluate(arena, expression->jsonata, &jsonata_scope, &value, &is_function, &error);
    struct str name = errors_name(ERROR_QUERY_EVALUATION_ERROR);
    struct str text = expression->text;
    struct str field = expression->field;
    if (status == STATUS_INVALID) {
        TRY(failure_set(arena, out_failure, name,
                        "The JSONata expression '%.*s' specified for the field '%.*s' threw an error during evaluation. %.*s: %.*s",
                        STR_ARGS(text), STR_ARGS(field), STR_ARGS(error.code), STR_ARGS(error.message)));
    } else if (status != STATUS_OK) {
        return status;
    } else if (is_function) {
        TRY(failure_set(arena, out_failure, name,
                        "The JSONata expression '%.*s' specified for the field '%.*s' returned an unsupported result type.",
                        STR_ARGS(text), STR_ARGS(field)));
    } else if (value == NULL) {
        TRY(failure_set(arena, out_failure, name,
                        "The JSONata expression '%.*s' specified for the field '%.*s' returned nothing (undefined).",
                        STR_ARGS(text), STR_ARGS(field)));
    } else {
        *out_value = value;
        return STATUS_OK;
    }
    out_failure->location = field;
    return STATUS_OK;
}

static enum status evaluate_members(struct arena *arena, const struct expression *expression, const struct expression_scope *scope,
                                    const struct value **out_value, struct failure *out_failure)
{
    bool object = expression->kind == EXPRESSION_OBJECT;
    struct value_member *members = arena_array(arena, struct value_member, object ? expression->count : 0);
    const struct value **items = arena_array(arena, const struct value *, object ? 0 : expression->count);
    TRY_NEW(members);
    TRY_NEW(items);
    for (uint32_t at = 0; at < expression->count; at++) {
        const struct value *value = NULL;
        TRY(expression_evaluate(arena, expression->members[at].value, scope, &value, out_failure));
        if (failure_is(out_failure)) {
            return STATUS_OK;
        }
        if (object) {
            members[at] = (struct value_member){.key = expression->members[at].key, .value = value};
        } else {
            items[at] = value;
        }
    }
    return object ? value_object(arena, members, expression->count, out_value)
                  : value_array(arena, items, expression->count, out_value);
}

enum status expression_evaluate(struct arena *arena, const struct expression *expression, const struct expression_scope *scope,
                                const struct value **out_value, struct failure *out_failure)
{
    switch (expression->kind) {
    case EXPRESSION_CONSTANT:
        *out_value = expression->constant;
        return STATUS_OK;
    case EXPRESSION_PATH:
        return evaluate_path(arena, expression, scope, out_value, out_failure);
    case EXPRESSION_INTRINSIC:
        return intrinsic_evaluate(arena, expression->intrinsic, &scope->roots, scope->env, out_value, out_failure);
    case EXPRESSION_JSONATA:
        return evaluate_jsonata(arena, expression, scope, out_value, out_failure);
    case EXPRESSION_OBJECT:
    case EXPRESSION_ARRAY:
        return evaluate_members(arena, expression, scope, out_value, out_failure);
    }
    UNREACHABLE("expression kind");
}

enum status expression_unexpected(struct arena *arena, const struct expression *expression, const char *wanted,
                                  const struct value *value, struct failure *out_failure)
{
    static const char *const names[] = {"null", "boolean", "number", "string", "array", "object"};
    struct str text;
    TRY(value_to_text(arena, value, &text));
    TRY(failure_set(arena, out_failure, errors_name(ERROR_QUERY_EVALUATION_ERROR),
                    "The JSONata expression '%.*s' specified for the field '%.*s' returned an unexpected result type. Expected '%s', "
                    "but was '%s' for value: %.*s",
                    STR_ARGS(expression->text), STR_ARGS(expression->field), wanted, names[value->type], STR_ARGS(text)));
    out_failure->location = expression->field;
    return STATUS_OK;
}
