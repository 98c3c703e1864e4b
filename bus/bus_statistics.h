/* What a bus's clients say of themselves: bus_statistics.def. Only Kafka's do; each tells every few seconds
 * (statistics.interval.ms; 0: never). */
#ifndef PAWL_BUS_BUS_STATISTICS_H
#define PAWL_BUS_BUS_STATISTICS_H

#include "bus/bus.h"

enum bus_client { BUS_CLIENT_CONSUMER, BUS_CLIENT_PRODUCER, BUS_CLIENT_COUNT };

enum bus_statistic {
#define STATISTIC(id, kind, name, scope, member, scale, help) BUS_STATISTIC_##id,
#include "bus/bus_statistics.def"
    BUS_STATISTIC_COUNT
};

struct bus_statistics {
    bool told[BUS_CLIENT_COUNT]; /* whether clients of the kind have said anything yet */
    double values[BUS_CLIENT_COUNT][BUS_STATISTIC_COUNT];
};

/* From any thread. */
void bus_statistics(struct bus *bus, struct bus_statistics *out_statistics);

#endif
