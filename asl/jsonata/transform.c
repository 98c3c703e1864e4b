#include "asl/jsonata/transform.h"

#include "asl/jsonata/call.h"
#include "asl/jsonata/environment.h"
#include "asl/jsonata/evaluate.h"
#include "asl/jsonata/sequence.h"
#include "asl/jsonata/table.h"
#include "base/limits.h"

enum status transform_create(struct evaluation *evaluation, const struct node *node, struct datum input,
                             struct environment *environment, struct datum *out_result)
{
    struct function *transform = arena_new(evaluation->arena, struct function);
    struct signature *signature = NULL;
    struct signature_error error;
    TRY_NEW(transform);
    TRY(signature_parse(evaluation->arena, STR("<(oa):o>"), &signature, &error));
    transform->type = FUNCTION_TRANSFORM;
    transform->signature = signature;
    transform->node = node;
    transform->environment = environment;
    transform->input = input;
    *out_result = datum_function(transform);
    return STATUS_OK;
}

static enum status clone_at(struct evaluation *evaluation, struct datum datum, uint32_t depth, struct datum *out_copy)
{
    if (depth > JSON_DEPTH_MAX) {
        return evaluation_fail_message(evaluation, FAULT_U1001, STR("The value is nested too deeply"));
    }
    *out_copy = datum;
    if (datum.type == DATUM_ARRAY) {
        struct sequence copy = {0};
        for (uint32_t at = 0; at < datum_count(datum); at++) {
            struct datum item = DATUM_NONE;
            TRY(clone_at(evaluation, datum_item(datum, at), depth + 1, &item));
            TRY(sequence_push(evaluation, &copy, item));
        }
        *out_copy = sequence_array(&copy, 0);
    } else if (datum.type == DATUM_OBJECT) {
        struct table *table = table_create(evaluation->arena);
        TRY_NEW(table);
        TRY(evaluation_charge(evaluation, datum_member_count(datum)));
        for (uint32_t at = 0; at < datum_member_count(datum); at++) {
            struct str key;
            struct datum member = datum_member(datum, at, &key);
            TRY(clone_at(evaluation, member, depth + 1, &member));
            if (member.type != DATUM_FUNCTION) {
                TRY(table_set(evaluation->arena, table, key, member));
            }
        }
        *out_copy = datum_table(table);
    }
    return STATUS_OK;
}

enum status transform_clone(struct evaluation *evaluation, struct datum datum, struct datum *out_copy)
{
    return clone_at(evaluation, datum, 0, out_copy);
}

static enum status update_object(struct evaluation *evaluation, const struct function *transform, struct datum match)
{
    const struct node *node = transform->node;
    struct datum update = DATUM_NONE;
    TRY(evaluate_node(evaluation, node->right, match, transform->environment, &update));
    if (update.type != DATUM_UNDEFINED && update.type != DATUM_OBJECT) {
        enum status failed = evaluation_fail_value(evaluation, FAULT_T2011, update);
        evaluation_place(evaluation, node->right->position, DATUM_NONE);
        return failed;
    }
    bool is_table = match.type == DATUM_OBJECT && match.backing == BACKING_BUILT;
    uint32_t count = update.type == DATUM_OBJECT && is_table ? datum_member_count(update) : 0;
    for (uint32_t at = 0; at < count; at++) {
        struct str key;
        struct datum member = datum_member(update, at, &key);
        TRY(table_set(evaluation->arena, match.table, key, member));
    }
    return STATUS_OK;
}

static enum status delete_members(struct evaluation *evaluation, const struct function *transform, struct datum match)
{
    const struct node *node = transform->node;
    struct datum names = DATUM_NONE;
    TRY(evaluate_node(evaluation, node->third, match, transform->environment, &names));
    if (names.type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    struct datum list = datum_as_array(&names);
    for (uint32_t at = 0; at < datum_count(list); at++) {
        if (datum_item(list, at).type != DATUM_STRING) {
            enum status failed = evaluation_fail_value(evaluation, FAULT_T2012, names);
            evaluation_place(evaluation, node->third->position, DATUM_NONE);
            return failed;
        }
    }
    bool is_table = match.type == DATUM_OBJECT && match.backing == BACKING_BUILT;
    for (uint32_t at = 0; is_table && at < datum_count(list); at++) {
        TRY(evaluation_charge(evaluation, match.table->count));
        table_remove(match.table, datum_item(list, at).string);
    }
    return STATUS_OK;
}

/* $clone may be a variable here; then its function makes the copy. */
static enum status make_copy(struct evaluation *evaluation, const struct function *transform, struct datum object,
                             struct datum *out_copy)
{
    for (uint32_t at = 0; at < evaluation->program->variable_count; at++) {
        const struct variable *variable = &evaluation->program->variables[at];
        if (variable->name.bytes == NULL || !str_equal(variable->name, STR("clone"))) {
            continue;
        }
        struct datum clone = environment_find(evaluation, transform->environment, at);
        if (clone.type != DATUM_FUNCTION) {
            enum status failed = evaluation_fail(evaluation, FAULT_T2013);
            evaluation_place(evaluation, transform->node->position, DATUM_NONE);
            return failed;
        }
        TRY(call_apply(evaluation, clone, (struct arguments){&object, 1}, transform->input, &object));
    }
    return transform_clone(evaluation, object, out_copy);
}

enum status transform_apply(struct evaluation *evaluation, const struct function *transform, struct datum object,
                            struct datum *out_result)
{
    *out_result = DATUM_NONE;
    if (object.type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    struct datum copy = DATUM_NONE;
    TRY(make_copy(evaluation, transform, object, &copy));
    struct datum matches = DATUM_NONE;
    TRY(evaluate_node(evaluation, transform->node->left, copy, transform->environment, &matches));
    if (matches.type == DATUM_UNDEFINED) {
        *out_result = copy;
        return STATUS_OK;
    }
    struct datum list = datum_as_array(&matches);
    for (uint32_t at = 0; at < datum_count(list); at++) {
        struct datum match = datum_item(list, at);
        match = match.type == DATUM_TUPLE ? match.tuple->context : match;
        TRY(update_object(evaluation, transform, match));
        if (transform->node->third != NULL) {
            TRY(delete_members(evaluation, transform, match));
        }
    }
    *out_result = copy;
    return STATUS_OK;
}
