/* What librdkafka's clients tell, added up (bus/bus_kafka_statistics.h). */
#include "bus/bus_kafka_statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void take(struct bus_kafka_statistics *totals, enum bus_client kind, struct bus_kafka_told *told, const char *text)
{
    bus_kafka_statistics_take(totals, kind, told, text, strlen(text));
}

static void expect(struct bus_kafka_statistics *totals, enum bus_client kind, enum bus_statistic statistic, double value)
{
    struct bus_statistics sum;
    bus_kafka_statistics_copy(totals, &sum);
    assert_true(sum.told[kind]);
    assert_true(sum.values[kind][statistic] > value - 1e-9 && sum.values[kind][statistic] < value + 1e-9);
}

static void test_sums(void **state)
{
    (void)state;
    struct bus_kafka_statistics totals = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct bus_kafka_told a = {{0}};
    struct bus_kafka_told b = {{0}};
    struct bus_statistics none;
    bus_kafka_statistics_copy(&totals, &none);
    assert_false(none.told[BUS_CLIENT_CONSUMER] || none.told[BUS_CLIENT_PRODUCER]);

    take(&totals, BUS_CLIENT_PRODUCER, &a,
         "{\"tx\":10,\"msg_cnt\":3,\"brokers\":{\"x\":{\"txerrs\":1,\"rtt\":{\"p99\":2000}},\"y\":{\"txerrs\":2,\"rtt\":{\"p99\":500}}}}");
    take(&totals, BUS_CLIENT_PRODUCER, &b, "{\"tx\":5,\"msg_cnt\":4,\"brokers\":{}}");
    expect(&totals, BUS_CLIENT_PRODUCER, BUS_STATISTIC_REQUESTS, 15);
    expect(&totals, BUS_CLIENT_PRODUCER, BUS_STATISTIC_QUEUED_RECORDS, 7);
    expect(&totals, BUS_CLIENT_PRODUCER, BUS_STATISTIC_REQUEST_ERRORS, 3);
    take(&totals, BUS_CLIENT_PRODUCER, &a, "{\"tx\":12,\"msg_cnt\":0,\"brokers\":{\"x\":{\"rtt\":{\"p99\":3000}}}}");
    expect(&totals, BUS_CLIENT_PRODUCER, BUS_STATISTIC_REQUESTS, 17);
    expect(&totals, BUS_CLIENT_PRODUCER, BUS_STATISTIC_QUEUED_RECORDS, 4);
    expect(&totals, BUS_CLIENT_PRODUCER, BUS_STATISTIC_ROUND_TRIP, 0.003);

    /* Made anew: its counters begin again, the sum does not. */
    take(&totals, BUS_CLIENT_PRODUCER, &a, "{\"tx\":1}");
    expect(&totals, BUS_CLIENT_PRODUCER, BUS_STATISTIC_REQUESTS, 18);

    take(&totals, BUS_CLIENT_CONSUMER, &b, "{\"cgrp\":{\"rebalance_cnt\":2}}");
    expect(&totals, BUS_CLIENT_CONSUMER, BUS_STATISTIC_REBALANCES, 2);
    take(&totals, BUS_CLIENT_CONSUMER, &b, "no JSON");
    take(&totals, BUS_CLIENT_CONSUMER, &b, "{\"cgrp\":7,\"tx\":\"x\",\"brokers\":[],\"rx\":null}");
    expect(&totals, BUS_CLIENT_CONSUMER, BUS_STATISTIC_REBALANCES, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums)};
    return cmocka_run_group_tests_name("bus/bus_kafka_statistics", tests, NULL, NULL);
}
