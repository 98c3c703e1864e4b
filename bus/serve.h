/* Serves an embedded bus to other processes of this user over a Unix socket (frames: bus/wire.h). */
#ifndef PAWL_BUS_SERVE_H
#define PAWL_BUS_SERVE_H

#include "bus/bus.h"

struct bus_server;

/* Listens on `path` (mode 0600), one thread a connection. REFUSED: the path is too long, or somebody listens there. */
MUST_CHECK enum status serve_start(struct bus *bus, const char *path, struct bus_server **out_server,
                                   struct bus_error *out_error);

/* Ends every connection and removes the socket. Nothing for NULL. */
void serve_stop(struct bus_server *server);

#endif
