/* The processes under test: they start, work, stall, die, leave, and lose or fill their disks. */
#include "play.h"
#include "world.h"

#include "base/assert.h"

#include <stdlib.h>

static bool is_on_stack(const struct process *process)
{
    bool on_stack = process->in_restore || process->in_follow || process->in_standby || process->in_open;
    for (int thread = 0; thread < THREADS_MAX; thread++) {
        on_stack = on_stack || process->in_step[thread];
    }
    return on_stack;
}

static bool is_full(const struct world *world, const struct process *process)
{
    return broker_now_ms(world->broker) < process->full_until_ms;
}

/* Power is gone: what the disk had not got yet, too. */
void process_kill(struct world *world, struct process *process)
{
    if (process->bus == NULL || broker_is_dead(process->bus)) {
        return;
    }
    world->crashes++;
    world_trace(world, "process %s dies", process->instance);
    broker_kill(process->bus);
    kv_memory_crash(process->kv);
}

void process_bury(struct world *world, struct process *process)
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

/* ---- Starting ---- */

static void find_disk(struct world *world, struct process *process)
{
    if (process->kv != NULL && world_strikes(world, FAULT_DISK_LOST)) {
        world_trace(world, "process %s has lost its disk", process->instance);
        kv_close(process->kv);
        process->kv = NULL;
    }
    if (process->kv == NULL) {
        ASSERT(kv_memory_open(&process->kv) == STATUS_OK);
    }
    kv_memory_fill(process->kv, process->full_until_ms > 0);
}

static struct processor_config configure(struct world *world, const struct process *process)
{
    struct chance *chance = &world->chance;
    struct processor_config config = processor_config_default;
    config.instance = str_of(process->instance);
    config.kv = process->kv;
    config.thread_count = process->thread_count;
    config.step = world->step;
    config.batch_records_max = 1 + chance_below(chance, 20);
    config.encodings[TOPIC_HISTORY] = chance_of(chance, 5000) ? CODEC_JSON : CODEC_AVRO;
    config.encodings[TOPIC_TASKS] = chance_of(chance, 5000) ? CODEC_JSON : CODEC_AVRO;
    return config;
}

static void start(struct world *world, struct process *process)
{
    struct bus_error error = {""};
    find_disk(world, process);
    process->bus = broker_bus(world->broker, (int)(process - world->processes),
                              (int64_t)chance_below(&world->chance, 400) - 200);
    struct processor_config config = configure(world, process);
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
        process_bury(world, process);
    }
}

/* ---- Working ---- */

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
    if (broker_is_dead(process->bus)) {
        return;
    }
    world_fail(world, "process %s, %s: %s: %s", process->instance, who, status_text(status), error->text);
    broker_kill(process->bus);
}

/* Whoever has worked without a broker for a session is there, and says that it is not ready. */
static void check_silent(struct world *world, const struct process *process)
{
    struct processor_status status;
    for (uint32_t thread = 0; thread < process->thread_count; thread++) {
        if (process->joined[thread] && !process->noticed[thread]) {
            return;
        }
    }
    processor_status(process->processor, &status);
    if (status.failed || status.ready) {
        world_fail(world, "process %s %s without a broker %s", process->instance, status.failed ? "ends" : "is ready", status.text);
    }
    world->silences++;
}

static void step_thread(struct world *world, struct process *process, uint32_t thread)
{
    struct bus_error error = {""};
    enum status status;
    bool silent = broker_is_silent(world->broker);
    size_t faults = world->faults.struck.count;
    process->in_step[thread] = true;
    if (process->joined[thread]) {
        status = processor_step(process->processor, thread, 0, &error);
    } else {
        status = processor_join(process->processor, thread, &error);
        process->joined[thread] = status == STATUS_OK;
    }
    process->in_step[thread] = false;
    after_step(world, process, "stream thread", status, &error);
    bool whole = status == STATUS_OK && world->faults.struck.count == faults; /* else its poll may have failed, too */
    process->noticed[thread] = silent && whole && broker_is_away(world->broker);
    if (process->noticed[thread] && !broker_is_dead(process->bus)) {
        check_silent(world, process);
    }
}

static void step_restorer(struct process *process)
{
    bool idle;
    process->in_restore = true;
    processor_restore(process->processor, &idle);
    process->in_restore = false;
}

/* It keeps copies of what others own. */
static void stand_by(struct process *process)
{
    bool idle;
    process->in_standby = true;
    processor_stand_by(process->processor, &idle);
    process->in_standby = false;
}

