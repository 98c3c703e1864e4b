#include "asl/jsonata/constructors.h"

#include "asl/jsonata/environment.h"
#include "asl/jsonata/evaluate.h"
#include "asl/jsonata/location_path.h"
#include "asl/jsonata/sequence.h"
#include "asl/jsonata/table.h"

/* Whether an item of an array constructor stays one item though it is an array. The reference asks for a node whose text is
 * a bracket, and so takes the string "[" for one, too. */
static bool is_nested_array(const struct node *node)
{
    return str_equal(node->text, STR("["));
}

enum status constructors_array(struct evaluation *evaluation, const struct node *node, struct datum input,
                               struct environment *environment, struct datum *out_result)
{
    struct sequence sequence = {0};
    struct datum only = DATUM_NONE; /* a lone array need not be copied: [1..1000000] */
    for (size_t at = 0; at < node->count; at++) {
        struct datum value = DATUM_NONE;
        TRY(evaluate_node(evaluation, node->items[at], input, environment, &value));
        if (value.type == DATUM_UNDEFINED) {
            continue;
        }
        if (is_nested_array(node->items[at])) {
            TRY(sequence_push(evaluation, &sequence, value));
        } else if (node->count == 1 && value.type == DATUM_ARRAY) {
            only = value;
        } else {
            TRY(sequence_append(evaluation, &sequence, value));
        }
    }
    struct datum result = only.type == DATUM_ARRAY ? only : sequence_array(&sequence, 0);
    result.flags = node->cons_array ? DATUM_CONS : 0;
    *out_result = result;
    return STATUS_OK;
}

/* The items that share a key. */
struct bucket {
    struct str key;
    size_t pair; /* whose key expression gave the key */
    struct sequence items;
    bool is_lone; /* one item that was never appended to: it stands for itself, also when it is an array */
    struct datum lone;
};

struct grouping {
    struct table *buckets; /* key to number of bucket */
    struct bucket *list;
    uint32_t count;
    uint32_t capacity;
};

static enum status new_bucket(struct evaluation *evaluation, struct grouping *grouping, struct str key, size_t pair,
                              struct datum item)
{
    if (grouping->count == grouping->capacity) {
        uint32_t capacity = grouping->capacity == 0 ? 4 : grouping->capacity * 2;
        struct bucket *list = arena_array(evaluation->arena, struct bucket, capacity);
        TRY_NEW(list);
        if (grouping->count > 0) {
            memcpy(list, grouping->list, grouping->count * sizeof *list);
        }
        grouping->list = list;
        grouping->capacity = capacity;
    }
    TRY(table_set(evaluation->arena, grouping->buckets, key, datum_number(grouping->count)));
    grouping->list[grouping->count++] = (struct bucket){.key = key, .pair = pair, .is_lone = true, .lone = item};
    return STATUS_OK;
}

static enum status add_to_bucket(struct evaluation *evaluation, struct grouping *grouping, const struct group *group,
                                 struct datum key, size_t pair, struct datum item)
{
    const struct datum *known = table_find(grouping->buckets, key.string);
    if (known == NULL) {
        return new_bucket(evaluation, grouping, key.string, pair, item);
    }
    struct bucket *bucket = &grouping->list[(uint32_t)known->number];
    if (bucket->pair != pair) {
        enum status failed = evaluation_fail_value(evaluation, FAULT_D1009, key);
        evaluation_place(evaluation, group->position, DATUM_NONE);
        return failed;
    }
    if (bucket->is_lone) {
        bucket->is_lone = false;
        TRY(sequence_append(evaluation, &bucket->items, bucket->lone));
    }
    return sequence_append(evaluation, &bucket->items, item);
}

