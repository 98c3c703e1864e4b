/* What becomes of a transaction when a broker answers a request with an error, late, or not at all. librdkafka's own
 * mock cluster injects them; whether a real broker keeps its word is asked in tests/kafka. */
#include "base/clock.h"
#include "bus/bus_kafka_internal.h"

#include <librdkafka/rdkafka_mock.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PRODUCE = 0, FETCH = 1, LIST_OFFSETS = 2, ADD_PARTITIONS = 24, ADD_OFFSETS = 25, END_TXN = 26, OFFSET_COMMIT = 28 }; /* API keys */

#define PARTITIONS 2

struct fixture {
    rd_kafka_t *host; /* of the mock */
    rd_kafka_mock_cluster_t *cluster;
    struct bus *bus;
    const struct bus_topic *topic;
    const struct bus_topic *other;
    struct bus_kafka_transactions *transactions;
    rd_kafka_consumer_group_metadata_t *group;
};

static void expect(enum status status, enum status expected, const struct bus_error *error)
{
    if (status != expected) {
        fail_msg("%s (expected: %s): %s", status_text(status), status_text(expected), error->text);
    }
}

/* A fault may be told of the first record before the last one is produced: that one is refused then, and the commit tells. */
static void begin_and_produce(struct fixture *fixture, bool has_fault)
{
    struct bus_error error;
    enum status status = STATUS_OK;
    expect(bus_kafka_transactions_begin(fixture->transactions, &error), STATUS_OK, &error);
    for (uint32_t at = 0; at < PARTITIONS && status == STATUS_OK; at++) {
        struct bus_message message = {.topic = fixture->topic, .partition = at, .value = STR("value")};
        status = bus_kafka_transactions_produce(fixture->transactions, &message, &error);
    }
    if (!has_fault || status != STATUS_ABORTABLE) {
        expect(status, STATUS_OK, &error);
    }
}

static enum status commit(struct fixture *fixture, struct bus_error *out_error)
{
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(offsets, "topic", 0)->offset = 1;
    enum status status = bus_kafka_transactions_commit(fixture->transactions, offsets, fixture->group, out_error);
    rd_kafka_topic_partition_list_destroy(offsets);
    return status;
}

