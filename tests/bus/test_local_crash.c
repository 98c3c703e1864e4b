/* A child commits transactions on the embedded bus and is killed with -9 at random moments; what it leaves must be
 * whole.
 *
 * Transaction n of thread t consumes n's command, writes the text n to each of two partitions of `out`, and one command
 * n + 1 to its own partition; so in what remains: offset of the group = number of texts in each partition of that
 * thread = number of commands - 1, and the texts are 0, 1, 2 … without a gap. */
#include "bus/bus_local.h"

#include "tests/bus/bus_suite.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define KILLS 20
#define THREADS 2

static struct bus *open_bus(const char *path)
{
    struct bus_local_options options = {.path = path, .memory_bytes = (size_t)16 * 1024 * 1024};
    struct bus *bus = NULL;
    struct bus_error error = {{0}};
    if (bus_local_open(&options, &bus, &error) != STATUS_OK) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    return bus;
}

static const struct bus_topic *open_topic(struct bus *bus, const char *name, uint32_t partition_count)
{
    struct bus_topic_config config = {.name = str_of(name),
                                      .partition_count = partition_count,
                                      .cleanup = BUS_CLEANUP_COMPACT, /* so that the janitor has work */
                                      .retention_ms = -1,
                                      .max_message_bytes = 1000};
    const struct bus_topic *topic = NULL;
    if (bus_topic_create(bus, &config, NULL) != STATUS_OK ||
        bus_topic_open(bus, config.name, &topic, NULL) != STATUS_OK) {
        exit(1);
    }
    return topic;
}

/* ---- The child ---- */

struct worker {
    struct bus *bus;
    uint32_t number;
    const struct bus_topic *in[2];
    const struct bus_topic *out;
    struct bus_member *member;
    pthread_t thread;
    bool owned[THREADS];
};

static void on_assigned(void *owner, const uint32_t *partitions, size_t count)
{
    struct worker *worker = owner;
    for (size_t at = 0; at < count; at++) {
        struct bus_position position;
        if (bus_member_stable(worker->member, partitions[at], &position, NULL) != STATUS_OK) {
            exit(2);
        }
        position.next[0] = position.next[0] < 0 ? 0 : position.next[0];
        position.next[1] = position.next[1] < 0 ? 0 : position.next[1];
        if (bus_member_seek(worker->member, &position, NULL) != STATUS_OK) {
            exit(2);
        }
        worker->owned[partitions[at]] = true;
    }
}

static void on_revoked(void *owner, const uint32_t *partitions, size_t count)
{
    struct worker *worker = owner;
    for (size_t at = 0; at < count; at++) {
        worker->owned[partitions[at]] = false;
    }
}

static void produce(struct worker *worker, const struct bus_topic *topic, uint32_t partition, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    struct bus_message message = {.topic = topic, .partition = partition, .value = str_of(text)};
    if (bus_produce(worker->member, &message, NULL) != STATUS_OK) {
        exit(2);
    }
}

static void *run_worker(void *owner)
{
    struct worker *worker = owner;
    for (;;) {
        struct bus_record record;
        enum status status = bus_member_poll(worker->member, 1000, &record, NULL);
        if (status == STATUS_END) {
            continue;
        }
        int64_t number = 0;
        if (status != STATUS_OK || !str_to_int64(record.value, &number) ||
            bus_begin(worker->member, NULL) != STATUS_OK) {
            exit(3);
        }
        produce(worker, worker->out, 2 * record.partition, number);
        produce(worker, worker->out, 2 * record.partition + 1, number);
        produce(worker, worker->in[0], record.partition, number + 1);
        struct bus_position position = {.partition = record.partition, .next = {record.offset + 1, 0}};
        if (bus_commit(worker->member, &position, 1, NULL) != STATUS_OK) {
            exit(4);
        }
    }
    return NULL;
}

static void send_first(struct bus *bus, const struct bus_topic *topic)
{
    struct bus_producer *producer = NULL;
    bool good = bus_producer_open(bus, &producer, NULL) == STATUS_OK;
    for (uint32_t partition = 0; good && partition < THREADS; partition++) {
        int64_t begin = 0;
        int64_t end = 0;
        struct bus_message message = {.topic = topic, .partition = partition, .value = STR("0")};
        good = bus_bounds(bus, topic, partition, true, &begin, &end, NULL) == STATUS_OK;
        good = good && (end > 0 || bus_producer_send(producer, &message, NULL) == STATUS_OK);
    }
    if (!good || bus_producer_flush(producer, 30000, NULL) != STATUS_OK) {
        exit(5);
    }
    bus_producer_close(producer);
}

