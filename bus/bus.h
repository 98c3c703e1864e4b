/* The topics behind a port (design, section 9): bus_kafka.c is librdkafka, bus_local.c the same topics in RocksDB, and
 * tests/sim/ has one in memory that is driven by a seed. All pass tests/bus/bus_suite.c.
 *
 * Three ways to use a bus:
 *   member    a stream thread of the processor: one consumer of the group over both input topics, and transactions;
 *   reader    committed records of one partition from an offset on: restore, definitions, views, checkers;
 *   producer  records outside of transactions: clients, workers;
 *   follower  a consumer group over whole topics with offsets of its own: workers.
 *
 * A bus and its topics may be used from any thread; a member, reader, producer or follower belongs to one thread.
 *
 * Statuses: RETRIABLE (nothing happened, call again), ABORTABLE (the transaction must be aborted; the batch may run again),
 * FENCED (a newer owner exists, or the outcome of the transaction is unknown and a newer epoch had to be taken: give up
 * every partition in memory and start from stable offsets), FATAL (close and report; bus_error tells). */
#ifndef PAWL_BUS_BUS_H
#define PAWL_BUS_BUS_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bus;
struct bus_topic;
struct bus_member;
struct bus_reader;
struct bus_producer;
struct bus_follower;

#define BUS_OFFSET_NONE (-1) /* no committed offset */
#define BUS_HEADERS_MAX 64

struct bus_error {
    char text[512];
};

struct bus_header {
    struct str name;
    struct str value;
};

/* A record as it came. Borrowed until the next call on its member, reader or follower. */
struct bus_record {
    const struct bus_topic *topic;
    uint32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    struct str key;   /* bytes == NULL: none */
    struct str value; /* bytes == NULL: a tombstone */
    const struct bus_header *headers;
    size_t header_count;
};

/* A record to be written. Everything is copied before the call returns. */
struct bus_message {
    const struct bus_topic *topic;
    uint32_t partition;
    struct str key;
    struct str value;
    const struct bus_header *headers;
    size_t header_count;
};

/* ---- The bus ---- */

typedef void (*bus_log_fn)(void *owner, int level, const char *text); /* level as syslog's: 3 error … 7 debug */

void bus_close(struct bus *bus);

/* Identifies the cluster; fixed for the bus's life. Borrowed. */
struct str bus_cluster_id(const struct bus *bus);

/* Unix time in ms, and chance: of the port, so that the simulator drives them. */
int64_t bus_now_ms(struct bus *bus);
void bus_random(struct bus *bus, uint8_t *bytes, size_t length);

/* ---- Topics ---- */

enum bus_cleanup { BUS_CLEANUP_DELETE, BUS_CLEANUP_COMPACT };

struct bus_topic_config {
    struct str name;
    uint32_t partition_count;
    enum bus_cleanup cleanup;
    int64_t retention_ms;             /* -1: for ever */
    int64_t min_compaction_lag_ms;    /* of a compacted topic */
    int64_t delete_retention_ms;      /* of a compacted topic */
    int64_t max_message_bytes;
};

/* The topic's handle, valid until bus_close; the same one for the same name. STATUS_NOT_FOUND: there is none of that
 * name, or can be none. May block on the network: never inside a transaction. */
MUST_CHECK enum status bus_topic_open(struct bus *bus, struct str name, const struct bus_topic **out_topic,
                                      struct bus_error *out_error);

/* Makes the topic. STATUS_OK also when one with that partition count is there; STATUS_REFUSED when it has another count. */
MUST_CHECK enum status bus_topic_create(struct bus *bus, const struct bus_topic_config *config, struct bus_error *out_error);

/* Names of all topics that begin with `prefix`, in the arena, sorted. */
MUST_CHECK enum status bus_topic_list(struct bus *bus, struct arena *arena, struct str prefix, struct str **out_names,
                                      size_t *out_count, struct bus_error *out_error);

struct str bus_topic_name(const struct bus_topic *topic);
uint32_t bus_topic_partition_count(const struct bus_topic *topic);

/* The largest record that it took when it was opened: max.message.bytes, where it could be asked for. */
int64_t bus_topic_record_bytes_max(const struct bus_topic *topic);

/* Changes when the topic is deleted and made anew. Borrowed. */
struct str bus_topic_mark(const struct bus_topic *topic);

/* Asks anew and compares: STATUS_REFUSED when a topic that was opened has another partition count now. */
MUST_CHECK enum status bus_topics_check(struct bus *bus, struct bus_error *out_error);

