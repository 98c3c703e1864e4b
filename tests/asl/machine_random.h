/* A random machine and its input, from a seed: all state types, Parallel and Map inside each other, both query languages,
 * variables, Retry and Catch. */
#ifndef PAWL_TESTS_ASL_MACHINE_RANDOM_H
#define PAWL_TESTS_ASL_MACHINE_RANDOM_H

#include "asl/interpreter.h"

/* The names of Tasks with a TimeoutSeconds begin so. */
#define MACHINE_RANDOM_TIMED "Timed"

struct random {
    uint64_t state;
};

/* 0 ..< bound; bound > 0. */
uint64_t random_below(struct random *random, uint64_t bound);

struct random_machine {
    const struct machine *machine;
    struct str text;
    struct str input;
    bool express;
    bool wild; /* it may fail anywhere, loop, time out: its outcome depends on who is first */
};

/* Odd seeds make wild ones. */
void machine_random(struct arena *arena, uint64_t seed, struct random_machine *out_machine);

#endif
