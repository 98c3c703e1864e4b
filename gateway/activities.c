#include "gateway/activities.h"

#include "asl/value.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define SLOTS 256
#define SWEEP_MS 250
#define GONE_MS 1000         /* between two looks for pollers who have hung up */
#define LOOKED_AT_MAX 1000 /* rows of one activity in one go: others have their turn */

/* An activity that somebody has polled for. */
struct queue {
    struct queue *chain;
    struct str arn;                  /* with the queue's memory */
    struct activities_poller *first; /* the longest waiting */
    struct activities_poller *last;
    int64_t count;                   /* of them */
    bool due;                        /* there may be a task for them */
    struct view_key from;            /* no open row is below; length 0: unknown */
};

struct activities {
    struct activities_config config;
    struct view *view;
    struct client *client;
    struct arena *arena;    /* of the thread */
    struct kv_batch *batch; /* of the thread */
    pthread_t thread;
    bool joins;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t woken;
    bool stopping;
    bool due;
    int64_t looked_for_gone_ms;
    struct queue *queues[SLOTS];
    struct activities_poller *resolved; /* their claim was refused, or nobody knows */
};

/* ---- Queues; with the lock held ---- */

static struct queue **place(struct activities *activities, struct str arn)
{
    struct queue **at = &activities->queues[hash_murmur2(arn) % SLOTS];
    while (*at != NULL && !str_equal((*at)->arn, arn)) {
        at = &(*at)->chain;
    }
    return at;
}

static struct queue *find_or_make(struct activities *activities, struct str arn)
{
    struct queue **at = place(activities, arn);
    if (*at == NULL) {
        struct queue *queue = calloc(1, sizeof *queue + arn.length);
        if (queue != NULL) {
            memcpy(queue + 1, arn.bytes, arn.length);
            queue->arn = (struct str){(const char *)(queue + 1), arn.length};
            *at = queue;
        }
    }
    return *at;
}

static void append(struct queue *queue, struct activities_poller *poller)
{
    poller->next = NULL;
    queue->count += 1;
    if (queue->last != NULL) {
        queue->last->next = poller;
    } else {
        queue->first = poller;
    }
    queue->last = poller;
}

/* One whose claim was in vain had been waiting the longest. */
static void prepend(struct queue *queue, struct activities_poller *poller)
{
    poller->next = queue->first;
    queue->first = poller;
    queue->count += 1;
    queue->last = queue->last == NULL ? poller : queue->last;
}

static struct activities_poller *take_first(struct queue *queue)
{
    struct activities_poller *poller = queue->first;
    if (poller != NULL) {
        queue->first = poller->next;
        queue->count -= 1;
        queue->last = queue->first == NULL ? NULL : queue->last;
    }
    return poller;
}

static void wake(struct activities *activities, struct queue *queue)
{
    queue->due = true;
    activities->due = true;
    pthread_cond_signal(&activities->woken);
}

/* Whether one more may wait. Those who have hung up since the last look are in queue->count, but don't count: they are looked
 * for only when it matters. */
static bool has_room(const struct activities *activities, const struct queue *queue)
{
    int64_t most = activities->config.workers_max;
    if (most == 0 || queue->count < most) {
        return true;
    }
    int64_t waiting = 0;
    for (struct activities_poller *poller = queue->first; poller != NULL && waiting < most; poller = poller->next) {
        waiting += !poller->is_gone(poller);
    }
    return waiting < most;
}

/* ---- From outside ---- */

void activities_poll(struct activities *activities, struct activities_poller *poller)
{
    poller->activities = activities;
    poller->deadline_ms = bus_now_ms(activities->config.bus) + activities->config.poll_ms;
    pthread_mutex_lock(&activities->lock);
    struct queue *queue = activities->stopping ? NULL : find_or_make(activities, poller->activity_arn);
    enum status status = queue == NULL ? STATUS_RETRIABLE : has_room(activities, queue) ? STATUS_OK : STATUS_REFUSED;
    if (status == STATUS_OK) {
        append(queue, poller);
        wake(activities, queue);
    }
    pthread_mutex_unlock(&activities->lock);
    if (status != STATUS_OK) {
        poller->done(poller, status, NULL);
    }
}

