#include "cli/crew.h"

#include "asl/resource.h"
#include "base/assert.h"
#include "base/log.h"
#include "cli/child.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct job {
    struct crew *crew;
    struct child_runner runner;
    pthread_t thread;
};

struct crew {
    struct crew_config config;
    struct job jobs[CREW_JOBS_MAX];
    uint32_t job_count;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t more;  /* a task waits, or the end has come */
    pthread_cond_t fewer; /* a task was begun */
    struct task *first;
    struct task **last;
    uint32_t waiting;
    uint32_t working;
    bool stopped;
};

static void beat(void *owner, const struct task *task)
{
    struct crew *crew = owner;
    reporter_heartbeat(crew->config.reporter, task);
}

static bool is_activity(const struct task *task)
{
    struct resource resource;
    return resource_parse(task->request->resource, &resource) == STATUS_OK && resource.kind == RESOURCE_ACTIVITY;
}

/* Whether the task is ours to do; if not, its outcome is set, unless that is not known. */
static bool begin(struct job *job, struct task *task)
{
    const struct crew_config *config = &job->crew->config;
    if (!is_activity(task)) {
        if (config->started) {
            reporter_started(config->reporter, task, config->worker_name);
        }
        return true;
    }
    switch (claims_take(config->claims, task)) {
    case CLAIMS_MINE:
        return true;
    case CLAIMS_LOST:
        task->outcome = TASK_SILENT;
        return false;
    case CLAIMS_STOPPED:
        return false;
    }
    UNREACHABLE("answer to a claim");
}

static void do_task(struct job *job, struct task *task)
{
    const struct task_request *request = task->request;
    if (request->deadline != RECORD_NONE && request->deadline / 1000 <= child_now_ms()) {
        log_event(LOG_WARNING, "task_skipped", "execution=%.*s state=%.*s reason=deadline", STR_ARGS(request->execution_arn),
                  STR_ARGS(request->state_name));
        task->outcome = TASK_SILENT;
    } else if (!begin(job, task)) {
        return;
    } else if (job->crew->config.lines) {
        child_run_line(&job->runner, task);
    } else {
        child_run(&job->runner, task);
    }
    if (task->outcome == TASK_FAILED) {
        char quoted[1024];
        log_event(LOG_INFO, "task_failed", "execution=%.*s state=%.*s error=%.*s cause=%s", STR_ARGS(request->execution_arn),
                  STR_ARGS(request->state_name), STR_ARGS(task->error), log_quote(task->cause, quoted, sizeof quoted));
    }
}

static void *run(void *argument)
{
    struct job *job = argument;
    struct crew *crew = job->crew;
    pthread_mutex_lock(&crew->lock);
    for (;;) {
        while (crew->first == NULL && !crew->stopped) {
            pthread_cond_wait(&crew->more, &crew->lock);
        }
        if (crew->stopped) {
            break;
        }
        struct task *task = crew->first;
        crew->first = task->next;
        crew->last = crew->first == NULL ? &crew->first : crew->last;
        crew->waiting--;
        crew->working++;
        pthread_cond_signal(&crew->fewer);
        pthread_mutex_unlock(&crew->lock);
        do_task(job, task);
        if (task->outcome != TASK_UNFINISHED) {
            reporter_finish(crew->config.reporter, task);
        }
        pthread_mutex_lock(&crew->lock);
        crew->working--;
    }
    pthread_mutex_unlock(&crew->lock);
    child_end_lines(&job->runner);
    return NULL;
}

enum status crew_create(const struct crew_config *config, struct crew **out_crew)
{
    struct crew *crew = calloc(1, sizeof *crew);
    TRY_NEW(crew);
    crew->config = *config;
    crew->last = &crew->first;
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->more, NULL);
    pthread_cond_init(&crew->fewer, NULL);
    for (uint32_t at = 0; at < config->jobs; at++) {
        struct job *job = &crew->jobs[at];
        job->crew = crew;
        job->runner = (struct child_runner){.command = config->command, .heartbeat = beat, .owner = crew};
        if (pthread_create(&job->thread, NULL, run, job) != 0) {
            crew_destroy(crew);
            return STATUS_LIMIT_EXCEEDED;
        }
        crew->job_count++;
    }
    *out_crew = crew;
    return STATUS_OK;
}

void crew_stop(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    crew->stopped = true;
    pthread_cond_broadcast(&crew->more);
    pthread_mutex_unlock(&crew->lock);
    claims_stop(crew->config.claims);
}

void crew_destroy(struct crew *crew)
{
    crew_stop(crew);
    for (uint32_t at = 0; at < crew->job_count; at++) {
        pthread_join(crew->jobs[at].thread, NULL);
    }
    pthread_cond_destroy(&crew->fewer);
    pthread_cond_destroy(&crew->more);
    pthread_mutex_destroy(&crew->lock);
    free(crew);
}

void crew_give(struct crew *crew, struct task *task)
{
    pthread_mutex_lock(&crew->lock);
    task->next = NULL;
    *crew->last = task;
    crew->last = &task->next;
    crew->waiting++;
    pthread_cond_signal(&crew->more);
    pthread_mutex_unlock(&crew->lock);
}

bool crew_has_room(struct crew *crew, int timeout_ms)
{
    struct timespec until;
    int64_t until_ms = child_now_ms() + timeout_ms;
    until = (struct timespec){.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    pthread_mutex_lock(&crew->lock);
    while (crew->waiting >= crew->job_count &&
           pthread_cond_timedwait(&crew->fewer, &crew->lock, &until) == 0) {
    }
    bool room = crew->waiting < crew->job_count;
    pthread_mutex_unlock(&crew->lock);
    return room;
}

bool crew_is_idle(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    bool idle = crew->working == 0 && (crew->waiting == 0 || crew->stopped);
    pthread_mutex_unlock(&crew->lock);
    return idle;
}

void crew_kill(struct crew *crew)
{
    for (uint32_t at = 0; at < crew->job_count; at++) {
        child_kill(&crew->jobs[at].runner);
    }
}
