/* What exactly-once rests on, on a real broker: fencing, stable offsets, the dirty rule, positions. */
#include "fixture.h"

#include "base/clock.h"
#include "bus/bus_kafka_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void pause_ms(int64_t ms)
{
    nanosleep(&(struct timespec){ms / 1000, (ms % 1000) * 1000000}, NULL);
}

static void produce(struct stream *stream, const struct bus_topic *topic, uint32_t partition, const char *value)
{
    struct bus_error error;
    struct bus_message message = fixture_message(topic, partition, value);
    fixture_ok(bus_produce(stream->member, &message, &error), &error);
}

static void test_commit(void **state)
{
    (void)state;
    struct fixture own;
    fixture_open(&own, NULL);
    struct stream stream;
    struct bus_error error;
    fixture_write(&own, own.commands, 1, 0, 3);
    stream_open(&stream, &own, "a");
    stream_await(&stream, FIXTURE_PARTITIONS);
    struct bus_position position = {1, {0, 0}};
    for (int at = 0; at < 3; at++) {
        struct bus_record record = stream_next(&stream);
        assert_ptr_equal(record.topic, own.commands);
        assert_int_equal(record.partition, 1);
        assert_int_equal(record.offset, at);
        fixture_ok(bus_begin(stream.member, &error), &error);
        char value[16];
        snprintf(value, sizeof value, "%d", at);
        produce(&stream, own.state, 1, value);
        produce(&stream, own.history, 1, value);
        position.next[0] = record.offset + 1;
        fixture_ok(bus_commit(stream.member, &position, 1, &error), &error);
        /* The marker of the last transaction may come before or after this record: another producer wrote it. */
        int64_t last = bus_last_offset(stream.member, own.state, 1);
        assert_true(last >= at && last <= 2 * at);
        assert_int_equal(bus_last_offset(stream.member, own.state, 0), BUS_OFFSET_NONE);
        assert_int_equal(bus_last_offset(stream.member, own.commands, 1), BUS_OFFSET_NONE);
    }
    assert_int_equal(stream_stable(&stream, 1).next[0], 3);
    assert_int_equal(stream_stable(&stream, 1).next[1], 0);
    assert_int_equal(stream_stable(&stream, 2).next[0], BUS_OFFSET_NONE);
    assert_int_equal(fixture_read(&own, own.state, 1, 0), 3);
    assert_int_equal(bus_kafka_transactions_replaced(bus_kafka_member_transactions(stream.member)), 0);
    bus_member_leave(stream.member);
    assert_int_equal(stream.revoked_count, 1);
    fixture_close(&own);
}

/* A transaction of timers only: its offsets stand still, and still fence. */
static void test_timer_only(void **state)
{
    (void)state;
    struct fixture own;
    fixture_open(&own, NULL);
    struct stream stream;
    struct bus_error error;
    stream_open(&stream, &own, "a");
    stream_await(&stream, FIXTURE_PARTITIONS);
    assert_int_equal(stream_stable(&stream, 3).next[0], BUS_OFFSET_NONE);
    struct bus_position position = {3, {0, 0}};
    fixture_ok(bus_begin(stream.member, &error), &error);
    produce(&stream, own.history, 3, "0");
    fixture_ok(bus_commit(stream.member, &position, 1, &error), &error);
    assert_int_equal(stream_stable(&stream, 3).next[0], 0);
    assert_int_equal(stream_stable(&stream, 3).next[1], 0);
    bus_member_leave(stream.member);
    fixture_close(&own);
}

