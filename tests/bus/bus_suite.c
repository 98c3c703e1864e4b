#include "tests/bus/bus_suite.h"

#include "tests/bus/suite_fixture.h"
#include "tests/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

char *bus_suite_folder(void)
{
    const char *base = getenv("TMPDIR");
    char *path = NULL;
    assert_true(asprintf(&path, "%s/pawl-test-XXXXXX", base == NULL ? "/tmp" : base) > 0);
    assert_non_null(mkdtemp(path));
    return path;
}

void bus_suite_folder_remove(char *path)
{
    folder_remove(path);
    free(path);
}

/* ---- Topics ---- */

static void test_topics(void **state)
{
    struct fixture *fixture = *state;
    const struct bus_topic *b = suite_make_topic(fixture, "b", 3);
    const struct bus_topic *a = suite_make_topic(fixture, "a", 1);
    assert_int_equal(bus_topic_partition_count(b), 3);
    assert_int_equal(bus_topic_partition_count(a), 1);
    assert_string_equal(bus_topic_name(b).bytes, suite_name(fixture, "b"));
    assert_true(bus_topic_mark(a).length > 0);
    assert_ptr_equal(suite_open_topic(fixture, bus_topic_name(a)), a);

    struct bus_topic_config config = suite_config(fixture, "b", 3);
    expect_ok(bus_topic_create(fixture->bus, &config, out_error));
    config.partition_count = 4;
    struct bus_error error = {{0}};
    assert_int_equal(bus_topic_create(fixture->bus, &config, &error), STATUS_REFUSED);
    assert_true(error.text[0] != '\0');
    const struct bus_topic *none = NULL;
    assert_int_equal(bus_topic_open(fixture->bus, str_of(suite_name(fixture, "no")), &none, &error), STATUS_NOT_FOUND);
    static const struct str impossible[] = {STR_INIT(""),    STR_INIT("."),   STR_INIT(".."),
                                            STR_INIT("a/b"), STR_INIT("a b"), STR_INIT("a\0b")};
    for (size_t at = 0; at < sizeof impossible / sizeof *impossible; at++) {
        assert_int_equal(bus_topic_open(fixture->bus, impossible[at], &none, &error), STATUS_NOT_FOUND);
    }
    expect_ok(bus_topics_check(fixture->bus, out_error));

    struct str *names = NULL;
    size_t count = 0;
    expect_ok(bus_topic_list(fixture->bus, fixture->arena, str_of(suite_name(fixture, "")), &names, &count, out_error));
    assert_int_equal(count, 2);
    assert_true(str_equal(names[0], bus_topic_name(a)));
    assert_true(str_equal(names[1], bus_topic_name(b)));
    assert_true(bus_cluster_id(fixture->bus).length > 0);
}

/* ---- Producers and readers ---- */

static void test_records(void **state)
{
    struct fixture *fixture = *state;
    const struct bus_topic *topic = suite_make_topic(fixture, "topic", 2);
    const struct bus_header headers[] = {
        {STR_INIT("first"), STR_INIT("1\0002")},
        {STR_INIT("second"), STR_INIT("")},
        {STR_INIT("first"), STR_INIT("again")},
    };
    const struct bus_message messages[] = {
        {topic, 1, STR_INIT("key\0"), STR_INIT("value\0"), headers, 3},
        {topic, 1, STR_INIT("key"), {NULL, 0}, NULL, 0},
        {topic, 1, {NULL, 0}, STR_INIT(""), NULL, 0},
        {topic, 0, STR_INIT("other"), STR_INIT("partition"), NULL, 0},
    };
    struct bus_producer *producer = NULL;
    expect_ok(bus_producer_open(fixture->bus, &producer, out_error));
    for (size_t at = 0; at < 4; at++) {
        expect_ok(bus_producer_send(producer, &messages[at], out_error));
    }
    expect_ok(bus_producer_flush(producer, fixture->suite->wait_ms, out_error));
    bus_producer_close(producer);

    struct bus_reader *reader = suite_open_reader(fixture, topic, 1, 0);
    int64_t last = -1;
    for (size_t at = 0; at < 3; at++) {
        struct bus_record record;
        print_message("record %zu\n", at);
        expect_ok(bus_reader_next(reader, fixture->suite->wait_ms, &record, out_error));
        assert_ptr_equal(record.topic, topic);
        assert_int_equal(record.partition, 1);
        assert_true(record.offset > last);
        last = record.offset;
        assert_true(str_equal(record.key, messages[at].key));
        assert_true(str_equal(record.value, messages[at].value));
        assert_int_equal(record.key.bytes == NULL, messages[at].key.bytes == NULL);
        assert_int_equal(record.value.bytes == NULL, messages[at].value.bytes == NULL);
        assert_true(llabs(record.timestamp_ms - bus_now_ms(fixture->bus)) < 60 * 1000);
        assert_int_equal(record.header_count, messages[at].header_count);
        for (size_t header = 0; header < record.header_count; header++) {
            assert_true(str_equal(record.headers[header].name, headers[header].name));
            assert_true(str_equal(record.headers[header].value, headers[header].value));
        }
    }
    suite_expect_end(reader);
    bus_reader_close(reader);
}

