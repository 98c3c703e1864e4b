#include "gateway/http.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/log.h"
#include "gateway/api_counts.h"
#include "gateway/call.h"
#include "gateway/door.h"
#include "gateway/principal.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/resource.h>

#define CONTENT_TYPE "application/x-amz-json-1.0"
#define SMALL_BYTES ((size_t)16 * 1024) /* memory of a request, or an answer, that is there without asking */
#define OVERLOAD "There is too much to do right now; try again"

/* What one hears who is not let in. */
#define REFUSAL_BODY "{\"__type\":\"com.amazon.coral.service#ServiceUnavailableException\",\"message\":\"" OVERLOAD "\"}"
#define REFUSAL                                                                                                        \
    "HTTP/1.1 503 Service Unavailable\r\n"                                                                            \
    "Content-Type: " CONTENT_TYPE "\r\n"                                                                              \
    "Content-Length: 122\r\n"                                                                                         \
    "x-amzn-ErrorType: ServiceUnavailableException\r\n"                                                               \
    "Retry-After: 1\r\n"                                                                                              \
    "Connection: close\r\n\r\n" REFUSAL_BODY
_Static_assert(sizeof REFUSAL_BODY - 1 == 122, "Content-Length of REFUSAL");

struct http {
    struct gateway *gateway;
    struct MHD_Daemon *daemon;
    struct door *door;
    char address[64];
    _Atomic bool draining;
    _Atomic size_t request_bytes; /* memory of the requests that are arriving or in hand */
    _Atomic size_t answer_bytes;  /* of the answers that are being read */
};

/* One request. */
struct exchange {
    struct http *http;
    struct MHD_Connection *connection;
    struct door_guest *guest;
    struct arena *arena;   /* of the request; NULL: answered, and given back */
    char *answer;          /* an answer that has memory of its own, or NULL */
    size_t request_bytes;  /* its part of http's */
    size_t answer_bytes;
    int64_t began_ms;
    int64_t began_us; /* for the metrics */
    struct buffer body;
    size_t swallowed; /* bytes of a body that is too large, or for which there was no room */
    bool overloaded;
    bool has_run;
    bool is_probe; /* no call of the API */
    bool closes; /* the connection, after the answer */
    struct str method;
    struct str path;
    const char *content_type;
    char request_id[UUID_CHARACTERS + 1];
    struct call call;
};

/* ---- Answering ---- */

static void add_header(struct MHD_Response *response, const char *name, struct str value)
{
    char text[256];
    snprintf(text, sizeof text, "%.*s", STR_ARGS(value));
    MHD_add_response_header(response, name, text);
}

/* Brings the exchange's part of a sum to `bytes`. False: there is no room for so much, and nothing is changed. */
static bool charge(struct exchange *exchange, _Atomic size_t *sum, size_t *part, size_t bytes)
{
    size_t most = exchange->http->gateway->config.traffic_bytes_max;
    size_t more = bytes > *part ? bytes - *part : 0;
    if (more == 0) {
        atomic_fetch_sub(sum, *part - bytes);
    } else if (atomic_fetch_add(sum, more) + more > most && bytes > SMALL_BYTES) {
        atomic_fetch_sub(sum, more);
        return false;
    }
    *part = bytes;
    return true;
}

static bool charge_request(struct exchange *exchange)
{
    return charge(exchange, &exchange->http->request_bytes, &exchange->request_bytes, arena_used(exchange->arena));
}

static void give_back_request(struct exchange *exchange)
{
    arena_destroy(exchange->arena);
    exchange->arena = NULL;
    charge(exchange, &exchange->http->request_bytes, &exchange->request_bytes, 0);
}

static void tell_overload(struct exchange *exchange)
{
    call_fail(&exchange->call, STR("ServiceUnavailableException"), STR(OVERLOAD));
}

/* What an answer was made of can be many times its size, and whoever asked may read slowly: a large one gets memory of its
 * own, and all else is given back before it is sent. A small one stays in the arena. */
static enum status settle_answer(struct exchange *exchange)
{
    struct http *http = exchange->http;
    struct call *call = &exchange->call;
    if (!charge(exchange, &http->answer_bytes, &exchange->answer_bytes, call->body.length)) {
        tell_overload(exchange);
    }
    if (arena_used(exchange->arena) <= SMALL_BYTES) {
        return STATUS_OK;
    }
    exchange->answer = malloc(call->body.length + 1);
    TRY_NEW(exchange->answer);
    memcpy(exchange->answer, call->body.bytes, call->body.length);
    call->body.bytes = exchange->answer;
    return STATUS_OK;
}

