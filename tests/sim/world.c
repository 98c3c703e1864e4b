#include "world.h"

#include "base/assert.h"
#include "play.h"
#include "processor/topics.h"
#include "watch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CHAOS_STEPS_MIN 1500
#define CHAOS_STEPS_MAX 12000
#define CALM_STEPS_MAX 60000
#define NESTED_DEPTH_MAX 2
#define WATCH_STEPS 256 /* how often what is there is looked at */
#define LEAP_MS 3000 /* time passes in small steps, and in leaps of up to that */
#define LEAP_MS_MAX 30000
#define AWAY_LEAPS 30
#define BEGIN_MS 1700000000000

const struct world_options world_options_whole = {
    .starts_max = UINT32_MAX,
    .steps_max = UINT32_MAX,
    .processes_max = PROCESSES_MAX,
};

void world_trace(const struct world *world, const char *format, ...)
{
    if (!world->options.trace) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    printf("%*s[%lld] ", world->depth * 2, "", (long long)(broker_now_ms(world->broker) - BEGIN_MS));
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

bool world_strikes(struct world *world, enum fault_kind kind)
{
    return fault_strikes(&world->faults, kind);
}

/* ---- What the broker's model asks ---- */

static void tell(void *owner, const char *text)
{
    world_trace(owner, "%s", text);
}

/* Between the offsets and the end of a transaction is where most can go wrong. */
static bool is_critical(const char *what)
{
    static const char *const critical[] = {"AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn", "committed"};
    for (size_t at = 0; at < sizeof critical / sizeof *critical; at++) {
        if (strcmp(what, critical[at]) == 0) {
            return true;
        }
    }
    return false;
}

/* The process stalls while the others go on, and may be thrown out meanwhile. */
static void stall(struct world *world, struct process *process, const char *what, bool critical)
{
    struct faults *faults = &world->faults;
    /* A thread that has committed, but not written its rows yet, while another thread of its process takes over. */
    bool racing = strcmp(what, "committed") == 0 && process->thread_count > 1;
    uint32_t long_in_100 = racing ? 60 : critical ? 30 : 5;
    world->depth++;
    world_trace(world, "process %s stalls before %s", process->instance, what);
    if (fault_below(faults, 100) < (critical ? 70 : 30)) {
        broker_evict(world->broker, (int)(process - world->processes));
    }
    uint32_t steps = 1 + fault_below(faults, fault_below(faults, 100) < long_in_100 ? 800 : 60);
    if (fault_below(faults, 10) == 0) {
        broker_pass_time(world->broker, 12000);
    }
    for (uint32_t left = steps; left > 0; left--) {
        /* A long stall sees owners come and go. */
        if (steps > 60 && world_strikes(world, FAULT_EVICT)) {
            broker_evict(world->broker, (int)fault_below(faults, (uint32_t)world->process_count));
        }
        world_step(world);
    }
    world_trace(world, "process %s goes on with %s", process->instance, what);
    world->depth--;
}

/* Before each call of a process. */
static void on_io(void *owner, int number, const char *what)
{
    struct world *world = owner;
    struct process *process = &world->processes[number];
    bool critical = is_critical(what);
    if (world->depth < NESTED_DEPTH_MAX && world_strikes(world, critical ? FAULT_CRITICAL : FAULT_STALL)) {
        stall(world, process, what, critical);
    }
    if (world_strikes(world, FAULT_CRASH)) {
        world_trace(world, "crash before %s", what);
        process_kill(world, process);
    }
}

/* A process waits for the broker; the others go on. */
static void on_wait(void *owner, int number, int64_t ms)
{
    struct world *world = owner;
    (void)number;
    if (world->depth >= NESTED_DEPTH_MAX) {
        broker_pass_time(world->broker, ms);
        return;
    }
    world->depth++;
    int64_t steps = 1 + chance_below(&world->chance, ms > 1000 ? 40 : 4);
    for (int64_t left = steps; left > 0; left--) {
        world_step(world);
        broker_pass_time(world->broker, ms / steps);
    }
    world->depth--;
}

/* ---- Steps ---- */

/* So that an outage takes some hundred steps, however long it is. */
static uint32_t away_leap_ms(const struct world *world)
{
    return (uint32_t)(world->away_ms / AWAY_LEAPS) + 1;
}

static void pass_time(struct world *world, uint32_t ms_max)
{
    broker_pass_time(world->broker, chance_below(&world->chance, ms_max));
    process_pass_time(world);
}

void world_step(struct world *world)
{
    uint32_t what = chance_below(&world->chance, 100);
    world->steps++;
    if (what < 80) {
        process_step(world, &world->processes[chance_below(&world->chance, (uint32_t)world->process_count)]);
    } else if (what < 90) {
        if (!broker_is_away(world->broker)) {
            play_worker(world);
        }
    } else if (what < 94) {
        if (world->chaos && !broker_is_away(world->broker)) {
            play_client(world);
        }
    } else {
        uint32_t ms = chance_below(&world->chance, 10) == 0 ? world->leap_ms : 60;
        pass_time(world, broker_is_away(world->broker) ? away_leap_ms(world) : ms);
    }
}

/* ---- The whole ---- */

static uint32_t at_most(uint32_t number, uint32_t max)
{
    return number < max ? number : max;
}

/* All sizes of the world, and of its engine's steps. */
static void draw(struct world *world)
{
    struct chance *chance = &world->chance;
    world->partition_count = 2 + chance_below(chance, 4);
    world->forgets = chance_of(chance, 4000);
    world->process_count = (int)at_most(1 + chance_below(chance, PROCESSES_MAX), world->options.processes_max);
    for (int at = 0; at < PROCESSES_MAX; at++) {
        snprintf(world->processes[at].instance, sizeof world->processes[at].instance, "i%d", at);
        world->processes[at].thread_count = 1 + chance_below(chance, THREADS_MAX);
    }
    world->step = step_config_default;
    world->step.history_events_max = HISTORY_MAX;
    world->step.effects_max = chance_of(chance, 5000) ? 20 + chance_below(chance, 60) : 0;
    if (world->forgets) {
        world->step.redrive_ms = 5000;
        world->step.retention_ms = 10000;
    }
}

static void create(struct world *world, const struct world_options *options)
{
    struct bus_error error;
    const struct broker_hooks hooks = {
        .owner = world, .on_io = on_io, .on_wait = on_wait, .tell = options->trace ? tell : NULL};
    *world = (struct world){.options = *options, .chance = {options->seed * 0x9E3779B97F4A7C15u + 1}};
    faults_init(&world->faults, chance_next(&world->chance), options->only);
    world->broker = broker_create(chance_next(&world->chance), &world->faults, &hooks);
    world->bus = broker_bus(world->broker, -1, 0);
    draw(world);
    ASSERT(codec_create(&world->codec) == STATUS_OK);
    ASSERT(topics_create(world->bus, STR("pawl"), world->partition_count, &error) == STATUS_OK);
    broker_poison(world->broker, STR("POISON"));
    play_create(world);
    world->watch = watch_create(world);
}

static void destroy(struct world *world)
{
    for (int at = 0; at < world->process_count; at++) {
        struct process *process = &world->processes[at];
        if (process->bus != NULL) {
            broker_kill(process->bus);
            process_bury(world, process);
        }
        if (process->kv != NULL) {
            kv_close(process->kv);
        }
    }
    world->late_requests = broker_late_count(world->broker);
    world->executions = world->watch->execution_count;
    watch_destroy(world->watch);
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
        world_trace(world, "process %s: %u assigned, %u active, %u refused, %u parked (%s)", process->instance,
                    status.assigned, status.active, status.refused, status.parked, status.text);
    }
    for (uint32_t partition = 0; partition < world->partition_count; partition++) {
        struct bus_position position = broker_committed(world->broker, partition);
        world_trace(world, "partition %u: group at %lld and %lld of %zu and %zu", partition,
                    (long long)position.next[0], (long long)position.next[1],
                    broker_topic(world->broker, "pawl.commands")->logs[partition].count,
                    broker_topic(world->broker, "pawl.results")->logs[partition].count);
    }
    world_trace(world, "%zu answers to come, %zu transactions or requests open", world->play->answer_count,
                broker_open_count(world->broker));
}

