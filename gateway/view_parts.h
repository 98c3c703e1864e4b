/* The insides of the view, for gateway/view*.c alone.
 *
 *     view.c        its life, the thread, the readers           view_apply.c   a record as rows
 *     view_wait.c   who waits for what                          view_query.c   what the rows say */
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
    int64_t idle_ms; /* when a whole round last found nothing more */
    /* Guarded by the lock. */
    pthread_mutex_t lock;
    pthread_cond_t woken;
    struct view_wait *waits[VIEW_SLOTS];
    size_t wait_count;
    struct view_status status;
};

/* Stages what the record says, and notes which waits it may end. CORRUPT: it can't be read, and is passed over. */
enum status view_apply(struct view *view, enum topic_id topic, const struct bus_record *record);

size_t view_slot_of_machine(struct str arn);
size_t view_slot_of_execution(const struct execution_id *id);

/* Ends the waits whose goal is reached by what was touched, and those whose time is over. */
void view_waits_check(struct view *view, int64_t now_ms);
void view_waits_end(struct view *view, enum status status);

#endif