/* The body stays with the exchange until the request is completed. */
static enum MHD_Result respond(struct exchange *exchange)
{
    const struct call *call = &exchange->call;
    if (settle_answer(exchange) != STATUS_OK) {
        return MHD_NO;
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(call->body.length, (void *)call->body.bytes, MHD_RESPMEM_PERSISTENT);
    if (response == NULL) {
        return MHD_NO;
    }
    if (!exchange->is_probe) {
        api_counts_add(exchange->http->gateway->counts, call->operation, call->error, exchange->began_us);
    }
    if (call->http_status >= 500 && !exchange->is_probe) {
        char quoted[512];
        log_event(LOG_WARNING, "call_failed", "operation=%.*s request=%s answer=%s",
                  STR_ARGS(call->operation == NULL ? STR("none") : call->operation->name), exchange->request_id,
                  log_quote(call->body, quoted, sizeof quoted));
    }
    add_header(response, "Content-Type", str_of(exchange->content_type));
    add_header(response, "x-amzn-RequestId", str_of(exchange->request_id));
    if (call->error.bytes != NULL) {
        add_header(response, "x-amzn-ErrorType", call->error);
    }
    if (call->http_status == 503) {
        add_header(response, "Retry-After", STR("1"));
    }
    if (exchange->closes) {
        add_header(response, "Connection", STR("close"));
    }
    enum MHD_Result result = MHD_queue_response(exchange->connection, call->http_status, response);
    MHD_destroy_response(response);
    if (exchange->answer != NULL) {
        give_back_request(exchange);
    }
    door_expect(exchange->guest, DOOR_FOR_READER, exchange->http->gateway->config.answer_ms);
    return result;
}

static enum MHD_Result refuse(struct exchange *exchange, unsigned http_status, const char *exception, const char *message)
{
    exchange->has_run = true;
    call_fail(&exchange->call, str_of(exception), message == NULL ? STR_NONE : str_of(message));
    exchange->call.http_status = http_status;
    return respond(exchange);
}

/* Any thread. */
static void on_answered(struct call *call)
{
    struct exchange *exchange = call->owner;
    MHD_resume_connection(exchange->connection);
}

/* A connection that waits is not looked at by the server: whether its other end is closed is for us to ask. What it may have
 * sent before (the next request, or the end of TLS) doesn't matter. */
static bool is_gone(const struct call *call)
{
    const struct exchange *exchange = call->owner;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info == NULL) {
        return false;
    }
    struct pollfd connection = {.fd = info->connect_fd, .events = POLLRDHUP};
    return poll(&connection, 1, 0) > 0;
}

/* ---- What is asked ---- */

static struct str header(const struct exchange *exchange, const char *name)
{
    return str_of(MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name));
}

/* The media type alone, without parameters. */
static bool is_json(struct str type)
{
    static const struct str accepted[] = {
        STR_INIT("application/x-amz-json-1.0"),
        STR_INIT("application/x-amz-json-1.1"),
        STR_INIT("application/json"),
    };
    type = str_trim(str_slice(type, 0, str_find(type, ';')));
    for (size_t at = 0; at < sizeof accepted / sizeof *accepted; at++) {
        if (str_equal(type, accepted[at])) {
            return true;
        }
    }
    return false;
}

static enum MHD_Result run_call(struct exchange *exchange)
{
    struct call *call = &exchange->call;
    struct str exception;
    const struct principal_evidence evidence = {
        .authorization = header(exchange, "Authorization"),
        .date = header(exchange, "X-Amz-Date"),
    };
    if (!is_json(header(exchange, "Content-Type"))) {
        return refuse(exchange, 404, "UnknownOperationException", NULL);
    }
    enum status status = principal_establish(exchange->arena, &evidence, &call->principal, &exception);
    if (status != STATUS_OK) {
        call_fail(call, status == STATUS_REFUSED ? exception : STR("InternalFailure"), STR_NONE);
        return respond(exchange);
    }
    call->now_ms = exchange->began_ms;
    call_run(call, header(exchange, "X-Amz-Target"), buffer_text(&exchange->body));
    if (call->state != CALL_ANSWERED && !charge_request(exchange)) {
        tell_overload(exchange);
    }
    if (call->state == CALL_ANSWERED) {
        return respond(exchange);
    }
    /* Suspended first: its answer may come before call_launch returns. */
    MHD_suspend_connection(exchange->connection);
    call_launch(call);
    return MHD_YES;
}