void activities_task_came(void *owner, struct str activity_arn, struct str key)
{
    struct activities *activities = owner;
    pthread_mutex_lock(&activities->lock);
    struct queue *queue = *place(activities, activity_arn);
    if (queue != NULL) {
        if (queue->from.length > 0 && str_compare(key, view_key_text(&queue->from)) < 0) {
            memcpy(queue->from.bytes, key.bytes, key.length);
            queue->from.length = key.length;
        }
        wake(activities, queue);
    }
    pthread_mutex_unlock(&activities->lock);
}

/* ---- Rows; by the thread ---- */

static struct view_key claimed_key(const struct view_key *row)
{
    struct view_key key = *row;
    key.bytes[0] = VIEW_KIND_CLAIMED;
    return key;
}

static enum status write_batch(struct activities *activities)
{
    struct kv_error error;
    enum status status = kv_batch_write(activities->batch, &error);
    if (status != STATUS_OK) {
        kv_batch_clear(activities->batch);
    }
    return status;
}

/* The first open row at or behind queue->from, and what is asked. NOT_FOUND: there is none. */
static enum status next_row(struct activities *activities, struct queue *queue, struct view_key *out_row,
                            struct str *out_value)
{
    struct view_key prefix;
    struct kv_cursor *cursor;
    struct str key;
    struct str value;
    if (!view_keys_tasks(queue->arn, &prefix)) {
        return STATUS_NOT_FOUND;
    }
    struct str from = view_key_text(queue->from.length > 0 ? &queue->from : &prefix);
    TRY(kv_cursor_open(activities->config.kv, NULL, view_key_text(&prefix), from, &cursor));
    enum status status = kv_cursor_next(cursor, &key, &value);
    if (status == STATUS_OK) {
        memcpy(out_row->bytes, key.bytes, key.length);
        out_row->length = key.length;
        status = arena_copy(activities->arena, value, out_value);
    }
    kv_cursor_close(cursor);
    return status == STATUS_END ? STATUS_NOT_FOUND : status;
}

/* Whether it is known without asking that the task is over. */
static bool is_over(struct activities *activities, const struct task_request *task, int64_t now_ms)
{
    const struct execution_status *execution;
    if (task->deadline != RECORD_NONE && task->deadline / 1000 < now_ms) {
        return true;
    }
    if (view_execution(activities->view, activities->arena, task->execution_arn, &execution) != STATUS_OK) {
        return false;
    }
    return execution->incarnation > task->incarnation ||
           (execution->incarnation == task->incarnation && !str_equal(execution->status, STR("RUNNING")));
}

/* The claim was answered. With the lock held, by one of the client's threads. */
static void settle(struct activities_poller *poller)
{
    struct activities *activities = poller->activities;
    poller->next = activities->resolved;
    activities->resolved = poller;
    activities->due = true;
    pthread_cond_signal(&activities->woken);
}

static bool is_repeated(const struct activities_poller *poller, struct str data)
{
    const struct value *value;
    return value_parse(poller->arena, data, &value, NULL) == STATUS_OK && value_get(value, STR("again")) != NULL;
}

static bool is_accepted(struct activities_poller *poller, struct str bytes)
{
    struct codec_error error;
    enum record_id record;
    void *decoded;
    if (codec_decode(poller->activities->config.codec, poller->arena, SCHEMA_reply, bytes, &record, &decoded, &error) !=
        STATUS_OK) {
        return false;
    }
    const struct reply *reply = decoded;
    poller->event_id = reply->version;
    poller->unread = str_equal(reply->error, STR("InvalidRecord"));
    return reply->error.bytes == NULL && (poller->may_repeat || !is_repeated(poller, reply->data));
}

