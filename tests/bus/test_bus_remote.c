#include "bus/bus_local.h"
#include "bus/wire.h"

#include "tests/bus/bus_suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

/* A served bus and a socket to it. */
struct served {
    char *folder;
    char path[200];
    struct bus *bus;
};

static void open_served(struct served *served)
{
    served->folder = bus_suite_folder();
    snprintf(served->path, sizeof served->path, "%s/socket", served->folder);
    char store[220];
    snprintf(store, sizeof store, "%s/store", served->folder);
    struct bus_local_options options = {.path = store, .memory_bytes = (size_t)16 * 1024 * 1024};
    assert_int_equal(bus_local_open(&options, &served->bus, NULL), STATUS_OK);
    assert_int_equal(bus_local_serve(served->bus, served->path, NULL), STATUS_OK);
}

static void close_served(struct served *served)
{
    bus_close(served->bus);
    bus_suite_folder_remove(served->folder);
}

static struct bus *open_remote(void *owner)
{
    struct served *served = owner;
    struct bus *bus = NULL;
    struct bus_error error = {{0}};
    if (bus_remote_open(served->path, &bus, &error) != STATUS_OK) {
        print_message("%s\n", error.text);
        return NULL;
    }
    return bus;
}

static void close_remote(void *owner, struct bus *bus)
{
    (void)owner;
    bus_close(bus);
}

static void test_nobody(void **state)
{
    (void)state;
    struct bus *bus = NULL;
    struct bus_error error = {{0}};
    assert_int_equal(bus_remote_open("/tmp/pawl-no-such-socket", &bus, &error), STATUS_NOT_FOUND);
    print_message("%s\n", error.text);
    char path[300];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(bus_remote_open(path, &bus, &error), STATUS_NOT_FOUND);
}

