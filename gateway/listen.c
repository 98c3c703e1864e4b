#include "gateway/listen.h"

#include <arpa/inet.h>
#include <stdio.h>

#define HOST_BYTES_MAX 46 /* INET6_ADDRSTRLEN */

/* The last colon parts host and port; an IPv6 address stands in brackets. */
static bool split(struct str text, struct str *out_host, struct str *out_port, bool *out_v6)
{
    size_t colon = text.length;
    while (colon > 0 && text.bytes[colon - 1] != ':') {
        colon--;
    }
    if (colon == 0) {
        return false;
    }
    struct str host = str_slice(text, 0, colon - 1);
    *out_port = str_from(text, colon);
    *out_v6 = host.length > 2 && host.bytes[0] == '[' && host.bytes[host.length - 1] == ']';
    *out_host = *out_v6 ? str_slice(host, 1, host.length - 2) : host;
    return out_host->length > 0 && out_host->length < HOST_BYTES_MAX;
}

enum status listen_parse(struct str text, union listen_address *out_address)
{
    struct str host;
    struct str port_text;
    int64_t port;
    bool v6;
    char name[HOST_BYTES_MAX];
    if (!split(text, &host, &port_text, &v6) || !str_to_int64(port_text, &port) || port < 0 || port > UINT16_MAX) {
        return STATUS_INVALID;
    }
    if (str_equal(host, STR("localhost"))) {
        host = STR("127.0.0.1");
    }
    memcpy(name, host.bytes, host.length);
    name[host.length] = '\0';
    union listen_address address;
    memset(&address, 0, sizeof address);
    if (v6) {
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = htons((uint16_t)port);
        if (inet_pton(AF_INET6, name, &address.v6.sin6_addr) != 1) {
            return STATUS_INVALID;
        }
    } else {
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons((uint16_t)port);
        if (inet_pton(AF_INET, name, &address.v4.sin_addr) != 1) {
            return STATUS_INVALID;
        }
    }
    *out_address = address;
    return STATUS_OK;
}

bool listen_is_loopback(const union listen_address *address)
{
    if (address->any.sa_family == AF_INET6) {
        return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
    }
    return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
}

void listen_show(const union listen_address *address, char *out_text, size_t capacity)
{
    char host[HOST_BYTES_MAX] = "";
    if (address->any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof host);
        snprintf(out_text, capacity, "[%s]:%u", host, (unsigned)listen_port(address));
    } else {
        inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof host);
        snprintf(out_text, capacity, "%s:%u", host, (unsigned)listen_port(address));
    }
}

uint16_t listen_port(const union listen_address *address)
{
    return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port : address->v4.sin_port);
}
