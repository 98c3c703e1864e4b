/* A member as the tests play it: it notes what it is told, seeks to the group's stable offsets, and counts. */
#ifndef PAWL_TESTS_BUS_PARTY_H
#define PAWL_TESTS_BUS_PARTY_H

#include "bus/bus.h"

#define PARTY_PARTITIONS_MAX 16

struct party {
    struct bus *bus;
    struct bus_member *member;
    const struct bus_topic *topics[2];
    int wait_ms;
    bool owned[PARTY_PARTITIONS_MAX];
    bool to_seek[PARTY_PARTITIONS_MAX];
    struct bus_position positions[PARTY_PARTITIONS_MAX]; /* of the owned: what would be committed */
    int assigned_count;
    int revoked_count;
    int lost_count;
};

struct party_place {
    const char *group;
    const char *instance;
    uint32_t thread;
};

void party_open(struct party *party, struct bus *bus, const struct bus_topic *const topics[2], struct party_place place,
                int wait_ms);

/* Polls once, seeks what was assigned. What bus_member_poll said. */
enum status party_poll(struct party *party, int timeout_ms, struct bus_record *out_record);

/* Polls until `count` partitions are owned, and none of them waits for its seek. No record may come meanwhile. */
void party_settle(struct party *party, size_t count);

/* The next record; fails the test when none comes in time. */
struct bus_record party_take(struct party *party);

/* No record comes for some time. */
void party_expect_none(struct party *party);

/* The member stands there, or comes to; no record comes meanwhile. */
void party_expect_position(struct party *party, size_t topic, uint32_t partition, int64_t position);

size_t party_owned_count(const struct party *party);

/* Produces `value` without key to a topic's partition, and commits with the positions of all that is owned. */
void party_begin(struct party *party);
void party_produce(struct party *party, const struct bus_topic *topic, uint32_t partition, const char *value);
enum status party_commit(struct party *party);

#endif
