#include "bus/bus_local.h"

#include "tests/bus/bus_suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HOUR_MS (3600 * 1000LL)

struct fixture {
    char *path;
    struct bus *bus;
    const struct bus_topic *topic;
    int64_t now_ms;
};

static void open_bus(struct fixture *fixture)
{
    struct bus_local_options options = {.path = fixture->path, .memory_bytes = (size_t)16 * 1024 * 1024};
    assert_int_equal(bus_local_open(&options, &fixture->bus, NULL), STATUS_OK);
    fixture->now_ms = bus_now_ms(fixture->bus);
}

static void open_topic(struct fixture *fixture, enum bus_cleanup cleanup)
{
    struct bus_topic_config config = {.name = STR("topic"),
                                      .partition_count = 2,
                                      .cleanup = cleanup,
                                      .retention_ms = cleanup == BUS_CLEANUP_COMPACT ? -1 : HOUR_MS,
                                      .min_compaction_lag_ms = HOUR_MS,
                                      .delete_retention_ms = 10 * HOUR_MS,
                                      .max_message_bytes = 1000};
    assert_int_equal(bus_topic_create(fixture->bus, &config, NULL), STATUS_OK);
    assert_int_equal(bus_topic_open(fixture->bus, config.name, &fixture->topic, NULL), STATUS_OK);
}

/* "a1 b2 a-": keys a, b, a with values 1, 2 and none. A key of '.' is none. */
static void send_all(struct fixture *fixture, const char *records)
{
    struct bus_producer *producer = NULL;
    assert_int_equal(bus_producer_open(fixture->bus, &producer, NULL), STATUS_OK);
    for (const char *at = records; *at != '\0'; at += at[2] == ' ' ? 3 : 2) {
        struct bus_message message = {.topic = fixture->topic, .partition = 1};
        message.key = at[0] == '.' ? STR_NONE : (struct str){at, 1};
        message.value = at[1] == '-' ? STR_NONE : (struct str){at + 1, 1};
        assert_int_equal(bus_producer_send(producer, &message, NULL), STATUS_OK);
    }
    assert_int_equal(bus_producer_flush(producer, 30000, NULL), STATUS_OK);
    bus_producer_close(producer);
}

/* All records from the first held on, in the same words; and that a reader's position ends at the end. */
static void expect_all(struct fixture *fixture, const char *records)
{
    char text[200] = "";
    size_t length = 0;
    int64_t begin = 0;
    int64_t end = 0;
    assert_int_equal(bus_bounds(fixture->bus, fixture->topic, 1, true, &begin, &end, NULL), STATUS_OK);
    struct bus_reader *reader = NULL;
    assert_int_equal(bus_reader_open(fixture->bus, fixture->topic, 1, begin, &reader, NULL), STATUS_OK);
    struct bus_record record;
    while (bus_reader_next(reader, 0, &record, NULL) == STATUS_OK) {
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%c%c", length == 0 ? "" : " ",
                                   record.key.bytes == NULL ? '.' : record.key.bytes[0],
                                   record.value.bytes == NULL ? '-' : record.value.bytes[0]);
    }
    assert_int_equal(bus_reader_position(reader), end);
    bus_reader_close(reader);
    assert_string_equal(text, records);
}

