#include "processor/restorer.h"

#include <pthread.h>
#include <stdlib.h>

#define STEP_RECORDS 1000

struct restorer_job {
    struct restorer_job *next;
    uint32_t partition;
    struct restore *restore;
    enum restorer_state state;
    bool busy; /* somebody works on it, without the lock */
    struct restore_progress progress;
    enum status failure;
    struct bus_error error;
};

struct restorer {
    struct bus *bus;
    struct kv *kv;
    struct topics *topics;
    const struct codec *codec;
    struct counters *counters;
    pthread_mutex_t lock;
    pthread_cond_t idle;       /* a job is no longer busy */
    struct restorer_job *jobs; /* guarded by lock, as all in the jobs but `restore` */
};

enum status restorer_create(struct bus *bus, struct kv *kv, struct topics *topics, const struct codec *codec,
                            struct counters *counters, struct restorer **out_restorer)
{
    struct restorer *restorer = calloc(1, sizeof *restorer);
    if (restorer == NULL) {
        return STATUS_LIMIT_EXCEEDED;
    }
    restorer->bus = bus;
    restorer->kv = kv;
    restorer->topics = topics;
    restorer->codec = codec;
    restorer->counters = counters;
    pthread_mutex_init(&restorer->lock, NULL);
    pthread_cond_init(&restorer->idle, NULL);
    *out_restorer = restorer;
    return STATUS_OK;
}

void restorer_destroy(struct restorer *restorer)
{
    while (restorer->jobs != NULL) {
        restorer_close(restorer, restorer->jobs);
    }
    pthread_cond_destroy(&restorer->idle);
    pthread_mutex_destroy(&restorer->lock);
    free(restorer);
}

enum status restorer_submit(struct restorer *restorer, uint32_t partition, struct restorer_job **out_job)
{
    struct restorer_job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        return STATUS_LIMIT_EXCEEDED;
    }
    const struct restore_config config = {
        .bus = restorer->bus,
        .kv = restorer->kv,
        .codec = restorer->codec,
        .topic = topics_get(restorer->topics, TOPIC_STATE),
        .partition = partition,
        .delete_retention_ms = topic_types[TOPIC_STATE].delete_retention_ms,
    };
    enum status status = restore_create(&config, &job->restore);
    if (status != STATUS_OK) {
        free(job);
        return status;
    }
    job->partition = partition;
    job->progress = *restore_progress(job->restore);
    pthread_mutex_lock(&restorer->lock);
    job->next = restorer->jobs;
    restorer->jobs = job;
    pthread_mutex_unlock(&restorer->lock);
    *out_job = job;
    return STATUS_OK;
}

enum restorer_state restorer_state(struct restorer *restorer, struct restorer_job *job,
                                   struct restore_progress *out_progress, struct bus_error *out_error)
{
    pthread_mutex_lock(&restorer->lock);
    enum restorer_state state = job->state;
    *out_progress = job->progress;
    *out_error = job->error;
    pthread_mutex_unlock(&restorer->lock);
    return state;
}

enum status restorer_failure(struct restorer *restorer, struct restorer_job *job)
{
    pthread_mutex_lock(&restorer->lock);
    enum status failure = job->failure;
    pthread_mutex_unlock(&restorer->lock);
    return failure;
}

void restorer_close(struct restorer *restorer, struct restorer_job *job)
{
    pthread_mutex_lock(&restorer->lock);
    while (job->busy) {
        pthread_cond_wait(&restorer->idle, &restorer->lock);
    }
    struct restorer_job **at = &restorer->jobs;
    while (*at != job) {
        at = &(*at)->next;
    }
    *at = job->next;
    pthread_mutex_unlock(&restorer->lock);
    restore_destroy(job->restore);
    free(job);
}

static struct restorer_job *pick(struct restorer *restorer)
{
    for (struct restorer_job *job = restorer->jobs; job != NULL; job = job->next) {
        if (job->state == RESTORER_RUNNING && !job->busy) {
            return job;
        }
    }
    return NULL;
}

void restorer_step(struct restorer *restorer, int timeout_ms, bool *out_idle)
{
    pthread_mutex_lock(&restorer->lock);
    struct restorer_job *job = pick(restorer);
    if (job != NULL) {
        job->busy = true;
    }
    pthread_mutex_unlock(&restorer->lock);
    *out_idle = job == NULL;
    if (job == NULL) {
        return;
    }
    bool done;
    struct bus_error error = {""};
    int64_t rows_before = restore_progress(job->restore)->row_count;
    enum status status = restore_step(job->restore, STEP_RECORDS, timeout_ms, &done, &error);
    counters_add(restorer->counters, COUNTER_RESTORED_ROWS, restore_progress(job->restore)->row_count - rows_before);

    pthread_mutex_lock(&restorer->lock);
    job->progress = *restore_progress(job->restore);
    if (status == STATUS_OK && done) {
        job->state = RESTORER_DONE;
        counters_add(restorer->counters, COUNTER_RESTORES, 1);
    } else if (status != STATUS_OK && status != STATUS_RETRIABLE) {
        job->state = RESTORER_FAILED;
        job->failure = status;
        job->error = error;
    }
    job->busy = false;
    pthread_cond_broadcast(&restorer->idle);
    pthread_mutex_unlock(&restorer->lock);
}
