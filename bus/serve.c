#include "bus/serve.h"
#include "bus/bus_port.h"
enum status serve_start(struct bus *bus, const char *path, struct bus_server **out_server, struct bus_error *out_error)
{
    (void)bus, (void)path, (void)out_server;
    return bus_port_fail(out_error, STATUS_REFUSED, "not yet");
}
void serve_stop(struct bus_server *server)
{
    (void)server;
}
