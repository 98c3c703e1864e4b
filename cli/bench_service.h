/* An engine and a gateway beside it, each a process of its own, for `pawl bench api`; and what its parts share. */
#ifndef PAWL_CLI_BENCH_SERVICE_H
#define PAWL_CLI_BENCH_SERVICE_H

#include "asl/value.h"
#include "cli/bench_http.h"
#include "cli/bench_samples.h"
#include "cli/bench_side.h"

#define BENCH_SERVICE_CONNECTIONS 64 /* requests at a time, under load */

struct bench_service {
    struct bench *bench;
    struct bench_side engine;
    struct bench_side gateway;
    struct bench_http *http; /* one connection */
    struct arena *arena;     /* of one call */
};

/* OK: both run, and commands are answered. */
enum exit_code bench_service_open(struct bench *bench, struct bench_service *out_service);
void bench_service_close(struct bench_service *service);

/* One call; the body is as printf makes it. The answer is borrowed until the next call. */
enum exit_code bench_service_call(struct bench_service *service, const char *operation, struct str *out_answer,
                                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same, parsed, in the service's arena, until the next call. */
enum exit_code bench_service_ask(struct bench_service *service, const char *operation, const struct value **out_answer,
                                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Defines a machine; *out_arn lies in the command's arena. */
enum exit_code bench_service_define(struct bench_service *service, const char *name, struct str definition, struct str *out_arn);

/* How long calls take, in ms: the median of many, of each of two bodies, asked in turns. */
enum exit_code bench_service_compare(struct bench_service *service, const char *operation, const struct str bodies[2],
                                     double out_ms[2]);

/* ---- The parts of `pawl bench api`, each in the file of its name ---- */

enum exit_code bench_api_describe(struct bench_service *service);
enum exit_code bench_api_start(struct bench_service *service);
enum exit_code bench_api_polls(struct bench_service *service);
enum exit_code bench_api_long(struct bench_service *service);
enum exit_code bench_api_list(struct bench_service *service);

#endif
