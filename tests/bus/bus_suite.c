#include "tests/bus/bus_suite.h"

#include "tests/bus/party.h"
#include "tests/folder.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PARTITIONS 4

struct fixture {
    const struct bus_suite *suite;
    struct bus *bus;
    struct arena *arena;
    char run[17]; /* random: part of all names */
    const struct bus_topic *in[2];
    const struct bus_topic *out;
};

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

/* ---- Helpers ---- */

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

static char *name_of(struct fixture *fixture, const char *what)
{
    struct str name;
    assert_int_equal(arena_format(fixture->arena, &name, "%s%s.%s", fixture->suite->prefix, fixture->run, what),
                     STATUS_OK);
    return (char *)name.bytes;
}

static struct bus_topic_config config_of(struct fixture *fixture, const char *what, uint32_t partition_count)
{
    return (struct bus_topic_config){.name = str_of(name_of(fixture, what)),
                                     .partition_count = partition_count,
                                     .cleanup = BUS_CLEANUP_DELETE,
                                     .retention_ms = -1,
                                     .max_message_bytes = 1024 * 1024};
}

/* A broker may need a moment until it knows a topic that it has just made. */
static const struct bus_topic *open_topic(struct fixture *fixture, struct str name)
{
    const struct bus_topic *topic = NULL;
    struct bus_error error = {{0}};
    enum status status = STATUS_NOT_FOUND;
    for (int turn = 0; turn < 100 && status != STATUS_OK; turn++) {
        if (turn > 0) {
            usleep(100 * 1000);
        }
        status = bus_topic_open(fixture->bus, name, &topic, &error);
    }
    if (status != STATUS_OK) {
        fail_msg("bus_topic_open: %s: %s", status_text(status), error.text);
    }
    return topic;
}

static const struct bus_topic *make_topic(struct fixture *fixture, const char *what, uint32_t partition_count)
{
    struct bus_topic_config config = config_of(fixture, what, partition_count);
    expect_ok(bus_topic_create(fixture->bus, &config, out_error));
    return open_topic(fixture, config.name);
}

/* Sends `count` records whose values are first, first + 1 … and waits until they are safe. */
static void send_numbers(struct fixture *fixture, const struct bus_topic *topic, uint32_t partition, int first,
                         int count)
{
    struct bus_producer *producer = NULL;
    expect_ok(bus_producer_open(fixture->bus, &producer, out_error));
    for (int number = first; number < first + count; number++) {
        char value[16];
        snprintf(value, sizeof value, "%d", number);
        struct bus_message message = {.topic = topic, .partition = partition, .value = str_of(value)};
        expect_ok(bus_producer_send(producer, &message, out_error));
    }
    expect_ok(bus_producer_flush(producer, fixture->suite->wait_ms, out_error));
    bus_producer_close(producer);
}

static struct bus_reader *open_reader(struct fixture *fixture, const struct bus_topic *topic, uint32_t partition,
                                      int64_t offset)
{
    struct bus_reader *reader = NULL;
    expect_ok(bus_reader_open(fixture->bus, topic, partition, offset, &reader, out_error));
    return reader;
}

static int number_of(struct bus_record record)
{
    int64_t number = -1;
    assert_true(str_to_int64(record.value, &number));
    return (int)number;
}

static void expect_number(struct fixture *fixture, struct bus_reader *reader, int number)
{
    struct bus_record record;
    expect_ok(bus_reader_next(reader, fixture->suite->wait_ms, &record, out_error));
    assert_int_equal(number_of(record), number);
    assert_true(bus_reader_position(reader) > record.offset);
}

static void expect_end(struct bus_reader *reader)
{
    struct bus_record record;
    assert_int_equal(bus_reader_next(reader, 300, &record, NULL), STATUS_END);
}

/* Two input topics and one for output. */
static void make_topics(struct fixture *fixture)
{
    fixture->in[0] = make_topic(fixture, "commands", PARTITIONS);
    fixture->in[1] = make_topic(fixture, "results", PARTITIONS);
    fixture->out = make_topic(fixture, "out", PARTITIONS);
}

