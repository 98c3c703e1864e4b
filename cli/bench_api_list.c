/* ListExecutions: the first page over very many executions beside that over a thousand. Their statuses are written straight to
 * pawl.executions, as an engine does: RUNNING first, and SUCCEEDED. The oldest run on, so that a list of those who run has
 * to find its way past all who don't any more. */
#include "asl/arn.h"
#include "base/clock.h"
#include "base/hash.h"
#include "cli/bench_service.h"

#include <inttypes.h>

#define FEW 1000
#define RUNNING 200         /* that run on */
#define LAST 200            /* among which each partition has one */
#define PAGE_RATIO_MAX 1.2
#define VIEW_LOOK_MS 50
#define VIEW_MS_MAX 120000
#define FLUSH_MS 60000
#define ARENA_BYTES ((size_t)1 << 20)

struct listed {
    struct bench_service *service;
    const struct bus_topic *topic;
    struct bus_producer *producer;
    struct arena *arena;
    int64_t base_us; /* when the first of them started */
};

/* ---- Statuses ---- */

static enum exit_code send_status(struct listed *listed, struct execution_status *status)
{
    struct bench *bench = listed->service->bench;
    struct bus_error error = {""};
    struct str value;
    TRY_MEMORY(bench->context,
               codec_encode(listed->arena, CODEC_AVRO, SCHEMA_execution_status, RECORD_execution_status, status, &value));
    const struct bus_message message = {
        .topic = listed->topic,
        .partition = hash_partition(status->execution_arn, bus_topic_partition_count(listed->topic)),
        .key = status->execution_arn,
        .value = value,
    };
    return bench_check(bench, "statuses", bus_producer_send(listed->producer, &message, &error), &error);
}

static enum exit_code send_execution(struct listed *listed, struct str machine, int64_t number)
{
    struct context *context = listed->service->bench->context;
    struct execution_status status;
    arena_reset(listed->arena);
    record_init(RECORD_execution_status, &status);
    TRY_MEMORY(context, arena_format(listed->arena, &status.name, "e-%" PRId64, number));
    TRY_MEMORY(context, arn_execution(listed->arena, machine, status.name, &status.execution_arn));
    status.state_machine_arn = machine;
    status.revision_id = STR("00000000-0000-4000-8000-000000000000");
    status.type = STR("STANDARD");
    status.status = STR("RUNNING");
    status.start_date = listed->base_us + number;
    status.incarnation = status.start_date;
    status.version = 0; /* of no event: none are written, and none are waited for */
    status.input = STR("{\"v\":1}");
    status.redrive_count = 0;
    status.transitions = 1;
    TRY_RUN(send_status(listed, &status));
    if (number < RUNNING) {
        return EXIT_CODE_OK;
    }
    status.status = STR("SUCCEEDED");
    status.stop_date = status.start_date + 1000;
    status.output = STR("{\"v\":1}");
    return send_status(listed, &status);
}

static enum exit_code send_all(struct listed *listed, struct str machine, int64_t count)
{
    struct bench *bench = listed->service->bench;
    struct bus_error error = {""};
    for (int64_t number = 0; number < count; number++) {
        TRY_RUN(send_execution(listed, machine, number));
    }
    return bench_check(bench, "statuses", bus_producer_flush(listed->producer, FLUSH_MS, &error), &error);
}

/* ---- The view ---- */

/* Whether the last executions are all listed, as ended: each partition's last record is about one of them. */
static enum exit_code is_whole(struct listed *listed, struct str machine, int64_t count, bool *out_whole)
{
    const struct value *answer;
    TRY_RUN(bench_service_ask(listed->service, "ListExecutions", &answer,
                              "{\"stateMachineArn\":\"%.*s\",\"statusFilter\":\"SUCCEEDED\",\"maxResults\":%d}", STR_ARGS(machine),
                              LAST));
    const struct value *executions = value_get(answer, STR("executions"));
    *out_whole = executions != NULL && executions->count == LAST;
    for (size_t at = 0; *out_whole && at < LAST; at++) {
        char name[32];
        const struct value *present = value_get(value_item(executions, at), STR("name"));
        snprintf(name, sizeof name, "e-%" PRId64, count - 1 - (int64_t)at);
        *out_whole = present != NULL && str_equal(present->string, str_of(name));
    }
    return EXIT_CODE_OK;
}