static void test_faults(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *name;
        int16_t api;
        rd_kafka_resp_err_t code;
        int times;
        int late_ms;
        enum status status;
        bool replaced; /* the producer, when the next transaction has begun */
    } rows[] = {
        {"no fault", PRODUCE, 0, 0, 0, STATUS_OK, false},
        {"produce: not leader", PRODUCE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 1, 0, STATUS_OK, false},
        {"produce: too large", PRODUCE, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 1, 0, STATUS_LIMIT_EXCEEDED, false},
        {"produce: out of order", PRODUCE, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, 2, 0, STATUS_FENCED, true},
        {"produce: disconnect", PRODUCE, RD_KAFKA_RESP_ERR__TRANSPORT, 1, 0, STATUS_OK, true},
        {"partitions: concurrent", ADD_PARTITIONS, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, 3, 0, STATUS_OK, false},
        {"partitions: fenced", ADD_PARTITIONS, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, 1, 0, STATUS_FENCED, true},
        /* librdkafka drops the records and does not pass on why, but in its log */
        {"partitions: not authorized", ADD_PARTITIONS, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1, 0,
         STATUS_ABORTABLE, false},
        {"offsets: fenced", ADD_OFFSETS, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, 1, 0, STATUS_FENCED, true},
        {"offsets: disconnect", ADD_OFFSETS, RD_KAFKA_RESP_ERR__TRANSPORT, 1, 0, STATUS_OK, true},
        {"group: generation", OFFSET_COMMIT, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, 1, 0, STATUS_FENCED, true},
        {"group: member", OFFSET_COMMIT, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, 1, 0, STATUS_FENCED, true},
        {"group: instance", OFFSET_COMMIT, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, 1, 0, STATUS_FENCED, true},
        {"group: not authorized", OFFSET_COMMIT, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 1, 0, STATUS_FATAL,
         true},
        {"group: loading", OFFSET_COMMIT, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 2, 0, STATUS_OK, false},
        {"end: concurrent", END_TXN, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, 1, 0, STATUS_OK, false},
        {"end: epoch", END_TXN, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, 1, 0, STATUS_FENCED, true},
        {"end: fenced", END_TXN, RD_KAFKA_RESP_ERR_PRODUCER_FENCED, 1, 0, STATUS_FENCED, true},
        {"end: state", END_TXN, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE, 1, 0, STATUS_FENCED, true},
        {"end: id mapping", END_TXN, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING, 1, 0, STATUS_FENCED, true},
        {"end: unknown", END_TXN, RD_KAFKA_RESP_ERR_UNKNOWN, 1, 0, STATUS_FENCED, true},
        {"end: not authorized", END_TXN, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 1, 0, STATUS_FATAL,
         true},
        {"end: disconnect", END_TXN, RD_KAFKA_RESP_ERR__TRANSPORT, 1, 0, STATUS_OK, true},
        {"end: late", END_TXN, 0, 1, 5000, STATUS_OK, true},
    };
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        struct bus_error error = {""};
        begin_and_produce(fixture, false); /* a sound one first: a replacement that the last row left over happens here */
        expect(commit(fixture, &error), STATUS_OK, &error);
        uint32_t replaced = bus_kafka_transactions_replaced(fixture->transactions);
        for (int times = 0; times < rows[at].times; times++) {
            if (rows[at].late_ms > 0) {
                rd_kafka_mock_broker_push_request_error_rtts(fixture->cluster, 1, rows[at].api, 1, rows[at].code,
                                                             rows[at].late_ms);
            } else {
                rd_kafka_mock_push_request_errors(fixture->cluster, rows[at].api, 1, rows[at].code);
            }
        }
        int64_t begin_ms = clock_ms();
        begin_and_produce(fixture, true);
        enum status status = commit(fixture, &error);
        print_message("%s: %s, %lld ms %s\n", rows[at].name, status_text(status),
                      (long long)(clock_ms() - begin_ms), status == STATUS_OK ? "" : error.text);
        /* Out of order: librdkafka gives that producer up for good when the first request in flight is refused; when a later
         * one is, it asks for an abort, and gives itself a new epoch then. */
        bool bumped = rows[at].code == RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER && status == STATUS_ABORTABLE;
        assert_int_equal(status, bumped ? STATUS_ABORTABLE : rows[at].status);
        assert_int_equal(bus_kafka_transactions_in_progress(fixture->transactions),
                         status == STATUS_ABORTABLE || status == STATUS_LIMIT_EXCEEDED);
        rd_kafka_mock_clear_request_errors(fixture->cluster, rows[at].api);
        expect(bus_kafka_transactions_abort(fixture->transactions, &error), STATUS_OK, &error);
        begin_and_produce(fixture, false);
        expect(commit(fixture, &error), STATUS_OK, &error);
        if (rows[at].replaced && !bumped) {
            assert_int_equal(bus_kafka_transactions_replaced(fixture->transactions), replaced + 1);
        } else if (status == STATUS_OK) {
            assert_int_equal(bus_kafka_transactions_replaced(fixture->transactions), replaced);
        }
    }
}

/* Nobody answers an abort: it gives up after its time, the next begin replaces the producer. */
static void test_silent_abort(void **state)
{
    struct fixture *fixture = *state;
    struct bus_error error;
    uint32_t replaced = bus_kafka_transactions_replaced(fixture->transactions);
    begin_and_produce(fixture, false);
    rd_kafka_mock_broker_set_down(fixture->cluster, 1);
    int64_t begin_ms = clock_ms();
    expect(bus_kafka_transactions_abort(fixture->transactions, &error), STATUS_OK, &error);
    print_message("abort: %lld ms\n", (long long)(clock_ms() - begin_ms));
    assert_true(clock_ms() - begin_ms < 30000);
    rd_kafka_mock_broker_set_up(fixture->cluster, 1);
    enum status status = STATUS_RETRIABLE;
    while (status == STATUS_RETRIABLE && clock_ms() - begin_ms < 90000) {
        status = bus_kafka_transactions_begin(fixture->transactions, &error);
    }
    expect(status, STATUS_OK, &error);
    assert_true(bus_kafka_transactions_replaced(fixture->transactions) > replaced);
    expect(commit(fixture, &error), STATUS_OK, &error);
}

static enum status bounds(struct fixture *fixture, struct bus_error *out_error)
{
    int64_t begin;
    int64_t end;
    return bus_bounds(fixture->bus, fixture->topic, 0, true, &begin, &end, out_error);
}