static void step_follower(struct world *world, struct process *process)
{
    struct bus_error error = {""};
    process->in_follow = true;
    enum status status = processor_follow(process->processor, &error);
    process->in_follow = false;
    after_step(world, process, "definitions", status, &error);
}

static void flush(struct process *process)
{
    struct kv_error error;
    enum status status = kv_flush(process->kv, &error);
    ASSERT(status == STATUS_OK || (status == STATUS_FULL && process->full_until_ms > 0));
}

static void leave(struct world *world, struct process *process)
{
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
        flush(process);
        broker_kill(process->bus);
    }
}

/* ---- What happens to it from outside ---- */

static void step_clock(struct world *world, struct process *process)
{
    int64_t skew_ms = (int64_t)fault_below(&world->faults, 20000) - 10000;
    world_trace(world, "process %s: its clock is off by %lld ms", process->instance, (long long)skew_ms);
    broker_skew(process->bus, skew_ms);
}

static void fill_disk(struct world *world, struct process *process)
{
    process->full_until_ms = broker_now_ms(world->broker) + 1000 + fault_below(&world->faults, 20000);
    kv_memory_fill(process->kv, true);
    world_trace(world, "process %s: its disk is full", process->instance);
}

static void move_coordinator(struct world *world)
{
    bool of_group = fault_below(&world->faults, 2) == 0;
    int64_t away_ms = 200 + fault_below(&world->faults, 6000);
    world_trace(world, "the %s coordinator moves, and is away for %lld ms", of_group ? "group's" : "transactions'",
                (long long)away_ms);
    broker_move(world->broker, of_group, away_ms);
}

/* For some seconds, which nobody may notice, or for up to an hour and a half. */
static void lose_brokers(struct world *world)
{
    struct faults *faults = &world->faults;
    int64_t ms = fault_below(faults, 2) == 0 ? 1000 + fault_below(faults, 20000) : 60000 + fault_below(faults, 90 * 60000);
    if (broker_is_away(world->broker)) {
        return;
    }
    world_trace(world, "no broker can be reached for %lld ms", (long long)ms);
    for (int at = 0; at < world->process_count; at++) {
        memset(world->processes[at].noticed, 0, sizeof world->processes[at].noticed);
    }
    broker_go_away(world->broker, ms);
    world->away_ms = ms;
    if (fault_below(faults, 2) == 0) {
        broker_mistake(world->broker, (int)fault_below(faults, (uint32_t)world->process_count));
    }
}

static void strike(struct world *world, struct process *process)
{
    if (world_strikes(world, FAULT_STOP)) {
        process_kill(world, process);
    } else if (world_strikes(world, FAULT_LEAVE)) {
        leave(world, process);
    } else if (world_strikes(world, FAULT_EVICT)) {
        broker_evict(world->broker, (int)(process - world->processes));
    } else if (world_strikes(world, FAULT_CLOCK)) {
        step_clock(world, process);
    } else if (world_strikes(world, FAULT_DISK_FULL)) {
        fill_disk(world, process);
    } else if (world_strikes(world, FAULT_MOVE)) {
        move_coordinator(world);
    } else if (world_strikes(world, FAULT_OUTAGE)) {
        lose_brokers(world);
    }
}

void process_pass_time(struct world *world)
{
    for (int at = 0; at < world->process_count; at++) {
        struct process *process = &world->processes[at];
        if (process->full_until_ms > 0 && !is_full(world, process)) {
            process->full_until_ms = 0;
            kv_memory_fill(process->kv, false);
            world_trace(world, "process %s: its disk has room again", process->instance);
        }
    }
}

void process_step(struct world *world, struct process *process)
{
    struct chance *chance = &world->chance;
    uint32_t what = chance_below(chance, 100);
    if (process->bus == NULL) {
        if (!world->chaos || what < 10) {
            start(world, process);
        }
        return;
    }
    if (broker_is_dead(process->bus)) {
        process_bury(world, process);
        return;
    }
    if (process->in_open || process->in_restore) {
        return; /* the others of the process wait for it, as they would in threads */
    }
    uint32_t thread = chance_below(chance, process->thread_count);
    if (what < 62) {
        if (!process->in_step[thread]) {
            step_thread(world, process, thread);
        }
    } else if (what < 76) {
        step_restorer(process);
    } else if (what < 82) {
        if (!process->in_standby) {
            stand_by(process);
        }
    } else if (what < 94) {
        if (!process->in_follow) {
            step_follower(world, process);
        }
    } else if (what < 97) {
        flush(process);
    } else {
        strike(world, process);
    }
}
