#include "asl/jsonata/ordering.h"

#include "asl/jsonata/environment.h"
#include "asl/jsonata/evaluate.h"
#include "asl/jsonata/location_path.h"
#include "asl/jsonata/sequence.h"

struct sorting {
    ordering_swaps swaps;
    void *owner;
    uint32_t *order;
    uint32_t *scratch;
};

static enum status merge(struct evaluation *evaluation, struct sorting *sorting, uint32_t from, uint32_t middle, uint32_t to)
{
    uint32_t left = from;
    uint32_t right = middle;
    for (uint32_t at = from; at < to; at++) {
        bool take_right = left == middle;
        if (left < middle && right < to) {
            TRY(evaluation_charge(evaluation, 1));
            TRY(sorting->swaps(evaluation, sorting->owner, sorting->order[left], sorting->order[right], &take_right));
        }
        sorting->scratch[at] = take_right ? sorting->order[right++] : sorting->order[left++];
    }
    memcpy(sorting->order + from, sorting->scratch + from, (to - from) * sizeof sorting->order[0]);
    return STATUS_OK;
}

static enum status sort_range(struct evaluation *evaluation, struct sorting *sorting, uint32_t from, uint32_t to)
{
    if (to - from < 2) {
        return STATUS_OK;
    }
    uint32_t middle = from + (to - from) / 2;
    TRY(sort_range(evaluation, sorting, from, middle));
    TRY(sort_range(evaluation, sorting, middle, to));
    return merge(evaluation, sorting, from, middle, to);
}

enum status ordering_sort(struct evaluation *evaluation, uint32_t count, ordering_swaps swaps, void *owner,
                          uint32_t **out_order)
{
    TRY(evaluation_charge(evaluation, count));
    struct sorting sorting = {
        .swaps = swaps,
        .owner = owner,
        .order = arena_array(evaluation->arena, uint32_t, count),
        .scratch = arena_array(evaluation->arena, uint32_t, count),
    };
    TRY_NEW(sorting.order);
    TRY_NEW(sorting.scratch);
    for (uint32_t at = 0; at < count; at++) {
        sorting.order[at] = at;
    }
    TRY(sort_range(evaluation, &sorting, 0, count));
    *out_order = sorting.order;
    return STATUS_OK;
}

/* The terms' values of each item, evaluated once, when a comparison first asks. */
struct step_sorting {
    const struct node *step;
    struct environment *environment;
    struct datum input;
    struct datum *keys;
    bool *known;
};

static enum status find_key(struct evaluation *evaluation, struct step_sorting *sorting, uint32_t item, size_t term,
                            struct datum *out_key)
{
    size_t at = item * sorting->step->count + term;
    if (!sorting->known[at]) {
        struct environment *inner = arena_new(evaluation->arena, struct environment);
        TRY_NEW(inner);
        struct datum context = location_path_context(datum_item(sorting->input, item), sorting->environment, inner);
        TRY(evaluate_node(evaluation, sorting->step->items[term]->left, context, inner, &sorting->keys[at]));
        sorting->known[at] = true;
    }
    *out_key = sorting->keys[at];
    return STATUS_OK;
}

static bool is_sortable(struct datum datum)
{
    return datum.type == DATUM_NUMBER || datum.type == DATUM_STRING;
}

/* Undefined comes last, whatever the direction. */
static enum status compare_keys(struct evaluation *evaluation, const struct node *step, struct datum a, struct datum b,
                                bool descending, int *out_order)
{
    *out_order = 0;
    if (a.type == DATUM_UNDEFINED || b.type == DATUM_UNDEFINED) {
        *out_order = (a.type == DATUM_UNDEFINED) - (b.type == DATUM_UNDEFINED);
        return STATUS_OK;
    }
    enum status status = STATUS_OK;
    if (!is_sortable(a) || !is_sortable(b)) {
        status = evaluation_fail_value(evaluation, FAULT_T2008, is_sortable(a) ? b : a);
    } else if (a.type != b.type) {
        status = evaluation_fail_value(evaluation, FAULT_T2007, a);
        evaluation->fault.value2 = b;
    }
    if (status != STATUS_OK) {
        evaluation_place(evaluation, step->position, DATUM_NONE);
        return status;
    }
    int order = (a.number > b.number) - (a.number < b.number);
    if (a.type != DATUM_NUMBER) {
        TRY(evaluation_compare(evaluation, a.string, b.string, &order));
    }
    *out_order = descending ? -order : order;
    return STATUS_OK;
}

static enum status step_swaps(struct evaluation *evaluation, void *owner, uint32_t left, uint32_t right, bool *out_swaps)
{
    struct step_sorting *sorting = owner;
    int order = 0;
    for (size_t term = 0; order == 0 && term < sorting->step->count; term++) {
        struct datum a = DATUM_NONE;
        struct datum b = DATUM_NONE;
        TRY(find_key(evaluation, sorting, left, term, &a));
        TRY(find_key(evaluation, sorting, right, term, &b));
        TRY(compare_keys(evaluation, sorting->step, a, b, sorting->step->items[term]->descending, &order));
    }
    *out_swaps = order > 0;
    return STATUS_OK;
}

enum status ordering_sort_step(struct evaluation *evaluation, const struct node *step, struct datum input,
                               struct environment *environment, struct datum *out_result)
{
    uint32_t count = datum_count(input);
    if (count < 2) {
        *out_result = input;
        return STATUS_OK;
    }
    TRY(evaluation_charge(evaluation, (uint64_t)count * step->count));
    struct step_sorting sorting = {
        .step = step,
        .environment = environment,
        .input = input,
        .keys = arena_array(evaluation->arena, struct datum, count * step->count),
        .known = arena_array(evaluation->arena, bool, count * step->count),
    };
    TRY_NEW(sorting.keys);
    TRY_NEW(sorting.known);
    uint32_t *order = NULL;
    TRY(ordering_sort(evaluation, count, step_swaps, &sorting, &order));
    struct sequence sorted = {0};
    for (uint32_t at = 0; at < count; at++) {
        TRY(sequence_push(evaluation, &sorted, datum_item(input, order[at])));
    }
    *out_result = sequence_array(&sorted, input.flags & DATUM_TUPLES);
    return STATUS_OK;
}