/* Whatever is due fires now, and what that makes due. */
static void let_fire(struct world *world)
{
    for (int round = 0; round < 3; round++) {
        broker_pass_time(world->broker, 60000);
        for (int more = 0; more < 200; more++) {
            world_step(world);
        }
    }
}

static void step_and_watch(struct world *world)
{
    world_step(world);
    if (world->steps % WATCH_STEPS == 0) {
        watch_read(world->watch);
    }
}

static void play(struct world *world)
{
    uint32_t drawn = CHAOS_STEPS_MIN + chance_below(&world->chance, CHAOS_STEPS_MAX - CHAOS_STEPS_MIN);
    uint32_t chaos = at_most(drawn, world->options.steps_max);
    world->chaos = true;
    world->leap_ms = LEAP_MS;
    while (world->steps < chaos && world->failure[0] == 0) {
        step_and_watch(world);
    }
    world->chaos = false;
    world->faults.on = false;
    broker_go_away(world->broker, 0);
    world->play->starts_left = 0;
    world_trace(world, "calm");
    for (uint64_t left = CALM_STEPS_MAX; world->failure[0] == 0; left--) {
        world->leap_ms = left < CALM_STEPS_MAX / 2 ? LEAP_MS_MAX : LEAP_MS; /* who is left waits for time, in circles */
        if (left % 500 == 0 && world_is_settled(world)) {
            let_fire(world);
            return;
        }
        if (left == 0) {
            describe(world);
            world_fail(world, "it does not settle");
            return;
        }
        step_and_watch(world);
    }
}

bool world_play(const struct world_options *options, struct world *out_world)
{
    struct world *world = out_world;
    struct assert_scope scope;
    create(world, options);
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

void world_forget(struct world *world)
{
    faults_clear(&world->faults);
}
