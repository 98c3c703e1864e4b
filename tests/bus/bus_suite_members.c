/* The cases of members and transactions. */
#include "tests/bus/suite_fixture.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* A member that has all partitions. */
static void open_alone(struct fixture *fixture, struct party *party)
{
    suite_open_party(fixture, party, "a", 0);
    party_settle(party, PARTITIONS);
}

static void test_commit(void **state)
{
    struct fixture *fixture = *state;
    suite_make_topics(fixture);
    suite_send_numbers(fixture, fixture->in[0], 2, 10, 2);
    suite_send_numbers(fixture, fixture->in[1], 2, 20, 1);
    struct party party;
    open_alone(fixture, &party);
    struct bus_position position;
    expect_ok(bus_member_stable(party.member, 2, &position, out_error));
    assert_int_equal(position.next[0], BUS_OFFSET_NONE);
    assert_int_equal(position.next[1], BUS_OFFSET_NONE);
    int sum = 0;
    for (int at = 0; at < 3; at++) {
        sum += suite_number(party_take(&party));
    }
    assert_int_equal(sum, 41);

    struct bus_reader *reader = suite_open_reader(fixture, fixture->out, 1, 0);
    party_begin(&party);
    party_produce(&party, fixture->out, 1, "1");
    party_produce(&party, fixture->out, 1, "2");
    party_produce(&party, fixture->in[0], 0, "77");
    suite_expect_end(reader);
    assert_int_equal(party_commit(&party), STATUS_OK);
    suite_expect_number(fixture, reader, 1);
    suite_expect_number(fixture, reader, 2);
    assert_int_equal(bus_last_offset(party.member, fixture->out, 1), bus_reader_position(reader) - 1);
    assert_int_equal(bus_last_offset(party.member, fixture->out, 0), BUS_OFFSET_NONE);
    assert_int_equal(suite_number(party_take(&party)), 77);
    expect_ok(bus_member_stable(party.member, 2, &position, out_error));
    assert_int_equal(position.next[0], 2);
    assert_int_equal(position.next[1], 1);
    bus_reader_close(reader);
    bus_member_leave(party.member);
    assert_int_equal(party.revoked_count, 1);

    /* The next one goes on behind them. 77 was read, but not committed. */
    suite_open_party(fixture, &party, "b", 0);
    party_settle(&party, PARTITIONS);
    assert_int_equal(suite_number(party_take(&party)), 77);
    party_expect_none(&party);
    bus_member_leave(party.member);
}

static void test_abort(void **state)
{
    struct fixture *fixture = *state;
    suite_make_topics(fixture);
    struct party party;
    open_alone(fixture, &party);
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
    struct bus_reader *reader = suite_open_reader(fixture, fixture->out, 0, 0);
    suite_expect_number(fixture, reader, 2);
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
    suite_make_topics(fixture);
    struct party party;
    int64_t begin;
    int64_t end;
    open_alone(fixture, &party);
    party_begin(&party);
    party_produce(&party, fixture->in[1], 3, "7");
    assert_int_equal(party_commit(&party), STATUS_OK);
    assert_int_equal(suite_number(party_take(&party)), 7);
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
    assert_int_equal(suite_number(party_take(&party)), 7);
    party_expect_position(&party, 1, 3, end);
    expect_ok(bus_member_pause(party.member, 3, out_error));
    assert_int_equal(bus_member_position(party.member, 1, 3), BUS_OFFSET_NONE);
    bus_member_leave(party.member);
}

static void test_big_in_transaction(void **state)
{
    struct fixture *fixture = *state;
    suite_make_topics(fixture);
    struct party party;
    open_alone(fixture, &party);
    size_t length = 2 * 1024 * 1024;
    char *big = calloc(1, length);
    struct bus_message message = {.topic = fixture->out, .value = {big, length}};
    party_begin(&party);
    assert_int_equal(bus_produce(party.member, &message, NULL), STATUS_LIMIT_EXCEEDED);
    party_produce(&party, fixture->out, 0, "1");
    assert_int_equal(party_commit(&party), STATUS_OK);
    struct bus_reader *reader = suite_open_reader(fixture, fixture->out, 0, 0);
    suite_expect_number(fixture, reader, 1);
    bus_reader_close(reader);
    bus_member_leave(party.member);
    free(big);
}

