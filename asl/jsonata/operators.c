#include "asl/jsonata/operators.h"

#include "asl/jsonata/code_points.h"
#include "asl/jsonata/evaluate.h"
#include "asl/jsonata/printer.h"
#include "base/assert.h"
#include "base/limits.h"

#include <math.h>

enum status operators_check_finite(struct evaluation *evaluation, struct datum number)
{
    if (number.type == DATUM_NUMBER && isinf(number.number)) {
        return evaluation_fail_value(evaluation, FAULT_D1001, number);
    }
    return STATUS_OK;
}

static enum status check_operand(struct evaluation *evaluation, struct datum operand, enum fault_code code)
{
    if (operand.type != DATUM_UNDEFINED && operand.type != DATUM_NUMBER) {
        return evaluation_fail_value(evaluation, code, operand);
    }
    if (operand.type == DATUM_NUMBER && isnan(operand.number)) {
        return evaluation_fail_value(evaluation, code, operand);
    }
    return operators_check_finite(evaluation, operand);
}

static double compute(enum operator_type operator, double left, double right)
{
    switch ((int)operator) {
    case OPERATOR_PLUS:
        return left + right;
    case OPERATOR_MINUS:
        return left - right;
    case OPERATOR_TIMES:
        return left * right;
    case OPERATOR_DIVIDE:
        return left / right;
    default:
        return fmod(left, right);
    }
}

static enum status arithmetic(struct evaluation *evaluation, enum operator_type operator, struct datum left,
                              struct datum right, struct datum *out_result)
{
    TRY(check_operand(evaluation, left, FAULT_T2001));
    TRY(check_operand(evaluation, right, FAULT_T2002));
    bool undefined = left.type == DATUM_UNDEFINED || right.type == DATUM_UNDEFINED;
    *out_result = undefined ? DATUM_NONE : datum_number(compute(operator, left.number, right.number));
    return STATUS_OK;
}

static bool is_comparable(struct datum datum)
{
    return datum.type == DATUM_UNDEFINED || datum.type == DATUM_NUMBER || datum.type == DATUM_STRING;
}

static enum status compare(struct evaluation *evaluation, enum operator_type operator, struct datum left,
                           struct datum right, struct datum *out_result)
{
    if (!is_comparable(left) || !is_comparable(right)) {
        return evaluation_fail_value(evaluation, FAULT_T2010, is_comparable(left) ? right : left);
    }
    if (left.type == DATUM_UNDEFINED || right.type == DATUM_UNDEFINED) {
        *out_result = DATUM_NONE;
        return STATUS_OK;
    }
    if (left.type != right.type) {
        enum status failed = evaluation_fail_value(evaluation, FAULT_T2009, left);
        evaluation->fault.value2 = right;
        return failed;
    }
    bool is_number = left.type == DATUM_NUMBER;
    int order = (left.number > right.number) - (left.number < right.number);
    if (!is_number) {
        TRY(evaluation_compare(evaluation, left.string, right.string, &order));
    }
    bool is_equal = is_number ? left.number == right.number : order == 0;
    bool result = (operator == OPERATOR_LESS || operator == OPERATOR_LESS_EQUAL) ? order < 0 : order > 0;
    if (operator == OPERATOR_LESS_EQUAL || operator == OPERATOR_GREATER_EQUAL) {
        result |= is_equal;
    }
    *out_result = datum_boolean(result);
    return STATUS_OK;
}

static enum status concat(struct evaluation *evaluation, struct datum left, struct datum right, struct datum *out_result)
{
    struct buffer buffer = buffer_in(evaluation->arena);
    const struct datum parts[] = {left, right};
    for (size_t at = 0; at < 2; at++) {
        struct datum text = DATUM_NONE;
        TRY(printer_string(evaluation, parts[at], false, &text));
        if (text.type == DATUM_STRING) {
            TRY(evaluation_check_string(evaluation, buffer.length + text.string.length));
            TRY(code_points_add_string(&buffer, text.string));
        }
    }
    return evaluation_string(evaluation, &buffer, out_result);
}

static bool is_integer(struct datum datum)
{
    return datum.type == DATUM_NUMBER && isfinite(datum.number) && datum.number == trunc(datum.number);
}

/* A range is not written out: its items are computed when they are asked for. */
static enum status range(struct evaluation *evaluation, struct datum left, struct datum right, struct datum *out_result)
{
    if (left.type != DATUM_UNDEFINED && !is_integer(left)) {
        return evaluation_fail_value(evaluation, FAULT_T2003, left);
    }
    if (right.type != DATUM_UNDEFINED && !is_integer(right)) {
        return evaluation_fail_value(evaluation, FAULT_T2004, right);
    }
    *out_result = DATUM_NONE;
    if (left.type == DATUM_UNDEFINED || right.type == DATUM_UNDEFINED || left.number > right.number) {
        return STATUS_OK;
    }
    double count = right.number - left.number + 1;
    if (count > JSONATA_RANGE_ITEMS_MAX) {
        return evaluation_fail_value(evaluation, FAULT_D2014, datum_number(count));
    }
    bool exact = fabs(left.number) < 9e15 && fabs(right.number) < 9e15;
    if (!exact) {
        return evaluation_fail_value(evaluation, FAULT_D1001, left); /* neighbours are no longer a step of one apart */
    }
    *out_result = (struct datum){.type = DATUM_ARRAY,
                                 .flags = DATUM_SEQUENCE,
                                 .backing = BACKING_RANGE,
                                 .count = (uint32_t)count,
                                 .first = (int64_t)left.number};
    return STATUS_OK;
}

