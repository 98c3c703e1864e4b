#include "asl/jsonata/resolver.h"

#include "base/assert.h"

static enum status resolve(struct compilation *compilation, struct node *node, struct node **out_node);

static enum status fail(struct compilation *compilation, enum fault_code code, uint32_t position)
{
    return compilation_fail(compilation, code, position, DATUM_NONE);
}

static enum status add_slot(struct compilation *compilation, struct slot_list *list, struct slot *slot)
{
    list->slots =
        compilation_grow(compilation->arena, list->slots, sizeof *list->slots, list->count, &list->capacity);
    TRY_NEW(list->slots);
    list->slots[list->count++] = slot;
    return STATUS_OK;
}

/* Finds where in `node` the context of one level further out was current, and has it kept under the slot's label. */
static enum status seek_parent(struct compilation *compilation, struct node *node, struct slot *slot)
{
    if (node->type == NODE_NAME || node->type == NODE_WILDCARD) {
        slot->level--;
        if (slot->level == 0) {
            if (node->ancestor != NULL) {
                slot->label = node->ancestor->label;
            }
            node->ancestor = slot;
            node->tuple = true;
        }
        return STATUS_OK;
    }
    if (node->type == NODE_PARENT) {
        slot->level++;
        return STATUS_OK;
    }
    if (node->type == NODE_BLOCK) {
        if (node->count == 0) {
            return STATUS_OK;
        }
        node->tuple = true;
        return seek_parent(compilation, node->items[node->count - 1], slot);
    }
    if (node->type == NODE_PATH) {
        node->tuple = true;
        size_t at = node->count - 1;
        TRY(seek_parent(compilation, node->items[at], slot));
        while (slot->level > 0 && at > 0) {
            TRY(seek_parent(compilation, node->items[--at], slot));
        }
        return STATUS_OK;
    }
    return compilation_fail(compilation, FAULT_S0217, node->position, datum_string(str_of(ast_type_name(node->type))));
}

/* Hands the slots that `child` still seeks on to `node`. */
static enum status push_ancestry(struct compilation *compilation, struct node *node, const struct node *child)
{
    for (uint32_t at = 0; at < child->seeking.count; at++) {
        TRY(add_slot(compilation, &node->seeking, child->seeking.slots[at]));
    }
    return child->type == NODE_PARENT ? add_slot(compilation, &node->seeking, child->slot) : STATUS_OK;
}

/* Lets the slots of the path's last step find their steps further left. */
static enum status resolve_ancestry(struct compilation *compilation, struct node *path)
{
    struct node *last = path->items[path->count - 1];
    struct slot_list slots = {0};
    for (uint32_t at = 0; at < last->seeking.count; at++) {
        TRY(add_slot(compilation, &slots, last->seeking.slots[at]));
    }
    if (last->type == NODE_PARENT) {
        TRY(add_slot(compilation, &slots, last->slot));
    }
    for (uint32_t at = 0; at < slots.count; at++) {
        struct slot *slot = slots.slots[at];
        size_t left = path->count - 1; /* steps that were not tried yet */
        while (slot->level > 0) {
            if (left == 0) {
                TRY(add_slot(compilation, &path->seeking, slot));
                break;
            }
            struct node *step = path->items[--left];
            /* Steps in a row that bind their focus share one context. */
            while (left > 0 && step->focus != VARIABLE_NONE && path->items[left - 1]->focus != VARIABLE_NONE) {
                step = path->items[--left];
            }
            TRY(seek_parent(compilation, step, slot));
        }
    }
    return STATUS_OK;
}

static enum status path_create(struct compilation *compilation, struct node *step, struct node **out_path)
{
    struct node *path = arena_new(compilation->arena, struct node);
    TRY_NEW(path);
    struct node **steps = arena_array(compilation->arena, struct node *, 1);
    TRY_NEW(steps);
    steps[0] = step;
    *path = (struct node){.type = NODE_PATH,
                          .position = step->position,
                          .variable = VARIABLE_NONE,
                          .focus = VARIABLE_NONE,
                          .index = VARIABLE_NONE,
                          .items = steps,
                          .count = 1,
                          .capacity = 1};
    *out_path = path;
    return STATUS_OK;
}

static enum status add_step(struct compilation *compilation, struct node *path, struct node *step)
{
    path->items =
        compilation_grow(compilation->arena, path->items, sizeof(struct node *), path->count, &path->capacity);
    TRY_NEW(path->items);
    path->items[path->count++] = step;
    return STATUS_OK;
}

