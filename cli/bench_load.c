#include "cli/bench_load.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/hash.h"
#include "cli/bench_process.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define SLOTS ((uint32_t)1 << 17) /* a power of two; executions in flight are below half of it */
#define DRAIN_MS_MAX 20000
#define OPEN_MS_MAX 60000
#define PROBE_EVERY_MS 1000       /* a start that came before its definition is refused */
#define DONE_EVERY 256            /* records between two notes to the worker's group */
#define POLL_MS_MAX 10

/* One execution in flight. */
struct slot {
    uint32_t number;
    bool open;
    uint32_t tasks;     /* seen */
    int64_t started_us; /* when its start was sent */
    int64_t sent_us;    /* when its last result was */
};

struct bench_load {
    struct bench_side *side;
    struct bench_client client;
    struct bus_follower *follower;
    struct slot *slots;
    uint32_t next_number;
    uint32_t open_count;
    uint64_t record_count;
    /* The present run. */
    struct bench_load_plan plan;
    struct bench_load_result result;
    bool starting;
    bool measuring;
};

/* ---- One execution ---- */

static enum exit_code start(struct bench_load *load)
{
    struct bench_execution execution;
    uint32_t number = load->next_number++;
    struct slot *slot = &load->slots[number % SLOTS];
    if (load->open_count >= SLOTS / 2) {
        return context_fail(load->side->bench->context, EXIT_CODE_FAILED, "the %s does not keep up: %u executions are open",
                            bench_side_name(load->side), load->open_count);
    }
    load->open_count -= slot->open; /* one that was lost long ago */
    *slot = (struct slot){.number = number, .open = true, .started_us = clock_us()};
    load->open_count++;
    bench_client_name(&load->client, number, &execution);
    return bench_client_start(&load->client, &execution, STR_NONE);
}

static enum exit_code end(struct bench_load *load, struct slot *slot)
{
    slot->open = false;
    load->open_count--;
    return load->starting && load->plan.in_flight > 0 ? start(load) : EXIT_CODE_OK;
}

/* The execution that a record is about; NULL: of an earlier run. */
static struct slot *find(struct bench_load *load, const struct bus_record *record)
{
    uint32_t number;
    if (!bench_client_number(record->key, &number)) {
        return NULL;
    }
    struct slot *slot = &load->slots[number % SLOTS];
    return slot->open && slot->number == number ? slot : NULL;
}

static enum exit_code take_task(struct bench_load *load, const struct bus_record *record)
{
    struct slot *slot = find(load, record);
    if (slot == NULL) {
        return EXIT_CODE_OK;
    }
    int64_t now_us = clock_us();
    if (load->measuring) {
        load->result.tasks++;
        if (slot->tasks > 0) {
            bench_samples_add(&load->result.hops, (double)(now_us - slot->sent_us) / 1000);
        }
    }
    slot->tasks++;
    slot->sent_us = now_us;
    bool last = slot->tasks == BENCH_CHAIN_TASKS;
    if (!last || load->side->kind == BENCH_ENGINE) {
        TRY_RUN(bench_client_answer(&load->client, record));
    }
    return last && !load->plan.await_end ? end(load, slot) : EXIT_CODE_OK;
}

static enum exit_code take_status(struct bench_load *load, const struct bus_record *record)
{
    struct slot *slot = find(load, record);
    struct arena *arena = load->client.arena;
    struct codec_error error;
    enum record_id id;
    void *value;
    if (slot == NULL || slot->tasks < BENCH_CHAIN_TASKS) {
        return EXIT_CODE_OK;
    }
    arena_reset(arena);
    if (codec_decode(load->side->bench->codec, arena, SCHEMA_execution_status, record->value, &id, &value, &error) != STATUS_OK) {
        return context_fail(load->side->bench->context, EXIT_CODE_FAILED, "a status can't be read");
    }
    if (!str_equal(((const struct execution_status *)value)->status, STR("SUCCEEDED"))) {
        return EXIT_CODE_OK;
    }
    if (load->measuring) {
        bench_samples_add(&load->result.chains, (double)(clock_us() - slot->started_us) / 1000);
    }
    return end(load, slot);
}

/* ---- The worker ---- */

/* Takes one record, if one comes within the time. */
static enum exit_code poll(struct bench_load *load, int timeout_ms)
{
    struct bus_error error = {""};
    struct bus_record record;
    enum status status = bus_follower_poll(load->follower, timeout_ms, &record, &error);
    if (status == STATUS_END || status == STATUS_RETRIABLE) {
        return bench_side_check(load->side);
    }
    TRY_RUN(bench_check(load->side->bench, "the tasks", status, &error));
    TRY_RUN(record.topic == load->side->tasks ? take_task(load, &record) : take_status(load, &record));
    if (++load->record_count % DONE_EVERY == 0) {
        status = bus_follower_done(load->follower, &record, &error);
        return bench_check(load->side->bench, "the worker's group", status, &error);
    }
    return EXIT_CODE_OK;
}

