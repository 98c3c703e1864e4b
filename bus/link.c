#include "bus/link.h"

#include "bus/bus_port.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define LINK_ARENA_BYTES_MAX ((size_t)128 * 1024 * 1024)
#define ANSWER_SECONDS 30 /* a server that waits answers within WIRE_WAIT_MS_MAX */

enum status link_init(struct link *link, const char *path, struct str cluster_id)
{
    *link = (struct link){.path = path, .cluster_id = cluster_id, .socket = -1};
    link->arena = arena_create(LINK_ARENA_BYTES_MAX);
    TRY_NEW(link->arena);
    return STATUS_OK;
}

static void disconnect(struct link *link)
{
    if (link->socket >= 0) {
        close(link->socket);
        link->socket = -1;
    }
}

void link_clear(struct link *link)
{
    disconnect(link);
    arena_destroy(link->arena);
}

enum status link_check(const struct bus_bytes *answer, struct bus_error *out_error)
{
    return bus_bytes_ended(answer) ? STATUS_OK
                                   : bus_port_fail(out_error, STATUS_FATAL, "the bus's answer is malformed");
}

enum status link_begin(struct link *link, enum wire_op op, struct buffer *out_request)
{
    arena_reset(link->arena);
    *out_request = buffer_in(link->arena);
    return bus_bytes_add_u8(out_request, (uint8_t)op);
}

static enum status broken(struct link *link, struct bus_error *out_error)
{
    disconnect(link);
    return bus_port_fail(out_error, STATUS_RETRIABLE, "the connection to %s is broken", link->path);
}

/* One request over a socket that is connected. */
static enum status exchange(struct link *link, const struct buffer *request, struct bus_bytes *out_answer,
                            struct bus_error *out_error)
{
    struct str payload;
    if (request->length > WIRE_FRAME_BYTES_MAX) {
        return bus_port_fail(out_error, STATUS_LIMIT_EXCEEDED, "a request of over %u bytes",
                             (unsigned)WIRE_FRAME_BYTES_MAX);
    }
    if (wire_send(link->socket, buffer_text(request)) != STATUS_OK ||
        wire_receive(link->socket, link->arena, &payload) != STATUS_OK) {
        return broken(link, out_error);
    }
    struct bus_bytes answer = {.left = payload};
    uint8_t status = bus_bytes_u8(&answer);
    if (answer.bad || status >= STATUS_COUNT) {
        disconnect(link);
        return bus_port_fail(out_error, STATUS_FATAL, "the bus's answer is malformed");
    }
    if (status != STATUS_OK) {
        struct str text = bus_bytes_str(&answer);
        return bus_port_fail(out_error, (enum status)status, "%.*s", STR_ARGS(text));
    }
    *out_answer = answer;
    return STATUS_OK;
}

static enum status greet(struct link *link, struct str *out_cluster_id, struct bus_error *out_error)
{
    struct buffer request = buffer_in(link->arena);
    TRY(bus_bytes_add_u8(&request, WIRE_HELLO));
    TRY(bus_bytes_add_u32(&request, WIRE_MAGIC));
    TRY(bus_bytes_add_u8(&request, WIRE_VERSION));
    struct bus_bytes answer;
    enum status status = exchange(link, &request, &answer, out_error);
    if (status != STATUS_OK) {
        return status == STATUS_REFUSED ? STATUS_FATAL : status;
    }
    struct str cluster_id = bus_bytes_str(&answer);
    TRY(link_check(&answer, out_error));
    if (link->cluster_id.bytes != NULL && !str_equal(link->cluster_id, cluster_id)) {
        return bus_port_fail(out_error, STATUS_FATAL, "there is another bus at %s now", link->path);
    }
    if (out_cluster_id != NULL) {
        *out_cluster_id = cluster_id;
    }
    return STATUS_OK;
}

enum status link_connect(struct link *link, struct str *out_cluster_id, struct bus_error *out_error)
{
    if (link->socket >= 0) {
        return STATUS_OK;
    }
    struct sockaddr_un address;
    if (wire_address(link->path, &address) != STATUS_OK) {
        return bus_port_fail(out_error, STATUS_NOT_FOUND, "the path of a socket has at most 107 bytes: %s", link->path);
    }
    link->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (link->socket < 0) {
        return bus_port_fail(out_error, STATUS_RETRIABLE, "no socket: %s", strerror(errno));
    }
    struct timeval limit = {.tv_sec = ANSWER_SECONDS};
    (void)setsockopt(link->socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(link->socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(link->socket, (const struct sockaddr *)&address, sizeof address) != 0) {
        int reason = errno;
        disconnect(link);
        bool nobody = reason == ENOENT || reason == ECONNREFUSED;
        return bus_port_fail(out_error, nobody ? STATUS_NOT_FOUND : STATUS_RETRIABLE, "connecting to %s: %s",
                             link->path, strerror(reason));
    }
    enum status status = greet(link, out_cluster_id, out_error);
    if (status != STATUS_OK) {
        disconnect(link);
        return status;
    }
    link->connections++;
    return STATUS_OK;
}

/* For a bus that was there once, nobody at its socket is no more than a pause. */
static enum status reconnect(struct link *link, struct bus_error *out_error)
{
    enum status status = link_connect(link, NULL, out_error);
    return status == STATUS_NOT_FOUND ? STATUS_RETRIABLE : status;
}

enum status link_call(struct link *link, const struct buffer *request, struct bus_bytes *out_answer,
                      struct bus_error *out_error)
{
    TRY(reconnect(link, out_error));
    return exchange(link, request, out_answer, out_error);
}

enum status link_post(struct link *link, const struct buffer *request, struct bus_error *out_error)
{
    TRY(reconnect(link, out_error));
    return wire_send(link->socket, buffer_text(request)) == STATUS_OK ? STATUS_OK : broken(link, out_error);
}
