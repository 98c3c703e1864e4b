/* What the files of bus_kafka share; nobody else includes it.
 *
 *     bus_kafka.c              the bus and its topics' handles
 *     bus_kafka_config.c       settings to librdkafka's configuration
 *     bus_kafka_admin.c        topics: making, listing, bounds, trimming
 *     bus_kafka_wish.c         the settings that they are made with
 *     bus_kafka_cluster.c      what the cluster says of itself
 *     bus_kafka_group.c        groups: how far one is, who is in it
 *     bus_kafka_member.c       the consumer of a stream thread
 *     bus_kafka_fences.c       whether it may join again when its instance id was fenced
 *     bus_kafka_transaction.c  its transactional producers
 *     bus_kafka_statistics.c   what the clients say of themselves
 *     bus_kafka_reader.c       readers
 *     bus_kafka_position.c     whether what they can't read is gone
 *     bus_kafka_client.c       plain producers and followers */
#ifndef PAWL_BUS_BUS_KAFKA_INTERNAL_H
#define PAWL_BUS_BUS_KAFKA_INTERNAL_H

#include "bus/bus_kafka.h"
#include "bus/bus_kafka_error.h"
#include "bus/bus_kafka_statistics.h"
#include "bus/bus_port.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>

/* ---- The bus ---- */

#define BUS_KAFKA_OPEN_MS_MAX 10000  /* a bus that reaches no broker for so long does not open */
#define BUS_KAFKA_ADMIN_MS_MAX 15000 /* one administrative request */
#define BUS_KAFKA_MARK_BYTES 40

struct bus_kafka_topic {
    struct bus_topic base;
    size_t index; /* in bus_kafka.topics; never changes */
    rd_kafka_topic_t *handle; /* of bus->client: makes the topic one whose metadata is asked for */
    char mark[BUS_KAFKA_MARK_BYTES];
    char name[]; /* NUL-terminated */
};

struct bus_kafka_pool; /* bus_kafka_reader.c: the clients that readers share */

/* What every client's opaque points to (the callbacks' `opaque`, rd_kafka_opaque): the head of its owner. */
struct bus_kafka_owner {
    struct bus_kafka *bus;
    struct bus_kafka_told told; /* its statistics */
    bool closing;               /* by bus_kafka_consumer_close: what the group gives now is not taken */
};

struct bus_kafka {
    struct bus base;
    struct bus_kafka_owner owner;
    struct bus_kafka_options options; /* owned copies */
    pthread_mutex_t mutex;            /* guards all below */
    struct bus_kafka_topic **topics;
    size_t topic_count;
    struct bus_kafka_pool *pool;
    struct bus_kafka_statistics statistics; /* has a lock of its own */
    char last_log[256]; /* the newest line of severity error, for the text of an open that failed */
    /* Not guarded: librdkafka's handles are for all threads. */
    rd_kafka_t *client; /* administration and uncommitted ends: a consumer of no group, read_uncommitted */
};

static inline struct bus_kafka *bus_kafka_of(const struct bus *bus)
{
    return (struct bus_kafka *)bus;
}

static inline struct bus_kafka_topic *bus_kafka_topic_of(const struct bus_topic *topic)
{
    return (struct bus_kafka_topic *)topic;
}

/* How many topics are open, and the one at `index`. */
size_t bus_kafka_topic_count(struct bus_kafka *bus);
struct bus_kafka_topic *bus_kafka_topic_at(struct bus_kafka *bus, size_t index);

/* ---- Configuration ---- */

enum bus_kafka_kind {
    BUS_KAFKA_CLIENT = 1,
    BUS_KAFKA_READER = 2,
    BUS_KAFKA_MEMBER = 4,
    BUS_KAFKA_TRANSACTION = 8,
    BUS_KAFKA_PRODUCER = 16,
    BUS_KAFKA_FOLLOWER = 32,
};

/* A configuration for a client of that kind, with its opaque and its log callback set. REFUSED: the user's properties
 * can't be had. */
MUST_CHECK enum status bus_kafka_config_make(struct bus_kafka_owner *owner, enum bus_kafka_kind kind,
                                             rd_kafka_conf_t **out_config, struct bus_error *out_error);

/* Sets a property of which we know that it exists. */
void bus_kafka_config_set(rd_kafka_conf_t *config, const char *name, const char *value);

/* The client itself; takes the configuration, also on failure. */
MUST_CHECK enum status bus_kafka_config_start(rd_kafka_conf_t *config, enum bus_kafka_kind kind,
                                              rd_kafka_t **out_client, struct bus_error *out_error);

/* ---- Administrative requests ---- */

/* The answer to a request that was sent with `queue`, of the type it must have; the caller destroys it. RETRIABLE: none
 * came within BUS_KAFKA_ADMIN_MS_MAX. `what` is of the error's text. */
MUST_CHECK enum status bus_kafka_await(rd_kafka_queue_t *queue, rd_kafka_event_type_t type, const char *what,
                                       rd_kafka_event_t **out_event, struct bus_error *out_error);

