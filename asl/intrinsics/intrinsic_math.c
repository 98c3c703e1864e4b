#include "asl/intrinsics/intrinsic_call.h"

#define LCG_MULTIPLIER 0x5DEECE66DULL /* java.util.Random, whose specification fixes its numbers */
#define LCG_INCREMENT 0xBULL
#define LCG_MASK ((1ULL << 48) - 1)

enum status intrinsic_math_add(const struct intrinsic_frame *frame, const struct value **out_value)
{
    int64_t first = 0;
    int64_t second = 0;
    int64_t sum = 0;
    TRY(intrinsic_need_integer(frame, 0, &first));
    TRY(intrinsic_need_integer(frame, 1, &second));
    if (__builtin_add_overflow(first, second, &sum)) {
        return intrinsic_fail(frame, "The sum is out of range");
    }
    return value_integer(frame->run->arena, sum, out_value);
}

static uint32_t lcg_next(uint64_t *seed, int bits)
{
    *seed = (*seed * LCG_MULTIPLIER + LCG_INCREMENT) & LCG_MASK;
    return (uint32_t)(*seed >> (48 - bits));
}

/* Java's new Random(seed).nextInt(bound); beyond an int its nextLong, taken modulo. */
static uint64_t seeded_below(int64_t seed, uint64_t bound)
{
    uint64_t state = ((uint64_t)seed ^ LCG_MULTIPLIER) & LCG_MASK;
    if (bound > INT32_MAX) {
        uint64_t high = lcg_next(&state, 32);
        return (high << 32 | lcg_next(&state, 32)) % bound;
    }
    uint32_t limit = (uint32_t)bound;
    if ((limit & (limit - 1)) == 0) {
        return (uint64_t)limit * lcg_next(&state, 31) >> 31;
    }
    /* What is drawn beyond the last multiple of the limit would favour small numbers. */
    uint32_t drawn = lcg_next(&state, 31);
    while (drawn - drawn % limit + (limit - 1) > INT32_MAX) {
        drawn = lcg_next(&state, 31);
    }
    return drawn % limit;
}

enum status intrinsic_math_random(const struct intrinsic_frame *frame, const struct value **out_value)
{
    int64_t start = 0;
    int64_t end = 0;
    int64_t seed = 0;
    TRY(intrinsic_need_integer(frame, 0, &start));
    TRY(intrinsic_need_integer(frame, 1, &end));
    if (start >= end) {
        return intrinsic_fail(frame, "The start of the range must be below its end");
    }
    uint64_t span = (uint64_t)end - (uint64_t)start;
    uint64_t drawn = 0;
    if (frame->call->count == 3) {
        TRY(intrinsic_need_integer(frame, 2, &seed));
        drawn = seeded_below(seed, span);
    } else {
        drawn = env_random_below(frame->run->env, span);
    }
    return value_integer(frame->run->arena, (int64_t)((uint64_t)start + drawn), out_value);
}

enum status intrinsic_uuid(const struct intrinsic_frame *frame, const struct value **out_value)
{
    char text[UUID_CHARACTERS + 1];
    struct str copy;
    env_uuid(frame->run->env, text);
    TRY(arena_copy(frame->run->arena, (struct str){text, UUID_CHARACTERS}, &copy));
    return value_string(frame->run->arena, copy, out_value);
}