/* A broker that is behind does not know a topic for a moment; what it forbids, it forbids. */
static void test_bounds(void **state)
{
    struct fixture *fixture = *state;
    static const rd_kafka_resp_err_t behind[] = {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
                                                 RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART};
    struct bus_error error;
    for (size_t at = 0; at < sizeof behind / sizeof *behind; at++) {
        rd_kafka_mock_push_request_errors(fixture->cluster, LIST_OFFSETS, 3, behind[at], behind[at], behind[at]);
        expect(bounds(fixture, &error), STATUS_OK, &error);
        rd_kafka_mock_clear_request_errors(fixture->cluster, LIST_OFFSETS);
    }
    rd_kafka_mock_push_request_errors(fixture->cluster, LIST_OFFSETS, 2, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                                      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED); /* begin and end are asked for */
    assert_int_not_equal(bounds(fixture, &error), STATUS_OK);
    rd_kafka_mock_clear_request_errors(fixture->cluster, LIST_OFFSETS);
}

/* ---- Positions that a broker does not know ---- */

static void send_one(struct fixture *fixture, const struct bus_topic *topic)
{
    struct bus_producer *producer;
    struct bus_error error;
    expect(bus_producer_open(fixture->bus, &producer, &error), STATUS_OK, &error);
    const struct bus_message message = {.topic = topic, .partition = 0, .key = STR("k"), .value = STR("v")};
    expect(bus_producer_send(producer, &message, &error), STATUS_OK, &error);
    expect(bus_producer_flush(producer, 10000, &error), STATUS_OK, &error);
    bus_producer_close(producer);
}

