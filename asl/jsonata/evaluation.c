#include "asl/jsonata/evaluation.h"

#include "asl/jsonata/code_points.h"

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

enum status evaluation_check(struct evaluation *evaluation)
{
    if (datum_work_is_over(&evaluation->work)) {
        return evaluation_fail_message(evaluation, FAULT_U1001,
                                       STR("Expression evaluation timeout: Check for infinite loop"));
    }
    if (arena_used(evaluation->arena) - evaluation->arena_used_before > evaluation->limits.memory_bytes_max) {
        return evaluation_fail_message(evaluation, FAULT_U1001, STR("The expression takes too much memory"));
    }
    return STATUS_OK;
}

enum status evaluation_fail_depth(struct evaluation *evaluation)
{
    return evaluation_fail_message(evaluation, FAULT_U1001,
                                   STR("Stack overflow error: Check for non-terminating recursive function.  "
                                       "Consider rewriting as tail-recursive."));
}

enum status evaluation_compare(struct evaluation *evaluation, struct str a, struct str b, int *out_order)
{
    size_t same = 0;
    *out_order = code_points_compare(a, b, &same);
    return evaluation_charge(evaluation, same / STRING_BYTES_A_STEP);
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
