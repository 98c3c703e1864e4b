#include "world.h"

#include "base/assert.h"
#include "base/log.h"
#include "play.h"
#include "processor/topics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CHAOS_STEPS_MIN 1500
#define CHAOS_STEPS_MAX 12000
#define CALM_STEPS_MAX 60000
#define NESTED_DEPTH_MAX 2

void world_trace(const struct world *world, const char *format, ...)
{
    if (!world->trace) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    printf("%*s[%lld] ", world->depth * 2, "", (long long)(broker_now_ms(world->broker) - 1700000000000));
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
}

void world_fail(struct world *world, const char *format, ...)
{
    if (world->failure[0] != 0) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(world->failure, sizeof world->failure, format, arguments);
    va_end(arguments);
    world_trace(world, "FAILED: %s", world->failure);
}

/* ---- Processes ---- */

static bool is_on_stack(const struct process *process)
{
    bool on_stack = process->in_restore || process->in_follow || process->in_open;
    for (int thread = 0; thread < THREADS_MAX; thread++) {
        on_stack = on_stack || process->in_step[thread];
    }
    return on_stack;
}

/* Power is gone: what the disk had not got yet, too. */
static void kill_process(struct world *world, struct process *process)
{
    if (process->bus == NULL || broker_is_dead(process->bus)) {
        return;
    }
    world->crashes++;
    world_trace(world, "process %s dies", process->instance);
    broker_kill(process->bus);
    kv_memory_crash(process->kv);
}

/* Takes away what a dead process left, once nothing of it is on the stack. */
static void bury(struct world *world, struct process *process)
{
    (void)world;
    if (process->bus == NULL || is_on_stack(process)) {
        return;
    }
    if (process->processor != NULL) {
        processor_close(process->processor);
    }
    kv_memory_crash(process->kv);
    process->processor = NULL;
    process->bus = NULL;
    memset(process->joined, 0, sizeof process->joined);
}

static void start_process(struct world *world, struct process *process)
{
    struct chance *chance = &world->chance;
    struct processor_config config = processor_config_default;
    struct bus_error error = {""};
    if (process->kv != NULL && world->chaos && chance_of(chance, 2500)) {
        world_trace(world, "process %s has lost its disk", process->instance);
        kv_close(process->kv);
        process->kv = NULL;
    }
    if (process->kv == NULL) {
        ASSERT(kv_memory_open(&process->kv) == STATUS_OK);
    }
    process->bus =
        broker_bus(world->broker, (int)(process - world->processes), (int64_t)chance_below(chance, 400) - 200);
    config.instance = str_of(process->instance);
    config.kv = process->kv;
    config.thread_count = process->thread_count;
    if (world->forgets) {
        config.step.redrive_ms = 5000;
        config.step.retention_ms = 10000;
    }
    config.batch_records_max = 1 + chance_below(chance, 20);
    config.encodings[TOPIC_HISTORY] = chance_of(chance, 5000) ? CODEC_JSON : CODEC_AVRO;
    config.encodings[TOPIC_TASKS] = chance_of(chance, 5000) ? CODEC_JSON : CODEC_AVRO;
    world_trace(world, "process %s starts", process->instance);
    process->in_open = true;
    enum status status = processor_open(&config, process->bus, &process->processor, &error);
    process->in_open = false;
    if (status != STATUS_OK) {
        process->processor = NULL;
        if (!broker_is_dead(process->bus)) {
            broker_kill(process->bus);
            if (status != STATUS_RETRIABLE) {
                world_fail(world, "process %s can't start: %s: %s", process->instance, status_text(status), error.text);
            }
        }
        bury(world, process);
    }
}

/* A thread's status that ends it ends the process; only what the world did to it may be the reason. */
static void after_step(struct world *world, struct process *process, const char *who, enum status status,
                       const struct bus_error *error)
{
    if (status == STATUS_OK || status == STATUS_RETRIABLE) {
        if (status == STATUS_RETRIABLE) {
            world_trace(world, "process %s, %s: %s", process->instance, who, error->text);
        }
        return;
    }
    if (!broker_is_dead(process->bus)) {
        world_fail(world, "process %s, %s: %s: %s", process->instance, who, status_text(status), error->text);
        broker_kill(process->bus);
    }
}

static void step_thread(struct world *world, struct process *process, uint32_t thread)
{
    struct bus_error error = {""};
    enum status status;
    process->in_step[thread] = true;
    if (process->joined[thread]) {
        status = processor_step(process->processor, thread, 0, &error);
    } else {
        status = processor_join(process->processor, thread, &error);
        process->joined[thread] = status == STATUS_OK;
    }
    process->in_step[thread] = false;
    after_step(world, process, "stream thread", status, &error);
}

