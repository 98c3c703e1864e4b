/* Transactions of the modelled broker, as a coordinator ends them: the outcome is decided first, which is all that a
 * producer waits for, and then each partition gets its marker, and the group its offsets, in any order and some time
 * later. Until its marker is there, a partition's records are undecided to readers; until the group's is there, the
 * offsets are pending (design, section 3, rules 6 and 7). */
#ifndef PAWL_TESTS_SIM_TXN_H
#define PAWL_TESTS_SIM_TXN_H

#include "chance.h"
#include "log.h"

#define TRANSACTION_MS 10000
#define MARKER_MS_MAX 1500

enum txn_state { TXN_ONGOING, TXN_COMMITTED, TXN_ABORTED };

/* A partition that a transaction writes to. */
struct touched {
    struct touched *next;
    struct topic *topic;
    uint32_t partition;
    int64_t last_offset;
    bool ended; /* its marker is written */
    int64_t marker_ms;
};

/* A record that is on its way: the offsets overtake it. */
struct txn_late {
    struct txn_late *next;
    struct touched *touched;
    struct log_record item;
};

struct txn {
    enum txn_state state;
    struct txn *next; /* of all ongoing, or of all ending */
    int64_t started_ms;
    struct touched *touched;
    struct bus_position *pending; /* offsets sent, not yet decided */
    size_t pending_count;
    uint64_t pending_serial;
    bool offsets_ended;
    int64_t offsets_ms;
    bool is_late; /* records are under way until txn_deliver */
    struct txn_late *late;
    struct txn_late **late_end;
};

struct txns {
    struct arena *arena;
    struct chance *chance;
    uint32_t late_in_10000;   /* a transaction's records are under way until its offsets are sent */
    uint32_t marker_in_10000; /* a marker takes its time */
    struct txn *ongoing;
    struct txn *ending; /* decided, markers are missing */
    struct bus_position *committed;
    uint64_t *committed_serial; /* of the offsets in `committed` */
    uint64_t serial;
};

struct txn *txn_begin(struct txns *txns, int64_t now_ms);
void txn_produce(struct txns *txns, struct txn *txn, const struct bus_message *message, int64_t now_ms);
void txn_send_offsets(struct txns *txns, struct txn *txn, const struct bus_position *positions, size_t count);

/* What was under way arrives. */
void txn_deliver(struct txn *txn, int64_t now_ms);

/* Decides the outcome. Markers follow, at once or later. */
void txn_end(struct txns *txns, struct txn *txn, enum txn_state state, int64_t now_ms);

/* Writes the markers that are missing. NULL and ongoing ones: nothing. */
void txn_finish(struct txns *txns, struct txn *txn, int64_t now_ms);

/* Aborts what takes too long, writes the markers that are due. */
void txn_pass_time(struct txns *txns, int64_t now_ms);

/* Whether the group's offsets of that partition are not decided, or not known yet. */
bool txn_is_pending(const struct txns *txns, uint32_t partition);

/* Of its last record to the partition, or BUS_OFFSET_NONE. */
int64_t txn_last_offset(const struct txn *txn, const struct bus_topic *topic, uint32_t partition);

/* Transactions that are open, or whose markers are missing. */
size_t txn_open_count(const struct txns *txns);

#endif