static enum status sort_into_buckets(struct evaluation *evaluation, const struct group *group, struct datum input,
                                     struct environment *environment, struct grouping *grouping)
{
    for (uint32_t at = 0; at < datum_count(input); at++) {
        struct datum item = datum_item(input, at);
        struct environment *inner = arena_new(evaluation->arena, struct environment);
        TRY_NEW(inner);
        struct datum context = location_path_context(item, environment, inner);
        for (size_t pair = 0; pair < group->count; pair++) {
            struct datum key = DATUM_NONE;
            TRY(evaluate_node(evaluation, group->pairs[2 * pair], context, inner, &key));
            if (key.type == DATUM_UNDEFINED) {
                continue;
            }
            if (key.type != DATUM_STRING) {
                enum status failed = evaluation_fail_value(evaluation, FAULT_T1003, key);
                evaluation_place(evaluation, group->position, DATUM_NONE);
                return failed;
            }
            TRY(add_to_bucket(evaluation, grouping, group, key, pair, item));
        }
    }
    return STATUS_OK;
}

static const struct binding *find_binding(const struct binding *bindings, const struct binding *until, variable_id variable)
{
    for (; bindings != until && bindings != NULL; bindings = bindings->next) {
        if (bindings->variable == variable) {
            return bindings;
        }
    }
    return NULL;
}

/* One tuple out of the many of a bucket: each variable is bound to all the values it has. */
static enum status merge_tuples(struct evaluation *evaluation, const struct sequence *tuples, struct datum *out_context,
                                const struct binding **out_bindings)
{
    struct sequence contexts = {0};
    const struct tuple *first = tuples->items[0].tuple;
    const struct binding *merged = NULL;
    for (uint32_t at = 0; at < tuples->count; at++) {
        TRY(sequence_append(evaluation, &contexts, tuples->items[at].tuple->context));
    }
    for (const struct binding *binding = first->bindings; binding != NULL; binding = binding->next) {
        if (find_binding(first->bindings, binding, binding->variable) != NULL) {
            continue; /* hidden by a later one */
        }
        struct sequence values = {0};
        for (uint32_t at = 0; at < tuples->count; at++) {
            const struct binding *other = find_binding(tuples->items[at].tuple->bindings, NULL, binding->variable);
            TRY(sequence_append(evaluation, &values, other == NULL ? DATUM_NONE : other->datum));
        }
        TRY(environment_chain(evaluation, merged, binding->variable, sequence_array(&values, 0), &merged));
    }
    *out_context = sequence_array(&contexts, 0);
    *out_bindings = merged;
    return STATUS_OK;
}

static enum status evaluate_bucket(struct evaluation *evaluation, const struct group *group, const struct bucket *bucket,
                                   struct environment *environment, struct datum *out_value)
{
    const struct node *expression = group->pairs[2 * bucket->pair + 1];
    struct environment *inner = arena_new(evaluation->arena, struct environment);
    TRY_NEW(inner);
    if (bucket->is_lone) {
        struct datum context = location_path_context(bucket->lone, environment, inner);
        return evaluate_node(evaluation, expression, context, inner, out_value);
    }
    struct datum context = sequence_array(&bucket->items, 0);
    inner->outer = environment;
    if (bucket->items.count > 0 && bucket->items.items[0].type == DATUM_TUPLE) {
        TRY(merge_tuples(evaluation, &bucket->items, &context, &inner->bindings));
    }
    return evaluate_node(evaluation, expression, context, inner, out_value);
}

enum status constructors_group(struct evaluation *evaluation, const struct group *group, struct datum input,
                               struct environment *environment, struct datum *out_result)
{
    struct datum nothing = DATUM_NONE;
    struct datum items = datum_as_array(&input);
    if (datum_count(items) == 0) {
        items = datum_array(&nothing, 1, 0); /* a literal object needs no items */
    }
    struct grouping grouping = {.buckets = table_create(evaluation->arena)};
    struct table *table = table_create(evaluation->arena);
    TRY_NEW(grouping.buckets);
    TRY_NEW(table);
    TRY(sort_into_buckets(evaluation, group, items, environment, &grouping));
    for (uint32_t at = 0; at < grouping.count; at++) {
        struct datum value = DATUM_NONE;
        TRY(evaluate_bucket(evaluation, group, &grouping.list[at], environment, &value));
        if (value.type != DATUM_UNDEFINED) {
            TRY(table_set(evaluation->arena, table, grouping.list[at].key, value));
        }
    }
    *out_result = datum_table(table);
    return STATUS_OK;
}
