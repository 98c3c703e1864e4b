/* The workers: they read tasks as a consumer of committed records does, and answer when they like. */
#include "play.h"

#include "base/assert.h"
#include "schemas/codec/codec.h"

static struct str copy(struct play *play, struct str text)
{
    struct str result;
    ASSERT(arena_copy(play->arena, text, &result) == STATUS_OK);
    return result;
}

/* ---- Reading ---- */

/* When it is answered, and how often. Where a time-out is near, soon or never; else whenever. */
static void plan_answers(struct world *world, size_t number)
{
    struct play *play = world->play;
    struct chance *chance = &play->chance;
    const struct play_task *task = &play->tasks[number];
    bool slow = str_find_str(task->arn, STR(":timeout:")) < task->arn.length;
    bool timed = str_starts_with(task->state_name, STR("Timed"));
    if ((slow && chance_of(chance, 4000)) ||
        play_word_of(play->arena, task->state_name, task->parameters, task->attempt).fate == PLAY_SILENT) {
        return;
    }
    uint32_t count = chance_of(chance, 2500) ? 2 : 1;
    for (uint32_t at = 0; at < count; at++) {
        uint32_t late_in_10000 = !world->chaos ? 0 : timed ? 300 : 2000;
        ASSERT(play->answer_count < (size_t)2 * TASKS_MAX);
        play->answers[play->answer_count++] = (struct play_answer){
            .task = number,
            .due_ms = broker_now_ms(world->broker) + chance_below(chance, chance_of(chance, late_in_10000) ? 30000 : 300),
        };
    }
}

static void read_task(struct world *world, const struct bus_record *record)
{
    struct play *play = world->play;
    enum record_id id;
    void *value;
    struct codec_error error;
    ASSERT(play->task_count < TASKS_MAX);
    enum status status =
        codec_decode(world->codec, play->arena, SCHEMA_task_request, record->value, &id, &value, &error);
    if (status != STATUS_OK) {
        world_fail(world, "a task request can't be read: %.*s", STR_ARGS(error.message));
        return;
    }
    const struct task_request *request = value;
    struct play_task *task = &play->tasks[play->task_count];
    task->token = copy(play, request->task_token);
    task->arn = copy(play, request->execution_arn);
    task->state_name = copy(play, request->state_name);
    task->parameters = copy(play, request->parameters);
    task->attempt = request->attempt;
    for (size_t at = 0; at < play->task_count; at++) {
        if (str_equal(play->tasks[at].token, task->token)) {
            world_fail(world, "the task with token %.*s of %.*s is visible twice", STR_ARGS(task->token),
                       STR_ARGS(task->arn));
        }
    }
    world_trace(world, "worker: task %zu %.*s attempt %lld of %.*s", play->task_count, STR_ARGS(task->state_name),
                (long long)task->attempt, STR_ARGS(task->arn));
    plan_answers(world, play->task_count++);
}

static void read_topic(struct world *world, struct topic *topic, int64_t *positions)
{
    for (uint32_t partition = 0; partition < topic->base.partition_count; partition++) {
        struct log *log = &topic->logs[partition];
        int64_t end = log_stable_end(log);
        while (positions[partition] < end && world->failure[0] == 0) {
            size_t index = (size_t)positions[partition]++;
            if (log_is_visible(log, index)) {
                read_task(world, &log->items[index].record);
            }
        }
    }
}

/* All tasks that are visible by now, of any route. */
static void read_tasks(struct world *world)
{
    int place = 0;
    for (struct topic *topic = broker_topics(world->broker); topic != NULL; topic = topic->next) {
        place += str_starts_with(topic->base.name, STR("pawl.tasks."));
    }
    /* New topics are put in front: the last has the first place. */
    for (struct topic *topic = broker_topics(world->broker); topic != NULL; topic = topic->next) {
        if (str_starts_with(topic->base.name, STR("pawl.tasks."))) {
            read_topic(world, topic, world->play->positions[--place]);
        }
    }
}

/* ---- Answering ---- */

static void say(struct world *world, const struct play_task *task, enum record_id record, const void *value)
{
    struct str bytes;
    ASSERT(codec_encode(world->play->arena, play_encoding(world), SCHEMA_task_result, record, value, &bytes) == STATUS_OK);
    play_send(world, "pawl.results", play_partition(world, task->arn), task->arn, bytes);
}

/* What a worker may say before its answer, and what changes no outcome. */
static void say_something(struct world *world, const struct play_task *task)
{
    if (chance_of(&world->play->chance, 5000)) {
        struct task_heartbeat heartbeat;
        record_init(RECORD_task_heartbeat, &heartbeat);
        heartbeat.task_token = task->token;
        say(world, task, RECORD_task_heartbeat, &heartbeat);
    } else {
        struct task_started started;
        record_init(RECORD_task_started, &started);
        started.task_token = task->token;
        started.worker_name = STR("w");
        say(world, task, RECORD_task_started, &started);
    }
}

static void send_answer(struct world *world, const struct play_task *task)
{
    const struct play_word word = play_word_of(world->play->arena, task->state_name, task->parameters, task->attempt);
    world_trace(world, "worker: answers task %zu: %s", (size_t)(task - world->play->tasks),
                word.fate == PLAY_SUCCEEDS ? "done" : "failed");
    if (chance_of(&world->play->chance, 1500)) {
        say_something(world, task);
    }
    if (word.fate == PLAY_SUCCEEDS) {
        struct task_succeeded succeeded;
        record_init(RECORD_task_succeeded, &succeeded);
        succeeded.task_token = task->token;
        succeeded.output = word.output;
        say(world, task, RECORD_task_succeeded, &succeeded);
    } else {
        struct task_failed failed;
        record_init(RECORD_task_failed, &failed);
        failed.task_token = task->token;
        failed.error = word.error;
        failed.cause = word.cause;
        say(world, task, RECORD_task_failed, &failed);
    }
}

void play_worker(struct world *world)
{
    struct play *play = world->play;
    read_tasks(world);
    for (size_t at = 0; at < play->answer_count; at++) {
        if (play->answers[at].due_ms <= broker_now_ms(world->broker)) {
            const struct play_task *task = &play->tasks[play->answers[at].task];
            play->answers[at] = play->answers[--play->answer_count];
            send_answer(world, task);
            break;
        }
    }
    /* An old answer once more, by a token that is stale. */
    if (world->chaos && play->task_count > 0 && chance_of(&play->chance, 300)) {
        const struct play_task *task = &play->tasks[chance_below(&play->chance, (uint32_t)play->task_count)];
        if (play_word_of(play->arena, task->state_name, task->parameters, task->attempt).fate != PLAY_SILENT) {
            send_answer(world, task);
        }
    }
}