static enum exit_code drain(struct bench_load *load)
{
    int64_t until_us = clock_us() + DRAIN_MS_MAX * INT64_C(1000);
    while (load->open_count > 0) {
        TRY_RUN(poll(load, POLL_MS_MAX));
        if (clock_us() > until_us) {
            return context_fail(load->side->bench->context, EXIT_CODE_FAILED, "%u executions of the %s never ended",
                                load->open_count, bench_side_name(load->side));
        }
    }
    return EXIT_CODE_OK;
}

/* ---- A run ---- */

/* Adds (sign 1) or takes away (sign -1) what has been used so far. */
static void count_cpu(struct bench_load *load, double sign)
{
    load->result.side_cpu += sign * bench_process_cpu_seconds(load->side->pid);
    load->result.own_cpu += sign * bench_process_cpu_seconds(getpid());
    load->result.broker_cpu += load->side->bench->broker == 0 ? 0 : sign * bench_process_cpu_seconds(load->side->bench->broker);
}

static enum exit_code run_until(struct bench_load *load, int64_t until_us, int64_t *next_start_us)
{
    int64_t now_us;
    while ((now_us = clock_us()) < until_us) {
        int64_t wait_us = until_us - now_us;
        if (load->plan.in_flight == 0) {
            if (now_us >= *next_start_us) {
                TRY_RUN(start(load));
                *next_start_us += 1000000 / load->plan.starts_per_second;
                continue;
            }
            wait_us = *next_start_us - now_us < wait_us ? *next_start_us - now_us : wait_us;
        }
        TRY_RUN(poll(load, wait_us / 1000 > POLL_MS_MAX ? POLL_MS_MAX : (int)(wait_us / 1000)));
    }
    return EXIT_CODE_OK;
}

static enum exit_code run(struct bench_load *load)
{
    const struct bench_load_plan *plan = &load->plan;
    int64_t began_us = clock_us();
    int64_t next_start_us = began_us;
    load->starting = true;
    for (uint32_t at = 0; at < plan->in_flight; at++) {
        TRY_RUN(start(load));
    }
    TRY_RUN(run_until(load, began_us + (int64_t)(plan->warm_seconds * 1e6), &next_start_us));
    count_cpu(load, -1);
    int64_t from_us = clock_us();
    load->measuring = true;
    TRY_RUN(run_until(load, from_us + (int64_t)(plan->seconds * 1e6), &next_start_us));
    load->measuring = false;
    load->result.seconds = (double)(clock_us() - from_us) / 1e6;
    count_cpu(load, 1);
    load->starting = false;
    return drain(load);
}

enum exit_code bench_load_run(struct bench_load *load, const struct bench_load_plan *plan, struct bench_load_result *out_result)
{
    load->plan = *plan;
    load->result = (struct bench_load_result){.tasks = 0};
    enum exit_code code = run(load);
    if (code != EXIT_CODE_OK) {
        bench_load_clear(&load->result);
        return code;
    }
    *out_result = load->result;
    return EXIT_CODE_OK;
}

void bench_load_clear(struct bench_load_result *result)
{
    bench_samples_clear(&result->hops);
    bench_samples_clear(&result->chains);
}

/* ---- Beginning and end ---- */

static enum exit_code define(struct bench_load *load)
{
    struct context *context = load->side->bench->context;
    struct buffer text = buffer_in(context->arena);
    TRY_MEMORY(context, buffer_add(&text, STR("{\"StartAt\":\"S0\",\"States\":{")));
    for (int at = 0; at < BENCH_CHAIN_TASKS; at++) {
        bool last = at + 1 == BENCH_CHAIN_TASKS;
        TRY_MEMORY(context, buffer_format(&text, "%s\"S%d\":{\"Type\":\"Task\",\"Resource\":"
                                                 "\"arn:aws:lambda:us-east-1:000000000000:function:" BENCH_ROUTE "\",",
                                          at == 0 ? "" : ",", at));
        TRY_MEMORY(context, last ? buffer_add(&text, STR("\"End\":true}")) : buffer_format(&text, "\"Next\":\"S%d\"}", at + 1));
    }
    TRY_MEMORY(context, buffer_add(&text, STR("}}")));
    return bench_client_define(&load->client, buffer_text(&text));
}

