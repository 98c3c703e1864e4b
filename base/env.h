/* What a step may know of the world: the time, and chance from a seed (design, section 1).
 *
 * The same (record, env) must give the same bytes, so chance is drawn from the seed and a counter: SHA-256 of both. */
#ifndef PAWL_BASE_ENV_H
#define PAWL_BASE_ENV_H

#include <stddef.h>
#include <stdint.h>

#define ENV_SEED_BYTES 32
#define UUID_CHARACTERS 36

struct env {
    int64_t now_ms; /* Unix time; of a step: max(wall clock, the execution's last time) */
    uint8_t seed[ENV_SEED_BYTES];
    uint64_t drawn; /* how many draws were made; the one member that drawing changes */
    uint64_t work;     /* what evaluating expressions has cost: steps of JSONata, values that paths looked at */
    uint64_t work_max; /* how much it may be, all expressions together; 0: no limit */
};

/* How much more work may be done. `env` may be NULL. */
static inline uint64_t env_work_left(const struct env *env)
{
    if (env == NULL || env->work_max == 0) {
        return UINT64_MAX;
    }
    return env->work < env->work_max ? env->work_max - env->work : 0;
}

/* Counts work. `env` may be NULL. */
static inline void env_work_add(struct env *env, uint64_t work)
{
    if (env != NULL) {
        env->work += work;
    }
}

/* Fills `bytes` with chance. length ≤ 32. */
void env_random(struct env *env, uint8_t *bytes, size_t length);

/* A number in 0 ..< bound, each equally likely (within 2⁻⁶⁴ · bound). Requires bound > 0. */
uint64_t env_random_below(struct env *env, uint64_t bound);

/* A UUID of version 4 (RFC 9562), lower case, with a NUL. */
void env_uuid(struct env *env, char out_text[UUID_CHARACTERS + 1]);

/* Writes 16 bytes as a UUID of `version` (4 or 8): version and variant bits are set, the rest kept. */
void env_uuid_format(const uint8_t bytes[16], int version, char out_text[UUID_CHARACTERS + 1]);

#endif
