/* StartExecution: what one costs the gateway, and how many there are a second, as a share of the same commands produced
 * straight to the topic. In both ways as many are on their way at a time, and a start counts when it is seen to be: by its
 * answer, or by its status on pawl.executions. */
#include "base/clock.h"
#include "cli/bench_client.h"
#include "cli/bench_process.h"
#include "cli/bench_service.h"

#include <stdlib.h>

#define PAIRS 3
#define SECONDS 4.0
#define CPU_US_MAX 150
#define IN_FLIGHT 256
#define POLL_MS 100
#define NUMBERS ((uint32_t)1 << 22) /* starts of one measurement, at most */

struct starts {
    struct bench_service *service;
    struct bench_http *http;
    struct bench_side target; /* the engine, as a client sees it */
    struct bench_client client;
    bool has_client;
    struct bus_follower *follower;
    uint32_t next_number;
    uint64_t *seen; /* a bit of each number that was produced: its status has come */
    char input[512]; /* as the API has it: a string in JSON */
    struct bench_samples direct;
    struct bench_samples through;
    struct bench_samples shares;
    struct bench_samples cpu_us;
};

/* ---- Through the gateway ---- */

static enum exit_code ask(void *owner, struct bench_http *http, uint32_t connection)
{
    struct starts *starts = owner;
    struct bench_execution execution;
    char body[1024];
    bench_client_name(&starts->client, 0, &execution);
    struct str key = {execution.key, execution.key_bytes};
    int length = snprintf(body, sizeof body, "{\"stateMachineArn\":\"%.*s\",\"name\":\"%.*s\",\"input\":\"%s\"}",
                          STR_ARGS(starts->client.machine_arn), STR_ARGS(str_from(key, key.length - 32)), starts->input);
    return bench_http_send(http, connection, STR("StartExecution"), (struct str){body, (size_t)length});
}

static enum exit_code run_through(struct starts *starts, double seconds, double *out_rate)
{
    struct bench_http_load load;
    pid_t pid = starts->service->gateway.pid;
    double cpu = bench_process_cpu_seconds(pid);
    TRY_RUN(bench_http_load(starts->http, seconds, ask, starts, &load));
    cpu = bench_process_cpu_seconds(pid) - cpu;
    *out_rate = (double)load.answers / load.seconds;
    bench_samples_add(&starts->through, *out_rate);
    bench_samples_add(&starts->cpu_us, cpu * 1e6 / (double)(load.answers + IN_FLIGHT));
    return EXIT_CODE_OK;
}

/* ---- Straight ---- */

static enum exit_code produce(struct starts *starts)
{
    struct bench_execution execution;
    if (starts->next_number == NUMBERS) {
        return context_fail(starts->service->bench->context, EXIT_CODE_FAILED, "there are too many starts");
    }
    bench_client_name(&starts->client, starts->next_number++, &execution);
    return bench_client_start(&starts->client, &execution, STR_NONE);
}

/* Takes one record; *out_new: it is the first of an execution that was produced. */
static enum exit_code follow(struct starts *starts, int timeout_ms, bool *out_new)
{
    struct bus_error error = {""};
    struct bus_record record;
    uint32_t number;
    enum status status = bus_follower_poll(starts->follower, timeout_ms, &record, &error);
    *out_new = false;
    if (status == STATUS_END || status == STATUS_RETRIABLE) {
        return bench_side_check(&starts->service->engine);
    }
    TRY_RUN(bench_check(starts->service->bench, "the statuses", status, &error));
    if (bench_client_number(record.key, &number) && number < starts->next_number && number > 0 &&
        (starts->seen[number / 64] >> number % 64 & 1) == 0) {
        starts->seen[number / 64] |= UINT64_C(1) << number % 64;
        *out_new = true;
    }
    return EXIT_CODE_OK;
}

static enum exit_code run_direct(struct starts *starts, double seconds, double *out_rate)
{
    uint64_t answers = 0;
    uint32_t open = 0;
    int64_t from_us = clock_us();
    int64_t until_us = from_us + (int64_t)(seconds * 1e6);
    for (; open < IN_FLIGHT; open++) {
        TRY_RUN(produce(starts));
    }
    for (int64_t now_us = from_us; open > 0; now_us = clock_us()) {
        bool new;
        TRY_RUN(follow(starts, POLL_MS, &new));
        bool over = now_us >= until_us;
        answers += new && !over;
        open -= new;
        if (new && !over) {
            TRY_RUN(produce(starts));
            open++;
        }
    }
    *out_rate = (double)answers / seconds;
    bench_samples_add(&starts->direct, *out_rate);
    return EXIT_CODE_OK;
}

