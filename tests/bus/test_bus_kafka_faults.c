/* What becomes of a transaction when a broker answers a request with an error, late, or not at all. librdkafka's own
 * mock cluster injects them; whether a real broker keeps its word is asked in tests/kafka. */
#include "base/clock.h"
#include "bus/bus_kafka_internal.h"

#include <librdkafka/rdkafka_mock.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PRODUCE = 0, LIST_OFFSETS = 2, ADD_PARTITIONS = 24, ADD_OFFSETS = 25, END_TXN = 26, OFFSET_COMMIT = 28 }; /* API keys */

#define PARTITIONS 2

struct fixture {
    rd_kafka_t *host; /* of the mock */
    rd_kafka_mock_cluster_t *cluster;
    struct bus *bus;
    const struct bus_topic *topic;
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
    }
    rd_kafka_mock_push_request_errors(fixture->cluster, LIST_OFFSETS, 1, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    expect(bounds(fixture, &error), STATUS_REFUSED, &error);
}

/* bus_topic_open without its question for the topic's settings, which the mock does not answer. */
static const struct bus_topic *make_topic(struct bus *base, const char *name)
{
    struct bus_kafka *bus = bus_kafka_of(base);
    struct bus_kafka_topic *topic = calloc(1, sizeof *topic + strlen(name) + 1);
    bus->topics = calloc(1, sizeof(struct bus_kafka_topic *));
    bus->topic_count = 1;
    bus->topics[0] = topic;
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
    struct bus_kafka_property properties[] = {
        {"bootstrap.servers", rd_kafka_mock_cluster_bootstraps(fixture.cluster)},
        {"socket.timeout.ms", "3000"},
    };
    struct bus_kafka_options options = {.common = properties, .common_count = 2};
    struct bus_error error;
    expect(bus_kafka_open(&options, &fixture.bus, &error), STATUS_OK, &error);
    fixture.topic = make_topic(fixture.bus, "topic");
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
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