static enum exit_code await_view(struct listed *listed, struct str machine, int64_t count)
{
    int64_t until_us = clock_us() + VIEW_MS_MAX * INT64_C(1000);
    bool whole = false;
    while (!whole) {
        TRY_RUN(is_whole(listed, machine, count, &whole));
        if (!whole && clock_us() > until_us) {
            return context_fail(listed->service->bench->context, EXIT_CODE_FAILED, "the gateway's view does not get all executions");
        }
        bench_rest_ms(whole ? 0 : VIEW_LOOK_MS);
    }
    return EXIT_CODE_OK;
}

/* ---- Listing ---- */

static enum exit_code compare(struct listed *listed, const struct str machines[2], const char *filter)
{
    struct bench *bench = listed->service->bench;
    struct str bodies[2];
    double ms[2];
    for (int which = 0; which < 2; which++) {
        TRY_MEMORY(bench->context, arena_format(bench->context->arena, &bodies[which], "{\"stateMachineArn\":\"%.*s\"%s%s%s}",
                                                STR_ARGS(machines[which]), filter[0] == '\0' ? "" : ",\"statusFilter\":\"", filter,
                                                filter[0] == '\0' ? "" : "\""));
    }
    TRY_RUN(bench_service_compare(listed->service, "ListExecutions", bodies, ms));
    const char *shown = filter[0] == '\0' ? "all" : filter;
    bench_report_add(&bench->report, "api", "ms", ms[0], "ListExecutions, %s: first page over %d", shown, FEW);
    bench_tell(bench);
    bench_report_add(&bench->report, "api", "", ms[1] / ms[0], "ListExecutions, %s: over %u / over %d", shown, bench->options.rows, FEW);
    bench_report_goal(&bench->report, BENCH_AT_MOST, PAGE_RATIO_MAX);
    bench_tell(bench);
    return EXIT_CODE_OK;
}

static enum exit_code measure(struct listed *listed)
{
    static const char *const filters[] = {"", "RUNNING", "SUCCEEDED"};
    static const char *const names[] = {"few", "many"};
    struct bench *bench = listed->service->bench;
    struct bus_error error = {""};
    struct str machines[2];
    const int64_t counts[2] = {FEW, bench->options.rows};
    TRY_RUN(bench_check(bench, "a producer", bus_producer_open(bench->bus, &listed->producer, &error), &error));
    int64_t from_us = clock_us();
    for (int which = 0; which < 2; which++) {
        TRY_RUN(bench_service_define(listed->service, names[which],
                                     STR("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\"}}}"), &machines[which]));
        from_us = clock_us();
        TRY_RUN(send_all(listed, machines[which], counts[which]));
        TRY_RUN(await_view(listed, machines[which], counts[which]));
    }
    bench_report_add(&bench->report, "api", "1/s", (double)(2 * counts[1] - RUNNING) * 1e6 / (double)(clock_us() - from_us),
                     "statuses written and taken into the view");
    bench_tell(bench);
    for (size_t at = 0; at < sizeof filters / sizeof *filters; at++) {
        TRY_RUN(compare(listed, machines, filters[at]));
    }
    return EXIT_CODE_OK;
}

enum exit_code bench_api_list(struct bench_service *service)
{
    struct listed listed = {
        .service = service,
        .topic = topics_get(service->engine.topics, TOPIC_EXECUTIONS),
        .arena = arena_create(ARENA_BYTES),
        .base_us = bus_now_ms(service->bench->bus) * 1000,
    };
    enum exit_code code = listed.arena == NULL ? context_fail_memory(service->bench->context) : measure(&listed);
    if (listed.producer != NULL) {
        bus_producer_close(listed.producer);
    }
    arena_destroy(listed.arena);
    return code;
}
