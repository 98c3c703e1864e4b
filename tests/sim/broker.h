/* A model of the broker for the simulator: topics with transactions and markers, one consumer group, fencing,
 * time-outs.
 *
 * One thread drives everything. Each process under test reaches the broker through a bus of its own (broker_bus), so
 * that it can die: from then on whatever it asks fails and nothing it does has an effect. Before each of its calls,
 * `on_io` may kill it, let others run first, or evict it from the group while it stalls. */
#ifndef PAWL_TESTS_SIM_BROKER_H
#define PAWL_TESTS_SIM_BROKER_H

#include "bus/bus_port.h"
#include "chance.h"
#include "txn.h"

#define SESSION_MS 6000

struct broker;

struct broker_faults {
    bool on;
    uint32_t abort_in_10000;   /* a transaction is refused */
    uint32_t retry_in_10000;   /* a call fails and may be repeated */
    uint32_t unknown_in_10000; /* EndTxn's answer is lost */
    uint32_t late_in_10000;    /* records arrive after the offsets */
    uint32_t marker_in_10000;  /* a decided transaction's marker takes its time */
};

/* Called before each call of process `process`. It may run others. */
typedef void (*broker_io_fn)(void *owner, int process, const char *what);

struct broker *broker_create(uint64_t seed, broker_io_fn on_io, void *io_owner);
void broker_destroy(struct broker *broker);

struct chance *broker_chance(struct broker *broker);
struct broker_faults *broker_faults(struct broker *broker);
int64_t broker_now_ms(const struct broker *broker);
void broker_pass_time(struct broker *broker, int64_t ms);

/* A transaction whose outputs hold this text (outside of the dead letters) can't be committed. */
void broker_poison(struct broker *broker, struct str text);

/* A process's way in; its clock is off by skew_ms. Process -1 is the test itself: it never dies. */
struct bus *broker_bus(struct broker *broker, int process, int64_t skew_ms);
void broker_kill(struct bus *bus);
bool broker_is_dead(const struct bus *bus);

/* The process does not answer: its members are thrown out of the group, not told. */
void broker_evict(struct broker *broker, int process);

struct topic *broker_topic(struct broker *broker, const char *name);
struct topic *broker_topics(struct broker *broker);

/* What the group has committed. */
struct bus_position broker_committed(struct broker *broker, uint32_t partition);

/* Transactions that are open, or whose markers are missing. */
size_t broker_open_count(const struct broker *broker);

#endif
