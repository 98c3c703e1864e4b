/* A model of the broker for the simulator: topics, transactions as a coordinator ends them, one consumer group, and a network
 * that delays, doubles and loses what is asked and answered.
 *
 * One thread drives everything. Each process under test reaches the broker through a bus of its own (broker_bus), so
 * that it can die: from then on whatever it asks fails, and nothing it does has an effect but what was on its way. Before each of
 * its calls, `on_io` may kill it, let others run first, or evict it from the group while it stalls; where it waits for the broker,
 * `on_wait` lets others run meanwhile.
 *
 *     broker.c        the bus's topics, readers, producers      coordinator.c   transactional ids, epochs, markers
 *     member.c        its members, as bus_kafka_member.c        group.c         assignment, offsets
 *     client.c        its transactions, as librdkafka and       network.c       requests on their way
 *                     bus_kafka_transaction.c make them         log.c           what was written */
#ifndef PAWL_TESTS_SIM_BROKER_H
#define PAWL_TESTS_SIM_BROKER_H

#include "bus/bus_port.h"
#include "network.h"

struct broker;

struct broker_hooks {
    void *owner;
    void (*on_io)(void *owner, int process, const char *what);
    void (*on_wait)(void *owner, int process, int64_t ms); /* must pass the time */
    void (*tell)(void *owner, const char *text);           /* a line of the trace */
};

struct broker *broker_create(uint64_t seed, struct faults *faults, const struct broker_hooks *hooks);
void broker_destroy(struct broker *broker);

int64_t broker_now_ms(const struct broker *broker);
void broker_pass_time(struct broker *broker, int64_t ms);

/* A transaction whose outputs hold this text (outside of the dead letters) can't be committed. */
void broker_poison(struct broker *broker, struct str text);

/* A process's way in; its clock is off by skew_ms. Process -1 is the test itself: it never dies. */
struct bus *broker_bus(struct broker *broker, int process, int64_t skew_ms);
void broker_skew(struct bus *bus, int64_t skew_ms);
void broker_kill(struct bus *bus);
bool broker_is_dead(const struct bus *bus);

/* The process does not answer: its members are thrown out of the group, not told. */
void broker_evict(struct broker *broker, int process);

/* A coordinator moves: that of transactions, or the group's. */
void broker_move(struct broker *broker, bool of_group, int64_t away_ms);

/* No broker can be reached for so long; 0: they are back. Who has no heartbeat for a session gives up what he has; the brokers begin
 * the sessions, and whatever they time, anew when they are back. */
void broker_go_away(struct broker *broker, int64_t ms);
bool broker_is_away(const struct broker *broker);
bool broker_is_silent(const struct broker *broker); /* for longer than a session */

/* The group's coordinator remembers an older member than the process is (docs/decisions/0008): fences its members, once. */
void broker_mistake(struct broker *broker, int process);

struct topic *broker_topic(struct broker *broker, const char *name);
struct topic *broker_topics(struct broker *broker);

/* What the group has committed. */
struct bus_position broker_committed(struct broker *broker, uint32_t partition);

/* Transactions that are open, or whose markers are missing, and requests that are on their way. */
size_t broker_open_count(const struct broker *broker);

/* Requests that arrived when their senders had given them up. */
size_t broker_late_count(const struct broker *broker);

#endif
