/* The history of one execution, its latest run. */
#ifndef PAWL_CLI_CHRONICLE_H
#define PAWL_CLI_CHRONICLE_H

#include "cli/scan.h"

struct chronicle {
    struct str arn;
    const struct history_event **events; /* of the latest incarnation, as many as there were when it was opened */
    size_t count;
    size_t capacity;
    int64_t incarnation;
    struct scan scan; /* topics_chronicle.c's */
    struct {
        struct str token;    /* of the page to be read next, or once more; STR_NONE: the first */
        int64_t last_id;     /* of the last event that was taken */
        struct arena *arena; /* of one page */
    } page;                  /* endpoint_chronicle.c's */
};

/* Reads what there is. */
enum exit_code chronicle_open(struct context *context, struct str arn, struct chronicle *out_chronicle);
void chronicle_close(struct context *context, struct chronicle *chronicle);

/* The next event that comes; *out_event is NULL when none did within timeout_ms. */
enum exit_code chronicle_follow(struct context *context, struct chronicle *chronicle, int timeout_ms,
                                const struct history_event **out_event);

/* Adds the event to those of the chronicle; for the sides. */
enum exit_code chronicle_keep(struct context *context, struct chronicle *chronicle, const struct history_event *event);

/* Whether the event ends an execution. */
bool chronicle_is_end(const struct history_event *event);

#endif
