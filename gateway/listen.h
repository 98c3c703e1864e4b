/* Where the gateway listens. */
#ifndef PAWL_GATEWAY_LISTEN_H
#define PAWL_GATEWAY_LISTEN_H

#include "base/status.h"
#include "base/str.h"

#include <netinet/in.h>
#include <stdbool.h>

union listen_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* "127.0.0.1:8083", "[::1]:8083", "localhost:8083", "0.0.0.0:80". INVALID for anything else: names are not looked up. */
MUST_CHECK enum status listen_parse(struct str text, union listen_address *out_address);

/* Whether only this machine can reach it. */
bool listen_is_loopback(const union listen_address *address);

/* As listen_parse reads it, with a NUL, in at least 64 bytes. */
void listen_show(const union listen_address *address, char *out_text, size_t capacity);

uint16_t listen_port(const union listen_address *address);

#endif
