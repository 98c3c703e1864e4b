/* What waiting GetActivityTask calls cost the gateway in memory. */
#include "cli/bench_process.h"
#include "cli/bench_service.h"

#include <sys/resource.h>

#define POLLS 5000
#define ACTIVITIES 10 /* that they poll for: one takes a thousand pollers at a time */
#define GROWTH_MIB_MAX 100
#define SETTLE_MS 3000
#define MIB (1024.0 * 1024.0)

/* A connection is a file. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static enum exit_code poll_all(struct bench_service *service, struct bench_http *http, const struct str bodies[ACTIVITIES])
{
    struct bench_http_answer answer;
    bool any;
    for (uint32_t at = 0; at < bench_http_count(http); at++) {
        TRY_RUN(bench_http_send(http, at, STR("GetActivityTask"), bodies[at % ACTIVITIES]));
    }
    TRY_RUN(bench_http_await(http, SETTLE_MS, &answer, &any));
    if (any) {
        return context_fail(service->bench->context, EXIT_CODE_FAILED, "GetActivityTask was answered %u: %.*s", answer.status,
                            STR_ARGS(answer.body));
    }
    return EXIT_CODE_OK;
}

/* Makes one, and what asks for its tasks. */
static enum exit_code create(struct bench_service *service, int number, struct str *out_body)
{
    struct context *context = service->bench->context;
    struct str answer;
    TRY_RUN(bench_service_call(service, "CreateActivity", &answer, "{\"name\":\"bench-%d\"}", number));
    TRY_MEMORY(context, arena_format(context->arena, out_body,
                                     "{\"activityArn\":\"arn:aws:states:%.*s:%.*s:activity:bench-%d\",\"workerName\":\"bench\"}",
                                     STR_ARGS(settings_text(context->settings, OPTION_AWS_REGION)),
                                     STR_ARGS(settings_text(context->settings, OPTION_AWS_ACCOUNT)), number));
    return EXIT_CODE_OK;
}

enum exit_code bench_api_polls(struct bench_service *service)
{
    struct bench *bench = service->bench;
    struct bench_http *http;
    struct str bodies[ACTIVITIES];
    raise_file_limit();
    for (int at = 0; at < ACTIVITIES; at++) {
        TRY_RUN(create(service, at, &bodies[at]));
    }
    int64_t before = bench_process_resident_bytes(service->gateway.pid);
    TRY_RUN(bench_http_open(bench, service->gateway.port, POLLS, &http));
    enum exit_code code = poll_all(service, http, bodies);
    int64_t after = bench_process_resident_bytes(service->gateway.pid);
    bench_http_close(http);
    TRY_RUN(code);
    bench_report_add(&bench->report, "api", "MiB", (double)(after - before) / MIB, "GetActivityTask: %d that wait: resident memory", POLLS);
    bench_report_goal(&bench->report, BENCH_AT_MOST, GROWTH_MIB_MAX);
    bench_tell(bench);
    return EXIT_CODE_OK;
}
