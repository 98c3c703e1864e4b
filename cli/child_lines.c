/* Children that do many tasks, one line each: see cli/child.h. */
#include "cli/child.h"

#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define END_MS 2000 /* how long a child may take to end by itself */
#define PAUSE_MS 20

static bool begin(struct child_runner *runner, struct task *task)
{
    struct child_pipes pipes;
    if (runner->pid > 0) {
        return true;
    }
    if (runner->line == NULL) {
        runner->line = malloc(CHILD_OUTPUT_BYTES_MAX);
    }
    if (runner->line == NULL || child_start(runner, NULL, false, &runner->pid, &pipes) != STATUS_OK) {
        runner->pid = 0;
        task_fail(task, STR("Pawl.NotStarted"), str_of(strerror(errno)));
        return false;
    }
    runner->in = pipes.in;
    runner->out = pipes.out;
    runner->line_length = 0;
    return true;
}

static void close_pipes(struct child_runner *runner)
{
    if (runner->in >= 0) {
        close(runner->in);
    }
    close(runner->out);
}

/* Takes the child's end; it is killed first, unless it has ended by itself. The status as waitpid's. */
static int reap(struct child_runner *runner)
{
    int status = 0;
    kill(-runner->pid, SIGKILL);
    waitpid(runner->pid, &status, 0);
    atomic_store(&runner->group, 0);
    runner->pid = 0;
    close_pipes(runner);
    return status;
}

/* The same of a child that has closed its pipe, which may happen a moment before it ends. */
static int await_end(struct child_runner *runner)
{
    int status;
    struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    for (int waited_ms = 0; waited_ms < END_MS; waited_ms += PAUSE_MS) {
        if (waitpid(runner->pid, &status, WNOHANG) == runner->pid) {
            atomic_store(&runner->group, 0);
            runner->pid = 0;
            close_pipes(runner);
            return status;
        }
        nanosleep(&pause, NULL);
    }
    return reap(runner);
}

static void fail_ended(struct child_runner *runner, struct task *task)
{
    char error[32];
    int status = await_end(runner);
    bool killed = WIFSIGNALED(status);
    snprintf(error, sizeof error, "Pawl.%s.%d", killed ? "Signal" : "Exit", killed ? WTERMSIG(status) : WEXITSTATUS(status));
    task_fail(task, str_of(error), STR("the command ended instead of answering"));
}

/* JSON, or "!Error cause". */
static void conclude(struct task *task, struct str line)
{
    line = str_trim(line);
    if (!str_starts_with(line, STR("!"))) {
        task_succeed(task, line);
        return;
    }
    struct str text = str_trim(str_from(line, 1));
    size_t end = str_find(text, ' ');
    struct str error = str_slice(text, 0, end);
    task_fail(task, error.length > 0 ? error : STR("Pawl.Failed"), str_from(text, end));
}

enum progress { WAITING, ANSWERED, ENDED };

/* Reads what is there, up to the line's end. */
static enum progress read_line(struct child_runner *runner, struct task *task)
{
    for (;;) {
        size_t searched = runner->line_length;
        size_t room = CHILD_OUTPUT_BYTES_MAX - runner->line_length;
        ssize_t count = room == 0 ? 0 : read(runner->out, runner->line + runner->line_length, room);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0 && errno == EAGAIN) {
            return WAITING;
        }
        if (room == 0) {
            reap(runner);
            task_fail(task, STR("Pawl.BadOutput"), STR("the command's line is larger than 4 MiB"));
            return ANSWERED;
        }
        if (count <= 0) {
            return ENDED;
        }
        runner->line_length += (size_t)count;
        const char *end = memchr(runner->line + searched, '\n', (size_t)count);
        if (end != NULL) {
            size_t length = (size_t)(end - runner->line);
            conclude(task, (struct str){runner->line, length});
            runner->line_length -= length + 1;
            memmove(runner->line, end + 1, runner->line_length);
            return ANSWERED;
        }
    }
}

/* False: the child does not read any more. */
static bool write_some(struct child_runner *runner, struct str *line)
{
    while (line->length > 0) {
        ssize_t count = write(runner->in, line->bytes, line->length);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return errno == EAGAIN;
        }
        *line = str_from(*line, (size_t)count);
    }
    return true;
}

static enum progress converse(struct child_runner *runner, struct task *task, struct str line)
{
    struct child_clock clock = child_clock_of(task);
    for (;;) {
        int wait_ms = child_clock_tick(&clock, runner, task);
        if (wait_ms == 0) {
            reap(runner);
            task->outcome = TASK_SILENT;
            log_event(LOG_WARNING, "task_killed", "execution=%.*s state=%.*s reason=deadline",
                      STR_ARGS(task->request->execution_arn), STR_ARGS(task->request->state_name));
            return ANSWERED;
        }
        if (!write_some(runner, &line)) {
            return ENDED;
        }
        struct pollfd ends[] = {
            {.fd = runner->out, .events = POLLIN},
            {.fd = line.length > 0 ? runner->in : -1, .events = POLLOUT},
        };
        if (poll(ends, 2, wait_ms) > 0 && ends[0].revents != 0) {
            enum progress progress = read_line(runner, task);
            if (progress != WAITING) {
                return progress;
            }
        }
    }
}

void child_run_line(struct child_runner *runner, struct task *task)
{
    struct str line;
    struct str input = task_input(task);
    if (arena_concat(task->arena, input, STR("\n"), &line) != STATUS_OK) {
        task_fail(task, STR("Pawl.NotStarted"), STR("the task's input is too large"));
        return;
    }
    if (!begin(runner, task)) {
        return;
    }
    if (runner->line_length > 0) {
        /* It said more than one line about the last task: nobody knows what the next would mean. */
        log_event(LOG_WARNING, "command_restarted", "reason=\"it wrote more than one line for a task\"");
        reap(runner);
        if (!begin(runner, task)) {
            return;
        }
    }
    if (converse(runner, task, line) == ENDED) {
        fail_ended(runner, task);
    }
}

void child_end_lines(struct child_runner *runner)
{
    free(runner->line);
    runner->line = NULL;
    if (runner->pid > 0) {
        close(runner->in);
        runner->in = -1;
        await_end(runner);
    }
}
