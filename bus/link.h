/* A client's connection to a served bus: one request at a time. It connects when it is first used, and anew after it
 * broke. */
#ifndef PAWL_BUS_LINK_H
#define PAWL_BUS_LINK_H

#include "base/buffer.h"
#include "bus/bus.h"
#include "bus/bus_bytes.h"
#include "bus/wire.h"

struct link {
    const char *path;      /* borrowed */
    struct str cluster_id; /* borrowed; another bus at that path is refused; bytes == NULL: any will do */
    int socket;            /* -1: not connected */
    uint32_t connections;  /* how often it connected: what a connection carried is gone when this changes */
    struct arena *arena;   /* of one request and its answer */
};

MUST_CHECK enum status link_init(struct link *link, const char *path, struct str cluster_id);
void link_clear(struct link *link);

/* Connects if need be. NOT_FOUND: nobody listens. RETRIABLE. FATAL: it is another bus now, or speaks another version.
 * out_cluster_id (NULL: not wanted) is in the link's arena. */
MUST_CHECK enum status link_connect(struct link *link, struct str *out_cluster_id, struct bus_error *out_error);

/* Starts a request, in the link's arena: what earlier calls gave is gone. */
MUST_CHECK enum status link_begin(struct link *link, enum wire_op op, struct buffer *out_request);

/* Sends the request; the fields of the answer are borrowed from the link's arena. Beside what the server answers:
 * RETRIABLE: the connection is broken, and it is not known whether the request was carried out. */
MUST_CHECK enum status link_call(struct link *link, const struct buffer *request, struct bus_bytes *out_answer,
                                 struct bus_error *out_error);

/* Sends a request that has no answer. */
MUST_CHECK enum status link_post(struct link *link, const struct buffer *request, struct bus_error *out_error);

/* After the fields of an answer were read: FATAL when they were not as they should be. */
MUST_CHECK enum status link_check(const struct bus_bytes *answer, struct bus_error *out_error);

#endif
