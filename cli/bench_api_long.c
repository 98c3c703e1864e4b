/* One execution with very many events: what the engine pays for its last ones, whether its memory stays, and whether its
 * history is read at the same speed wherever one reads it, without a gap. */
#include "asl/arn.h"
#include "base/clock.h"
#include "base/hash.h"
#include "cli/bench_process.h"
#include "cli/bench_service.h"

#include <inttypes.h>

#define EVENTS_AN_ITERATION 4 /* Pass and Choice, entered and exited */
#define EVENTS_BESIDE 4       /* ExecutionStarted, Succeed entered and exited, ExecutionSucceeded */
#define SHORTER 10            /* times: an execution before, until caches and buffers are what they will be */
#define GROWTH_MAX 1.1
#define COST_MAX 1.1          /* then the last events of a cost that rises steadily are at most 1.2 times the first */
#define PAGE_EVENTS 1000
#define PAGE_FAR 500
#define PAGE_RATIO_MAX 1.2
#define WAIT_MS 60000
#define MIB (1024.0 * 1024.0)

struct run {
    struct bench_service *service;
    struct str arn;  /* the execution's */
    int64_t events;  /* it will have */
    double cpu;      /* seconds of the engine's, from before its start until its end was seen */
    double seconds;
};

/* ---- Running it ---- */

static enum exit_code start(struct run *run, const char *name)
{
    struct bench_service *service = run->service;
    struct context *context = service->bench->context;
    const struct step_config config = {
        .region = settings_text(context->settings, OPTION_AWS_REGION),
        .account = settings_text(context->settings, OPTION_AWS_ACCOUNT),
    };
    struct str machine;
    struct str answer;
    TRY_MEMORY(context, arn_machine(context->arena, &config, STR("long"), &machine));
    TRY_MEMORY(context, arn_execution(context->arena, machine, str_of(name), &run->arn));
    return bench_service_call(service, "StartExecution", &answer,
                              "{\"stateMachineArn\":\"%.*s\",\"name\":\"%s\",\"input\":\"%" PRId64 "\"}",
                              STR_ARGS(machine), name, (run->events - EVENTS_BESIDE) / EVENTS_AN_ITERATION);
}

static enum exit_code follow(struct run *run, struct bus_reader *reader)
{
    struct bench *bench = run->service->bench;
    int64_t came_us = clock_us();
    for (int64_t count = 0; count < run->events;) {
        struct bus_error error = {""};
        struct bus_record record;
        enum status status = bus_reader_next(reader, 100, &record, &error);
        if (status == STATUS_OK && str_equal(record.key, run->arn)) {
            count++;
            came_us = clock_us();
        } else if (status != STATUS_OK && status != STATUS_END && status != STATUS_RETRIABLE) {
            return bench_check(bench, "the history", status, &error);
        } else if (clock_us() - came_us > WAIT_MS * INT64_C(1000)) {
            return context_fail(bench->context, EXIT_CODE_FAILED, "the execution stands still after %" PRId64 " events", count);
        }
        TRY_RUN(bench_side_check(&run->service->engine));
    }
    return EXIT_CODE_OK;
}

static enum exit_code run_one(struct run *run, const char *name)
{
    struct bench *bench = run->service->bench;
    struct bus_error error = {""};
    struct bus_reader *reader;
    int64_t begin;
    int64_t end;
    const struct bus_topic *topic = topics_get(run->service->engine.topics, TOPIC_HISTORY);
    run->cpu = -bench_process_cpu_seconds(run->service->engine.pid);
    TRY_RUN(start(run, name));
    uint32_t partition = hash_partition(run->arn, topics_partition_count(run->service->engine.topics));
    enum status status = bus_bounds(bench->bus, topic, partition, true, &begin, &end, &error);
    if (status == STATUS_OK) {
        status = bus_reader_open(bench->bus, topic, partition, begin, &reader, &error);
    }
    TRY_RUN(bench_check(bench, "the history", status, &error));
    int64_t from_us = clock_us();
    enum exit_code code = follow(run, reader);
    run->seconds = (double)(clock_us() - from_us) / 1e6;
    run->cpu += bench_process_cpu_seconds(run->service->engine.pid);
    bus_reader_close(reader);
    return code;
}

