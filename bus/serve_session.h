/* One connection to a served bus: answers its requests. All it reads may be hostile. */
#ifndef PAWL_BUS_SERVE_SESSION_H
#define PAWL_BUS_SERVE_SESSION_H

#include "bus/bus.h"

#include <stdatomic.h>

/* Serves the connection until it ends, breaks the rules, or *stop is set. The socket stays the caller's. */
void serve_session_run(struct bus *bus, int socket, const atomic_bool *stop);

#endif
