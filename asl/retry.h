/* Retriers and Catchers: which one an error meets, and how long a retry waits (ASL.md, sections 7.2, 7.3). */
#ifndef PAWL_ASL_RETRY_H
#define PAWL_ASL_RETRY_H

#include "base/env.h"
#include "base/str.h"

struct retrier;
struct state;

/* An error as Retry and Catch see it. */
struct retry_error {
    struct str name;
    bool heartbeat; /* a missed heartbeat: also answers to States.HeartbeatTimeout */
};

/* Whether `names` name the error. States.ALL names every error but States.Runtime; States.TaskFailed every one but
 * States.Timeout and States.Runtime; States.HeartbeatTimeout and States.Timeout a missed heartbeat. States.Runtime is met
 * by nothing. */
bool retry_names(const struct str *names, uint32_t name_count, const struct retry_error *error);

/* The first retrier, or catcher, of the state that names the error: its index, or UINT32_MAX. */
uint32_t retry_find_retrier(const struct state *state, const struct retry_error *error);
uint32_t retry_find_catcher(const struct state *state, const struct retry_error *error);

/* How long to wait before the retry after `attempt` earlier ones of this retrier, in ms:
 * min(IntervalSeconds · BackoffRate^attempt, MaxDelaySeconds), at most a year; with FULL jitter, drawn from `env`, a uniform
 * value in 0 ..= that. */
int64_t retry_delay_ms(const struct retrier *retrier, int64_t attempt, struct env *env);

#endif