/* First offset held, and the end. committed_only: false gives the end as seen uncommitted (open transactions count). */
MUST_CHECK enum status bus_bounds(struct bus *bus, const struct bus_topic *topic, uint32_t partition, bool committed_only,
                                  int64_t *out_begin, int64_t *out_end, struct bus_error *out_error);

/* Deletes records before `offset`. */
MUST_CHECK enum status bus_trim(struct bus *bus, const struct bus_topic *topic, uint32_t partition, int64_t offset,
                                struct bus_error *out_error);

/* Where a group of followers goes on in the partition, by what it has durably done; BUS_OFFSET_NONE: it has done nothing of
 * it. */
MUST_CHECK enum status bus_group_next(struct bus *bus, struct str group, const struct bus_topic *topic, uint32_t partition,
                                      int64_t *out_next, struct bus_error *out_error);

/* One who takes part in a group of stream threads, and the partitions that he owns of each input topic. */
struct bus_group_member {
    struct str id;       /* by which `range` sorts them */
    struct str instance; /* as in his bus_member_config: threads of one process have the same */
    const uint32_t *partitions;
    size_t partition_count;
};

/* Who takes part in the group now, in the order of their ids, in the arena; nobody when there is no such group. `topic` is one
 * of the input topics. RETRIABLE: it is being shared out anew. May block on the network. */
MUST_CHECK enum status bus_group_members(struct bus *bus, struct arena *arena, struct str group, const struct bus_topic *topic,
                                         struct bus_group_member **out_members, size_t *out_count,
                                         struct bus_error *out_error);

/* ---- Members ---- */

/* Called from bus_member_poll and bus_member_leave, never at other times. `partitions` are those of both input topics.
 * In `assigned` the caller names the offsets to start at by bus_member_seek (both topics of each partition; until then
 * nothing of the partition is delivered), now or later. In `revoked` the partitions are still owned: finish or abort the
 * transaction. In `lost` they are another's already: abort, write nothing. */
struct bus_member_events {
    void *owner;
    void (*assigned)(void *owner, const uint32_t *partitions, size_t count);
    void (*revoked)(void *owner, const uint32_t *partitions, size_t count);
    void (*lost)(void *owner, const uint32_t *partitions, size_t count);
};

struct bus_member_config {
    struct str group;        /* <prefix>-processor */
    struct str instance;     /* <prefix>-<instance>; with the thread it is group.instance.id and the transactional.id's stem */
    uint32_t thread;
    const struct bus_topic *topics[2]; /* commands, results: the same partition count */
    struct bus_member_events events;
};

/* An input position: the next offset to be read. */
struct bus_position {
    uint32_t partition;
    int64_t next[2]; /* of topics[0], topics[1]; BUS_OFFSET_NONE: the group has none */
};

/* Joins the group and fences every earlier member of that instance and thread. */
MUST_CHECK enum status bus_member_open(struct bus *bus, const struct bus_member_config *config, struct bus_member **out_member,
                                       struct bus_error *out_error);

/* Leaves gracefully: revoked is called for what is held, and the group gives it away at once. */
void bus_member_leave(struct bus_member *member);

/* Without leaving: as if the process had died. */
void bus_member_close(struct bus_member *member);

/* The next record of the assigned, not paused partitions, or STATUS_END after `timeout_ms` (0: only what is there) or
 * earlier, when a callback was made. Order holds within a partition of a topic. REFUSED: a position is out of range, or the
 * topic may not be read (the error names it; other partitions go on). FENCED: another process has this instance id, or the
 * member was thrown out. On Kafka he loses his partitions then and joins again by himself, as a broker that comes back may be
 * mistaken; FATAL when it happens again and again: two processes share an instance id. */
MUST_CHECK enum status bus_member_poll(struct bus_member *member, int timeout_ms, struct bus_record *out_record,
                                       struct bus_error *out_error);

/* Wakes a bus_member_poll that waits, from any thread. */
void bus_member_wake(struct bus_member *member);

/* The group's stable offsets of the partition: waits for pending transactions on them (bounded; then RETRIABLE). */
MUST_CHECK enum status bus_member_stable(struct bus_member *member, uint32_t partition, struct bus_position *out_position,
                                         struct bus_error *out_error);

/* From here on deliver both topics of the partition, from these offsets (explicit; -1 is not allowed). Resumes it. */
MUST_CHECK enum status bus_member_seek(struct bus_member *member, const struct bus_position *position,
                                       struct bus_error *out_error);

/* Delivers nothing of the partition until the next bus_member_seek. */
MUST_CHECK enum status bus_member_pause(struct bus_member *member, uint32_t partition, struct bus_error *out_error);

