/* The settings that pawl's topics are made with: for whoever makes one (bus_kafka_admin.c), and whoever compares one. */
#ifndef PAWL_BUS_BUS_KAFKA_WISH_H
#define PAWL_BUS_BUS_KAFKA_WISH_H

#include "bus/bus.h"

#define BUS_KAFKA_WISHES_MAX 6
#define BUS_KAFKA_WISH_REPLICAS 3 /* where there are so many brokers */
#define BUS_KAFKA_WISH_IN_SYNC 2  /* of so many replicas */

struct bus_kafka_wish {
    const char *name; /* as Kafka spells it */
    char value[24];
};

/* Those of a topic with so many replicas; how many they are. */
size_t bus_kafka_wish_topic(const struct bus_topic_config *config, uint32_t replica_count,
                            struct bus_kafka_wish out_wishes[BUS_KAFKA_WISHES_MAX]);

#endif
