#include "metrics/metrics.h"

#include "base/assert.h"

#include <inttypes.h>
#include <stdio.h>

const struct metric metric_table[METRIC_COUNT] = {
#define METRIC(id, type, name, labels, cloudwatch, help)                                                               \
    {METRIC_TYPE_##type, STR_INIT(name), STR_INIT(labels), STR_INIT(cloudwatch), STR_INIT(help)},
#include "metrics/metrics.def"
};

struct metrics_family {
    struct metrics_family *next;
    const struct metric *metric;
    struct buffer samples;
};

const char *metric_type_name(enum metric_type type)
{
    switch (type) {
    case METRIC_TYPE_COUNTER:
        return "counter";
    case METRIC_TYPE_GAUGE:
        return "gauge";
    case METRIC_TYPE_LATENCY:
    case METRIC_TYPE_DURATION:
        return "histogram";
    }
    UNREACHABLE("metric type");
}

const struct histogram_scale *metric_scale(enum metric_type type)
{
    return type == METRIC_TYPE_DURATION ? &histogram_duration : &histogram_latency;
}

void metrics_page_init(struct metrics_page *page, struct arena *arena)
{
    *page = (struct metrics_page){.arena = arena};
}

static enum status find_family(struct metrics_page *page, const struct metric *metric, struct metrics_family **out_family)
{
    struct metrics_family *family = page->last; /* samples mostly come one after the other */
    if (family == NULL || family->metric != metric) {
        for (family = page->first; family != NULL && family->metric != metric;) {
            family = family->next;
        }
    }
    if (family == NULL) {
        family = arena_new(page->arena, struct metrics_family);
        TRY_NEW(family);
        family->metric = metric;
        family->samples = buffer_in(page->arena);
        *(page->last == NULL ? &page->first : &page->last->next) = family;
        page->last = family;
    }
    *out_family = family;
    return STATUS_OK;
}

/* ---- Samples ---- */

/* Backslash, quote and line feed, as the format says. */
static enum status add_escaped(struct buffer *buffer, struct str text)
{
    for (size_t at = 0; at < text.length; at++) {
        char byte = text.bytes[at];
        if (byte == '\\' || byte == '"' || byte == '\n') {
            TRY(buffer_add_byte(buffer, '\\'));
            byte = byte == '\n' ? 'n' : byte;
        }
        TRY(buffer_add_byte(buffer, byte));
    }
    return STATUS_OK;
}

/* name{label="value",…}; `bound` is the le of a bucket, NULL: it is none. */
static enum status add_head(struct buffer *buffer, const struct metric *metric, const char *suffix,
                            const struct metrics_labels *labels, const char *bound)
{
    struct str names = metric->labels;
    const char *before = "{";
    TRY(buffer_format(buffer, "%.*s%s", STR_ARGS(metric->name), suffix));
    for (size_t at = 0; names.length > 0; at++) {
        ASSERT(labels != NULL && at < METRIC_LABELS_MAX);
        size_t length = str_find(names, ',');
        TRY(buffer_format(buffer, "%s%.*s=\"", before, (int)length, names.bytes));
        TRY(add_escaped(buffer, labels->values[at]));
        TRY(buffer_add_byte(buffer, '"'));
        names = str_from(names, length < names.length ? length + 1 : length);
        before = ",";
    }
    if (bound != NULL) {
        TRY(buffer_format(buffer, "%sle=\"%s\"", before, bound));
        before = ",";
    }
    return before[0] == ',' ? buffer_add(buffer, STR("} ")) : buffer_add_byte(buffer, ' ');
}

static enum status add_number(struct metrics_page *page, const struct metric *metric, const struct metrics_labels *labels,
                              double value)
{
    struct metrics_family *family;
    TRY(find_family(page, metric, &family));
    TRY(add_head(&family->samples, metric, "", labels, NULL));
    return buffer_format(&family->samples, "%.15g\n", value);
}

void metrics_add(struct metrics_page *page, const struct metric *metric, const struct metrics_labels *labels, double value)
{
    if (page->status == STATUS_OK) {
        page->status = add_number(page, metric, labels, value);
    }
}

/* The count is that of the buckets as they were read: another thread may add meanwhile. */
static enum status add_histogram(struct metrics_page *page, const struct metric *metric,
                                 const struct metrics_labels *labels, const struct histogram *histogram)
{
    const struct histogram_scale *scale = metric_scale(metric->type);
    struct metrics_family *family;
    int64_t count = 0;
    TRY(find_family(page, metric, &family));
    for (size_t at = 0; at <= scale->count; at++) {
        char bound[32] = "+Inf";
        count += atomic_load_explicit(&histogram->counts[at], memory_order_relaxed);
        if (at < scale->count) {
            snprintf(bound, sizeof bound, "%.15g", (double)scale->bounds_us[at] / 1e6);
        }
        TRY(add_head(&family->samples, metric, "_bucket", labels, bound));
        TRY(buffer_format(&family->samples, "%" PRId64 "\n", count));
    }
    TRY(add_head(&family->samples, metric, "_sum", labels, NULL));
    TRY(buffer_format(&family->samples, "%.15g\n",
                      (double)atomic_load_explicit(&histogram->sum_us, memory_order_relaxed) / 1e6));
    TRY(add_head(&family->samples, metric, "_count", labels, NULL));
    return buffer_format(&family->samples, "%" PRId64 "\n", count);
}

void metrics_add_histogram(struct metrics_page *page, const struct metric *metric, const struct metrics_labels *labels,
                           const struct histogram *histogram)
{
    if (page->status == STATUS_OK) {
        page->status = add_histogram(page, metric, labels, histogram);
    }
}

enum status metrics_page_text(const struct metrics_page *page, struct str *out_text)
{
    struct buffer text = buffer_in(page->arena);
    TRY(page->status);
    for (const struct metrics_family *family = page->first; family != NULL; family = family->next) {
        const struct metric *metric = family->metric;
        TRY(buffer_format(&text, "# HELP %.*s %.*s\n# TYPE %.*s %s\n", STR_ARGS(metric->name), STR_ARGS(metric->help),
                          STR_ARGS(metric->name), metric_type_name(metric->type)));
        TRY(buffer_add(&text, buffer_text(&family->samples)));
    }
    *out_text = buffer_text(&text);
    return STATUS_OK;
}
