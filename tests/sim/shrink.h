/* Makes a failing run smaller: fewer faults, fewer executions, shorter, fewer processes, as long as something still fails. Each
 * try runs in a process of its own, as what fails may crash or hang. */
#ifndef PAWL_TESTS_SIM_SHRINK_H
#define PAWL_TESTS_SIM_SHRINK_H

#include "world.h"

/* Ends the process when the run that begins takes longer than any does, by the processor's time: it hangs. */
void shrink_set_limit(void);

/* A run in a process of its own. True: all held. */
bool shrink_try(const struct world_options *options);

/* `options` has failed, and faults struck. Prints how it goes, and in the end the command that replays what is left. */
void shrink_run(const struct world_options *options, const struct fault_list *struck, int64_t seconds_max);

#endif