static void open_party(struct fixture *fixture, struct party *party, const char *instance, uint32_t thread)
{
    struct party_place place = {name_of(fixture, "group"), name_of(fixture, instance), thread};
    party_open(party, fixture->bus, fixture->in, place, fixture->suite->wait_ms);
}

/* ---- Topics ---- */

static void test_topics(void **state)
{
    struct fixture *fixture = *state;
    const struct bus_topic *b = make_topic(fixture, "b", 3);
    const struct bus_topic *a = make_topic(fixture, "a", 1);
    assert_int_equal(bus_topic_partition_count(b), 3);
    assert_int_equal(bus_topic_partition_count(a), 1);
    assert_string_equal(bus_topic_name(b).bytes, name_of(fixture, "b"));
    assert_true(bus_topic_mark(a).length > 0);
    assert_ptr_equal(open_topic(fixture, bus_topic_name(a)), a);

    struct bus_topic_config config = config_of(fixture, "b", 3);
    expect_ok(bus_topic_create(fixture->bus, &config, out_error));
    config.partition_count = 4;
    struct bus_error error = {{0}};
    assert_int_equal(bus_topic_create(fixture->bus, &config, &error), STATUS_REFUSED);
    assert_true(error.text[0] != '\0');
    const struct bus_topic *none = NULL;
    assert_int_equal(bus_topic_open(fixture->bus, str_of(name_of(fixture, "no")), &none, &error), STATUS_NOT_FOUND);
    static const struct str impossible[] = {STR_INIT(""),    STR_INIT("."),   STR_INIT(".."),
                                            STR_INIT("a/b"), STR_INIT("a b"), STR_INIT("a\0b")};
    for (size_t at = 0; at < sizeof impossible / sizeof *impossible; at++) {
        assert_int_equal(bus_topic_open(fixture->bus, impossible[at], &none, &error), STATUS_NOT_FOUND);
    }
    expect_ok(bus_topics_check(fixture->bus, out_error));

    struct str *names = NULL;
    size_t count = 0;
    expect_ok(bus_topic_list(fixture->bus, fixture->arena, str_of(name_of(fixture, "")), &names, &count, out_error));
    assert_int_equal(count, 2);
    assert_true(str_equal(names[0], bus_topic_name(a)));
    assert_true(str_equal(names[1], bus_topic_name(b)));
    assert_true(bus_cluster_id(fixture->bus).length > 0);
}

/* ---- Producers and readers ---- */

static void test_records(void **state)
{
    struct fixture *fixture = *state;
    const struct bus_topic *topic = make_topic(fixture, "topic", 2);
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

    struct bus_reader *reader = open_reader(fixture, topic, 1, 0);
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
    expect_end(reader);
    bus_reader_close(reader);
}

static void test_reader(void **state)
{
    struct fixture *fixture = *state;
    const struct bus_topic *topic = make_topic(fixture, "topic", 1);
    struct bus_reader *reader = open_reader(fixture, topic, 0, 0);
    expect_end(reader);
    send_numbers(fixture, topic, 0, 0, 700);
    for (int number = 0; number < 700; number++) {
        expect_number(fixture, reader, number);
    }
    assert_int_equal(bus_reader_position(reader), 700);
    expect_end(reader);
    send_numbers(fixture, topic, 0, 700, 1);
    expect_number(fixture, reader, 700);
    bus_reader_close(reader);

    reader = open_reader(fixture, topic, 0, 650);
    assert_int_equal(bus_reader_position(reader), 650);
    expect_number(fixture, reader, 650);
    bus_reader_close(reader);

    reader = open_reader(fixture, topic, 0, 1000);
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
    const struct bus_topic *topic = make_topic(fixture, "topic", 1);
    expect_bounds(fixture, topic, 0, 0);
    send_numbers(fixture, topic, 0, 0, 10);
    expect_bounds(fixture, topic, 0, 10);
    expect_ok(bus_trim(fixture->bus, topic, 0, 4, out_error));
    expect_bounds(fixture, topic, 4, 10);
    expect_ok(bus_trim(fixture->bus, topic, 0, 3, out_error));
    expect_bounds(fixture, topic, 4, 10);
    assert_int_not_equal(bus_trim(fixture->bus, topic, 0, 11, NULL), STATUS_OK);

    struct bus_reader *reader = open_reader(fixture, topic, 0, 4);
    expect_number(fixture, reader, 4);
    bus_reader_close(reader);
    reader = open_reader(fixture, topic, 0, 3);
    struct bus_record record;
    assert_int_equal(bus_reader_next(reader, fixture->suite->wait_ms, &record, NULL), STATUS_REFUSED);
    bus_reader_close(reader);

    expect_ok(bus_trim(fixture->bus, topic, 0, 10, out_error));
    expect_bounds(fixture, topic, 10, 10);
    send_numbers(fixture, topic, 0, 10, 1);
    reader = open_reader(fixture, topic, 0, 10);
    expect_number(fixture, reader, 10);
    bus_reader_close(reader);
}