static enum MHD_Result tell_probe(struct exchange *exchange, enum probe probe)
{
    const struct gateway_config *config = &exchange->http->gateway->config;
    struct probe_answer answer;
    if (config->probe(config->owner, probe, exchange->arena, &answer) != STATUS_OK) {
        return MHD_NO;
    }
    exchange->content_type = answer.content_type;
    exchange->call.http_status = answer.http_status;
    exchange->call.body = answer.body;
    exchange->is_probe = true;
    return respond(exchange);
}

/* The whole request is there. */
static enum MHD_Result run(struct exchange *exchange)
{
    enum probe probe;
    exchange->has_run = true;
    door_expect(exchange->guest, DOOR_FOR_SERVER, 0); /* a call knows itself how long it may take */
    if (exchange->overloaded || atomic_load(&exchange->http->draining)) {
        return refuse(exchange, 503, "ServiceUnavailableException", OVERLOAD);
    }
    if (exchange->swallowed > 0) {
        return refuse(exchange, 413, "RequestEntityTooLargeException", "The request is too large");
    }
    bool post = str_equal(exchange->method, STR("POST"));
    bool get = str_equal(exchange->method, STR("GET")) || str_equal(exchange->method, STR("HEAD"));
    if (post && str_equal(exchange->path, STR("/"))) {
        return run_call(exchange);
    }
    if (get && probe_of(exchange->path, &probe)) {
        return tell_probe(exchange, probe);
    }
    return refuse(exchange, 404, "UnknownOperationException", NULL);
}

/* ---- Arriving ---- */

/* A connection. */
struct visit {
    struct door_guest *guest;
    struct tls_identity *tls; /* the certificate that it began with, and keeps; NULL without TLS */
};

static struct door_guest *guest_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    const struct visit *visit = info == NULL ? NULL : info->socket_context;
    return visit == NULL ? NULL : visit->guest;
}

static struct exchange *exchange_create(struct http *http, struct MHD_Connection *connection)
{
    struct arena *arena = arena_create(STEP_ARENA_BYTES_MAX);
    struct exchange *exchange = arena == NULL ? NULL : calloc(1, sizeof *exchange);
    uint8_t chance[16];
    if (exchange == NULL) {
        arena_destroy(arena);
        return NULL;
    }
    exchange->http = http;
    exchange->connection = connection;
    exchange->guest = guest_of(connection);
    exchange->arena = arena;
    exchange->began_ms = bus_now_ms(http->gateway->bus);
    exchange->began_us = clock_us();
    exchange->body = buffer_in(arena);
    exchange->content_type = CONTENT_TYPE;
    bus_random(http->gateway->bus, chance, sizeof chance);
    env_uuid_format(chance, 4, exchange->request_id);
    exchange->call = (struct call){
        .gateway = http->gateway,
        .arena = arena,
        .is_gone = is_gone,
        .answered = on_answered,
        .owner = exchange,
    };
    return exchange;
}

/* A body that says beforehand that it is too large is not waited for. */
static bool announces_too_much(const struct exchange *exchange)
{
    struct str length = header(exchange, "Content-Length");
    int64_t bytes;
    return length.bytes != NULL && (!str_to_int64(length, &bytes) || bytes > GATEWAY_BODY_BYTES_MAX);
}

static enum MHD_Result count_length(void *owner, enum MHD_ValueKind kind, const char *name, const char *value)
{
    int *count = owner;
    (void)kind;
    if (strcasecmp(name, "Content-Length") == 0) {
        *count += 1;
    } else if (strcasecmp(name, "Transfer-Encoding") == 0) {
        *count += value != NULL && strcasecmp(value, "chunked") == 0 ? 1 : 2;
    }
    return MHD_YES;
}

/* Whether two readers could disagree where the body ends, and what is the next request. */
static bool is_ambiguous(const struct exchange *exchange)
{
    int count = 0;
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, count_length, &count);
    return count > 1;
}

/* "http://host/path", as a proxy is asked, is "/path". */
static struct str path_of(const char *url)
{
    struct str text = str_of(url);
    size_t scheme = str_find_str(text, STR("://"));
    if (text.length == 0 || text.bytes[0] == '/' || scheme == text.length) {
        return text;
    }
    struct str rest = str_from(text, scheme + 3);
    size_t slash = str_find(rest, '/');
    return slash == rest.length ? STR("/") : str_from(rest, slash);
}