/* One transaction at a time. Nothing in produce waits for the broker. LIMIT_EXCEEDED: a record over the topic's
 * max_message_bytes (nothing was produced). */
MUST_CHECK enum status bus_begin(struct bus_member *member, struct bus_error *out_error);
MUST_CHECK enum status bus_produce(struct bus_member *member, const struct bus_message *message, struct bus_error *out_error);

/* Sends the positions, waits for every delivery, and commits. STATUS_OK: committed. After ABORTABLE, and LIMIT_EXCEEDED (the
 * broker found a record too large), an abort must follow; after FENCED and FATAL the transaction is over (bus_abort is
 * allowed and does nothing), and of FENCED by the group the next polls tell more: revoked or lost, then assigned.
 * `positions` must hold each partition the transaction touched, and some. */
MUST_CHECK enum status bus_commit(struct bus_member *member, const struct bus_position *positions, size_t position_count,
                                  struct bus_error *out_error);
MUST_CHECK enum status bus_abort(struct bus_member *member, struct bus_error *out_error);

/* In a transaction of this member, a changelog offset: where the last record produced to topic and partition lies. Known
 * after STATUS_OK of bus_commit, until the next bus_begin; BUS_OFFSET_NONE when none was produced. */
int64_t bus_last_offset(const struct bus_member *member, const struct bus_topic *topic, uint32_t partition);

/* The next offset of the input topic (of the member's two) that the member is to deliver: past markers and aborted records too,
 * once it has passed them; BUS_OFFSET_NONE: it delivers nothing of the partition. */
int64_t bus_member_position(const struct bus_member *member, size_t topic, uint32_t partition);

/* Where the input topic (of the member's two) ends in a partition that it was given, as far as the member has heard;
 * BUS_OFFSET_NONE: it has not. Asks nobody. */
int64_t bus_member_end(const struct bus_member *member, size_t topic, uint32_t partition);

/* How many of its producers were made anew, because an error left their last transaction in doubt. */
uint32_t bus_member_renewals(const struct bus_member *member);

/* ---- Readers ---- */

/* Committed records of one partition from `offset` (explicit) on. */
MUST_CHECK enum status bus_reader_open(struct bus *bus, const struct bus_topic *topic, uint32_t partition, int64_t offset,
                                       struct bus_reader **out_reader, struct bus_error *out_error);
/* The next record, or STATUS_END when none came within `timeout_ms`, or earlier when the position has moved without one
 * (behind markers). REFUSED: the offset is out of range. */
MUST_CHECK enum status bus_reader_next(struct bus_reader *reader, int timeout_ms, struct bus_record *out_record,
                                       struct bus_error *out_error);
/* The next offset that will be read: past markers and aborted records too, once the reader has passed them. */
int64_t bus_reader_position(const struct bus_reader *reader);
void bus_reader_close(struct bus_reader *reader);

/* ---- Producers ---- */

MUST_CHECK enum status bus_producer_open(struct bus *bus, struct bus_producer **out_producer, struct bus_error *out_error);
/* Queues the record; it is durable only after a bus_producer_flush that says OK. */
MUST_CHECK enum status bus_producer_send(struct bus_producer *producer, const struct bus_message *message,
                                         struct bus_error *out_error);
/* Waits until everything sent is acknowledged by all in-sync replicas. TIMED_OUT or RETRIABLE: some may not be. */
MUST_CHECK enum status bus_producer_flush(struct bus_producer *producer, int timeout_ms, struct bus_error *out_error);
void bus_producer_close(struct bus_producer *producer);

/* ---- Followers ---- */

/* Joins `group` over the topics (read_committed; starts at the earliest record when the group has no offset, or one that is gone). */
MUST_CHECK enum status bus_follower_open(struct bus *bus, struct str group, const struct bus_topic *const *topics,
                                         size_t topic_count, struct bus_follower **out_follower, struct bus_error *out_error);
/* The next record, or STATUS_END when none came within `timeout_ms` or so. RETRIABLE passes by itself; REFUSED: a topic may not be
 * read. */
MUST_CHECK enum status bus_follower_poll(struct bus_follower *follower, int timeout_ms, struct bus_record *out_record,
                                         struct bus_error *out_error);
/* Records up to and including this one are done (per partition: call it in order). Reaches the group in the background, and
 * for sure before bus_follower_close returns. */
MUST_CHECK enum status bus_follower_done(struct bus_follower *follower, const struct bus_record *record,
                                         struct bus_error *out_error);
void bus_follower_close(struct bus_follower *follower);

#endif
