#include "processor/processor.h"

#include "asl/route.h"
#include "base/assert.h"
#include "base/limits.h"
#include "base/log.h"
#include "bus/bus_port.h"
#include "processor/outbox.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MESSAGE_BYTES_MAX ((size_t)1024 * 1024)
#define POLL_MS 100           /* the longest a thread waits before it looks whether to stop */
#define BACKOFF_MS 50         /* after an abort */
#define TOPICS_CHECK_MS 30000 /* how often partition counts are compared */
#define FOLLOW_RECORDS 1000
#define STANDBY_REST_MS 10    /* between two looks at the changelog; a partition that comes to us waits as long */

struct worker {
    struct processor *processor;
    uint32_t number;
    struct loop *loop; /* set and unset with the processor's lock */
    pthread_t thread;
    bool running;
};

struct processor {
    struct processor_config config;
    struct bus *bus;
    struct kv *kv;
    bool owns_kv;
    struct codec *codec;
    struct topics *topics;
    struct definitions *definitions;
    struct restorer *restorer;
    struct owners *owners;
    struct standby *standby;
    struct counters counters;
    struct machine_table *machines;
    struct loop_shared shared;
    struct worker workers[PROCESSOR_THREADS_MAX];
    pthread_t helpers[RESTORE_THREADS_MAX + 2]; /* those who restore, keep standby copies, and follow the definitions */
    uint32_t helper_count;
    bool started;
    atomic_bool stopping;      /* the stream threads are to leave */
    atomic_bool stopping_help; /* and then the others */
    pthread_mutex_t lock;
    bool failed; /* guarded by lock, as is text */
    char text[512];
};

/* ---- Opening ---- */

static enum status open_kv(struct processor *processor, struct bus_error *out_error)
{
    if (processor->config.kv != NULL) {
        processor->kv = processor->config.kv;
        return STATUS_OK;
    }
    const struct kv_options options = {
        .path = processor->config.state_dir,
        .log = KV_LOG_NONE,
        .memory_bytes = processor->config.memory_bytes,
    };
    struct kv_error error = {""};
    enum status status = kv_rocksdb_open(&options, &processor->kv, &error);
    if (status == STATUS_CORRUPT) {
        return bus_port_fail(out_error, status, "%s is corrupt (%s): delete it, it will be rebuilt from the changelog",
                             options.path, error.text);
    }
    if (status != STATUS_OK) {
        return bus_port_fail(out_error, status, "%s: %s", options.path, error.text);
    }
    processor->owns_kv = true;
    return STATUS_OK;
}

/* Follows once. A record that can't be read is told and passed over: what it defines is missing, the rest goes on. */
static enum status follow(struct processor *processor, int timeout_ms, bool *out_idle, struct bus_error *out_error)
{
    *out_idle = false;
    enum status status = definitions_follow(processor->definitions, FOLLOW_RECORDS, timeout_ms, out_idle, out_error);
    if (status != STATUS_CORRUPT) {
        return status;
    }
    char quoted[700];
    log_event(LOG_ERROR, "definition_unreadable", "reason=%s",
              log_quote(str_of(out_error->text), quoted, sizeof quoted));
    return STATUS_OK;
}

/* To the end as it is now; the group is not joined before. */
static enum status read_definitions(struct processor *processor, struct bus_error *out_error)
{
    int64_t begin;
    int64_t end;
    bool idle;
    TRY(bus_bounds(processor->bus, topics_get(processor->topics, TOPIC_DEFINITIONS), 0, true, &begin, &end, out_error));
    do {
        enum status status = follow(processor, POLL_MS, &idle, out_error);
        if (status != STATUS_OK && status != STATUS_RETRIABLE) {
            return status;
        }
    } while (definitions_position(processor->definitions) < end);
    return STATUS_OK;
}

