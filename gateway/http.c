#include "gateway/http.h"

#include "base/assert.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/log.h"
#include "gateway/api_counts.h"
#include "gateway/call.h"
#include "gateway/principal.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define CONTENT_TYPE "application/x-amz-json-1.0"

struct http {
    struct gateway *gateway;
    struct MHD_Daemon *daemon;
    char address[64];
    _Atomic bool draining;
    _Atomic size_t body_bytes; /* of all requests that are arriving or being answered */
};

/* One request. It lies in its own arena. */
struct exchange {
    struct http *http;
    struct MHD_Connection *connection;
    struct arena *arena;
    int64_t began_ms;
    int64_t began_us; /* for the metrics */
    struct buffer body;
    size_t swallowed; /* bytes of a body that is too large, or for which there was no room */
    bool overloaded;
    bool has_run;
    bool is_probe; /* no call of the API */
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

/* The body stays in the exchange's arena until the request is completed. */
static enum MHD_Result respond(struct exchange *exchange)
{
    const struct call *call = &exchange->call;
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
    enum MHD_Result result = MHD_queue_response(exchange->connection, call->http_status, response);
    MHD_destroy_response(response);
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

/* A connection that waits is not looked at by the server: whether its other end is closed is for us to ask. */
static bool is_gone(const struct call *call)
{
    const struct exchange *exchange = call->owner;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info == NULL) {
        return false;
    }
    /* Not whether nothing is left to read: TLS says good-bye before it closes. */
    struct pollfd end = {.fd = info->connect_fd, .events = POLLRDHUP};
    return poll(&end, 1, 0) > 0;
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
    bool post = str_equal(exchange->method, STR("POST"));
    bool get = str_equal(exchange->method, STR("GET")) || str_equal(exchange->method, STR("HEAD"));
    enum probe probe;
    exchange->has_run = true;
    if (exchange->overloaded || atomic_load(&exchange->http->draining)) {
        return refuse(exchange, 503, "ServiceUnavailableException", "There is too much to do right now; try again");
    }
    if (exchange->swallowed > 0) {
        return refuse(exchange, 413, "RequestEntityTooLargeException", "The request is too large");
    }
    if (post && str_equal(exchange->path, STR("/"))) {
        return run_call(exchange);
    }
    if (get && probe_of(exchange->path, &probe)) {
        return tell_probe(exchange, probe);
    }
    return refuse(exchange, 404, "UnknownOperationException", NULL);
}

/* ---- Arriving ---- */

static struct exchange *exchange_create(struct http *http, struct MHD_Connection *connection)
{
    struct arena *arena = arena_create(STEP_ARENA_BYTES_MAX);
    struct exchange *exchange = arena == NULL ? NULL : arena_new(arena, struct exchange);
    uint8_t chance[16];
    if (exchange == NULL) {
        arena_destroy(arena);
        return NULL;
    }
    exchange->http = http;
    exchange->connection = connection;
    exchange->arena = arena;
    exchange->began_ms = bus_now_ms(http->gateway->bus);
    exchange->began_us = api_counts_clock_us();
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

static enum MHD_Result begin(struct http *http, struct MHD_Connection *connection, const char *method, const char *path,
                             void **state)
{
    struct exchange *exchange = exchange_create(http, connection);
    if (exchange == NULL) {
        return MHD_NO;
    }
    *state = exchange;
    if (arena_copy(exchange->arena, str_of(method), &exchange->method) != STATUS_OK ||
        arena_copy(exchange->arena, str_of(path), &exchange->path) != STATUS_OK) {
        return MHD_NO;
    }
    if (announces_too_much(exchange)) {
        return refuse(exchange, 413, "RequestEntityTooLargeException", "The request is too large");
    }
    return MHD_YES;
}

/* Takes a piece of the body. MHD_NO closes the connection: who sends so much, or so slowly, gets no answer. */
static enum MHD_Result take(struct exchange *exchange, struct str piece)
{
    struct http *http = exchange->http;
    if (bus_now_ms(http->gateway->bus) - exchange->began_ms > GATEWAY_REQUEST_MS_MAX) {
        return MHD_NO;
    }
    if (exchange->swallowed == 0 && exchange->body.length + piece.length <= GATEWAY_BODY_BYTES_MAX) {
        size_t before = atomic_fetch_add(&http->body_bytes, piece.length);
        if (before + piece.length > GATEWAY_BODIES_BYTES_MAX) {
            atomic_fetch_sub(&http->body_bytes, piece.length);
            exchange->overloaded = true;
        } else if (buffer_add(&exchange->body, piece) == STATUS_OK) {
            return MHD_YES;
        } else {
            atomic_fetch_sub(&http->body_bytes, piece.length);
            return MHD_NO;
        }
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
        atomic_fetch_sub(&exchange->http->body_bytes, exchange->body.length);
        arena_destroy(exchange->arena);
    }
}

/* With TLS alone: the connection takes what is the certificate now, and keeps it. */
static void on_connection(void *owner, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    const struct http *http = owner;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
        *context = info == NULL ? NULL : tls_attach(http->gateway->tls, info->tls_session);
    } else if (*context != NULL) {
        tls_detach(*context);
        *context = NULL;
    }
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

static enum status find_address(struct http *http, const union listen_address *wanted)
{
    union listen_address address = *wanted;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
    if (info == NULL) {
        return STATUS_IO;
    }
    if (address.any.sa_family == AF_INET6) {
        address.v6.sin6_port = htons(info->port);
    } else {
        address.v4.sin_port = htons(info->port);
    }
    listen_show(&address, http->address, sizeof http->address);
    return STATUS_OK;
}

/* What TLS adds to the server; the first certificate is MHD's fallback, should a connection not get its own. */
#define TLS_OPTIONS 5
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
        options[count++] = (struct MHD_OptionItem){MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, http};
    }
    options[count] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
}

