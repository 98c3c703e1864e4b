#include "schemas/execution_statuses.h"

#include "base/assert.h"

static const struct str names[EXECUTION_STATUS_COUNT] = {
#define EXECUTION_STATUS(id, name) STR_INIT(name),
#include "schemas/execution_statuses.def"
};

struct str execution_status_name(enum execution_status_id status)
{
    ASSERT((unsigned)status < EXECUTION_STATUS_COUNT);
    return names[status];
}

bool execution_status_of(struct str name, enum execution_status_id *out_status)
{
    for (int at = 0; at < EXECUTION_STATUS_COUNT; at++) {
        if (str_equal(names[at], name)) {
            *out_status = (enum execution_status_id)at;
            return true;
        }
    }
    return false;
}
