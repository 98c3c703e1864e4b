#include "asl/jsonata/call.h"

#include "asl/jsonata/builtins.h"
#include "asl/jsonata/code_points.h"
#include "asl/jsonata/environment.h"
#include "asl/jsonata/evaluate.h"
#include "asl/jsonata/regex.h"
#include "asl/jsonata/table.h"
#include "asl/jsonata/transform.h"
#include "base/assert.h"

/* A call that is still to be made: the last thing its function does. */
struct thunk {
    const struct node *node;
    struct datum input;
    struct environment *environment;
};

static const struct datum null_datum = {.type = DATUM_NULL};

/* How a message names what is called. */
static struct datum name_of(const struct node *procedure)
{
    if (procedure->type == NODE_PATH) {
        return datum_string(procedure->items[0]->text);
    }
    if (procedure->type == NODE_NUMBER) {
        return datum_number(procedure->number);
    }
    bool is_named = procedure->type == NODE_STRING || procedure->type == NODE_VARIABLE;
    return is_named ? datum_string(procedure->text) : DATUM_NONE;
}

/* Whether the name without $ would have been a function or variable: the reference then asks "did you mean". */
static bool is_forgotten_dollar(struct evaluation *evaluation, const struct node *procedure, struct datum found,
                                const struct environment *environment)
{
    if (found.type != DATUM_UNDEFINED || procedure->type != NODE_PATH) {
        return false;
    }
    struct str name = procedure->items[0]->text;
    for (uint32_t at = 0; at < evaluation->program->variable_count; at++) {
        const struct variable *variable = &evaluation->program->variables[at];
        if (variable->name.bytes != NULL && str_equal(variable->name, name)) {
            return environment_find(evaluation, environment, at).type != DATUM_UNDEFINED;
        }
    }
    const struct value *bindings = evaluation->scope->bindings;
    return builtins_find(name) != NULL || (bindings != NULL && value_get(bindings, name) != NULL);
}

static enum status evaluate_arguments(struct evaluation *evaluation, const struct node *call, struct datum input,
                                      struct environment *environment, const struct datum *first,
                                      struct arguments *out_arguments)
{
    size_t count = call->count + (first != NULL ? 1 : 0);
    struct datum *items = arena_array(evaluation->arena, struct datum, count);
    TRY_NEW(items);
    size_t at = 0;
    if (first != NULL) {
        items[at++] = *first;
    }
    for (size_t argument = 0; argument < call->count; argument++) {
        TRY(evaluate_node(evaluation, call->items[argument], input, environment, &items[at++]));
    }
    *out_arguments = (struct arguments){items, count};
    return STATUS_OK;
}

/* Finds the procedure and the arguments, and calls it; `first` is put before the arguments unless it is NULL. */
static enum status call_node(struct evaluation *evaluation, const struct node *node, struct datum input,
                             struct environment *environment, const struct datum *first, struct datum *out_result)
{
    struct datum procedure = DATUM_NONE;
    struct arguments arguments;
    TRY(evaluate_node(evaluation, node->left, input, environment, &procedure));
    if (is_forgotten_dollar(evaluation, node->left, procedure, environment)) {
        enum status failed = evaluation_fail(evaluation, FAULT_T1005);
        evaluation_place(evaluation, node->position, name_of(node->left));
        return failed;
    }
    TRY(evaluate_arguments(evaluation, node, input, environment, first, &arguments));
    enum status status = call_apply(evaluation, procedure, arguments, input, out_result);
    if (status == STATUS_INVALID) {
        evaluation_place(evaluation, node->position, name_of(node->left));
    }
    return status;
}

enum status call_evaluate(struct evaluation *evaluation, const struct node *node, struct datum input,
                          struct environment *environment, struct datum *out_result)
{
    if (!node->tail) {
        return call_node(evaluation, node, input, environment, NULL, out_result);
    }
    struct thunk *thunk = arena_new(evaluation->arena, struct thunk);
    TRY_NEW(thunk);
    *thunk = (struct thunk){node, input, environment};
    *out_result = (struct datum){.type = DATUM_THUNK, .thunk = thunk};
    return STATUS_OK;
}