static enum MHD_Result begin(struct http *http, struct MHD_Connection *connection, const char *method, const char *path,
                             void **state)
{
    struct exchange *exchange = exchange_create(http, connection);
    if (exchange == NULL) {
        return MHD_NO;
    }
    *state = exchange;
    door_expect(exchange->guest, DOOR_FOR_GUEST, http->gateway->config.request_ms);
    if (arena_copy(exchange->arena, str_of(method), &exchange->method) != STATUS_OK ||
        arena_copy(exchange->arena, path_of(path), &exchange->path) != STATUS_OK) {
        return MHD_NO;
    }
    if (is_ambiguous(exchange)) {
        exchange->closes = true;
        return refuse(exchange, 400, "SerializationException", "The length of the request is not clear");
    }
    if (announces_too_much(exchange)) {
        return refuse(exchange, 413, "RequestEntityTooLargeException", "The request is too large");
    }
    return MHD_YES;
}

/* There is no room for it. What had come is forgotten. */
static enum MHD_Result overload(struct exchange *exchange)
{
    give_back_request(exchange);
    exchange->overloaded = true;
    exchange->arena = arena_create(STEP_ARENA_BYTES_MAX);
    exchange->call.arena = exchange->arena;
    return exchange->arena == NULL ? MHD_NO : MHD_YES;
}

/* Takes a piece of the body. MHD_NO closes the connection: who sends so much gets no answer. */
static enum MHD_Result take(struct exchange *exchange, struct str piece)
{
    bool fits = !exchange->overloaded && exchange->body.length + piece.length <= GATEWAY_BODY_BYTES_MAX;
    if (fits && exchange->swallowed == 0) {
        if (buffer_add(&exchange->body, piece) != STATUS_OK) {
            return MHD_NO;
        }
        return charge_request(exchange) ? MHD_YES : overload(exchange);
    }
    exchange->swallowed += piece.length;
    return exchange->swallowed > GATEWAY_BODY_BYTES_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_request(void *owner, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *upload, size_t *upload_bytes, void **state)
{
    struct exchange *exchange = *state;
    (void)version;
    if (exchange == NULL) {
        return begin(owner, connection, method, path, state);
    }
    if (*upload_bytes > 0) {
        struct str piece = {upload, *upload_bytes};
        *upload_bytes = 0;
        return exchange->has_run ? MHD_YES : take(exchange, piece);
    }
    if (!exchange->has_run) {
        return run(exchange);
    }
    /* Resumed. */
    ASSERT(exchange->call.state == CALL_ANSWERED);
    return respond(exchange);
}

static void on_completed(void *owner, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *state;
    (void)owner, (void)connection, (void)code;
    if (exchange != NULL) {
        *state = NULL;
        give_back_request(exchange);
        charge(exchange, &exchange->http->answer_bytes, &exchange->answer_bytes, 0);
        door_expect(exchange->guest, DOOR_FOR_GUEST, exchange->http->gateway->config.idle_ms);
        free(exchange->answer);
        free(exchange);
    }
}

static struct visit *visit_begin(struct http *http, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *file = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct visit *visit = calloc(1, sizeof *visit);
    if (visit == NULL || file == NULL) {
        free(visit);
        return NULL;
    }
    visit->guest = door_enter(http->door, file->connect_fd);
    door_expect(visit->guest, DOOR_FOR_GUEST, http->gateway->config.idle_ms);
    if (http->gateway->tls != NULL) {
        const union MHD_ConnectionInfo *tls = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
        visit->tls = tls == NULL ? NULL : tls_attach(http->gateway->tls, tls->tls_session);
    }
    return visit;
}

static void on_connection(void *owner, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http *http = owner;
    struct visit *visit = *context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = visit_begin(http, connection);
        return;
    }
    door_leave(http->door, visit == NULL ? NULL : visit->guest);
    if (visit != NULL && visit->tls != NULL) {
        tls_detach(visit->tls);
    }
    free(visit);
    *context = NULL;
}

static bool let_in(void *owner, int file, const struct sockaddr *address, socklen_t length)
{
    struct http *http = owner;
    return MHD_add_connection(http->daemon, file, address, length) == MHD_YES;
}

static void on_told(void *owner, const char *reason, uint64_t refused_count)
{
    char quoted[256];
    (void)owner;
    if (reason != NULL) {
        log_event(LOG_WARNING, "connections_refused", "reason=%s", log_quote(str_of(reason), quoted, sizeof quoted));
    } else {
        log_event(LOG_INFO, "connections_accepted", "refused=%" PRIu64, refused_count);
    }
}

/* A path is what it is: "%00" would end it. */
static size_t leave_escaped(void *owner, struct MHD_Connection *connection, char *text)
{
    (void)owner, (void)connection;
    return strlen(text);
}