static void test_big_records(void **state)
{
    struct fixture *fixture = *state;
    const struct bus_topic *topic = make_topic(fixture, "topic", 1);
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

    struct bus_reader *reader = open_reader(fixture, topic, 0, 0);
    struct bus_record record;
    expect_ok(bus_reader_next(reader, fixture->suite->wait_ms, &record, out_error));
    assert_int_equal(record.value.length, 1000 * 1000);
    bus_reader_close(reader);
    free(big);
}

static void test_reopen(void **state)
{
    struct fixture *fixture = *state;
    const struct bus_topic *topic = make_topic(fixture, "topic", 2);
    send_numbers(fixture, topic, 1, 5, 3);
    struct str mark;
    struct str cluster_id;
    assert_int_equal(arena_copy(fixture->arena, bus_topic_mark(topic), &mark), STATUS_OK);
    assert_int_equal(arena_copy(fixture->arena, bus_cluster_id(fixture->bus), &cluster_id), STATUS_OK);
    fixture->suite->close(fixture->suite->owner, fixture->bus);
    fixture->bus = fixture->suite->open(fixture->suite->owner);
    assert_non_null(fixture->bus);
    topic = open_topic(fixture, str_of(name_of(fixture, "topic")));
    assert_true(str_equal(bus_topic_mark(topic), mark));
    assert_true(str_equal(bus_cluster_id(fixture->bus), cluster_id));
    send_numbers(fixture, topic, 1, 8, 1);
    struct bus_reader *reader = open_reader(fixture, topic, 1, 0);
    for (int number = 5; number <= 8; number++) {
        expect_number(fixture, reader, number);
    }
    bus_reader_close(reader);
}

/* ---- Followers ---- */

static struct bus_follower *open_follower(struct fixture *fixture, const struct bus_topic *topic)
{
    struct bus_follower *follower = NULL;
    expect_ok(bus_follower_open(fixture->bus, str_of(name_of(fixture, "workers")), &topic, 1, &follower, out_error));
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
            int number = number_of(record);
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
    const struct bus_topic *topic = make_topic(fixture, "topic", 2);
    send_numbers(fixture, topic, 0, 0, 3);
    send_numbers(fixture, topic, 1, 3, 2);
    struct bus_follower *follower = open_follower(fixture, topic);
    int seen = 0;
    follow(fixture, &follower, 1, 5, &seen);
    assert_int_equal(seen, 5);

    /* Polled and not done: it comes again. */
    send_numbers(fixture, topic, 0, 5, 1);
    struct bus_record record;
    enum status status = STATUS_END;
    for (int turn = 0; status != STATUS_OK && turn < 100; turn++) {
        status = bus_follower_poll(follower, fixture->suite->wait_ms / 100, &record, NULL);
    }
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(number_of(record), 5);
    bus_follower_close(follower);

    follower = open_follower(fixture, topic);
    status = STATUS_END;
    for (int turn = 0; status != STATUS_OK && turn < 100; turn++) {
        status = bus_follower_poll(follower, fixture->suite->wait_ms / 100, &record, NULL);
    }
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(number_of(record), 5);
    expect_ok(bus_follower_done(follower, &record, out_error));
    bus_follower_close(follower);
}

