#include "asl/jsonpath/path_filter.h"

#include "asl/utf.h"
#include "base/assert.h"

#define STRING_BYTES_A_VISIT 64 /* that are searched */

/* STATUS_REFUSED says, in this file and as path_evaluation_run answers, that a relation cannot be asked (Jayway throws an
 * InvalidPathException): the innermost whole filter around then does not accept, whatever else stands in it. */

/* An operand once evaluated: a value, a pattern, or neither (nothing was found, which equals nothing). */
struct side {
    const struct value *value;
    const struct path_pattern *pattern;
};

static bool is_container(const struct value *value)
{
    return value != NULL && (value->type == VALUE_ARRAY || value->type == VALUE_OBJECT);
}

static bool is_text_or_number(const struct value *value)
{
    return value->type == VALUE_STRING || value->type == VALUE_NUMBER;
}

/* A string's characters, a number's text. */
static struct str text_of(const struct value *value)
{
    return value->type == VALUE_STRING ? value->string : value->source;
}

/* ==: a string and a number are equal when one reads as the other, in the manner of the left one. */
static enum status values_equal(struct path_evaluation *evaluation, const struct value *left, const struct value *right,
                                bool *out_equal)
{
    *out_equal = false;
    TRY(path_evaluation_visit(evaluation, 1 + (uint64_t)left->count));
    if (left->type == right->type) {
        *out_equal = value_equal(left, right);
    } else if (is_text_or_number(left) && is_text_or_number(right)) {
        const struct value *number = NULL;
        *out_equal = str_equal(text_of(left), text_of(right));
        if (!*out_equal && left->type == VALUE_NUMBER) {
            enum status status = value_number_text(evaluation->arena, right->string, &number);
            TRY(status == STATUS_INVALID ? STATUS_OK : status);
            *out_equal = status == STATUS_OK && value_equal(left, number);
        }
    }
    return STATUS_OK;
}

static enum status sides_equal(struct path_evaluation *evaluation, const struct side *left, const struct side *right,
                               bool *out_equal)
{
    *out_equal = false;
    if (left->value == NULL || right->value == NULL) {
        return STATUS_OK;
    }
    return values_equal(evaluation, left->value, right->value, out_equal);
}

static bool same_kind(const struct side *left, const struct side *right)
{
    return left->value != NULL && right->value != NULL &&
           (left->value->type == right->value->type || (is_container(left->value) && is_container(right->value)));
}

/* < 0, 0, > 0; false when the two have no order. */
static bool order(const struct side *left, const struct side *right, int *out_order)
{
    const struct value *a = left->value;
    const struct value *b = right->value;
    int64_t first = 0;
    int64_t second = 0;
    if (a == NULL || b == NULL || a->type != b->type || !is_text_or_number(a)) {
        return false;
    }
    if (a->type == VALUE_STRING) {
        *out_order = utf_compare(a->string, b->string);
    } else if (value_to_int64(a, &first) && value_to_int64(b, &second)) {
        *out_order = (first > second) - (first < second);
    } else {
        *out_order = (a->number > b->number) - (a->number < b->number);
    }
    return true;
}

static enum status array_has(struct path_evaluation *evaluation, const struct value *array, const struct value *item,
                             bool *out_has)
{
    *out_has = false;
    for (uint32_t at = 0; at < array->count && !*out_has; at++) {
        TRY(values_equal(evaluation, array->items[at], item, out_has));
    }
    return STATUS_OK;
}

/* left IN right. */
static enum status is_in(struct path_evaluation *evaluation, const struct side *left, const struct side *right, bool *out_in)
{
    *out_in = false;
    if (!is_container(right->value)) {
        return STATUS_REFUSED;
    }
    if (left->value == NULL || right->value->type != VALUE_ARRAY) {
        return STATUS_OK;
    }
    return array_has(evaluation, right->value, left->value, out_in);
}

static enum status contains(struct path_evaluation *evaluation, const struct side *left, const struct side *right,
                            bool *out_contains)
{
    *out_contains = false;
    if (left->value == NULL || right->value == NULL) {
        return STATUS_OK;
    }
    if (left->value->type == VALUE_STRING && right->value->type == VALUE_STRING) {
        struct str part = right->value->string;
        TRY(path_evaluation_visit(evaluation, left->value->string.length / STRING_BYTES_A_VISIT));
        *out_contains = part.length == 0 || str_find_str(left->value->string, part) < left->value->string.length;
        return STATUS_OK;
    }
    return left->value->type == VALUE_ARRAY ? array_has(evaluation, left->value, right->value, out_contains) : STATUS_OK;
}

