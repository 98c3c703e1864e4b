/* Where a client command works: on the topics, or at an endpoint of the AWS API. Commands use request.h, lookup.h, executions.h
 * and chronicle.h, which are the same on both. */
#ifndef PAWL_CLI_SIDE_H
#define PAWL_CLI_SIDE_H

#include "cli/context.h"
#include "schemas/records.h"

struct request;
struct executions;
struct executions_filter;
struct chronicle;

struct side {
#define SIDE_DOES(type, name, parameters) type(*name) parameters;
#include "cli/side.def"
};

#define SIDE_DOES(type, name, parameters)                                                                              \
    type topics_##name parameters;                                                                                     \
    type endpoint_##name parameters;
#include "cli/side.def"

/* Refuses --endpoint where a command can't work at one. */
enum exit_code side_check(struct context *context);

/* Picks the side and connects: the endpoint of --endpoint or client.endpoint if there is one, else the topics. */
enum exit_code side_open(struct context *context);

/* Connects to the topics, for what the API does not have. */
enum exit_code side_open_topics(struct context *context);

/* The endpoint; STR_NONE: the topics. */
struct str side_endpoint(const struct context *context);

#endif
