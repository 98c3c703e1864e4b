/* Who polls for an activity's tasks, and who gets them (design, section 6).
 *
 * Every gateway sees every task. Before one is handed to a poller it is claimed: a TaskStarted with a Reply, of which the
 * engine accepts the first; of another with the same worker's name it says that it is one again, and that is good only for
 * whoever may have made the first. Pollers of an activity are served in the order in which they came; so are its tasks. One thread
 * brings them together. */
#ifndef PAWL_GATEWAY_ACTIVITIES_H
#define PAWL_GATEWAY_ACTIVITIES_H

#include "gateway/client.h"
#include "gateway/view.h"
#include "gateway/view_keys.h"

struct activities;

struct activities_config {
    struct bus *bus;
    struct kv *kv; /* the view's */
    const struct codec *codec;
    int64_t poll_ms; /* a poll for which nothing came ends after this */
    int64_t workers_max; /* that wait for one activity's tasks here; 0: any number */
};

/* A poll. The caller's until activities_poll, then theirs until `done`. */
struct activities_poller {
    struct str activity_arn;
    struct str worker_name; /* STR_NONE: none */
    struct arena *arena;
    bool (*is_gone)(struct activities_poller *poller); /* nobody waits for it any more */
    /* OK: `task` is the poller's, or NULL: none came. REFUSED: too many wait already. Called once. */
    void (*done)(struct activities_poller *poller, enum status status, const struct task_request *task);
    void *owner;
    /* Theirs. */
    struct activities_poller *next;
    int64_t deadline_ms;
    struct activities *activities;
    struct client_request claim;
    struct task_started started;
    struct view_key row;
    int64_t event_id; /* of ActivityStarted, or the last one then; RECORD_NONE: unknown */
    bool unanswered; /* nobody knows what became of the claim */
    bool unread; /* the engine could not read the claim */
    bool may_repeat; /* nobody knows what became of an earlier claim of the row: it may be the one that was accepted */
    const struct task_request *task;
};

/* Starts the thread. `view` and `client` are given later, as they are made with this one's hooks. */
MUST_CHECK enum status activities_open(const struct activities_config *config, struct activities **out_activities);
MUST_CHECK enum status activities_start(struct activities *activities, struct view *view, struct client *client);

/* Any thread. */
void activities_poll(struct activities *activities, struct activities_poller *poller);

/* The view's hook (view_config.task_came). */
void activities_task_came(void *activities, struct str activity_arn, struct str key);

/* Ends the thread; whoever polls is told that nothing came. Claims in flight are the client's to end, before this. */
void activities_stop(struct activities *activities);
void activities_close(struct activities *activities);

#endif
