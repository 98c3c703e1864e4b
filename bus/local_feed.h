/* Records of many partitions, one after the other, as members, readers and followers want them. */
#ifndef PAWL_BUS_LOCAL_FEED_H
#define PAWL_BUS_LOCAL_FEED_H

#include "bus/local_log.h"

struct local_source {
    struct local_topic *topic;
    uint32_t partition;
    bool active;
    int64_t next; /* the next offset to be given */
};

/* Belongs to one thread, its waiter's flags aside. Where there are records in several sources they take turns. */
struct local_feed {
    struct local *local;
    struct local_waiter waiter;
    const struct local_topic **topics;
    struct local_source *sources;
    size_t source_count;
    bool follows_begin; /* a source below the first offset held goes on there; otherwise REFUSED */
    size_t current;
    struct local_chunk chunk; /* of the current source */
    size_t given;             /* of the chunk */
};

/* The sources: all partitions of the topics, in order, not active. */
MUST_CHECK enum status local_feed_init(struct local_feed *feed, struct local *local,
                                       const struct bus_topic *const *topics, size_t topic_count);
void local_feed_clear(struct local_feed *feed);

/* Forgets what was read ahead: after each change of the sources. */
void local_feed_forget(struct local_feed *feed);

/* The next record that is there, or END. REFUSED: a source's offset is out of range. */
MUST_CHECK enum status local_feed_take(struct local_feed *feed, struct bus_record *out_record,
                                       struct bus_error *out_error);

/* Waits until something may have changed (true) or the deadline has passed. */
bool local_feed_wait(struct local_feed *feed, const struct timespec *deadline);

#endif