static void test_socket(void **state)
{
    (void)state;
    struct served served;
    open_served(&served);
    struct stat status;
    assert_int_equal(stat(served.path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    close_served(&served);
}

static void test_members_are_refused(void **state)
{
    (void)state;
    struct served served;
    open_served(&served);
    struct bus *bus = open_remote(&served);
    struct bus_topic_config config = {
        .name = STR("topic"), .partition_count = 1, .retention_ms = -1, .max_message_bytes = 1000};
    assert_int_equal(bus_topic_create(bus, &config, NULL), STATUS_OK);
    const struct bus_topic *topic = NULL;
    assert_int_equal(bus_topic_open(bus, STR("topic"), &topic, NULL), STATUS_OK);
    struct bus_member_config member = {.group = STR("g"), .instance = STR("i"), .topics = {topic, topic}};
    struct bus_member *none = NULL;
    struct bus_error error = {{0}};
    assert_int_equal(bus_member_open(bus, &member, &none, &error), STATUS_REFUSED);
    bus_close(bus);
    close_served(&served);
}

static int connect_raw(const struct served *served)
{
    struct sockaddr_un address;
    assert_int_equal(wire_address(served->path, &address), STATUS_OK);
    int raw = socket(AF_UNIX, SOCK_STREAM, 0);
    struct timeval limit = {.tv_usec = 300 * 1000};
    setsockopt(raw, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    assert_int_equal(connect(raw, (struct sockaddr *)&address, sizeof address), 0);
    return raw;
}

/* Requests that are malformed in ways that chance would not find, each on a connection of its own, after HELLO or not.
 */
static void test_hostile_requests(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool greeted;
        struct str request;
    } rows[] = {
        {"no hello", false, STR_INIT("\x03\0\0\0\0")},
        {"empty", false, STR_INIT("")},
        {"hello cut", false, STR_INIT("\0PAW")},
        {"other version", false, STR_INIT("\0PAWL\x63")},
        {"no such request", true, STR_INIT("\xEE")},
        {"name beyond the end", true, STR_INIT("\x01\x7F\xFF\xFF\xFFtopic")},
        {"name of no length", true, STR_INIT("\x01\xFF\xFF\xFF\xFF")},
        {"more behind", true, STR_INIT("\x01\0\0\0\005topicX")},
        {"no such partition", true, STR_INIT("\x04\0\0\0\005topic\0\0\0\x63\0")},
        {"trim to -1", true, STR_INIT("\x05\0\0\0\005topic\0\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF")},
        {"read at -1", true, STR_INIT("\x06\0\0\0\005topic\0\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0\0")},
        {"produce 2^32-1", true, STR_INIT("\x07\xFF\xFF\xFF\xFF")},
        {"produce no row", true, STR_INIT("\x07\0\0\0\1\0\0\0\005topic\0\0\0\0\xFF\xFF\xFF\xFF")},
        {"produce junk", true, STR_INIT("\x07\0\0\0\1\0\0\0\005topic\0\0\0\0\0\0\0\4junk")},
        {"follow nothing", true, STR_INIT("\x08\0\0\0\1g\0\0\0\0")},
        {"follow too many", true, STR_INIT("\x08\0\0\0\1g\xFF\0\0\0")},
        {"follow twice the same", true, STR_INIT("\x08\0\0\0\1g\0\0\0\2\0\0\0\005topic\0\0\0\005topic")},
        {"group of no length", true, STR_INIT("\x08\xFF\xFF\xFF\xFF\0\0\0\1\0\0\0\005topic")},
        {"poll without follow", true, STR_INIT("\x09\0\0\0\0")},
        {"done without follow", true, STR_INIT("\x0A\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
    };
    struct served served;
    open_served(&served);
    struct bus_topic_config config = {
        .name = STR("topic"), .partition_count = 1, .retention_ms = -1, .max_message_bytes = 1000};
    assert_int_equal(bus_topic_create(served.bus, &config, NULL), STATUS_OK);
    struct arena *arena = arena_create(65536);
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        print_message("%s\n", rows[at].name);
        int raw = connect_raw(&served);
        struct str answer = STR_NONE;
        if (rows[at].greeted) {
            assert_int_equal(wire_send(raw, STR("\0PAWL\x01")), STATUS_OK);
            assert_int_equal(wire_receive(raw, arena, &answer), STATUS_OK);
        }
        assert_int_equal(wire_send(raw, rows[at].request), STATUS_OK);
        if (wire_receive(raw, arena, &answer) == STATUS_OK) {
            assert_true(answer.length > 0 && answer.bytes[0] != STATUS_OK);
        }
        close(raw);
        arena_reset(arena);
    }
    arena_destroy(arena);
    close_served(&served);
}

/* Noise after a good HELLO, and frames that are never finished: the server lives and serves. */
static void test_hostile_noise(void **state)
{
    (void)state;
    struct served served;
    open_served(&served);
    struct bus_topic_config config = {
        .name = STR("topic"), .partition_count = 1, .retention_ms = -1, .max_message_bytes = 1000};
    assert_int_equal(bus_topic_create(served.bus, &config, NULL), STATUS_OK);
    struct arena *arena = arena_create(1024 * 1024);
    srand(7041);
    for (int turn = 0; turn < 300; turn++) {
        int raw = connect_raw(&served);
        struct str answer;
        assert_int_equal(wire_send(raw, STR("\0PAWL\x01")), STATUS_OK);
        assert_int_equal(wire_receive(raw, arena, &answer), STATUS_OK);
        char noise[64];
        for (size_t at = 0; at < sizeof noise; at++) {
            noise[at] = rand() % 3 == 0 ? (char)rand() : 0;
        }
        noise[0] = (char)(rand() % 12);
        memcpy(noise + 1, "\0\0\0\005topic", 9);
        size_t length = (size_t)rand() % sizeof noise;
        if (turn % 10 == 0) {
            assert_true(send(raw, noise, length, MSG_NOSIGNAL) >= 0); /* no frame */
        } else {
            assert_int_equal(wire_send(raw, (struct str){noise, length}), STATUS_OK);
        }
        close(raw);
        arena_reset(arena);
    }
    arena_destroy(arena);
    struct bus *bus = open_remote(&served);
    assert_non_null(bus);
    bus_close(bus);
    close_served(&served);
}

/* When a follower's connection dies, another of its group goes on. */
static void test_follower_dies(void **state)
{
    (void)state;
    struct served served;
    open_served(&served);
    struct bus *bus = open_remote(&served);
    struct bus_topic_config config = {
        .name = STR("topic"), .partition_count = 1, .retention_ms = -1, .max_message_bytes = 1000};
    assert_int_equal(bus_topic_create(bus, &config, NULL), STATUS_OK);
    const struct bus_topic *topic = NULL;
    assert_int_equal(bus_topic_open(bus, STR("topic"), &topic, NULL), STATUS_OK);

    int raw = connect_raw(&served);
    struct arena *arena = arena_create(65536);
    struct str answer;
    assert_int_equal(wire_send(raw, STR("\0PAWL\x01")), STATUS_OK);
    assert_int_equal(wire_receive(raw, arena, &answer), STATUS_OK);
    assert_int_equal(wire_send(raw, STR("\x08\0\0\0\1g\0\0\0\1\0\0\0\005topic")), STATUS_OK);
    assert_int_equal(wire_receive(raw, arena, &answer), STATUS_OK);
    assert_int_equal(answer.bytes[0], STATUS_OK);
    assert_int_equal(wire_send(raw, STR("\x09\0\0\x20\0")), STATUS_OK); /* it waits for some seconds */

    struct bus_follower *follower = NULL;
    assert_int_equal(bus_follower_open(bus, STR("g"), &topic, 1, &follower, NULL), STATUS_OK);
    struct bus_record record;
    assert_int_equal(bus_follower_poll(follower, 100, &record, NULL), STATUS_END);
    close(raw);
    struct bus_producer *producer = NULL;
    assert_int_equal(bus_producer_open(bus, &producer, NULL), STATUS_OK);
    struct bus_message message = {.topic = topic, .value = STR("1")};
    usleep(500 * 1000);
    assert_int_equal(bus_producer_send(producer, &message, NULL), STATUS_OK);
    assert_int_equal(bus_producer_flush(producer, 30000, NULL), STATUS_OK);
    assert_int_equal(bus_follower_poll(follower, 30000, &record, NULL), STATUS_OK);
    bus_producer_close(producer);
    bus_follower_close(follower);
    bus_close(bus);
    arena_destroy(arena);
    close_served(&served);
}

/* The server goes away and comes back: calls say RETRIABLE meanwhile, and a reader goes on where it was. */
static void test_server_restarts(void **state)
{
    (void)state;
    struct served served;
    open_served(&served);
    struct bus *bus = open_remote(&served);
    struct bus_topic_config config = {
        .name = STR("topic"), .partition_count = 1, .retention_ms = -1, .max_message_bytes = 1000};
    assert_int_equal(bus_topic_create(bus, &config, NULL), STATUS_OK);
    const struct bus_topic *topic = NULL;
    assert_int_equal(bus_topic_open(bus, STR("topic"), &topic, NULL), STATUS_OK);
    struct bus_producer *producer = NULL;
    assert_int_equal(bus_producer_open(bus, &producer, NULL), STATUS_OK);
    struct bus_message message = {.topic = topic, .value = STR("1")};
    assert_int_equal(bus_producer_send(producer, &message, NULL), STATUS_OK);
    assert_int_equal(bus_producer_flush(producer, 30000, NULL), STATUS_OK);
    struct bus_reader *reader = NULL;
    assert_int_equal(bus_reader_open(bus, topic, 0, 0, &reader, NULL), STATUS_OK);
    struct bus_record record;
    assert_int_equal(bus_reader_next(reader, 30000, &record, NULL), STATUS_OK);

    bus_close(served.bus);
    assert_int_equal(bus_reader_next(reader, 100, &record, NULL), STATUS_RETRIABLE);
    assert_int_equal(bus_producer_send(producer, &message, NULL), STATUS_OK);
    assert_int_equal(bus_producer_flush(producer, 100, NULL), STATUS_RETRIABLE);

    char store[220];
    snprintf(store, sizeof store, "%s/store", served.folder);
    struct bus_local_options options = {.path = store, .memory_bytes = (size_t)16 * 1024 * 1024};
    assert_int_equal(bus_local_open(&options, &served.bus, NULL), STATUS_OK);
    assert_int_equal(bus_local_serve(served.bus, served.path, NULL), STATUS_OK);
    assert_int_equal(bus_producer_flush(producer, 30000, NULL), STATUS_OK);
    assert_int_equal(bus_reader_next(reader, 30000, &record, NULL), STATUS_OK);
    assert_int_equal(record.offset, 1);
    bus_reader_close(reader);
    bus_producer_close(producer);
    bus_close(bus);
    close_served(&served);
}

int main(void)
{
    struct served served;
    open_served(&served);
    const struct bus_suite suite = {
        .owner = &served, .open = open_remote, .close = close_remote, .prefix = "t-", .wait_ms = 10 * 1000};
    int failed = bus_suite_run("bus_remote", &suite);
    close_served(&served);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_socket),
        cmocka_unit_test(test_members_are_refused),
        cmocka_unit_test(test_hostile_requests),
        cmocka_unit_test(test_hostile_noise),
        cmocka_unit_test(test_follower_dies),
        cmocka_unit_test(test_server_restarts),
    };
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
