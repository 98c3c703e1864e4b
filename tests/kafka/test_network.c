/* What a troubled network does to transactions: requests that arrive late, answers that never do (proxy.h). */
#include "base/clock.h"
#include "fixture.h"
#include "proxy.h"

#include "bus/bus_kafka_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct network {
    struct proxy *proxy;
    struct fixture fixture;
    struct stream stream;
};

/* A member that reaches the broker through the proxy, gives up on a request after two seconds, and is thought dead after four. */
static void network_open(struct network *network)
{
    network->proxy = proxy_open(fixture_bootstrap());
    const struct fixture_property properties[] = {
        {"bootstrap.servers", proxy_bootstrap(network->proxy)}, {"socket.timeout.ms", "2000"},
        {"consumer.session.timeout.ms", "4000"}, {"consumer.heartbeat.interval.ms", "500"}, {0}};
    fixture_open(&network->fixture, properties);
    stream_open(&network->stream, &network->fixture, "a");
    stream_await(&network->stream, FIXTURE_PARTITIONS);
}

static void network_close(struct network *network)
{
    bus_member_leave(network->stream.member);
    fixture_close(&network->fixture);
    proxy_close(network->proxy);
}

static void begin_and_produce(struct network *network, const char *value)
{
    struct bus_error error;
    struct bus_message message = fixture_message(network->fixture.history, 0, value);
    fixture_ok(bus_begin(network->stream.member, &error), &error);
    fixture_ok(bus_produce(network->stream.member, &message, &error), &error);
}

static void transact(struct network *network, const char *value, int64_t next)
{
    struct bus_error error;
    struct bus_position position = {0, {next, 0}};
    begin_and_produce(network, value);
    fixture_ok(bus_commit(network->stream.member, &position, 1, &error), &error);
}

/* The dirty rule (design, section 3, 4). An EndTxn is delayed; the client gives up on it, sends another on a new connection,
 * and that one commits. The first arrives when the same slot's next transaction is open: a producer that were used again
 * would be committed by it in its middle. */
static void test_delayed_end(void **state)
{
    (void)state;
    struct network network;
    struct bus_error error;
    network_open(&network);
    proxy_hold(network.proxy, PROXY_END_TXN, 1);
    int64_t begin_ms = clock_ms();
    transact(&network, "0", 1);
    print_message("committed by the second EndTxn after %lld ms\n", (long long)(clock_ms() - begin_ms));
    assert_true(proxy_holds(network.proxy));
    transact(&network, "1", 2);
    transact(&network, "2", 3);
    begin_and_produce(&network, "99");
    fixture_await_end(&network.fixture, network.fixture.history, 0, 7); /* three with their markers, and this one */
    assert_true(proxy_release(network.proxy, FIXTURE_WAIT_MS));
    fixture_ok(bus_abort(network.stream.member, &error), &error);
    assert_int_equal(fixture_read(&network.fixture, network.fixture.history, 0, 0), 3);
    transact(&network, "3", 4);
    assert_int_equal(fixture_read(&network.fixture, network.fixture.history, 0, 0), 4);
    assert_int_equal(stream_stable(&network.stream, 0).next[0], 4);
    network_close(&network);
}

/* The broker commits, and says so, and is not heard: whoever took that for an abort would do everything again. */
static void test_lost_answer(void **state)
{
    (void)state;
    struct network network;
    struct bus_error error;
    network_open(&network);
    proxy_lose(network.proxy, PROXY_END_TXN);
    begin_and_produce(&network, "0");
    struct bus_position position = {0, {5, 6}};
    int64_t begin_ms = clock_ms();
    enum status status = bus_commit(network.stream.member, &position, 1, &error);
    print_message("commit: %s after %lld ms\n", status_text(status), (long long)(clock_ms() - begin_ms));
    proxy_lose(network.proxy, PROXY_NOTHING);
    assert_int_equal(status, STATUS_FENCED);
    assert_int_equal(stream_stable(&network.stream, 0).next[0], 5);
    assert_int_equal(stream_stable(&network.stream, 0).next[1], 6);
    assert_int_equal(fixture_read(&network.fixture, network.fixture.history, 0, 0), 1);
    transact(&network, "1", 7);
    assert_int_equal(fixture_read(&network.fixture, network.fixture.history, 0, 0), 2);
    network_close(&network);
}

static void expect_fenced(struct network *network)
{
    struct bus_error error;
    struct bus_position position = {0, {1, 0}};
    enum status status = bus_commit(network->stream.member, &position, 1, &error);
    print_message("commit: %s: %s\n", status_text(status), error.text);
    assert_int_equal(status, STATUS_FENCED);
}

/* Heartbeats don't get through: the group gives the partitions to another, who leaves again. Neither before the stream thread
 * hears of it nor after may it commit what it began as their owner, though librdkafka has long made it a member anew, on a
 * thread of its own: a commit must name the group as it was when the partitions were assigned. */
static void test_lost_session(void **state)
{
    (void)state;
    struct network network;
    struct fixture direct;
    struct stream new;
    network_open(&network);
    fixture_share(&direct, &network.fixture, NULL);
    proxy_hold(network.proxy, PROXY_HEARTBEAT, 1000);
    stream_open(&new, &direct, "b");
    stream_await(&new, FIXTURE_PARTITIONS);
    begin_and_produce(&network, "99");
    expect_fenced(&network);
    assert_true(proxy_release(network.proxy, FIXTURE_WAIT_MS));
    bus_member_leave(new.member);
    begin_and_produce(&network, "99");
    stream_await(&network.stream, 0);
    assert_int_equal(network.stream.lost_count + network.stream.revoked_count, 1);
    nanosleep(&(struct timespec){.tv_sec = 2}, NULL); /* it joins again meanwhile, or so a bug would have it */
    expect_fenced(&network);
    assert_int_equal(fixture_read(&direct, direct.history, 0, 0), 0);
    stream_await(&network.stream, FIXTURE_PARTITIONS);
    assert_int_equal(stream_stable(&network.stream, 0).next[0], BUS_OFFSET_NONE);
    transact(&network, "0", 1);
    assert_int_equal(fixture_read(&direct, direct.history, 0, 0), 1);
    fixture_close(&direct);
    network_close(&network);
}

int main(void)
{
    if (fixture_bootstrap() == NULL) {
        printf("skipped: PAWL_TEST_BOOTSTRAP is not set (run under tests/kafka/with-broker)\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_delayed_end, fixture_broker_up),
        cmocka_unit_test_setup(test_lost_answer, fixture_broker_up),
        cmocka_unit_test_setup(test_lost_session, fixture_broker_up),
    };
    cmocka_set_test_filter(getenv("PAWL_TEST_FILTER"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
