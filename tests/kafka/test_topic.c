/* What the suite of all buses does not ask of topics, producers and readers. */
#include "fixture.h"

#include "base/clock.h"
#include "base/limits.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

static struct fixture fixture;

/* ---- What the port has no function for ---- */

static rd_kafka_t *admin(void)
{
    char text[256];
    rd_kafka_conf_t *config = rd_kafka_conf_new();
    rd_kafka_conf_set(config, "bootstrap.servers", fixture_bootstrap(), text, sizeof text);
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, config, text, sizeof text);
    assert_non_null(client);
    return client;
}

static void delete_topic(const char *name)
{
    rd_kafka_t *client = admin();
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_DeleteTopic_t *wanted = rd_kafka_DeleteTopic_new(name);
    rd_kafka_DeleteTopics(client, &wanted, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, FIXTURE_WAIT_MS);
    assert_non_null(event);
    assert_int_equal(rd_kafka_event_error(event), 0);
    rd_kafka_event_destroy(event);
    rd_kafka_DeleteTopic_destroy(wanted);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(client);
}

static void add_partitions(const char *name, size_t count)
{
    rd_kafka_t *client = admin();
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    char text[256];
    rd_kafka_NewPartitions_t *wanted = rd_kafka_NewPartitions_new(name, count, text, sizeof text);
    rd_kafka_CreatePartitions(client, &wanted, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, FIXTURE_WAIT_MS);
    assert_non_null(event);
    assert_int_equal(rd_kafka_event_error(event), 0);
    rd_kafka_event_destroy(event);
    rd_kafka_NewPartitions_destroy(wanted);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(client);
}

/* ---- Topics ---- */

static void test_create(void **state)
{
    (void)state;
    struct bus_error error;
    const struct bus_topic *topic;
    assert_int_equal(bus_topic_open(fixture.bus, STR("pawl-no-such-topic"), &topic, &error), STATUS_NOT_FOUND);
    assert_int_equal(bus_topic_open(fixture.bus, STR(""), &topic, &error), STATUS_NOT_FOUND);
    assert_true(bus_cluster_id(fixture.bus).length > 0);
    assert_int_equal(bus_topic_partition_count(fixture.state), FIXTURE_PARTITIONS);
    assert_true(bus_topic_mark(fixture.state).length > 1);
    assert_false(str_equal(bus_topic_mark(fixture.state), bus_topic_mark(fixture.history)));

    struct bus_topic_config config = {.name = bus_topic_name(fixture.state),
                                      .partition_count = FIXTURE_PARTITIONS,
                                      .cleanup = BUS_CLEANUP_COMPACT,
                                      .retention_ms = -1,
                                      .max_message_bytes = RECORD_BYTES_MAX};
    fixture_ok(bus_topic_create(fixture.bus, &config, &error), &error); /* is there already */
    config.partition_count += 1;
    assert_int_equal(bus_topic_create(fixture.bus, &config, &error), STATUS_REFUSED);
    print_message("%s\n", error.text);
    config.name = STR("not/a topic");
    assert_int_equal(bus_topic_create(fixture.bus, &config, &error), STATUS_REFUSED);
    print_message("%s\n", error.text);
    config.partition_count = 0;
    config.name = STR("pawl-no-partitions");
    assert_int_equal(bus_topic_create(fixture.bus, &config, &error), STATUS_REFUSED);
    print_message("%s\n", error.text);
    const struct bus_topic *again;
    fixture_ok(bus_topic_open(fixture.bus, bus_topic_name(fixture.state), &again, &error), &error);
    assert_ptr_equal(again, fixture.state);
}

static void test_check(void **state)
{
    (void)state;
    struct fixture own;
    struct bus_error error;
    fixture_open(&own, NULL);
    fixture_ok(bus_topics_check(own.bus, &error), &error);
    add_partitions(bus_topic_name(own.history).bytes, FIXTURE_PARTITIONS + 1);
    enum status status = STATUS_OK;
    for (int64_t deadline_ms = clock_ms() + FIXTURE_WAIT_MS; status == STATUS_OK && clock_ms() < deadline_ms;) {
        status = bus_topics_check(own.bus, &error);
    }
    assert_int_equal(status, STATUS_REFUSED);
    print_message("%s\n", error.text);
    fixture_close(&own);
}