static void test_zombie_of_instance(void **state)
{
    (void)state;
    struct fixture own;
    fixture_open(&own, NULL);
    struct stream old;
    struct stream new;
    struct bus_error error;
    stream_open(&old, &own, "z");
    stream_await(&old, FIXTURE_PARTITIONS);
    fixture_ok(bus_begin(old.member, &error), &error);
    produce(&old, own.history, 2, "7");
    stream_open(&new, &own, "z"); /* the same instance: the process was thought dead */
    stream_await(&new, FIXTURE_PARTITIONS);
    struct bus_position position = {2, {0, 0}};
    enum status status = bus_commit(old.member, &position, 1, &error);
    print_message("commit of the zombie: %s: %s\n", status_text(status), error.text);
    assert_int_equal(status, STATUS_FENCED);
    assert_int_equal(fixture_read(&own, own.history, 2, 0), 0);
    bus_member_close(old.member);
    fixture_ok(bus_begin(new.member, &error), &error);
    produce(&new, own.history, 2, "0");
    fixture_ok(bus_commit(new.member, &position, 1, &error), &error);
    assert_int_equal(fixture_read(&own, own.history, 2, 0), 1);
    bus_member_leave(new.member);
    fixture_close(&own);
}

/* Takes the instance id away from `stream`, and is never heard of again: what is left of a join that was given up and reached
 * the broker all the same. */
