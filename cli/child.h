/* Commands that do tasks, as child processes by /bin/sh -c, each in a process group of its own. */
#ifndef PAWL_CLI_CHILD_H
#define PAWL_CLI_CHILD_H

#include "cli/task.h"

#include <stdatomic.h>
#include <sys/types.h>

#define CHILD_OUTPUT_BYTES_MAX (4 * 1024 * 1024) /* half of what a record holds */
#define CHILD_ERRORS_BYTES_MAX (64 * 1024)       /* of stderr, the last are kept */

/* Who runs commands. Belongs to one thread, but for child_kill. */
struct child_runner {
    const char *command;
    void (*heartbeat)(void *owner, const struct task *task); /* the task lives */
    void *owner;
    _Atomic pid_t group; /* of the running child; 0: none */

    /* of a child in lines (child_lines.c), while it runs */
    pid_t pid;
    int in;  /* its stdin */
    int out; /* its stdout */
    char *line; /* what it has written past its last answer; CHILD_OUTPUT_BYTES_MAX bytes */
    size_t line_length;
};

/* Runs the command for the task and sets its outcome: exit code 0 and JSON on stdout is success. Past the deadline the child
 * is killed and the outcome is TASK_SILENT. */
void child_run(struct child_runner *runner, struct task *task);

/* The same by lines: the command is started when it does not run, gets one line, and answers one: JSON, or "!Error cause". */
void child_run_line(struct child_runner *runner, struct task *task);

/* Ends a child in lines: closes its stdin, and waits for at most two seconds before it is killed. */
void child_end_lines(struct child_runner *runner);

/* Kills the running child, from any thread. */
void child_kill(struct child_runner *runner);

/* ---- For child_*.c ---- */

/* What a child is connected by. */
struct child_pipes {
    int in;
    int out;
    int errors; /* -1: it has ours */
};

/* Starts the command with `environment` (NULL: ours). INVALID: errno tells. */
MUST_CHECK enum status child_start(struct child_runner *runner, char *const *environment, bool own_errors, pid_t *out_pid,
                                   struct child_pipes *out_pipes);

/* When something is to be done about a running task: heartbeats and its deadline. */
struct child_clock {
    int64_t deadline_ms;  /* Unix time; INT64_MAX: none */
    int64_t heartbeat_ms; /* when the next is due; INT64_MAX: none */
    int64_t every_ms;
};
struct child_clock child_clock_of(const struct task *task);
/* Sends a heartbeat that is due. How long to wait at most, in ms; 0: the deadline is over. */
int child_clock_tick(struct child_clock *clock, struct child_runner *runner, const struct task *task);

int64_t child_now_ms(void);

#endif