static void test_group_next(void **state)
{
    struct fixture *fixture = *state;
    const struct bus_topic *topic = make_topic(fixture, "topic", 2);
    char group_bytes[64];
    snprintf(group_bytes, sizeof group_bytes, "%s", name_of(fixture, "workers"));
    struct str group = str_of(group_bytes);
    int64_t next = 7;
    expect_ok(bus_group_next(fixture->bus, group, topic, 0, &next, out_error));
    assert_int_equal(next, BUS_OFFSET_NONE);
    send_numbers(fixture, topic, 1, 0, 3);
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
    const struct bus_topic *topic = make_topic(fixture, "topic", 2);
    struct bus_follower *followers[2] = {open_follower(fixture, topic), open_follower(fixture, topic)};
    int64_t until_ms = bus_now_ms(fixture->bus) + fixture->suite->wait_ms;
    int seen[2] = {0, 0};
    /* Until both have their part, one may have all. */
    while (seen[0] == 0 || seen[1] == 0) {
        assert_true(bus_now_ms(fixture->bus) < until_ms);
        seen[0] = 0;
        seen[1] = 0;
        send_numbers(fixture, topic, 0, 0, 3);
        send_numbers(fixture, topic, 1, 3, 3);
        follow(fixture, followers, 2, 6, seen);
    }
    bus_follower_close(followers[0]);
    send_numbers(fixture, topic, 0, 0, 1);
    send_numbers(fixture, topic, 1, 1, 1);
    seen[1] = 0;
    follow(fixture, &followers[1], 1, 2, &seen[1]);
    bus_follower_close(followers[1]);
}

/* ---- Members ---- */

static void test_commit(void **state)
{
    struct fixture *fixture = *state;
    make_topics(fixture);
    send_numbers(fixture, fixture->in[0], 2, 10, 2);
    send_numbers(fixture, fixture->in[1], 2, 20, 1);
    struct party party;
    open_party(fixture, &party, "a", 0);
    party_settle(&party, PARTITIONS);
    struct bus_position position;
    expect_ok(bus_member_stable(party.member, 2, &position, out_error));
    assert_int_equal(position.next[0], BUS_OFFSET_NONE);
    assert_int_equal(position.next[1], BUS_OFFSET_NONE);
    int sum = 0;
    for (int at = 0; at < 3; at++) {
        sum += number_of(party_take(&party));
    }
    assert_int_equal(sum, 41);

    struct bus_reader *reader = open_reader(fixture, fixture->out, 1, 0);
    party_begin(&party);
    party_produce(&party, fixture->out, 1, "1");
    party_produce(&party, fixture->out, 1, "2");
    party_produce(&party, fixture->in[0], 0, "77");
    expect_end(reader);
    assert_int_equal(party_commit(&party), STATUS_OK);
    expect_number(fixture, reader, 1);
    expect_number(fixture, reader, 2);
    assert_int_equal(bus_last_offset(party.member, fixture->out, 1), bus_reader_position(reader) - 1);
    assert_int_equal(bus_last_offset(party.member, fixture->out, 0), BUS_OFFSET_NONE);
    assert_int_equal(number_of(party_take(&party)), 77);
    expect_ok(bus_member_stable(party.member, 2, &position, out_error));
    assert_int_equal(position.next[0], 2);
    assert_int_equal(position.next[1], 1);
    bus_reader_close(reader);
    bus_member_leave(party.member);
    assert_int_equal(party.revoked_count, 1);

    /* The next one goes on behind them. 77 was read, but not committed. */
    open_party(fixture, &party, "b", 0);
    party_settle(&party, PARTITIONS);
    assert_int_equal(number_of(party_take(&party)), 77);
    party_expect_none(&party);
    bus_member_leave(party.member);
}

static void test_abort(void **state)
{
    struct fixture *fixture = *state;
    make_topics(fixture);
    struct party party;
    open_party(fixture, &party, "a", 0);
    party_settle(&party, PARTITIONS);
    party_begin(&party);
    party_produce(&party, fixture->out, 0, "1");
    expect_ok(bus_abort(party.member, out_error));
    party_begin(&party);
    party_produce(&party, fixture->out, 0, "2");
    assert_int_equal(party_commit(&party), STATUS_OK);
    party_begin(&party);
    party_produce(&party, fixture->out, 0, "3");
    expect_ok(bus_abort(party.member, out_error));

    int64_t begin = -1;
    int64_t end = -1;
    expect_ok(bus_bounds(fixture->bus, fixture->out, 0, false, &begin, &end, out_error));
    struct bus_reader *reader = open_reader(fixture, fixture->out, 0, 0);
    expect_number(fixture, reader, 2);
    /* What was aborted is never seen, but passed. */
    struct bus_record record;
    for (int turn = 0; turn < 50 && bus_reader_position(reader) < end; turn++) {
        assert_int_equal(bus_reader_next(reader, 200, &record, NULL), STATUS_END);
    }
    assert_int_equal(bus_reader_position(reader), end);
    bus_reader_close(reader);
    bus_member_leave(party.member);
}

