#include "asl/choice.h"

#include "asl/errors.h"
#include "asl/machine_parts.h"
#include "asl/pattern.h"
#include "asl/timestamp.h"
#include "base/assert.h"

enum relation { EQUAL, LESS, GREATER, LESS_EQUAL, GREATER_EQUAL };

/* The order of two comparable values: *out_order is < 0, 0, > 0; false when their types don't fit the operator. */
typedef bool (*compare_fn)(const struct value *variable, const struct value *operand, int *out_order);

static int order_of_doubles(double a, double b)
{
    return (a > b) - (a < b);
}

/* Java's compareTo: by UTF-16 code units, where U+E000–U+FFFF come after the surrogates. UTF-8 orders by code point, so
 * only a byte ≥ 0xEE against a four-byte sequence differs. */
static int order_of_strings(struct str a, struct str b)
{
    size_t common = a.length < b.length ? a.length : b.length;
    for (size_t at = 0; at < common; at++) {
        unsigned char x = (unsigned char)a.bytes[at];
        unsigned char y = (unsigned char)b.bytes[at];
        if (x != y) {
            int order = x < y ? -1 : 1;
            bool differs = (x >= 0xF0 && (y == 0xEE || y == 0xEF)) || (y >= 0xF0 && (x == 0xEE || x == 0xEF));
            return differs ? -order : order;
        }
    }
    return (a.length > b.length) - (a.length < b.length);
}

static bool compare_string(const struct value *variable, const struct value *operand, int *out_order)
{
    if (variable->type != VALUE_STRING || operand->type != VALUE_STRING) {
        return false;
    }
    *out_order = order_of_strings(variable->string, operand->string);
    return true;
}

static bool compare_number(const struct value *variable, const struct value *operand, int *out_order)
{
    if (variable->type != VALUE_NUMBER || operand->type != VALUE_NUMBER) {
        return false;
    }
    *out_order = order_of_doubles(variable->number, operand->number);
    return true;
}

static bool compare_boolean(const struct value *variable, const struct value *operand, int *out_order)
{
    if (variable->type != VALUE_BOOLEAN || operand->type != VALUE_BOOLEAN) {
        return false;
    }
    *out_order = (int)variable->boolean - (int)operand->boolean;
    return true;
}

static bool compare_timestamp(const struct value *variable, const struct value *operand, int *out_order)
{
    struct timestamp a;
    struct timestamp b;
    if (variable->type != VALUE_STRING || operand->type != VALUE_STRING || !timestamp_parse(variable->string, &a) ||
        !timestamp_parse(operand->string, &b)) {
        return false;
    }
    *out_order = timestamp_compare(&a, &b);
    return true;
}

static bool compare_matches(const struct value *variable, const struct value *operand, int *out_order)
{
    *out_order = 0;
    return variable->type == VALUE_STRING && operand->type == VALUE_STRING && pattern_matches(variable->string, operand->string);
}

/* The type tests compare (the test's answer) with the operand. */
static bool is_expected(bool answer, const struct value *operand, int *out_order)
{
    *out_order = 0;
    return operand->type == VALUE_BOOLEAN && answer == operand->boolean;
}

static bool compare_is_null(const struct value *variable, const struct value *operand, int *out_order)
{
    return is_expected(variable->type == VALUE_NULL, operand, out_order);
}

/* The variable is there: a missing one is settled before (see compare). */
static bool compare_is_present(const struct value *variable, const struct value *operand, int *out_order)
{
    return is_expected(variable != NULL, operand, out_order);
}

static bool compare_is_numeric(const struct value *variable, const struct value *operand, int *out_order)
{
    return is_expected(variable->type == VALUE_NUMBER, operand, out_order);
}

static bool compare_is_string(const struct value *variable, const struct value *operand, int *out_order)
{
    return is_expected(variable->type == VALUE_STRING, operand, out_order);
}

static bool compare_is_boolean(const struct value *variable, const struct value *operand, int *out_order)
{
    return is_expected(variable->type == VALUE_BOOLEAN, operand, out_order);
}