static enum exit_code run_both(struct bench_service *service, struct run *run)
{
    struct bench *bench = service->bench;
    struct run warm = {.service = service, .events = run->events / SHORTER / EVENTS_AN_ITERATION * EVENTS_AN_ITERATION};
    struct str arn;
    TRY_RUN(bench_service_define(
        service, "long",
        STR("{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"Count\",\"States\":{"
            "\"Count\":{\"Type\":\"Pass\",\"Output\":\"{% $states.input - 1 %}\",\"Next\":\"More\"},"
            "\"More\":{\"Type\":\"Choice\",\"Choices\":[{\"Condition\":\"{% $states.input > 0 %}\",\"Next\":\"Count\"}],"
            "\"Default\":\"End\"},"
            "\"End\":{\"Type\":\"Succeed\"}}}"),
        &arn));
    TRY_RUN(run_one(&warm, "warm"));
    double before = (double)bench_process_resident_bytes(service->engine.pid);
    TRY_RUN(run_one(run, "long"));
    double after = (double)bench_process_resident_bytes(service->engine.pid);
    bench_report_add(&bench->report, "api", "1/s", (double)run->events / run->seconds, "one execution of %" PRId64 " events: events",
                     run->events);
    bench_tell(bench);
    double shorter_us = warm.cpu * 1e6 / (double)warm.events;
    double us = run->cpu * 1e6 / (double)run->events;
    bench_report_add(&bench->report, "api", "us", us, "an event of it: the engine's CPU");
    bench_tell(bench);
    bench_report_add(&bench->report, "api", "", us / shorter_us, "an event of it / of one with %" PRId64 ": CPU", warm.events);
    bench_report_goal(&bench->report, BENCH_AT_MOST, COST_MAX);
    bench_tell(bench);
    bench_report_add(&bench->report, "api", "", after / before, "the engine's memory behind it / before (%.0f MiB)", before / MIB);
    bench_report_goal(&bench->report, BENCH_AT_MOST, GROWTH_MAX);
    bench_tell(bench);
    return EXIT_CODE_OK;
}

/* ---- Reading it ---- */

struct reading {
    struct run *run;
    bool reverse;
    int64_t next_id; /* that must come */
    int64_t pages;
    char far[2048];  /* the request for page PAGE_FAR */
};

/* Takes a page; *out_token: of the next one, bytes == NULL: it was the last. */
static enum exit_code take_page(struct reading *reading, const struct value *page, struct str *out_token)
{
    struct context *context = reading->run->service->bench->context;
    const struct value *events = value_get(page, STR("events"));
    const struct value *token = value_get(page, STR("nextToken"));
    for (size_t at = 0; events != NULL && at < events->count; at++) {
        const struct value *id = value_get(value_item(events, at), STR("id"));
        int64_t number;
        if (id == NULL || !value_to_int64(id, &number) || number != reading->next_id) {
            return context_fail(context, EXIT_CODE_FAILED, "GetExecutionHistory: event %" PRId64 " is not where it belongs",
                                reading->next_id);
        }
        reading->next_id += reading->reverse ? -1 : 1;
    }
    reading->pages++;
    *out_token = token == NULL ? STR_NONE : token->string;
    return EXIT_CODE_OK;
}