static void on_log(void *owner, const char *format, va_list arguments)
{
    char text[512];
    char quoted[1024];
    (void)owner;
    vsnprintf(text, sizeof text, format, arguments);
    log_event(LOG_DEBUG, "http", "text=%s", log_quote(str_trim(str_of(text)), quoted, sizeof quoted));
}

/* ---- Its life ---- */

/* Files that this process has open; 0: nobody knows. */
static uint64_t count_files(void)
{
    uint64_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (folder != NULL) {
        while (readdir(folder) != NULL) {
            count++;
        }
        closedir(folder);
    }
    return count;
}

/* A connection is a file. A quarter of those that are left is kept for the stores and the bus. */
static uint32_t find_room(const struct gateway_config *config)
{
    struct rlimit limit;
    uint64_t used = count_files();
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return config->connection_count_max;
    }
    uint64_t room = limit.rlim_cur > used ? (limit.rlim_cur - used) / 4 * 3 : 0;
    if (room >= config->connection_count_max) {
        return config->connection_count_max;
    }
    room = room == 0 ? 1 : room;
    log_event(LOG_WARNING, "connections_limited", "connections=%" PRIu64 " wanted=%" PRIu32 " files=%" PRIu64, room,
              config->connection_count_max, (uint64_t)limit.rlim_cur);
    return (uint32_t)room;
}

/* What TLS adds to the server; the first certificate is MHD's fallback, should a connection not get its own. */
#define TLS_OPTIONS 4
static void fill_tls_options(struct http *http, struct MHD_OptionItem options[TLS_OPTIONS])
{
    const char *certificate;
    const char *key;
    size_t count = 0;
    if (http->gateway->tls != NULL) {
        tls_texts(http->gateway->tls, &certificate, &key);
        options[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)certificate};
        options[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)key};
        options[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)TLS_PRIORITIES};
    }
    options[count] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
}

static enum status start_server(struct http *http)
{
    const struct gateway_config *config = &http->gateway->config;
    /* Not epoll: with 128 connections ready at a time, or a multiple, libmicrohttpd 0.9.75 looks for more before it serves
     * them, and waits for it as if there were none. Connections that wait for an answer are not polled. */
    unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls_options[TLS_OPTIONS];
    flags |= http->gateway->tls != NULL ? MHD_USE_TLS : 0;
    fill_tls_options(http, tls_options);
    unsigned threads = config->thread_count;
    const struct MHD_OptionItem options[] = {
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_log, NULL}, /* first, so that the others' problems are told */
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, http},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, http},
        /* The door counts; a thread could have them all. */
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)(config->connection_count_max * threads), NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, GATEWAY_HEADER_BYTES_MAX, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)leave_escaped, NULL},
        {MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL},
        {threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    http->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, http, MHD_OPTION_ARRAY, options,
                                    MHD_OPTION_ARRAY, tls_options, MHD_OPTION_END);
    return http->daemon == NULL ? STATUS_IO : STATUS_OK;
}

static enum status start(struct http *http, const union listen_address *address)
{
    const struct door_config config = {
        .address = *address,
        .guest_count_max = find_room(&http->gateway->config),
        .refusal = http->gateway->tls == NULL ? STR(REFUSAL) : STR(""), /* before TLS there are no words */
        .let_in = let_in,
        .told = on_told,
        .owner = http,
    };
    TRY(door_open(&config, &http->door));
    listen_show(door_address(http->door), http->address, sizeof http->address);
    TRY(start_server(http));
    return door_start(http->door);
}

enum status http_open(struct gateway *gateway, const union listen_address *address, struct http **out_http,
                      struct bus_error *out_error)
{
    struct http *http = calloc(1, sizeof *http);
    TRY_NEW(http);
    http->gateway = gateway;
    enum status status = start(http, address);
    if (status != STATUS_OK) {
        char shown[64];
        listen_show(address, shown, sizeof shown);
        snprintf(out_error->text, sizeof out_error->text, "the gateway can't listen on %s (gateway.listen): %s", shown,
                 strerror(errno));
        http_close(http);
        return status;
    }
    *out_http = http;
    return STATUS_OK;
}

struct str http_address(const struct http *http)
{
    return str_of(http->address);
}

void http_drain(struct http *http)
{
    atomic_store(&http->draining, true);
}

void http_close(struct http *http)
{
    if (http->door != NULL) {
        door_stop(http->door);
    }
    if (http->daemon != NULL) {
        MHD_stop_daemon(http->daemon);
    }
    if (http->door != NULL) {
        door_close(http->door);
    }
    free(http);
}