static void on_claimed(struct client_request *request, enum status status, struct str reply)
{
    struct activities_poller *poller = request->owner;
    struct activities *activities = poller->activities;
    bool accepted = status == STATUS_OK && is_accepted(poller, reply);
    poller->task = accepted ? poller->task : NULL;
    poller->unanswered = status != STATUS_OK;
    pthread_mutex_lock(&activities->lock);
    settle(poller);
    pthread_mutex_unlock(&activities->lock);
}

/* Hands the row to the poller, if the engine agrees. */
static enum status claim(struct activities *activities, struct activities_poller *poller, const struct view_key *row,
                         struct str value)
{
    struct codec_error error;
    enum record_id record;
    void *task;
    struct str kept;
    struct view_key claimed = claimed_key(row);
    struct str earlier;
    enum status status = kv_get(activities->config.kv, NULL, poller->arena, view_key_text(&claimed), &earlier);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    poller->may_repeat = status == STATUS_OK;
    TRY(arena_copy(poller->arena, value, &kept));
    TRY(codec_decode(activities->config.codec, poller->arena, SCHEMA_task_request, kept, &record, &task, &error));
    TRY(kv_batch_delete(activities->batch, view_key_text(row)));
    TRY(kv_batch_put(activities->batch, view_key_text(&claimed), value));
    TRY(write_batch(activities));
    poller->row = *row;
    poller->task = task;
    record_init(RECORD_task_started, &poller->started);
    poller->started.task_token = poller->task->task_token;
    poller->started.worker_name = poller->worker_name;
    poller->claim = (struct client_request){
        .arena = poller->arena,
        .record = RECORD_task_started,
        .value = &poller->started,
        .key = poller->task->execution_arn,
        .done = on_claimed,
        .owner = poller,
    };
    return STATUS_OK;
}

/* An open row, or a claimed one. */
static enum status drop(struct activities *activities, const struct view_key *row)
{
    struct view_key claimed = claimed_key(row);
    TRY(kv_batch_delete(activities->batch, view_key_text(row)));
    TRY(kv_batch_delete(activities->batch, view_key_text(&claimed)));
    return write_batch(activities);
}

/* ---- Bringing together; with the lock held ---- */

/* The next one who still waits; those who have gone are done with. */
static struct activities_poller *take_waiting(struct queue *queue, struct activities_poller **out_gone)
{
    struct activities_poller *poller = take_first(queue);
    while (poller != NULL && poller->is_gone(poller)) {
        poller->next = *out_gone;
        *out_gone = poller;
        poller = take_first(queue);
    }
    return poller;
}

/* What is to be done without the lock. */
struct work {
    struct activities_poller *claims;
    struct activities_poller *over; /* with poller->task, or without */
};

static enum status match_one(struct activities *activities, struct queue *queue, struct work *work, int64_t now_ms)
{
    struct view_key row;
    struct str value;
    struct codec_error error;
    enum record_id record;
    void *task;
    arena_reset(activities->arena);
    TRY(next_row(activities, queue, &row, &value));
    queue->from = row;
    enum status status =
        codec_decode(activities->config.codec, activities->arena, SCHEMA_task_request, value, &record, &task, &error);
    if (status != STATUS_OK || is_over(activities, task, now_ms)) {
        return drop(activities, &row);
    }
    struct activities_poller *poller = take_waiting(queue, &work->over);
    if (poller == NULL) {
        return STATUS_NOT_FOUND;
    }
    status = claim(activities, poller, &row, value);
    if (status != STATUS_OK) {
        prepend(queue, poller);
        return status;
    }
    poller->next = work->claims;
    work->claims = poller;
    return STATUS_OK;
}

static void match(struct activities *activities, struct queue *queue, struct work *work, int64_t now_ms)
{
    queue->due = false;
    for (int looked_at = 0; queue->first != NULL; looked_at++) {
        if (looked_at == LOOKED_AT_MAX) {
            wake(activities, queue);
            return;
        }
        if (match_one(activities, queue, work, now_ms) != STATUS_OK) {
            return;
        }
    }
}