/* How many items of left are in right; false when one of them is no array. */
static enum status count_common(struct path_evaluation *evaluation, const struct side *left, const struct side *right,
                                bool *out_arrays, uint32_t *out_common)
{
    *out_common = 0;
    *out_arrays = is_container(right->value) && right->value->type == VALUE_ARRAY;
    if (!is_container(right->value) || (*out_arrays && !is_container(left->value))) {
        return STATUS_REFUSED;
    }
    *out_arrays = *out_arrays && left->value->type == VALUE_ARRAY;
    for (uint32_t at = 0; *out_arrays && at < left->value->count; at++) {
        bool has = false;
        TRY(array_has(evaluation, right->value, left->value->items[at], &has));
        *out_common += has;
    }
    return STATUS_OK;
}

static bool has_size(const struct side *left, const struct side *right)
{
    int64_t size = 0;
    if (left->value == NULL || !value_to_int64(right->value, &size)) {
        return false;
    }
    return (left->value->type == VALUE_STRING && (int64_t)utf_units(left->value->string) == size) ||
           (left->value->type == VALUE_ARRAY && left->value->count == size);
}

static enum status is_empty(const struct side *left, const struct side *right, bool *out_is)
{
    *out_is = false;
    if (left->value == NULL || (left->value->type != VALUE_STRING && !is_container(left->value))) {
        return STATUS_OK;
    }
    if (right->value == NULL || right->value->type != VALUE_BOOLEAN) {
        return STATUS_REFUSED;
    }
    bool empty = left->value->type == VALUE_STRING ? left->value->string.length == 0 : left->value->count == 0;
    *out_is = empty == right->value->boolean;
    return STATUS_OK;
}

/* Written out, it compares two booleans. */
static enum status exists(struct path_evaluation *evaluation, const struct side *left, const struct side *right, bool *out_is)
{
    bool first = left->value != NULL && left->value->type == VALUE_BOOLEAN;
    bool second = right->value != NULL && right->value->type == VALUE_BOOLEAN;
    if (!first && !second) {
        return path_evaluation_fail(evaluation, "Failed to evaluate exists expression");
    }
    *out_is = first && second && left->value->boolean == right->value->boolean;
    return first && second ? STATUS_OK : STATUS_REFUSED;
}

/* A pattern against what a scalar prints as; against an array, any of its items. */
static enum status matches(struct path_evaluation *evaluation, const struct path_pattern *pattern, const struct value *value,
                           bool *out_matches)
{
    *out_matches = false;
    if (value != NULL && value->type == VALUE_ARRAY) {
        for (uint32_t at = 0; at < value->count && !*out_matches; at++) {
            const struct value *item = value->items[at];
            if (is_text_or_number(item) || item->type == VALUE_BOOLEAN) {
                TRY(path_pattern_match(evaluation, pattern, text_of(item), out_matches));
            }
        }
        return STATUS_OK;
    }
    bool printed = value != NULL && (is_text_or_number(value) || value->type == VALUE_BOOLEAN);
    return path_pattern_match(evaluation, pattern, printed ? text_of(value) : STR(""), out_matches);
}

