/* `pawl bench bare`: the child that `pawl bench api` holds the gateway against (gateway/bare.h). It answers with what the
 * file BENCH_BARE_FILE in state.dir holds, on gateway.threads threads. */
#ifndef PAWL_CLI_BENCH_BARE_H
#define PAWL_CLI_BENCH_BARE_H

#include "cli/context.h"

#define BENCH_BARE_FILE "answer"

enum exit_code bench_bare(struct context *context);

#endif
