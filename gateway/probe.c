#include "gateway/probe.h"

#include "base/limits.h"
#include "bus/bus_port.h"
#include "gateway/listen.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>

#define CONNECTIONS_MAX 100
#define IDLE_SECONDS_MAX 30
#define HEADER_BYTES_MAX 16384

struct probe_server {
    struct probe_config config;
    struct MHD_Daemon *daemon;
    char address[64];
};

bool probe_of(struct str path, enum probe *out_probe)
{
    static const struct str paths[] = {
        [PROBE_HEALTH] = STR_INIT("/healthz"),
        [PROBE_READY] = STR_INIT("/readyz"),
        [PROBE_METRICS] = STR_INIT("/metrics"),
    };
    for (size_t at = 0; at < sizeof paths / sizeof *paths; at++) {
        if (str_equal(paths[at], path)) {
            *out_probe = (enum probe)at;
            return true;
        }
    }
    return false;
}

/* ---- The server ---- */

static enum MHD_Result respond(struct MHD_Connection *connection, const struct probe_answer *answer)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer->body.length, (void *)answer->body.bytes, MHD_RESPMEM_MUST_COPY);
    if (response == NULL) {
        return MHD_NO;
    }
    MHD_add_response_header(response, "Content-Type", answer->content_type);
    enum MHD_Result result = MHD_queue_response(connection, answer->http_status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer(const struct probe_server *server, struct MHD_Connection *connection, struct str path)
{
    struct probe_answer answer = {.http_status = 404, .content_type = "text/plain", .body = STR("not found\n")};
    enum probe probe;
    if (!probe_of(path, &probe)) {
        return respond(connection, &answer);
    }
    struct arena *arena = arena_create(STEP_ARENA_BYTES_MAX);
    if (arena == NULL) {
        return MHD_NO;
    }
    enum status status = server->config.probe(server->config.owner, probe, arena, &answer);
    enum MHD_Result result = status == STATUS_OK ? respond(connection, &answer) : MHD_NO;
    arena_destroy(arena);
    return result;
}

/* Of a body nothing is read: a request that has one is over with its head. */
static enum MHD_Result on_request(void *owner, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *upload, size_t *upload_bytes, void **state)
{
    (void)version, (void)upload, (void)upload_bytes, (void)state;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        return respond(connection, &(struct probe_answer){405, "text/plain", STR("only GET\n")});
    }
    return answer(owner, connection, str_of(path));
}

static enum status find_address(const struct probe_config *config, union listen_address *out_address,
                                struct bus_error *out_error)
{
    if (listen_parse(config->listen, out_address) != STATUS_OK) {
        return bus_port_fail(out_error, STATUS_INVALID, "%s is '%.*s', but must be ADDRESS:PORT, as 127.0.0.1:8084",
                             config->option, STR_ARGS(config->listen));
    }
    if (!listen_is_loopback(out_address) && !config->insecure) {
        return bus_port_fail(out_error, STATUS_INVALID,
                             "%s is %.*s, which others can reach, and nobody is asked who they are; --insecure allows it",
                             config->option, STR_ARGS(config->listen));
    }
    return STATUS_OK;
}

static enum status start(struct probe_server *server, union listen_address *address)
{
    unsigned flags = MHD_USE_POLL_INTERNAL_THREAD;
    if (address->any.sa_family == AF_INET6) {
        flags |= MHD_USE_IPv6;
    }
    server->daemon = MHD_start_daemon(flags, listen_port(address), NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR,
                                      &address->any, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
                                      MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS_MAX,
                                      MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES_MAX,
                                      MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        server->daemon == NULL ? NULL : MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    if (info == NULL) {
        return STATUS_IO;
    }
    *(address->any.sa_family == AF_INET6 ? &address->v6.sin6_port : &address->v4.sin_port) = htons(info->port);
    listen_show(address, server->address, sizeof server->address);
    return STATUS_OK;
}

enum status probe_server_open(const struct probe_config *config, struct probe_server **out_server,
                              struct bus_error *out_error)
{
    union listen_address address;
    TRY(find_address(config, &address, out_error));
    struct probe_server *server = calloc(1, sizeof *server);
    TRY_NEW(server);
    server->config = *config;
    if (start(server, &address) != STATUS_OK) {
        bus_port_fail(out_error, STATUS_IO, "can't listen on %.*s (%s): %s", STR_ARGS(config->listen), config->option,
                      strerror(errno));
        probe_server_close(server);
        return STATUS_IO;
    }
    *out_server = server;
    return STATUS_OK;
}

struct str probe_server_address(const struct probe_server *server)
{
    return str_of(server->address);
}

void probe_server_close(struct probe_server *server)
{
    if (server->daemon != NULL) {
        MHD_stop_daemon(server->daemon);
    }
    free(server);
}