static void test_reader(void **state)
{
    struct fixture *fixture = *state;
    const struct bus_topic *topic = suite_make_topic(fixture, "topic", 1);
    struct bus_reader *reader = suite_open_reader(fixture, topic, 0, 0);
    suite_expect_end(reader);
    suite_send_numbers(fixture, topic, 0, 0, 700);
    for (int number = 0; number < 700; number++) {
        suite_expect_number(fixture, reader, number);
    }
    assert_int_equal(bus_reader_position(reader), 700);
    suite_expect_end(reader);
    suite_send_numbers(fixture, topic, 0, 700, 1);
    suite_expect_number(fixture, reader, 700);
    bus_reader_close(reader);

    reader = suite_open_reader(fixture, topic, 0, 650);
    assert_int_equal(bus_reader_position(reader), 650);
    suite_expect_number(fixture, reader, 650);
    bus_reader_close(reader);

    reader = suite_open_reader(fixture, topic, 0, 1000);
    struct bus_record record;
    struct bus_error error = {{0}};
    assert_int_equal(bus_reader_next(reader, fixture->suite->wait_ms, &record, &error), STATUS_REFUSED);
    assert_true(error.text[0] != '\0');
    bus_reader_close(reader);
}

static void expect_bounds(struct fixture *fixture, const struct bus_topic *topic, int64_t begin, int64_t end)
{
    for (int committed = 0; committed < 2; committed++) {
        int64_t seen_begin = -1;
        int64_t seen_end = -1;
        expect_ok(bus_bounds(fixture->bus, topic, 0, committed == 1, &seen_begin, &seen_end, out_error));
        assert_int_equal(seen_begin, begin);
        assert_int_equal(seen_end, end);
    }
}

static void test_bounds_and_trim(void **state)
{
    struct fixture *fixture = *state;
    const struct bus_topic *topic = suite_make_topic(fixture, "topic", 1);
    expect_bounds(fixture, topic, 0, 0);
    suite_send_numbers(fixture, topic, 0, 0, 10);
    expect_bounds(fixture, topic, 0, 10);
    expect_ok(bus_trim(fixture->bus, topic, 0, 4, out_error));
    expect_bounds(fixture, topic, 4, 10);
    expect_ok(bus_trim(fixture->bus, topic, 0, 3, out_error));
    expect_bounds(fixture, topic, 4, 10);
    assert_int_not_equal(bus_trim(fixture->bus, topic, 0, 11, NULL), STATUS_OK);

    struct bus_reader *reader = suite_open_reader(fixture, topic, 0, 4);
    suite_expect_number(fixture, reader, 4);
    bus_reader_close(reader);
    reader = suite_open_reader(fixture, topic, 0, 3);
    struct bus_record record;
    assert_int_equal(bus_reader_next(reader, fixture->suite->wait_ms, &record, NULL), STATUS_REFUSED);
    bus_reader_close(reader);

    expect_ok(bus_trim(fixture->bus, topic, 0, 10, out_error));
    expect_bounds(fixture, topic, 10, 10);
    suite_send_numbers(fixture, topic, 0, 10, 1);
    reader = suite_open_reader(fixture, topic, 0, 10);
    suite_expect_number(fixture, reader, 10);
    bus_reader_close(reader);
}