static int child_main(const char *path)
{
    struct bus *bus = open_bus(path);
    static struct worker workers[THREADS];
    for (uint32_t at = 0; at < THREADS; at++) {
        struct worker *worker = &workers[at];
        *worker = (struct worker){.bus = bus,
                                  .number = at,
                                  .in = {open_topic(bus, "in", THREADS), open_topic(bus, "in2", THREADS)},
                                  .out = open_topic(bus, "out", 2 * THREADS)};
        struct bus_member_config config = {.group = STR("group"),
                                           .instance = STR("instance"),
                                           .thread = at,
                                           .topics = {worker->in[0], worker->in[1]},
                                           .events = {worker, on_assigned, on_revoked, on_revoked}};
        if (bus_member_open(bus, &config, &worker->member, NULL) != STATUS_OK) {
            return 6;
        }
    }
    send_first(bus, workers[0].in[0]);
    for (uint32_t at = 0; at < THREADS; at++) {
        if (pthread_create(&workers[at].thread, NULL, run_worker, &workers[at]) != 0) {
            return 7;
        }
    }
    for (;;) {
        usleep(1000);
        if (bus_local_clean(bus, bus_now_ms(bus), NULL) != STATUS_OK) {
            return 8;
        }
    }
}

/* ---- The parent ---- */

/* How many records the partition has; their texts must be 0, 1, 2 … */
static int64_t check_texts(struct bus *bus, const struct bus_topic *topic, uint32_t partition)
{
    struct bus_reader *reader = NULL;
    assert_int_equal(bus_reader_open(bus, topic, partition, 0, &reader, NULL), STATUS_OK);
    struct bus_record record;
    int64_t count = 0;
    while (bus_reader_next(reader, 0, &record, NULL) == STATUS_OK) {
        int64_t number = -1;
        assert_true(str_to_int64(record.value, &number));
        assert_true(number == count && record.offset == count);
        count++;
    }
    int64_t begin = 0;
    int64_t end = 0;
    assert_int_equal(bus_bounds(bus, topic, partition, true, &begin, &end, NULL), STATUS_OK);
    assert_int_equal(end, count);
    bus_reader_close(reader);
    return count;
}

static void ignore(void *owner, const uint32_t *partitions, size_t count)
{
    (void)owner, (void)partitions, (void)count;
}

static int64_t check(const char *path)
{
    struct bus *bus = open_bus(path);
    const struct bus_topic *in[2] = {open_topic(bus, "in", THREADS), open_topic(bus, "in2", THREADS)};
    const struct bus_topic *out = open_topic(bus, "out", 2 * THREADS);
    struct bus_member_config config = {.group = STR("group"),
                                       .instance = STR("checker"),
                                       .topics = {in[0], in[1]},
                                       .events = {NULL, ignore, ignore, ignore}};
    struct bus_member *member = NULL;
    assert_int_equal(bus_member_open(bus, &config, &member, NULL), STATUS_OK);
    int64_t total = 0;
    for (uint32_t partition = 0; partition < THREADS; partition++) {
        struct bus_position position;
        assert_int_equal(bus_member_stable(member, partition, &position, NULL), STATUS_OK);
        int64_t done = position.next[0] == BUS_OFFSET_NONE ? 0 : position.next[0];
        int64_t commands = check_texts(bus, in[0], partition);
        assert_true(commands == 0 || commands == done + 1);
        assert_int_equal(check_texts(bus, out, 2 * partition), done);
        assert_int_equal(check_texts(bus, out, 2 * partition + 1), done);
        total += done;
    }
    bus_member_close(member);
    bus_close(bus);
    return total;
}

static void test_kill(void **state)
{
    (void)state;
    char *path = bus_suite_folder();
    srand(7041);
    int64_t total = 0;
    /* On a slow machine it takes them longer to get anywhere. */
    for (int kill_number = 0; kill_number < KILLS || (total == 0 && kill_number < 10 * KILLS); kill_number++) {
        pid_t child = fork();
        if (child == 0) {
            execl("/proc/self/exe", "test_local_crash", path, (char *)NULL);
            _exit(126);
        }
        assert_true(child > 0);
        usleep((useconds_t)((20000 + rand() % 150000) * (1 + kill_number / KILLS)));
        assert_int_equal(kill(child, SIGKILL), 0);
        int result = 0;
        assert_int_equal(waitpid(child, &result, 0), child);
        assert_true(WIFSIGNALED(result));
        int64_t now = check(path);
        assert_true(now >= total);
        total = now;
    }
    print_message("%lld transactions survived %d kills\n", (long long)total, KILLS);
    assert_true(total > 0);
    bus_suite_folder_remove(path);
}

int main(int argument_count, char **arguments)
{
    if (argument_count == 2) {
        return child_main(arguments[1]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
