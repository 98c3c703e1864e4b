/* Filters: what stands between `[?(` and `)]`. Private to asl/jsonpath/. */
#ifndef PAWL_ASL_JSONPATH_PATH_FILTER_H
#define PAWL_ASL_JSONPATH_PATH_FILTER_H

#include "asl/jsonpath/path_evaluate.h"
#include "asl/jsonpath/path_pattern.h"
#include "asl/jsonpath/path_reader.h"

enum path_operator {
#define OPERATOR(id, text) PATH_OPERATOR_##id,
#include "asl/jsonpath/path_operators.def"
    PATH_OPERATOR_COUNT
};

enum path_filter_kind { PATH_FILTER_OR, PATH_FILTER_AND, PATH_FILTER_NOT, PATH_FILTER_EXISTS, PATH_FILTER_RELATION };

/* One of path, value and pattern. */
struct path_operand {
    const struct path *path;
    const struct value *value;
    const struct path_pattern *pattern;
};

struct path_filter {
    enum path_filter_kind kind;
    uint32_t count;                          /* terms of OR and AND; 1 of NOT */
    const struct path_filter *const *terms;
    struct path_operand left; /* EXISTS: its path */
    struct path_operand right;
    enum path_operator relation;
    bool negated; /* EXISTS: it must not */
};

/* Compiles the reader's whole text. */
MUST_CHECK enum status path_filter_compile(struct path_reader *reader, const struct path_filter **out_filter);

/* Whether the filter holds for `item` (`@`). */
MUST_CHECK enum status path_filter_accepts(struct path_evaluation *evaluation, const struct path_filter *filter,
                                           const struct value *item, const struct value *document, bool *out_accepts);

#endif
