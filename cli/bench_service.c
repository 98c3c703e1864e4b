#include "cli/bench_service.h"

#include "asl/arn.h"
#include "base/buffer.h"
#include "base/clock.h"

#include <signal.h>
#include <stdarg.h>

#define ARENA_BYTES ((size_t)64 << 20)
#define BODY_BYTES_MAX 4096
#define COMPARED 41 /* calls of each of two */

/* ---- Its life ---- */

static enum exit_code open_parts(struct bench *bench, struct bench_service *service)
{
    struct str arn;
    uint32_t threads = bench->options.threads > 0 ? bench->options.threads : 1;
    service->arena = arena_create(ARENA_BYTES);
    if (service->arena == NULL) {
        return context_fail_memory(bench->context);
    }
    TRY_RUN(bench_side_open(bench, BENCH_ENGINE, 1, &service->engine));
    service->engine.sets[0] = (struct bench_side_set){"limits.history.events", STR("0")};
    service->engine.sets[1] = (struct bench_side_set){"state.memory.bytes", STR("32MiB")};
    TRY_RUN(bench_side_join(&service->engine, BENCH_GATEWAY, threads, &service->gateway));
    TRY_RUN(bench_side_start(&service->engine));
    TRY_RUN(bench_side_listen(&service->gateway));
    TRY_RUN(bench_http_open(bench, service->gateway.port, 1, &service->http));
    return bench_service_define(service, "first", STR("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\"}}}"), &arn);
}

enum exit_code bench_service_open(struct bench *bench, struct bench_service *out_service)
{
    *out_service = (struct bench_service){.bench = bench};
    enum exit_code code = open_parts(bench, out_service);
    if (code != EXIT_CODE_OK) {
        bench_service_close(out_service);
    }
    return code;
}

void bench_service_close(struct bench_service *service)
{
    if (service->http != NULL) {
        bench_http_close(service->http);
    }
    if (service->gateway.bench != NULL) {
        bench_side_close(&service->gateway);
    }
    if (service->engine.bench != NULL) {
        bench_side_close(&service->engine);
    }
    arena_destroy(service->arena);
}

/* ---- Calls ---- */

static enum exit_code call(struct bench_service *service, const char *operation, struct str *out_answer, const char *format,
                           va_list arguments)
{
    char body[BODY_BYTES_MAX];
    int length = vsnprintf(body, sizeof body, format, arguments);
    if (length < 0 || (size_t)length >= sizeof body) {
        return context_fail(service->bench->context, EXIT_CODE_FAILED, "a request is too long");
    }
    TRY_RUN(bench_side_check(&service->gateway));
    TRY_RUN(bench_side_check(&service->engine));
    return bench_http_call(service->http, str_of(operation), (struct str){body, (size_t)length}, out_answer);
}

enum exit_code bench_service_call(struct bench_service *service, const char *operation, struct str *out_answer,
                                  const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    enum exit_code code = call(service, operation, out_answer, format, arguments);
    va_end(arguments);
    return code;
}

enum exit_code bench_service_ask(struct bench_service *service, const char *operation, const struct value **out_answer,
                                 const char *format, ...)
{
    struct str answer;
    va_list arguments;
    va_start(arguments, format);
    enum exit_code code = call(service, operation, &answer, format, arguments);
    va_end(arguments);
    TRY_RUN(code);
    arena_reset(service->arena);
    if (value_parse(service->arena, answer, out_answer, NULL) != STATUS_OK) {
        return context_fail(service->bench->context, EXIT_CODE_FAILED, "the answer to %s is no JSON", operation);
    }
    return EXIT_CODE_OK;
}

enum exit_code bench_service_define(struct bench_service *service, const char *name, struct str definition, struct str *out_arn)
{
    struct context *context = service->bench->context;
    struct str answer;
    struct buffer text = buffer_in(context->arena);
    const struct step_config config = {
        .region = settings_text(context->settings, OPTION_AWS_REGION),
        .account = settings_text(context->settings, OPTION_AWS_ACCOUNT),
    };
    TRY_MEMORY(context, arn_machine(context->arena, &config, str_of(name), out_arn));
    TRY_MEMORY(context, value_write_string(&text, definition));
    return bench_service_call(service, "CreateStateMachine", &answer,
                              "{\"name\":\"%s\",\"roleArn\":\"arn:aws:iam::000000000000:role/bench\",\"definition\":%.*s}", name,
                              STR_ARGS(buffer_text(&text)));
}

enum exit_code bench_service_compare(struct bench_service *service, const char *operation, const struct str bodies[2],
                                     double out_ms[2])
{
    struct bench_samples samples[2] = {{0}, {0}};
    enum exit_code code = EXIT_CODE_OK;
    for (int at = 0; at < 2 * COMPARED && code == EXIT_CODE_OK; at++) {
        struct str answer;
        int which = at / 2 % 2 == 0 ? at % 2 : 1 - at % 2; /* 0 1 1 0: neither always comes behind the other */
        int64_t began_us = clock_us();
        code = bench_http_call(service->http, str_of(operation), bodies[which], &answer);
        bench_samples_add(&samples[which], (double)(clock_us() - began_us) / 1000);
    }
    for (int which = 0; which < 2; which++) {
        out_ms[which] = bench_samples_at(&samples[which], 0.5);
        bench_samples_clear(&samples[which]);
    }
    return code;
}
