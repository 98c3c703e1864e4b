/* Threads that do tasks, each by one child at a time. */
#ifndef PAWL_CLI_CREW_H
#define PAWL_CLI_CREW_H

#include "cli/claims.h"
#include "cli/reporter.h"
#include "cli/task.h"

#define CREW_JOBS_MAX 1024

struct crew;

struct crew_config {
    const char *command;
    bool lines;
    uint32_t jobs;
    struct reporter *reporter;
    struct claims *claims;  /* of activities' tasks */
    bool started;           /* tell of every task when it is begun */
    struct str worker_name; /* by whom; STR_NONE: nobody in particular */
};

/* Starts the threads. LIMIT_EXCEEDED: the system has no room for them. */
MUST_CHECK enum status crew_create(const struct crew_config *config, struct crew **out_crew);

/* Waits until every task that was begun is reported to the reporter, and ends the threads. */
void crew_destroy(struct crew *crew);

/* Hands a task over; once done it goes to the reporter. A task of an activity is claimed first: one that is another's is done
 * with, one that was stopped in between is left unfinished. */
void crew_give(struct crew *crew, struct task *task);

/* Waits up to timeout_ms until fewer than a task for each thread wait to be begun; false: not in time. */
bool crew_has_room(struct crew *crew, int timeout_ms);

/* No waiting task is begun from now on; they stay unfinished. */
void crew_stop(struct crew *crew);

/* Whether no thread is at work. */
bool crew_is_idle(struct crew *crew);

/* Kills the children at work. */
void crew_kill(struct crew *crew);

#endif
