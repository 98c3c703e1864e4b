/* The executions that `pawl list` shows. */
#ifndef PAWL_CLI_EXECUTIONS_H
#define PAWL_CLI_EXECUTIONS_H

#include "cli/context.h"
#include "schemas/records.h"

#define EXECUTIONS_LEFT_UNKNOWN SIZE_MAX

struct executions_filter {
    struct str machine_arn; /* STR_NONE: any */
    struct str status;      /* STR_NONE: any */
    int64_t max;            /* 0: all */
};

struct executions {
    const struct execution_status **items; /* the latest first; those members that ListExecutions shows */
    size_t count;
    size_t left; /* more that match; EXECUTIONS_LEFT_UNKNOWN: some */
};

/* Those that match, at most filter->max. */
enum exit_code executions_find(struct context *context, const struct executions_filter *filter,
                               struct executions *out_executions);

/* For the sides: sorts what was found and cuts it down to `max`; the rest counts as left. */
void executions_arrange(struct executions *executions, int64_t max);

#endif