/* *out_code: the broker's answer about this topic; *out_error has it in words. */
MUST_CHECK enum status bus_kafka_ask_for_topic(struct bus_kafka *bus, rd_kafka_NewTopic_t *wanted, rd_kafka_resp_err_t *out_code,
                                               struct bus_error *out_error);

/* ---- Records ---- */

/* A record as librdkafka gave it: *out_record borrows from `message` and `headers`. Of more than BUS_HEADERS_MAX
 * headers the first are taken. */
void bus_kafka_record_set(const rd_kafka_message_t *message, const struct bus_topic *topic,
                          struct bus_header headers[BUS_HEADERS_MAX], struct bus_record *out_record);

/* Handles of the bus's topics in one producer, by the topics' index. */
struct bus_kafka_handles {
    rd_kafka_topic_t **handles;
    size_t count;
};

/* Makes handles for all topics that are open now, without waiting for their metadata; each has its bus_kafka_topic as
 * its opaque. *out_new: how many were made. */
MUST_CHECK enum status bus_kafka_handles_fill(struct bus_kafka_handles *handles, struct bus_kafka *bus,
                                              rd_kafka_t *producer, size_t *out_new, struct bus_error *out_error);
void bus_kafka_handles_clear(struct bus_kafka_handles *handles);

/* Queues the message: OK, LIMIT_EXCEEDED (over the topic's limit; nothing was queued), or what the error means outside
 * of transactions; *out_code is librdkafka's code then, or 0. */
MUST_CHECK enum status bus_kafka_send(struct bus_kafka_handles *handles, struct bus_kafka *bus, rd_kafka_t *producer,
                                      const struct bus_message *message, int *out_code, struct bus_error *out_error);

/* ---- A member that is fenced (bus_kafka_fences.c) ---- */

struct bus_kafka_fences {
    uint32_t count; /* in a row */
    int64_t last_ms;
};

#define BUS_KAFKA_FENCES_TOO_MANY (-1)

/* Notes that the broker fenced the member's instance id. When it may join again, or that it was too often: another process has
 * that id. `session_ms` is its session.timeout.ms; the times are clock_ms'. */
int64_t bus_kafka_fences_note(struct bus_kafka_fences *fences, int64_t now_ms, int64_t session_ms);

/* ---- A member's transactions (bus_kafka_transaction.c) ---- */

struct bus_kafka_transactions;

/* Fences and makes the producers. `stem` is that of transactional.id: <instance>-<thread>; the slot follows. */
MUST_CHECK enum status bus_kafka_transactions_open(struct bus_kafka *bus, const char *stem,
                                                   struct bus_kafka_transactions **out_transactions,
                                                   struct bus_error *out_error);
void bus_kafka_transactions_close(struct bus_kafka_transactions *transactions);
bool bus_kafka_transactions_in_progress(const struct bus_kafka_transactions *transactions);
MUST_CHECK enum status bus_kafka_transactions_begin(struct bus_kafka_transactions *transactions,
                                                    struct bus_error *out_error);
MUST_CHECK enum status bus_kafka_transactions_produce(struct bus_kafka_transactions *transactions,
                                                      const struct bus_message *message, struct bus_error *out_error);

/* `offsets` belong to the transaction. `group`: the consumer group's metadata as it was when the partitions were
 * assigned. */
MUST_CHECK enum status bus_kafka_transactions_commit(struct bus_kafka_transactions *transactions,
                                                     const rd_kafka_topic_partition_list_t *offsets,
                                                     const rd_kafka_consumer_group_metadata_t *group,
                                                     struct bus_error *out_error);
MUST_CHECK enum status bus_kafka_transactions_abort(struct bus_kafka_transactions *transactions,
                                                    struct bus_error *out_error);
int64_t bus_kafka_transactions_last_offset(const struct bus_kafka_transactions *transactions,
                                           const struct bus_topic *topic, uint32_t partition);
/* Takes what the producers have to say; those that have no transaction are polled by nothing else. */
void bus_kafka_transactions_serve(struct bus_kafka_transactions *transactions);
/* How many producers were replaced by the dirty rule since the open. */
uint32_t bus_kafka_transactions_replaced(const struct bus_kafka_transactions *transactions);

/* ---- The functions of the port ---- */

enum status bus_kafka_topic_open(struct bus *bus, struct str name, const struct bus_topic **out_topic,
                                 struct bus_error *out_error);
enum status bus_kafka_topic_create(struct bus *bus, const struct bus_topic_config *config, struct bus_error *out_error);
enum status bus_kafka_topic_list(struct bus *bus, struct arena *arena, struct str prefix, struct str **out_names,
                                 size_t *out_count, struct bus_error *out_error);
enum status bus_kafka_topics_check(struct bus *bus, struct bus_error *out_error);
enum status bus_kafka_bounds(struct bus *bus, const struct bus_topic *topic, uint32_t partition, bool committed_only,
                             int64_t *out_begin, int64_t *out_end, struct bus_error *out_error);
enum status bus_kafka_trim(struct bus *bus, const struct bus_topic *topic, uint32_t partition, int64_t offset,
                           struct bus_error *out_error);

