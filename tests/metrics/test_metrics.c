/* The page's format and the table; docs/metrics.md is as the tables say: `test_metrics_metrics --write` makes it anew. */
#include "metrics/metrics.h"

#include "processor/counters.h"
#include "cli/kafka_figures.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ARENA_BYTES ((size_t)4 * 1024 * 1024)

#define METRICS_MAX (METRIC_COUNT + COUNTER_COUNT + BUS_STATISTIC_COUNT)

/* True for --write. */
static bool is_writing;

/* ---- The page ---- */

static const struct metric requests = {METRIC_TYPE_COUNTER, STR_INIT("requests_total"), STR_INIT("path,code"), STR_INIT(""),
                                       STR_INIT("what was asked")};
static const struct metric heat = {METRIC_TYPE_GAUGE, STR_INIT("heat"), STR_INIT(""), STR_INIT(""), STR_INIT("how hot")};
static const struct metric waits = {METRIC_TYPE_LATENCY, STR_INIT("wait_seconds"), STR_INIT("who"), STR_INIT(""),
                                    STR_INIT("how long")};

static void expect_page(const struct metrics_page *page, const char *wanted)
{
    struct str text;
    assert_int_equal(metrics_page_text(page, &text), STATUS_OK);
    if (!str_equal(text, str_of(wanted))) {
        fail_msg("%.*s", STR_ARGS(text));
    }
}

/* Samples of a metric stand together though others came between; label values are escaped, numbers keep their precision. */
static void test_page(void **state)
{
    (void)state;
    struct arena *arena = arena_create(ARENA_BYTES);
    struct metrics_page page;
    metrics_page_init(&page, arena);
    metrics_add(&page, &requests, &(struct metrics_labels){{STR("/a\"\\\n{}"), STR("200")}}, 9007199254740.0);
    metrics_add(&page, &heat, NULL, -0.25);
    metrics_add(&page, &requests, &(struct metrics_labels){{STR("/ü"), STR("")}}, 0);
    expect_page(&page, "# HELP requests_total what was asked\n# TYPE requests_total counter\n"
                       "requests_total{path=\"/a\\\"\\\\\\n{}\",code=\"200\"} 9007199254740\n"
                       "requests_total{path=\"/ü\",code=\"\"} 0\n"
                       "# HELP heat how hot\n# TYPE heat gauge\nheat -0.25\n");
    arena_destroy(arena);
}

static void test_full_arena(void **state)
{
    (void)state;
    struct arena *arena = arena_create(4096);
    struct metrics_page page;
    struct str text;
    metrics_page_init(&page, arena);
    for (int at = 0; at < 100000; at++) {
        metrics_add(&page, &heat, NULL, at);
    }
    assert_int_equal(metrics_page_text(&page, &text), STATUS_LIMIT_EXCEEDED);
    arena_destroy(arena);
}

/* A bound belongs to its bucket, buckets add up, and what is below zero is zero. */
static void test_histogram(void **state)
{
    (void)state;
    struct arena *arena = arena_create(ARENA_BYTES);
    struct histogram histogram = {0};
    struct metrics_page page;
    struct str text;
    const int64_t seen_us[] = {-5, 1000, 1001, 30000000, 30000001};
    for (size_t at = 0; at < sizeof seen_us / sizeof *seen_us; at++) {
        histogram_add(&histogram, &histogram_latency, seen_us[at]);
    }
    metrics_page_init(&page, arena);
    metrics_add_histogram(&page, &waits, &(struct metrics_labels){{STR("x")}}, &histogram);
    assert_int_equal(metrics_page_text(&page, &text), STATUS_OK);
    static const char *const lines[] = {
        "# TYPE wait_seconds histogram\n",
        "wait_seconds_bucket{who=\"x\",le=\"0.001\"} 2\n",
        "wait_seconds_bucket{who=\"x\",le=\"0.0025\"} 3\n",
        "wait_seconds_bucket{who=\"x\",le=\"30\"} 4\n",
        "wait_seconds_bucket{who=\"x\",le=\"+Inf\"} 5\n",
        "wait_seconds_sum{who=\"x\"} 60.002002\n",
        "wait_seconds_count{who=\"x\"} 5\n",
    };
    for (size_t at = 0; at < sizeof lines / sizeof *lines; at++) {
        if (str_find_str(text, str_of(lines[at])) == text.length) {
            fail_msg("%s is missing in %.*s", lines[at], STR_ARGS(text));
        }
    }
    arena_destroy(arena);
}

