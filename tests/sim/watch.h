/* What the topics say, read as it becomes visible: once each, while the world goes on, so that what breaks is found when it
 * does. The rest is for the end: check*.c. */
#ifndef PAWL_TESTS_SIM_WATCH_H
#define PAWL_TESTS_SIM_WATCH_H

#include "play.h"

struct watched {
    struct str arn;
    int64_t incarnation;
    const struct history_event **events; /* in order */
    size_t event_count;
    size_t event_capacity;
    const struct history_event *end; /* the event that ended it, for the last time; NULL: none */
    int64_t redriven;                /* ExecutionRedriven events */
    int64_t scheduled;               /* …Scheduled events */
    int64_t tasks;                   /* visible requests */
    int64_t accepted;                /* replies that name it */
    struct str status;               /* of its last status record; STR_NONE: none */
    int64_t transitions;
};

struct watch_reply {
    size_t command;
    const struct reply *reply;
};

struct watch_use {
    int64_t transitions;
    int64_t starts;
};

/* The commit rows of a partition of the changelog. */
struct watch_commits {
    int64_t sequence;
    int64_t rows_since;
    const struct commit_row *last;
};

struct watch {
    struct world *world;
    struct arena *arena;
    struct watched *executions;
    size_t execution_count;
    size_t execution_capacity;
    struct watch_reply replies[COMMANDS_MAX];
    size_t reply_count;
    bool replied[COMMANDS_MAX];
    size_t letter_count;
    size_t poison_letter_count;
    struct watch_use uses[MACHINES];
    struct watch_commits commits[16];
    struct watch_position *positions;
};

struct watch *watch_create(struct world *world);
void watch_destroy(struct watch *watch);

/* Reads on. */
void watch_read(struct watch *watch);

/* Decodes a record; NULL: it can't be read, which fails the world. */
const void *watch_decode(struct watch *watch, enum schema_id schema, const struct bus_record *record);

/* The machine of an execution. */
const struct play_machine *watch_machine_of(const struct watch *watch, struct str arn);
void watch_add_use(struct watch *watch, struct str machine_arn, int64_t transitions, int64_t starts);

#endif