static void add_stage(struct stage **list, struct stage *stage)
{
    while (*list != NULL) {
        list = &(*list)->next;
    }
    *list = stage;
}

/* Marks what the steps of a path, put together, mean for each other. */
static enum status check_steps(struct compilation *compilation, struct node *path)
{
    for (size_t at = 0; at < path->count; at++) {
        struct node *step = path->items[at];
        if (step->type == NODE_NUMBER || step->type == NODE_BOOLEAN || step->type == NODE_NULL) {
            enum status failed = fail(compilation, FAULT_S0213, step->position);
            compilation->fault.value = step->type == NODE_NUMBER    ? datum_number(step->number)
                                       : step->type == NODE_BOOLEAN ? datum_boolean(step->boolean)
                                                                    : (struct datum){.type = DATUM_NULL};
            return failed;
        }
        if (step->type == NODE_STRING) {
            step->type = NODE_NAME;
        }
        path->keep_singleton |= step->keep_array;
    }
    struct node *first = path->items[0];
    struct node *last = path->items[path->count - 1];
    first->cons_array |= first->type == NODE_ARRAY;
    last->cons_array |= last->type == NODE_ARRAY;
    return STATUS_OK;
}

/* left.right */
static enum status resolve_dot(struct compilation *compilation, struct node *node, struct node **out_node)
{
    struct node *path = NULL;
    struct node *rest = NULL;
    TRY(resolve(compilation, node->left, &path));
    if (path->type != NODE_PATH) {
        struct node *step = path;
        TRY(path_create(compilation, step, &path));
        if (step->type == NODE_PARENT) {
            TRY(add_slot(compilation, &path->seeking, step->slot));
        }
    }
    TRY(resolve(compilation, node->right, &rest));
    if (rest->type == NODE_PATH) {
        for (size_t at = 0; at < rest->count; at++) {
            TRY(add_step(compilation, path, rest->items[at]));
        }
    } else {
        if (rest->predicates != NULL) {
            rest->stages = rest->predicates;
            rest->predicates = NULL;
        }
        TRY(add_step(compilation, path, rest));
    }
    TRY(check_steps(compilation, path));
    *out_node = path;
    return resolve_ancestry(compilation, path);
}

/* left[right] */
static enum status resolve_filter(struct compilation *compilation, struct node *node, struct node **out_node)
{
    struct node *result = NULL;
    struct node *predicate = NULL;
    TRY(resolve(compilation, node->left, &result));
    struct node *step = result->type == NODE_PATH ? result->items[result->count - 1] : result;
    if (step->group != NULL) {
        return fail(compilation, FAULT_S0209, node->position);
    }
    TRY(resolve(compilation, node->right, &predicate));
    for (uint32_t at = 0; at < predicate->seeking.count; at++) {
        struct slot *slot = predicate->seeking.slots[at];
        if (slot->level == 1) {
            TRY(seek_parent(compilation, step, slot));
        } else {
            slot->level--;
        }
    }
    if (predicate->seeking.count > 0) {
        TRY(push_ancestry(compilation, step, predicate));
    }
    struct stage *stage = arena_new(compilation->arena, struct stage);
    TRY_NEW(stage);
    *stage = (struct stage){.type = STAGE_FILTER, .predicate = predicate};
    add_stage(result->type == NODE_PATH ? &step->stages : &step->predicates, stage);
    *out_node = result;
    return STATUS_OK;
}

/* Resolves the nodes of a list in place; what they seek goes to `owner` unless that is NULL. */
static enum status resolve_items(struct compilation *compilation, struct node **items, size_t count, struct node *owner)
{
    for (size_t at = 0; at < count; at++) {
        TRY(resolve(compilation, items[at], &items[at]));
        if (owner != NULL) {
            TRY(push_ancestry(compilation, owner, items[at]));
        }
    }
    return STATUS_OK;
}

/* left{ key: value } */
static enum status resolve_group(struct compilation *compilation, struct node *node, struct node **out_node)
{
    struct node *result = NULL;
    TRY(resolve(compilation, node->left, &result));
    if (result->group != NULL) {
        return fail(compilation, FAULT_S0210, node->position);
    }
    TRY(resolve_items(compilation, node->items, 2 * node->count, NULL));
    struct group *group = arena_new(compilation->arena, struct group);
    TRY_NEW(group);
    *group = (struct group){.pairs = node->items, .count = node->count, .position = node->position};
    result->group = group;
    *out_node = result;
    return STATUS_OK;
}

