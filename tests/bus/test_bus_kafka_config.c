/* What bus_kafka_open refuses before it looks for a broker. */
#include "bus/bus_kafka.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_open(void **state)
{
    (void)state;
    static const struct {
        struct bus_kafka_property common;
        struct bus_kafka_property consumer;
        struct bus_kafka_property producer;
        const char *text; /* occurs in the error's */
    } rows[] = {
        {{0}, {0}, {0}, "kafka.bootstrap.servers is not set"},
        {{"bootstrap.server", "x"}, {0}, {0}, "kafka.bootstrap.server: No such configuration property"},
        {{"socket.timeout.ms", "soon"}, {0}, {0}, "kafka.socket.timeout.ms: Invalid value"},
        {{"acks", "1"}, {0}, {0}, "kafka.acks can't be set: "},
        {{"bootstrap.servers", "x"},
         {"isolation.level", "read_uncommitted"},
         {0},
         "kafka.consumer.isolation.level can't be set: "},
        {{"bootstrap.servers", "x"}, {"group.id", "x"}, {0}, "kafka.consumer.group.id can't be set: "},
        {{"bootstrap.servers", "x"}, {0}, {"transactional.id", "x"}, "kafka.producer.transactional.id can't be set: "},
        {{"bootstrap.servers", "x"}, {0}, {"lingerms", "1"}, "kafka.producer.lingerms: No such configuration property"},
        {{"bootstrap.servers", "x"}, {"session.timeout.ms", "100000"}, {0}, "session.timeout.ms"},
        {{"bootstrap.servers", "x"}, {0}, {"max.in.flight.requests.per.connection", "50"}, "max.in.flight"},
    };
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        struct bus_kafka_options options = {.common = &rows[at].common,
                                            .common_count = rows[at].common.name != NULL,
                                            .consumer = &rows[at].consumer,
                                            .consumer_count = rows[at].consumer.name != NULL,
                                            .producer = &rows[at].producer,
                                            .producer_count = rows[at].producer.name != NULL};
        struct bus *bus;
        struct bus_error error;
        assert_int_equal(bus_kafka_open(&options, &bus, &error), STATUS_REFUSED);
        print_message("%s\n", error.text);
        assert_non_null(strstr(error.text, rows[at].text));
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"enable.auto.commit",
                                        "isolation.level",
                                        "enable.idempotence",
                                        "acks",
                                        "transactional.id",
                                        "partitioner",
                                        "group.id",
                                        "auto.offset.reset",
                                        "partition.assignment.strategy"};
    for (size_t at = 0; at < sizeof names / sizeof names[0]; at++) {
        assert_non_null(bus_kafka_refused(names[at]));
    }
    assert_null(bus_kafka_refused("linger.ms"));
    assert_null(bus_kafka_refused(""));
}

static void test_nobody(void **state)
{
    (void)state;
    struct bus_kafka_property properties[] = {{"bootstrap.servers", "127.0.0.1:1"}};
    struct bus_kafka_options options = {.common = properties, .common_count = 1};
    struct bus *bus;
    struct bus_error error;
    assert_int_equal(bus_kafka_open(&options, &bus, &error), STATUS_RETRIABLE);
    print_message("%s\n", error.text);
    assert_non_null(strstr(error.text, "no broker answered within 10 s"));
    assert_non_null(strstr(error.text, "127.0.0.1:1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