static void expire(struct queue *queue, struct work *work, int64_t now_ms)
{
    while (queue->first != NULL && queue->first->deadline_ms <= now_ms) {
        struct activities_poller *poller = take_first(queue);
        poller->next = work->over;
        work->over = poller;
    }
}

/* Those who have hung up hold a connection and memory until they are let go. */
static void let_gone_go(struct queue *queue, struct work *work)
{
    struct activities_poller *poller = queue->first;
    queue->first = NULL;
    queue->last = NULL;
    queue->count = 0;
    while (poller != NULL) {
        struct activities_poller *next = poller->next;
        if (poller->is_gone(poller)) {
            poller->next = work->over;
            work->over = poller;
        } else {
            append(queue, poller);
        }
        poller = next;
    }
}

/* A task whose claim nobody has answered, or could read, is offered again: the engine knows whether it is taken. The claimed
 * row stays, and tells that. */
static enum status offer_again(struct activities *activities, struct queue *queue, const struct activities_poller *poller)
{
    struct view_key claimed = claimed_key(&poller->row);
    struct str value;
    if (queue != NULL && str_compare(view_key_text(&poller->row), view_key_text(&queue->from)) < 0) {
        queue->from = poller->row;
    }
    TRY(kv_get(activities->config.kv, NULL, activities->arena, view_key_text(&claimed), &value));
    TRY(kv_batch_put(activities->batch, view_key_text(&poller->row), value));
    return write_batch(activities);
}

/* After a claim. A task that was refused is another's, or over. */
static void take_resolved(struct activities *activities, struct work *work)
{
    while (activities->resolved != NULL) {
        struct activities_poller *poller = activities->resolved;
        struct view_key claimed = claimed_key(&poller->row);
        activities->resolved = poller->next;
        struct queue *queue = poller->task == NULL ? *place(activities, poller->activity_arn) : NULL;
        enum status status =
            poller->unanswered || poller->unread ? offer_again(activities, queue, poller) : drop(activities, &claimed);
        if (status != STATUS_OK) {
            /* It stays as claimed until a restart makes it open again. */
        }
        if (queue != NULL && !activities->stopping) {
            wake(activities, queue);
        }
        if (queue != NULL && !activities->stopping && !poller->unread) {
            prepend(queue, poller);
        } else {
            poller->next = work->over;
            work->over = poller;
        }
    }
}

static void finish(struct activities *activities, struct work *work)
{
    while (work->over != NULL) {
        struct activities_poller *poller = work->over;
        work->over = poller->next;
        poller->done(poller, poller->unread ? STATUS_INVALID : STATUS_OK, poller->task);
    }
    while (work->claims != NULL) {
        struct activities_poller *poller = work->claims;
        work->claims = poller->next;
        client_send(activities->client, &poller->claim);
    }
}

static void rest(struct activities *activities)
{
    const struct timespec until = clock_deadline(SWEEP_MS * 1000);
    if (!activities->due && !activities->stopping) {
        pthread_cond_timedwait(&activities->woken, &activities->lock, &until);
    }
    activities->due = false;
}

static void *run(void *owner)
{
    struct activities *activities = owner;
    bool stopping = false;
    while (!stopping) {
        struct work work = {NULL, NULL};
        pthread_mutex_lock(&activities->lock);
        rest(activities);
        stopping = activities->stopping;
        int64_t now_ms = stopping ? INT64_MAX : bus_now_ms(activities->config.bus);
        take_resolved(activities, &work);
        bool looks_for_gone = now_ms - activities->looked_for_gone_ms >= GONE_MS;
        activities->looked_for_gone_ms = looks_for_gone ? now_ms : activities->looked_for_gone_ms;
        for (size_t slot = 0; slot < SLOTS; slot++) {
            for (struct queue *queue = activities->queues[slot]; queue != NULL; queue = queue->chain) {
                if (queue->due && !stopping) {
                    match(activities, queue, &work, now_ms);
                }
                expire(queue, &work, now_ms);
                if (looks_for_gone && !stopping) {
                    let_gone_go(queue, &work);
                }
            }
        }
        pthread_mutex_unlock(&activities->lock);
        finish(activities, &work);
    }
    return NULL;
}

