/* The modelled broker's topics: logs of records, each in its transaction or in none, and of the markers that end them. */
#ifndef PAWL_TESTS_SIM_LOG_H
#define PAWL_TESTS_SIM_LOG_H

#include "bus/bus_port.h"

struct txn;     /* txn.h */
struct touched; /* txn.h */

struct log_record {
    struct bus_record record;
    struct txn *txn;         /* NULL: outside of transactions */
    struct touched *touched; /* the partition within it */
    bool marker;
};

struct log {
    struct log_record *items;
    size_t count;
    size_t capacity;
    size_t stable; /* everything before it is decided; moved on by log_stable_end */
};

struct topic {
    struct bus_topic base;
    struct topic *next;
    struct log *logs;
};

/* The text, in the arena; none stays none. */
struct str log_keep(struct arena *arena, struct str text);

/* A record of the message, copied into the arena, of no transaction yet. */
struct log_record log_record_of(struct arena *arena, const struct bus_message *message);

/* Returns the offset. */
int64_t log_append(struct topic *topic, uint32_t partition, const struct log_record *item, int64_t now_ms);

/* The last stable offset: a marker is missing from there on. */
int64_t log_stable_end(struct log *log);

/* Whether a reader of committed records sees it (its transaction, if any, is committed, and it lies below the last
 * stable offset). */
bool log_is_visible(struct log *log, size_t index);

#endif