/* A member stands behind what it delivered, and behind markers and aborted records. */
static void test_position(void **state)
{
    struct fixture *fixture = *state;
    make_topics(fixture);
    struct party party;
    int64_t begin;
    int64_t end;
    open_party(fixture, &party, "a", 0);
    party_settle(&party, PARTITIONS);
    party_begin(&party);
    party_produce(&party, fixture->in[1], 3, "7");
    assert_int_equal(party_commit(&party), STATUS_OK);
    assert_int_equal(number_of(party_take(&party)), 7);
    assert_int_equal(bus_member_position(party.member, 1, 3), 1);
    party_begin(&party);
    party_produce(&party, fixture->in[1], 3, "8");
    expect_ok(bus_abort(party.member, out_error));
    expect_ok(bus_bounds(fixture->bus, fixture->in[1], 3, false, &begin, &end, out_error));
    party_expect_position(&party, 1, 3, end);
    assert_int_equal(bus_member_position(party.member, 0, 3), 0);

    /* That is a position like any other; and from an earlier one the records come again. */
    const struct bus_position there = {.partition = 3, .next = {0, end}};
    const struct bus_position back = {.partition = 3, .next = {0, 0}};
    expect_ok(bus_member_seek(party.member, &there, out_error));
    party_expect_none(&party);
    party_expect_position(&party, 1, 3, end);
    expect_ok(bus_member_seek(party.member, &back, out_error));
    assert_int_equal(bus_member_position(party.member, 1, 3), 0);
    assert_int_equal(number_of(party_take(&party)), 7);
    party_expect_position(&party, 1, 3, end);
    expect_ok(bus_member_pause(party.member, 3, out_error));
    assert_int_equal(bus_member_position(party.member, 1, 3), BUS_OFFSET_NONE);
    bus_member_leave(party.member);
}

static void test_big_in_transaction(void **state)
{
    struct fixture *fixture = *state;
    make_topics(fixture);
    struct party party;
    open_party(fixture, &party, "a", 0);
    party_settle(&party, PARTITIONS);
    size_t length = 2 * 1024 * 1024;
    char *big = calloc(1, length);
    struct bus_message message = {.topic = fixture->out, .value = {big, length}};
    party_begin(&party);
    assert_int_equal(bus_produce(party.member, &message, NULL), STATUS_LIMIT_EXCEEDED);
    party_produce(&party, fixture->out, 0, "1");
    assert_int_equal(party_commit(&party), STATUS_OK);
    struct bus_reader *reader = open_reader(fixture, fixture->out, 0, 0);
    expect_number(fixture, reader, 1);
    bus_reader_close(reader);
    bus_member_leave(party.member);
    free(big);
}

static void test_seek_and_pause(void **state)
{
    struct fixture *fixture = *state;
    make_topics(fixture);
    send_numbers(fixture, fixture->in[0], 0, 0, 5);
    struct party party;
    open_party(fixture, &party, "a", 0);
    party_settle(&party, PARTITIONS);
    assert_int_equal(number_of(party_take(&party)), 0);
    assert_int_equal(number_of(party_take(&party)), 1);
    expect_ok(bus_member_pause(party.member, 0, out_error));
    party_expect_none(&party);
    send_numbers(fixture, fixture->in[1], 1, 100, 1);
    assert_int_equal(number_of(party_take(&party)), 100);
    const struct bus_position back = {.partition = 0, .next = {1, 0}};
    expect_ok(bus_member_seek(party.member, &back, out_error));
    for (int number = 1; number < 5; number++) {
        assert_int_equal(number_of(party_take(&party)), number);
    }
    party_expect_none(&party);
    expect_ok(bus_member_seek(party.member, &back, out_error));
    assert_int_equal(number_of(party_take(&party)), 1);
    bus_member_leave(party.member);
}

