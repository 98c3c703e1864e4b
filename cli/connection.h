/* A client command's bus: Kafka when kafka.bootstrap.servers is set, else the running `pawl dev` of state.dir. */
#ifndef PAWL_CLI_CONNECTION_H
#define PAWL_CLI_CONNECTION_H

#include "cli/context.h"
#include "schemas/topics.h"

struct api;

struct connection {
    struct api *api; /* of an endpoint; the rest is not there then */
    struct bus *bus;
    struct codec *codec;
    const struct bus_topic *topics[TOPIC_COUNT]; /* those that were asked for; never TOPIC_TASKS */
};

/* Opens context->connection. Logs of the bus go to base/log.h. */
enum exit_code connection_open(struct context *context);
void connection_close(struct connection *connection);

/* One of pawl's topics; fails when it does not exist. */
enum exit_code connection_topic(struct context *context, enum topic_id id, const struct bus_topic **out_topic);

/* "pawl.commands", of a task route "pawl.tasks.NAME". */
enum exit_code connection_topic_name(struct context *context, enum topic_id id, struct str route, struct str *out_name);

/* The Kafka bus of the configuration. */
enum exit_code connection_open_kafka(struct context *context, struct bus **out_bus);

/* Where `pawl dev` listens: state.dir/socket. */
enum exit_code connection_socket(struct context *context, struct str *out_path);

#endif
