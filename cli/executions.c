#include "cli/executions.h"

#include "cli/side.h"

#include <stdlib.h>

enum exit_code executions_find(struct context *context, const struct executions_filter *filter,
                               struct executions *out_executions)
{
    return context->side->executions_find(context, filter, out_executions);
}

static int compare(const void *a, const void *b)
{
    const struct execution_status *left = *(const struct execution_status *const *)a;
    const struct execution_status *right = *(const struct execution_status *const *)b;
    if (left->start_date != right->start_date) {
        return left->start_date > right->start_date ? -1 : 1;
    }
    return str_compare(left->execution_arn, right->execution_arn);
}

void executions_arrange(struct executions *executions, int64_t max)
{
    if (executions->count > 0) {
        qsort(executions->items, executions->count, sizeof *executions->items, compare);
    }
    executions->left = 0;
    if (max > 0 && (size_t)max < executions->count) {
        executions->left = executions->count - (size_t)max;
        executions->count = (size_t)max;
    }
}
