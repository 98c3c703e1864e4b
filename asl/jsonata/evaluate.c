#include "asl/jsonata/evaluate.h"

#include "asl/jsonata/call.h"
#include "asl/jsonata/constructors.h"
#include "asl/jsonata/environment.h"
#include "asl/jsonata/function.h"
#include "asl/jsonata/location_path.h"
#include "asl/jsonata/operators.h"
#include "asl/jsonata/transform.h"
#include "base/assert.h"
#include "base/limits.h"

#define LEAF_MEMBERS_MAX 64 /* looking for a member among more is work of its own */

static enum status evaluate_block(struct evaluation *evaluation, const struct node *node, struct datum input,
                                  struct environment *outer, struct datum *out_result)
{
    struct environment *environment = arena_new(evaluation->arena, struct environment);
    TRY_NEW(environment);
    environment->outer = outer;
    *out_result = DATUM_NONE;
    for (size_t at = 0; at < node->count; at++) {
        TRY(evaluate_node(evaluation, node->items[at], input, environment, out_result));
    }
    return STATUS_OK;
}

static enum status evaluate_condition(struct evaluation *evaluation, const struct node *node, struct datum input,
                                      struct environment *environment, struct datum *out_result)
{
    struct datum condition = DATUM_NONE;
    TRY(evaluate_node(evaluation, node->left, input, environment, &condition));
    const struct node *branch = datum_truth(&evaluation->work, condition) ? node->right : node->third;
    *out_result = DATUM_NONE;
    return branch == NULL ? STATUS_OK : evaluate_node(evaluation, branch, input, environment, out_result);
}

static enum status evaluate_bind(struct evaluation *evaluation, const struct node *node, struct datum input,
                                 struct environment *environment, struct datum *out_result)
{
    TRY(evaluate_node(evaluation, node->right, input, environment, out_result));
    return environment_bind(evaluation, environment, node->left->variable, *out_result);
}

static struct datum evaluate_variable(struct evaluation *evaluation, const struct node *node, struct datum input,
                                      const struct environment *environment)
{
    if (node->variable != VARIABLE_CONTEXT) {
        return environment_find(evaluation, environment, node->variable);
    }
    bool is_wrapped = input.type == DATUM_ARRAY && (input.flags & DATUM_OUTER) != 0;
    return is_wrapped ? datum_item(input, 0) : input;
}

static enum status evaluate_regex(struct evaluation *evaluation, const struct node *node, struct datum *out_result)
{
    struct function *function = arena_new(evaluation->arena, struct function);
    TRY_NEW(function);
    function->type = FUNCTION_REGEX;
    function->regex = node->regex;
    *out_result = datum_function(function);
    return STATUS_OK;
}

