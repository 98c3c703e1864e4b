#include "fixture.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *fixture_bootstrap(void)
{
    const char *bootstrap = getenv("PAWL_TEST_BOOTSTRAP");
    return bootstrap != NULL && bootstrap[0] != '\0' ? bootstrap : NULL;
}

void fixture_ok(enum status status, const struct bus_error *error)
{
    if (status != STATUS_OK) {
        fail_msg("%s: %s", status_text(status), error->text);
    }
}

static void log_line(void *owner, int level, const char *text)
{
    (void)owner;
    if (getenv("PAWL_TEST_LOG") != NULL) {
        fprintf(stderr, "%lld <%d> %s\n", (long long)clock_ms(), level, text);
    }
}

static void open_bus(struct fixture *fixture, const struct fixture_property *properties)
{
    struct bus_kafka_property common[16] = {{"bootstrap.servers", fixture_bootstrap()}};
    struct bus_kafka_property consumer[16];
    struct bus_kafka_property producer[16];
    struct bus_kafka_options options = {common, 1, consumer, 0, producer, 0, log_line, NULL};
    for (; properties != NULL && properties->name != NULL; properties++) {
        if (strncmp(properties->name, "consumer.", 9) == 0) {
            consumer[options.consumer_count++] = (struct bus_kafka_property){properties->name + 9, properties->value};
        } else if (strncmp(properties->name, "producer.", 9) == 0) {
            producer[options.producer_count++] = (struct bus_kafka_property){properties->name + 9, properties->value};
        } else {
            common[options.common_count++] = (struct bus_kafka_property){properties->name, properties->value};
        }
    }
    *fixture = (struct fixture){0};
    struct bus_error error;
    fixture_ok(bus_kafka_open(&options, &fixture->bus, &error), &error);
}

static void open_topics(struct fixture *fixture)
{
    fixture->commands = fixture_topic(fixture, "commands", BUS_CLEANUP_DELETE);
    fixture->results = fixture_topic(fixture, "results", BUS_CLEANUP_DELETE);
    fixture->state = fixture_topic(fixture, "state", BUS_CLEANUP_COMPACT);
    fixture->history = fixture_topic(fixture, "history", BUS_CLEANUP_DELETE);
}

void fixture_share(struct fixture *fixture, const struct fixture *other, const struct fixture_property *properties)
{
    open_bus(fixture, properties);
    snprintf(fixture->prefix, sizeof fixture->prefix, "%s", other->prefix);
    open_topics(fixture);
}

void fixture_open(struct fixture *fixture, const struct fixture_property *properties)
{
    open_bus(fixture, properties);
    uint8_t chance[4];
    bus_random(fixture->bus, chance, sizeof chance);
    snprintf(fixture->prefix, sizeof fixture->prefix, "t%02x%02x%02x%02x", chance[0], chance[1], chance[2], chance[3]);
    open_topics(fixture);
}

void fixture_close(struct fixture *fixture)
{
    bus_close(fixture->bus);
}

const struct bus_topic *fixture_topic(struct fixture *fixture, const char *name, enum bus_cleanup cleanup)
{
    char text[64];
    snprintf(text, sizeof text, "%s.%s", fixture->prefix, name);
    struct bus_topic_config config = {
        .name = str_of(text),
        .partition_count = FIXTURE_PARTITIONS,
        .cleanup = cleanup,
        .retention_ms = 3600000,
        .min_compaction_lag_ms = 3600000,
        .delete_retention_ms = 3600000,
        .max_message_bytes = 1048588,
    };
    const struct bus_topic *topic;
    struct bus_error error;
    fixture_ok(bus_topic_create(fixture->bus, &config, &error), &error);
    fixture_ok(bus_topic_open(fixture->bus, str_of(text), &topic, &error), &error);
    return topic;
}

struct bus_message fixture_message(const struct bus_topic *topic, uint32_t partition, const char *value)
{
    return (struct bus_message){.topic = topic, .partition = partition, .key = STR("key"), .value = str_of(value)};
}

void fixture_write(struct fixture *fixture, const struct bus_topic *topic, uint32_t partition, int first, int count)
{
    struct bus_producer *producer;
    struct bus_error error;
    fixture_ok(bus_producer_open(fixture->bus, &producer, &error), &error);
    for (int at = 0; at < count; at++) {
        char value[16];
        snprintf(value, sizeof value, "%d", first + at);
        struct bus_message message = fixture_message(topic, partition, value);
        fixture_ok(bus_producer_send(producer, &message, &error), &error);
    }
    fixture_ok(bus_producer_flush(producer, FIXTURE_WAIT_MS, &error), &error);
    bus_producer_close(producer);
}

int fixture_read(struct fixture *fixture, const struct bus_topic *topic, uint32_t partition, int first)
{
    struct bus_reader *reader;
    struct bus_error error;
    int64_t begin;
    int64_t end;
    enum status known = STATUS_RETRIABLE;
    for (int64_t until_ms = clock_ms() + FIXTURE_WAIT_MS;
         known == STATUS_RETRIABLE && clock_ms() < until_ms;) {
        known = bus_bounds(fixture->bus, topic, partition, true, &begin, &end, &error);
    }
    fixture_ok(known, &error);
    fixture_ok(bus_reader_open(fixture->bus, topic, partition, begin, &reader, &error), &error);
    int count = 0;
    int64_t deadline_ms = clock_ms() + FIXTURE_WAIT_MS;
    while (bus_reader_position(reader) < end && clock_ms() < deadline_ms) {
        struct bus_record record;
        enum status status = bus_reader_next(reader, 1000, &record, &error);
        if (status == STATUS_END) {
            continue;
        }
        fixture_ok(status, &error);
        int64_t value;
        assert_true(str_to_int64(record.value, &value));
        assert_int_equal(value, first + count);
        count += 1;
    }
    assert_true(bus_reader_position(reader) >= end);
    bus_reader_close(reader);
    return count;
}

