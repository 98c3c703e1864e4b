#include "asl/jsonata/evaluation.h"

#include "asl/jsonata/function.h"
#include "base/limits.h"

#define STRING_BYTES_A_STEP 64 /* copying so many bytes is about as much work as evaluating a node */

enum status evaluation_fail(struct evaluation *evaluation, enum fault_code code)
{
    evaluation->fault = (struct fault){.code = code};
    return STATUS_INVALID;
}

enum status evaluation_fail_value(struct evaluation *evaluation, enum fault_code code, struct datum value)
{
    evaluation->fault = (struct fault){.code = code, .value = value};
    return STATUS_INVALID;
}

enum status evaluation_fail_message(struct evaluation *evaluation, enum fault_code code, struct str message)
{
    evaluation->fault = (struct fault){.code = code, .message = message};
    return STATUS_INVALID;
}

void evaluation_place(struct evaluation *evaluation, uint32_t position, struct datum token)
{
    struct fault *fault = &evaluation->fault;
    if (!fault->has_position) {
        fault->has_position = true;
        fault->position = position;
    }
    if (fault->token.type == DATUM_UNDEFINED) {
        fault->token = token;
    }
}

enum status evaluation_charge(struct evaluation *evaluation, uint64_t steps)
{
    evaluation->steps += steps;
    if (evaluation->steps > evaluation->limits.steps_max) {
        return evaluation_fail_message(evaluation, FAULT_U1001,
                                       STR("Expression evaluation timeout: Check for infinite loop"));
    }
    if (arena_used(evaluation->arena) - evaluation->arena_used_before > evaluation->limits.memory_bytes_max) {
        return evaluation_fail_message(evaluation, FAULT_U1001, STR("The expression takes too much memory"));
    }
    return STATUS_OK;
}

enum status evaluation_enter(struct evaluation *evaluation, uint32_t *depth)
{
    if (*depth >= evaluation->limits.depth_max) {
        return evaluation_fail_message(evaluation, FAULT_U1001,
                                       STR("Stack overflow error: Check for non-terminating recursive function.  "
                                           "Consider rewriting as tail-recursive."));
    }
    TRY(evaluation_charge(evaluation, 1));
    *depth += 1;
    return STATUS_OK;
}

enum status evaluation_check_string(struct evaluation *evaluation, size_t length)
{
    if (length > evaluation->limits.result_bytes_max) {
        return evaluation_fail_message(evaluation, FAULT_U1001, STR("The expression builds a string that is too long"));
    }
    return STATUS_OK;
}

enum status evaluation_string(struct evaluation *evaluation, const struct buffer *buffer, struct datum *out_result)
{
    TRY(evaluation_check_string(evaluation, buffer->length));
    TRY(evaluation_charge(evaluation, buffer->length / STRING_BYTES_A_STEP));
    *out_result = datum_string(buffer_text(buffer));
    return STATUS_OK;
}

static enum status reserve(struct evaluation *evaluation, struct sequence *sequence, uint32_t more)
{
    if (sequence->capacity - sequence->count >= more) {
        return STATUS_OK;
    }
    uint64_t capacity = sequence->capacity == 0 ? 4 : (uint64_t)sequence->capacity * 2;
    while (capacity < (uint64_t)sequence->count + more) {
        capacity *= 2;
    }
    if (capacity > UINT32_MAX / 2 || capacity * sizeof(struct datum) > evaluation->limits.memory_bytes_max) {
        return evaluation_fail_message(evaluation, FAULT_U1001, STR("The expression takes too much memory"));
    }
    TRY(evaluation_charge(evaluation, capacity - sequence->count));
    struct datum *items = arena_allocate(evaluation->arena, capacity * sizeof *items);
    TRY_NEW(items);
    if (sequence->count > 0) {
        memcpy(items, sequence->items, sequence->count * sizeof *items);
    }
    sequence->items = items;
    sequence->capacity = (uint32_t)capacity;
    return STATUS_OK;
}

enum status sequence_push(struct evaluation *evaluation, struct sequence *sequence, struct datum datum)
{
    TRY(reserve(evaluation, sequence, 1));
    sequence->items[sequence->count++] = datum;
    return STATUS_OK;
}

enum status sequence_append(struct evaluation *evaluation, struct sequence *sequence, struct datum datum)
{
    if (datum.type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    if (datum.type != DATUM_ARRAY) {
        return sequence_push(evaluation, sequence, datum);
    }
    uint32_t count = datum_count(datum);
    TRY(reserve(evaluation, sequence, count));
    for (uint32_t at = 0; at < count; at++) {
        sequence->items[sequence->count++] = datum_item(datum, at);
    }
    return STATUS_OK;
}

enum status sequence_concat(struct evaluation *evaluation, struct datum a, struct datum b, struct datum *out_array)
{
    if (a.type == DATUM_UNDEFINED || b.type == DATUM_UNDEFINED) {
        *out_array = a.type == DATUM_UNDEFINED ? b : a;
        return STATUS_OK;
    }
    struct sequence sequence = {0};
    TRY(sequence_append(evaluation, &sequence, a));
    TRY(sequence_append(evaluation, &sequence, b));
    *out_array = sequence_array(&sequence, 0);
    return STATUS_OK;
}

enum status environment_chain(struct evaluation *evaluation, const struct binding *bindings, variable_id variable,
                              struct datum datum, const struct binding **out_bindings)
{
    struct binding *binding = arena_new(evaluation->arena, struct binding);
    TRY_NEW(binding);
    *binding = (struct binding){.variable = variable, .datum = datum, .next = bindings};
    *out_bindings = binding;
    return STATUS_OK;
}

enum status environment_bind(struct evaluation *evaluation, struct environment *environment, variable_id variable,
                             struct datum datum)
{
    return environment_chain(evaluation, environment->bindings, variable, datum, &environment->bindings);
}

struct datum environment_find(struct evaluation *evaluation, const struct environment *environment, variable_id variable)
{
    for (; environment != NULL; environment = environment->outer) {
        for (const struct binding *binding = environment->bindings; binding != NULL; binding = binding->next) {
            if (binding->variable == variable) {
                return binding->datum;
            }
        }
    }
    if (variable == VARIABLE_ROOT) {
        return evaluation->input;
    }
    const struct variable *known = &evaluation->program->variables[variable];
    if (known->name.bytes == NULL) {
        return DATUM_NONE;
    }
    const struct value *bound = evaluation->scope->bindings == NULL ? NULL : value_get(evaluation->scope->bindings, known->name);
    if (bound != NULL) {
        return datum_of(bound);
    }
    return known->function == NULL ? DATUM_NONE : datum_function(known->function);
}
