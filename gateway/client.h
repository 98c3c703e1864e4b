/* Commands and results on their way to pawl, and the Replies that come back (design, section 8). Like any client: each goes
 * to its topic with a correlation id and this gateway's place on pawl.replies.
 *
 * Two threads: one writes what was handed over, as many at once as there are (a bus_producer belongs to one thread), one
 * follows the replies. */
#ifndef PAWL_GATEWAY_CLIENT_H
#define PAWL_GATEWAY_CLIENT_H

#include "bus/bus.h"
#include "schemas/codec/codec.h"
#include "schemas/topics.h"

#define CLIENT_CORRELATION_BYTES 48

struct client;

struct client_config {
    struct bus *bus;
    struct str prefix;                       /* of topics */
    struct str instance;                     /* chooses the partition of pawl.replies, where there are several */
    enum codec_encoding encodings[TOPIC_COUNT]; /* of commands and results */
    int64_t timeout_ms;                      /* for the Reply */
};

/* One command or result in flight. The caller's until client_send, the client's until `done`. */
struct client_request {
    /* Filled by the caller. */
    struct arena *arena;
    enum record_id record;
    void *value;    /* the struct of that record; its reply address is filled in by the client */
    struct str key; /* bytes == NULL: no key, a partition by chance */
    /* OK: `reply` is the Reply's value, borrowed during the call. TIMED_OUT: none came; what was asked for may still
     * happen. Others: it was not sent. Called once, by one of the client's threads, or from within client_send. */
    void (*done)(struct client_request *request, enum status status, struct str reply);
    void *owner;
    /* The client's. */
    struct client_request *next;  /* in the queue */
    struct client_request *chain; /* of those with the same hash */
    struct client_request *older; /* by age */
    struct client_request *newer;
    const struct bus_topic *topic;
    uint32_t partition;
    struct str message;
    struct str address; /* for its header */
    int64_t deadline_ms;
    bool queued; /* the sender has not had it yet */
    char correlation_id[CLIENT_CORRELATION_BYTES];
};

/* Opens the topics and starts the threads. */
MUST_CHECK enum status client_open(const struct client_config *config, struct client **out_client,
                                   struct bus_error *out_error);

/* Any thread. */
void client_send(struct client *client, struct client_request *request);

/* Every request that is in flight, or comes later, is done with RETRIABLE. */
void client_stop(struct client *client);
void client_close(struct client *client);

/* Why a thread has given up, or an empty text. The gateway is not ready then. */
void client_failure(struct client *client, struct bus_error *out_error);

#endif
