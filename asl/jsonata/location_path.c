#include "asl/jsonata/location_path.h"

#include "asl/jsonata/constructors.h"
#include "asl/jsonata/environment.h"
#include "asl/jsonata/evaluate.h"
#include "asl/jsonata/ordering.h"
#include "asl/jsonata/sequence.h"
#include "base/assert.h"
#include "base/limits.h"

#include <math.h>

#define MEMBERS_A_STEP 16 /* of an object that is searched for a key */

static bool is_tuples(struct datum datum)
{
    return datum.type == DATUM_ARRAY && (datum.flags & DATUM_TUPLES) != 0;
}

struct datum location_path_context(struct datum item, struct environment *outer, struct environment *out_environment)
{
    *out_environment = (struct environment){.outer = outer};
    if (item.type != DATUM_TUPLE) {
        return item;
    }
    out_environment->bindings = item.tuple->bindings;
    return item.tuple->context;
}

/* An environment for an item that lambdas made there may keep. */
static enum status enter_item(struct evaluation *evaluation, struct datum item, struct environment *outer,
                              struct datum *out_context, struct environment **out_environment)
{
    *out_context = item;
    *out_environment = outer;
    if (item.type == DATUM_TUPLE) {
        struct environment *environment = arena_new(evaluation->arena, struct environment);
        TRY_NEW(environment);
        *out_context = location_path_context(item, outer, environment);
        *out_environment = environment;
    }
    return STATUS_OK;
}

static enum status add_tuple(struct evaluation *evaluation, struct sequence *sequence, struct datum context,
                             const struct binding *bindings)
{
    struct tuple *tuple = arena_new(evaluation->arena, struct tuple);
    TRY_NEW(tuple);
    *tuple = (struct tuple){context, bindings};
    return sequence_push(evaluation, sequence, (struct datum){.type = DATUM_TUPLE, .tuple = tuple});
}

static enum status lookup_in(struct evaluation *evaluation, struct datum input, struct str name, uint32_t depth,
                             struct sequence *sequence)
{
    TRY(evaluation_charge(evaluation, 1 + datum_count(input) / 4));
    for (uint32_t at = 0; at < datum_count(input); at++) {
        struct datum item = datum_item(input, at);
        if (item.type == DATUM_ARRAY && depth < JSON_DEPTH_MAX) {
            TRY(lookup_in(evaluation, item, name, depth + 1, sequence));
        } else if (item.type == DATUM_OBJECT) {
            TRY(evaluation_charge(evaluation, datum_member_count(item) / MEMBERS_A_STEP));
            TRY(sequence_append(evaluation, sequence, datum_get(item, name)));
        }
    }
    return STATUS_OK;
}

enum status location_path_lookup(struct evaluation *evaluation, struct datum input, struct str name, struct datum *out_result)
{
    *out_result = DATUM_NONE;
    if (input.type == DATUM_OBJECT) {
        *out_result = datum_get(input, name);
        return evaluation_charge(evaluation, datum_member_count(input) / MEMBERS_A_STEP);
    }
    if (input.type == DATUM_ARRAY) {
        struct sequence sequence = {0};
        TRY(lookup_in(evaluation, input, name, 0, &sequence));
        *out_result = sequence_array(&sequence, DATUM_SEQUENCE);
    }
    return STATUS_OK;
}

/* All that is no array, in arrays inside arrays. */
static enum status flatten(struct evaluation *evaluation, struct datum array, uint32_t depth, struct sequence *sequence)
{
    TRY(evaluation_charge(evaluation, 1));
    for (uint32_t at = 0; at < datum_count(array); at++) {
        struct datum item = datum_item(array, at);
        if (item.type == DATUM_ARRAY && depth < JSON_DEPTH_MAX) {
            TRY(flatten(evaluation, item, depth + 1, sequence));
        } else {
            TRY(sequence_push(evaluation, sequence, item));
        }
    }
    return STATUS_OK;
}

enum status location_path_wildcard(struct evaluation *evaluation, struct datum input, struct datum *out_result)
{
    struct sequence sequence = {0};
    uint8_t flags = DATUM_SEQUENCE;
    if (input.type == DATUM_ARRAY && (input.flags & DATUM_OUTER) != 0 && datum_count(input) > 0) {
        input = datum_item(input, 0);
    }
    bool is_array = input.type == DATUM_ARRAY;
    uint32_t count = is_array ? datum_count(input) : input.type == DATUM_OBJECT ? datum_member_count(input) : 0;
    for (uint32_t at = 0; at < count; at++) {
        struct str key;
        struct datum member = is_array ? datum_item(input, at) : datum_member(input, at, &key);
        if (member.type == DATUM_ARRAY) {
            TRY(flatten(evaluation, member, 0, &sequence));
            flags = 0; /* appending an array makes an array, which one item does not stand for */
        } else {
            TRY(sequence_push(evaluation, &sequence, member));
        }
    }
    *out_result = sequence_array(&sequence, flags);
    return STATUS_OK;
}

