/* What whoever watches the process asks over HTTP: GET /healthz (does it live), /readyz (should it get work) and /metrics.
 * The process answers them (probe_fn); the gateway's server passes them on, and where there is no gateway, a small server of
 * their own does, which knows nothing else. */
#ifndef PAWL_GATEWAY_PROBE_H
#define PAWL_GATEWAY_PROBE_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "bus/bus.h"

enum probe { PROBE_HEALTH, PROBE_READY, PROBE_METRICS };

struct probe_answer {
    unsigned http_status;
    const char *content_type; /* static storage */
    struct str body;          /* in the arena */
};

/* From any thread. */
typedef enum status (*probe_fn)(void *owner, enum probe probe, struct arena *arena, struct probe_answer *out_answer);

/* Whether the path is that of a probe. */
bool probe_of(struct str path, enum probe *out_probe);

struct probe_server;

/* Listens on ADDRESS:PORT (gateway/listen.h), which is that of the option named. INVALID, IO: *out_error says why not. */
struct probe_config {
    struct str listen;
    const char *option; /* for messages */
    bool insecure;      /* beyond loopback too */
    probe_fn probe;
    void *owner;
};
MUST_CHECK enum status probe_server_open(const struct probe_config *config, struct probe_server **out_server,
                                         struct bus_error *out_error);

/* Where it listens: "127.0.0.1:8084". Borrowed. */
struct str probe_server_address(const struct probe_server *server);
void probe_server_close(struct probe_server *server);

#endif
