/* Who answers the tasks of `pawl run` where no mock does: a command, as `pawl worker` runs it, or an echo. */
#ifndef PAWL_CLI_RESPONDER_H
#define PAWL_CLI_RESPONDER_H

#include "cli/child.h"
#include "cli/machine_run.h"

struct responder {
    struct child_runner runner; /* its command: NULL echoes the task's input as its result */
};

/* machine_run's `answer`; the owner is a struct responder. A task whose time is over before the command ends is not answered:
 * it times out. */
MUST_CHECK enum status responder_answer(void *owner, struct arena *arena, const struct task_request *request,
                                        struct machine_run_mock *out_answer);

#endif