static enum status open_parts(struct processor *processor, struct bus_error *out_error)
{
    TRY(open_kv(processor, out_error));
    TRY(codec_create(&processor->codec));
    TRY(machine_table_create(processor->config.machines_max, &processor->machines));
    TRY(topics_open(processor->bus, processor->config.prefix, &processor->topics, out_error));
    topics_set_route_table(processor->topics, processor->config.route_table);
    TRY(definitions_create(processor->bus, processor->topics, processor->codec, &processor->definitions));
    TRY(owners_create(topics_partition_count(processor->topics), &processor->owners));
    TRY(restorer_create(processor->bus, processor->kv, processor->topics, processor->codec, &processor->counters,
                        &processor->restorer));
    const struct standby_parts standby_parts = {
        .config = &processor->config,
        .bus = processor->bus,
        .kv = processor->kv,
        .topics = processor->topics,
        .codec = processor->codec,
        .owners = processor->owners,
        .counters = &processor->counters,
    };
    TRY(standby_create(&standby_parts, &processor->standby));
    return read_definitions(processor, out_error);
}

static enum status check_routes(const struct processor_config *config, struct bus_error *out_error)
{
    struct str problem;
    struct arena *arena = arena_create(MESSAGE_BYTES_MAX);
    TRY_NEW(arena);
    enum status status = route_table_check(arena, config->route_table, &problem);
    if (status == STATUS_INVALID) {
        status = bus_port_fail(out_error, STATUS_REFUSED, "tasks.routes: %.*s", STR_ARGS(problem));
    }
    arena_destroy(arena);
    return status;
}

static enum status check_config(const struct processor_config *config, struct bus_error *out_error)
{
    TRY(check_routes(config, out_error));
    if (config->thread_count == 0 || config->thread_count > PROCESSOR_THREADS_MAX) {
        return bus_port_fail(out_error, STATUS_REFUSED, "threads must be 1 to %d", PROCESSOR_THREADS_MAX);
    }
    if (config->restore_thread_count == 0 || config->restore_thread_count > RESTORE_THREADS_MAX) {
        return bus_port_fail(out_error, STATUS_REFUSED, "threads that restore must be 1 to %d", RESTORE_THREADS_MAX);
    }
    /* A record may hold a payload and its copy beside it. */
    if (config->step.payload_bytes_max > (RECORD_BYTES_MAX - OUTBOX_OVERHEAD_BYTES) / 2) {
        return bus_port_fail(out_error, STATUS_REFUSED,
                             "limits.payload of %zu bytes does not fit twice into a record of %d",
                             config->step.payload_bytes_max, RECORD_BYTES_MAX);
    }
    return STATUS_OK;
}

enum status processor_open(const struct processor_config *config, struct bus *bus, struct processor **out_processor,
                           struct bus_error *out_error)
{
    bus_port_fail(out_error, STATUS_OK, "no memory");
    TRY(check_config(config, out_error));
    struct processor *processor = calloc(1, sizeof *processor);
    if (processor == NULL) {
        return STATUS_LIMIT_EXCEEDED;
    }
    processor->config = *config;
    processor->bus = bus;
    pthread_mutex_init(&processor->lock, NULL);
    enum status status = open_parts(processor, out_error);
    if (status != STATUS_OK) {
        processor_close(processor);
        return status;
    }
    processor->shared = (struct loop_shared){
        .config = &processor->config,
        .bus = bus,
        .kv = processor->kv,
        .codec = processor->codec,
        .topics = processor->topics,
        .definitions = processor->definitions,
        .restorer = processor->restorer,
        .owners = processor->owners,
        .standby = processor->standby,
        .counters = &processor->counters,
        .machines = processor->machines,
    };
    *out_processor = processor;
    return STATUS_OK;
}

