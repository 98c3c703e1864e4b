/* The insides of the view, for gateway/view*.c alone.
 *
 *     view.c        its life, the thread, the readers           view_apply.c   a record as rows
 *     view_wait.c   who waits for what                          view_query.c   what the rows say
 *     view_tasks.c     activity tasks that nobody has claimed
 *     view_counts.c    how many machines, activities and running executions there are
 *     view_express.c   Express executions, which are kept only for those who wait
 *     view_pending.c   ends that are not shown yet */
#ifndef PAWL_GATEWAY_VIEW_PARTS_H
#define PAWL_GATEWAY_VIEW_PARTS_H

#include "gateway/view.h"
#include "gateway/view_keys.h"

#include <pthread.h>
#include <stdatomic.h>

#define VIEW_SLOTS 1024 /* chains of waits */

struct view_reader {
    enum topic_id topic;
    uint32_t partition;
    const struct bus_topic *handle;
    struct bus_reader *reader;
    int64_t goal;    /* the end when the view began */
    int64_t written; /* the position that the store has */
};

/* An Express execution that has ended: its rows go after a while. */
struct view_ended {
    struct view_ended *next;
    int64_t ended_ms;
    struct execution_id id;
    size_t arn_length;
    char arn[];
};

/* A task that has come in this round. */
struct view_notice {
    struct view_notice *next;
    struct str activity_arn;
    struct str key;
};

struct view {
    struct view_config config;
    struct kv *kv;
    pthread_t thread;
    bool joins;
    _Atomic bool stopping;
    /* Of the thread. */
    struct arena *arena;
    struct kv_batch *batch;
    struct view_reader *readers;
    size_t reader_count;
    size_t turn;
    int64_t batch_bytes;
    bool touched[VIEW_SLOTS]; /* since the last look at the waits */
    int64_t swept_ms;
    int64_t flushed_ms;
    bool dirty;
    bool follows_tasks;          /* the activities' topic is there */
    int64_t looked_for_tasks_ms; /* when it was last looked for */
    struct view_notice *notices;
    struct view_ended *ended_first; /* the oldest */
    struct view_ended *ended_last;
    int64_t idle_ms; /* when a whole round last found nothing more */
    int64_t pending_count;    /* executions whose end is held back */
    int64_t pending_swept_ms; /* when they were last looked through; 0: there are more */
    int64_t counts_written[VIEW_COUNT_COUNT]; /* as the store has them */
    _Atomic int64_t counts[VIEW_COUNT_COUNT]; /* the thread writes, queries read */
    /* Guarded by the lock. */
    pthread_mutex_t lock;
    pthread_cond_t woken;
    struct view_wait *waits[VIEW_SLOTS];
    size_t wait_count;
    long vain_rounds; /* looks at the topics since the last wait began */
    struct view_status status;
};

/* Stages what the record says, and notes which waits it may end. CORRUPT: it can't be read, and is passed over. */
enum status view_apply(struct view *view, enum topic_id topic, const struct bus_record *record);

/* What a record's value is. CORRUPT: nothing. */
enum status view_decode(struct view *view, enum schema_id schema, struct str value, void **out_value);

/* The status of an execution that is no Express one, as it is to be shown from now on, and its encoding, which is kept. */
enum status view_apply_status(struct view *view, struct str arn, const struct execution_status *status, struct str bytes);

/* Statuses and events come by topics of their own, and may be read at any distance. An execution that has ended is shown to have
 * ended when its last event is here too: whoever sees the end sees the whole history. An event that does not come within so long
 * of reading to the topics' ends is not kept any more. */
#define VIEW_PENDING_MS 5000

/* Before a status is applied: takes back what was held back of that execution; *out_held: this one is held back. */
enum status view_pending_hold(struct view *view, const struct bus_record *record, const struct execution_status *execution,
                              bool *out_held);
/* After an event: what waited for it is applied. */
enum status view_pending_release(struct view *view, const struct history_event *event);
enum status view_pending_drop(struct view *view, struct str arn);
enum status view_pending_load(struct view *view);
/* Applies what has waited long enough. *out_any is set when there was something. */
enum status view_pending_sweep(struct view *view, int64_t now_ms, bool *out_any);

/* Opens the activities' topic once it exists. */
enum status view_tasks_look(struct view *view, int64_t now_ms, struct bus_error *out_error);
enum status view_tasks_apply(struct view *view, const struct bus_record *record);
void view_tasks_tell(struct view *view);

/* Adds a reader for each partition of the topic, and opens them. */
enum status view_add_readers(struct view *view, enum topic_id topic, const struct bus_topic *handle,
                             struct bus_error *out_error);

/* What is counted: from the store, by what is applied, and into the batch with it. */
enum status view_counts_load(struct view *view);
void view_counts_add(struct view *view, enum view_count count, int64_t number);
enum status view_counts_stage(struct view *view);

/* Records of an Express execution. */
enum status view_express_apply_status(struct view *view, const struct bus_record *record);
enum status view_express_apply_event(struct view *view, const struct history_event *event);

/* Stages the deletion of what ended long enough ago. *out_any is set when there was something. */
enum status view_express_forget(struct view *view, int64_t now_ms, bool *out_any);

/* Removes all rows, as when the view is opened: nobody waits then. */
enum status view_express_clear(struct view *view);
void view_express_drop(struct view *view);

size_t view_slot_of_machine(struct str arn);
size_t view_slot_of_execution(const struct execution_id *id);

/* Ends the waits whose goal is reached by what was touched, and those whose time is over. */
void view_waits_check(struct view *view, int64_t now_ms);
void view_waits_end(struct view *view, enum status status);

#endif
