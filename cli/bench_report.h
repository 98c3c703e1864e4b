/* What was measured: a table for people, or JSON. */
#ifndef PAWL_CLI_BENCH_REPORT_H
#define PAWL_CLI_BENCH_REPORT_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdio.h>

#define BENCH_FIGURES_MAX 128

enum bench_goal { BENCH_NO_GOAL, BENCH_AT_LEAST, BENCH_AT_MOST };

struct bench_figure {
    struct str part; /* core, share, … */
    struct str name;
    struct str unit;
    double value;
    enum bench_goal goal;
    double bound; /* of the goal */
    double load;  /* the machine's load average when it was measured */
};

struct bench_report {
    struct arena *arena;
    struct bench_figure figures[BENCH_FIGURES_MAX];
    size_t count;
};

/* Adds a figure; the name is as printf makes it. `part` and `unit` are literals. */
void bench_report_add(struct bench_report *report, const char *part, const char *unit, double value, const char *name, ...)
    __attribute__((format(printf, 5, 6)));

/* Sets the goal of the figure that was added last. */
void bench_report_goal(struct bench_report *report, enum bench_goal goal, double bound);

/* The figure that was added last, as one line. */
void bench_report_print_last(const struct bench_report *report, FILE *out);
void bench_report_print_json(const struct bench_report *report, FILE *out);

/* Whether every goal was reached. */
bool bench_report_is_good(const struct bench_report *report);

#endif
