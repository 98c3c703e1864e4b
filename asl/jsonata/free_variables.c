#include "asl/jsonata/free_variables.h"

#include "base/limits.h"

/* A walk in the order of evaluation. */
struct walk {
    struct compilation *compilation;
    struct arena *arena;
    uint32_t *bound; /* [variable] how many scopes around bind it */
    bool *found;     /* [variable] */
    bool focused;    /* there is a context item: not at the top level, where Step Functions has none */
    variable_id *free_variables;
    uint32_t free_count;
    struct reference *references;
    uint32_t reference_count;
    uint32_t reference_capacity;
    variable_id *scope; /* what was bound, innermost last */
    uint32_t scope_count;
    uint32_t scope_capacity;
};

static enum status visit(struct walk *walk, const struct node *node);

static enum status bind(struct walk *walk, variable_id variable)
{
    if (variable == VARIABLE_NONE) {
        return STATUS_OK;
    }
    walk->scope = compilation_grow(walk->arena, walk->scope, sizeof *walk->scope, walk->scope_count, &walk->scope_capacity);
    TRY_NEW(walk->scope);
    walk->scope[walk->scope_count++] = variable;
    walk->bound[variable]++;
    return STATUS_OK;
}

/* Ends all scopes that began since there were `count` bindings. */
static void leave(struct walk *walk, uint32_t count)
{
    while (walk->scope_count > count) {
        walk->bound[walk->scope[--walk->scope_count]]--;
    }
}

static enum status visit_all(struct walk *walk, struct node *const *nodes, size_t count)
{
    for (size_t at = 0; at < count; at++) {
        TRY(visit(walk, nodes[at]));
    }
    return STATUS_OK;
}

/* Visits a node that is evaluated for each item of something. */
static enum status visit_focused(struct walk *walk, const struct node *node)
{
    bool around = walk->focused;
    walk->focused = true;
    TRY(visit(walk, node));
    walk->focused = around;
    return STATUS_OK;
}

static enum status add_reference(struct walk *walk, enum jsonata_reference type, struct str name)
{
    for (uint32_t at = 0; at < walk->reference_count; at++) {
        if (walk->references[at].type == type && str_equal(walk->references[at].name, name)) {
            return STATUS_OK;
        }
    }
    if (walk->reference_count == JSONATA_REFERENCES_MAX) {
        return STATUS_OK; /* enough to be told of */
    }
    walk->references = compilation_grow(walk->arena, walk->references, sizeof *walk->references, walk->reference_count,
                                        &walk->reference_capacity);
    TRY_NEW(walk->references);
    walk->references[walk->reference_count++] = (struct reference){type, name};
    return STATUS_OK;
}

/* Notes `$states.name`. */
static enum status note_states(struct walk *walk, const struct node *path)
{
    const struct node *first = path->items[0];
    bool is_states = path->count > 1 && first->type == NODE_VARIABLE && str_equal(first->text, STR("states")) &&
                     walk->bound[first->variable] == 0 && first->stages == NULL;
    return is_states && path->items[1]->type == NODE_NAME ? add_reference(walk, JSONATA_REFERENCE_STATES, path->items[1]->text)
                                                          : STATUS_OK;
}

/* Notes what only an input could give, when there is none. */
static enum status note_top(struct walk *walk, const struct node *node)
{
    if (node->type == NODE_VARIABLE && node->variable == VARIABLE_ROOT) {
        return add_reference(walk, JSONATA_REFERENCE_TOP, STR("$$"));
    }
    if (walk->focused) {
        return STATUS_OK;
    }
    if (node->type == NODE_NAME) {
        return add_reference(walk, JSONATA_REFERENCE_TOP, node->text);
    }
    return node->type == NODE_WILDCARD     ? add_reference(walk, JSONATA_REFERENCE_TOP, STR("*"))
           : node->type == NODE_DESCENDANT ? add_reference(walk, JSONATA_REFERENCE_TOP, STR("**"))
                                           : STATUS_OK;
}

static enum status visit_path(struct walk *walk, const struct node *path)
{
    TRY(note_states(walk, path));
    TRY(visit(walk, path->items[0]));
    for (size_t at = 1; at < path->count; at++) {
        TRY(visit_focused(walk, path->items[at]));
    }
    return STATUS_OK;
}

