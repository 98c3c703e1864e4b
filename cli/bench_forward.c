#include "cli/bench_forward.h"

#include "base/assert.h"
#include "base/log.h"
#include "bus/bus_port.h"
#include "cli/bench_client.h"
#include "cli/bench_steps.h"
#include "cli/connection.h"
#include "processor/config.h"
#include "schemas/codec/codec.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#define POLL_MS 100
#define BACKOFF_MS 50 /* while the broker is in trouble */
#define BATCH_ARENA_BYTES ((size_t)64 << 20)

/* What the threads share; it does not change while they run but for the flags. */
struct shared {
    struct bus *bus;
    struct topics *topics;
    const struct bus_topic *by_id[TOPIC_COUNT];
    struct bench_steps steps;
    struct str commit_row;
    struct str group;
    struct str instance;
    uint32_t records_max;
    size_t bytes_max;
    int64_t batch_ms_max;
    int64_t commit_interval_ms;
    atomic_bool stopping;
    atomic_bool failed;
};

struct part {
    bool held;
    bool settled; /* delivered from `next` on */
    bool touched;
    int64_t next[2];
    int64_t committed[2];
};

struct forwarder {
    struct shared *shared;
    uint32_t number;
    struct bus_member *member;
    struct part *parts;
    uint32_t part_count;
    struct bus_position *positions;
    size_t next_step;
    bool begun;
    uint32_t records;
    size_t bytes;
    int64_t started_ms;
    int64_t last_commit_ms;
    char key[BENCH_KEY_BYTES];
};

/* ---- Commit ---- */

static enum status put_commit_rows(struct forwarder *forwarder, size_t *out_count, struct bus_error *out_error)
{
    size_t count = 0;
    for (uint32_t at = 0; at < forwarder->part_count; at++) {
        struct part *part = &forwarder->parts[at];
        if (!part->touched) {
            continue;
        }
        const struct bus_message message = {
            .topic = forwarder->shared->by_id[TOPIC_STATE],
            .partition = at,
            .key = STR("c"),
            .value = forwarder->shared->commit_row,
        };
        TRY(bus_produce(forwarder->member, &message, out_error));
        forwarder->positions[count++] = (struct bus_position){at, {part->next[0], part->next[1]}};
    }
    *out_count = count;
    return STATUS_OK;
}

/* The batch is over: what was touched is committed, or else is to be read again. */
static void end_batch(struct forwarder *forwarder, bool committed)
{
    for (uint32_t at = 0; at < forwarder->part_count; at++) {
        struct part *part = &forwarder->parts[at];
        if (part->touched && committed) {
            memcpy(part->committed, part->next, sizeof part->committed);
        } else if (part->touched) {
            memcpy(part->next, part->committed, sizeof part->next);
            part->settled = false;
        }
        part->touched = false;
    }
    forwarder->begun = false;
    forwarder->records = 0;
    forwarder->bytes = 0;
    forwarder->last_commit_ms = bus_now_ms(forwarder->shared->bus);
}

/* What was not committed is read again. */
static enum status take_back(struct forwarder *forwarder, struct bus_error *out_error)
{
    enum status status = forwarder->begun ? bus_abort(forwarder->member, out_error) : STATUS_OK;
    end_batch(forwarder, false);
    return status == STATUS_FENCED || status == STATUS_RETRIABLE ? STATUS_OK : status;
}

static enum status commit(struct forwarder *forwarder, struct bus_error *out_error)
{
    size_t count;
    if (!forwarder->begun) {
        return STATUS_OK;
    }
    enum status status = put_commit_rows(forwarder, &count, out_error);
    if (status == STATUS_OK) {
        status = bus_commit(forwarder->member, forwarder->positions, count, out_error);
    }
    if (status == STATUS_OK) {
        end_batch(forwarder, true);
        return STATUS_OK;
    }
    log_event(LOG_ERROR, "batch_aborted", "thread=%" PRIu32 " status=%s", forwarder->number, status_text(status));
    return status == STATUS_ABORTABLE || status == STATUS_FENCED ? take_back(forwarder, out_error) : status;
}

/* ---- Rebalances ---- */

static void on_assigned(void *owner, const uint32_t *partitions, size_t count)
{
    struct forwarder *forwarder = owner;
    for (size_t at = 0; at < count; at++) {
        forwarder->parts[partitions[at]] = (struct part){.held = true};
    }
}

static void give_up(struct forwarder *forwarder, const uint32_t *partitions, size_t count, enum status status)
{
    if (status != STATUS_OK) {
        log_event(LOG_ERROR, "revoke_failed", "thread=%" PRIu32 " status=%s", forwarder->number, status_text(status));
        atomic_store(&forwarder->shared->failed, true);
    }
    for (size_t at = 0; at < count; at++) {
        forwarder->parts[partitions[at]] = (struct part){.held = false};
    }
}

static void on_revoked(void *owner, const uint32_t *partitions, size_t count)
{
    struct bus_error error;
    give_up(owner, partitions, count, commit(owner, &error));
}