static enum status dispatch(struct evaluation *evaluation, const struct node *node, struct datum input,
                            struct environment *environment, struct datum *out_result)
{
    switch (node->type) {
    case NODE_PATH:
        return location_path_evaluate(evaluation, node, input, environment, out_result);
    case NODE_NAME:
        return location_path_lookup(evaluation, input, node->text, out_result);
    case NODE_STRING:
        *out_result = datum_string(node->text);
        return STATUS_OK;
    case NODE_NUMBER:
        *out_result = datum_number(node->number);
        return STATUS_OK;
    case NODE_BOOLEAN:
        *out_result = datum_boolean(node->boolean);
        return STATUS_OK;
    case NODE_NULL:
        *out_result = (struct datum){.type = DATUM_NULL};
        return STATUS_OK;
    case NODE_WILDCARD:
        return location_path_wildcard(evaluation, input, out_result);
    case NODE_DESCENDANT:
        return location_path_descendants(evaluation, input, out_result);
    case NODE_PARENT:
        *out_result = environment_find(evaluation, environment, node->slot->label);
        return STATUS_OK;
    case NODE_VARIABLE:
        *out_result = evaluate_variable(evaluation, node, input, environment);
        return STATUS_OK;
    case NODE_REGEX:
        return evaluate_regex(evaluation, node, out_result);
    case NODE_BINARY:
        return operators_binary(evaluation, node, input, environment, out_result);
    case NODE_MINUS:
        return operators_minus(evaluation, node, input, environment, out_result);
    case NODE_ARRAY:
        return constructors_array(evaluation, node, input, environment, out_result);
    case NODE_OBJECT: {
        const struct group group = {.pairs = node->items, .count = node->count, .position = node->position};
        return constructors_group(evaluation, &group, input, environment, out_result);
    }
    case NODE_BLOCK:
        return evaluate_block(evaluation, node, input, environment, out_result);
    case NODE_CONDITION:
        return evaluate_condition(evaluation, node, input, environment, out_result);
    case NODE_BIND:
        return evaluate_bind(evaluation, node, input, environment, out_result);
    case NODE_LAMBDA:
        return call_lambda(evaluation, node, input, environment, out_result);
    case NODE_CALL:
        return call_evaluate(evaluation, node, input, environment, out_result);
    case NODE_PARTIAL:
        return call_partial(evaluation, node, input, environment, out_result);
    case NODE_APPLY:
        return call_chain(evaluation, node, input, environment, out_result);
    case NODE_TRANSFORM:
        return transform_create(evaluation, node, input, environment, out_result);
    case NODE_SORT:
    case NODE_TERM:
    case NODE_WORD:
    case NODE_PLACEHOLDER:
    case NODE_END:
    case NODE_TYPE_COUNT:
        break;
    }
    UNREACHABLE("node type when evaluating");
}

/* A sequence of one item is that item, one of none is undefined. */
static void unwrap(const struct node *node, struct datum *result)
{
    if (!datum_is_sequence(*result) || (result->flags & DATUM_TUPLES) != 0) {
        return;
    }
    if (node->keep_array) {
        result->flags |= DATUM_KEEP;
    }
    if (result->count == 0) {
        *result = DATUM_NONE;
    } else if ((result->flags & DATUM_KEEP) == 0 && result->count == 1) {
        *result = datum_item(*result, 0);
    }
}

static enum status evaluate_whole(struct evaluation *evaluation, const struct node *node, struct datum input,
                                  struct environment *environment, struct datum *out_result)
{
    *out_result = DATUM_NONE;
    TRY(dispatch(evaluation, node, input, environment, out_result));
    for (const struct stage *stage = node->predicates; stage != NULL; stage = stage->next) {
        TRY(location_path_filter(evaluation, stage->predicate, *out_result, environment, out_result));
    }
    if (node->group != NULL && node->type != NODE_PATH) {
        TRY(constructors_group(evaluation, node->group, *out_result, environment, out_result));
    }
    unwrap(node, out_result);
    return STATUS_OK;
}

/* What most nodes are: a constant, or a member of a JSON object. False: it takes more. */
static bool evaluate_leaf(const struct node *node, const struct datum *input, struct datum *out_result)
{
    const struct value *member;
    if (node->predicates != NULL || node->group != NULL) {
        return false;
    }
    switch ((int)node->type) {
    case NODE_STRING:
        *out_result = datum_string(node->text);
        return true;
    case NODE_NUMBER:
        *out_result = datum_number(node->number);
        return true;
    case NODE_NAME:
        if (input->type != DATUM_OBJECT || input->backing != BACKING_JSON || input->origin->count > LEAF_MEMBERS_MAX) {
            return false;
        }
        member = value_get(input->origin, node->text);
        if (member == NULL) {
            *out_result = DATUM_NONE;
        } else {
            datum_read(out_result, member);
        }
        return true;
    default:
        return false;
    }
}

enum status evaluate_node(struct evaluation *evaluation, const struct node *node, struct datum input,
                          struct environment *environment, struct datum *out_result)
{
    if (evaluation->depth < evaluation->limits.depth_max && evaluate_leaf(node, &input, out_result)) {
        return evaluation_charge(evaluation, 1);
    }
    TRY(evaluation_enter(evaluation, &evaluation->depth));
    enum status status = evaluate_whole(evaluation, node, input, environment, out_result);
    evaluation->depth--;
    return status;
}