/* ---- Both ---- */

/* The follower begins where the topic ends once it has joined its group: starts are made until one is seen. */
static enum exit_code warm_up(struct starts *starts)
{
    bool new = false;
    double rate;
    while (!new) {
        TRY_RUN(produce(starts));
        TRY_RUN(bench_client_flush(&starts->client));
        TRY_RUN(follow(starts, 10 * POLL_MS, &new));
    }
    TRY_RUN(run_through(starts, 1, &rate));
    TRY_RUN(run_direct(starts, 1, &rate));
    bench_samples_clear(&starts->through);
    bench_samples_clear(&starts->direct);
    bench_samples_clear(&starts->cpu_us);
    return EXIT_CODE_OK;
}

static enum exit_code run_pairs(struct starts *starts)
{
    TRY_RUN(warm_up(starts));
    for (int pair = 0; pair < PAIRS; pair++) {
        double direct = 0;
        double through = 0;
        if (pair % 2 == 0) {
            TRY_RUN(run_direct(starts, SECONDS, &direct));
        }
        TRY_RUN(run_through(starts, SECONDS, &through));
        if (pair % 2 != 0) {
            TRY_RUN(run_direct(starts, SECONDS, &direct));
        }
        bench_samples_add(&starts->shares, direct > 0 ? through / direct : 0);
    }
    return EXIT_CODE_OK;
}

static void report(struct starts *starts)
{
    struct bench *bench = starts->service->bench;
    bench_report_add(&bench->report, "api", "1/s", bench_samples_at(&starts->direct, 0.5), "StartExecution: produced straight");
    bench_tell(bench);
    bench_report_add(&bench->report, "api", "1/s", bench_samples_at(&starts->through, 0.5), "StartExecution: through the gateway");
    bench_tell(bench);
    bench_report_add(&bench->report, "api", "", bench_samples_at(&starts->shares, 0.5), "StartExecution: gateway / straight, median");
    bench_tell(bench);
    bench_report_add(&bench->report, "api", "us", bench_samples_at(&starts->cpu_us, 0.5), "StartExecution: the gateway's CPU for one");
    bench_report_goal(&bench->report, BENCH_AT_MOST, CPU_US_MAX);
    bench_tell(bench);
}

static enum exit_code open_follower(struct starts *starts)
{
    struct bench *bench = starts->service->bench;
    struct bus_error error = {""};
    struct str group;
    const struct bus_topic *topic = topics_get(starts->target.topics, TOPIC_EXECUTIONS);
    TRY_MEMORY(bench->context, arena_format(bench->context->arena, &group, "%.*s-starts", STR_ARGS(starts->target.prefix)));
    enum status status = bus_follower_open(bench->bus, group, &topic, 1, &starts->follower, &error);
    return bench_check(bench, "the statuses", status, &error);
}

static enum exit_code measure(struct starts *starts)
{
    struct bench_service *service = starts->service;
    struct str arn;
    uint32_t filler = service->bench->options.payload_bytes < 400 ? service->bench->options.payload_bytes : 400;
    snprintf(starts->input, sizeof starts->input, "{\\\"v\\\":\\\"%0*d\\\"}", (int)filler - 8, 0);
    starts->target = service->engine;
    starts->seen = calloc(NUMBERS / 64, sizeof *starts->seen);
    if (starts->seen == NULL) {
        return context_fail_memory(service->bench->context);
    }
    TRY_RUN(bench_client_open(&starts->target, &starts->client));
    starts->has_client = true;
    TRY_RUN(bench_service_define(
        service, "bench", STR("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Wait\",\"Seconds\":86400,\"End\":true}}}"), &arn));
    TRY_RUN(open_follower(starts));
    TRY_RUN(bench_http_open(service->bench, service->gateway.port, IN_FLIGHT, &starts->http));
    TRY_RUN(run_pairs(starts));
    report(starts);
    return EXIT_CODE_OK;
}

enum exit_code bench_api_start(struct bench_service *service)
{
    struct starts starts = {.service = service, .next_number = 1}; /* 0: through the gateway */
    enum exit_code code = measure(&starts);
    if (starts.follower != NULL) {
        bus_follower_close(starts.follower);
    }
    if (starts.has_client) {
        bench_client_close(&starts.client);
    }
    if (starts.http != NULL) {
        bench_http_close(starts.http);
    }
    free(starts.seen);
    bench_samples_clear(&starts.direct);
    bench_samples_clear(&starts.through);
    bench_samples_clear(&starts.shares);
    bench_samples_clear(&starts.cpu_us);
    return code;
}