/* ---- The tables ---- */

static size_t all_metrics(const struct metric *out_metrics[METRICS_MAX])
{
    size_t count = 0;
    for (size_t at = 0; at < METRIC_COUNT; at++) {
        out_metrics[count++] = &metric_table[at];
    }
    for (size_t at = 0; at < COUNTER_COUNT; at++) {
        out_metrics[count++] = &counters_metrics[at];
    }
    for (size_t at = 0; at < BUS_STATISTIC_COUNT; at++) {
        out_metrics[count++] = &kafka_figures_metrics[at];
    }
    return count;
}

/* As Prometheus' conventions have it. */
static void test_names(void **state)
{
    (void)state;
    const struct metric *metrics[METRICS_MAX];
    size_t count = all_metrics(metrics);
    for (size_t at = 0; at < count; at++) {
        const struct metric *metric = metrics[at];
        bool total = str_ends_with(metric->name, STR("_total"));
        bool time = metric->type == METRIC_TYPE_LATENCY || metric->type == METRIC_TYPE_DURATION;
        bool fits = total == (metric->type == METRIC_TYPE_COUNTER) && (!time || str_ends_with(metric->name, STR("_seconds")));
        fits = fits && metric->help.length > 0 && memchr(metric->help.bytes, '\n', metric->help.length) == NULL &&
               memchr(metric->help.bytes, '\\', metric->help.length) == NULL;
        for (size_t letter = 0; letter < metric->name.length; letter++) {
            fits = fits && (islower((unsigned char)metric->name.bytes[letter]) || metric->name.bytes[letter] == '_');
        }
        for (size_t other = 0; other < at; other++) {
            fits = fits && !str_equal(metrics[other]->name, metric->name);
        }
        if (!fits) {
            fail_msg("%.*s", STR_ARGS(metric->name));
        }
    }
}

static void write_page(FILE *out)
{
    const struct metric *metrics[METRICS_MAX];
    size_t count = all_metrics(metrics);
    fputs("# Metrics\n\nMade from metrics/metrics.def, processor/counters.def and bus/bus_statistics.def. `GET /metrics` has them in\n"
          "Prometheus' text format;\n"
          "[operating.md](operating.md#metrics) says where, and what to watch. Histograms have buckets (`le`), `_sum` and `_count`.\n\n"
          "| metric | type | labels | CloudWatch | what it is |\n| --- | --- | --- | --- | --- |\n",
          out);
    for (size_t at = 0; at < count; at++) {
        const struct metric *metric = metrics[at];
        fprintf(out, "| `%.*s` | %s | %.*s | %.*s | %.*s |\n", STR_ARGS(metric->name), metric_type_name(metric->type),
                STR_ARGS(metric->labels), STR_ARGS(metric->cloudwatch), STR_ARGS(metric->help));
    }
}

static void test_documented(void **state)
{
    (void)state;
    static const char path[] = PAWL_SOURCE_DIR "/docs/metrics.md";
    char *made = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&made, &length);
    assert_non_null(out);
    write_page(out);
    fclose(out);
    if (is_writing) {
        FILE *page = fopen(path, "w");
        assert_non_null(page);
        assert_int_equal(fwrite(made, 1, length, page), length);
        assert_int_equal(fclose(page), 0);
    }
    char *present = calloc(1, length + 2);
    FILE *page = fopen(path, "r");
    if (page == NULL || fread(present, 1, length + 1, page) != length || memcmp(present, made, length) != 0) {
        fail_msg("docs/metrics.md is not what the tables say: run test_metrics_metrics --write");
    }
    fclose(page);
    free(present);
    free(made);
}

int main(int argc, char **argv)
{
    is_writing = argc > 1 && strcmp(argv[1], "--write") == 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page),       cmocka_unit_test(test_full_arena), cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_names),      cmocka_unit_test(test_documented),
    };
    return cmocka_run_group_tests_name("metrics/metrics", tests, NULL, NULL);
}
