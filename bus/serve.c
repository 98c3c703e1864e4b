#include "bus/serve.h"

#include "bus/bus_port.h"
#include "bus/serve_session.h"
#include "bus/wire.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define SEND_SECONDS 10 /* a client that does not take its answer for so long is dropped */

struct connection {
    struct bus_server *server;
    int socket;
    pthread_t thread;
    atomic_bool ended;
    struct connection *next;
};

/* The connections belong to the accepting thread, and to serve_stop once that has ended. */
struct bus_server {
    struct bus *bus;
    struct sockaddr_un address;
    int socket;
    pthread_t thread;
    atomic_bool stop;
    struct connection *connections;
    size_t connection_count;
};

static void *run_connection(void *owner)
{
    struct connection *connection = owner;
    serve_session_run(connection->server->bus, connection->socket, &connection->server->stop);
    /* The socket is closed when the thread is joined; the client is told now. */
    shutdown(connection->socket, SHUT_RDWR);
    atomic_store(&connection->ended, true);
    return NULL;
}

/* Joins the threads that have ended; all of them when `all`. */
static void reap(struct bus_server *server, bool all)
{
    struct connection **link = &server->connections;
    while (*link != NULL) {
        struct connection *connection = *link;
        if (!all && !atomic_load(&connection->ended)) {
            link = &connection->next;
            continue;
        }
        shutdown(connection->socket, SHUT_RDWR);
        pthread_join(connection->thread, NULL);
        close(connection->socket);
        *link = connection->next;
        free(connection);
        server->connection_count--;
    }
}

static void take_connection(struct bus_server *server, int socket)
{
    struct timeval limit = {.tv_sec = SEND_SECONDS};
    (void)setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    struct connection *connection = server->connection_count == CONNECTIONS_MAX ? NULL : calloc(1, sizeof *connection);
    if (connection == NULL) {
        close(socket);
        return;
    }
    connection->server = server;
    connection->socket = socket;
    if (pthread_create(&connection->thread, NULL, run_connection, connection) != 0) {
        close(socket);
        free(connection);
        return;
    }
    connection->next = server->connections;
    server->connections = connection;
    server->connection_count++;
}

static void *run_server(void *owner)
{
    struct bus_server *server = owner;
    while (!atomic_load(&server->stop)) {
        int socket = accept4(server->socket, NULL, NULL, SOCK_CLOEXEC);
        if (socket >= 0) {
            reap(server, false);
            take_connection(server, socket);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            reap(server, false);
            usleep(100 * 1000);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            break; /* serve_stop shut it down */
        }
    }
    return NULL;
}

/* Removes a socket that a process left behind when it died. REFUSED: somebody listens. */
static enum status remove_stale(const struct sockaddr_un *address, struct bus_error *out_error)
{
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0) {
        return STATUS_OK;
    }
    int result = connect(probe, (const struct sockaddr *)address, sizeof *address);
    int reason = errno;
    close(probe);
    if (result == 0) {
        return bus_port_fail(out_error, STATUS_REFUSED, "another process serves %s", address->sun_path);
    }
    if (reason == ECONNREFUSED) {
        unlink(address->sun_path);
    }
    return STATUS_OK;
}

static enum status listen_at(struct bus_server *server, struct bus_error *out_error)
{
    TRY(remove_stale(&server->address, out_error));
    server->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* The mode is set before the socket has a name, so that it never has another there. */
    if (server->socket < 0 || fchmod(server->socket, 0600) != 0 ||
        bind(server->socket, (const struct sockaddr *)&server->address, sizeof server->address) != 0 ||
        chmod(server->address.sun_path, 0600) != 0 || listen(server->socket, SOMAXCONN) != 0) {
        return bus_port_fail(out_error, STATUS_IO, "listening at %s: %s", server->address.sun_path, strerror(errno));
    }
    return STATUS_OK;
}

enum status serve_start(struct bus *bus, const char *path, struct bus_server **out_server, struct bus_error *out_error)
{
    struct bus_server *server = calloc(1, sizeof *server);
    TRY_NEW(server);
    server->bus = bus;
    server->socket = -1;
    enum status status = STATUS_OK;
    if (wire_address(path, &server->address) != STATUS_OK) {
        status = bus_port_fail(out_error, STATUS_REFUSED, "the path of a socket has at most 107 bytes: %s", path);
    } else {
        status = listen_at(server, out_error);
    }
    if (status == STATUS_OK && pthread_create(&server->thread, NULL, run_server, server) != 0) {
        unlink(path);
        status = bus_port_fail(out_error, STATUS_LIMIT_EXCEEDED, "no more threads");
    }
    if (status != STATUS_OK) {
        if (server->socket >= 0) {
            close(server->socket);
        }
        free(server);
        return status;
    }
    *out_server = server;
    return STATUS_OK;
}

void serve_stop(struct bus_server *server)
{
    if (server == NULL) {
        return;
    }
    atomic_store(&server->stop, true);
    shutdown(server->socket, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    unlink(server->address.sun_path);
    close(server->socket);
    reap(server, true);
    free(server);
}
