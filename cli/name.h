/* What a user calls a state machine or execution, as an ARN. */
#ifndef PAWL_CLI_NAME_H
#define PAWL_CLI_NAME_H

#include "cli/context.h"

/* NAME, or an ARN of a state machine (with a version or alias too), as an ARN. */
enum exit_code name_machine(struct context *context, struct str text, struct str *out_arn);

/* STATE-MACHINE/NAME, or the ARN of an execution, as an ARN. */
enum exit_code name_execution(struct context *context, struct str text, struct str *out_arn);

/* Whether `text` means an execution rather than a state machine. */
bool name_is_execution(struct str text);

/* The ARN of the machine's execution called `name`; a version or alias in the machine's ARN is left out. */
enum exit_code name_execution_of(struct context *context, struct str machine_arn, struct str name, struct str *out_arn);

#endif
