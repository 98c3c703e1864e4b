/* The modelled transaction coordinator, as brokers have it that know nothing of KIP-890's second part: a transactional id has one
 * producer number for ever and an epoch that an InitProducerId raises, and whatever comes with the present epoch is taken for the
 * present transaction. EndTxn is answered when the outcome is decided; each partition gets its marker, and the group its
 * offsets, in any order and some time later, and until all have, the next transaction is told CONCURRENT_TRANSACTIONS. */
#ifndef PAWL_TESTS_SIM_COORDINATOR_H
#define PAWL_TESTS_SIM_COORDINATOR_H

#include "fault.h"
#include "log.h"

#define TRANSACTION_MS 10000
#define MARKER_MS_MAX 1500

struct group;

/* What a broker says to a request. */
enum answer {
    ANSWER_OK,
    ANSWER_CONCURRENT, /* CONCURRENT_TRANSACTIONS: the last one's markers are missing */
    ANSWER_AWAY,       /* NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS */
    ANSWER_FENCED,     /* INVALID_PRODUCER_EPOCH, PRODUCER_FENCED */
    ANSWER_STATE,      /* INVALID_TXN_STATE */
    ANSWER_SEQUENCE,   /* OUT_OF_ORDER_SEQUENCE_NUMBER */
    ANSWER_GENERATION, /* ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID */
    ANSWER_NONE,       /* time is up */
    ANSWER_DEAD,       /* the process that asked has died */
};

enum txn_state { TXN_EMPTY, TXN_ONGOING, TXN_COMMITTING, TXN_ABORTING, TXN_COMMITTED, TXN_ABORTED };

/* A partition that a transaction writes to. */
struct touched {
    struct touched *next;
    struct topic *topic;
    uint32_t partition;
    bool ended; /* its marker is written */
    int64_t marker_ms;
};

struct transactional {
    struct str id;
    int64_t epoch;
    enum txn_state state;
    int64_t started_ms;
    struct touched *touched;
    bool has_offsets;
    bool offsets_ended;
    int64_t offsets_ms;
};

struct coordinator {
    struct arena *arena;
    struct faults *faults;
    struct group *group;
    int64_t now_ms;
    int64_t away_until_ms;
    struct transactional entries[LOG_PRODUCERS_MAX]; /* the index is the producer's number */
    size_t count;
};

/* Who asks: a number and the epoch that it believes it has. */
struct producer_id {
    int32_t number;
    int64_t epoch;
};

/* InitProducerId: ends what is open, and raises the epoch. */
enum answer coordinator_init(struct coordinator *coordinator, struct str id, struct producer_id *out_id);
enum answer coordinator_add_partition(struct coordinator *coordinator, struct producer_id id, struct topic *topic,
                                      uint32_t partition);
enum answer coordinator_add_offsets(struct coordinator *coordinator, struct producer_id id);
enum answer coordinator_end(struct coordinator *coordinator, struct producer_id id, bool commit);

/* transaction.partition.verification: whether the producer's transaction is ongoing and has the partition, or the offsets. */
enum answer coordinator_verify_partition(const struct coordinator *coordinator, struct producer_id id,
                                         const struct topic *topic, uint32_t partition);
enum answer coordinator_verify_offsets(const struct coordinator *coordinator, struct producer_id id);

bool coordinator_is_ongoing(const struct coordinator *coordinator, struct producer_id id);

/* Aborts what takes too long, writes the markers that are due. */
void coordinator_pass_time(struct coordinator *coordinator, int64_t now_ms);

/* Transactions that are open, or whose markers are missing. */
size_t coordinator_open_count(const struct coordinator *coordinator);

#endif
