/* `pawl bench forward`: the ceiling. The same consumer, producers and commit protocol as the engine's (the bus port), batches
 * by the same rules as processor/loop.c; for each input record it writes what the engine wrote for one (bench_steps.h), for
 * each transaction and partition a commit row, and does nothing else: no decoding, no state, no encoding. */
#ifndef PAWL_CLI_BENCH_FORWARD_H
#define PAWL_CLI_BENCH_FORWARD_H

#include "cli/context.h"

/* Runs until SIGTERM. Prefix, threads and batch limits are the configuration's; the steps lie in state.dir. */
enum exit_code bench_forward(struct context *context);

#endif
