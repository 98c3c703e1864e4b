#include "cli/kafka_figures.h"

#define COUNTER METRIC_TYPE_COUNTER
#define GAUGE METRIC_TYPE_GAUGE

const struct metric kafka_figures_metrics[BUS_STATISTIC_COUNT] = {
#define STATISTIC(id, kind, name, scope, member, scale, help)                                                          \
    {kind, STR_INIT("pawl_kafka_" name), STR_INIT("client"), STR_INIT(""), STR_INIT(help)},
#include "bus/bus_statistics.def"
};

void kafka_figures_show(struct bus *bus, struct metrics_page *page)
{
    static const struct str clients[BUS_CLIENT_COUNT] = {
        [BUS_CLIENT_CONSUMER] = STR_INIT("consumer"),
        [BUS_CLIENT_PRODUCER] = STR_INIT("producer"),
    };
    struct bus_statistics statistics;
    bus_statistics(bus, &statistics);
    for (int client = 0; client < BUS_CLIENT_COUNT; client++) {
        for (int at = 0; statistics.told[client] && at < BUS_STATISTIC_COUNT; at++) {
            metrics_add(page, &kafka_figures_metrics[at], &(struct metrics_labels){{clients[client]}},
                        statistics.values[client][at]);
        }
    }
}