/* A topic that was deleted and made anew has another mark. */
static void test_mark(void **state)
{
    (void)state;
    struct fixture own;
    struct bus_error error;
    fixture_open(&own, NULL);
    char mark[64];
    char name[64];
    snprintf(mark, sizeof mark, "%.*s", STR_ARGS(bus_topic_mark(own.state)));
    snprintf(name, sizeof name, "%.*s", STR_ARGS(bus_topic_name(own.state)));
    struct bus_kafka_property property = {"bootstrap.servers", fixture_bootstrap()};
    struct bus_kafka_options options = {.common = &property, .common_count = 1};
    struct bus *other;
    const struct bus_topic *topic;
    fixture_ok(bus_kafka_open(&options, &other, &error), &error);
    fixture_ok(bus_topic_open(other, str_of(name), &topic, &error), &error);
    assert_true(str_equal(bus_topic_mark(topic), str_of(mark)));
    bus_close(other);

    delete_topic(name);
    struct bus_topic_config config = {
        .name = str_of(name), .partition_count = FIXTURE_PARTITIONS, .max_message_bytes = 100000};
    enum status status;
    int64_t deadline_ms = clock_ms() + FIXTURE_WAIT_MS;
    do {
        status = bus_topic_create(own.bus, &config, &error);
        fixture_ok(bus_kafka_open(&options, &other, &error), &error);
        status = bus_topic_open(other, str_of(name), &topic, &error);
        if (status == STATUS_OK && !str_equal(bus_topic_mark(topic), str_of(mark))) {
            bus_close(other);
            fixture_close(&own);
            return;
        }
        bus_close(other);
    } while (clock_ms() < deadline_ms);
    fail_msg("the mark is still %s", mark);
}

static void test_trim(void **state)
{
    (void)state;
    struct bus_error error;
    int64_t begin;
    int64_t end;
    fixture_write(&fixture, fixture.results, 3, 0, 10);
    fixture_ok(bus_trim(fixture.bus, fixture.results, 3, 4, &error), &error);
    fixture_ok(bus_bounds(fixture.bus, fixture.results, 3, false, &begin, &end, &error), &error);
    assert_int_equal(begin, 4);
    assert_int_equal(end, 10);
    fixture_ok(bus_trim(fixture.bus, fixture.results, 3, 2, &error), &error); /* gone already */
    assert_int_equal(bus_trim(fixture.bus, fixture.results, 3, 11, &error), STATUS_REFUSED);
    print_message("%s\n", error.text);
    assert_int_equal(fixture_read(&fixture, fixture.results, 3, 4), 6);
}

/* ---- Records ---- */

static struct bus_record next(struct bus_reader *reader)
{
    struct bus_record record = {0};
    struct bus_error error;
    for (int64_t deadline_ms = clock_ms() + FIXTURE_WAIT_MS; clock_ms() < deadline_ms;) {
        enum status status = bus_reader_next(reader, 1000, &record, &error);
        if (status == STATUS_OK) {
            return record;
        }
        if (status != STATUS_END) {
            fixture_ok(status, &error);
        }
    }
    fail_msg("no record came");
    return record;
}

