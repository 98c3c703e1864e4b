#include "tests/bus/party.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void on_assigned(void *owner, const uint32_t *partitions, size_t count)
{
    struct party *party = owner;
    for (size_t at = 0; at < count; at++) {
        assert_false(party->owned[partitions[at]]);
        party->owned[partitions[at]] = true;
        party->to_seek[partitions[at]] = true;
    }
    party->assigned_count++;
}

static void give_up(struct party *party, const uint32_t *partitions, size_t count)
{
    for (size_t at = 0; at < count; at++) {
        assert_true(party->owned[partitions[at]]);
        party->owned[partitions[at]] = false;
        party->to_seek[partitions[at]] = false;
    }
}

static void on_revoked(void *owner, const uint32_t *partitions, size_t count)
{
    give_up(owner, partitions, count);
    ((struct party *)owner)->revoked_count++;
}

static void on_lost(void *owner, const uint32_t *partitions, size_t count)
{
    give_up(owner, partitions, count);
    ((struct party *)owner)->lost_count++;
}

void party_open(struct party *party, struct bus *bus, const struct bus_topic *const topics[2], struct party_place place,
                int wait_ms)
{
    *party = (struct party){.bus = bus, .topics = {topics[0], topics[1]}, .wait_ms = wait_ms};
    struct bus_member_config config = {
        .group = str_of(place.group),
        .instance = str_of(place.instance),
        .thread = place.thread,
        .topics = {topics[0], topics[1]},
        .events = {.owner = party, .assigned = on_assigned, .revoked = on_revoked, .lost = on_lost},
    };
    struct bus_error error = {{0}};
    enum status status = bus_member_open(bus, &config, &party->member, &error);
    if (status != STATUS_OK) {
        fail_msg("bus_member_open: %s: %s", status_text(status), error.text);
    }
}

/* Seeks what waits for it, to the stable offsets or the start. */
static void seek_all(struct party *party)
{
    for (uint32_t partition = 0; partition < PARTY_PARTITIONS_MAX; partition++) {
        struct bus_position position;
        if (!party->to_seek[partition]) {
            continue;
        }
        enum status status = bus_member_stable(party->member, partition, &position, NULL);
        if (status == STATUS_RETRIABLE || status == STATUS_FENCED) {
            continue;
        }
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(position.partition, partition);
        for (size_t topic = 0; topic < 2; topic++) {
            if (position.next[topic] == BUS_OFFSET_NONE) {
                position.next[topic] = 0;
            }
        }
        party->positions[partition] = position;
        if (bus_member_seek(party->member, &position, NULL) == STATUS_OK) {
            party->to_seek[partition] = false;
        }
    }
}

enum status party_poll(struct party *party, int timeout_ms, struct bus_record *out_record)
{
    struct bus_error error = {{0}};
    enum status status = bus_member_poll(party->member, timeout_ms, out_record, &error);
    if (status == STATUS_OK) {
        size_t topic = out_record->topic == party->topics[1];
        assert_ptr_equal(out_record->topic, party->topics[topic]);
        assert_true(party->owned[out_record->partition]);
        party->positions[out_record->partition].next[topic] = out_record->offset + 1;
    } else if (status == STATUS_END) {
        seek_all(party);
    } else if (status != STATUS_FENCED) {
        print_message("poll: %s: %s\n", status_text(status), error.text);
    }
    return status;
}

size_t party_owned_count(const struct party *party)
{
    size_t count = 0;
    for (size_t partition = 0; partition < PARTY_PARTITIONS_MAX; partition++) {
        count += party->owned[partition] && !party->to_seek[partition];
    }
    return count;
}

void party_settle(struct party *party, size_t count)
{
    int64_t until_ms = clock_ms() + party->wait_ms;
    while (party_owned_count(party) != count) {
        struct bus_record record;
        assert_true(clock_ms() < until_ms);
        enum status status = party_poll(party, 100, &record);
        assert_true(status == STATUS_END || status == STATUS_RETRIABLE);
    }
}

struct bus_record party_take(struct party *party)
{
    int64_t until_ms = clock_ms() + party->wait_ms;
    struct bus_record record;
    enum status status;
    while ((status = party_poll(party, 200, &record)) != STATUS_OK) {
        assert_true(status == STATUS_END || status == STATUS_RETRIABLE);
        assert_true(clock_ms() < until_ms);
    }
    return record;
}

void party_expect_none(struct party *party)
{
    for (int turn = 0; turn < 5; turn++) {
        struct bus_record record;
        assert_int_not_equal(party_poll(party, 50, &record), STATUS_OK);
    }
}

void party_expect_position(struct party *party, size_t topic, uint32_t partition, int64_t position)
{
    int64_t until_ms = clock_ms() + party->wait_ms;
    while (bus_member_position(party->member, topic, partition) < position && clock_ms() < until_ms) {
        struct bus_record record;
        assert_int_not_equal(party_poll(party, 50, &record), STATUS_OK);
    }
    assert_int_equal(bus_member_position(party->member, topic, partition), position);
}

void party_begin(struct party *party)
{
    struct bus_error error = {{0}};
    enum status status = STATUS_RETRIABLE;
    for (int turn = 0; status == STATUS_RETRIABLE && turn < 20; turn++) {
        status = bus_begin(party->member, &error);
    }
    if (status != STATUS_OK) {
        fail_msg("bus_begin: %s: %s", status_text(status), error.text);
    }
}

void party_produce(struct party *party, const struct bus_topic *topic, uint32_t partition, const char *value)
{
    struct bus_message message = {.topic = topic, .partition = partition, .value = str_of(value)};
    struct bus_error error = {{0}};
    enum status status = bus_produce(party->member, &message, &error);
    if (status != STATUS_OK) {
        fail_msg("bus_produce: %s: %s", status_text(status), error.text);
    }
}

enum status party_commit(struct party *party)
{
    struct bus_position positions[PARTY_PARTITIONS_MAX];
    size_t count = 0;
    for (uint32_t partition = 0; partition < PARTY_PARTITIONS_MAX; partition++) {
        if (party->owned[partition] && !party->to_seek[partition]) {
            positions[count++] = party->positions[partition];
        }
    }
    struct bus_error error = {{0}};
    enum status status = bus_commit(party->member, positions, count, &error);
    if (status != STATUS_OK) {
        print_message("commit: %s: %s\n", status_text(status), error.text);
    }
    return status;
}
