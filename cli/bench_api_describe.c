/* DescribeExecution a second, as a share of what a bare server does with the same bytes; in turns. */
#include "cli/bench_bare.h"
#include "cli/bench_process.h"
#include "cli/bench_service.h"

#define PAIRS 7
#define SECONDS 1.0
#define SHARE_MIN 0.5

enum { GATEWAY, BARE };

struct describe {
    struct bench_service *service;
    struct bench_side bare;
    struct bench_http *https[2];
    struct str body;
    struct bench_samples rates[2];
    struct bench_samples cpu_us[2]; /* of the server, a request */
    struct bench_samples shares;
};

static enum exit_code ask(void *owner, struct bench_http *http, uint32_t connection)
{
    const struct describe *describe = owner;
    return bench_http_send(http, connection, STR("DescribeExecution"), describe->body);
}

static enum exit_code run_once(struct describe *describe, int which, double *out_rate)
{
    struct bench_http_load load;
    pid_t pid = which == BARE ? describe->bare.pid : describe->service->gateway.pid;
    double cpu = bench_process_cpu_seconds(pid);
    TRY_RUN(bench_http_load(describe->https[which], SECONDS, ask, describe, &load));
    cpu = bench_process_cpu_seconds(pid) - cpu;
    *out_rate = (double)load.answers / load.seconds;
    bench_samples_add(&describe->rates[which], *out_rate);
    bench_samples_add(&describe->cpu_us[which], cpu * 1e6 / (double)(load.answers + BENCH_SERVICE_CONNECTIONS));
    return EXIT_CODE_OK;
}

static enum exit_code run_pairs(struct describe *describe)
{
    for (int pair = 0; pair < PAIRS; pair++) {
        double rates[2];
        int first = pair % 2;
        TRY_RUN(run_once(describe, first, &rates[first]));
        TRY_RUN(run_once(describe, 1 - first, &rates[1 - first]));
        bench_samples_add(&describe->shares, rates[GATEWAY] / rates[BARE]);
    }
    return EXIT_CODE_OK;
}

static void report(struct describe *describe)
{
    static const char *const names[] = {"gateway", "bare libmicrohttpd"};
    struct bench *bench = describe->service->bench;
    for (int which = 1; which >= 0; which--) {
        bench_report_add(&bench->report, "api", "1/s", bench_samples_at(&describe->rates[which], 0.5),
                         "DescribeExecution: %s", names[which]);
        bench_tell(bench);
        bench_report_add(&bench->report, "api", "us", bench_samples_at(&describe->cpu_us[which], 0.5),
                         "DescribeExecution: its CPU a request: %s", names[which]);
        bench_tell(bench);
    }
    bench_report_add(&bench->report, "api", "", bench_samples_at(&describe->shares, 0.5), "DescribeExecution: gateway / bare, median");
    bench_report_goal(&bench->report, BENCH_AT_LEAST, SHARE_MIN);
    bench_tell(bench);
    /* Where the load, or the machine, is what limits the bare server's rate, this is the stricter one. */
    bench_report_add(&bench->report, "api", "", bench_samples_at(&describe->cpu_us[BARE], 0.5) /
                     bench_samples_at(&describe->cpu_us[GATEWAY], 0.5), "DescribeExecution: bare's CPU / the gateway's");
    bench_report_goal(&bench->report, BENCH_AT_LEAST, SHARE_MIN);
    bench_tell(bench);
}

/* ---- What is described ---- */

/* Waits until it has ended, so that it is always described by the same bytes. */
static enum exit_code await_end(struct describe *describe, struct str *out_answer)
{
    struct bench_service *service = describe->service;
    do {
        TRY_RUN(bench_service_call(service, "DescribeExecution", out_answer, "%.*s", STR_ARGS(describe->body)));
    } while (str_find_str(*out_answer, STR("SUCCEEDED")) == out_answer->length);
    return EXIT_CODE_OK;
}

static enum exit_code start_one(struct describe *describe, struct str *out_answer)
{
    struct bench_service *service = describe->service;
    struct context *context = service->bench->context;
    const struct value *started;
    struct str arn;
    TRY_RUN(bench_service_define(service, "described", STR("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}"),
                                 &arn));
    TRY_RUN(bench_service_ask(service, "StartExecution", &started,
                              "{\"stateMachineArn\":\"%.*s\",\"input\":\"{\\\"v\\\":\\\"%0*d\\\"}\"}", STR_ARGS(arn),
                              (int)service->bench->options.payload_bytes, 0));
    const struct value *execution = value_get(started, STR("executionArn"));
    if (execution == NULL) {
        return context_fail(context, EXIT_CODE_FAILED, "StartExecution has no executionArn");
    }
    TRY_MEMORY(context, arena_format(context->arena, &describe->body, "{\"executionArn\":\"%.*s\"}", STR_ARGS(execution->string)));
    return await_end(describe, out_answer);
}

static enum exit_code write_answer(const struct describe *describe, struct str answer)
{
    struct context *context = describe->service->bench->context;
    struct str path;
    TRY_MEMORY(context, arena_format(context->arena, &path, "%.*s/" BENCH_BARE_FILE, STR_ARGS(describe->bare.state_dir)));
    FILE *file = fopen(path.bytes, "we");
    bool ok = file != NULL && fwrite(answer.bytes, 1, answer.length, file) == answer.length;
    ok = (file == NULL || fclose(file) == 0) && ok;
    return ok ? EXIT_CODE_OK : context_fail(context, EXIT_CODE_FAILED, "%s can't be written", path.bytes);
}

static enum exit_code measure(struct describe *describe)
{
    struct bench_service *service = describe->service;
    struct str answer;
    TRY_RUN(start_one(describe, &answer));
    TRY_RUN(bench_side_join(&service->engine, BENCH_BARE, service->gateway.thread_count, &describe->bare));
    TRY_RUN(write_answer(describe, answer));
    TRY_RUN(bench_side_listen(&describe->bare));
    TRY_RUN(bench_http_open(service->bench, service->gateway.port, BENCH_SERVICE_CONNECTIONS, &describe->https[GATEWAY]));
    TRY_RUN(bench_http_open(service->bench, describe->bare.port, BENCH_SERVICE_CONNECTIONS, &describe->https[BARE]));
    TRY_RUN(run_pairs(describe));
    report(describe);
    return EXIT_CODE_OK;
}

enum exit_code bench_api_describe(struct bench_service *service)
{
    struct describe describe = {.service = service};
    enum exit_code code = measure(&describe);
    for (int which = 0; which < 2; which++) {
        if (describe.https[which] != NULL) {
            bench_http_close(describe.https[which]);
        }
        bench_samples_clear(&describe.rates[which]);
        bench_samples_clear(&describe.cpu_us[which]);
    }
    bench_samples_clear(&describe.shares);
    if (describe.bare.bench != NULL) {
        bench_side_close(&describe.bare);
    }
    return code;
}
