/* What the tests on a real broker share: a bus on the broker at PAWL_TEST_BOOTSTRAP, topics of their own, and a stream
 * thread's member that notes what it is told. */
#ifndef PAWL_TESTS_KAFKA_FIXTURE_H
#define PAWL_TESTS_KAFKA_FIXTURE_H

#include "bus/bus_kafka.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FIXTURE_PARTITIONS 4
#define FIXTURE_WAIT_MS 60000 /* for what is sure to come: machines may be slow, and broken code may take its time */

struct fixture {
    struct bus *bus;
    char prefix[32]; /* of topics, group and instances; another for each fixture */
    const struct bus_topic *commands;
    const struct bus_topic *results;
    const struct bus_topic *state;
    const struct bus_topic *history;
};

struct fixture_property {
    const char *name; /* "consumer.x", "producer.x" or "x" */
    const char *value;
};

/* The broker's address, or NULL: the test is to be skipped. */
const char *fixture_bootstrap(void);

/* `properties` ends with a NULL name; NULL: none. */
void fixture_open(struct fixture *fixture, const struct fixture_property *properties);
void fixture_close(struct fixture *fixture);

/* Another bus on the topics of `other`. */
void fixture_share(struct fixture *fixture, const struct fixture *other, const struct fixture_property *properties);

/* `<prefix>.<name>`, made with FIXTURE_PARTITIONS partitions. */
const struct bus_topic *fixture_topic(struct fixture *fixture, const char *name, enum bus_cleanup cleanup);

/* Writes `count` records "key" = "<first>", "<first + 1>" … by a plain producer. */
void fixture_write(struct fixture *fixture, const struct bus_topic *topic, uint32_t partition, int first, int count);

/* Reads committed records up to the end as it is now; fails the test if values are not "<first>" … in order. Returns
 * how many. */
int fixture_read(struct fixture *fixture, const struct bus_topic *topic, uint32_t partition, int first);

/* Waits until the uncommitted end is there. */
void fixture_await_end(struct fixture *fixture, const struct bus_topic *topic, uint32_t partition, int64_t end);

/* Whether the broker is this test's own, to be killed and paused. Says so if it is not. */
bool fixture_broker_is_ours(void);

/* Has tests/kafka/broker do `what` with it; in the background, after some seconds. */
void fixture_broker(const char *what);
void fixture_broker_later(const char *what, int seconds);

/* A test's set-up: whatever the one before it left behind, the broker is up. */
int fixture_broker_up(void **state);

struct stream {
    struct fixture *fixture;
    struct bus_member *member;
    bool held[FIXTURE_PARTITIONS];
    bool at_once; /* seek to the stable offsets (else 0) when assigned */
    int assigned_count;
    int revoked_count;
    int lost_count;
    void (*on_revoked)(struct stream *stream);
};

void stream_open(struct stream *stream, struct fixture *fixture, const char *instance);
/* Polls until `count` partitions are held; fails the test after FIXTURE_WAIT_MS. Records that come are dropped. */
void stream_await(struct stream *stream, size_t count);
size_t stream_held(const struct stream *stream);
/* One more record, within FIXTURE_WAIT_MS. */
struct bus_record stream_next(struct stream *stream);
struct bus_position stream_stable(struct stream *stream, uint32_t partition);

struct bus_message fixture_message(const struct bus_topic *topic, uint32_t partition, const char *value);

/* OK, or the test fails with the error's text. */
void fixture_ok(enum status status, const struct bus_error *error);

#endif
