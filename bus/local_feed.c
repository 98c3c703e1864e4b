#include "bus/local_feed.h"

#include "base/assert.h"

#include <inttypes.h>
#include <stdlib.h>

enum status local_feed_init(struct local_feed *feed, struct local *local, const struct bus_topic *const *topics,
                            size_t topic_count)
{
    *feed = (struct local_feed){.local = local};
    for (size_t at = 0; at < topic_count; at++) {
        feed->source_count += topics[at]->partition_count;
    }
    feed->topics = calloc(topic_count, sizeof *feed->topics);
    feed->sources = calloc(feed->source_count, sizeof *feed->sources);
    if (feed->topics == NULL || feed->sources == NULL || local_chunk_init(&feed->chunk) != STATUS_OK) {
        free(feed->topics);
        free(feed->sources);
        return STATUS_LIMIT_EXCEEDED;
    }
    size_t source = 0;
    for (size_t at = 0; at < topic_count; at++) {
        feed->topics[at] = local_topic_of(topics[at]);
        for (uint32_t partition = 0; partition < topics[at]->partition_count; partition++) {
            feed->sources[source++] =
                (struct local_source){.topic = local_topic_of(topics[at]), .partition = partition};
        }
    }
    local_waiter_init(local, &feed->waiter, feed->topics, topic_count);
    return STATUS_OK;
}

void local_feed_clear(struct local_feed *feed)
{
    local_waiter_clear(feed->local, &feed->waiter);
    local_chunk_clear(&feed->chunk);
    free(feed->topics);
    free(feed->sources);
}

void local_feed_forget(struct local_feed *feed)
{
    feed->chunk.count = 0;
    feed->given = 0;
}

/* Under the lock: the next source in turn that has something to look at, its range checked; or END. */
static enum status pick(struct local_feed *feed, size_t *out_source, int64_t *out_end, struct bus_error *out_error)
{
    for (size_t turn = 1; turn <= feed->source_count; turn++) {
        size_t at = (feed->current + turn) % feed->source_count;
        struct local_source *source = &feed->sources[at];
        const struct local_partition *partition = &source->topic->partitions[source->partition];
        if (!source->active || source->next == partition->end) {
            continue;
        }
        if (source->next < partition->begin && feed->follows_begin) {
            source->next = partition->begin;
        }
        if (source->next < partition->begin || source->next > partition->end) {
            return bus_port_fail(out_error, STATUS_REFUSED,
                                 "offset %" PRId64 " of %.*s-%" PRIu32 " is out of range: %" PRId64 " to %" PRId64,
                                 source->next, STR_ARGS(source->topic->base.name), source->partition, partition->begin,
                                 partition->end);
        }
        if (source->next < partition->end) {
            *out_source = at;
            *out_end = partition->end;
            return STATUS_OK;
        }
    }
    return STATUS_END;
}

static enum status read_ahead(struct local_feed *feed, struct bus_error *out_error)
{
    size_t at = 0;
    int64_t end = 0;
    pthread_mutex_lock(&feed->local->lock);
    enum status status = pick(feed, &at, &end, out_error);
    pthread_mutex_unlock(&feed->local->lock);
    TRY(status);
    local_feed_forget(feed);
    feed->current = at;
    struct local_source *source = &feed->sources[at];
    status = local_chunk_read(&feed->chunk, feed->local, source->topic, source->partition, source->next, end);
    if (status != STATUS_OK) {
        local_feed_forget(feed);
        return bus_port_fail(out_error, STATUS_FATAL, "reading %.*s-%" PRIu32 " at %" PRId64 ": %s",
                             STR_ARGS(source->topic->base.name), source->partition, source->next, status_text(status));
    }
    pthread_mutex_lock(&feed->local->lock);
    bool trimmed = source->next < source->topic->partitions[source->partition].begin;
    pthread_mutex_unlock(&feed->local->lock);
    if (trimmed) {
        local_feed_forget(feed); /* records may be missing from the chunk: the next round tells */
    } else if (feed->chunk.count == 0) {
        source->next = feed->chunk.next;
    }
    return STATUS_OK;
}

enum status local_feed_take(struct local_feed *feed, struct bus_record *out_record, struct bus_error *out_error)
{
    while (feed->given == feed->chunk.count) {
        TRY(read_ahead(feed, out_error));
    }
    *out_record = feed->chunk.records[feed->given++];
    /* Behind the chunk's last record may be a gap that compaction left. */
    feed->sources[feed->current].next = feed->given == feed->chunk.count ? feed->chunk.next : out_record->offset + 1;
    return STATUS_OK;
}

bool local_feed_wait(struct local_feed *feed, const struct timespec *deadline)
{
    pthread_mutex_lock(&feed->local->lock);
    bool poked = local_waiter_wait(feed->local, &feed->waiter, deadline);
    pthread_mutex_unlock(&feed->local->lock);
    return poked;
}