static void on_lost(void *owner, const uint32_t *partitions, size_t count)
{
    struct bus_error error;
    give_up(owner, partitions, count, take_back(owner, &error));
}

/* New partitions begin at the group's stable offsets, aborted ones at what was committed. */
static enum status settle(struct forwarder *forwarder, struct bus_error *out_error)
{
    for (uint32_t at = 0; at < forwarder->part_count; at++) {
        struct part *part = &forwarder->parts[at];
        if (!part->held || part->settled) {
            continue;
        }
        struct bus_position position;
        TRY(bus_member_stable(forwarder->member, at, &position, out_error));
        for (int input = 0; input < 2; input++) {
            position.next[input] = position.next[input] < 0 ? 0 : position.next[input];
            part->next[input] = part->committed[input] = position.next[input];
        }
        TRY(bus_member_seek(forwarder->member, &position, out_error));
        part->settled = true;
    }
    return STATUS_OK;
}

/* ---- One input record ---- */

static enum status forward(struct forwarder *forwarder, uint32_t partition, struct str key, struct bus_error *out_error)
{
    const struct shared *shared = forwarder->shared;
    const struct bench_step *step = &shared->steps.items[forwarder->next_step++ % shared->steps.count];
    for (size_t at = 0; at < step->count; at++) {
        const struct bench_step_record *record = &step->records[at];
        const struct bus_message message = {
            .topic = shared->by_id[record->topic],
            .partition = partition,
            .key = record->is_execution ? key : record->key,
            .value = record->value,
            .headers = record->headers,
            .header_count = record->header_count,
        };
        TRY(bus_produce(forwarder->member, &message, out_error));
        forwarder->bytes += message.key.length + message.value.length;
    }
    return STATUS_OK;
}

static enum status take(struct forwarder *forwarder, const struct bus_record *record, struct bus_error *out_error)
{
    struct part *part = &forwarder->parts[record->partition];
    int input = record->topic == forwarder->shared->by_id[TOPIC_COMMANDS] ? 0 : 1;
    if (!part->settled || record->offset < part->next[input] || record->key.length > sizeof forwarder->key) {
        return STATUS_OK;
    }
    uint32_t partition = record->partition;
    struct str key = {forwarder->key, record->key.length};
    memcpy(forwarder->key, record->key.bytes, record->key.length);
    part->next[input] = record->offset + 1;
    part->touched = true;
    if (!forwarder->begun) {
        TRY(bus_begin(forwarder->member, out_error));
        forwarder->begun = true;
        forwarder->started_ms = bus_now_ms(forwarder->shared->bus);
    }
    forwarder->records++;
    return forward(forwarder, partition, key, out_error);
}

/* ---- The loop ---- */

static bool is_full(const struct forwarder *forwarder)
{
    const struct shared *shared = forwarder->shared;
    return forwarder->records >= shared->records_max || forwarder->bytes >= shared->bytes_max ||
           (forwarder->records > 0 && bus_now_ms(shared->bus) - forwarder->started_ms >= shared->batch_ms_max);
}

static int wait_ms(const struct forwarder *forwarder)
{
    const struct shared *shared = forwarder->shared;
    if (!forwarder->begun) {
        return POLL_MS;
    }
    int64_t wait = forwarder->last_commit_ms + shared->commit_interval_ms - bus_now_ms(shared->bus);
    return wait > 0 ? (int)wait : 0;
}

static enum status step(struct forwarder *forwarder, struct bus_error *out_error)
{
    TRY(settle(forwarder, out_error));
    while (!is_full(forwarder)) {
        struct bus_record record;
        enum status status = bus_member_poll(forwarder->member, wait_ms(forwarder), &record, out_error);
        if (status == STATUS_END) {
            break;
        }
        TRY(status);
        TRY(take(forwarder, &record, out_error));
    }
    return commit(forwarder, out_error);
}

static void *run(void *argument)
{
    struct forwarder *forwarder = argument;
    struct shared *shared = forwarder->shared;
    while (!atomic_load(&shared->stopping) && !atomic_load(&shared->failed)) {
        struct bus_error error = {""};
        enum status status = step(forwarder, &error);
        if (status != STATUS_OK && status != STATUS_RETRIABLE) {
            char quoted[700];
            log_event(LOG_ERROR, "forwarder_failed", "thread=%" PRIu32 " status=%s reason=%s", forwarder->number,
                      status_text(status), log_quote(str_of(error.text), quoted, sizeof quoted));
            atomic_store(&shared->failed, true);
        } else if (status == STATUS_RETRIABLE) {
            bench_rest_ms(BACKOFF_MS);
        }
    }
    bus_member_leave(forwarder->member);
    return NULL;
}

/* ---- Beginning and end ---- */

