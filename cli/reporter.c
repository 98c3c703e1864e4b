#include "cli/reporter.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define FLUSH_MS 30000
#define AGAIN_MS 200 /* before what failed is sent again: doing it twice does no harm, the token tells */

struct queue {
    struct task *first;
    struct task **last;
};

struct beat {
    struct beat *next;
    const struct task *task; /* finishes later than this beat is sent */
    bool started;            /* it says that the task was begun, by: */
    struct str worker_name;
};

struct reporter {
    struct reporter_config config;
    struct bus_producer *producer;
    struct arena *arena; /* of heartbeats */
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t more;
    struct queue finished;
    struct beat *beats;
    bool ending;
    bool given_up;
    bool failed;
    struct bus_error error;
};

/* ---- Sending, on the reporter's thread ---- */

static enum status send(struct reporter *reporter, const struct task *task, struct str value, struct bus_error *error)
{
    struct str arn = task->request->execution_arn;
    struct bus_message message = {
        .topic = reporter->config.results,
        .partition = hash_partition(arn, bus_topic_partition_count(reporter->config.results)),
        .key = arn,
        .value = value,
    };
    return bus_producer_send(reporter->producer, &message, error);
}

static enum status send_result(struct reporter *reporter, struct task *task, struct bus_error *error)
{
    struct str value;
    if (task->outcome == TASK_SILENT) {
        return STATUS_OK;
    }
    enum status status = task_result(task, reporter->config.encoding, &value);
    if (status == STATUS_OK) {
        status = send(reporter, task, value, error);
    }
    if (status == STATUS_LIMIT_EXCEEDED) {
        task_fail(task, STR("Pawl.BadOutput"), STR("the command's output is too large"));
        TRY(task_result(task, reporter->config.encoding, &value));
        status = send(reporter, task, value, error);
    }
    return status;
}

static void lose_beat(const struct beat *beat, const struct bus_error *error)
{
    char quoted[1024];
    log_event(LOG_WARNING, "heartbeat_lost", "execution=%.*s reason=%s", STR_ARGS(beat->task->request->execution_arn),
              log_quote(str_of(error->text), quoted, sizeof quoted));
}

static enum status make_beat(struct reporter *reporter, const struct beat *beat, struct str *out_value)
{
    const struct task_claim claim = {.worker_name = beat->worker_name};
    return beat->started ? task_started(reporter->arena, beat->task, &claim, reporter->config.encoding, out_value)
                         : task_heartbeat(reporter->arena, beat->task, reporter->config.encoding, out_value);
}

/* A heartbeat that can't be sent is lost: the next one comes. */
static void send_beats(struct reporter *reporter, struct beat *first)
{
    struct bus_error error = {""};
    arena_reset(reporter->arena);
    while (first != NULL) {
        struct beat *beat = first;
        struct str value;
        enum status status = make_beat(reporter, beat, &value);
        if (status == STATUS_OK) {
            status = send(reporter, beat->task, value, &error);
        }
        if (status == STATUS_OK && beat->next == NULL) {
            status = bus_producer_flush(reporter->producer, FLUSH_MS, &error);
        }
        if (status != STATUS_OK) {
            lose_beat(beat, &error);
        }
        first = beat->next;
        free(beat);
    }
}

static enum status send_batch(struct reporter *reporter, struct task *first, struct bus_error *error)
{
    for (struct task *task = first; task != NULL; task = task->next) {
        TRY(send_result(reporter, task, error));
    }
    return bus_producer_flush(reporter->producer, FLUSH_MS, error);
}

static bool may_pass(enum status status)
{
    return status == STATUS_RETRIABLE || status == STATUS_TIMED_OUT || status == STATUS_ABORTABLE;
}

static void fail(struct reporter *reporter, const struct bus_error *error)
{
    pthread_mutex_lock(&reporter->lock);
    reporter->failed = true;
    reporter->error = *error;
    pthread_mutex_unlock(&reporter->lock);
}

static bool is_given_up(struct reporter *reporter)
{
    pthread_mutex_lock(&reporter->lock);
    bool given_up = reporter->given_up;
    pthread_mutex_unlock(&reporter->lock);
    return given_up;
}