/* Polls both in turn until they own so many. */
static void settle_both(struct fixture *fixture, struct party *a, size_t a_count, struct party *b, size_t b_count)
{
    int64_t until_ms = bus_now_ms(fixture->bus) + fixture->suite->wait_ms;
    while (party_owned_count(a) != a_count || party_owned_count(b) != b_count) {
        struct bus_record record;
        assert_true(bus_now_ms(fixture->bus) < until_ms);
        assert_int_not_equal(party_poll(a, 50, &record), STATUS_OK);
        assert_int_not_equal(party_poll(b, 50, &record), STATUS_OK);
    }
}

/* The group is told as these two threads of one process have it. */
static void expect_members(struct fixture *fixture, const struct party *a, const struct party *b)
{
    const struct party *parties[] = {a, b};
    struct bus_group_member *members;
    size_t count;
    char group[64];
    char instance[64];
    snprintf(group, sizeof group, "%s", name_of(fixture, "group"));
    snprintf(instance, sizeof instance, "%s", name_of(fixture, "a"));
    expect_ok(bus_group_members(fixture->bus, fixture->arena, str_of(group), fixture->in[1], &members, &count, out_error));
    assert_int_equal(count, 2);
    for (size_t at = 0; at < count; at++) {
        const struct party *party = parties[at];
        assert_true(str_equal(members[at].instance, str_of(instance)));
        assert_int_equal(members[at].partition_count, party_owned_count(party));
        for (size_t place = 0; place < members[at].partition_count; place++) {
            assert_true(party->owned[members[at].partitions[place]]);
        }
    }
    assert_true(str_compare(members[0].id, members[1].id) < 0);
    expect_ok(bus_group_members(fixture->bus, fixture->arena, STR("nobody"), fixture->in[1], &members, &count, out_error));
    assert_int_equal(count, 0);
}

static void test_rebalance(void **state)
{
    struct fixture *fixture = *state;
    make_topics(fixture);
    struct party a;
    struct party b;
    open_party(fixture, &a, "a", 0);
    party_settle(&a, PARTITIONS);
    open_party(fixture, &b, "a", 1);
    settle_both(fixture, &a, 2, &b, 2);
    assert_true(a.revoked_count > 0);
    for (size_t partition = 0; partition < PARTITIONS; partition++) {
        assert_int_not_equal(a.owned[partition], b.owned[partition]);
    }
    uint32_t of_b = b.owned[0] ? 0 : PARTITIONS - 1;
    expect_members(fixture, &a, &b);
    send_numbers(fixture, fixture->in[0], of_b, 1, 1);
    assert_int_equal(number_of(party_take(&b)), 1);
    party_begin(&b);
    party_produce(&b, fixture->out, 0, "1");
    assert_int_equal(party_commit(&b), STATUS_OK);

    bus_member_leave(b.member);
    assert_int_equal(party_owned_count(&b), 0);
    assert_true(b.revoked_count > 0);
    party_settle(&a, PARTITIONS);
    assert_int_equal(a.positions[of_b].next[0], 1);
    party_expect_none(&a);
    bus_member_leave(a.member);
    assert_int_equal(a.lost_count + b.lost_count, 0);
}

static void test_close(void **state)
{
    struct fixture *fixture = *state;
    make_topics(fixture);
    struct party a;
    struct party b;
    open_party(fixture, &a, "a", 0);
    party_settle(&a, PARTITIONS);
    party_begin(&a);
    party_produce(&a, fixture->out, 0, "1");
    bus_member_close(a.member);
    assert_int_equal(a.revoked_count + a.lost_count, 0);
    open_party(fixture, &b, "b", 0);
    party_settle(&b, PARTITIONS);
    party_begin(&b);
    party_produce(&b, fixture->out, 0, "2");
    assert_int_equal(party_commit(&b), STATUS_OK);
    struct bus_reader *reader = open_reader(fixture, fixture->out, 0, 0);
    expect_number(fixture, reader, 2);
    expect_end(reader);
    bus_reader_close(reader);
    bus_member_leave(b.member);
}