static enum status add_value_descendants(struct evaluation *evaluation, const struct value *value, uint32_t depth,
                                         struct sequence *sequence)
{
    bool is_array = value->type == VALUE_ARRAY;
    if (depth > JSON_DEPTH_MAX) {
        return evaluation_fail_message(evaluation, FAULT_U1001, STR("The value is nested too deeply"));
    }
    if (!is_array) {
        TRY(sequence_append_value(evaluation, sequence, value));
    }
    for (uint32_t at = 0; (is_array || value->type == VALUE_OBJECT) && at < value->count; at++) {
        TRY(add_value_descendants(evaluation, is_array ? value->items[at] : value->members[at].value, depth + 1, sequence));
    }
    return STATUS_OK;
}

static enum status add_descendants(struct evaluation *evaluation, struct datum datum, uint32_t depth,
                                   struct sequence *sequence)
{
    if (depth > JSON_DEPTH_MAX) {
        return evaluation_fail_message(evaluation, FAULT_U1001, STR("The value is nested too deeply"));
    }
    if (datum.origin != NULL) {
        return add_value_descendants(evaluation, datum.origin, depth, sequence);
    }
    if (datum.type == DATUM_ARRAY) {
        TRY(evaluation_charge(evaluation, 1));
        for (uint32_t at = 0; at < datum_count(datum); at++) {
            TRY(add_descendants(evaluation, datum_item(datum, at), depth + 1, sequence));
        }
        return STATUS_OK;
    }
    TRY(sequence_push(evaluation, sequence, datum));
    uint32_t count = datum.type == DATUM_OBJECT ? datum_member_count(datum) : 0;
    for (uint32_t at = 0; at < count; at++) {
        struct str key;
        TRY(add_descendants(evaluation, datum_member(datum, at, &key), depth + 1, sequence));
    }
    return STATUS_OK;
}