/* Until it is durable. */
static void settle_batch(struct reporter *reporter, struct task *first)
{
    struct bus_error error = {""};
    for (;;) {
        enum status status = send_batch(reporter, first, &error);
        if (status == STATUS_OK) {
            break;
        }
        if (!may_pass(status) || is_given_up(reporter)) {
            fail(reporter, &error);
            return;
        }
        char quoted[1024];
        log_event(LOG_WARNING, "results_delayed", "reason=%s", log_quote(str_of(error.text), quoted, sizeof quoted));
        struct timespec pause = {.tv_nsec = AGAIN_MS * 1000000L};
        nanosleep(&pause, NULL);
    }
    while (first != NULL) {
        struct task *task = first;
        first = task->next; /* the task may be destroyed as soon as it is reported */
        atomic_store(&task->reported, true);
    }
    if (reporter->config.reported != NULL) {
        reporter->config.reported(reporter->config.owner);
    }
}

static void *run(void *argument)
{
    struct reporter *reporter = argument;
    pthread_mutex_lock(&reporter->lock);
    for (;;) {
        while (reporter->finished.first == NULL && reporter->beats == NULL && !reporter->ending) {
            pthread_cond_wait(&reporter->more, &reporter->lock);
        }
        struct task *finished = reporter->finished.first;
        struct beat *beats = reporter->beats;
        if (finished == NULL && beats == NULL) {
            break;
        }
        reporter->finished = (struct queue){NULL, &reporter->finished.first};
        reporter->beats = NULL;
        pthread_mutex_unlock(&reporter->lock);
        send_beats(reporter, beats);
        if (finished != NULL) {
            settle_batch(reporter, finished);
        }
        pthread_mutex_lock(&reporter->lock);
    }
    pthread_mutex_unlock(&reporter->lock);
    return NULL;
}

/* ---- From other threads ---- */

enum status reporter_create(const struct reporter_config *config, struct reporter **out_reporter, struct bus_error *out_error)
{
    struct reporter *reporter = calloc(1, sizeof *reporter);
    TRY_NEW(reporter);
    reporter->config = *config;
    reporter->finished.last = &reporter->finished.first;
    reporter->arena = arena_create(STEP_ARENA_BYTES_MAX);
    enum status status = reporter->arena == NULL ? STATUS_LIMIT_EXCEEDED
                                                 : bus_producer_open(config->bus, &reporter->producer, out_error);
    if (status == STATUS_OK) {
        pthread_mutex_init(&reporter->lock, NULL);
        pthread_cond_init(&reporter->more, NULL);
        if (pthread_create(&reporter->thread, NULL, run, reporter) == 0) {
            *out_reporter = reporter;
            return STATUS_OK;
        }
        status = STATUS_LIMIT_EXCEEDED;
        bus_producer_close(reporter->producer);
        pthread_cond_destroy(&reporter->more);
        pthread_mutex_destroy(&reporter->lock);
    }
    if (reporter->arena != NULL) {
        arena_destroy(reporter->arena);
    }
    free(reporter);
    return status;
}

void reporter_destroy(struct reporter *reporter, bool give_up)
{
    pthread_mutex_lock(&reporter->lock);
    reporter->ending = true;
    reporter->given_up = give_up;
    pthread_cond_signal(&reporter->more);
    pthread_mutex_unlock(&reporter->lock);
    pthread_join(reporter->thread, NULL);
    bus_producer_close(reporter->producer);
    arena_destroy(reporter->arena);
    pthread_cond_destroy(&reporter->more);
    pthread_mutex_destroy(&reporter->lock);
    free(reporter);
}

void reporter_finish(struct reporter *reporter, struct task *task)
{
    ASSERT(task->outcome != TASK_UNFINISHED);
    pthread_mutex_lock(&reporter->lock);
    task->next = NULL;
    *reporter->finished.last = task;
    reporter->finished.last = &task->next;
    pthread_cond_signal(&reporter->more);
    pthread_mutex_unlock(&reporter->lock);
}

static void add_beat(struct reporter *reporter, struct beat content)
{
    struct beat *beat = malloc(sizeof *beat);
    if (beat == NULL) {
        return;
    }
    *beat = content;
    pthread_mutex_lock(&reporter->lock);
    beat->next = reporter->beats;
    reporter->beats = beat;
    pthread_cond_signal(&reporter->more);
    pthread_mutex_unlock(&reporter->lock);
}

void reporter_started(struct reporter *reporter, const struct task *task, struct str worker_name)
{
    add_beat(reporter, (struct beat){.task = task, .started = true, .worker_name = worker_name});
}

void reporter_heartbeat(struct reporter *reporter, const struct task *task)
{
    add_beat(reporter, (struct beat){.task = task});
}

bool reporter_failed(struct reporter *reporter, struct bus_error *out_error)
{
    pthread_mutex_lock(&reporter->lock);
    bool failed = reporter->failed;
    if (failed) {
        *out_error = reporter->error;
    }
    pthread_mutex_unlock(&reporter->lock);
    return failed;
}
