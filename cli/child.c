#include "cli/child.h"

#include "asl/value.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRACE_MS 2000    /* from SIGTERM to SIGKILL */
#define WAIT_MS_MAX 60000
#define READ_BYTES 65536

int64_t child_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- Starting ---- */

static void close_pair(int pair[2])
{
    for (int end = 0; end < 2; end++) {
        if (pair[end] >= 0) {
            close(pair[end]);
            pair[end] = -1;
        }
    }
}

static int spawn(struct child_runner *runner, char *const *environment, int in, int out, int errors, pid_t *out_pid)
{
    char *const arguments[] = {(char *)"sh", (char *)"-c", (char *)runner->command, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (errors >= 0) {
        posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    }
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    int error = posix_spawn(out_pid, "/bin/sh", &actions, &attributes, arguments, environment == NULL ? environ : environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

enum status child_start(struct child_runner *runner, char *const *environment, bool own_errors, pid_t *out_pid,
                        struct child_pipes *out_pipes)
{
    int in[2] = {-1, -1};
    int out[2] = {-1, -1};
    int errors[2] = {-1, -1};
    int error = 0;
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || (own_errors && pipe2(errors, O_CLOEXEC) != 0)) {
        error = errno;
    } else {
        error = spawn(runner, environment, in[0], out[1], errors[1], out_pid);
    }
    if (error != 0) {
        close_pair(in);
        close_pair(out);
        close_pair(errors);
        errno = error;
        return STATUS_INVALID;
    }
    close(in[0]);
    close(out[1]);
    if (own_errors) {
        close(errors[1]);
        fcntl(errors[0], F_SETFL, O_NONBLOCK);
    }
    fcntl(in[1], F_SETFL, O_NONBLOCK);
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    atomic_store(&runner->group, *out_pid);
    *out_pipes = (struct child_pipes){in[1], out[0], errors[0]};
    return STATUS_OK;
}

void child_kill(struct child_runner *runner)
{
    pid_t group = atomic_load(&runner->group);
    if (group > 0) {
        kill(-group, SIGKILL);
    }
}

/* ---- Time ---- */

struct child_clock child_clock_of(const struct task *task)
{
    struct child_clock clock = {INT64_MAX, INT64_MAX, 0};
    const struct task_request *request = task->request;
    if (request->deadline != RECORD_NONE) {
        clock.deadline_ms = request->deadline / 1000;
    }
    if (request->heartbeat_in_seconds != RECORD_NONE && request->heartbeat_in_seconds > 0) {
        clock.every_ms = request->heartbeat_in_seconds * 500;
        /* At once: the state has counted since it asked, and the task may have waited for a worker since. */
        clock.heartbeat_ms = child_now_ms();
    }
    return clock;
}

int child_clock_tick(struct child_clock *clock, struct child_runner *runner, const struct task *task)
{
    int64_t now_ms = child_now_ms();
    if (now_ms >= clock->deadline_ms) {
        return 0;
    }
    if (now_ms >= clock->heartbeat_ms) {
        runner->heartbeat(runner->owner, task);
        clock->heartbeat_ms = now_ms + clock->every_ms;
    }
    int64_t next_ms = clock->deadline_ms < clock->heartbeat_ms ? clock->deadline_ms : clock->heartbeat_ms;
    return next_ms - now_ms > WAIT_MS_MAX ? WAIT_MS_MAX : (int)(next_ms - now_ms);
}

/* ---- The environment ---- */

#define VARIABLES 6

static enum status add_variable(struct arena *arena, char **environment, size_t *count, const char *name, struct str value)
{
    struct str text;
    TRY(arena_format(arena, &text, "%s=%.*s", name, STR_ARGS(value)));
    environment[(*count)++] = (char *)text.bytes;
    return STATUS_OK;
}

static enum status make_environment(struct task *task, char ***out_environment)
{
    const struct task_request *request = task->request;
    size_t count = 0;
    size_t used = 0;
    char attempt[24];
    while (environ[count] != NULL) {
        count++;
    }
    char **environment = arena_array(task->arena, char *, count + VARIABLES + 1);
    TRY_NEW(environment);
    for (size_t at = 0; at < count; at++) {
        static const char *const ours[] = {"PAWL_TASK_TOKEN=", "PAWL_EXECUTION_ARN=", "PAWL_STATE_MACHINE_ARN=",
                                           "PAWL_STATE_NAME=", "PAWL_RESOURCE=", "PAWL_ATTEMPT="};
        bool replaced = false;
        for (size_t name = 0; name < VARIABLES; name++) {
            replaced = replaced || strncmp(environ[at], ours[name], strlen(ours[name])) == 0;
        }
        if (!replaced) {
            environment[used++] = environ[at];
        }
    }
    snprintf(attempt, sizeof attempt, "%" PRId64, request->attempt);
    TRY(add_variable(task->arena, environment, &used, "PAWL_TASK_TOKEN", request->task_token));
    TRY(add_variable(task->arena, environment, &used, "PAWL_EXECUTION_ARN", request->execution_arn));
    TRY(add_variable(task->arena, environment, &used, "PAWL_STATE_MACHINE_ARN", request->state_machine_arn));
    TRY(add_variable(task->arena, environment, &used, "PAWL_STATE_NAME", request->state_name));
    TRY(add_variable(task->arena, environment, &used, "PAWL_RESOURCE", request->resource));
    TRY(add_variable(task->arena, environment, &used, "PAWL_ATTEMPT", str_of(attempt)));
    *out_environment = environment;
    return STATUS_OK;
}

/* ---- Running ---- */

/* A child at work. */
struct work {
    struct child_runner *runner;
    struct task *task;
    struct child_clock clock;
    pid_t pid;
    int pidfd;
    struct child_pipes pipes;
    struct str input; /* what is not written yet */
    struct buffer output;
    struct buffer errors;
    bool too_much;    /* it was killed: its output is too large */
    bool late;        /* it was killed: its time is over */
    int64_t kill_ms;  /* when SIGKILL follows SIGTERM; INT64_MAX: no */
};

static void close_end(int *end)
{
    if (*end >= 0) {
        close(*end);
        *end = -1;
    }
}

static void write_input(struct work *work)
{
    while (work->input.length > 0) {
        ssize_t count = write(work->pipes.in, work->input.bytes, work->input.length);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0 && errno == EAGAIN) {
            return;
        }
        if (count < 0) {
            break; /* it does not want to read it */
        }
        work->input = str_from(work->input, (size_t)count);
    }
    close_end(&work->pipes.in);
}

/* Of stderr the last bytes are kept. */
static void shorten(struct buffer *errors)
{
    if (errors->length > CHILD_ERRORS_BYTES_MAX) {
        size_t over = errors->length - CHILD_ERRORS_BYTES_MAX / 2;
        memmove(errors->bytes, errors->bytes + over, errors->length - over);
        errors->length -= over;
    }
}

/* What is there to be read. */
static void read_end(struct work *work, int *end, struct buffer *buffer)
{
    while (*end >= 0) {
        char *room = buffer_reserve(buffer, READ_BYTES);
        ssize_t count = room == NULL ? -1 : read(*end, room, READ_BYTES);
        if (room != NULL && count < 0 && errno == EINTR) {
            continue;
        }
        if (room != NULL && count < 0 && errno == EAGAIN) {
            return;
        }
        if (count <= 0) {
            close_end(end);
            return;
        }
        buffer->length += (size_t)count;
        if (buffer == &work->errors) {
            shorten(buffer);
        } else if (buffer->length > CHILD_OUTPUT_BYTES_MAX) {
            work->too_much = true;
            kill(-work->pid, SIGKILL);
            close_end(end);
        }
    }
}

static void stop_late(struct work *work)
{
    int64_t now_ms = child_now_ms();
    if (!work->late) {
        work->late = true;
        work->kill_ms = now_ms + GRACE_MS;
        kill(-work->pid, SIGTERM);
    } else if (now_ms >= work->kill_ms) {
        kill(-work->pid, SIGKILL);
        work->kill_ms = INT64_MAX;
    }
}

/* How long to wait at most. */
static int tick(struct work *work)
{
    if (!work->late) {
        int wait_ms = child_clock_tick(&work->clock, work->runner, work->task);
        if (wait_ms > 0) {
            return wait_ms;
        }
    }
    stop_late(work);
    return GRACE_MS / 4;
}

/* Until the child has ended; what it left in the pipes is read then. */
static void attend(struct work *work)
{
    for (;;) {
        struct pollfd ends[] = {
            {.fd = work->pidfd, .events = POLLIN},
            {.fd = work->pipes.in, .events = POLLOUT},
            {.fd = work->pipes.out, .events = POLLIN},
            {.fd = work->pipes.errors, .events = POLLIN},
        };
        int count = poll(ends, sizeof ends / sizeof *ends, tick(work));
        if (count > 0 && ends[1].revents != 0) {
            write_input(work);
        }
        if (count > 0 && ends[2].revents != 0) {
            read_end(work, &work->pipes.out, &work->output);
        }
        if (count > 0 && ends[3].revents != 0) {
            read_end(work, &work->pipes.errors, &work->errors);
        }
        if (count > 0 && ends[0].revents != 0) {
            read_end(work, &work->pipes.out, &work->output);
            read_end(work, &work->pipes.errors, &work->errors);
            return;
        }
    }
}

/* {"error":"…","cause":"…"} on stdout names the failure; else the code and stderr do. */
static void fail(struct work *work, const char *how, int number)
{
    const struct value *said;
    struct task *task = work->task;
    struct str cause = buffer_text(&work->errors);
    char error[32];
    snprintf(error, sizeof error, "Pawl.%s.%d", how, number);
    struct str name = str_of(error);
    if (value_parse(task->arena, buffer_text(&work->output), &said, NULL) == STATUS_OK) {
        const struct value *said_error = value_get(said, STR("error"));
        const struct value *said_cause = value_get(said, STR("cause"));
        if (said_error != NULL && said_error->type == VALUE_STRING) {
            name = said_error->string;
            cause = said_cause != NULL && said_cause->type == VALUE_STRING ? said_cause->string : cause;
        }
    }
    task_fail(task, name, cause);
}

static void conclude(struct work *work, int status)
{
    struct task *task = work->task;
    if (work->late) {
        task->outcome = TASK_SILENT;
        log_event(LOG_WARNING, "task_killed", "execution=%.*s state=%.*s reason=deadline",
                  STR_ARGS(task->request->execution_arn), STR_ARGS(task->request->state_name));
    } else if (work->too_much) {
        task_fail(task, STR("Pawl.BadOutput"), STR("the command's output is larger than 4 MiB"));
    } else if (WIFSIGNALED(status)) {
        fail(work, "Signal", WTERMSIG(status));
    } else if (WEXITSTATUS(status) != 0) {
        fail(work, "Exit", WEXITSTATUS(status));
    } else {
        task_succeed(task, buffer_text(&work->output));
    }
}

static void log_errors(const struct work *work)
{
    char quoted[2048];
    if (work->errors.length > 0) {
        log_event(LOG_INFO, "task_stderr", "execution=%.*s text=%s", STR_ARGS(work->task->request->execution_arn),
                  log_quote(str_trim(buffer_text(&work->errors)), quoted, sizeof quoted));
    }
}

void child_run(struct child_runner *runner, struct task *task)
{
    struct work work = {
        .runner = runner,
        .task = task,
        .clock = child_clock_of(task),
        .input = task_input(task),
        .output = buffer_in(task->arena),
        .errors = buffer_in(task->arena),
        .kill_ms = INT64_MAX,
    };
    char **environment;
    int status;
    if (make_environment(task, &environment) != STATUS_OK ||
        child_start(runner, environment, true, &work.pid, &work.pipes) != STATUS_OK) {
        task_fail(task, STR("Pawl.NotStarted"), str_of(strerror(errno)));
        return;
    }
    work.pidfd = pidfd_open(work.pid, 0);
    if (work.pidfd >= 0) {
        attend(&work);
    } else {
        kill(-work.pid, SIGKILL);
    }
    waitpid(work.pid, &status, 0);
    atomic_store(&runner->group, 0);
    close_end(&work.pidfd);
    close_end(&work.pipes.in);
    close_end(&work.pipes.out);
    close_end(&work.pipes.errors);
    conclude(&work, status);
    log_errors(&work);
}
