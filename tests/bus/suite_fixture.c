#include "tests/bus/suite_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture suite_fixture;

void suite_begin(const struct bus_suite *suite)
{
    suite_fixture = (struct fixture){.suite = suite};
}

char *suite_name(struct fixture *fixture, const char *what)
{
    struct str name;
    assert_int_equal(arena_format(fixture->arena, &name, "%s%s.%s", fixture->suite->prefix, fixture->run, what),
                     STATUS_OK);
    return (char *)name.bytes;
}

struct bus_topic_config suite_config(struct fixture *fixture, const char *what, uint32_t partition_count)
{
    return (struct bus_topic_config){.name = str_of(suite_name(fixture, what)),
                                     .partition_count = partition_count,
                                     .cleanup = BUS_CLEANUP_DELETE,
                                     .retention_ms = -1,
                                     .max_message_bytes = 1024 * 1024};
}

/* A broker may need a moment until it knows a topic that it has just made. */
const struct bus_topic *suite_open_topic(struct fixture *fixture, struct str name)
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

const struct bus_topic *suite_make_topic(struct fixture *fixture, const char *what, uint32_t partition_count)
{
    struct bus_topic_config config = suite_config(fixture, what, partition_count);
    expect_ok(bus_topic_create(fixture->bus, &config, out_error));
    return suite_open_topic(fixture, config.name);
}

/* Sends `count` records whose values are first, first + 1 … and waits until they are safe. */
void suite_send_numbers(struct fixture *fixture, const struct bus_topic *topic, uint32_t partition, int first,
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

struct bus_reader *suite_open_reader(struct fixture *fixture, const struct bus_topic *topic, uint32_t partition,
                                      int64_t offset)
{
    struct bus_reader *reader = NULL;
    expect_ok(bus_reader_open(fixture->bus, topic, partition, offset, &reader, out_error));
    return reader;
}

int suite_number(struct bus_record record)
{
    int64_t number = -1;
    assert_true(str_to_int64(record.value, &number));
    return (int)number;
}

void suite_expect_number(struct fixture *fixture, struct bus_reader *reader, int number)
{
    struct bus_record record;
    expect_ok(bus_reader_next(reader, fixture->suite->wait_ms, &record, out_error));
    assert_int_equal(suite_number(record), number);
    assert_true(bus_reader_position(reader) > record.offset);
}

void suite_expect_end(struct bus_reader *reader)
{
    struct bus_record record;
    assert_int_equal(bus_reader_next(reader, 300, &record, NULL), STATUS_END);
}

/* Two input topics and one for output. */
void suite_make_topics(struct fixture *fixture)
{
    fixture->in[0] = suite_make_topic(fixture, "commands", PARTITIONS);
    fixture->in[1] = suite_make_topic(fixture, "results", PARTITIONS);
    fixture->out = suite_make_topic(fixture, "out", PARTITIONS);
}

void suite_open_party(struct fixture *fixture, struct party *party, const char *instance, uint32_t thread)
{
    struct party_place place = {suite_name(fixture, "group"), suite_name(fixture, instance), thread};
    party_open(party, fixture->bus, fixture->in, place, fixture->suite->wait_ms);
}

int suite_set_up(void **state)
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

int suite_tear_down(void **state)
{
    struct fixture *fixture = *state;
    fixture->suite->close(fixture->suite->owner, fixture->bus);
    arena_destroy(fixture->arena);
    return 0;
}