/* A name whose ARN comes to the partition. */
static void name_for(struct bench_load *load, uint32_t number, uint32_t partition, struct bench_execution *execution)
{
    do {
        bench_client_name(&load->client, number, execution);
    } while (hash_partition((struct str){execution->key, execution->key_bytes}, topics_partition_count(load->side->topics)) !=
             partition);
}

struct probe {
    uint32_t *numbers; /* of each partition's latest execution */
    bool *seen;        /* each partition's task */
    uint32_t seen_count;
};

static enum exit_code send_probes(struct bench_load *load, struct probe *probe)
{
    struct bench_execution execution;
    for (uint32_t at = 0; at < topics_partition_count(load->side->topics); at++) {
        if (!probe->seen[at]) {
            uint32_t number = load->next_number++;
            load->slots[number % SLOTS] = (struct slot){.number = number, .open = true};
            name_for(load, number, at, &execution);
            TRY_RUN(bench_client_start(&load->client, &execution, STR_NONE));
            probe->numbers[at] = number;
        }
    }
    return EXIT_CODE_OK;
}

static void look(const struct bench_load *load, struct probe *probe)
{
    for (uint32_t at = 0; at < topics_partition_count(load->side->topics); at++) {
        if (!probe->seen[at] && load->slots[probe->numbers[at] % SLOTS].tasks > 0) {
            probe->seen[at] = true;
            probe->seen_count++;
        }
    }
}

/* Starts that came before their definition are refused, others are still on their way: none is waited for any more. */
static void forget(struct bench_load *load)
{
    for (uint32_t at = 0; at < SLOTS; at++) {
        load->slots[at].open = false;
    }
    load->open_count = 0;
}

enum exit_code bench_load_probe(struct bench_load *load, int64_t timeout_ms)
{
    struct context *context = load->side->bench->context;
    uint32_t count = topics_partition_count(load->side->topics);
    struct probe probe = {arena_array(context->arena, uint32_t, count), arena_array(context->arena, bool, count), 0};
    int64_t until_us = clock_us() + timeout_ms * 1000;
    int64_t again_us = 0;
    if (probe.numbers == NULL || probe.seen == NULL) {
        return context_fail_memory(context);
    }
    load->plan = (struct bench_load_plan){.in_flight = 0};
    while (probe.seen_count < count) {
        if (clock_us() >= until_us) {
            return context_fail(context, EXIT_CODE_FAILED, "the %s does nothing; see %.*s", bench_side_name(load->side),
                                STR_ARGS(load->side->log));
        }
        if (clock_us() >= again_us) {
            TRY_RUN(send_probes(load, &probe));
            again_us = clock_us() + PROBE_EVERY_MS * INT64_C(1000);
        }
        TRY_RUN(poll(load, POLL_MS_MAX));
        look(load, &probe);
    }
    forget(load);
    return EXIT_CODE_OK;
}

enum exit_code bench_load_burst(struct bench_load *load, uint32_t count)
{
    for (uint32_t at = 0; at < count; at++) {
        TRY_RUN(start(load));
    }
    forget(load);
    return bench_client_flush(&load->client);
}

static enum exit_code open_parts(struct bench_load *load)
{
    struct bench *bench = load->side->bench;
    struct bus_error error = {""};
    struct str group;
    const struct bus_topic *topics[] = {load->side->tasks, topics_get(load->side->topics, TOPIC_EXECUTIONS)};
    if (load->slots == NULL) {
        return context_fail_memory(bench->context);
    }
    TRY_RUN(bench_client_open(load->side, &load->client));
    TRY_MEMORY(bench->context, arena_format(bench->context->arena, &group, "%.*s-worker", STR_ARGS(load->side->prefix)));
    enum status status = bus_follower_open(bench->bus, group, topics, 2, &load->follower, &error);
    TRY_RUN(bench_check(bench, "the worker's group", status, &error));
    if (load->side->kind == BENCH_ENGINE) {
        TRY_RUN(define(load));
    }
    return bench_load_probe(load, OPEN_MS_MAX);
}

enum exit_code bench_load_open(struct bench_side *side, struct bench_load **out_load)
{
    struct bench_load *load = calloc(1, sizeof *load);
    if (load == NULL) {
        return context_fail_memory(side->bench->context);
    }
    load->side = side;
    load->slots = calloc(SLOTS, sizeof *load->slots);
    enum exit_code code = open_parts(load);
    if (code != EXIT_CODE_OK) {
        bench_load_close(load);
        return code;
    }
    *out_load = load;
    return EXIT_CODE_OK;
}

void bench_load_close(struct bench_load *load)
{
    if (load->follower != NULL) {
        bus_follower_close(load->follower);
    }
    bench_client_close(&load->client);
    free(load->slots);
    free(load);
}
