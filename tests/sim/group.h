/* The modelled group coordinator: who is in the one group, which partitions each has, and the group's offsets, those of
 * transactions that are not decided yet included. Assignment is by range, membership static. */
#ifndef PAWL_TESTS_SIM_GROUP_H
#define PAWL_TESTS_SIM_GROUP_H

#include "bus/bus.h"
#include "coordinator.h"

#define GROUP_MEMBERS_MAX 512
#define SESSION_MS 6000
#define REBALANCE_MS 60000 /* max.poll.interval: whoever has not joined by then is out */

/* A member as the group knows it. */
struct group_member {
    struct str id;       /* group.instance.id: the instance, with the thread's number */
    struct str instance; /* of the process */
    int process;
    bool in_group;
    bool joined;         /* has given up its partitions for the rebalance that is under way */
    bool pending_assign; /* the rebalance is over, it has not been told yet */
    bool fenced;         /* a newer one has its instance and thread */
    bool mistaken;       /* the coordinator remembers an older one in its place, and will fence it */
    bool alive;          /* its process is: it sends heartbeats */
    int64_t seen_ms;     /* last heartbeat */
    int64_t generation;  /* as of its assignment */
    bool *owned;
};

/* Offsets that a transaction sent. */
struct group_pending {
    struct group_pending *next;
    int32_t producer;
    struct bus_position position;
    uint64_t serial;
};

struct group {
    struct arena *arena;
    struct coordinator *coordinator;
    int64_t now_ms;
    int64_t away_until_ms;
    struct str name; /* STR_NONE: nobody has joined yet */
    uint32_t partition_count;
    struct group_member *members[GROUP_MEMBERS_MAX];
    size_t member_count;
    int64_t generation;
    bool rebalancing;
    int64_t rebalancing_ms; /* since when */
    struct bus_position *committed;
    uint64_t *committed_serial; /* of the offsets in `committed` */
    struct group_pending *pending;
    uint64_t serial;
};

/* When the first topic is made: none has offsets. */
void group_begin(struct group *group, uint32_t partition_count);

/* Joins. A member of the same id is fenced; if its session is not over it is replaced, with its partitions and without
 * a rebalance. The group's to free. */
struct group_member *group_join(struct group *group, struct str id, struct str instance, int process);
void group_rejoin(struct group *group, struct group_member *member);
void group_leave(struct group *group, struct group_member *member);

/* Ends the rebalance when all have joined. */
void group_rebalance(struct group *group);

/* Those who are in, in the order of their ids. Returns how many. */
size_t group_list(const struct group *group, struct group_member *members[GROUP_MEMBERS_MAX]);

/* Nobody's session passes: the coordinator is down, or just back. */
void group_stand_still(struct group *group, int64_t now_ms);
void group_pass_time(struct group *group, int64_t now_ms);

/* Who sends offsets: the member, and the generation that it was given. NULL: nobody, generation -1, whom Kafka believes. */
struct group_sender {
    const struct group_member *member;
    int64_t generation;
};

/* TxnOffsetCommit: the transaction's offsets, over those of the same partitions that it sent before. */
enum answer group_send_offsets(struct group *group, struct producer_id id, struct group_sender sender,
                               const struct bus_position *positions, size_t count);

/* The transaction's marker. Of two transactions, the offsets that were sent last count, whichever marker comes last. */
void group_end(struct group *group, int32_t producer, bool commit);

/* Whether offsets of that partition are not decided, or not known yet. */
bool group_is_pending(const struct group *group, uint32_t partition);

void group_clear(struct group *group);

#endif
