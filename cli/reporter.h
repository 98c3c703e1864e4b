/* Sends what workers have to say to pawl.results: one thread with the producer, so that many results share one flush. */
#ifndef PAWL_CLI_REPORTER_H
#define PAWL_CLI_REPORTER_H

#include "cli/task.h"

struct reporter;

struct reporter_config {
    struct bus *bus;
    const struct bus_topic *results;
    enum codec_encoding encoding;
    void (*reported)(void *owner); /* some tasks' outcomes have become durable; may be NULL */
    void *owner;
};

/* Starts the thread. */
MUST_CHECK enum status reporter_create(const struct reporter_config *config, struct reporter **out_reporter,
                                       struct bus_error *out_error);

/* Ends the thread. Requires that all tasks were reported, unless `give_up`. */
void reporter_destroy(struct reporter *reporter, bool give_up);

/* The task is finished: its outcome is sent until it is durable; then task->reported. From any thread. */
void reporter_finish(struct reporter *reporter, struct task *task);

/* The task is begun, by `worker_name` (STR_NONE: nobody in particular; borrowed until the task is reported). From the thread
 * that works on it. */
void reporter_started(struct reporter *reporter, const struct task *task, struct str worker_name);

/* The task lives: one heartbeat. From the thread that works on it. */
void reporter_heartbeat(struct reporter *reporter, const struct task *task);

/* Whether it can't go on; then *out_error says why. From any thread. */
bool reporter_failed(struct reporter *reporter, struct bus_error *out_error);

#endif
