/* Handles of pawl's topics, opened outside of transactions: opening one may wait for the network (design, section 3,
 * rule 14). Fixed topics are opened once, at the start; routes and reply topics when a definition or command first
 * names them. Any thread may call. */
#ifndef PAWL_PROCESSOR_TOPICS_H
#define PAWL_PROCESSOR_TOPICS_H

#include "bus/bus.h"
#include "schemas/topics.h"

struct topics;

/* Opens every fixed topic. NOT_FOUND names one that is missing; REFUSED one whose partition count differs. */
MUST_CHECK enum status topics_open(struct bus *bus, struct str prefix, struct topics **out_topics,
                                   struct bus_error *out_error);
void topics_close(struct topics *topics);

/* Makes the fixed topics that are missing, with `partition_count` partitions. REFUSED: one is there with another count.
 */
MUST_CHECK enum status topics_create(struct bus *bus, struct str prefix, uint32_t partition_count,
                                     struct bus_error *out_error);

/* What a topic is made with; TOPIC_TASKS: one of a route. */
struct bus_topic_config topics_config(enum topic_id id, struct str name, uint32_t partition_count);

/* Requires another id than TOPIC_TASKS. */
const struct bus_topic *topics_get(const struct topics *topics, enum topic_id id);
uint32_t topics_partition_count(const struct topics *topics);

/* The table of routes of the configuration (asl/route.h), for whoever compiles a definition; borrowed. */
void topics_set_route_table(struct topics *topics, struct str table);
struct str topics_route_table(const struct topics *topics);

/* The topic of a route, or NULL when topics_route_open has not seen it yet. Never waits. */
const struct bus_topic *topics_route(struct topics *topics, struct str route);

/* The route whose topic it is; STR_NONE: it is none of a route. */
struct str topics_route_of(const struct topics *topics, const struct bus_topic *topic);

/* What a route takes, as far as is known. */
struct topics_route_limit {
    int64_t bytes_max;  /* the largest request; 0: none at all; INT64_MAX: its topic is not open yet */
    struct str refusal; /* why, when it is less than the topic's own limit */
};

/* Copied into the arena. Never waits. */
MUST_CHECK enum status topics_route_limit(struct topics *topics, struct arena *arena, struct str route,
                                          struct topics_route_limit *out_limit);

/* For a while the route takes no requests of `bytes` and more (0: none at all), because of `reason`: then it is tried
 * again. */
void topics_route_refuse(struct topics *topics, struct str route, size_t bytes, const char *reason);

/* Opens the topic of a route, making it when it is missing. REFUSED: Kafka takes its name for another's, it has another
 * partition count, or it may not be made; then the route refuses requests for a while. */
MUST_CHECK enum status topics_route_open(struct topics *topics, struct str route, struct bus_error *out_error);

/* Where replies to `name` go. OK: *out_topic. RETRIABLE: topics_reply_open has not looked for it lately. NOT_FOUND:
 * there is none, or it is a topic that no stranger may write to. Never waits. */
MUST_CHECK enum status topics_reply(struct topics *topics, struct str name, const struct bus_topic **out_topic);
MUST_CHECK enum status topics_reply_open(struct topics *topics, struct str name, struct bus_error *out_error);

#endif
