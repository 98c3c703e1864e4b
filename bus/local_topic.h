/* The embedded bus's topics: their rows, and the handles, which are made when the bus is opened or the topic created.
 */
#ifndef PAWL_BUS_LOCAL_TOPIC_H
#define PAWL_BUS_LOCAL_TOPIC_H

#include "bus/local.h"

MUST_CHECK enum status local_topic_open(struct bus *bus, struct str name, const struct bus_topic **out_topic,
                                        struct bus_error *out_error);
MUST_CHECK enum status local_topic_create(struct bus *bus, const struct bus_topic_config *config,
                                          struct bus_error *out_error);
MUST_CHECK enum status local_topic_list(struct bus *bus, struct arena *arena, struct str prefix, struct str **out_names,
                                        size_t *out_count, struct bus_error *out_error);

/* Reads all topics and where their partitions begin and end. */
MUST_CHECK enum status local_topic_load(struct local *local);

#endif