static enum status visit_stages(struct walk *walk, const struct stage *stage)
{
    for (; stage != NULL; stage = stage->next) {
        if (stage->type == STAGE_FILTER) {
            TRY(visit_focused(walk, stage->predicate));
        } else {
            TRY(bind(walk, stage->index));
        }
    }
    return STATUS_OK;
}

static void read_variable(struct walk *walk, variable_id variable)
{
    bool is_ours = variable == VARIABLE_CONTEXT || variable == VARIABLE_ROOT || walk->bound[variable] > 0;
    if (!is_ours && !walk->found[variable]) {
        walk->found[variable] = true;
        walk->free_variables[walk->free_count++] = variable;
    }
}

/* Step Functions has no $eval, and says so when the definition is created. */
static enum status check_call(struct walk *walk, const struct node *call)
{
    const struct node *procedure = call->left;
    bool is_eval = procedure->type == NODE_VARIABLE && str_equal(procedure->text, STR("eval"));
    if (is_eval && walk->bound[procedure->variable] == 0) {
        return compilation_fail(walk->compilation, FAULT_S0304, procedure->position, datum_string(procedure->text));
    }
    return STATUS_OK;
}

static enum status visit_children(struct walk *walk, const struct node *node)
{
    if (node->type == NODE_CALL || node->type == NODE_PARTIAL) {
        TRY(check_call(walk, node));
    }
    bool names_itself = node->type == NODE_BIND && node->right->type == NODE_LAMBDA;
    if (names_itself) {
        TRY(bind(walk, node->left->variable));
    }
    if (node->type == NODE_LAMBDA) {
        for (size_t at = 0; at < node->count; at++) {
            TRY(bind(walk, node->items[at]->variable));
        }
    } else if (node->type == NODE_PATH) {
        TRY(visit_path(walk, node));
    } else {
        size_t count = node->type == NODE_OBJECT ? 2 * node->count : node->count;
        TRY(visit_all(walk, node->items, count));
    }
    const struct node *parts[] = {node->type == NODE_BIND ? NULL : node->left, node->right, node->third};
    for (size_t at = 0; at < sizeof parts / sizeof parts[0]; at++) {
        if (parts[at] != NULL) {
            TRY(node->type == NODE_TRANSFORM ? visit_focused(walk, parts[at]) : visit(walk, parts[at]));
        }
    }
    return node->type == NODE_BIND && !names_itself ? bind(walk, node->left->variable) : STATUS_OK;
}

static enum status visit(struct walk *walk, const struct node *node)
{
    uint32_t around = walk->scope_count;
    TRY(note_top(walk, node));
    if (node->type == NODE_VARIABLE) {
        read_variable(walk, node->variable);
    } else {
        TRY(visit_children(walk, node));
    }
    TRY(visit_stages(walk, node->predicates));
    if (node->type == NODE_BLOCK || node->type == NODE_LAMBDA) {
        leave(walk, around);
    }
    TRY(bind(walk, node->focus)); /* for the steps that follow; the path around ends it */
    TRY(bind(walk, node->index));
    TRY(visit_stages(walk, node->stages));
    if (node->group != NULL) {
        for (size_t at = 0; at < 2 * node->group->count; at++) {
            TRY(visit_focused(walk, node->group->pairs[at]));
        }
    }
    if (node->type == NODE_PATH) {
        leave(walk, around);
    }
    return STATUS_OK;
}

enum status free_variables_find(struct compilation *compilation, const struct node *root, struct free_variables *out_found)
{
    struct arena *arena = compilation->arena;
    struct walk walk = {
        .compilation = compilation,
        .arena = arena,
        .bound = arena_array(arena, uint32_t, compilation->variable_count),
        .found = arena_array(arena, bool, compilation->variable_count),
        .free_variables = arena_array(arena, variable_id, compilation->variable_count),
    };
    TRY_NEW(walk.bound);
    TRY_NEW(walk.found);
    TRY_NEW(walk.free_variables);
    TRY(visit(&walk, root));
    *out_found = (struct free_variables){walk.free_variables, walk.free_count, walk.references, walk.reference_count};
    return STATUS_OK;
}
