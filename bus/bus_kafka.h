/* The bus on Apache Kafka, by librdkafka (the only user of rdkafka.h). */
#ifndef PAWL_BUS_BUS_KAFKA_H
#define PAWL_BUS_BUS_KAFKA_H

#include "bus/bus.h"

/* A librdkafka property as the user gave it. */
struct bus_kafka_property {
    const char *name;
    const char *value;
};

struct bus_kafka_options {
    /* `kafka.*`, for every client; `kafka.consumer.*` and `kafka.producer.*`, for one kind; prefixes taken off */
    const struct bus_kafka_property *common;
    size_t common_count;
    const struct bus_kafka_property *consumer;
    size_t consumer_count;
    const struct bus_kafka_property *producer;
    size_t producer_count;
    bus_log_fn log;
    void *log_owner;
};

/* Why the user may not set the property (it would break exactly-once), or NULL when he may. */
const char *bus_kafka_refused(const char *property);

/* REFUSED: a property is unknown, bad or refused (out_error names it). RETRIABLE: no broker answered within 10 s. */
MUST_CHECK enum status bus_kafka_open(const struct bus_kafka_options *options, struct bus **out_bus,
                                      struct bus_error *out_error);

/* librdkafka's version in words, and as a number: 0x020002ff is 2.0.2. */
const char *bus_kafka_version(void);
int bus_kafka_version_number(void);

#endif