static void clean(struct fixture *fixture, int64_t hours)
{
    struct bus_error error = {{0}};
    if (bus_local_clean(fixture->bus, fixture->now_ms + hours * HOUR_MS, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
}

static void reopen(struct fixture *fixture)
{
    bus_close(fixture->bus);
    open_bus(fixture);
    assert_int_equal(bus_topic_open(fixture->bus, STR("topic"), &fixture->topic, NULL), STATUS_OK);
}

static void test_retention(void **state)
{
    struct fixture *fixture = *state;
    open_topic(fixture, BUS_CLEANUP_DELETE);
    send_all(fixture, "a1 a2 a3");
    clean(fixture, 0);
    expect_all(fixture, "a1 a2 a3");
    clean(fixture, 2);
    expect_all(fixture, "");
    int64_t begin = 0;
    int64_t end = 0;
    assert_int_equal(bus_bounds(fixture->bus, fixture->topic, 1, true, &begin, &end, NULL), STATUS_OK);
    assert_int_equal(begin, 3);
    assert_int_equal(end, 3);
    reopen(fixture);
    send_all(fixture, "a4");
    expect_all(fixture, "a4");
    assert_int_equal(bus_bounds(fixture->bus, fixture->topic, 1, true, &begin, &end, NULL), STATUS_OK);
    assert_int_equal(begin, 3);
    assert_int_equal(end, 4);
}

static void test_compaction(void **state)
{
    struct fixture *fixture = *state;
    open_topic(fixture, BUS_CLEANUP_COMPACT);
    send_all(fixture, "a1 b1 a2 .1 c1 a3 .2 b-");
    clean(fixture, 0); /* too young */
    expect_all(fixture, "a1 b1 a2 .1 c1 a3 .2 b-");
    clean(fixture, 2);
    expect_all(fixture, ".1 c1 a3 .2 b-");
    clean(fixture, 11); /* the tombstone was first seen at 2 h */
    expect_all(fixture, ".1 c1 a3 .2 b-");
    clean(fixture, 12);
    expect_all(fixture, ".1 c1 a3 .2");
    send_all(fixture, "c2 a- b3");
    clean(fixture, 0);
    expect_all(fixture, ".1 c1 a3 .2 c2 a- b3");
    clean(fixture, 20);
    expect_all(fixture, ".1 .2 c2 a- b3");
    reopen(fixture);
    clean(fixture, 31);
    expect_all(fixture, ".1 .2 c2 b3");
    send_all(fixture, "b4");
    clean(fixture, 40);
    expect_all(fixture, ".1 .2 c2 b4");
}

/* The last record of a partition is compacted away: offsets go on where they were. */
static void test_end_is_kept(void **state)
{
    struct fixture *fixture = *state;
    open_topic(fixture, BUS_CLEANUP_COMPACT);
    send_all(fixture, "a1 a-");
    clean(fixture, 2);
    clean(fixture, 20);
    expect_all(fixture, "");
    reopen(fixture);
    send_all(fixture, "a2");
    int64_t begin = 0;
    int64_t end = 0;
    assert_int_equal(bus_bounds(fixture->bus, fixture->topic, 1, true, &begin, &end, NULL), STATUS_OK);
    assert_int_equal(end, 3);
    expect_all(fixture, "a2");
}

/* Many keys, over several writes of deletions. */
static void test_many(void **state)
{
    struct fixture *fixture = *state;
    open_topic(fixture, BUS_CLEANUP_COMPACT);
    struct bus_producer *producer = NULL;
    assert_int_equal(bus_producer_open(fixture->bus, &producer, NULL), STATUS_OK);
    for (int number = 0; number < 10000; number++) {
        char key[16];
        snprintf(key, sizeof key, "%d", number % 700);
        struct bus_message message = {.topic = fixture->topic, .partition = 1, .key = str_of(key), .value = STR("v")};
        assert_int_equal(bus_producer_send(producer, &message, NULL), STATUS_OK);
    }
    assert_int_equal(bus_producer_flush(producer, 30000, NULL), STATUS_OK);
    bus_producer_close(producer);
    clean(fixture, 2);
    struct bus_reader *reader = NULL;
    assert_int_equal(bus_reader_open(fixture->bus, fixture->topic, 1, 0, &reader, NULL), STATUS_OK);
    struct bus_record record;
    int count = 0;
    while (bus_reader_next(reader, 0, &record, NULL) == STATUS_OK) {
        assert_true(record.offset >= 10000 - 700);
        count++;
    }
    assert_int_equal(count, 700);
    bus_reader_close(reader);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->path = bus_suite_folder();
    open_bus(fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    bus_close(fixture->bus);
    bus_suite_folder_remove(fixture->path);
    free(fixture);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_retention, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_compaction, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_end_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
