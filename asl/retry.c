#include "asl/retry.h"

#include "asl/errors.h"
#include "asl/machine_parts.h"
#include "base/limits.h"

#include <math.h>

bool retry_names(const struct str *names, uint32_t name_count, const struct retry_error *error)
{
    if (str_equal(error->name, errors_name(ERROR_RUNTIME))) {
        return false;
    }
    bool timeout = str_equal(error->name, errors_name(ERROR_TIMEOUT));
    for (uint32_t at = 0; at < name_count; at++) {
        if (str_equal(names[at], error->name) || str_equal(names[at], errors_name(ERROR_ALL)) ||
            (!timeout && str_equal(names[at], errors_name(ERROR_TASK_FAILED))) ||
            (error->heartbeat && str_equal(names[at], errors_name(ERROR_HEARTBEAT_TIMEOUT)))) {
            return true;
        }
    }
    return false;
}

uint32_t retry_find_retrier(const struct state *state, const struct retry_error *error)
{
    for (uint32_t at = 0; at < state->retrier_count; at++) {
        if (retry_names(state->retriers[at].error_equals, state->retriers[at].error_count, error)) {
            return at;
        }
    }
    return UINT32_MAX;
}

uint32_t retry_find_catcher(const struct state *state, const struct retry_error *error)
{
    for (uint32_t at = 0; at < state->catcher_count; at++) {
        if (retry_names(state->catchers[at].error_equals, state->catchers[at].error_count, error)) {
            return at;
        }
    }
    return UINT32_MAX;
}

int64_t retry_delay_ms(const struct retrier *retrier, int64_t attempt, struct env *env)
{
    double limit_ms = retrier->delay_seconds_max > 0 ? (double)retrier->delay_seconds_max * 1000.0 : (double)EXECUTION_MS_MAX;
    double delay_ms = (double)retrier->interval_seconds * 1000.0 * pow(retrier->backoff_rate, (double)attempt);
    if (!(delay_ms < limit_ms)) {
        delay_ms = limit_ms;
    }
    int64_t whole_ms = (int64_t)llround(delay_ms);
    return retrier->jitter_full ? (int64_t)env_random_below(env, (uint64_t)whole_ms + 1) : whole_ms;
}
