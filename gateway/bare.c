#include "gateway/bare.h"

#include "base/limits.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>

struct bare {
    struct MHD_Daemon *daemon;
    struct MHD_Response *response;
    uint16_t port;
};

/* The library calls once when the headers are there, with each piece of the body, and once behind it. */
static enum MHD_Result on_request(void *owner, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *upload, size_t *upload_bytes, void **state)
{
    const struct bare *bare = owner;
    (void)path, (void)method, (void)version, (void)upload;
    if (*state == NULL) {
        *state = owner;
        return MHD_YES;
    }
    if (*upload_bytes > 0) {
        *upload_bytes = 0;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, bare->response);
}

static enum status open_response(struct bare *bare, struct str body)
{
    bare->response = MHD_create_response_from_buffer(body.length, (void *)body.bytes, MHD_RESPMEM_PERSISTENT);
    TRY_NEW(bare->response);
    MHD_add_response_header(bare->response, "Content-Type", "application/x-amz-json-1.0");
    MHD_add_response_header(bare->response, "x-amzn-RequestId", "00000000-0000-4000-8000-000000000000");
    return STATUS_OK;
}

static enum status open_daemon(struct bare *bare, uint32_t thread_count)
{
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const struct MHD_OptionItem options[] = {
        {MHD_OPTION_SOCK_ADDR, 0, (void *)&address},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, GATEWAY_HEADER_BYTES_MAX, NULL},
        {thread_count > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)thread_count, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    bare->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, bare, MHD_OPTION_ARRAY, options,
                                    MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        bare->daemon == NULL ? NULL : MHD_get_daemon_info(bare->daemon, MHD_DAEMON_INFO_BIND_PORT);
    if (info == NULL) {
        return STATUS_IO;
    }
    bare->port = info->port;
    return STATUS_OK;
}

enum status bare_open(uint32_t thread_count, struct str body, struct bare **out_bare)
{
    struct bare *bare = calloc(1, sizeof *bare);
    TRY_NEW(bare);
    enum status status = open_response(bare, body);
    if (status == STATUS_OK) {
        status = open_daemon(bare, thread_count);
    }
    if (status != STATUS_OK) {
        bare_close(bare);
        return status;
    }
    *out_bare = bare;
    return STATUS_OK;
}

void bare_close(struct bare *bare)
{
    if (bare->daemon != NULL) {
        MHD_stop_daemon(bare->daemon);
    }
    if (bare->response != NULL) {
        MHD_destroy_response(bare->response);
    }
    free(bare);
}

uint16_t bare_port(const struct bare *bare)
{
    return bare->port;
}
