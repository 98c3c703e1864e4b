/* Measures: milliseconds a transaction of 1, 10, 100 and 1,000 records of 200 bytes to three topics, one thread, for
 * some values of linger.ms. Prints, asserts nothing. Run under with-broker; arguments are values of linger.ms. */
#include "fixture.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void run(struct stream *stream, int record_count, uint32_t partition_count, int64_t run_us)
{
    struct fixture *fixture = stream->fixture;
    const struct bus_topic *topics[] = {fixture->state, fixture->history, fixture->results};
    char value[200];
    memset(value, 'x', sizeof value);
    struct bus_position position = {0, {0, 0}};
    struct bus_error error;
    static int64_t taken_us[20000];
    size_t count = 0;
    int64_t begin_us = clock_us();
    while (count < 20 || (clock_us() - begin_us < run_us && count < sizeof taken_us / sizeof taken_us[0])) {
        int64_t start_us = clock_us();
        fixture_ok(bus_begin(stream->member, &error), &error);
        for (int at = 0; at < record_count; at++) {
            struct bus_message message = {
                topics[at % 3], (uint32_t)at / 3 % partition_count, STR("key"), {value, sizeof value}, NULL, 0};
            fixture_ok(bus_produce(stream->member, &message, &error), &error);
        }
        fixture_ok(bus_commit(stream->member, &position, 1, &error), &error);
        taken_us[count++] = clock_us() - start_us;
        struct bus_record record;
        (void)!bus_member_poll(stream->member, 0, &record, &error);
    }
    double mean_us = (double)(clock_us() - begin_us) / (double)count;
    qsort(taken_us, count, sizeof taken_us[0], compare);
    printf("    %5d records, %2d partitions: mean %6.2f ms, p50 %6.2f, p99 %6.2f (%zu transactions, %.0f records/s)\n",
           record_count, record_count < 3 * (int)partition_count ? record_count : 3 * (int)partition_count,
           mean_us / 1000, (double)taken_us[count / 2] / 1000, (double)taken_us[count * 99 / 100] / 1000, count,
           record_count * 1e6 / mean_us);
}

int main(int argument_count, char **arguments)
{
    if (fixture_bootstrap() == NULL) {
        printf("skipped: PAWL_TEST_BOOTSTRAP is not set (run under tests/kafka/with-broker)\n");
        return 77;
    }
    for (int at = 1; at < argument_count; at++) {
        struct fixture_property properties[] = {{"producer.linger.ms", arguments[at]}, {0}};
        struct fixture fixture;
        struct stream stream;
        fixture_open(&fixture, properties);
        int64_t begin_us = clock_us();
        stream_open(&stream, &fixture, "bench");
        int64_t opened_us = clock_us();
        stream_await(&stream, FIXTURE_PARTITIONS);
        printf("linger.ms %s (open %.0f ms, assigned %.0f ms)\n", arguments[at], (double)(opened_us - begin_us) / 1000,
               (double)(clock_us() - opened_us) / 1000);
        run(&stream, 10, 1, 3000000); /* warms up the broker */
        static const int counts[] = {1, 10, 100, 1000};
        for (size_t count = 0; count < 4; count++) {
            run(&stream, counts[count], 1, 2000000);
            run(&stream, counts[count], FIXTURE_PARTITIONS, 2000000);
        }
        bus_member_leave(stream.member);
        fixture_close(&fixture);
    }
    return 0;
}
