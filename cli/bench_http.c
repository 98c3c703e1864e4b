#include "cli/bench_http.h"

#include "base/clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 64
#define IN_BYTES_MIN ((size_t)4096)
#define HEAD_BYTES_MAX 1024 /* of a request */
#define ANSWER_MS_MAX 45000 /* longer than the gateway waits for a Reply */
#define ANSWER_SHOWN_BYTES 500 /* of one that is a refusal */
#define ANSWER_BYTES_MAX ((size_t)64 << 20)

struct connection {
    int file;
    bool asked;
    char *in;
    size_t capacity;
    size_t length;
};

struct bench_http {
    struct bench *bench;
    int epoll;
    uint32_t count;
    struct connection *connections;
    struct epoll_event events[EVENTS];
    int event_count; /* that the last look has found */
    int event_next;  /* the first not yet looked at */
    char *out;
    size_t out_capacity;
};

static enum exit_code fail(struct bench_http *http, const char *what)
{
    return context_fail(http->bench->context, EXIT_CODE_FAILED, "HTTP: %s: %s", what, strerror(errno));
}

/* ---- Connections ---- */

static enum exit_code connect_one(struct bench_http *http, uint16_t port, uint32_t number)
{
    struct connection *connection = &http->connections[number];
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int yes = 1;
    struct epoll_event event = {.events = EPOLLIN, .data = {.u32 = number}};
    connection->file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->file < 0 || connect(connection->file, (const struct sockaddr *)&address, sizeof address) != 0 ||
        setsockopt(connection->file, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0 ||
        epoll_ctl(http->epoll, EPOLL_CTL_ADD, connection->file, &event) != 0) {
        return fail(http, "connecting");
    }
    return EXIT_CODE_OK;
}

enum exit_code bench_http_open(struct bench *bench, uint16_t port, uint32_t count, struct bench_http **out_http)
{
    struct bench_http *http = calloc(1, sizeof *http);
    struct connection *connections = calloc(count, sizeof *connections);
    if (http == NULL || connections == NULL) {
        free(http);
        free(connections);
        return context_fail_memory(bench->context);
    }
    *http = (struct bench_http){.bench = bench, .epoll = epoll_create1(EPOLL_CLOEXEC), .connections = connections};
    enum exit_code code = http->epoll < 0 ? fail(http, "epoll") : EXIT_CODE_OK;
    while (code == EXIT_CODE_OK && http->count < count) {
        code = connect_one(http, port, http->count++);
    }
    if (code != EXIT_CODE_OK) {
        bench_http_close(http);
        return code;
    }
    *out_http = http;
    return EXIT_CODE_OK;
}

void bench_http_close(struct bench_http *http)
{
    for (uint32_t at = 0; at < http->count; at++) {
        if (http->connections[at].file >= 0) {
            close(http->connections[at].file);
        }
        free(http->connections[at].in);
    }
    if (http->epoll >= 0) {
        close(http->epoll);
    }
    free(http->connections);
    free(http->out);
    free(http);
}

uint32_t bench_http_count(const struct bench_http *http)
{
    return http->count;
}

/* ---- Asking ---- */

static bool make_room(char **bytes, size_t *capacity, size_t wanted)
{
    if (wanted <= *capacity) {
        return true;
    }
    size_t more = *capacity == 0 ? IN_BYTES_MIN : *capacity;
    while (more < wanted) {
        more *= 2;
    }
    char *moved = realloc(*bytes, more);
    if (moved == NULL) {
        return false;
    }
    *bytes = moved;
    *capacity = more;
    return true;
}

static enum exit_code send_all(struct bench_http *http, int file, struct str text)
{
    while (text.length > 0) {
        ssize_t sent = send(file, text.bytes, text.length, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return fail(http, "sending");
        }
        text = str_from(text, sent < 0 ? 0 : (size_t)sent);
    }
    return EXIT_CODE_OK;
}

enum exit_code bench_http_send(struct bench_http *http, uint32_t number, struct str operation, struct str body)
{
    struct connection *connection = &http->connections[number];
    if (!make_room(&http->out, &http->out_capacity, HEAD_BYTES_MAX + body.length)) {
        return context_fail_memory(http->bench->context);
    }
    int length = snprintf(http->out, HEAD_BYTES_MAX,
                          "POST / HTTP/1.1\r\n"
                          "Host: localhost\r\n"
                          "X-Amz-Target: AWSStepFunctions.%.*s\r\n"
                          "Content-Type: application/x-amz-json-1.0\r\n"
                          "User-Agent: Boto3/1.34.0 md/Botocore#1.34.0 ua/2.0 os/linux lang/python cfg/retry-mode#legacy\r\n"
                          "X-Amz-Date: 20260101T000000Z\r\n"
                          "Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/states/aws4_request, "
                          "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=%064d\r\n"
                          "amz-sdk-invocation-id: 00000000-0000-4000-8000-000000000000\r\n"
                          "amz-sdk-request: attempt=1\r\n"
                          "Content-Length: %zu\r\n\r\n",
                          STR_ARGS(operation), 0, body.length);
    memcpy(http->out + length, body.bytes, body.length);
    connection->asked = true;
    connection->length = 0;
    return send_all(http, connection->file, (struct str){http->out, (size_t)length + body.length});
}

