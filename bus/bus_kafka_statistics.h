/* librdkafka's statistics, read and added up. */
#ifndef PAWL_BUS_BUS_KAFKA_STATISTICS_H
#define PAWL_BUS_BUS_KAFKA_STATISTICS_H

#include "bus/bus_statistics.h"

#include <pthread.h>

/* Of a bus. */
struct bus_kafka_statistics {
    pthread_mutex_t lock; /* guards the rest */
    struct bus_statistics sum;
};

/* What one client told last; empty at first. It may outlive the client and serve its successor. */
struct bus_kafka_told {
    double values[BUS_STATISTIC_COUNT];
};

/* Takes what a client tells now: JSON as librdkafka makes it; what can't be read is passed over. */
void bus_kafka_statistics_take(struct bus_kafka_statistics *totals, enum bus_client kind, struct bus_kafka_told *told,
                               const char *text, size_t length);
void bus_kafka_statistics_copy(struct bus_kafka_statistics *totals, struct bus_statistics *out_statistics);

#endif
