/* The history of one execution, its latest run, as pawl.history holds it. */
#ifndef PAWL_CLI_CHRONICLE_H
#define PAWL_CLI_CHRONICLE_H

#include "cli/scan.h"

struct chronicle {
    struct str arn;
    struct scan scan;
    const struct history_event **events; /* of the latest incarnation, up to the scan's end */
    size_t count;
    size_t capacity;
    int64_t incarnation;
};

/* Reads what there is. */
enum exit_code chronicle_open(struct context *context, struct str arn, struct chronicle *out_chronicle);
void chronicle_close(struct chronicle *chronicle);

/* The next event that comes; *out_event is NULL when none did within timeout_ms. */
enum exit_code chronicle_follow(struct context *context, struct chronicle *chronicle, int timeout_ms,
                                const struct history_event **out_event);

/* Whether the event ends an execution. */
bool chronicle_is_end(const struct history_event *event);

#endif