static enum status apply_lambda(struct evaluation *evaluation, const struct function *lambda, struct arguments arguments,
                                struct datum *out_result)
{
    struct environment *environment = arena_new(evaluation->arena, struct environment);
    TRY_NEW(environment);
    environment->outer = lambda->environment;
    for (size_t at = 0; at < lambda->node->count; at++) {
        struct datum argument = at < arguments.count ? arguments.items[at] : DATUM_NONE;
        TRY(environment_bind(evaluation, environment, lambda->node->items[at]->variable, argument));
    }
    return evaluate_node(evaluation, lambda->node->left, lambda->input, environment, out_result);
}

static enum status apply_builtin(struct evaluation *evaluation, const struct function *function, struct arguments arguments,
                                 struct datum *out_result)
{
    struct datum few[BUILTIN_ARGUMENTS_MAX] = {{0}};
    struct builtin_call call = {.arguments = arguments.items, .count = arguments.count, .builtin = function->builtin};
    if (arguments.count < BUILTIN_ARGUMENTS_MAX) {
        if (arguments.count > 0) {
            memcpy(few, arguments.items, arguments.count * sizeof few[0]);
        }
        call.arguments = few;
    }
    return function->builtin->call(evaluation, &call, out_result);
}

static enum status apply_partial(struct evaluation *evaluation, const struct function *partial, struct arguments arguments,
                                 struct datum *out_result)
{
    size_t count = partial->argument_count;
    struct datum *items = arena_array(evaluation->arena, struct datum, count);
    TRY_NEW(items);
    size_t given = 0;
    for (size_t at = 0; at < count; at++) {
        if (!partial->open[at]) {
            items[at] = partial->arguments[at];
        } else if (given < arguments.count) {
            items[at] = arguments.items[given++];
        }
    }
    return call_apply(evaluation, datum_function(partial->first), (struct arguments){items, count}, null_datum, out_result);
}

static enum status apply_chain(struct evaluation *evaluation, const struct function *chain, struct arguments arguments,
                               struct datum *out_result)
{
    struct datum between = DATUM_NONE;
    struct arguments first = {arguments.items, arguments.count > 0 ? 1 : 0};
    TRY(call_apply(evaluation, datum_function(chain->first), first, null_datum, &between));
    return call_apply(evaluation, datum_function(chain->second), (struct arguments){&between, 1}, null_datum, out_result);
}

enum status call_match_object(struct evaluation *evaluation, const struct regex *regex, struct str text,
                              const struct regex_match *match, size_t start, struct datum *out_object)
{
    struct function *next = arena_new(evaluation->arena, struct function);
    struct table *table = table_create(evaluation->arena);
    TRY_NEW(next);
    TRY_NEW(table);
    struct arena *arena = evaluation->arena;
    struct str part = str_slice(text, match->start, match->end - match->start);
    size_t end = start + code_points_utf16_count(part);
    next->type = FUNCTION_NEXT;
    next->regex = regex;
    next->input = datum_string(text);
    next->offset = match->end;
    next->offset_units = end;
    TRY(table_set(arena, table, STR("match"), datum_string(part)));
    TRY(table_set(arena, table, STR("start"), datum_number((double)start)));
    TRY(table_set(arena, table, STR("end"), datum_number((double)end)));
    TRY(table_set(arena, table, STR("groups"), datum_array(match->groups, match->group_count, 0)));
    TRY(table_set(arena, table, STR("next"), datum_function(next)));
    *out_object = datum_table(table);
    return STATUS_OK;
}