/* left^(terms) */
static enum status resolve_order(struct compilation *compilation, struct node *node, struct node **out_node)
{
    struct node *path = NULL;
    TRY(resolve(compilation, node->left, &path));
    if (path->type != NODE_PATH) {
        TRY(path_create(compilation, path, &path));
    }
    node->type = NODE_SORT;
    for (size_t at = 0; at < node->count; at++) {
        struct node *term = node->items[at];
        TRY(resolve(compilation, term->left, &term->left));
        TRY(push_ancestry(compilation, node, term->left));
    }
    TRY(add_step(compilation, path, node));
    *out_node = path;
    return resolve_ancestry(compilation, path);
}

/* left@$right */
static enum status resolve_focus(struct compilation *compilation, struct node *node, struct node **out_node)
{
    struct node *result = NULL;
    TRY(resolve(compilation, node->left, &result));
    struct node *step = result->type == NODE_PATH ? result->items[result->count - 1] : result;
    if (step->stages != NULL || step->predicates != NULL) {
        return fail(compilation, FAULT_S0215, node->position);
    }
    if (step->type == NODE_SORT) {
        return fail(compilation, FAULT_S0216, node->position);
    }
    step->keep_array |= node->keep_array;
    step->focus = node->right->variable;
    step->tuple = true;
    *out_node = result;
    return STATUS_OK;
}

/* left#$right */
static enum status resolve_index(struct compilation *compilation, struct node *node, struct node **out_node)
{
    struct node *result = NULL;
    TRY(resolve(compilation, node->left, &result));
    struct node *step = result;
    if (result->type == NODE_PATH) {
        step = result->items[result->count - 1];
    } else {
        TRY(path_create(compilation, step, &result));
        if (step->predicates != NULL) {
            step->stages = step->predicates;
            step->predicates = NULL;
        }
    }
    if (step->stages == NULL) {
        step->index = node->right->variable;
    } else {
        struct stage *stage = arena_new(compilation->arena, struct stage);
        TRY_NEW(stage);
        *stage = (struct stage){.type = STAGE_INDEX, .index = node->right->variable};
        add_stage(&step->stages, stage);
    }
    step->tuple = true;
    *out_node = result;
    return STATUS_OK;
}

/* An operator that takes both sides as they are. */
static enum status resolve_operands(struct compilation *compilation, struct node *node)
{
    TRY(resolve(compilation, node->left, &node->left));
    TRY(resolve(compilation, node->right, &node->right));
    if (node->operator == OPERATOR_ASSIGN) {
        node->type = NODE_BIND;
        return push_ancestry(compilation, node, node->right);
    }
    if (node->operator == OPERATOR_CHAIN) {
        node->type = NODE_APPLY;
        node->keep_array |= node->left->keep_array || node->right->keep_array;
        return STATUS_OK;
    }
    TRY(push_ancestry(compilation, node, node->left));
    return push_ancestry(compilation, node, node->right);
}

static enum status resolve_binary(struct compilation *compilation, struct node *node, struct node **out_node)
{
    bool keep = node->keep_array;
    enum status status = STATUS_OK;
    *out_node = node;
    if (node->operator == OPERATOR_DOT) {
        status = resolve_dot(compilation, node, out_node);
    } else if (node->operator == OPERATOR_OPEN_BRACKET) {
        status = resolve_filter(compilation, node, out_node);
    } else if (node->operator == OPERATOR_OPEN_BRACE) {
        status = resolve_group(compilation, node, out_node);
    } else if (node->operator == OPERATOR_ORDER) {
        status = resolve_order(compilation, node, out_node);
    } else if (node->operator == OPERATOR_FOCUS) {
        status = resolve_focus(compilation, node, out_node);
    } else if (node->operator == OPERATOR_INDEX) {
        status = resolve_index(compilation, node, out_node);
    } else {
        status = resolve_operands(compilation, node);
    }
    if (status == STATUS_OK) {
        (*out_node)->keep_array |= keep;
    }
    return status;
}

static enum status resolve_minus(struct compilation *compilation, struct node *node, struct node **out_node)
{
    bool keep = node->keep_array;
    TRY(resolve(compilation, node->left, &node->left));
    *out_node = node;
    if (node->left->type == NODE_NUMBER) {
        node->left->number = -node->left->number;
        node->left->keep_array |= keep;
        *out_node = node->left;
        return STATUS_OK;
    }
    return push_ancestry(compilation, node, node->left);
}

