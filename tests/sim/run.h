/* Runs of many seeds, over several processes, and of planted bugs. */
#ifndef PAWL_TESTS_SIM_RUN_H
#define PAWL_TESTS_SIM_RUN_H

#include "world.h"

enum run_mode { RUN_ONE, RUN_SEEDS, RUN_MUTANTS };

struct run_options {
    struct world_options world;
    struct fault_list faults; /* what world.only is, if it is */
    enum run_mode mode;
    uint64_t numbers[2]; /* a seed; the first and the last; how many for each planted bug */
    int number_count;
    uint32_t jobs; /* processes at a time */
};

/* False: something did not hold, or a planted bug was not found. */
bool run(const struct run_options *options);

/* False: there is none of that name. */
bool run_choose_mutant(const char *name);

#endif