static void join_and_vanish(const struct fixture *own, const char *instance)
{
    char text[256];
    rd_kafka_conf_t *config = rd_kafka_conf_new();
    snprintf(text, sizeof text, "%s-processor", own->prefix);
    rd_kafka_conf_set(config, "group.id", text, NULL, 0);
    snprintf(text, sizeof text, "%s-%s-0", own->prefix, instance);
    rd_kafka_conf_set(config, "group.instance.id", text, NULL, 0);
    rd_kafka_conf_set(config, "bootstrap.servers", fixture_bootstrap(), text, sizeof text);
    rd_kafka_conf_set(config, "session.timeout.ms", "6000", text, sizeof text);
    rd_kafka_t *ghost = rd_kafka_new(RD_KAFKA_CONSUMER, config, text, sizeof text);
    assert_non_null(ghost);
    rd_kafka_poll_set_consumer(ghost);
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(2);
    rd_kafka_topic_partition_list_add(topics, bus_topic_name(own->commands).bytes, RD_KAFKA_PARTITION_UA);
    rd_kafka_topic_partition_list_add(topics, bus_topic_name(own->results).bytes, RD_KAFKA_PARTITION_UA);
    assert_int_equal(rd_kafka_subscribe(ghost, topics), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(topics);
    bool joined = false;
    for (int64_t deadline_ms = clock_ms() + FIXTURE_WAIT_MS; !joined && clock_ms() < deadline_ms;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(ghost, 10);
        if (message != NULL) {
            rd_kafka_message_destroy(message);
        }
        char *id = rd_kafka_memberid(ghost);
        joined = id != NULL && id[0] != '\0';
        rd_kafka_mem_free(ghost, id);
    }
    assert_true(joined);
    rd_kafka_destroy_flags(ghost, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

/* One that was fenced, and by nobody who lives, has lost what it had not committed, and goes on. */
static void test_fenced_and_alone(void **state)
{
    (void)state;
    struct fixture own;
    fixture_open(&own, NULL);
    struct stream stream;
    struct bus_record record;
    struct bus_error error;
    stream_open(&stream, &own, "a");
    stream_await(&stream, FIXTURE_PARTITIONS);
    fixture_ok(bus_begin(stream.member, &error), &error);
    produce(&stream, own.history, 2, "7");
    join_and_vanish(&own, "a");
    struct bus_position position = {2, {0, 0}};
    assert_int_equal(bus_commit(stream.member, &position, 1, &error), STATUS_FENCED);
    print_message("commit: %s\n", error.text);
    int64_t begin_ms = clock_ms();
    while (stream.lost_count == 0 && clock_ms() - begin_ms < FIXTURE_WAIT_MS) {
        assert_int_equal(bus_member_poll(stream.member, 50, &record, &error), STATUS_END);
    }
    assert_int_equal(stream_held(&stream), 0);
    bus_member_wake(stream.member);
    assert_int_equal(bus_member_stable(stream.member, 2, &position, &error), STATUS_RETRIABLE);
    assert_int_equal(bus_member_end(stream.member, 0, 2), BUS_OFFSET_NONE);
    stream_await(&stream, FIXTURE_PARTITIONS);
    print_message("assigned again after %lld ms\n", (long long)(clock_ms() - begin_ms));
    assert_int_equal(stream.lost_count, 1);
    assert_int_equal(fixture_read(&own, own.history, 2, 0), 0);
    fixture_ok(bus_begin(stream.member, &error), &error);
    produce(&stream, own.history, 2, "0");
    position = (struct bus_position){2, {0, 0}};
    fixture_ok(bus_commit(stream.member, &position, 1, &error), &error);
    assert_int_equal(fixture_read(&own, own.history, 2, 0), 1);
    /* It may leave, or die, while it waits to join again. */
    join_and_vanish(&own, "a");
    while (stream.lost_count == 1 && clock_ms() - begin_ms < FIXTURE_WAIT_MS) {
        assert_int_equal(bus_member_poll(stream.member, 50, &record, &error), STATUS_END);
    }
    bus_member_leave(stream.member);
    fixture_close(&own);
}

/* Two processes with one instance id, for good: the elder ends and says why, the younger has all, and that soon. */
static void test_shared_instance(void **state)
{
    (void)state;
    static const struct fixture_property properties[] = {{"consumer.heartbeat.interval.ms", "500"}, {0}};
    struct fixture own;
    fixture_open(&own, properties);
    struct stream elder;
    struct stream younger;
    struct bus_record record;
    struct bus_error error;
    stream_open(&elder, &own, "z");
    stream_await(&elder, FIXTURE_PARTITIONS);
    stream_open(&younger, &own, "z");
    int64_t begin_ms = clock_ms();
    enum status status;
    do {
        enum status other = bus_member_poll(younger.member, 20, &record, &error);
        assert_true(other == STATUS_END);
        status = bus_member_poll(elder.member, 20, &record, &error);
    } while (status == STATUS_END && clock_ms() - begin_ms < FIXTURE_WAIT_MS);
    print_message("after %lld ms: %s: %s\n", (long long)(clock_ms() - begin_ms), status_text(status), error.text);
    assert_int_equal(status, STATUS_FATAL);
    assert_non_null(strstr(error.text, "two processes share an instance id"));
    bus_member_close(elder.member);
    stream_await(&younger, FIXTURE_PARTITIONS);
    struct bus_position position = {2, {0, 0}};
    status = STATUS_FENCED;
    for (int times = 0; status == STATUS_FENCED && times < 4; times++) { /* the elder's last start fenced its producers */
        fixture_ok(bus_begin(younger.member, &error), &error);
        produce(&younger, own.history, 2, "0");
        status = bus_commit(younger.member, &position, 1, &error);
    }
    fixture_ok(status, &error);
    assert_int_equal(fixture_read(&own, own.history, 2, 0), 1);
    bus_member_leave(younger.member);
    fixture_close(&own);
}

/* A start ends what its predecessor left open. Nothing else would for as long as the transaction may take. */
static void test_start_fences(void **state)
{
    (void)state;
    static const struct fixture_property properties[] = {{"producer.transaction.timeout.ms", "300000"}, {0}};
    struct fixture own;
    fixture_open(&own, properties);
    struct stream old;
    struct stream new;
    struct bus_error error;
    stream_open(&old, &own, "a");
    fixture_ok(bus_begin(old.member, &error), &error);
    produce(&old, own.history, 0, "0");
    fixture_await_end(&own, own.history, 0, 1);
    stream_open(&new, &own, "a");
    int64_t begin;
    int64_t end;
    fixture_ok(bus_bounds(own.bus, own.history, 0, true, &begin, &end, &error), &error);
    assert_int_equal(end, 2); /* the record and its marker */
    assert_int_equal(fixture_read(&own, own.history, 0, 0), 0);
    bus_member_close(old.member);
    bus_member_leave(new.member);
    fixture_close(&own);
}

/* A thread that stood still for longer than max.poll.interval: its partitions are another's. It does not know yet. */
static void test_zombie_of_group(void **state)
{
    (void)state;
    static const struct fixture_property properties[] = {{"consumer.session.timeout.ms", "4000"},
                                                         {"consumer.max.poll.interval.ms", "4000"},
                                                         {"consumer.heartbeat.interval.ms", "500"},
                                                         {0}};
    struct fixture own;
    fixture_open(&own, properties);
    struct stream old;
    struct stream new;
    struct bus_error error;
    stream_open(&old, &own, "a");
    stream_await(&old, FIXTURE_PARTITIONS);
    struct bus_position position = {2, {0, 0}};
    fixture_ok(bus_begin(old.member, &error), &error);
    produce(&old, own.history, 2, "7");
    fixture_ok(bus_commit(old.member, &position, 1, &error), &error);
    stream_open(&new, &own, "b");
    int64_t begin_ms = clock_ms();
    stream_await(&new, FIXTURE_PARTITIONS);
    print_message("taken over after %lld ms\n", (long long)(clock_ms() - begin_ms));
    fixture_ok(bus_begin(old.member, &error), &error);
    produce(&old, own.history, 2, "8");
    enum status status = bus_commit(old.member, &position, 1, &error);
    print_message("commit of the zombie: %s: %s\n", status_text(status), error.text);
    assert_int_equal(status, STATUS_FENCED);
    assert_int_equal(fixture_read(&own, own.history, 2, 7), 1);
    bus_member_leave(new.member);
    /* It is told that all is gone, and joins again. The group had asked it to revoke before it gave up on it, so that
     * is what the old member hears first, late as it is. */
    stream_await(&old, 0);
    assert_int_equal(old.lost_count + old.revoked_count, 1);
    stream_await(&old, FIXTURE_PARTITIONS);
    fixture_ok(bus_begin(old.member, &error), &error);
    produce(&old, own.history, 2, "8");
    fixture_ok(bus_commit(old.member, &position, 1, &error), &error);
    assert_int_equal(fixture_read(&own, own.history, 2, 7), 2);
    bus_member_leave(old.member);
    fixture_close(&own);
}

static void test_abort_is_dirty(void **state)
{
    (void)state;
    struct fixture own;
    fixture_open(&own, NULL);
    struct stream stream;
    struct bus_error error;
    stream_open(&stream, &own, "a");
    stream_await(&stream, FIXTURE_PARTITIONS);
    struct bus_kafka_transactions *transactions = bus_kafka_member_transactions(stream.member);
    struct bus_position position = {0, {0, 0}};
    fixture_ok(bus_begin(stream.member, &error), &error);
    fixture_ok(bus_abort(stream.member, &error), &error); /* nothing was sent: the producer stays */
    assert_int_equal(bus_kafka_transactions_replaced(transactions), 0);
    for (int at = 0; at < 4; at++) {
        fixture_ok(bus_begin(stream.member, &error), &error);
        produce(&stream, own.history, 0, "99");
        int64_t begin_ms = clock_ms();
        fixture_ok(bus_abort(stream.member, &error), &error); /* the record is queued or in flight */
        print_message("abort: %lld ms\n", (long long)(clock_ms() - begin_ms));
        assert_int_equal(bus_kafka_transactions_replaced(transactions), at + 1);
    }
    fixture_ok(bus_abort(stream.member, &error), &error); /* none is open: nothing happens */
    fixture_ok(bus_begin(stream.member, &error), &error);
    produce(&stream, own.history, 0, "0");
    fixture_ok(bus_commit(stream.member, &position, 1, &error), &error);
    assert_int_equal(fixture_read(&own, own.history, 0, 0), 1);
    bus_member_leave(stream.member);
    fixture_close(&own);
}

/* Closed in the middle of transactions, at moments that differ a little: the process lives, and nothing of them is
 * seen. */
static void test_close_at_any_time(void **state)
{
    (void)state;
    struct fixture own;
    struct bus_error error;
    fixture_open(&own, NULL);
    for (int at = 0; at < 25; at++) {
        struct stream stream;
        stream_open(&stream, &own, "a");
        fixture_ok(bus_begin(stream.member, &error), &error);
        for (uint32_t partition = 0; partition < FIXTURE_PARTITIONS; partition++) {
            produce(&stream, own.history, partition, "99");
        }
        nanosleep(&(struct timespec){.tv_nsec = at * 100000}, NULL);
        if (at % 3 == 0) {
            fixture_ok(bus_abort(stream.member, &error), &error);
        }
        bus_member_close(stream.member);
    }
    assert_int_equal(fixture_read(&own, own.history, 0, 0), 0);
    fixture_close(&own);
}

/* The broker falls silent around a commit: whatever it says in the end, the records and the offsets agree with it, and
 * the producer is replaced. */
static void test_silent_broker(void **state)
{
    (void)state;
    if (!fixture_broker_is_ours()) {
        skip();
    }
    static const struct fixture_property properties[] = {{"socket.timeout.ms", "1000"}, {0}};
    struct fixture own;
    fixture_open(&own, properties);
    struct stream stream;
    struct bus_error error;
    stream_open(&stream, &own, "a");
    stream_await(&stream, FIXTURE_PARTITIONS);
    struct bus_position position = {0, {5, 6}};
    fixture_ok(bus_begin(stream.member, &error), &error);
    produce(&stream, own.history, 0, "0");
    pause_ms(100);
    fixture_broker("pause");
    fixture_broker_later("resume", 3);
    int64_t begin_ms = clock_ms();
    enum status status = bus_commit(stream.member, &position, 1, &error);
    print_message("commit: %s after %lld ms: %s\n", status_text(status), (long long)(clock_ms() - begin_ms),
                  status == STATUS_OK ? "" : error.text);
    fixture_ok(bus_abort(stream.member, &error), &error);
    status = STATUS_RETRIABLE;
    for (int64_t deadline_ms = clock_ms() + FIXTURE_WAIT_MS;
         status == STATUS_RETRIABLE && clock_ms() < deadline_ms;) {
        status = bus_begin(stream.member, &error);
    }
    fixture_ok(status, &error);
    fixture_ok(bus_abort(stream.member, &error), &error);
    assert_true(bus_kafka_transactions_replaced(bus_kafka_member_transactions(stream.member)) >= 1);
    struct bus_position stable = stream_stable(&stream, 0);
    int count = fixture_read(&own, own.history, 0, 0);
    print_message("records %d, offset %lld\n", count, (long long)stable.next[0]);
    assert_int_equal(stable.next[0], count == 1 ? 5 : BUS_OFFSET_NONE);
    assert_int_equal(stable.next[1], count == 1 ? 6 : BUS_OFFSET_NONE);
    bus_member_leave(stream.member);
    fixture_close(&own);
}

/* Polls at least once, which tells what the group made of it, until all partitions are held. */
static void poll_and_await(struct stream *stream)
{
    struct bus_record record;
    struct bus_error error = {""};
    assert_true(bus_member_poll(stream->member, 200, &record, &error) != STATUS_FATAL);
    stream_await(stream, FIXTURE_PARTITIONS);
}

/* The broker dies with a transaction under way, and another is committed while it comes back. */
static void test_killed_broker(void **state)
{
    (void)state;
    if (!fixture_broker_is_ours()) {
        skip();
    }
    struct fixture own;
    fixture_open(&own, NULL);
    struct stream stream;
    struct bus_error error;
    stream_open(&stream, &own, "a");
    stream_await(&stream, FIXTURE_PARTITIONS);
    char value[16];
    int written = 0;
    int failed = 0;
    bool killed = false;
    int64_t deadline_ms = clock_ms() + 3 * FIXTURE_WAIT_MS;
    while (written < 30 && clock_ms() < deadline_ms) {
        if (written == 10 && !killed) {
            fixture_broker("kill");
        }
        enum status status = bus_begin(stream.member, &error);
        if (status == STATUS_OK) {
            snprintf(value, sizeof value, "%d", written);
            struct bus_message message = fixture_message(own.history, 0, value);
            status = bus_produce(stream.member, &message, &error);
        }
        if (written == 10 && !killed) {
            fixture_broker_later("start", 0);
            killed = true;
        }
        struct bus_position position = {0, {written + 1, 0}};
        if (status == STATUS_OK) {
            status = bus_commit(stream.member, &position, 1, &error);
        }
        if (status == STATUS_OK) {
            written += 1;
            continue;
        }
        if (failed++ < 3) {
            print_message("%s: %s\n", status_text(status), error.text);
        }
        assert_true(status != STATUS_FATAL);
        status = bus_abort(stream.member, &error);
        /* A coordinator that has lost its connections may have ended the transaction itself: then the abort is fenced, and the
         * stable offsets tell all the same. */
        assert_true(status == STATUS_OK || status == STATUS_FENCED);
        poll_and_await(&stream);
        struct bus_position stable = stream_stable(&stream, 0); /* tells whether the last one was committed */
        written = stable.next[0] < 0 ? 0 : (int)stable.next[0];
    }
    print_message("%d written, %d failed, lost %d times, %u producers replaced\n", written, failed, stream.lost_count,
                  bus_kafka_transactions_replaced(bus_kafka_member_transactions(stream.member)));
    assert_int_equal(written, 30);
    assert_int_equal(fixture_read(&own, own.history, 0, 0), written);
    bus_member_leave(stream.member);
    fixture_close(&own);
}

/* A transaction that sent its offsets and is open: the stable offsets are not known until it ends. */
static void test_stable_waits(void **state)
{
    (void)state;
    struct fixture own;
    fixture_open(&own, NULL);
    struct stream stream;
    struct bus_error error;
    stream_open(&stream, &own, "a");
    stream_await(&stream, FIXTURE_PARTITIONS);

    char text[256];
    rd_kafka_conf_t *config = rd_kafka_conf_new();
    rd_kafka_conf_set(config, "bootstrap.servers", fixture_bootstrap(), text, sizeof text);
    rd_kafka_conf_set(config, "transactional.id", own.prefix, text, sizeof text);
    rd_kafka_t *other = rd_kafka_new(RD_KAFKA_PRODUCER, config, text, sizeof text);
    assert_non_null(other);
    char group[64];
    snprintf(group, sizeof group, "%s-processor", own.prefix);
    rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata_new(group);
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(offsets, bus_topic_name(own.commands).bytes, 0)->offset = 42;
    assert_null(rd_kafka_init_transactions(other, FIXTURE_WAIT_MS));
    assert_null(rd_kafka_begin_transaction(other));
    assert_null(rd_kafka_send_offsets_to_transaction(other, offsets, metadata, FIXTURE_WAIT_MS));

    struct bus_position position;
    int64_t begin_ms = clock_ms();
    assert_int_equal(bus_member_stable(stream.member, 0, &position, &error), STATUS_RETRIABLE);
    print_message("stable: %s after %lld ms\n", error.text, (long long)(clock_ms() - begin_ms));
    assert_true(clock_ms() - begin_ms < FIXTURE_WAIT_MS / 2); /* it does not wait for the transaction's end */
    fixture_ok(bus_member_stable(stream.member, 1, &position, &error), &error); /* nothing is pending there */
    assert_null(rd_kafka_commit_transaction(other, FIXTURE_WAIT_MS));
    assert_int_equal(stream_stable(&stream, 0).next[0], 42);

    rd_kafka_topic_partition_list_destroy(offsets);
    rd_kafka_consumer_group_metadata_destroy(metadata);
    rd_kafka_destroy(other);
    bus_member_leave(stream.member);
    fixture_close(&own);
}

static void test_ends(void **state)
{
    (void)state;
    struct fixture own;
    fixture_open(&own, NULL);
    struct stream stream;
    struct bus_error error;
    stream_open(&stream, &own, "a");
    stream_await(&stream, FIXTURE_PARTITIONS);
    int64_t begin;
    int64_t end;
    fixture_ok(bus_begin(stream.member, &error), &error);
    produce(&stream, own.history, 0, "0");
    int64_t deadline_ms = clock_ms() + FIXTURE_WAIT_MS;
    fixture_await_end(&own, own.history, 0, 1);
    fixture_ok(bus_bounds(own.bus, own.history, 0, true, &begin, &end, &error), &error);
    assert_int_equal(end, 0); /* not committed yet */
    struct bus_reader *reader;
    struct bus_record record;
    fixture_ok(bus_reader_open(own.bus, own.history, 0, 0, &reader, &error), &error);
    assert_int_equal(bus_reader_next(reader, 300, &record, &error), STATUS_END);
    assert_int_equal(bus_reader_position(reader), 0);
    struct bus_position position = {0, {0, 0}};
    fixture_ok(bus_commit(stream.member, &position, 1, &error), &error);
    while (bus_reader_next(reader, 1000, &record, &error) == STATUS_END && clock_ms() < deadline_ms) {
    }
    assert_int_equal(bus_reader_position(reader), 1);
    /* One more that is aborted after it has been written: the reader passes it, and the markers. */
    fixture_ok(bus_begin(stream.member, &error), &error);
    produce(&stream, own.history, 0, "1");
    fixture_await_end(&own, own.history, 0, 3);
    fixture_ok(bus_abort(stream.member, &error), &error);
    while (bus_reader_position(reader) < 4 && clock_ms() < deadline_ms) {
        assert_int_equal(bus_reader_next(reader, 1000, &record, &error), STATUS_END);
    }
    assert_int_equal(bus_reader_position(reader), 4);
    fixture_ok(bus_bounds(own.bus, own.history, 0, true, &begin, &end, &error), &error);
    assert_int_equal(end, 4);
    bus_reader_close(reader);
    bus_member_leave(stream.member);
    fixture_close(&own);
}

/* Pauses and seeks at every third record, over both topics of all partitions: nothing is skipped, nothing comes twice.
 */
static void test_positions(void **state)
{
    (void)state;
    struct fixture own;
    fixture_open(&own, NULL);
    enum { COUNT = 40 };
    for (uint32_t at = 0; at < FIXTURE_PARTITIONS; at++) {
        fixture_write(&own, own.commands, at, 0, COUNT);
        fixture_write(&own, own.results, at, 0, COUNT);
    }
    struct stream stream;
    struct bus_error error;
    stream_open(&stream, &own, "a");
    stream_await(&stream, FIXTURE_PARTITIONS);
    int64_t next[FIXTURE_PARTITIONS][2];
    for (uint32_t at = 0; at < FIXTURE_PARTITIONS; at++) { /* some may have come while the stream was awaited */
        next[at][0] = next[at][1] = 0;
        fixture_ok(bus_member_seek(stream.member, &(struct bus_position){at, {0, 0}}, &error), &error);
    }
    int64_t begin_ms = clock_ms();
    int paused = -1;
    for (int seen = 0; seen < FIXTURE_PARTITIONS * 2 * COUNT; seen++) {
        if (paused >= 0 && seen % 5 == 0) {
            struct bus_position position = {(uint32_t)paused, {next[paused][0], next[paused][1]}};
            fixture_ok(bus_member_seek(stream.member, &position, &error), &error);
            paused = -1;
        }
        struct bus_record record = stream_next(&stream);
        size_t topic = record.topic == own.results;
        assert_true((int)record.partition != paused);
        assert_int_equal(record.offset, next[record.partition][topic]);
        next[record.partition][topic] += 1;
        if (seen % 3 == 0 && paused < 0 && seen < FIXTURE_PARTITIONS * 2 * COUNT - COUNT * 2) {
            paused = (int)record.partition;
            fixture_ok(bus_member_pause(stream.member, record.partition, &error), &error);
        }
    }
    print_message("%d records with pauses: %lld ms\n", FIXTURE_PARTITIONS * 2 * COUNT,
                  (long long)(clock_ms() - begin_ms));
    struct bus_record record;
    assert_int_equal(bus_member_poll(stream.member, 300, &record, &error), STATUS_END);
    /* Out of range is told, never reset. */
    fixture_ok(bus_member_seek(stream.member, &(struct bus_position){0, {COUNT + 5, 0}}, &error), &error);
    enum status status;
    int64_t deadline_ms = clock_ms() + FIXTURE_WAIT_MS;
    do {
        status = bus_member_poll(stream.member, 100, &record, &error);
    } while ((status == STATUS_END || status == STATUS_OK) && clock_ms() < deadline_ms);
    assert_int_equal(status, STATUS_REFUSED);
    print_message("%s\n", error.text);
    bus_member_leave(stream.member);
    fixture_close(&own);
}

static void finish_transaction(struct stream *stream)
{
    struct bus_error error;
    struct bus_position position = {0, {0, 0}};
    fixture_ok(bus_commit(stream->member, &position, 1, &error), &error);
}

static void test_leave(void **state)
{
    (void)state;
    static const struct fixture_property properties[] = {{"consumer.session.timeout.ms", "120000"},
                                                         {"consumer.max.poll.interval.ms", "120000"},
                                                         {0}};
    struct fixture own;
    fixture_open(&own, properties);
    struct stream first;
    struct stream second;
    struct bus_error error;
    stream_open(&first, &own, "a");
    stream_await(&first, FIXTURE_PARTITIONS);
    first.on_revoked = finish_transaction;
    fixture_ok(bus_begin(first.member, &error), &error);
    produce(&first, own.history, 0, "0");
    stream_open(&second, &own, "b");
    int64_t deadline_ms = clock_ms() + FIXTURE_WAIT_MS;
    while ((stream_held(&first) != 2 || stream_held(&second) != 2) && clock_ms() < deadline_ms) {
        struct bus_record record;
        (void)!bus_member_poll(first.member, 20, &record, &error);
        (void)!bus_member_poll(second.member, 20, &record, &error);
    }
    assert_int_equal(stream_held(&second), 2);
    assert_int_equal(first.revoked_count, 1);
    assert_int_equal(first.lost_count, 0);
    assert_int_equal(fixture_read(&own, own.history, 0, 0), 1); /* committed within `revoked` */
    int64_t begin_ms = clock_ms();
    first.on_revoked = NULL;
    bus_member_leave(first.member);
    print_message("left after %lld ms\n", (long long)(clock_ms() - begin_ms));
    stream_await(&second, FIXTURE_PARTITIONS); /* long before a session is over */
    print_message("the survivor owns all after %lld ms\n", (long long)(clock_ms() - begin_ms));
    bus_member_leave(second.member);
    fixture_close(&own);
}

int main(void)
{
    if (fixture_bootstrap() == NULL) {
        printf("skipped: PAWL_TEST_BOOTSTRAP is not set (run under tests/kafka/with-broker)\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_commit, fixture_broker_up),
        cmocka_unit_test_setup(test_timer_only, fixture_broker_up),
        cmocka_unit_test_setup(test_zombie_of_instance, fixture_broker_up),
        cmocka_unit_test_setup(test_fenced_and_alone, fixture_broker_up),
        cmocka_unit_test_setup(test_shared_instance, fixture_broker_up),
        cmocka_unit_test_setup(test_start_fences, fixture_broker_up),
        cmocka_unit_test_setup(test_zombie_of_group, fixture_broker_up),
        cmocka_unit_test_setup(test_abort_is_dirty, fixture_broker_up),
        cmocka_unit_test_setup(test_close_at_any_time, fixture_broker_up),
        cmocka_unit_test_setup(test_silent_broker, fixture_broker_up),
        cmocka_unit_test_setup(test_killed_broker, fixture_broker_up),
        cmocka_unit_test_setup(test_stable_waits, fixture_broker_up),
        cmocka_unit_test_setup(test_ends, fixture_broker_up),
        cmocka_unit_test_setup(test_positions, fixture_broker_up),
        cmocka_unit_test_setup(test_leave, fixture_broker_up),
    };
    cmocka_set_test_filter(getenv("PAWL_TEST_FILTER"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
