#include "cli/bench_report.h"

#include "base/assert.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>

#define NAME_BYTES_MAX 128

void bench_report_add(struct bench_report *report, const char *part, const char *unit, double value, const char *name, ...)
{
    char text[NAME_BYTES_MAX];
    va_list arguments;
    ASSERT(report->count < BENCH_FIGURES_MAX);
    struct bench_figure *figure = &report->figures[report->count++];
    va_start(arguments, name);
    vsnprintf(text, sizeof text, name, arguments);
    va_end(arguments);
    *figure = (struct bench_figure){.part = str_of(part), .unit = str_of(unit), .value = value};
    enum status status = arena_copy(report->arena, str_of(text), &figure->name);
    ASSERT(status == STATUS_OK); /* a few KiB of an arena that holds much more */
    if (getloadavg(&figure->load, 1) != 1) {
        figure->load = 0;
    }
}

void bench_report_goal(struct bench_report *report, enum bench_goal goal, double bound)
{
    ASSERT(report->count > 0);
    report->figures[report->count - 1].goal = goal;
    report->figures[report->count - 1].bound = bound;
}

static bool is_reached(const struct bench_figure *figure)
{
    switch (figure->goal) {
    case BENCH_NO_GOAL:
        return true;
    case BENCH_AT_LEAST:
        return figure->value >= figure->bound;
    case BENCH_AT_MOST:
        return figure->value <= figure->bound;
    }
    UNREACHABLE("goal");
}

bool bench_report_is_good(const struct bench_report *report)
{
    bool good = true;
    for (size_t at = 0; at < report->count; at++) {
        good = good && is_reached(&report->figures[at]);
    }
    return good;
}

/* Digits that say something: 550,123 and 0.537. */
static int decimals_of(double value)
{
    return value >= 1000 || value == 0 ? 0 : value >= 10 ? 1 : 3;
}

void bench_report_print_last(const struct bench_report *report, FILE *out)
{
    ASSERT(report->count > 0);
    const struct bench_figure *figure = &report->figures[report->count - 1];
    fprintf(out, "%-9.*s %-58.*s %12.*f %-7.*s", STR_ARGS(figure->part), STR_ARGS(figure->name), decimals_of(figure->value),
            figure->value, STR_ARGS(figure->unit));
    if (figure->goal != BENCH_NO_GOAL) {
        fprintf(out, " %s %.*f: %s", figure->goal == BENCH_AT_LEAST ? ">=" : "<=", decimals_of(figure->bound), figure->bound,
                is_reached(figure) ? "yes" : "NO");
    }
    fputc('\n', out);
    fflush(out);
}

static json_t *json_of(const struct bench_figure *figure)
{
    json_t *object = json_pack("{s:s#,s:s#,s:s#,s:f,s:f}", "part", figure->part.bytes, (int)figure->part.length, "name",
                               figure->name.bytes, (int)figure->name.length, "unit", figure->unit.bytes,
                               (int)figure->unit.length, "value", figure->value, "load", figure->load);
    if (object != NULL && figure->goal != BENCH_NO_GOAL) {
        json_object_set_new(object, figure->goal == BENCH_AT_LEAST ? "atLeast" : "atMost", json_real(figure->bound));
        json_object_set_new(object, "reached", json_boolean(is_reached(figure)));
    }
    return object;
}

void bench_report_print_json(const struct bench_report *report, FILE *out)
{
    json_t *list = json_array();
    for (size_t at = 0; at < report->count; at++) {
        json_array_append_new(list, json_of(&report->figures[at]));
    }
    json_dumpf(list, out, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    fputc('\n', out);
    json_decref(list);
}