static enum status resolve_block(struct compilation *compilation, struct node *block)
{
    TRY(resolve_items(compilation, block->items, block->count, block));
    for (size_t at = 0; at < block->count; at++) {
        const struct node *part = block->items[at];
        block->cons_array |= part->cons_array || (part->type == NODE_PATH && part->items[0]->cons_array);
    }
    return STATUS_OK;
}

/* Marks the calls that a function's body ends with: they need no return to it. */
static void mark_tail_calls(struct node *node)
{
    if (node->predicates != NULL || node->group != NULL) {
        return;
    }
    if (node->type == NODE_CALL) {
        node->tail = true;
    } else if (node->type == NODE_CONDITION) {
        mark_tail_calls(node->right);
        if (node->third != NULL) {
            mark_tail_calls(node->third);
        }
    } else if (node->type == NODE_BLOCK && node->count > 0) {
        mark_tail_calls(node->items[node->count - 1]);
    }
}

static enum status resolve_condition(struct compilation *compilation, struct node *node)
{
    struct node **parts[] = {&node->left, &node->right, &node->third};
    for (size_t at = 0; at < 3 && *parts[at] != NULL; at++) {
        TRY(resolve(compilation, *parts[at], parts[at]));
        TRY(push_ancestry(compilation, node, *parts[at]));
    }
    return STATUS_OK;
}

static enum status resolve_transform(struct compilation *compilation, struct node *node)
{
    TRY(resolve(compilation, node->left, &node->left));
    TRY(resolve(compilation, node->right, &node->right));
    return node->third == NULL ? STATUS_OK : resolve(compilation, node->third, &node->third);
}

static enum status resolve_name(struct compilation *compilation, struct node *node, struct node **out_node)
{
    node->type = NODE_NAME;
    TRY(path_create(compilation, node, out_node));
    (*out_node)->keep_singleton = node->keep_array;
    (*out_node)->keep_array = node->keep_array;
    return STATUS_OK;
}

static enum status resolve_parent(struct compilation *compilation, struct node *node)
{
    node->slot = arena_new(compilation->arena, struct slot);
    TRY_NEW(node->slot);
    node->slot->level = 1;
    return compilation_variable(compilation, STR_NONE, &node->slot->label);
}

static enum status resolve(struct compilation *compilation, struct node *node, struct node **out_node)
{
    *out_node = node;
    switch (node->type) {
    case NODE_BINARY:
        return resolve_binary(compilation, node, out_node);
    case NODE_MINUS:
        return resolve_minus(compilation, node, out_node);
    case NODE_ARRAY:
        return resolve_items(compilation, node->items, node->count, node);
    case NODE_OBJECT:
        return resolve_items(compilation, node->items, 2 * node->count, node);
    case NODE_CALL:
    case NODE_PARTIAL:
        TRY(resolve_items(compilation, node->items, node->count, node));
        return resolve(compilation, node->left, &node->left);
    case NODE_LAMBDA:
        TRY(resolve(compilation, node->left, &node->left));
        mark_tail_calls(node->left);
        return STATUS_OK;
    case NODE_CONDITION:
        return resolve_condition(compilation, node);
    case NODE_TRANSFORM:
        return resolve_transform(compilation, node);
    case NODE_BLOCK:
        return resolve_block(compilation, node);
    case NODE_NAME:
    case NODE_WORD:
        return resolve_name(compilation, node, out_node);
    case NODE_PARENT:
        return resolve_parent(compilation, node);
    case NODE_END:
        return compilation_fail(compilation, FAULT_S0207, node->position, datum_string(node->text));
    case NODE_STRING:
    case NODE_NUMBER:
    case NODE_BOOLEAN:
    case NODE_NULL:
    case NODE_WILDCARD:
    case NODE_DESCENDANT:
    case NODE_VARIABLE:
    case NODE_REGEX:
    case NODE_PLACEHOLDER:
        return STATUS_OK;
    case NODE_PATH:
    case NODE_BIND:
    case NODE_APPLY:
    case NODE_SORT:
    case NODE_TERM:
    case NODE_TYPE_COUNT:
        break;
    }
    UNREACHABLE("node type before resolving");
}

enum status resolver_resolve(struct compilation *compilation, struct node *root, struct node **out_root)
{
    struct node *node = NULL;
    TRY(resolve(compilation, root, &node));
    if (node->type == NODE_PARENT || node->seeking.count > 0) {
        return compilation_fail(compilation, FAULT_S0217, node->position,
                                datum_string(str_of(ast_type_name(node->type))));
    }
    *out_root = node;
    return STATUS_OK;
}
