/* What the parts of a bus served by another process share. bus_remote.c has the topics, remote_client.c the readers,
 * producers and followers, each of which has a connection of its own: one that waits holds up no other. */
#ifndef PAWL_BUS_REMOTE_H
#define PAWL_BUS_REMOTE_H

#include "bus/bus_port.h"
#include "bus/link.h"

#include <pthread.h>

struct remote_topic {
    struct bus_topic base;
    struct remote_topic *next;
};

struct remote {
    struct bus base;
    char *path;
    pthread_mutex_t lock; /* of all below */
    struct arena *arena;  /* topics; never reset */
    struct remote_topic *topics;
    struct link link;
};

MUST_CHECK enum status remote_reader_open(struct bus *bus, const struct bus_topic *topic, uint32_t partition,
                                          int64_t offset, struct bus_reader **out_reader, struct bus_error *out_error);
MUST_CHECK enum status remote_reader_next(struct bus_reader *reader, int timeout_ms, struct bus_record *out_record,
                                          struct bus_error *out_error);
int64_t remote_reader_position(const struct bus_reader *reader);
void remote_reader_close(struct bus_reader *reader);

MUST_CHECK enum status remote_producer_open(struct bus *bus, struct bus_producer **out_producer,
                                            struct bus_error *out_error);
MUST_CHECK enum status remote_producer_send(struct bus_producer *producer, const struct bus_message *message,
                                            struct bus_error *out_error);
MUST_CHECK enum status remote_producer_flush(struct bus_producer *producer, int timeout_ms,
                                             struct bus_error *out_error);
void remote_producer_close(struct bus_producer *producer);

MUST_CHECK enum status remote_follower_open(struct bus *bus, struct str group, const struct bus_topic *const *topics,
                                            size_t topic_count, struct bus_follower **out_follower,
                                            struct bus_error *out_error);
MUST_CHECK enum status remote_follower_poll(struct bus_follower *follower, int timeout_ms,
                                            struct bus_record *out_record, struct bus_error *out_error);
MUST_CHECK enum status remote_follower_done(struct bus_follower *follower, const struct bus_record *record,
                                            struct bus_error *out_error);
void remote_follower_close(struct bus_follower *follower);

#endif