/* Waits until the view has all of it. */
static enum exit_code await_view(struct run *run)
{
    const struct value *page;
    int64_t until_us = clock_us() + WAIT_MS * INT64_C(1000);
    for (;;) {
        TRY_RUN(bench_service_ask(run->service, "GetExecutionHistory", &page,
                                  "{\"executionArn\":\"%.*s\",\"reverseOrder\":true,\"maxResults\":1}", STR_ARGS(run->arn)));
        const struct value *id = value_get(value_item(value_get(page, STR("events")), 0), STR("id"));
        int64_t number;
        if (id != NULL && value_to_int64(id, &number) && number == run->events) {
            return EXIT_CODE_OK;
        }
        if (clock_us() > until_us) {
            return context_fail(run->service->bench->context, EXIT_CODE_FAILED, "the gateway's view does not get all events");
        }
        bench_rest_ms(50);
    }
}

static enum exit_code read_all(struct reading *reading)
{
    struct run *run = reading->run;
    struct bench *bench = run->service->bench;
    const struct value *page;
    struct str token = STR_NONE;
    char member[1024] = "";
    reading->next_id = reading->reverse ? run->events : 1;
    int64_t from_us = clock_us();
    do {
        char body[2048];
        snprintf(body, sizeof body, "{\"executionArn\":\"%.*s\",\"maxResults\":%d,\"reverseOrder\":%s%s}", STR_ARGS(run->arn),
                 PAGE_EVENTS, reading->reverse ? "true" : "false", member);
        if (reading->pages < PAGE_FAR) {
            snprintf(reading->far, sizeof reading->far, "%s", body);
        }
        TRY_RUN(bench_service_ask(run->service, "GetExecutionHistory", &page, "%s", body));
        TRY_RUN(take_page(reading, page, &token));
        snprintf(member, sizeof member, ",\"nextToken\":\"%.*s\"", STR_ARGS(token));
    } while (token.bytes != NULL);
    if (reading->next_id != (reading->reverse ? 0 : run->events + 1)) {
        return context_fail(bench->context, EXIT_CODE_FAILED, "GetExecutionHistory ends at event %" PRId64, reading->next_id);
    }
    bench_report_add(&bench->report, "api", "1/s", (double)run->events * 1e6 / (double)(clock_us() - from_us),
                     "GetExecutionHistory%s: all pages, no gap: events", reading->reverse ? ", reverse" : "");
    bench_tell(bench);
    return EXIT_CODE_OK;
}

static enum exit_code read_history(struct run *run, bool reverse)
{
    struct bench *bench = run->service->bench;
    struct reading reading = {.run = run, .reverse = reverse};
    struct str bodies[2];
    double ms[2];
    TRY_RUN(read_all(&reading));
    TRY_MEMORY(bench->context, arena_format(bench->context->arena, &bodies[0],
                                            "{\"executionArn\":\"%.*s\",\"maxResults\":%d,\"reverseOrder\":%s}", STR_ARGS(run->arn),
                                            PAGE_EVENTS, reverse ? "true" : "false"));
    bodies[1] = str_of(reading.far);
    TRY_RUN(bench_service_compare(run->service, "GetExecutionHistory", bodies, ms));
    bench_report_add(&bench->report, "api", "ms", ms[0], "GetExecutionHistory%s: page 1, %d events", reverse ? ", reverse" : "",
                     PAGE_EVENTS);
    bench_tell(bench);
    bench_report_add(&bench->report, "api", "", ms[1] / ms[0], "GetExecutionHistory%s: page %" PRId64 " / page 1",
                     reverse ? ", reverse" : "", reading.pages < PAGE_FAR ? reading.pages : PAGE_FAR);
    bench_report_goal(&bench->report, BENCH_AT_MOST, PAGE_RATIO_MAX);
    bench_tell(bench);
    return EXIT_CODE_OK;
}

enum exit_code bench_api_long(struct bench_service *service)
{
    struct run run = {.service = service, .events = service->bench->options.rows / EVENTS_AN_ITERATION * EVENTS_AN_ITERATION};
    TRY_RUN(run_both(service, &run));
    TRY_RUN(await_view(&run));
    TRY_RUN(read_history(&run, false));
    return read_history(&run, true);
}