static enum exit_code open_forwarder(struct context *context, struct shared *shared, struct forwarder *forwarder)
{
    struct bus_error error = {""};
    forwarder->shared = shared;
    forwarder->part_count = topics_partition_count(shared->topics);
    forwarder->parts = arena_array(context->arena, struct part, forwarder->part_count);
    forwarder->positions = arena_array(context->arena, struct bus_position, forwarder->part_count);
    if (forwarder->parts == NULL || forwarder->positions == NULL) {
        return context_fail_memory(context);
    }
    const struct bus_member_config config = {
        .group = shared->group,
        .instance = shared->instance,
        .thread = forwarder->number,
        .topics = {shared->by_id[TOPIC_COMMANDS], shared->by_id[TOPIC_RESULTS]},
        .events = {forwarder, on_assigned, on_revoked, on_lost},
    };
    enum status status = bus_member_open(shared->bus, &config, &forwarder->member, &error);
    return status == STATUS_OK ? EXIT_CODE_OK : context_fail_bus(context, status, "joining the group", &error);
}

static enum exit_code open_shared(struct context *context, struct shared *shared)
{
    struct bus_error error = {""};
    struct str prefix = settings_text(context->settings, OPTION_TOPICS_PREFIX);
    struct str path;
    struct commit_row row;
    record_init(RECORD_commit_row, &row);
    row = (struct commit_row){1000000, 1000, 1000000, 1000000, 1700000000000000};
    TRY_MEMORY(context, codec_encode(context->arena, CODEC_AVRO, SCHEMA_state_row, RECORD_commit_row, &row, &shared->commit_row));
    TRY_MEMORY(context, arena_format(context->arena, &shared->group, "%.*s-processor", STR_ARGS(prefix)));
    TRY_MEMORY(context, arena_format(context->arena, &shared->instance, "%.*s-ceiling", STR_ARGS(prefix)));
    TRY_MEMORY(context, arena_format(context->arena, &path, "%.*s/steps", STR_ARGS(settings_text(context->settings, OPTION_STATE_DIR))));
    if (bench_steps_load(context->arena, path.bytes, &shared->steps) != STATUS_OK) {
        return context_fail(context, EXIT_CODE_FAILED, "%s can't be read; `pawl bench` starts the forwarder itself", path.bytes);
    }
    shared->records_max = (uint32_t)settings_number(context->settings, OPTION_PROCESSOR_BATCH_RECORDS);
    shared->bytes_max = (size_t)settings_number(context->settings, OPTION_PROCESSOR_BATCH_BYTES);
    shared->batch_ms_max = settings_number(context->settings, OPTION_PROCESSOR_BATCH_MS);
    shared->commit_interval_ms = settings_number(context->settings, OPTION_PROCESSOR_COMMIT_INTERVAL_MS);
    TRY_RUN(connection_open_kafka(context, &shared->bus));
    enum status status = topics_open(shared->bus, prefix, &shared->topics, &error);
    if (status == STATUS_OK) {
        status = topics_route_open(shared->topics, STR(BENCH_ROUTE), &error);
    }
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, "topics", &error);
    }
    for (int id = 0; id < TOPIC_COUNT; id++) {
        shared->by_id[id] =
            id == TOPIC_TASKS ? topics_route(shared->topics, STR(BENCH_ROUTE)) : topics_get(shared->topics, (enum topic_id)id);
    }
    return EXIT_CODE_OK;
}

static enum exit_code run_threads(struct context *context, struct shared *shared, const sigset_t *signals)
{
    struct forwarder forwarders[PROCESSOR_THREADS_MAX] = {{.number = 0}};
    pthread_t threads[PROCESSOR_THREADS_MAX];
    uint32_t count = (uint32_t)settings_number(context->settings, OPTION_PROCESSOR_THREADS);
    for (uint32_t at = 0; at < count; at++) {
        forwarders[at].number = at;
        TRY_RUN(open_forwarder(context, shared, &forwarders[at]));
    }
    for (uint32_t at = 0; at < count; at++) {
        if (pthread_create(&threads[at], NULL, run, &forwarders[at]) != 0) {
            return context_fail(context, EXIT_CODE_FAILED, "no thread");
        }
    }
    while (!atomic_load(&shared->failed)) {
        if (sigtimedwait(signals, NULL, &(struct timespec){.tv_nsec = 100000000}) >= 0) {
            break;
        }
    }
    atomic_store(&shared->stopping, true);
    for (uint32_t at = 0; at < count; at++) {
        pthread_join(threads[at], NULL);
    }
    return atomic_load(&shared->failed) ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

enum exit_code bench_forward(struct context *context)
{
    struct shared shared = {.stopping = false};
    sigset_t signals;
    if (!settings_has_kafka(context->settings)) {
        return context_fail(context, EXIT_CODE_USAGE, "kafka.bootstrap.servers is not set");
    }
    /* Blocked before there is any other thread, so that they all are. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    enum exit_code code = open_shared(context, &shared);
    if (code == EXIT_CODE_OK) {
        code = run_threads(context, &shared, &signals);
    }
    if (shared.topics != NULL) {
        topics_close(shared.topics);
    }
    if (shared.bus != NULL) {
        bus_close(shared.bus);
    }
    return code;
}
