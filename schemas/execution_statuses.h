/* ExecutionStatus of the API, from execution_statuses.def. */
#ifndef PAWL_SCHEMAS_EXECUTION_STATUSES_H
#define PAWL_SCHEMAS_EXECUTION_STATUSES_H

#include "base/str.h"

#include <stdbool.h>

enum execution_status_id {
#define EXECUTION_STATUS(id, name) EXECUTION_STATUS_##id,
#include "schemas/execution_statuses.def"
    EXECUTION_STATUS_COUNT
};

/* "RUNNING" …. Static storage. Requires a status of the enum. */
struct str execution_status_name(enum execution_status_id status);

/* The status of that name: true and *out_status, or false. */
bool execution_status_of(struct str name, enum execution_status_id *out_status);

#endif