/* `in` compares as JavaScript's ===: an array or object is only itself. */
static bool is_same(struct evaluation *evaluation, struct datum a, struct datum b)
{
    bool is_scalar = a.type == DATUM_NULL || a.type == DATUM_BOOLEAN || a.type == DATUM_NUMBER || a.type == DATUM_STRING;
    if (is_scalar || a.type != b.type) {
        return is_scalar && datum_equal(&evaluation->work, a, b);
    }
    if (a.type == DATUM_ARRAY || a.type == DATUM_OBJECT) {
        return (a.origin != NULL && a.origin == b.origin) ||
               (a.origin == NULL && a.backing == BACKING_BUILT && b.backing == BACKING_BUILT && a.items == b.items);
    }
    return a.type == DATUM_FUNCTION && a.function == b.function;
}

static enum status includes(struct evaluation *evaluation, struct datum left, struct datum right, struct datum *out_result)
{
    bool found = false;
    bool undefined = left.type == DATUM_UNDEFINED || right.type == DATUM_UNDEFINED;
    struct datum items = datum_as_array(&right);
    for (uint32_t at = 0; !undefined && !found && at < datum_count(items); at++) {
        found = is_same(evaluation, left, datum_item(items, at));
    }
    *out_result = datum_boolean(found);
    return evaluation_charge(evaluation, datum_count(items) / 4);
}

static enum status equal(struct evaluation *evaluation, struct datum left, struct datum right, bool wanted, struct datum *out_result)
{
    bool undefined = left.type == DATUM_UNDEFINED || right.type == DATUM_UNDEFINED;
    *out_result = datum_boolean(!undefined && datum_equal(&evaluation->work, left, right) == wanted);
    return evaluation_charge(evaluation, 0);
}

static enum status apply(struct evaluation *evaluation, enum operator_type operator, struct datum left, struct datum right,
                         struct datum *out_result)
{
    switch ((int)operator) {
    case OPERATOR_PLUS:
    case OPERATOR_MINUS:
    case OPERATOR_TIMES:
    case OPERATOR_DIVIDE:
    case OPERATOR_MODULO:
        return arithmetic(evaluation, operator, left, right, out_result);
    case OPERATOR_EQUAL:
        return equal(evaluation, left, right, true, out_result);
    case OPERATOR_NOT_EQUAL:
        return equal(evaluation, left, right, false, out_result);
    case OPERATOR_LESS:
    case OPERATOR_LESS_EQUAL:
    case OPERATOR_GREATER:
    case OPERATOR_GREATER_EQUAL:
        return compare(evaluation, operator, left, right, out_result);
    case OPERATOR_CONCAT:
        return concat(evaluation, left, right, out_result);
    case OPERATOR_RANGE:
        return range(evaluation, left, right, out_result);
    case OPERATOR_IN:
        return includes(evaluation, left, right, out_result);
    default: /* not a binary operator that the resolver leaves */
        break;
    }
    UNREACHABLE("binary operator");
}

static enum status logic(struct evaluation *evaluation, const struct node *node, struct datum left, struct datum input,
                         struct environment *environment, struct datum *out_result)
{
    bool truth = datum_truth(&evaluation->work, left);
    bool decided = node->operator == OPERATOR_AND ? !truth : truth;
    if (!decided) {
        struct datum right = DATUM_NONE;
        enum status status = evaluate_node(evaluation, node->right, input, environment, &right);
        if (status == STATUS_INVALID) { /* the reference reports it as the operator's, wherever it happened */
            evaluation->fault.has_position = false;
            evaluation->fault.token = DATUM_NONE;
            evaluation_place(evaluation, node->position, datum_string(node->text));
        }
        TRY(status);
        truth = datum_truth(&evaluation->work, right);
    }
    *out_result = datum_boolean(truth);
    return STATUS_OK;
}

enum status operators_binary(struct evaluation *evaluation, const struct node *node, struct datum input,
                             struct environment *environment, struct datum *out_result)
{
    struct datum left = DATUM_NONE;
    struct datum right = DATUM_NONE;
    TRY(evaluate_node(evaluation, node->left, input, environment, &left));
    if (node->operator == OPERATOR_AND || node->operator == OPERATOR_OR) {
        return logic(evaluation, node, left, input, environment, out_result);
    }
    TRY(evaluate_node(evaluation, node->right, input, environment, &right));
    enum status status = apply(evaluation, node->operator, left, right, out_result);
    if (status == STATUS_INVALID) {
        evaluation_place(evaluation, node->position, datum_string(node->text));
    }
    return status;
}

enum status operators_minus(struct evaluation *evaluation, const struct node *node, struct datum input,
                            struct environment *environment, struct datum *out_result)
{
    struct datum operand = DATUM_NONE;
    TRY(evaluate_node(evaluation, node->left, input, environment, &operand));
    if (operand.type == DATUM_UNDEFINED) {
        *out_result = DATUM_NONE;
        return STATUS_OK;
    }
    enum status status = operand.type == DATUM_NUMBER ? operators_check_finite(evaluation, operand)
                                                      : evaluation_fail_value(evaluation, FAULT_D1002, operand);
    if (status != STATUS_OK) {
        evaluation_place(evaluation, node->position, datum_string(node->text));
        return status;
    }
    *out_result = datum_number(-operand.number);
    return STATUS_OK;
}
