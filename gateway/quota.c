#include "gateway/quota.h"

#include <inttypes.h>

/* `most` is 0 where there is no quota. */
static bool has_room(const struct call *call, enum view_count count, int64_t most)
{
    return most == 0 || view_count(call->gateway->view, count) < most;
}

/* A machine or an activity, of which there may be `most`. */
static enum status check_definition(struct call *call, struct str arn, enum view_count count, int64_t most, struct str error,
                                    const char *what, bool *out_refused)
{
    const struct definition *head;
    *out_refused = false;
    if (has_room(call, count, most)) {
        return STATUS_OK;
    }
    enum status status = view_machine(call->gateway->view, call->arena, arn, &head);
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    *out_refused = true;
    return call_refuse(call, error, "Exceeded the limit of %" PRId64 " %s", most, what);
}

enum status quota_check_machine(struct call *call, struct str arn, bool *out_refused)
{
    return check_definition(call, arn, VIEW_COUNT_MACHINES, call->gateway->config.machines_max,
                            STR("StateMachineLimitExceeded"), "state machines", out_refused);
}

enum status quota_check_activity(struct call *call, struct str arn, bool *out_refused)
{
    return check_definition(call, arn, VIEW_COUNT_ACTIVITIES, call->gateway->config.activities_max,
                            STR("ActivityLimitExceeded"), "activities", out_refused);
}

enum status quota_check_execution(struct call *call, struct str arn, bool *out_refused)
{
    int64_t most = call->gateway->config.executions_max;
    const struct execution_status *execution;
    *out_refused = !has_room(call, VIEW_COUNT_RUNNING, most);
    if (*out_refused && arn.bytes != NULL) {
        enum status status = view_execution(call->gateway->view, call->arena, arn, &execution);
        *out_refused = status == STATUS_NOT_FOUND;
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            return status;
        }
    }
    return !*out_refused ? STATUS_OK
                         : call_refuse(call, STR("ExecutionLimitExceeded"),
                                       "Exceeded the limit of %" PRId64 " running executions", most);
}

enum status quota_refuse_worker(struct call *call)
{
    return call_refuse(call, STR("ActivityWorkerLimitExceeded"),
                       "Exceeded the limit of %" PRId64 " workers that poll for an activity at the same time",
                       call->gateway->config.workers_max);
}