static void test_big_records(void **state)
{
    struct fixture *fixture = *state;
    const struct bus_topic *topic = suite_make_topic(fixture, "topic", 1);
    size_t length = 2 * 1024 * 1024;
    char *big = calloc(1, length);
    struct bus_message message = {.topic = topic, .value = {big, length}};
    struct bus_producer *producer = NULL;
    struct bus_error error = {{0}};
    expect_ok(bus_producer_open(fixture->bus, &producer, out_error));
    assert_int_equal(bus_producer_send(producer, &message, &error), STATUS_LIMIT_EXCEEDED);
    assert_true(error.text[0] != '\0');
    message.value.length = 1000 * 1000;
    expect_ok(bus_producer_send(producer, &message, out_error));
    expect_ok(bus_producer_flush(producer, fixture->suite->wait_ms, out_error));
    bus_producer_close(producer);

    struct bus_reader *reader = suite_open_reader(fixture, topic, 0, 0);
    struct bus_record record;
    expect_ok(bus_reader_next(reader, fixture->suite->wait_ms, &record, out_error));
    assert_int_equal(record.value.length, 1000 * 1000);
    bus_reader_close(reader);
    free(big);
}

static void test_reopen(void **state)
{
    struct fixture *fixture = *state;
    const struct bus_topic *topic = suite_make_topic(fixture, "topic", 2);
    suite_send_numbers(fixture, topic, 1, 5, 3);
    struct str mark;
    struct str cluster_id;
    assert_int_equal(arena_copy(fixture->arena, bus_topic_mark(topic), &mark), STATUS_OK);
    assert_int_equal(arena_copy(fixture->arena, bus_cluster_id(fixture->bus), &cluster_id), STATUS_OK);
    fixture->suite->close(fixture->suite->owner, fixture->bus);
    fixture->bus = fixture->suite->open(fixture->suite->owner);
    assert_non_null(fixture->bus);
    topic = suite_open_topic(fixture, str_of(suite_name(fixture, "topic")));
    assert_true(str_equal(bus_topic_mark(topic), mark));
    assert_true(str_equal(bus_cluster_id(fixture->bus), cluster_id));
    suite_send_numbers(fixture, topic, 1, 8, 1);
    struct bus_reader *reader = suite_open_reader(fixture, topic, 1, 0);
    for (int number = 5; number <= 8; number++) {
        suite_expect_number(fixture, reader, number);
    }
    bus_reader_close(reader);
}

/* ---- Followers ---- */

static struct bus_follower *open_follower(struct fixture *fixture, const struct bus_topic *topic)
{
    struct bus_follower *follower = NULL;
    expect_ok(bus_follower_open(fixture->bus, str_of(suite_name(fixture, "workers")), &topic, 1, &follower, out_error));
    return follower;
}

/* Takes records until each number below `count` was seen (at least once), and acknowledges them. */
static void follow(struct fixture *fixture, struct bus_follower **followers, size_t follower_count, int count,
                   int *out_per_follower)
{
    bool seen[64] = {false};
    int left = count;
    int64_t until_ms = bus_now_ms(fixture->bus) + fixture->suite->wait_ms;
    while (left > 0) {
        assert_true(bus_now_ms(fixture->bus) < until_ms);
        for (size_t at = 0; at < follower_count; at++) {
            struct bus_record record;
            enum status status = bus_follower_poll(followers[at], 20, &record, NULL);
            if (status != STATUS_OK) {
                assert_true(status == STATUS_END || status == STATUS_RETRIABLE);
                continue;
            }
            int number = suite_number(record);
            left -= !seen[number];
            seen[number] = true;
            out_per_follower[at]++;
            expect_ok(bus_follower_done(followers[at], &record, out_error));
        }
    }
}