static void test_fencing(void **state)
{
    struct fixture *fixture = *state;
    make_topics(fixture);
    struct party a;
    struct party b;
    open_party(fixture, &a, "a", 0);
    party_settle(&a, PARTITIONS);
    party_begin(&a);
    party_produce(&a, fixture->out, 0, "1");
    open_party(fixture, &b, "a", 0);
    party_settle(&b, PARTITIONS);
    assert_int_equal(party_commit(&a), STATUS_FENCED);
    struct bus_record record;
    enum status status = STATUS_END;
    int64_t until_ms = bus_now_ms(fixture->bus) + fixture->suite->wait_ms;
    while (status != STATUS_FENCED && status != STATUS_FATAL && a.lost_count == 0) { /* lost: he would join again */
        assert_true(bus_now_ms(fixture->bus) < until_ms);
        status = party_poll(&a, 50, &record);
        assert_int_not_equal(status, STATUS_OK);
    }
    assert_int_equal(a.revoked_count, 0);
    bus_member_close(a.member);

    party_begin(&b);
    party_produce(&b, fixture->out, 0, "2");
    assert_int_equal(party_commit(&b), STATUS_OK);
    struct bus_reader *reader = open_reader(fixture, fixture->out, 0, 0);
    expect_number(fixture, reader, 2);
    expect_end(reader);
    bus_reader_close(reader);
    bus_member_leave(b.member);
}

static void *wake_later(void *member)
{
    usleep(300 * 1000);
    bus_member_wake(member);
    return NULL;
}

static void test_wake(void **state)
{
    struct fixture *fixture = *state;
    make_topics(fixture);
    struct party party;
    open_party(fixture, &party, "a", 0);
    party_settle(&party, PARTITIONS);
    pthread_t thread;
    int64_t begun_ms = bus_now_ms(fixture->bus);
    assert_int_equal(pthread_create(&thread, NULL, wake_later, party.member), 0);
    struct bus_record record;
    assert_int_equal(bus_member_poll(party.member, 20 * 1000, &record, NULL), STATUS_END);
    assert_true(bus_now_ms(fixture->bus) - begun_ms < 10 * 1000);
    pthread_join(thread, NULL);
    bus_member_leave(party.member);
}

static int set_up(void **state)
{
    struct fixture *fixture = *state;
    fixture->arena = arena_create(1024 * 1024);
    fixture->bus = fixture->suite->open(fixture->suite->owner);
    if (fixture->bus == NULL) {
        return 1;
    }
    uint8_t chance[4];
    bus_random(fixture->bus, chance, sizeof chance);
    snprintf(fixture->run, sizeof fixture->run, "%02x%02x%02x%02x", chance[0], chance[1], chance[2], chance[3]);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    fixture->suite->close(fixture->suite->owner, fixture->bus);
    arena_destroy(fixture->arena);
    return 0;
}

int bus_suite_run(const char *name, const struct bus_suite *suite)
{
    struct fixture fixture = {.suite = suite};
#define CASE(function)                                                                                                 \
    {                                                                                                                  \
#function, function, set_up, tear_down, &fixture                                                               \
    }
    const struct CMUnitTest tests[] = {
        CASE(test_topics),      CASE(test_records), CASE(test_reader),   CASE(test_bounds_and_trim),
        CASE(test_big_records), CASE(test_reopen),  CASE(test_follower), CASE(test_followers_share),
        CASE(test_group_next),
    };
    const struct CMUnitTest member_tests[] = {
        CASE(test_commit),         CASE(test_abort),     CASE(test_position), CASE(test_big_in_transaction),
        CASE(test_seek_and_pause), CASE(test_rebalance), CASE(test_close),    CASE(test_fencing),
    };
    const struct CMUnitTest thread_tests[] = {CASE(test_wake)};
#undef CASE
    int failed = suite->modelled ? 0 : cmocka_run_group_tests_name(name, tests, NULL, NULL);
    if (suite->members) {
        failed += cmocka_run_group_tests_name(name, member_tests, NULL, NULL);
    }
    if (suite->members && !suite->modelled) {
        failed += cmocka_run_group_tests_name(name, thread_tests, NULL, NULL);
    }
    return failed;
}
