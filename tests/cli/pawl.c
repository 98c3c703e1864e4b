#include "pawl.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define READY_TRIES 1200 /* of 100 ms: sanitizers are slow, machines busy */

void pawl_init(struct pawl *pawl)
{
    char program[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 16);
    assert_true(length > 0);
    program[length] = '\0';
    /* build/release/tests/test_cli_program → build/release/pawl */
    strcpy(strrchr(program, '/'), "/../pawl");
    memset(pawl, 0, sizeof *pawl);
    strcpy(pawl->folder, "/tmp/pawl-cli-XXXXXX");
    assert_non_null(mkdtemp(pawl->folder));
    setenv("P", program, 1);
    setenv("PAWL_STATE_DIR", "state", 1);
    unsetenv("PAWL_KAFKA_BOOTSTRAP_SERVERS");
}

static int code_of(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int pawl_set_up(void **state)
{
    static struct pawl pawl;
    pawl_init(&pawl);
    *state = &pawl;
    return 0;
}

int pawl_tear_down(void **state)
{
    pawl_clear(*state);
    return 0;
}

int pawl_run(struct pawl *pawl, const char *command)
{
    char whole[8192];
    snprintf(whole, sizeof whole, "cd %s && exec 2>&1 </dev/null; %s", pawl->folder, command);
    FILE *pipe = popen(whole, "r");
    assert_non_null(pipe);
    size_t length = fread(pawl->output, 1, sizeof pawl->output - 1, pipe);
    pawl->output[length] = '\0';
    return code_of(pclose(pipe));
}

void pawl_clear(struct pawl *pawl)
{
    char command[128];
    if (pawl->dev > 0) {
        pawl_stop_dev(pawl, SIGKILL);
    }
    snprintf(command, sizeof command, "rm -rf %s", pawl->folder);
    assert_int_equal(system(command), 0);
}

void pawl_start_dev(struct pawl *pawl, const char *arguments)
{
    char command[512];
    struct timespec pause = {.tv_nsec = 100 * 1000000L};
    snprintf(command, sizeof command,
             "cd %s && exec $P dev --json --set gateway.listen=127.0.0.1:0 %s > dev.out 2>> dev.err", pawl->folder,
             arguments);
    pawl_run(pawl, "rm -f dev.out");
    pawl->dev = fork();
    if (pawl->dev == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    for (int tries = 0; tries < READY_TRIES; tries++) {
        if (pawl_run(pawl, "grep -q ready dev.out") == 0) {
            return;
        }
        nanosleep(&pause, NULL);
    }
    pawl_run(pawl, "cat dev.out dev.err");
    fail_msg("pawl dev is not ready: %s", pawl->output);
}

int pawl_stop_dev(struct pawl *pawl, int signal)
{
    int status;
    kill(pawl->dev, signal);
    waitpid(pawl->dev, &status, 0);
    pawl->dev = 0;
    return code_of(status);
}

void pawl_play(struct pawl *pawl, const struct pawl_step *steps, size_t count)
{
    for (size_t at = 0; at < count; at++) {
        print_message("%s\n", steps[at].command);
        int code = pawl_run(pawl, steps[at].command);
        bool as_expected = code == steps[at].code &&
                           (steps[at].output == NULL || strstr(pawl->output, steps[at].output) != NULL);
        if (!as_expected) {
            char output[sizeof pawl->output];
            memcpy(output, pawl->output, sizeof output);
            pawl_run(pawl, "tail -5 dev.err");
            fail_msg("exit code %d\n%s\nexpected %d: %s\ndev: %s", code, output, steps[at].code,
                     steps[at].output == NULL ? "" : steps[at].output, pawl->output);
        }
    }
}