static enum status relate(struct path_evaluation *evaluation, enum path_operator relation, const struct side *left,
                          const struct side *right, bool *out_holds)
{
    int compared = 0;
    uint32_t common = 0;
    bool is = false;
    switch (relation) {
    case PATH_OPERATOR_EQUAL:
        return sides_equal(evaluation, left, right, out_holds);
    case PATH_OPERATOR_NOT_EQUAL:
        TRY(sides_equal(evaluation, left, right, &is));
        *out_holds = !is;
        return STATUS_OK;
    case PATH_OPERATOR_SAME:
    case PATH_OPERATOR_NOT_SAME:
        TRY(sides_equal(evaluation, left, right, &is));
        *out_holds = (is && same_kind(left, right)) == (relation == PATH_OPERATOR_SAME);
        return STATUS_OK;
    case PATH_OPERATOR_LESS:
    case PATH_OPERATOR_LESS_EQUAL:
        *out_holds = order(left, right, &compared) && (compared < 0 || (compared == 0 && relation != PATH_OPERATOR_LESS));
        return STATUS_OK;
    case PATH_OPERATOR_GREATER:
    case PATH_OPERATOR_GREATER_EQUAL:
        *out_holds = order(left, right, &compared) && (compared > 0 || (compared == 0 && relation != PATH_OPERATOR_GREATER));
        return STATUS_OK;
    case PATH_OPERATOR_MATCH:
        if ((left->pattern == NULL) == (right->pattern == NULL)) {
            *out_holds = false;
            return STATUS_OK;
        }
        return left->pattern != NULL ? matches(evaluation, left->pattern, right->value, out_holds)
                                     : matches(evaluation, right->pattern, left->value, out_holds);
    case PATH_OPERATOR_IN:
        return is_in(evaluation, left, right, out_holds);
    case PATH_OPERATOR_NOT_IN:
        TRY(is_in(evaluation, left, right, &is));
        *out_holds = !is;
        return STATUS_OK;
    case PATH_OPERATOR_CONTAINS:
        return contains(evaluation, left, right, out_holds);
    case PATH_OPERATOR_SUBSET_OF:
        TRY(count_common(evaluation, left, right, &is, &common));
        *out_holds = is && common == left->value->count;
        return STATUS_OK;
    case PATH_OPERATOR_ANY_OF:
        TRY(count_common(evaluation, left, right, &is, &common));
        *out_holds = is && common > 0;
        return STATUS_OK;
    case PATH_OPERATOR_NONE_OF:
        TRY(count_common(evaluation, left, right, &is, &common));
        *out_holds = is && common == 0;
        return STATUS_OK;
    case PATH_OPERATOR_SIZE:
        *out_holds = has_size(left, right);
        return STATUS_OK;
    case PATH_OPERATOR_EMPTY:
        return is_empty(left, right, out_holds);
    case PATH_OPERATOR_EXISTS:
        return exists(evaluation, left, right, out_holds);
    case PATH_OPERATOR_ALL:
    case PATH_OPERATOR_TYPE:
    case PATH_OPERATOR_MATCHES:
        /* In Jayway these take only what its Java interface makes; in a path's text nothing does. */
        return STATUS_REFUSED;
    case PATH_OPERATOR_COUNT:
        break;
    }
    UNREACHABLE("path operator");
}

/* Evaluates a path as an operand; what is not found is a side without a value. */
static enum status find(struct path_evaluation *evaluation, const struct path *path, const struct path_start *start,
                        const struct value **out_value)
{
    bool quiet = evaluation->quiet;
    evaluation->quiet = true;
    enum status status = path_evaluation_run(evaluation, path, start, out_value);
    evaluation->quiet = quiet;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status relation_holds(struct path_evaluation *evaluation, const struct path_filter *filter,
                                  const struct path_start *start, bool *out_holds)
{
    struct side left = {filter->left.value, filter->left.pattern};
    struct side right = {filter->right.value, filter->right.pattern};
    if (filter->left.path != NULL) {
        TRY(find(evaluation, filter->left.path, start, &left.value));
    }
    if (filter->right.path != NULL) {
        TRY(find(evaluation, filter->right.path, start, &right.value));
    }
    return relate(evaluation, filter->relation, &left, &right, out_holds);
}

static enum status accepts(struct path_evaluation *evaluation, const struct path_filter *filter,
                           const struct path_start *start, bool *out_accepts)
{
    const struct value *value = NULL;
    TRY(path_evaluation_visit(evaluation, 1));
    switch (filter->kind) {
    case PATH_FILTER_OR:
    case PATH_FILTER_AND:
        *out_accepts = filter->kind == PATH_FILTER_AND;
        for (uint32_t at = 0; at < filter->count && *out_accepts == (filter->kind == PATH_FILTER_AND); at++) {
            TRY(accepts(evaluation, filter->terms[at], start, out_accepts));
        }
        return STATUS_OK;
    case PATH_FILTER_NOT:
        TRY(accepts(evaluation, filter->terms[0], start, out_accepts));
        *out_accepts = !*out_accepts;
        return STATUS_OK;
    case PATH_FILTER_EXISTS: {
        /* Jayway looks from the item even when the path begins with `$`. */
        struct path_start required = {.document = start->item, .item = start->item, .required = true};
        TRY(find(evaluation, filter->left.path, &required, &value));
        *out_accepts = (value != NULL) != filter->negated;
        return STATUS_OK;
    }
    case PATH_FILTER_RELATION:
        return relation_holds(evaluation, filter, start, out_accepts);
    }
    UNREACHABLE("filter kind");
}

enum status path_filter_accepts(struct path_evaluation *evaluation, const struct path_filter *filter, const struct value *item,
                                const struct value *document, bool *out_accepts)
{
    struct path_start start = {.document = document, .item = item};
    enum status status = accepts(evaluation, filter, &start, out_accepts);
    if (status == STATUS_REFUSED) {
        *out_accepts = false;
        return STATUS_OK;
    }
    return status;
}