/* ---- Its life ---- */

/* Those that the last process was about to claim are open again. */
static enum status reopen(struct activities *activities)
{
    static const struct str prefix = STR_INIT("y");
    struct kv_cursor *cursor;
    struct str key;
    struct str value;
    TRY(kv_cursor_open(activities->config.kv, NULL, prefix, prefix, &cursor));
    enum status status = kv_cursor_next(cursor, &key, &value);
    size_t count = 0;
    struct str *rows = NULL;
    while (status == STATUS_OK) {
        struct str *more = realloc(rows, (count + 1) * 2 * sizeof *rows);
        if (more == NULL) {
            status = STATUS_LIMIT_EXCEEDED;
            break;
        }
        rows = more;
        status = arena_copy(activities->arena, key, &rows[count * 2]);
        if (status == STATUS_OK) {
            status = arena_copy(activities->arena, value, &rows[count * 2 + 1]);
        }
        count += status == STATUS_OK;
        if (status == STATUS_OK) {
            status = kv_cursor_next(cursor, &key, &value);
        }
    }
    kv_cursor_close(cursor);
    status = status == STATUS_END ? STATUS_OK : status;
    for (size_t at = 0; at < count && status == STATUS_OK; at++) {
        struct view_key open = {.length = rows[at * 2].length};
        memcpy(open.bytes, rows[at * 2].bytes, open.length);
        open.bytes[0] = VIEW_KIND_TASK;
        status = kv_batch_put(activities->batch, view_key_text(&open), rows[at * 2 + 1]);
    }
    free(rows);
    return status == STATUS_OK ? write_batch(activities) : status;
}

enum status activities_open(const struct activities_config *config, struct activities **out_activities)
{
    struct activities *activities = calloc(1, sizeof *activities);
    TRY_NEW(activities);
    activities->config = *config;
    pthread_mutex_init(&activities->lock, NULL);
    clock_cond_init(&activities->woken);
    activities->arena = arena_create(STEP_ARENA_BYTES_MAX);
    enum status status = activities->arena == NULL ? STATUS_LIMIT_EXCEEDED : kv_batch_create(config->kv, &activities->batch);
    if (status == STATUS_OK) {
        status = reopen(activities);
    }
    if (status != STATUS_OK) {
        activities_close(activities);
        return status;
    }
    *out_activities = activities;
    return STATUS_OK;
}

enum status activities_start(struct activities *activities, struct view *view, struct client *client)
{
    activities->view = view;
    activities->client = client;
    if (pthread_create(&activities->thread, NULL, run, activities) != 0) {
        return STATUS_LIMIT_EXCEEDED;
    }
    activities->joins = true;
    return STATUS_OK;
}

void activities_stop(struct activities *activities)
{
    pthread_mutex_lock(&activities->lock);
    activities->stopping = true;
    pthread_cond_signal(&activities->woken);
    pthread_mutex_unlock(&activities->lock);
    if (activities->joins) {
        pthread_join(activities->thread, NULL);
        activities->joins = false;
    }
}

void activities_close(struct activities *activities)
{
    activities_stop(activities);
    for (size_t slot = 0; slot < SLOTS; slot++) {
        while (activities->queues[slot] != NULL) {
            struct queue *queue = activities->queues[slot];
            activities->queues[slot] = queue->chain;
            free(queue);
        }
    }
    if (activities->batch != NULL) {
        kv_batch_destroy(activities->batch);
    }
    arena_destroy(activities->arena);
    pthread_cond_destroy(&activities->woken);
    pthread_mutex_destroy(&activities->lock);
    free(activities);
}
