#include "processor/counters.h"

#define NAME(name) STR_INIT("pawl_processor_" name "_total")

const struct metric counters_metrics[COUNTER_COUNT] = {
#define COUNTER(id, name, text)                                                                                        \
    [COUNTER_##id] = {METRIC_TYPE_COUNTER, NAME(name), STR_INIT(""), STR_INIT(""), STR_INIT(text)},
#define EVENT_COUNTER(id, event, name, cloudwatch, text)                                                               \
    [COUNTER_##id] = {METRIC_TYPE_COUNTER, NAME(name), STR_INIT(""), STR_INIT(cloudwatch), STR_INIT(text)},
#include "processor/counters.def"
};

enum counter counters_of_event(struct str type, bool heartbeat_missed)
{
    static const struct {
        enum history_event_type type;
        bool heartbeat_missed;
        enum counter counter;
    } rows[] = {
#define COUNTER(id, name, text)
#define EVENT_COUNTER(id, event, name, cloudwatch, text) {HISTORY_EVENT_##event, false, COUNTER_##id},
#define HEARTBEAT_COUNTER(id, event, name, cloudwatch, text) {HISTORY_EVENT_##event, true, COUNTER_##id},
#include "processor/counters.def"
    };
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        if (rows[at].heartbeat_missed == heartbeat_missed && str_equal(history_event_type_name(rows[at].type), type)) {
            return rows[at].counter;
        }
    }
    return COUNTER_COUNT;
}

static void show_dead_letters(const struct counters *counters, struct metrics_page *page)
{
    int64_t invalid = counters_get(counters, COUNTER_INVALID_RECORDS);
    int64_t lost = counters_get(counters, COUNTER_LOST_RECORDS);
    int64_t others = counters_get(counters, COUNTER_DEAD_LETTERS) - invalid - lost;
    const struct {
        struct str reason;
        int64_t count;
    } rows[] = {{STR("InvalidRecord"), invalid}, {STR("WrongPartition"), lost}, {STR("InternalError"), others < 0 ? 0 : others}};
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        metrics_add(page, &metric_table[METRIC_DEAD_LETTERS], &(struct metrics_labels){{rows[at].reason}},
                    (double)rows[at].count);
    }
}

void counters_show(const struct counters *counters, struct metrics_page *page)
{
    for (int counter = 0; counter < COUNTER_COUNT; counter++) {
        metrics_add(page, &counters_metrics[counter], NULL, (double)counters_get(counters, (enum counter)counter));
    }
    show_dead_letters(counters, page);
    metrics_add_histogram(page, &metric_table[METRIC_TRANSACTION_TIME], NULL, &counters->transaction_time);
    metrics_add_histogram(page, &metric_table[METRIC_TIMER_LATENESS], NULL, &counters->timer_lateness);
    task_times_show(&counters->task_times, page);
}