/* The first match, or for FUNCTION_NEXT the one at or after `from`, as an object; undefined when there is none. */
static enum status find_match(struct evaluation *evaluation, const struct function *matcher, struct str text, size_t from,
                              struct datum *out_result)
{
    struct regex_match match = {.found = false};
    *out_result = DATUM_NONE;
    if (matcher->type == FUNCTION_NEXT) {
        TRY(regex_find_next(evaluation, matcher->regex, text, from, &match));
    } else {
        TRY(regex_find(evaluation, matcher->regex, text, from, &match));
    }
    if (!match.found) {
        return STATUS_OK;
    }
    size_t passed = code_points_utf16_count(str_slice(text, from, match.start - from));
    return call_match_object(evaluation, matcher->regex, text, &match, matcher->offset_units + passed, out_result);
}

static enum status apply_matcher(struct evaluation *evaluation, const struct function *function, struct arguments arguments,
                                 struct datum *out_result)
{
    if (function->type == FUNCTION_NEXT) {
        return find_match(evaluation, function, function->input.string, function->offset, out_result);
    }
    if (arguments.count == 0 || arguments.items[0].type != DATUM_STRING) {
        *out_result = DATUM_NONE;
        return STATUS_OK;
    }
    return find_match(evaluation, function, arguments.items[0].string, 0, out_result);
}

/* One call; a lambda's result may be a thunk. */
static enum status apply_once(struct evaluation *evaluation, struct datum procedure, struct arguments arguments,
                              struct datum input, struct datum *out_result)
{
    if (procedure.type != DATUM_FUNCTION) {
        return evaluation_fail(evaluation, FAULT_T1006);
    }
    const struct function *function = procedure.function;
    if (function->signature != NULL) {
        TRY(signature_apply(evaluation->arena, function->signature, arguments, input, &arguments, &evaluation->fault));
    }
    switch (function->type) {
    case FUNCTION_BUILTIN:
        return apply_builtin(evaluation, function, arguments, out_result);
    case FUNCTION_LAMBDA:
        return apply_lambda(evaluation, function, arguments, out_result);
    case FUNCTION_PARTIAL:
        return apply_partial(evaluation, function, arguments, out_result);
    case FUNCTION_CHAIN:
        return apply_chain(evaluation, function, arguments, out_result);
    case FUNCTION_REGEX:
    case FUNCTION_NEXT:
        return apply_matcher(evaluation, function, arguments, out_result);
    case FUNCTION_TRANSFORM:
        return transform_apply(evaluation, function, arguments.count > 0 ? arguments.items[0] : DATUM_NONE, out_result);
    }
    UNREACHABLE("function type");
}

/* Makes the call that the thunk holds off. */
static enum status force(struct evaluation *evaluation, const struct thunk *thunk, struct datum input,
                         struct datum *out_result)
{
    const struct node *node = thunk->node;
    struct datum procedure = DATUM_NONE;
    struct arguments arguments;
    TRY(evaluate_node(evaluation, node->left, thunk->input, thunk->environment, &procedure));
    TRY(evaluate_arguments(evaluation, node, thunk->input, thunk->environment, NULL, &arguments));
    enum status status = apply_once(evaluation, procedure, arguments, input, out_result);
    if (status == STATUS_INVALID) {
        evaluation_place(evaluation, node->position, name_of(node->left));
    }
    return status;
}

enum status call_apply(struct evaluation *evaluation, struct datum procedure, struct arguments arguments,
                       struct datum input, struct datum *out_result)
{
    struct datum result = DATUM_NONE;
    TRY(evaluation_enter(evaluation, &evaluation->call_depth));
    enum status status = apply_once(evaluation, procedure, arguments, input, &result);
    while (status == STATUS_OK && result.type == DATUM_THUNK) {
        status = evaluation_charge(evaluation, 1);
        if (status == STATUS_OK) {
            status = force(evaluation, result.thunk, input, &result);
        }
    }
    evaluation->call_depth--;
    TRY(status);
    *out_result = result;
    return STATUS_OK;
}

enum status call_with(struct evaluation *evaluation, struct datum function, struct arguments arguments,
                      struct datum *out_result)
{
    size_t arity = call_arity(function.function);
    if (arity < arguments.count) {
        arguments.count = arity < 1 ? 1 : arity;
    }
    return call_apply(evaluation, function, arguments, null_datum, out_result);
}