static void step_follower(struct world *world, struct process *process)
{
    struct bus_error error = {""};
    process->in_follow = true;
    enum status status = processor_follow(process->processor, &error);
    process->in_follow = false;
    after_step(world, process, "definitions", status, &error);
}

static void leave_gracefully(struct world *world, struct process *process)
{
    struct kv_error error;
    if (is_on_stack(process)) {
        return;
    }
    world_trace(world, "process %s leaves", process->instance);
    for (uint32_t thread = 0; thread < process->thread_count; thread++) {
        if (process->joined[thread]) {
            process->in_step[thread] = true;
            processor_leave(process->processor, thread);
            process->in_step[thread] = false;
            process->joined[thread] = false;
        }
    }
    if (!broker_is_dead(process->bus)) {
        ASSERT(kv_flush(process->kv, &error) == STATUS_OK);
        broker_kill(process->bus);
    }
}

/* One thing that some process does. */
static void step_process(struct world *world, struct process *process)
{
    struct chance *chance = &world->chance;
    uint32_t what = chance_below(chance, 100);
    if (process->bus == NULL) {
        if (!world->chaos || what < 10) {
            start_process(world, process);
        }
        return;
    }
    if (broker_is_dead(process->bus)) {
        bury(world, process);
        return;
    }
    if (process->in_open || process->in_restore) {
        return; /* the others of the process wait for it, as they would in threads */
    }
    uint32_t thread = chance_below(chance, process->thread_count);
    struct kv_error error;
    if (what < 62) {
        if (!process->in_step[thread]) {
            step_thread(world, process, thread);
        }
    } else if (what < 82) {
        bool idle;
        process->in_restore = true;
        processor_restore(process->processor, &idle);
        process->in_restore = false;
    } else if (what < 94) {
        if (!process->in_follow) {
            step_follower(world, process);
        }
    } else if (what < 97) {
        ASSERT(kv_flush(process->kv, &error) == STATUS_OK);
    } else if (world->chaos && chance_of(chance, 400)) {
        kill_process(world, process);
    } else if (world->chaos && chance_of(chance, 300)) {
        leave_gracefully(world, process);
    }
}

static void step(struct world *world)
{
    uint32_t what = chance_below(&world->chance, 100);
    world->steps++;
    if (what < 80) {
        step_process(world, &world->processes[chance_below(&world->chance, (uint32_t)world->process_count)]);
    } else if (what < 90) {
        play_worker(world);
    } else if (what < 94) {
        if (world->chaos) {
            play_client(world);
        }
    } else {
        uint32_t ms = chance_below(&world->chance, 10) == 0 ? 3000 : 60;
        broker_pass_time(world->broker, chance_below(&world->chance, ms));
    }
}

/* Before each call of a process: it may die, or stall while the others go on, and be thrown out meanwhile. */
static void on_io(void *owner, int number, const char *what)
{
    struct world *world = owner;
    struct process *process = &world->processes[number];
    struct chance *chance = &world->chance;
    if (!world->chaos) {
        return;
    }
    /* Between the offsets and the end of a transaction is where most can go wrong. */
    bool critical = strcmp(what, "send offsets") == 0 || strcmp(what, "deliver") == 0 ||
                    strcmp(what, "end transaction") == 0 || strcmp(what, "committed") == 0;
    /* A thread that has committed, but not written its rows yet, while another thread of its process takes over. */
    bool racing = strcmp(what, "committed") == 0 && process->thread_count > 1;
    if (world->depth < NESTED_DEPTH_MAX && chance_of(chance, racing ? 1000 : critical ? 400 : 60)) {
        world->depth++;
        world_trace(world, "process %s stalls before %s", process->instance, what);
        if (chance_of(chance, critical ? 7000 : 3000)) {
            broker_evict(world->broker, number);
        }
        if (chance_of(chance, 1000)) {
            broker_pass_time(world->broker, 12000);
        }
        uint32_t steps = 1 + chance_below(chance, chance_of(chance, racing ? 6000 : critical ? 3000 : 500) ? 800 : 60);
        for (uint32_t left = steps; left > 0; left--) {
            /* A long stall sees owners come and go. */
            if (steps > 60 && chance_of(chance, 60)) {
                broker_evict(world->broker, (int)chance_below(chance, (uint32_t)world->process_count));
            }
            step(world);
        }
        world_trace(world, "process %s goes on with %s", process->instance, what);
        world->depth--;
    }
    if (chance_of(chance, 4)) {
        world_trace(world, "crash before %s", what);
        kill_process(world, process);
    }
}

