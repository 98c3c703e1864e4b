/* The inside of the modelled broker and of its clients, for broker.c, member.c and client.c alone. */
#ifndef PAWL_TESTS_SIM_BROKER_PARTS_H
#define PAWL_TESTS_SIM_BROKER_PARTS_H

#include "broker.h"

struct broker {
    struct chance chance; /* of what is open without any fault: who is polled first, how long a delay is */
    struct faults *faults;
    struct broker_hooks hooks;
    struct arena *arena; /* records, names, requests: everything that is never freed before the end */
    int64_t now_ms;
    int64_t away_from_ms;
    int64_t away_until_ms; /* no broker can be reached before */
    struct topic *topics;
    struct sim_bus *buses;
    struct coordinator coordinator;
    struct group group;
    struct network network;
    struct str poison;
};

struct sim_bus {
    struct bus base;
    struct broker *broker;
    struct sim_bus *next;
    struct client *clients; /* of its members */
    int process;
    bool dead;
    int64_t skew_ms;
};

extern const struct bus_ops broker_ops;

void broker_tell(const struct broker *broker, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Before each call: others may run, and the process may die. */
MUST_CHECK enum status broker_io(struct sim_bus *bus, const char *what, struct bus_error *out_error);

/* Time passes while the caller waits; the process may be dead afterwards. */
void broker_wait(struct sim_bus *bus, int64_t ms);

/* Nothing was there: for the test itself the time that it would have waited has passed. Processes under test never wait so. */
void broker_idle(struct sim_bus *bus, int timeout_ms);

/* Whether something goes wrong for this process; never for the test itself. */
bool broker_fails(struct sim_bus *bus, enum fault_kind kind);

#define TRY_IO(bus, what)                                                                                              \
    do {                                                                                                               \
        TRY(broker_io((bus), (what), out_error));                                                                      \
        if (broker_fails((bus), FAULT_RETRY)) {                                                                        \
            broker_tell((bus)->broker, "i%d: %s fails, and may be repeated", (bus)->process, (what));                  \
            return bus_port_fail(out_error, STATUS_RETRIABLE, "%s: injected", (what));                                 \
        }                                                                                                              \
    } while (0)

/* TRY_IO of what a broker has to answer. */
#define TRY_ASK(bus, what)                                                                                             \
    do {                                                                                                               \
        TRY_IO((bus), (what));                                                                                         \
        if ((bus)->process >= 0 && broker_is_away((bus)->broker)) {                                                    \
            return bus_port_fail(out_error, STATUS_RETRIABLE, "%s: no broker answers", (what));                        \
        }                                                                                                              \
    } while (0)

/* ---- member.c: the port's functions for members ---- */

enum status member_open(struct bus *bus, const struct bus_member_config *config, struct bus_member **out_member,
                        struct bus_error *out_error);
void member_leave(struct bus_member *base);
void member_close(struct bus_member *base);
enum status member_poll(struct bus_member *base, int timeout_ms, struct bus_record *out_record,
                        struct bus_error *out_error);
void member_wake(struct bus_member *base);
enum status member_stable(struct bus_member *base, uint32_t partition, struct bus_position *out_position,
                          struct bus_error *out_error);
enum status member_seek(struct bus_member *base, const struct bus_position *position, struct bus_error *out_error);
enum status member_pause(struct bus_member *base, uint32_t partition, struct bus_error *out_error);
enum status member_begin(struct bus_member *base, struct bus_error *out_error);
enum status member_produce(struct bus_member *base, const struct bus_message *message, struct bus_error *out_error);
enum status member_commit(struct bus_member *base, const struct bus_position *positions, size_t position_count,
                          struct bus_error *out_error);
enum status member_abort(struct bus_member *base, struct bus_error *out_error);
int64_t member_last_offset(const struct bus_member *base, const struct bus_topic *topic, uint32_t partition);
int64_t member_position(const struct bus_member *base, size_t topic, uint32_t partition);
int64_t member_end(const struct bus_member *base, size_t topic, uint32_t partition);
uint32_t member_renewals(const struct bus_member *base);

#endif
