#include "bus/wire.h"

#include "base/assert.h"
#include "bus/bus_bytes.h"

#include <errno.h>
#include <sys/socket.h>

enum status wire_address(const char *path, struct sockaddr_un *out_address)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length >= sizeof address.sun_path) {
        return STATUS_LIMIT_EXCEEDED;
    }
    memcpy(address.sun_path, path, length + 1);
    *out_address = address;
    return STATUS_OK;
}

enum status wire_send(int socket, struct str payload)
{
    ASSERT(payload.length <= WIRE_FRAME_BYTES_MAX);
    char head[4];
    bus_bytes_put_u32(head, (uint32_t)payload.length);
    size_t total = sizeof head + payload.length;
    size_t sent = 0;
    while (sent < total) {
        size_t head_sent = sent < sizeof head ? sent : sizeof head;
        struct iovec parts[2] = {
            {head + head_sent, sizeof head - head_sent},
            {(char *)payload.bytes + (sent - head_sent), payload.length - (sent - head_sent)},
        };
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
        ssize_t count = sendmsg(socket, &message, MSG_NOSIGNAL);
        if (count > 0) {
            sent += (size_t)count;
        } else if (count == 0 || errno != EINTR) {
            return STATUS_IO;
        }
    }
    return STATUS_OK;
}

static enum status receive_all(int socket, char *bytes, size_t length)
{
    size_t received = 0;
    while (received < length) {
        ssize_t count = recv(socket, bytes + received, length - received, 0);
        if (count > 0) {
            received += (size_t)count;
        } else if (count == 0) {
            return received == 0 ? STATUS_END : STATUS_IO;
        } else if (errno != EINTR) {
            return STATUS_IO;
        }
    }
    return STATUS_OK;
}

enum status wire_receive(int socket, struct arena *arena, struct str *out_payload)
{
    char head[4];
    TRY(receive_all(socket, head, sizeof head));
    struct bus_bytes bytes = {.left = {head, sizeof head}};
    uint32_t length = bus_bytes_u32(&bytes);
    if (length > WIRE_FRAME_BYTES_MAX) {
        return STATUS_INVALID;
    }
    char *payload = arena_allocate(arena, length + 1);
    TRY_NEW(payload);
    enum status status = receive_all(socket, payload, length);
    if (status != STATUS_OK) {
        return STATUS_IO;
    }
    *out_payload = (struct str){payload, length};
    return STATUS_OK;
}
