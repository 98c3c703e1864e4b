/* `pawl start --each`: one execution for each line of JSON on stdin, many of them on their way at a time. */
#ifndef PAWL_CLI_START_EACH_H
#define PAWL_CLI_START_EACH_H

#include "cli/context.h"

/* Prints each answer as it comes. A start that is refused is told, and the others go on; then the code is REFUSED. */
enum exit_code start_each(struct context *context, struct str machine_arn);

#endif
