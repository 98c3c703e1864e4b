/* $count, $zip, $append, $reverse, $shuffle, $distinct. */
#include "asl/jsonata/builtins.h"
#include "asl/jsonata/sequence.h"

enum status array_functions_count(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    (void)evaluation;
    struct datum array = call->arguments[0];
    *out_result = datum_number(array.type == DATUM_ARRAY ? datum_count(array) : 0);
    return STATUS_OK;
}

enum status array_functions_zip(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    uint32_t shortest = UINT32_MAX;
    for (size_t at = 0; at < call->count; at++) {
        struct datum array = call->arguments[at];
        uint32_t count = array.type == DATUM_ARRAY ? datum_count(array) : 0;
        shortest = count < shortest ? count : shortest;
    }
    struct sequence zipped = {0};
    for (uint32_t index = 0; call->count > 0 && index < shortest; index++) {
        struct sequence row = {0};
        for (size_t at = 0; at < call->count; at++) {
            TRY(sequence_push(evaluation, &row, datum_item(call->arguments[at], index)));
        }
        TRY(sequence_push(evaluation, &zipped, sequence_array(&row, 0)));
    }
    *out_result = sequence_array(&zipped, 0);
    return STATUS_OK;
}

enum status array_functions_append(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    return sequence_concat(evaluation, call->arguments[0], call->arguments[1], out_result);
}

enum status array_functions_reverse(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct datum array = call->arguments[0];
    *out_result = array;
    if (array.type == DATUM_UNDEFINED || datum_count(array) < 2) {
        return STATUS_OK;
    }
    struct sequence reversed = {0};
    for (uint32_t at = datum_count(array); at > 0; at--) {
        TRY(sequence_push(evaluation, &reversed, datum_item(array, at - 1)));
    }
    *out_result = sequence_array(&reversed, 0);
    return STATUS_OK;
}

/* Fisher and Yates, drawing from the step's seed. */
enum status array_functions_shuffle(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct datum array = call->arguments[0];
    *out_result = array;
    if (array.type == DATUM_UNDEFINED || datum_count(array) < 2) {
        return STATUS_OK;
    }
    struct sequence shuffled = {0};
    TRY(sequence_append(evaluation, &shuffled, array));
    for (uint32_t left = shuffled.count; left > 1; left--) {
        TRY(evaluation_charge(evaluation, 4)); /* SHA-256 */
        uint64_t drawn = env_random_below(evaluation->scope->env, left);
        struct datum moved = shuffled.items[drawn];
        shuffled.items[drawn] = shuffled.items[left - 1];
        shuffled.items[left - 1] = moved;
    }
    *out_result = sequence_array(&shuffled, 0);
    return STATUS_OK;
}

/* Whether `item` is new among `kept`; then it is noted as the next of them. */
static bool note(struct datum_work *work, uint32_t *slots, uint32_t slot_count, const struct sequence *kept, struct datum item)
{
    uint32_t slot = (uint32_t)datum_hash(work, item) & (slot_count - 1);
    for (; slots[slot] != 0; slot = (slot + 1) & (slot_count - 1)) {
        if (datum_equal(work, kept->items[slots[slot] - 1], item)) {
            return false;
        }
    }
    slots[slot] = kept->count + 1;
    return true;
}

enum status array_functions_distinct(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct datum array = call->arguments[0];
    *out_result = array;
    if (array.type != DATUM_ARRAY || datum_count(array) < 2) {
        return STATUS_OK;
    }
    TRY(evaluation_charge(evaluation, datum_count(array)));
    uint32_t slot_count = 16;
    while (slot_count < datum_count(array) * 2) {
        slot_count *= 2;
    }
    uint32_t *slots = arena_array(evaluation->arena, uint32_t, slot_count);
    TRY_NEW(slots);
    struct sequence kept = {0};
    for (uint32_t at = 0; at < datum_count(array); at++) {
        struct datum item = datum_item(array, at);
        TRY(evaluation_charge(evaluation, 0));
        if (note(&evaluation->work, slots, slot_count, &kept, item)) {
            TRY(sequence_push(evaluation, &kept, item));
        }
    }
    *out_result = sequence_array(&kept, array.flags & DATUM_SEQUENCE);
    return STATUS_OK;
}