void processor_close(struct processor *processor)
{
    ASSERT(!processor->started);
    for (uint32_t at = 0; at < PROCESSOR_THREADS_MAX; at++) {
        if (processor->workers[at].loop != NULL) {
            loop_close(processor->workers[at].loop);
        }
    }
    if (processor->restorer != NULL) {
        restorer_destroy(processor->restorer);
    }
    standby_destroy(processor->standby);
    owners_destroy(processor->owners);
    if (processor->definitions != NULL) {
        definitions_destroy(processor->definitions);
    }
    if (processor->topics != NULL) {
        topics_close(processor->topics);
    }
    if (processor->codec != NULL) {
        codec_destroy(processor->codec);
    }
    if (processor->machines != NULL) {
        machine_table_destroy(processor->machines);
    }
    if (processor->owns_kv) {
        kv_close(processor->kv);
    }
    pthread_mutex_destroy(&processor->lock);
    free(processor);
}

/* ---- Step by step ---- */

enum status processor_join(struct processor *processor, uint32_t thread, struct bus_error *out_error)
{
    struct worker *worker = &processor->workers[thread];
    ASSERT(worker->loop == NULL);
    worker->processor = processor;
    worker->number = thread;
    return loop_open(&processor->shared, thread, &worker->loop, out_error);
}

enum status processor_step(struct processor *processor, uint32_t thread, int timeout_ms, struct bus_error *out_error)
{
    return loop_step(processor->workers[thread].loop, timeout_ms, out_error);
}

void processor_leave(struct processor *processor, uint32_t thread)
{
    loop_leave(processor->workers[thread].loop);
    processor->workers[thread].loop = NULL;
}

void processor_restore(struct processor *processor, bool *out_idle)
{
    restorer_step(processor->restorer, 0, out_idle);
}

void processor_stand_by(struct processor *processor, bool *out_idle)
{
    standby_step(processor->standby, out_idle);
}

enum status processor_follow(struct processor *processor, struct bus_error *out_error)
{
    bool idle;
    return definitions_follow(processor->definitions, FOLLOW_RECORDS, 0, &idle, out_error);
}

/* ---- Threads ---- */