size_t call_arity(const struct function *function)
{
    switch (function->type) {
    case FUNCTION_BUILTIN:
        return function->builtin->arity;
    case FUNCTION_LAMBDA:
        return function->node->count;
    case FUNCTION_PARTIAL: {
        size_t open = 0;
        for (size_t at = 0; at < function->argument_count; at++) {
            open += function->open[at];
        }
        return open;
    }
    case FUNCTION_CHAIN:
    case FUNCTION_TRANSFORM:
        return 1;
    case FUNCTION_REGEX:
        return 2;
    case FUNCTION_NEXT:
        return 0;
    }
    UNREACHABLE("function type");
}

enum status call_lambda(struct evaluation *evaluation, const struct node *node, struct datum input,
                        struct environment *environment, struct datum *out_result)
{
    struct function *lambda = arena_new(evaluation->arena, struct function);
    TRY_NEW(lambda);
    lambda->type = FUNCTION_LAMBDA;
    lambda->signature = node->signature;
    lambda->node = node;
    lambda->environment = environment;
    lambda->input = input;
    *out_result = datum_function(lambda);
    return STATUS_OK;
}

enum status call_partial(struct evaluation *evaluation, const struct node *node, struct datum input,
                         struct environment *environment, struct datum *out_result)
{
    struct datum *arguments = arena_array(evaluation->arena, struct datum, node->count);
    bool *open = arena_array(evaluation->arena, bool, node->count);
    struct function *partial = arena_new(evaluation->arena, struct function);
    TRY_NEW(arguments);
    TRY_NEW(open);
    TRY_NEW(partial);
    for (size_t at = 0; at < node->count; at++) {
        open[at] = node->items[at]->type == NODE_PLACEHOLDER;
        if (!open[at]) {
            TRY(evaluate_node(evaluation, node->items[at], input, environment, &arguments[at]));
        }
    }
    struct datum procedure = DATUM_NONE;
    TRY(evaluate_node(evaluation, node->left, input, environment, &procedure));
    if (procedure.type != DATUM_FUNCTION) {
        bool forgotten = is_forgotten_dollar(evaluation, node->left, procedure, environment);
        enum status failed = evaluation_fail(evaluation, forgotten ? FAULT_T1007 : FAULT_T1008);
        evaluation_place(evaluation, node->position, name_of(node->left));
        return failed;
    }
    partial->type = FUNCTION_PARTIAL;
    partial->first = procedure.function;
    partial->arguments = arguments;
    partial->open = open;
    partial->argument_count = node->count;
    *out_result = datum_function(partial);
    return STATUS_OK;
}

/* left ~> right */
enum status call_chain(struct evaluation *evaluation, const struct node *node, struct datum input,
                       struct environment *environment, struct datum *out_result)
{
    struct datum left = DATUM_NONE;
    TRY(evaluate_node(evaluation, node->left, input, environment, &left));
    if (node->right->type == NODE_CALL) {
        return call_node(evaluation, node->right, input, environment, &left, out_result);
    }
    struct datum right = DATUM_NONE;
    TRY(evaluate_node(evaluation, node->right, input, environment, &right));
    if (right.type != DATUM_FUNCTION) {
        enum status failed = evaluation_fail_value(evaluation, FAULT_T2006, right);
        evaluation_place(evaluation, node->position, DATUM_NONE);
        return failed;
    }
    if (left.type != DATUM_FUNCTION) {
        enum status status = call_apply(evaluation, right, (struct arguments){&left, 1}, null_datum, out_result);
        if (status == STATUS_INVALID) {
            evaluation_place(evaluation, node->position, name_of(node->right));
        }
        return status;
    }
    struct function *chain = arena_new(evaluation->arena, struct function);
    TRY_NEW(chain);
    chain->type = FUNCTION_CHAIN;
    chain->first = left.function;
    chain->second = right.function;
    *out_result = datum_function(chain);
    return STATUS_OK;
}
