/* The table of metrics, and the page that `GET /metrics` answers: Prometheus' text format, version 0.0.4. */
#ifndef PAWL_METRICS_METRICS_H
#define PAWL_METRICS_METRICS_H

#include "base/buffer.h"
#include "metrics/histogram.h"

#define METRIC_LABELS_MAX 2

enum metric_type { METRIC_TYPE_COUNTER, METRIC_TYPE_GAUGE, METRIC_TYPE_LATENCY, METRIC_TYPE_DURATION };

struct metric {
    enum metric_type type;
    struct str name;
    struct str labels;     /* parted by a comma; empty: none */
    struct str cloudwatch; /* what AWS calls it; empty: it has none */
    struct str help;
};

enum metric_id {
#define METRIC(id, type, name, labels, cloudwatch, help) METRIC_##id,
#include "metrics/metrics.def"
    METRIC_COUNT
};
extern const struct metric metric_table[METRIC_COUNT];

/* "counter", "gauge" or "histogram". */
const char *metric_type_name(enum metric_type type);
const struct histogram_scale *metric_scale(enum metric_type type);

/* A page in the making. The samples of a metric stand together, in whatever order they come. */
struct metrics_family;
struct metrics_page {
    struct arena *arena;
    struct metrics_family *first;
    struct metrics_family *last;
    enum status status; /* the first that was not OK */
};
void metrics_page_init(struct metrics_page *page, struct arena *arena);

/* The values of a sample's labels, in the metric's order. Whatever they hold is escaped. */
struct metrics_labels {
    struct str values[METRIC_LABELS_MAX];
};

/* A sample. `metric` must live as long as the page; `labels` is NULL where it has none. */
void metrics_add(struct metrics_page *page, const struct metric *metric, const struct metrics_labels *labels, double value);
void metrics_add_histogram(struct metrics_page *page, const struct metric *metric, const struct metrics_labels *labels,
                           const struct histogram *histogram);

/* The whole. LIMIT_EXCEEDED: it does not fit into the arena. */
MUST_CHECK enum status metrics_page_text(const struct metrics_page *page, struct str *out_text);

#endif