static void test_sizes(void **state)
{
    (void)state;
    struct fixture own;
    struct bus_error error;
    fixture_open(&own, NULL);
    char text[64];
    snprintf(text, sizeof text, "%s.large", own.prefix);
    struct bus_topic_config config = {
        .name = str_of(text), .partition_count = 1, .retention_ms = -1, .max_message_bytes = RECORD_BYTES_MAX};
    const struct bus_topic *topic;
    fixture_ok(bus_topic_create(own.bus, &config, &error), &error);
    fixture_ok(bus_topic_open(own.bus, config.name, &topic, &error), &error);
    char *bytes = malloc(RECORD_BYTES_MAX);
    assert_non_null(bytes);
    for (size_t at = 0; at < RECORD_BYTES_MAX; at++) { /* nothing that can be compressed */
        bytes[at] = (char)((at * 2654435761u) >> 13 ^ (at * at) >> 7);
    }
    struct bus_producer *producer;
    fixture_ok(bus_producer_open(own.bus, &producer, &error), &error);
    struct bus_message message = {.topic = topic, .value = {bytes, RECORD_BYTES_MAX}};
    assert_int_equal(bus_producer_send(producer, &message, &error), STATUS_LIMIT_EXCEEDED);
    print_message("%s\n", error.text);
    message.value.length = RECORD_BYTES_MAX - 200;
    fixture_ok(bus_producer_send(producer, &message, &error), &error);
    fixture_ok(bus_producer_flush(producer, 20000, &error), &error);
    message.topic = own.history;
    assert_int_equal(bus_producer_send(producer, &message, &error), STATUS_LIMIT_EXCEEDED);
    bus_producer_close(producer);
    struct bus_reader *reader;
    fixture_ok(bus_reader_open(own.bus, topic, 0, 0, &reader, &error), &error);
    struct bus_record record = next(reader);
    assert_int_equal(record.value.length, RECORD_BYTES_MAX - 200);
    assert_memory_equal(record.value.bytes, bytes, record.value.length);
    bus_reader_close(reader);
    free(bytes);
    fixture_close(&own);
}

/* Two readers of one partition, and more than one client takes. */
static void test_readers(void **state)
{
    (void)state;
    struct bus_error error;
    struct bus_record record;
    fixture_write(&fixture, fixture.commands, 0, 0, 5);
    enum { COUNT = 70 };
    struct bus_reader *readers[COUNT];
    for (size_t at = 0; at < 2; at++) {
        fixture_ok(bus_reader_open(fixture.bus, fixture.commands, 0, (int64_t)at * 2, &readers[at], &error), &error);
    }
    for (int64_t at = 0; at < 5; at++) {
        assert_int_equal(next(readers[0]).offset, at);
    }
    for (int64_t at = 2; at < 5; at++) {
        assert_int_equal(next(readers[1]).offset, at);
    }
    int64_t begin_ms = clock_ms();
    assert_int_equal(bus_reader_next(readers[0], 200, &record, &error), STATUS_END);
    assert_int_equal(bus_reader_next(readers[0], 200, &record, &error), STATUS_END);
    assert_int_equal(bus_reader_next(readers[0], 0, &record, &error), STATUS_END);
    assert_true(clock_ms() - begin_ms >= 190);
    bus_reader_close(readers[0]);
    bus_reader_close(readers[1]);
    fixture_ok(bus_reader_open(fixture.bus, fixture.commands, 0, 6, &readers[0], &error), &error);
    enum status status = STATUS_END;
    for (int64_t deadline_ms = clock_ms() + FIXTURE_WAIT_MS; status == STATUS_END && clock_ms() < deadline_ms;) {
        status = bus_reader_next(readers[0], 100, &record, &error);
    }
    assert_int_equal(status, STATUS_REFUSED); /* beyond the end */
    print_message("%s\n", error.text);
    bus_reader_close(readers[0]);
    begin_ms = clock_ms();
    for (size_t at = 0; at < COUNT; at++) {
        fixture_ok(bus_reader_open(fixture.bus, at % 2 ? fixture.commands : fixture.results, (uint32_t)(at / 2) % 4, 0,
                                   &readers[at], &error),
                   &error);
    }
    for (size_t at = 0; at < COUNT; at++) {
        if (at % 2 == 1 && at / 2 % 4 == 0) {
            assert_int_equal(next(readers[at]).offset, 0);
        }
        bus_reader_close(readers[at]);
    }
    print_message("%d readers: %lld ms\n", COUNT, (long long)(clock_ms() - begin_ms));
}

static int set_up(void **state)
{
    (void)state;
    fixture_open(&fixture, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_close(&fixture);
    return 0;
}

int main(void)
{
    if (fixture_bootstrap() == NULL) {
        printf("skipped: PAWL_TEST_BOOTSTRAP is not set (run under tests/kafka/with-broker)\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create), cmocka_unit_test(test_check), cmocka_unit_test(test_mark),
        cmocka_unit_test(test_trim),   cmocka_unit_test(test_sizes), cmocka_unit_test(test_readers),
    };
    cmocka_set_test_filter(getenv("PAWL_TEST_FILTER"));
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