void fixture_await_end(struct fixture *fixture, const struct bus_topic *topic, uint32_t partition, int64_t end)
{
    struct bus_error error;
    int64_t begin;
    int64_t seen = 0;
    int64_t deadline_ms = clock_ms() + FIXTURE_WAIT_MS;
    while (seen < end && clock_ms() < deadline_ms) {
        fixture_ok(bus_bounds(fixture->bus, topic, partition, false, &begin, &seen, &error), &error);
    }
    assert_int_equal(seen, end);
}

/* ---- The broker ---- */

bool fixture_broker_is_ours(void)
{
    bool ours = getenv("PAWL_TEST_BROKER_DIR") != NULL;
    if (!ours) {
        print_message("skipped: the broker is not ours (PAWL_TEST_BROKER_DIR)\n");
    }
    return ours;
}

void fixture_broker(const char *what)
{
    char command[512];
    snprintf(command, sizeof command, "%s/tests/kafka/broker %s %s >/dev/null", PAWL_SOURCE_DIR, what,
             getenv("PAWL_TEST_BROKER_DIR"));
    assert_int_equal(system(command), 0);
}

void fixture_broker_later(const char *what, int seconds)
{
    char command[512];
    snprintf(command, sizeof command, "(sleep %d; exec %s/tests/kafka/broker %s %s >/dev/null) &", seconds,
             PAWL_SOURCE_DIR, what, getenv("PAWL_TEST_BROKER_DIR"));
    assert_int_equal(system(command), 0);
}

int fixture_broker_up(void **state)
{
    (void)state;
    if (getenv("PAWL_TEST_BROKER_DIR") != NULL) {
        fixture_broker("start");
    }
    return 0;
}

/* ---- A stream thread's member ---- */

static void assigned(void *owner, const uint32_t *partitions, size_t count)
{
    struct stream *stream = owner;
    stream->assigned_count += 1;
    for (size_t at = 0; at < count; at++) {
        stream->held[partitions[at]] = true;
        if (stream->at_once) {
            struct bus_position position = stream_stable(stream, partitions[at]);
            struct bus_error error;
            position.next[0] = position.next[0] < 0 ? 0 : position.next[0];
            position.next[1] = position.next[1] < 0 ? 0 : position.next[1];
            fixture_ok(bus_member_seek(stream->member, &position, &error), &error);
        }
    }
}

static void revoked(void *owner, const uint32_t *partitions, size_t count)
{
    struct stream *stream = owner;
    stream->revoked_count += 1;
    if (stream->on_revoked != NULL) {
        stream->on_revoked(stream);
    }
    for (size_t at = 0; at < count; at++) {
        stream->held[partitions[at]] = false;
    }
}

static void lost(void *owner, const uint32_t *partitions, size_t count)
{
    struct stream *stream = owner;
    stream->lost_count += 1;
    for (size_t at = 0; at < count; at++) {
        stream->held[partitions[at]] = false;
    }
}

void stream_open(struct stream *stream, struct fixture *fixture, const char *instance)
{
    char group[64];
    char name[64];
    snprintf(group, sizeof group, "%s-processor", fixture->prefix);
    snprintf(name, sizeof name, "%s-%s", fixture->prefix, instance);
    *stream = (struct stream){.fixture = fixture, .at_once = true};
    struct bus_member_config config = {
        .group = str_of(group),
        .instance = str_of(name),
        .topics = {fixture->commands, fixture->results},
        .events = {stream, assigned, revoked, lost},
    };
    struct bus_error error;
    fixture_ok(bus_member_open(fixture->bus, &config, &stream->member, &error), &error);
}

size_t stream_held(const struct stream *stream)
{
    size_t count = 0;
    for (size_t at = 0; at < FIXTURE_PARTITIONS; at++) {
        count += stream->held[at];
    }
    return count;
}

void stream_await(struct stream *stream, size_t count)
{
    int64_t deadline_ms = clock_ms() + FIXTURE_WAIT_MS;
    while (stream_held(stream) != count) {
        struct bus_record record;
        struct bus_error error;
        enum status status = bus_member_poll(stream->member, 100, &record, &error);
        if (status != STATUS_OK && status != STATUS_END) {
            fixture_ok(status, &error);
        }
        if (clock_ms() > deadline_ms) {
            fail_msg("%zu partitions are held, awaited are %zu", stream_held(stream), count);
        }
    }
}

struct bus_record stream_next(struct stream *stream)
{
    int64_t deadline_ms = clock_ms() + FIXTURE_WAIT_MS;
    struct bus_record record = {0};
    struct bus_error error;
    for (;;) {
        enum status status = bus_member_poll(stream->member, 1000, &record, &error);
        if (status == STATUS_OK) {
            return record;
        }
        if (status != STATUS_END) {
            fixture_ok(status, &error);
        }
        if (clock_ms() > deadline_ms) {
            fail_msg("no record came");
        }
    }
}

struct bus_position stream_stable(struct stream *stream, uint32_t partition)
{
    struct bus_position position = {0};
    struct bus_error error;
    enum status status = STATUS_RETRIABLE;
    int64_t deadline_ms = clock_ms() + FIXTURE_WAIT_MS;
    while (status == STATUS_RETRIABLE && clock_ms() < deadline_ms) {
        status = bus_member_stable(stream->member, partition, &position, &error);
    }
    fixture_ok(status, &error);
    return position;
}