enum status http_open(struct gateway *gateway, const union listen_address *address, struct http **out_http,
                      struct bus_error *out_error)
{
    struct http *http = calloc(1, sizeof *http);
    TRY_NEW(http);
    http->gateway = gateway;
    /* Not epoll: with 128 connections ready at a time, or a multiple, libmicrohttpd 0.9.75 looks for more before it serves
     * them, and waits for it as if there were none. Connections that wait for an answer are not polled. */
    unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    if (address->any.sa_family == AF_INET6) {
        flags |= MHD_USE_IPv6;
    }
    struct MHD_OptionItem tls_options[TLS_OPTIONS];
    flags |= gateway->tls != NULL ? MHD_USE_TLS : 0;
    fill_tls_options(http, tls_options);
    unsigned threads = gateway->config.thread_count;
    const struct MHD_OptionItem options[] = {
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_log, NULL}, /* first, so that the others' problems are told */
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, http},
        {MHD_OPTION_SOCK_ADDR, 0, (void *)&address->any},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)gateway->config.connection_count_max, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, GATEWAY_IDLE_SECONDS_MAX, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, GATEWAY_HEADER_BYTES_MAX, NULL},
        {MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL},
        {threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    http->daemon = MHD_start_daemon(flags, listen_port(address), NULL, NULL, on_request, http, MHD_OPTION_ARRAY, options,
                                    MHD_OPTION_ARRAY, tls_options, MHD_OPTION_END);
    if (http->daemon == NULL || find_address(http, address) != STATUS_OK) {
        char shown[64];
        listen_show(address, shown, sizeof shown);
        snprintf(out_error->text, sizeof out_error->text, "the gateway can't listen on %s (gateway.listen): %s", shown,
                 strerror(errno));
        http_close(http);
        return STATUS_IO;
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
    if (http->daemon != NULL) {
        MHD_stop_daemon(http->daemon);
    }
    free(http);
}