static void push_out_of_range(struct fixture *fixture)
{
    rd_kafka_mock_push_request_errors(fixture->cluster, FETCH, 1, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
}

/* A broker that is behind, as one with an empty disk, is not believed; what the leader has not, is not there. */
static void test_reader_position(void **state)
{
    struct fixture *fixture = *state;
    struct bus_reader *reader;
    struct bus_record record;
    struct bus_error error;
    int64_t begin;
    int64_t end;
    expect(bus_bounds(fixture->bus, fixture->topic, 0, false, &begin, &end, &error), STATUS_OK, &error);
    expect(bus_reader_open(fixture->bus, fixture->topic, 0, end, &reader, &error), STATUS_OK, &error);
    for (int64_t times = 0; times < 3; times++) {
        push_out_of_range(fixture);
        send_one(fixture, fixture->topic);
        expect(bus_reader_next(reader, 10000, &record, &error), STATUS_OK, &error);
        assert_int_equal(record.offset, end + times);
    }
    bus_reader_close(reader);
    expect(bus_reader_open(fixture->bus, fixture->topic, 0, end + 1000, &reader, &error), STATUS_OK, &error);
    expect(bus_reader_next(reader, 10000, &record, &error), STATUS_REFUSED, &error);
    assert_non_null(strstr(error.text, "can't be read from its position on"));
    bus_reader_close(reader);
}

struct reading {
    struct bus_member *member;
    int64_t next;
};

static void on_assigned(void *owner, const uint32_t *partitions, size_t count)
{
    struct reading *reading = owner;
    struct bus_error error;
    for (size_t at = 0; at < count; at++) {
        const struct bus_position position = {partitions[at], {partitions[at] == 0 ? reading->next : 0, 0}};
        expect(bus_member_seek(reading->member, &position, &error), STATUS_OK, &error);
    }
}

static void on_taken(void *owner, const uint32_t *partitions, size_t count)
{
    (void)owner, (void)partitions, (void)count;
}

/* The next record of partition 0 of the first topic. */
static enum status poll_first(struct fixture *fixture, struct bus_member *member, struct bus_record *out_record,
                              struct bus_error *out_error)
{
    int64_t begin_ms = clock_ms();
    enum status status = STATUS_END;
    while (clock_ms() - begin_ms < 20000) {
        status = bus_member_poll(member, 100, out_record, out_error);
        bool other = status == STATUS_OK && (out_record->topic != fixture->topic || out_record->partition != 0);
        if (status != STATUS_END && !other) {
            return status;
        }
    }
    return status;
}

static void test_member_position(void **state)
{
    struct fixture *fixture = *state;
    struct reading reading = {0};
    struct bus_record record;
    struct bus_error error;
    int64_t begin;
    const struct bus_member_config config = {
        .group = STR("readers"), .instance = STR("i"), .topics = {fixture->topic, fixture->other},
        .events = {&reading, on_assigned, on_taken, on_taken}};
    expect(bus_bounds(fixture->bus, fixture->topic, 0, false, &begin, &reading.next, &error), STATUS_OK, &error);
    expect(bus_member_open(fixture->bus, &config, &reading.member, &error), STATUS_OK, &error);
    for (int64_t times = 0; times < 3; times++) {
        send_one(fixture, fixture->topic);
        expect(poll_first(fixture, reading.member, &record, &error), STATUS_OK, &error);
        assert_int_equal(record.offset, reading.next + times);
        push_out_of_range(fixture);
    }
    const struct bus_position beyond = {0, {reading.next + 1000, 0}};
    expect(bus_member_seek(reading.member, &beyond, &error), STATUS_OK, &error);
    expect(poll_first(fixture, reading.member, &record, &error), STATUS_REFUSED, &error);
    assert_non_null(strstr(error.text, "can't be read from its position on"));
    bus_member_close(reading.member);
}

/* The next record of partition 0, and then it is done. */
static int64_t follow(struct bus_follower *follower)
{
    struct bus_record record = {.partition = 1};
    struct bus_error error;
    int64_t begin_ms = clock_ms();
    enum status status = STATUS_END;
    while ((status != STATUS_OK || record.partition != 0) && clock_ms() - begin_ms < 20000) {
        status = bus_follower_poll(follower, 100, &record, &error);
    }
    expect(status, STATUS_OK, &error);
    expect(bus_follower_done(follower, &record, &error), STATUS_OK, &error);
    return record.offset;
}

/* A follower whose group is new begins with what is there; what is done does not come again because of a broker that is behind. */
static void test_follower_position(void **state)
{
    struct fixture *fixture = *state;
    struct bus_follower *follower;
    struct bus_error error;
    int64_t begin;
    int64_t end;
    send_one(fixture, fixture->topic);
    expect(bus_bounds(fixture->bus, fixture->topic, 0, false, &begin, &end, &error), STATUS_OK, &error);
    expect(bus_follower_open(fixture->bus, STR("followers"), &fixture->topic, 1, &follower, &error), STATUS_OK, &error);
    for (int64_t offset = begin; offset < end + 6; offset++) {
        if (offset >= end) {
            push_out_of_range(fixture); /* for the next fetch; one may be on its way already */
            send_one(fixture, fixture->topic);
        }
        assert_int_equal(follow(follower), offset);
    }
    bus_follower_close(follower);
}

/* bus_topic_open without its question for the topic's settings, which the mock does not answer. */
static const struct bus_topic *make_topic(struct bus *base, const char *name)
{
    struct bus_kafka *bus = bus_kafka_of(base);
    struct bus_kafka_topic *topic = calloc(1, sizeof *topic + strlen(name) + 1);
    bus->topics = realloc(bus->topics, (bus->topic_count + 1) * sizeof(struct bus_kafka_topic *));
    topic->index = bus->topic_count;
    bus->topics[bus->topic_count++] = topic;
    strcpy(topic->name, name);
    topic->handle = rd_kafka_topic_new(bus->client, name, NULL);
    topic->base = (struct bus_topic){base->ops, str_of(topic->name), PARTITIONS, STR(""), 1000000};
    return &topic->base;
}

static int set_up(void **state)
{
    static struct fixture fixture;
    char text[256];
    fixture.host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), text, sizeof text);
    fixture.cluster = rd_kafka_mock_cluster_new(fixture.host, 1);
    rd_kafka_mock_topic_create(fixture.cluster, "topic", PARTITIONS, 1);
    rd_kafka_mock_topic_create(fixture.cluster, "other", PARTITIONS, 1);
    struct bus_kafka_property properties[] = {
        {"bootstrap.servers", rd_kafka_mock_cluster_bootstraps(fixture.cluster)},
        {"socket.timeout.ms", "3000"},
    };
    struct bus_kafka_options options = {.common = properties, .common_count = 2};
    struct bus_error error;
    expect(bus_kafka_open(&options, &fixture.bus, &error), STATUS_OK, &error);
    fixture.topic = make_topic(fixture.bus, "topic");
    fixture.other = make_topic(fixture.bus, "other");
    expect(bus_kafka_transactions_open(bus_kafka_of(fixture.bus), "id", &fixture.transactions, &error), STATUS_OK,
           &error);
    fixture.group = rd_kafka_consumer_group_metadata_new("group");
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    rd_kafka_consumer_group_metadata_destroy(fixture->group);
    bus_kafka_transactions_close(fixture->transactions);
    bus_close(fixture->bus);
    rd_kafka_mock_cluster_destroy(fixture->cluster);
    rd_kafka_destroy(fixture->host);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_silent_abort),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_reader_position),
        cmocka_unit_test(test_member_position),
        cmocka_unit_test(test_follower_position),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