static void rest(int64_t ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static void fail(struct processor *processor, const char *who, enum status status, const struct bus_error *error)
{
    char quoted[700];
    log_event(LOG_ERROR, "processor_failed", "who=%s status=%s reason=%s", who, status_text(status),
              log_quote(str_of(error->text), quoted, sizeof quoted));
    pthread_mutex_lock(&processor->lock);
    if (!processor->failed) {
        processor->failed = true;
        snprintf(processor->text, sizeof processor->text, "%s: %.400s", status_text(status), error->text);
    }
    pthread_mutex_unlock(&processor->lock);
}

/* From here on nobody asks it for its status any more. */
static struct loop *take_loop(struct worker *worker)
{
    pthread_mutex_lock(&worker->processor->lock);
    struct loop *loop = worker->loop;
    worker->loop = NULL;
    pthread_mutex_unlock(&worker->processor->lock);
    return loop;
}

static void *run_loop(void *argument)
{
    struct worker *worker = argument;
    struct processor *processor = worker->processor;
    while (!atomic_load(&processor->stopping)) {
        struct bus_error error = {""};
        enum status status = loop_step(worker->loop, POLL_MS, &error);
        if (status == STATUS_RETRIABLE) {
            char quoted[700];
            log_event(LOG_WARNING, "batch_aborted", "thread=%" PRIu32 " reason=%s", worker->number,
                      log_quote(str_of(error.text), quoted, sizeof quoted));
            rest(BACKOFF_MS);
        } else if (status != STATUS_OK) {
            fail(processor, "stream thread", status, &error);
            loop_close(take_loop(worker));
            return NULL;
        }
    }
    loop_leave(take_loop(worker));
    return NULL;
}

static void *run_restores(void *argument)
{
    struct processor *processor = argument;
    while (!atomic_load(&processor->stopping_help)) {
        bool idle;
        restorer_step(processor->restorer, POLL_MS, &idle);
        if (idle) {
            rest(5);
        }
    }
    return NULL;
}

static void *run_standby(void *argument)
{
    struct processor *processor = argument;
    while (!atomic_load(&processor->stopping_help)) {
        bool idle;
        standby_step(processor->standby, &idle);
        if (idle) {
            rest(STANDBY_REST_MS);
        }
    }
    return NULL;
}

/* Follows the definitions, and now and then looks whether somebody changed the topics. */
static void *run_follower(void *argument)
{
    struct processor *processor = argument;
    int64_t checked_ms = bus_now_ms(processor->bus);
    while (!atomic_load(&processor->stopping_help)) {
        struct bus_error error = {""};
        bool idle;
        enum status status = follow(processor, POLL_MS, &idle, &error);
        if (status == STATUS_OK && bus_now_ms(processor->bus) - checked_ms > TOPICS_CHECK_MS) {
            checked_ms = bus_now_ms(processor->bus);
            status = bus_topics_check(processor->bus, &error);
        }
        if (status == STATUS_RETRIABLE || status == STATUS_TIMED_OUT) {
            rest(BACKOFF_MS);
        } else if (status != STATUS_OK) {
            fail(processor, "definitions", status, &error);
            atomic_store(&processor->stopping, true);
            return NULL;
        }
    }
    return NULL;
}

static bool start_helper(struct processor *processor, void *(*run)(void *))
{
    if (pthread_create(&processor->helpers[processor->helper_count], NULL, run, processor) != 0) {
        return false;
    }
    processor->helper_count++;
    return true;
}

static bool start_helpers(struct processor *processor)
{
    bool started = start_helper(processor, run_follower) && start_helper(processor, run_standby);
    for (uint32_t at = 0; at < processor->config.restore_thread_count && started; at++) {
        started = start_helper(processor, run_restores);
    }
    return started;
}

enum status processor_start(struct processor *processor, struct bus_error *out_error)
{
    ASSERT(!processor->started);
    for (uint32_t at = 0; at < processor->config.thread_count; at++) {
        TRY(processor_join(processor, at, out_error));
    }
    processor->started = true;
    if (!start_helpers(processor)) {
        processor_stop(processor);
        return bus_port_fail(out_error, STATUS_LIMIT_EXCEEDED, "no thread");
    }
    for (uint32_t at = 0; at < processor->config.thread_count; at++) {
        struct worker *worker = &processor->workers[at];
        worker->running = pthread_create(&worker->thread, NULL, run_loop, worker) == 0;
        if (!worker->running) {
            processor_stop(processor);
            return bus_port_fail(out_error, STATUS_LIMIT_EXCEEDED, "no thread");
        }
    }
    return STATUS_OK;
}

void processor_stop(struct processor *processor)
{
    if (!processor->started) {
        return;
    }
    atomic_store(&processor->stopping, true);
    for (uint32_t at = 0; at < processor->config.thread_count; at++) {
        struct worker *worker = &processor->workers[at];
        if (worker->running) {
            pthread_join(worker->thread, NULL);
            worker->running = false;
        }
    }
    atomic_store(&processor->stopping_help, true);
    while (processor->helper_count > 0) {
        pthread_join(processor->helpers[--processor->helper_count], NULL);
    }
    processor->started = false;
    struct kv_error error = {""};
    if (kv_flush(processor->kv, &error) != STATUS_OK) {
        log_event(LOG_WARNING, "flush_failed", "reason=%s", error.text);
    }
}

/* ---- Watching ---- */

void processor_status(struct processor *processor, struct processor_status *out_status)
{
    struct processor_status status = {.failed = false};
    pthread_mutex_lock(&processor->lock);
    status.failed = processor->failed;
    memcpy(status.text, processor->text, sizeof status.text);
    for (uint32_t at = 0; at < processor->config.thread_count && !status.failed; at++) {
        struct loop_status loop;
        if (processor->workers[at].loop == NULL) {
            continue;
        }
        loop_status(processor->workers[at].loop, &loop);
        status.assigned += loop.assigned;
        status.active += loop.active;
        status.refused += loop.refused;
        status.parked += loop.parked;
        status.restore_lag += loop.restore_lag;
        status.renewals += loop.renewals;
        if (status.committed_ms == 0 || loop.committed_ms < status.committed_ms) {
            status.committed_ms = loop.committed_ms;
        }
        if (loop.refused + loop.parked > 0) {
            memcpy(status.text, loop.refusal, sizeof status.text);
        }
    }
    pthread_mutex_unlock(&processor->lock);
    standby_status(processor->standby, &status.standby);
    status.ready = !status.failed && status.assigned > 0 && status.active == status.assigned;
    *out_status = status;
}

enum status processor_partitions(struct processor *processor, struct arena *arena,
                                 struct loop_partition **out_partitions, size_t *out_count)
{
    size_t capacity = topics_partition_count(processor->topics);
    struct loop_partition *partitions = arena_array(arena, struct loop_partition, capacity);
    TRY_NEW(partitions);
    size_t count = 0;
    pthread_mutex_lock(&processor->lock);
    for (uint32_t at = 0; at < processor->config.thread_count && count < capacity; at++) {
        if (processor->workers[at].loop != NULL) {
            count += loop_partitions(processor->workers[at].loop, &partitions[count], capacity - count);
        }
    }
    pthread_mutex_unlock(&processor->lock);
    *out_partitions = partitions;
    *out_count = count < capacity ? count : capacity; /* one may be given from thread to thread meanwhile */
    return STATUS_OK;
}

/* ---- Metrics ---- */

static void show_partitions(struct metrics_page *page, const struct loop_partition *partitions, size_t count)
{
    static const struct str inputs[INPUT_COUNT] = {
        [INPUT_COMMANDS] = STR_INIT("commands"),
        [INPUT_RESULTS] = STR_INIT("results"),
    };
    for (size_t at = 0; at < count; at++) {
        char number[16];
        snprintf(number, sizeof number, "%" PRIu32, partitions[at].id);
        if (partitions[at].restore_lag >= 0) {
            metrics_add(page, &metric_table[METRIC_RESTORE_LAG], &(struct metrics_labels){{str_of(number)}},
                        (double)partitions[at].restore_lag);
        }
        for (int input = 0; input < INPUT_COUNT; input++) {
            if (partitions[at].lag[input] >= 0) {
                metrics_add(page, &metric_table[METRIC_CONSUMER_LAG],
                            &(struct metrics_labels){{str_of(number), inputs[input]}}, (double)partitions[at].lag[input]);
            }
        }
    }
}

enum status processor_show(struct processor *processor, struct metrics_page *page)
{
    struct processor_status status;
    struct loop_partition *partitions;
    size_t count;
    processor_status(processor, &status);
    TRY(processor_partitions(processor, page->arena, &partitions, &count));
    machine_table_show(processor->machines, page);
    metrics_add(page, &metric_table[METRIC_PARTITIONS_ASSIGNED], NULL, status.assigned);
    metrics_add(page, &metric_table[METRIC_PARTITIONS_ACTIVE], NULL, status.active);
    metrics_add(page, &metric_table[METRIC_PARTITIONS_REFUSED], NULL, status.refused);
    metrics_add(page, &metric_table[METRIC_PARTITIONS_PARKED], NULL, status.parked);
    metrics_add(page, &metric_table[METRIC_STANDBY_COPIES], NULL, status.standby.copies);
    metrics_add(page, &metric_table[METRIC_STANDBY_LAG], NULL, (double)status.standby.lag);
    show_partitions(page, partitions, count);
    if (status.committed_ms > 0) {
        metrics_add(page, &metric_table[METRIC_COMMIT_AGE], NULL,
                    (double)(bus_now_ms(processor->bus) - status.committed_ms) / 1000);
    }
    metrics_add(page, &metric_table[METRIC_PRODUCER_RENEWALS], NULL, status.renewals);
    counters_show(&processor->counters, page);
    return STATUS_OK;
}

const struct counters *processor_counters(const struct processor *processor)
{
    return &processor->counters;
}

struct kv *processor_kv(struct processor *processor)
{
    return processor->kv;
}
