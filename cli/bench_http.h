/* A client of the AWS API for load: one thread, connections that are kept, on each one request at a time. It sends the
 * headers that an SDK sends. */
#ifndef PAWL_CLI_BENCH_HTTP_H
#define PAWL_CLI_BENCH_HTTP_H

#include "cli/bench.h"

struct bench_http;

struct bench_http_answer {
    uint32_t connection;
    unsigned status;
    struct str body; /* borrowed until the connection is used again */
};

/* Connects `count` times to 127.0.0.1:port. */
enum exit_code bench_http_open(struct bench *bench, uint16_t port, uint32_t count, struct bench_http **out_http);
void bench_http_close(struct bench_http *http);

uint32_t bench_http_count(const struct bench_http *http);

/* The connection must have no request under way. `operation` without its prefix. */
enum exit_code bench_http_send(struct bench_http *http, uint32_t connection, struct str operation, struct str body);

/* The next answer, of any connection. *out_any false: none came within the time. */
enum exit_code bench_http_await(struct bench_http *http, int timeout_ms, struct bench_http_answer *out_answer, bool *out_any);

/* One call on the first connection, while no other has a request under way. Fails unless the answer is 200. */
enum exit_code bench_http_call(struct bench_http *http, struct str operation, struct str body, struct str *out_answer);

/* Load: each connection asks again as soon as it is answered, for so many seconds; then what is under way is waited for.
 * `ask` sends one request on the connection. What comes within the seconds counts. Fails unless all answers are 200. */
typedef enum exit_code (*bench_http_ask_fn)(void *owner, struct bench_http *http, uint32_t connection);

struct bench_http_load {
    uint64_t answers;
    double seconds;
};
enum exit_code bench_http_load(struct bench_http *http, double seconds, bench_http_ask_fn ask, void *owner,
                               struct bench_http_load *out_load);

#endif
