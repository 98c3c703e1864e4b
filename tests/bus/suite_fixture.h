/* What the cases of the suite have in common: a bus, names of this run's own, and short ways to do what each does. */
#ifndef PAWL_TESTS_BUS_SUITE_FIXTURE_H
#define PAWL_TESTS_BUS_SUITE_FIXTURE_H

#include "tests/bus/bus_suite.h"
#include "tests/bus/party.h"

#define PARTITIONS 4

struct fixture {
    const struct bus_suite *suite;
    struct bus *bus;
    struct arena *arena;
    char run[17]; /* random: part of all names */
    const struct bus_topic *in[2];
    const struct bus_topic *out;
};

/* The expression has `out_error` to tell why it is not OK. */
#define expect_ok(expression)                                                                                          \
    do {                                                                                                               \
        struct bus_error said_ = {{0}};                                                                                \
        struct bus_error *out_error = &said_;                                                                          \
        enum status status_ = (expression);                                                                            \
        if (status_ != STATUS_OK) {                                                                                    \
            fail_msg("%s: %s: %s", #expression, status_text(status_), said_.text);                                     \
        }                                                                                                              \
        (void)out_error;                                                                                               \
    } while (0)

/* What is called so in this run; in the fixture's arena. */
char *suite_name(struct fixture *fixture, const char *what);
struct bus_topic_config suite_config(struct fixture *fixture, const char *what, uint32_t partition_count);

/* A broker may need a moment until it knows a topic that it has just made. */
const struct bus_topic *suite_open_topic(struct fixture *fixture, struct str name);
const struct bus_topic *suite_make_topic(struct fixture *fixture, const char *what, uint32_t partition_count);

/* Two input topics and one for output. */
void suite_make_topics(struct fixture *fixture);

/* Sends `count` records whose values are first, first + 1 … and waits until they are safe. */
void suite_send_numbers(struct fixture *fixture, const struct bus_topic *topic, uint32_t partition, int first, int count);
int suite_number(struct bus_record record);

struct bus_reader *suite_open_reader(struct fixture *fixture, const struct bus_topic *topic, uint32_t partition, int64_t offset);
void suite_expect_number(struct fixture *fixture, struct bus_reader *reader, int number);
void suite_expect_end(struct bus_reader *reader);

void suite_open_party(struct fixture *fixture, struct party *party, const char *instance, uint32_t thread);

/* A case of a cmocka table. suite_begin says first what all of them run on. */
#define SUITE_CASE(function) {#function, function, suite_set_up, suite_tear_down, &suite_fixture}
extern struct fixture suite_fixture;
void suite_begin(const struct bus_suite *suite);
int suite_set_up(void **state);
int suite_tear_down(void **state);

/* Those of bus_suite_members.c; how many failed. */
int bus_suite_run_members(const char *name, const struct bus_suite *suite);

#endif
