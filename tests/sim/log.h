/* The modelled broker's topics: logs of records and of the markers that end transactions. As in Kafka a partition knows of each
 * producer its epoch, its last sequence number, and where its open transaction begins; a marker decides all that lies between. */
#ifndef PAWL_TESTS_SIM_LOG_H
#define PAWL_TESTS_SIM_LOG_H

#include "bus/bus_port.h"

#define LOG_PRODUCERS_MAX 24
#define LOG_NO_PRODUCER (-1) /* a record outside of transactions */

enum log_outcome { LOG_UNDECIDED, LOG_COMMITTED, LOG_ABORTED };

struct log_record {
    struct bus_record record;
    int32_t producer;
    bool marker;
    enum log_outcome outcome;
};

/* What a partition knows of a producer. */
struct log_producer {
    int64_t epoch;
    int64_t next_sequence;
    int64_t last_offset;
    bool open; /* in a transaction, since its first record here */
    size_t open_from;
};

struct log {
    struct log_record *items;
    size_t count;
    size_t capacity;
    size_t stable; /* everything before it is decided; moved on by log_stable_end */
    struct log_producer producers[LOG_PRODUCERS_MAX];
};

struct topic {
    struct bus_topic base;
    struct topic *next;
    struct log *logs;
};

/* The text, in the arena; none stays none. */
struct str log_keep(struct arena *arena, struct str text);

/* A record of the message, copied into the arena, outside of transactions. */
struct log_record log_record_of(struct arena *arena, const struct bus_message *message);

/* Returns the offset. */
int64_t log_append(struct topic *topic, uint32_t partition, const struct log_record *item, int64_t now_ms);

/* A producer's place in its sequence. */
struct log_sequence {
    int32_t producer;
    int64_t epoch;
    int64_t number;
};

enum log_answer { LOG_OK, LOG_FENCED, LOG_OUT_OF_ORDER };

/* A record of a transaction. What was appended before is not again: it has the offset that it has. */
enum log_answer log_produce(struct topic *topic, uint32_t partition, const struct log_sequence *sequence,
                            const struct log_record *item, int64_t now_ms, int64_t *out_offset);

/* A transaction's marker: its records are decided. */
void log_mark(struct topic *topic, uint32_t partition, int32_t producer, int64_t epoch, enum log_outcome outcome,
              int64_t now_ms);

/* The last stable offset: what follows has an undecided record before it. */
int64_t log_stable_end(struct log *log);

/* Whether a reader of committed records sees it: committed, and below the last stable offset. */
bool log_is_visible(struct log *log, size_t index);

#endif
