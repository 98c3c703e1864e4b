/* A server that answers every request with the same bytes, on the library that the gateway is on, and does nothing else: what
 * `pawl bench api` holds the gateway against. */
#ifndef PAWL_GATEWAY_BARE_H
#define PAWL_GATEWAY_BARE_H

#include "base/status.h"
#include "base/str.h"

#include <stdint.h>

struct bare;

/* Listens on a port of 127.0.0.1 by the system. `body` is borrowed. IO: it can't; errno says why. */
MUST_CHECK enum status bare_open(uint32_t thread_count, struct str body, struct bare **out_bare);
void bare_close(struct bare *bare);

uint16_t bare_port(const struct bare *bare);

#endif