enum status bus_kafka_group_next(struct bus *bus, struct str group, const struct bus_topic *topic, uint32_t partition,
                                 int64_t *out_next, struct bus_error *out_error);

enum status bus_kafka_group_members(struct bus *bus, struct arena *arena, struct str group,
                                    const struct bus_topic *topic, struct bus_group_member **out_members,
                                    size_t *out_count, struct bus_error *out_error);

/* REFUSED when a broker can't keep what exactly-once rests on. */
MUST_CHECK enum status bus_kafka_brokers_check(struct bus_kafka *bus, struct bus_error *out_error);

enum status bus_kafka_member_open(struct bus *bus, const struct bus_member_config *config,
                                  struct bus_member **out_member, struct bus_error *out_error);
void bus_kafka_member_leave(struct bus_member *member);
void bus_kafka_member_close(struct bus_member *member);
enum status bus_kafka_member_poll(struct bus_member *member, int timeout_ms, struct bus_record *out_record,
                                  struct bus_error *out_error);
void bus_kafka_member_wake(struct bus_member *member);
enum status bus_kafka_member_stable(struct bus_member *member, uint32_t partition, struct bus_position *out_position,
                                    struct bus_error *out_error);
enum status bus_kafka_member_seek(struct bus_member *member, const struct bus_position *position,
                                  struct bus_error *out_error);
enum status bus_kafka_member_pause(struct bus_member *member, uint32_t partition, struct bus_error *out_error);
enum status bus_kafka_begin(struct bus_member *member, struct bus_error *out_error);
enum status bus_kafka_produce(struct bus_member *member, const struct bus_message *message,
                              struct bus_error *out_error);
enum status bus_kafka_commit(struct bus_member *member, const struct bus_position *positions, size_t position_count,
                             struct bus_error *out_error);
enum status bus_kafka_abort(struct bus_member *member, struct bus_error *out_error);
int64_t bus_kafka_last_offset(const struct bus_member *member, const struct bus_topic *topic, uint32_t partition);
int64_t bus_kafka_member_position(const struct bus_member *member, size_t topic, uint32_t partition);
int64_t bus_kafka_member_end(const struct bus_member *member, size_t topic, uint32_t partition);
uint32_t bus_kafka_member_renewals(const struct bus_member *member);
struct bus_kafka_transactions *bus_kafka_member_transactions(struct bus_member *member); /* for the tests */

struct bus_kafka_position {
    uint32_t partition;
    int64_t next; /* the offset that is to be read */
};

/* After an answer that the position is out of range: asks the leader. REFUSED: it is. OK: it is not, or nobody tells; the client
 * knows the leaders anew and may read on. Takes a moment, so that who comes again and again does not spin. */
MUST_CHECK enum status bus_kafka_position_check(struct bus_kafka *bus, rd_kafka_t *client, const struct bus_topic *topic,
                                                const struct bus_kafka_position *at, struct bus_error *out_error);

/* rd_kafka_assign, and waits until the fetchers that it took away have stopped. */
rd_kafka_resp_err_t bus_kafka_assign(rd_kafka_t *client, const rd_kafka_topic_partition_list_t *list);

/* rd_kafka_consumer_close; within it, bus_kafka_assign assigns nothing and waits for nothing. */
void bus_kafka_consumer_close(rd_kafka_t *client);

MUST_CHECK enum status bus_kafka_pool_open(struct bus_kafka *bus, struct bus_kafka_pool **out_pool);
void bus_kafka_pool_close(struct bus_kafka_pool *pool);
/* A client that reads committed records only, for bounds. */
MUST_CHECK enum status bus_kafka_pool_client(struct bus_kafka *bus, rd_kafka_t **out_client,
                                             struct bus_error *out_error);
enum status bus_kafka_reader_open(struct bus *bus, const struct bus_topic *topic, uint32_t partition, int64_t offset,
                                  struct bus_reader **out_reader, struct bus_error *out_error);
enum status bus_kafka_reader_next(struct bus_reader *reader, int timeout_ms, struct bus_record *out_record,
                                  struct bus_error *out_error);
int64_t bus_kafka_reader_position(const struct bus_reader *reader);
void bus_kafka_reader_close(struct bus_reader *reader);

enum status bus_kafka_producer_open(struct bus *bus, struct bus_producer **out_producer, struct bus_error *out_error);
enum status bus_kafka_producer_send(struct bus_producer *producer, const struct bus_message *message,
                                    struct bus_error *out_error);
enum status bus_kafka_producer_flush(struct bus_producer *producer, int timeout_ms, struct bus_error *out_error);
void bus_kafka_producer_close(struct bus_producer *producer);
enum status bus_kafka_follower_open(struct bus *bus, struct str group, const struct bus_topic *const *topics,
                                    size_t topic_count, struct bus_follower **out_follower,
                                    struct bus_error *out_error);
enum status bus_kafka_follower_poll(struct bus_follower *follower, int timeout_ms, struct bus_record *out_record,
                                    struct bus_error *out_error);
enum status bus_kafka_follower_done(struct bus_follower *follower, const struct bus_record *record,
                                    struct bus_error *out_error);
void bus_kafka_follower_close(struct bus_follower *follower);

#endif