enum status location_path_descendants(struct evaluation *evaluation, struct datum input, struct datum *out_result)
{
    *out_result = DATUM_NONE;
    if (input.type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    struct sequence sequence = {0};
    TRY(add_descendants(evaluation, input, 0, &sequence));
    *out_result = sequence.count == 1 ? sequence.items[0] : sequence_array(&sequence, DATUM_SEQUENCE);
    return STATUS_OK;
}

static bool selects(double number, uint32_t index, uint32_t count)
{
    double wanted = floor(number);
    return (wanted < 0 ? wanted + count : wanted) == index;
}

/* Whether a predicate's result lets the item at `index` pass: numbers are positions, all else is true or false. */
static enum status passes(struct evaluation *evaluation, struct datum result, uint32_t index, uint32_t count, bool *out_passes)
{
    if (result.type == DATUM_NUMBER) {
        if (!isfinite(result.number)) {
            return evaluation_fail_value(evaluation, FAULT_D1001, result);
        }
        *out_passes = selects(result.number, index, count);
        return STATUS_OK;
    }
    bool numbers = result.type == DATUM_ARRAY;
    bool selected = false;
    for (uint32_t at = 0; numbers && at < datum_count(result); at++) {
        struct datum item = datum_item(result, at);
        numbers = item.type == DATUM_NUMBER;
        selected |= numbers && selects(item.number, index, count);
    }
    *out_passes = numbers ? selected : datum_truth(&evaluation->work, result);
    return numbers ? evaluation_charge(evaluation, datum_count(result) / 4) : STATUS_OK;
}

static enum status filter_each(struct evaluation *evaluation, const struct node *predicate, struct datum input,
                               struct environment *environment, struct sequence *results)
{
    uint32_t count = datum_count(input);
    for (uint32_t at = 0; at < count; at++) {
        struct datum item = datum_item(input, at);
        struct datum context;
        struct environment *inner;
        struct datum result = DATUM_NONE;
        bool keep = false;
        TRY(enter_item(evaluation, item, environment, &context, &inner));
        TRY(evaluate_node(evaluation, predicate, context, inner, &result));
        TRY(passes(evaluation, result, at, count, &keep));
        if (keep) {
            TRY(sequence_push(evaluation, results, item));
        }
    }
    return STATUS_OK;
}

enum status location_path_filter(struct evaluation *evaluation, const struct node *predicate, struct datum input,
                                 struct environment *environment, struct datum *out_result)
{
    struct sequence results = {0};
    uint8_t flags = is_tuples(input) ? DATUM_SEQUENCE | DATUM_TUPLES : DATUM_SEQUENCE;
    struct datum *lone = arena_allocate(evaluation->arena, sizeof *lone);
    TRY_NEW(lone);
    *lone = input;
    struct datum array = datum_as_array(lone);
    if (predicate->type != NODE_NUMBER) {
        TRY(filter_each(evaluation, predicate, array, environment, &results));
        *out_result = sequence_array(&results, flags);
        return STATUS_OK;
    }
    double index = floor(predicate->number);
    index = index < 0 ? index + datum_count(array) : index;
    struct datum item = DATUM_NONE;
    if (index >= 0 && index < datum_count(array)) {
        item = datum_item(array, (uint32_t)index);
    }
    if (item.type == DATUM_ARRAY) {
        *out_result = item;
        return STATUS_OK;
    }
    if (item.type != DATUM_UNDEFINED) {
        TRY(sequence_push(evaluation, &results, item));
    }
    *out_result = sequence_array(&results, flags);
    return STATUS_OK;
}

/* What follows a step that makes tuples, or a sort: filters, and indexes that number the tuples anew. */
static enum status apply_stages(struct evaluation *evaluation, const struct stage *stage, struct environment *environment,
                                struct datum *stream)
{
    for (; stage != NULL; stage = stage->next) {
        if (stage->type == STAGE_FILTER) {
            TRY(location_path_filter(evaluation, stage->predicate, *stream, environment, stream));
            continue;
        }
        struct sequence numbered = {0};
        for (uint32_t at = 0; at < datum_count(*stream); at++) {
            struct datum item = datum_item(*stream, at);
            const struct binding *bindings = item.type == DATUM_TUPLE ? item.tuple->bindings : NULL;
            struct datum context = item.type == DATUM_TUPLE ? item.tuple->context : item;
            TRY(environment_chain(evaluation, bindings, stage->index, datum_number(at), &bindings));
            TRY(add_tuple(evaluation, &numbered, context, bindings));
        }
        *stream = sequence_array(&numbered, DATUM_SEQUENCE | DATUM_TUPLES);
    }
    return STATUS_OK;
}

/* Puts what one item gave into the result: arrays are flattened, unless a constructor made them. */
static enum status add_result(struct evaluation *evaluation, struct sequence *sequence, struct datum result)
{
    bool whole = result.type == DATUM_ARRAY && (result.flags & DATUM_CONS) != 0;
    return whole ? sequence_push(evaluation, sequence, result) : sequence_append(evaluation, sequence, result);
}

/* Whether the step is a name and nothing else. */
static bool is_plain_name(const struct node *step)
{
    return step->type == NODE_NAME && step->predicates == NULL && step->stages == NULL && step->group == NULL && !step->keep_array;
}

/* The step by far the most frequent: a member of each of many JSON objects. STATUS_REFUSED: something else is among them. */
static enum status evaluate_name_step(struct evaluation *evaluation, const struct node *step, const struct datum *input, bool is_last,
                                      struct datum *out_result)
{
    struct sequence sequence = {0};
    const struct value *first = NULL;
    uint32_t results = 0;
    uint32_t count = datum_count(*input);
    for (uint32_t at = 0; at < count; at++) {
        const struct value *item = datum_item_value(input, at);
        if (item == NULL || item->type == VALUE_ARRAY) {
            return STATUS_REFUSED;
        }
        const struct value *member = value_get(item, step->text);
        TRY(evaluation_charge(evaluation, 1 + (item->type == VALUE_OBJECT ? item->count / MEMBERS_A_STEP : 0)));
        if (member != NULL) {
            first = results == 0 ? member : first;
            results++;
            TRY(sequence_append_value(evaluation, &sequence, member));
        }
    }
    bool is_array = is_last && results == 1 && first->type == VALUE_ARRAY;
    *out_result = is_array ? datum_of(first) : sequence_array(&sequence, DATUM_SEQUENCE);
    return STATUS_OK;
}

static enum status evaluate_step(struct evaluation *evaluation, const struct node *step, struct datum input,
                                 struct environment *environment, bool is_last, struct datum *out_result)
{
    if (is_plain_name(step)) {
        enum status status = evaluate_name_step(evaluation, step, &input, is_last, out_result);
        if (status != STATUS_REFUSED) {
            return status;
        }
    }
    if (step->type == NODE_SORT) {
        TRY(ordering_sort_step(evaluation, step, input, environment, out_result));
        return apply_stages(evaluation, step->stages, environment, out_result);
    }
    struct sequence sequence = {0};
    struct datum first = DATUM_NONE;
    uint32_t results = 0;
    for (uint32_t at = 0; at < datum_count(input); at++) {
        struct datum result = DATUM_NONE;
        TRY(evaluate_node(evaluation, step, datum_item(input, at), environment, &result));
        for (const struct stage *stage = step->stages; stage != NULL; stage = stage->next) {
            TRY(location_path_filter(evaluation, stage->predicate, result, environment, &result));
        }
        if (result.type != DATUM_UNDEFINED) {
            first = results == 0 ? result : first;
            results++;
            TRY(add_result(evaluation, &sequence, result));
        }
    }
    /* An array that the one item gave is the result itself, not a sequence of its items. */
    bool is_array = is_last && results == 1 && first.type == DATUM_ARRAY && !datum_is_sequence(first);
    *out_result = is_array ? first : sequence_array(&sequence, DATUM_SEQUENCE);
    return STATUS_OK;
}

/* One more tuple: the step's result with the bindings that the step makes. */
static enum status extend_tuple(struct evaluation *evaluation, const struct node *step, struct datum context,
                                const struct binding *bindings, struct datum result, uint32_t index,
                                struct sequence *stream)
{
    struct datum next = result;
    if (step->focus != VARIABLE_NONE) {
        next = context;
        TRY(environment_chain(evaluation, bindings, step->focus, result, &bindings));
    }
    if (step->index != VARIABLE_NONE) {
        TRY(environment_chain(evaluation, bindings, step->index, datum_number(index), &bindings));
    }
    if (step->ancestor != NULL) {
        TRY(environment_chain(evaluation, bindings, step->ancestor->label, context, &bindings));
    }
    return add_tuple(evaluation, stream, next, bindings);
}

/* A tuple of a nested stream brings bindings of its own, which come before ours. */
static enum status join_bindings(struct evaluation *evaluation, const struct binding *outer, const struct binding *inner,
                                 const struct binding **out_bindings)
{
    struct sequence order = {0};
    for (; inner != NULL && inner != outer; inner = inner->next) {
        TRY(sequence_push(evaluation, &order, datum_number((double)inner->variable)));
        TRY(sequence_push(evaluation, &order, inner->datum));
    }
    if (inner == outer && order.count == 0) {
        *out_bindings = outer;
        return STATUS_OK;
    }
    const struct binding *bindings = outer;
    for (uint32_t at = order.count; at > 0; at -= 2) {
        TRY(environment_chain(evaluation, bindings, (variable_id)order.items[at - 2].number, order.items[at - 1], &bindings));
    }
    *out_bindings = bindings;
    return STATUS_OK;
}

static enum status step_from_tuple(struct evaluation *evaluation, const struct node *step, struct datum item,
                                   struct environment *environment, struct sequence *stream)
{
    struct datum context;
    struct environment *inner;
    struct datum *result = arena_new(evaluation->arena, struct datum);
    TRY_NEW(result);
    TRY(enter_item(evaluation, item, environment, &context, &inner));
    const struct binding *bindings = item.type == DATUM_TUPLE ? item.tuple->bindings : NULL;
    TRY(evaluate_node(evaluation, step, context, inner, result));
    if (result->type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    struct datum results = datum_as_array(result);
    for (uint32_t at = 0; at < datum_count(results); at++) {
        struct datum one = datum_item(results, at);
        if (one.type == DATUM_TUPLE) {
            const struct binding *joined = NULL;
            TRY(join_bindings(evaluation, bindings, one.tuple->bindings, &joined));
            TRY(add_tuple(evaluation, stream, one.tuple->context, joined));
        } else {
            TRY(extend_tuple(evaluation, step, context, bindings, one, at, stream));
        }
    }
    return STATUS_OK;
}

/* A sort in a path of tuples: sorts the tuples, or starts the stream with what it sorted. */
static enum status sort_tuples(struct evaluation *evaluation, const struct node *step, struct datum input,
                               struct environment *environment, struct datum *out_stream)
{
    struct datum sorted = DATUM_NONE;
    TRY(ordering_sort_step(evaluation, step, input, environment, &sorted));
    if (is_tuples(input)) {
        *out_stream = sorted;
        return STATUS_OK;
    }
    struct sequence stream = {0};
    for (uint32_t at = 0; sorted.type == DATUM_ARRAY && at < datum_count(sorted); at++) {
        const struct binding *bindings = NULL;
        if (step->index != VARIABLE_NONE) {
            TRY(environment_chain(evaluation, NULL, step->index, datum_number(at), &bindings));
        }
        TRY(add_tuple(evaluation, &stream, datum_item(sorted, at), bindings));
    }
    *out_stream = sequence_array(&stream, DATUM_SEQUENCE | DATUM_TUPLES);
    return STATUS_OK;
}

static enum status evaluate_tuple_step(struct evaluation *evaluation, const struct node *step, struct datum input,
                                       struct environment *environment, struct datum *out_stream)
{
    if (step->type == NODE_SORT) {
        TRY(sort_tuples(evaluation, step, input, environment, out_stream));
        return apply_stages(evaluation, step->stages, environment, out_stream);
    }
    struct sequence stream = {0};
    for (uint32_t at = 0; at < datum_count(input); at++) {
        TRY(step_from_tuple(evaluation, step, datum_item(input, at), environment, &stream));
    }
    *out_stream = sequence_array(&stream, DATUM_SEQUENCE | DATUM_TUPLES);
    return apply_stages(evaluation, step->stages, environment, out_stream);
}

/* The contexts of a stream of tuples. */
static enum status strip_tuples(struct evaluation *evaluation, struct datum stream, struct datum *out_result)
{
    struct sequence contexts = {0};
    for (uint32_t at = 0; at < datum_count(stream); at++) {
        struct datum item = datum_item(stream, at);
        TRY(sequence_push(evaluation, &contexts, item.type == DATUM_TUPLE ? item.tuple->context : item));
    }
    *out_result = sequence_array(&contexts, DATUM_SEQUENCE);
    return STATUS_OK;
}

/* All steps; *out_tuples tells whether the result is a stream of tuples. */
static enum status evaluate_steps(struct evaluation *evaluation, const struct node *path, struct datum sequence,
                                  struct environment *environment, struct datum *out_result, bool *out_tuples)
{
    bool tuples = false;
    struct datum result = DATUM_NONE;
    for (size_t at = 0; at < path->count; at++) {
        const struct node *step = path->items[at];
        if (step->tuple && !tuples) {
            tuples = true;
        }
        if (at == 0 && step->cons_array) {
            TRY(evaluate_node(evaluation, step, sequence, environment, &result));
            if (step->focus != VARIABLE_NONE) {
                continue; /* @ behind a leading array constructor binds nothing and goes on with the input: so does 2.0.6 */
            }
        } else if (tuples) {
            TRY(evaluate_tuple_step(evaluation, step, sequence, environment, &result));
            sequence = result;
            continue;
        } else {
            TRY(evaluate_step(evaluation, step, sequence, environment, at + 1 == path->count, &result));
        }
        bool is_empty = result.type == DATUM_UNDEFINED || (result.type == DATUM_ARRAY && datum_count(result) == 0);
        if (is_empty && !tuples) {
            break;
        }
        /* What a predicate took out of a leading array constructor is no sequence: the reference finds nothing in it. */
        sequence = result.type == DATUM_ARRAY ? result : datum_array(NULL, 0, DATUM_SEQUENCE);
    }
    *out_result = result;
    *out_tuples = tuples;
    return STATUS_OK;
}

enum status location_path_evaluate(struct evaluation *evaluation, const struct node *path, struct datum input,
                                   struct environment *environment, struct datum *out_result)
{
    struct datum *lone = arena_allocate(evaluation->arena, sizeof *lone);
    TRY_NEW(lone);
    *lone = input;
    bool absolute = path->items[0]->type == NODE_VARIABLE;
    struct datum sequence = input.type == DATUM_ARRAY && !absolute ? input : datum_array(lone, 1, DATUM_SEQUENCE);
    struct datum stream = DATUM_NONE;
    bool tuples = false;
    TRY(evaluate_steps(evaluation, path, sequence, environment, &stream, &tuples));
    if (!tuples && !path->keep_singleton && path->group == NULL) {
        *out_result = stream;
        return STATUS_OK;
    }
    struct datum result = stream;
    if (tuples && !path->tuple && is_tuples(stream)) {
        TRY(strip_tuples(evaluation, stream, &result));
    }
    if (path->keep_singleton && result.type == DATUM_ARRAY) {
        if ((result.flags & (DATUM_CONS | DATUM_SEQUENCE)) == DATUM_CONS) {
            struct datum *wrapped = arena_new(evaluation->arena, struct datum);
            TRY_NEW(wrapped);
            *wrapped = result;
            result = datum_array(wrapped, 1, DATUM_SEQUENCE);
        }
        result.flags |= DATUM_KEEP;
    }
    if (path->group != NULL) {
        TRY(constructors_group(evaluation, path->group, tuples ? stream : result, environment, &result));
    }
    *out_result = result;
    return STATUS_OK;
}
