/* What the gateway answers queries from: a store of its own, made of the output topics (definitions, executions, history)
 * and followed by one thread (design, section 8). It keeps nothing that the topics do not have: lost, or of another
 * cluster, it is made anew.
 *
 * Rows and the offsets up to which they were read are written together; what a crash leaves is some consistent past.
 * Queries may come from any thread; what they answer lies in the arena. */
#ifndef PAWL_GATEWAY_VIEW_H
#define PAWL_GATEWAY_VIEW_H

#include "asl/execution_id.h"
#include "bus/bus.h"
#include "kv/kv.h"
#include "schemas/codec/codec.h"
#include "schemas/execution_statuses.h"

struct view;

struct view_config {
    struct bus *bus;
    const struct codec *codec;
    struct str prefix; /* of topics */
    struct kv *kv;     /* the store; closed by whoever opened it */
    int64_t wait_ms;   /* view_await gives up after this */
    /* Told by the view's thread of each activity task that has come; NULL: nobody asks. `key` is its row's. */
    void (*task_came)(void *owner, struct str activity_arn, struct str key);
    void *owner;
};

/* Opens the topics and starts the thread. */
MUST_CHECK enum status view_open(const struct view_config *config, struct view **out_view, struct bus_error *out_error);

/* Ends the thread; every wait, also one that comes later, is done with RETRIABLE. */
void view_stop(struct view *view);
void view_close(struct view *view);

struct view_status {
    bool caught_up;    /* has read what there was when it began */
    int64_t behind_ms; /* for how long there was more to be read than it could */
    bool failed;
    struct bus_error error; /* why it failed */
};
void view_status(struct view *view, struct view_status *out_status);

/* ---- Waiting ---- */

enum view_goal {
    VIEW_MACHINE,      /* the head of `arn` has come to `version` */
    VIEW_MACHINE_GONE, /* the same, or it is not there (any more) */
    VIEW_STARTED,      /* status and history of the execution are there, up to event `version` */
    VIEW_STOPPED,      /* the same, and its status is not RUNNING */
    VIEW_REDRIVEN,     /* the same, and its status is of that version */
    VIEW_EVENT,        /* event `version` is there; when it ends the execution, so is the end */
    VIEW_ENDED,        /* the Express execution has ended */
};

/* The caller's until view_await, the view's until `done`. */
struct view_wait {
    enum view_goal goal;
    struct str arn;                /* of the machine, or of the execution (not for VIEW_EVENT) */
    struct execution_id execution; /* of the last four */
    int64_t incarnation;
    int64_t version;
    int64_t wait_ms; /* 0: as the view is configured */
    /* OK, TIMED_OUT, or RETRIABLE when the view ends. Called once, by the view's thread or from within view_await. */
    void (*done)(struct view_wait *wait, enum status status);
    void *owner;
    struct view_wait *next; /* the view's, as what follows */
    enum status outcome;
    int64_t deadline_ms;
};
void view_await(struct view *view, struct view_wait *wait);

/* ---- Queries: NOT_FOUND when there is none ---- */

MUST_CHECK enum status view_machine(struct view *view, struct arena *arena, struct str arn,
                                    const struct definition **out_head);
MUST_CHECK enum status view_revision(struct view *view, struct arena *arena, struct str arn, struct str revision_id,
                                     const struct definition **out_revision);
MUST_CHECK enum status view_execution(struct view *view, struct arena *arena, struct str arn,
                                      const struct execution_status **out_status);

/* An Express execution that runs or has ended within the last minute. */
MUST_CHECK enum status view_express(struct view *view, struct arena *arena, struct str arn,
                                    const struct execution_status **out_status);

/* How many there are; those being deleted are gone. */
enum view_count {
    VIEW_COUNT_MACHINES,
    VIEW_COUNT_ACTIVITIES,
    VIEW_COUNT_RUNNING, /* Standard executions */
    VIEW_COUNT_COUNT
};
int64_t view_count(struct view *view, enum view_count count);

/* One item of a list, with what view_… takes to go on behind it. `value` is the record. END: enough, stop here; what comes
 * back from the query is OK then. */
typedef enum status (*view_each_fn)(void *owner, struct str position, const void *value);

/* What pawl.definitions has under ARNs that begin with `prefix` (at most VIEW_PREFIX_BYTES_MAX): machines, their versions
 * and aliases, activities; by ARN, behind `position` (STR_NONE: from the first). */
#define VIEW_PREFIX_BYTES_MAX 512
struct view_definitions {
    struct str prefix;
    struct str position;
};
MUST_CHECK enum status view_each_definition(struct view *view, struct arena *arena, const struct view_definitions *query,
                                            view_each_fn each, void *owner);

/* A machine's executions, the latest first: running ones by their start, the others by their end; status == EXECUTION_STATUS_COUNT: all. */
struct view_executions {
    struct str machine_arn;
    enum execution_status_id status;
    struct str position;
};
MUST_CHECK enum status view_each_execution(struct view *view, struct arena *arena, const struct view_executions *query,
                                           view_each_fn each, void *owner);

/* Events of an execution from `id` on, upwards, or downwards when `reverse`. */
struct view_events {
    struct execution_id execution;
    int64_t id;
    bool reverse;
};
MUST_CHECK enum status view_each_event(struct view *view, struct arena *arena, const struct view_events *query,
                                       view_each_fn each, void *owner);

#endif
