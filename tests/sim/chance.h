/* Everything that the simulator leaves to chance, from one seed (splitmix64). */
#ifndef PAWL_TESTS_SIM_CHANCE_H
#define PAWL_TESTS_SIM_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

static inline uint64_t chance_next(struct chance *chance)
{
    uint64_t z = chance->state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static inline uint32_t chance_below(struct chance *chance, uint32_t bound)
{
    return (uint32_t)(chance_next(chance) % bound);
}

/* True `in_10000` times out of ten thousand. */
static inline bool chance_of(struct chance *chance, uint32_t in_10000)
{
    return chance_below(chance, 10000) < in_10000;
}

#endif