static void test_follower(void **state)
{
    struct fixture *fixture = *state;
    const struct bus_topic *topic = suite_make_topic(fixture, "topic", 2);
    suite_send_numbers(fixture, topic, 0, 0, 3);
    suite_send_numbers(fixture, topic, 1, 3, 2);
    struct bus_follower *follower = open_follower(fixture, topic);
    int seen = 0;
    follow(fixture, &follower, 1, 5, &seen);
    assert_int_equal(seen, 5);

    /* Polled and not done: it comes again. */
    suite_send_numbers(fixture, topic, 0, 5, 1);
    struct bus_record record;
    enum status status = STATUS_END;
    for (int turn = 0; status != STATUS_OK && turn < 100; turn++) {
        status = bus_follower_poll(follower, fixture->suite->wait_ms / 100, &record, NULL);
    }
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(suite_number(record), 5);
    bus_follower_close(follower);

    follower = open_follower(fixture, topic);
    status = STATUS_END;
    for (int turn = 0; status != STATUS_OK && turn < 100; turn++) {
        status = bus_follower_poll(follower, fixture->suite->wait_ms / 100, &record, NULL);
    }
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(suite_number(record), 5);
    expect_ok(bus_follower_done(follower, &record, out_error));
    bus_follower_close(follower);
}

static void test_group_next(void **state)
{
    struct fixture *fixture = *state;
    const struct bus_topic *topic = suite_make_topic(fixture, "topic", 2);
    char group_bytes[64];
    snprintf(group_bytes, sizeof group_bytes, "%s", suite_name(fixture, "workers"));
    struct str group = str_of(group_bytes);
    int64_t next = 7;
    expect_ok(bus_group_next(fixture->bus, group, topic, 0, &next, out_error));
    assert_int_equal(next, BUS_OFFSET_NONE);
    suite_send_numbers(fixture, topic, 1, 0, 3);
    struct bus_follower *follower = open_follower(fixture, topic);
    int seen = 0;
    follow(fixture, &follower, 1, 3, &seen);
    bus_follower_close(follower);
    expect_ok(bus_group_next(fixture->bus, group, topic, 1, &next, out_error));
    assert_int_equal(next, 3);
    expect_ok(bus_group_next(fixture->bus, group, topic, 0, &next, out_error));
    assert_int_equal(next, BUS_OFFSET_NONE);
    expect_ok(bus_group_next(fixture->bus, STR("another"), topic, 1, &next, out_error));
    assert_int_equal(next, BUS_OFFSET_NONE);
    struct bus_error error;
    assert_int_equal(bus_group_next(fixture->bus, STR(""), topic, 1, &next, &error), STATUS_REFUSED);
}

static void test_followers_share(void **state)
{
    struct fixture *fixture = *state;
    const struct bus_topic *topic = suite_make_topic(fixture, "topic", 2);
    struct bus_follower *followers[2] = {open_follower(fixture, topic), open_follower(fixture, topic)};
    int64_t until_ms = bus_now_ms(fixture->bus) + fixture->suite->wait_ms;
    int seen[2] = {0, 0};
    /* Until both have their part, one may have all. */
    while (seen[0] == 0 || seen[1] == 0) {
        assert_true(bus_now_ms(fixture->bus) < until_ms);
        seen[0] = 0;
        seen[1] = 0;
        suite_send_numbers(fixture, topic, 0, 0, 3);
        suite_send_numbers(fixture, topic, 1, 3, 3);
        follow(fixture, followers, 2, 6, seen);
    }
    bus_follower_close(followers[0]);
    suite_send_numbers(fixture, topic, 0, 0, 1);
    suite_send_numbers(fixture, topic, 1, 1, 1);
    seen[1] = 0;
    follow(fixture, &followers[1], 1, 2, &seen[1]);
    bus_follower_close(followers[1]);
}

static const struct CMUnitTest tests[] = {
    SUITE_CASE(test_topics),      SUITE_CASE(test_records), SUITE_CASE(test_reader),   SUITE_CASE(test_bounds_and_trim),
    SUITE_CASE(test_big_records), SUITE_CASE(test_reopen),  SUITE_CASE(test_follower), SUITE_CASE(test_followers_share),
    SUITE_CASE(test_group_next),
};

int bus_suite_run(const char *name, const struct bus_suite *suite)
{
    suite_begin(suite);
    int failed = suite->modelled ? 0 : cmocka_run_group_tests_name(name, tests, NULL, NULL);
    return failed + (suite->members ? bus_suite_run_members(name, suite) : 0);
}
