/* The built pawl as users run it: by a shell, in a folder of its own. */
#ifndef PAWL_TESTS_CLI_PAWL_H
#define PAWL_TESTS_CLI_PAWL_H

#include <stddef.h>
#include <sys/types.h>

struct pawl {
    char folder[64];
    char output[65536]; /* of the last pawl_run: stdout and stderr */
    pid_t dev;          /* a running `pawl dev`, or 0 */
};

/* Makes the folder, and sets $P (the program) and PAWL_STATE_DIR for what is run. */
void pawl_init(struct pawl *pawl);
/* Ends what runs and removes the folder. */
void pawl_clear(struct pawl *pawl);

/* The same as cmocka's set-up and tear-down; the state is the struct pawl. */
int pawl_set_up(void **state);
int pawl_tear_down(void **state);

/* Runs the command by /bin/sh in the folder: its exit code, 128 + n when signal n ended it. */
int pawl_run(struct pawl *pawl, const char *command);

/* Starts `pawl dev` with further arguments, and waits until it is ready. */
void pawl_start_dev(struct pawl *pawl, const char *arguments);
/* Sends the signal and waits: the exit code as above. */
int pawl_stop_dev(struct pawl *pawl, int signal);

/* One row of a scenario: a command, its exit code, and what its output must hold (NULL: anything). */
struct pawl_step {
    const char *command;
    int code;
    const char *output;
};
void pawl_play(struct pawl *pawl, const struct pawl_step *steps, size_t count);
#define PLAY(pawl, steps) pawl_play((pawl), (steps), sizeof(steps) / sizeof *(steps))

#endif