static bool compare_is_timestamp(const struct value *variable, const struct value *operand, int *out_order)
{
    struct timestamp timestamp;
    return is_expected(variable->type == VALUE_STRING && timestamp_parse(variable->string, &timestamp), operand, out_order);
}

static const struct {
    compare_fn compare;
    enum relation relation;
} operators[] = {
#define COMPARISON(id, name, operand, path, compare, relation) {compare, relation},
#include "asl/comparisons.def"
};

static bool relation_holds(enum relation relation, int order)
{
    switch (relation) {
    case EQUAL:
        return order == 0;
    case LESS:
        return order < 0;
    case GREATER:
        return order > 0;
    case LESS_EQUAL:
        return order <= 0;
    case GREATER_EQUAL:
        return order >= 0;
    }
    UNREACHABLE("relation");
}

static enum status find(struct arena *arena, const struct path *path, const struct expression_scope *scope,
                        const struct value **out_value, struct failure *out_failure)
{
    bool scan = scope->roots.input == NULL && path_root(path) == PATH_ROOT_INPUT;
    enum status status = scan ? path_scan(arena, path, scope->input_text, out_value)
                              : path_evaluate(arena, path, &scope->roots, out_value, NULL);
    if (status == STATUS_NOT_FOUND || status == STATUS_INVALID) {
        struct str text = path_text(path);
        return failure_set(arena, out_failure, errors_name(ERROR_RUNTIME),
                           "Invalid path '%.*s': The choice state's condition path references an invalid value.", STR_ARGS(text));
    }
    return status;
}

static enum status compare(struct arena *arena, const struct condition *condition, const struct expression_scope *scope,
                           bool *out_matches, struct failure *out_failure)
{
    const struct value *variable = NULL;
    const struct value *operand = condition->operand;
    int order = 0;
    struct failure missing = FAILURE_NONE;
    TRY(find(arena, condition->variable, scope, &variable, &missing));
    if (failure_is(&missing)) {
        if (condition->comparison != COMPARISON_IS_PRESENT) {
            *out_failure = missing;
            return STATUS_OK;
        }
        variable = NULL;
    }
    if (condition->operand_path != NULL) {
        TRY(find(arena, condition->operand_path, scope, &operand, out_failure));
        if (failure_is(out_failure)) {
            return STATUS_OK;
        }
    }
    *out_matches = operators[condition->comparison].compare(variable, operand, &order) &&
                   relation_holds(operators[condition->comparison].relation, order);
    return STATUS_OK;
}

static enum status evaluate_condition(struct arena *arena, const struct condition *condition, const struct expression_scope *scope,
                                      bool *out_matches, struct failure *out_failure)
{
    const struct value *value = NULL;
    TRY(expression_evaluate(arena, condition->expression, scope, &value, out_failure));
    if (failure_is(out_failure)) {
        return STATUS_OK;
    }
    if (value->type != VALUE_BOOLEAN) {
        return expression_unexpected(arena, condition->expression, "boolean", value, out_failure);
    }
    *out_matches = value->boolean;
    return STATUS_OK;
}

enum status choice_matches(struct arena *arena, const struct condition *condition, const struct expression_scope *scope,
                           bool *out_matches, struct failure *out_failure)
{
    bool matches = false;
    switch (condition->kind) {
    case CONDITION_COMPARISON:
        return compare(arena, condition, scope, out_matches, out_failure);
    case CONDITION_EXPRESSION:
        return evaluate_condition(arena, condition, scope, out_matches, out_failure);
    case CONDITION_NOT:
        TRY(choice_matches(arena, &condition->parts[0], scope, &matches, out_failure));
        *out_matches = !matches;
        return STATUS_OK;
    case CONDITION_AND:
    case CONDITION_OR:
        for (uint32_t at = 0; at < condition->count; at++) {
            TRY(choice_matches(arena, &condition->parts[at], scope, &matches, out_failure));
            if (failure_is(out_failure) || matches == (condition->kind == CONDITION_OR)) {
                break;
            }
        }
        *out_matches = matches;
        return STATUS_OK;
    }
    UNREACHABLE("condition kind");
}