/* ---- Being answered ---- */

/* Whether the whole answer is there. Another server than ours may break off here, but does not get further. */
static bool is_whole(const struct connection *connection, struct bench_http_answer *answer)
{
    static const struct str length_name = STR_INIT("\ncontent-length:");
    struct str text = {connection->in, connection->length};
    size_t head = str_find_str(text, STR("\r\n\r\n"));
    size_t bytes = 0;
    if (head == text.length || text.length < 12) {
        return false;
    }
    for (size_t at = 0; at + length_name.length < head; at++) {
        if (text.bytes[at] == '\n' && strncasecmp(text.bytes + at, length_name.bytes, length_name.length) == 0) {
            bytes = strtoul(text.bytes + at + length_name.length, NULL, 10);
            break;
        }
    }
    if (text.length - head - 4 < bytes) {
        return false;
    }
    answer->status = (unsigned)strtoul(text.bytes + 9, NULL, 10);
    answer->body = (struct str){text.bytes + head + 4, bytes};
    return true;
}

static enum exit_code receive(struct bench_http *http, struct connection *connection, struct bench_http_answer *answer,
                              bool *out_whole)
{
    *out_whole = false;
    if (connection->length >= ANSWER_BYTES_MAX ||
        !make_room(&connection->in, &connection->capacity, connection->length + IN_BYTES_MIN)) {
        return context_fail_memory(http->bench->context);
    }
    size_t room = connection->capacity - connection->length - 1; /* a NUL follows, for strtoul */
    ssize_t length = recv(connection->file, connection->in + connection->length, room, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
        return EXIT_CODE_OK;
    }
    if (length <= 0 || !connection->asked) {
        errno = length < 0 ? errno : 0;
        return fail(http, length == 0 ? "the server closed a connection" : "receiving");
    }
    connection->length += (size_t)length;
    connection->in[connection->length] = '\0';
    *out_whole = is_whole(connection, answer);
    connection->asked = !*out_whole;
    return EXIT_CODE_OK;
}

enum exit_code bench_http_await(struct bench_http *http, int timeout_ms, struct bench_http_answer *out_answer, bool *out_any)
{
    *out_any = false;
    if (http->event_next == http->event_count) {
        int count = epoll_wait(http->epoll, http->events, EVENTS, timeout_ms);
        if (count < 0 && errno != EINTR) {
            return fail(http, "waiting");
        }
        http->event_count = count < 0 ? 0 : count;
        http->event_next = 0;
    }
    while (http->event_next < http->event_count && !*out_any) {
        out_answer->connection = http->events[http->event_next++].data.u32;
        TRY_RUN(receive(http, &http->connections[out_answer->connection], out_answer, out_any));
    }
    return EXIT_CODE_OK;
}

/* Waits for one, which must be 200. */
static enum exit_code await_one(struct bench_http *http, struct bench_http_answer *out_answer)
{
    int64_t until_us = clock_us() + ANSWER_MS_MAX * INT64_C(1000);
    bool any = false;
    while (!any) {
        TRY_RUN(bench_http_await(http, ANSWER_MS_MAX, out_answer, &any));
        if (!any && clock_us() > until_us) {
            return context_fail(http->bench->context, EXIT_CODE_FAILED, "HTTP: there is no answer");
        }
    }
    if (out_answer->status != 200) {
        return context_fail(http->bench->context, EXIT_CODE_FAILED, "HTTP: answered %u: %.*s", out_answer->status,
                            STR_ARGS(str_cut(out_answer->body, ANSWER_SHOWN_BYTES)));
    }
    return EXIT_CODE_OK;
}

enum exit_code bench_http_call(struct bench_http *http, struct str operation, struct str body, struct str *out_answer)
{
    struct bench_http_answer answer;
    TRY_RUN(bench_http_send(http, 0, operation, body));
    TRY_RUN(await_one(http, &answer));
    *out_answer = answer.body;
    return EXIT_CODE_OK;
}

/* ---- Load ---- */

enum exit_code bench_http_load(struct bench_http *http, double seconds, bench_http_ask_fn ask, void *owner,
                               struct bench_http_load *out_load)
{
    struct bench_http_answer answer;
    uint64_t answers = 0;
    int64_t from_us = clock_us();
    int64_t until_us = from_us + (int64_t)(seconds * 1e6);
    int64_t now_us = from_us;
    for (uint32_t at = 0; at < http->count; at++) {
        TRY_RUN(ask(owner, http, at));
    }
    while ((now_us = clock_us()) < until_us) {
        TRY_RUN(await_one(http, &answer));
        TRY_RUN(ask(owner, http, answer.connection));
        answers++;
    }
    *out_load = (struct bench_http_load){answers, (double)(now_us - from_us) / 1e6};
    for (uint32_t at = 0; at < http->count; at++) {
        TRY_RUN(await_one(http, &answer));
    }
    return EXIT_CODE_OK;
}
