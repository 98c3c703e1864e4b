/* What the Kafka clients of this process say of themselves, as metrics. */
#ifndef PAWL_CLI_KAFKA_FIGURES_H
#define PAWL_CLI_KAFKA_FIGURES_H

#include "bus/bus_statistics.h"
#include "metrics/metrics.h"

/* Each with the label `client`: consumer or producer. */
extern const struct metric kafka_figures_metrics[BUS_STATISTIC_COUNT];

/* Nothing of a bus that is not Kafka. */
void kafka_figures_show(struct bus *bus, struct metrics_page *page);

#endif
