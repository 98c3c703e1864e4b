/* A command to pawl and its Reply. On the topics it is sent with an address on pawl.replies and a random correlation id; at an
 * endpoint it is the operation of the record's name, and the Reply is made of the answer. */
#ifndef PAWL_CLI_REQUEST_H
#define PAWL_CLI_REQUEST_H

#include "base/env.h"
#include "cli/connection.h"

struct request {
    char correlation_id[UUID_CHARACTERS + 1];
    int64_t window; /* commands that may be on their way at a time, about */
    /* The rest is topics_request.c's. */
    struct bus_reader *replies;
    struct bus_producer *producer;
    struct str reply_topic;
};

/* Before anything is sent. */
enum exit_code request_open(struct context *context, struct request *out_request);
void request_close(struct context *context, struct request *request);

/* Fills a command's reply address. */
#define REQUEST_ADDRESS(request, command)                                                                              \
    do {                                                                                                               \
        (command)->reply_topic = (request)->reply_topic;                                                               \
        (command)->reply_partition = 0;                                                                                \
        (command)->correlation_id = (struct str){(request)->correlation_id, UUID_CHARACTERS};                          \
    } while (0)

/* Sends the command (a struct of id `record`) and waits for its Reply, accepted or refused, which lies in the context's
 * arena. key.bytes == NULL: no key, a partition by chance. NO_REPLY after client.timeout.ms. */
enum exit_code request_send(struct context *context, struct request *request, enum record_id record, const void *command,
                            struct str key, struct reply *out_reply);

/* ---- Many at once ---- */

/* Sends the command without waiting for anything; request_flush makes all that was sent durable. */
enum exit_code request_post(struct context *context, struct request *request, enum record_id record, const void *command,
                            struct str key);
enum exit_code request_flush(struct context *context, struct request *request);

/* The next Reply whose correlation id begins with the request's, in `arena`; *out_more is false when none came in time. */
enum exit_code request_next(struct context *context, struct request *request, struct arena *arena, int timeout_ms,
                            struct reply *out_reply, bool *out_more);

/* Prints that no answer came. */
enum exit_code request_unanswered(struct context *context);

/* Prints why pawl refused. */
enum exit_code request_refusal(struct context *context, const struct reply *reply);

#endif