static void test_seek_and_pause(void **state)
{
    struct fixture *fixture = *state;
    suite_make_topics(fixture);
    suite_send_numbers(fixture, fixture->in[0], 0, 0, 5);
    struct party party;
    open_alone(fixture, &party);
    assert_int_equal(suite_number(party_take(&party)), 0);
    assert_int_equal(suite_number(party_take(&party)), 1);
    expect_ok(bus_member_pause(party.member, 0, out_error));
    party_expect_none(&party);
    suite_send_numbers(fixture, fixture->in[1], 1, 100, 1);
    assert_int_equal(suite_number(party_take(&party)), 100);
    const struct bus_position back = {.partition = 0, .next = {1, 0}};
    expect_ok(bus_member_seek(party.member, &back, out_error));
    for (int number = 1; number < 5; number++) {
        assert_int_equal(suite_number(party_take(&party)), number);
    }
    party_expect_none(&party);
    expect_ok(bus_member_seek(party.member, &back, out_error));
    assert_int_equal(suite_number(party_take(&party)), 1);
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
    snprintf(group, sizeof group, "%s", suite_name(fixture, "group"));
    snprintf(instance, sizeof instance, "%s", suite_name(fixture, "a"));
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
    suite_make_topics(fixture);
    struct party a;
    struct party b;
    suite_open_party(fixture, &a, "a", 0);
    party_settle(&a, PARTITIONS);
    suite_open_party(fixture, &b, "a", 1);
    settle_both(fixture, &a, 2, &b, 2);
    assert_true(a.revoked_count > 0);
    for (size_t partition = 0; partition < PARTITIONS; partition++) {
        assert_int_not_equal(a.owned[partition], b.owned[partition]);
    }
    uint32_t of_b = b.owned[0] ? 0 : PARTITIONS - 1;
    expect_members(fixture, &a, &b);
    suite_send_numbers(fixture, fixture->in[0], of_b, 1, 1);
    assert_int_equal(suite_number(party_take(&b)), 1);
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
    suite_make_topics(fixture);
    struct party a;
    struct party b;
    suite_open_party(fixture, &a, "a", 0);
    party_settle(&a, PARTITIONS);
    party_begin(&a);
    party_produce(&a, fixture->out, 0, "1");
    bus_member_close(a.member);
    assert_int_equal(a.revoked_count + a.lost_count, 0);
    suite_open_party(fixture, &b, "b", 0);
    party_settle(&b, PARTITIONS);
    party_begin(&b);
    party_produce(&b, fixture->out, 0, "2");
    assert_int_equal(party_commit(&b), STATUS_OK);
    struct bus_reader *reader = suite_open_reader(fixture, fixture->out, 0, 0);
    suite_expect_number(fixture, reader, 2);
    suite_expect_end(reader);
    bus_reader_close(reader);
    bus_member_leave(b.member);
}

static void test_fencing(void **state)
{
    struct fixture *fixture = *state;
    suite_make_topics(fixture);
    struct party a;
    struct party b;
    suite_open_party(fixture, &a, "a", 0);
    party_settle(&a, PARTITIONS);
    party_begin(&a);
    party_produce(&a, fixture->out, 0, "1");
    suite_open_party(fixture, &b, "a", 0);
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
    struct bus_reader *reader = suite_open_reader(fixture, fixture->out, 0, 0);
    suite_expect_number(fixture, reader, 2);
    suite_expect_end(reader);
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
    suite_make_topics(fixture);
    struct party party;
    open_alone(fixture, &party);
    pthread_t thread;
    int64_t begun_ms = bus_now_ms(fixture->bus);
    assert_int_equal(pthread_create(&thread, NULL, wake_later, party.member), 0);
    struct bus_record record;
    assert_int_equal(bus_member_poll(party.member, 20 * 1000, &record, NULL), STATUS_END);
    assert_true(bus_now_ms(fixture->bus) - begun_ms < 10 * 1000);
    pthread_join(thread, NULL);
    bus_member_leave(party.member);
}

static const struct CMUnitTest tests[] = {
    SUITE_CASE(test_commit),         SUITE_CASE(test_abort),     SUITE_CASE(test_position), SUITE_CASE(test_big_in_transaction),
    SUITE_CASE(test_seek_and_pause), SUITE_CASE(test_rebalance), SUITE_CASE(test_close),    SUITE_CASE(test_fencing),
};

static const struct CMUnitTest thread_tests[] = {SUITE_CASE(test_wake)};

int bus_suite_run_members(const char *name, const struct bus_suite *suite)
{
    int failed = cmocka_run_group_tests_name(name, tests, NULL, NULL);
    return failed + (suite->modelled ? 0 : cmocka_run_group_tests_name(name, thread_tests, NULL, NULL));
}