/* ---- The whole ---- */

static void create(struct world *world, uint64_t seed, bool trace)
{
    struct bus_error error;
    *world = (struct world){.seed = seed, .trace = trace};
    world->chance.state = seed * 0x9E3779B97F4A7C15u + 1;
    world->broker = broker_create(seed, on_io, world);
    world->bus = broker_bus(world->broker, -1, 0);
    world->partition_count = 2 + chance_below(&world->chance, 4);
    world->forgets = chance_of(&world->chance, 4000);
    world->process_count = 1 + (int)chance_below(&world->chance, PROCESSES_MAX);
    for (int at = 0; at < world->process_count; at++) {
        snprintf(world->processes[at].instance, sizeof world->processes[at].instance, "i%d", at);
        world->processes[at].thread_count = 1 + chance_below(&world->chance, THREADS_MAX);
    }
    ASSERT(codec_create(&world->codec) == STATUS_OK);
    ASSERT(topics_create(world->bus, STR("pawl"), world->partition_count, &error) == STATUS_OK);
    broker_poison(world->broker, STR("POISON"));
    *broker_faults(world->broker) = (struct broker_faults){
        .on = true,
        .abort_in_10000 = chance_below(&world->chance, 300),
        .retry_in_10000 = chance_below(&world->chance, 100),
        .unknown_in_10000 = chance_below(&world->chance, 100),
        .late_in_10000 = chance_below(&world->chance, 10000),
        .marker_in_10000 = chance_below(&world->chance, 4000),
    };
    play_create(world);
}

static void destroy(struct world *world)
{
    for (int at = 0; at < world->process_count; at++) {
        struct process *process = &world->processes[at];
        if (process->bus != NULL) {
            broker_kill(process->bus);
            bury(world, process);
        }
        if (process->kv != NULL) {
            kv_close(process->kv);
        }
    }
    play_destroy(world);
    codec_destroy(world->codec);
    broker_destroy(world->broker);
}

static void describe(struct world *world)
{
    for (int at = 0; at < world->process_count; at++) {
        struct process *process = &world->processes[at];
        if (process->processor == NULL) {
            world_trace(world, "process %s is down", process->instance);
            continue;
        }
        struct processor_status status;
        processor_status(process->processor, &status);
        world_trace(world, "process %s: %u assigned, %u active, %u refused (%s)", process->instance, status.assigned,
                    status.active, status.refused, status.text);
    }
    for (uint32_t partition = 0; partition < world->partition_count; partition++) {
        struct bus_position position = broker_committed(world->broker, partition);
        world_trace(world, "partition %u: group at %lld and %lld of %zu and %zu", partition,
                    (long long)position.next[0], (long long)position.next[1],
                    broker_topic(world->broker, "pawl.commands")->logs[partition].count,
                    broker_topic(world->broker, "pawl.results")->logs[partition].count);
    }
    world_trace(world, "%zu answers to come, %zu transactions open", world->play->answer_count,
                broker_open_count(world->broker));
}

static void play(struct world *world)
{
    uint32_t chaos = CHAOS_STEPS_MIN + chance_below(&world->chance, CHAOS_STEPS_MAX - CHAOS_STEPS_MIN);
    world->chaos = true;
    while (world->steps < chaos && world->failure[0] == 0) {
        step(world);
    }
    world->chaos = false;
    broker_faults(world->broker)->on = false;
    world->play->starts_left = 0;
    world_trace(world, "calm");
    for (uint64_t left = CALM_STEPS_MAX; world->failure[0] == 0; left--) {
        if (left % 500 == 0 && world_is_settled(world)) {
            /* Whatever is due fires now, and what that makes due. */
            for (int round = 0; round < 3; round++) {
                broker_pass_time(world->broker, 60000);
                for (int more = 0; more < 200; more++) {
                    step(world);
                }
            }
            return;
        }
        if (left == 0) {
            describe(world);
            world_fail(world, "it does not settle");
            return;
        }
        step(world);
    }
}

bool world_play(uint64_t seed, bool trace, struct world *out_world)
{
    struct world *world = out_world;
    struct assert_scope scope;
    create(world, seed, trace);
    assert_scope_enter(&scope);
    if (setjmp(scope.back) == 0) {
        play(world);
        if (world->failure[0] == 0) {
            check_all(world);
        }
        assert_scope_leave(&scope);
        destroy(world);
    } else {
        /* The stack is gone, and so is the order in which things could be freed. */
        assert_scope_leave(&scope);
        world_fail(world, "assertion failed: %s at %s:%d", scope.condition, scope.file, scope.line);
    }
    return world->failure[0] == 0;
}
