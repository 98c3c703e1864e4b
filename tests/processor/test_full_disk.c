/* A store without room, or that fails: what it misses stays in the changelog, its partitions rest, and go on by themselves when
 * it works again. Stepped by the test, over the embedded bus. */
#include "processor/processor.h"

#include "bus/bus_local.h"
#include "kv/kv.h"
#include "processor/topics.h"
#include "tests/folder.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmocka.h>

#define PARTITIONS 2
#define STEPS_MAX 10000
#define BLOCK_BYTES ((size_t)1 << 20)

/* A disk that a test can fill. */
struct disk {
    enum status (*open)(struct disk *disk);
    void (*fill)(struct disk *disk, bool full);
    struct kv *kv;
    char path[64];
    const char *says; /* of the full one */
};

struct fixture {
    char path[64];
    struct bus *bus;
    const struct bus_topic *commands;
    struct disk *disk;
    struct processor *processor;
    struct processor_status status;
};

/* ---- Disks ---- */

static enum status open_memory(struct disk *disk)
{
    return kv_memory_open(&disk->kv);
}

static void break_memory(struct disk *disk, bool broken)
{
    kv_memory_break(disk->kv, broken);
}

static void fill_memory(struct disk *disk, bool full)
{
    kv_memory_fill(disk->kv, full);
}

static enum status open_small(struct disk *disk)
{
    struct kv_error error = {""};
    char folder[80];
    snprintf(folder, sizeof folder, "%s/store", disk->path);
    const struct kv_options options = {.path = folder, .log = KV_LOG_NONE, .memory_bytes = (size_t)8 << 20};
    return kv_rocksdb_open(&options, &disk->kv, &error);
}

/* Another's file takes all that is left, and goes away again. */
static void fill_small(struct disk *disk, bool full)
{
    static const char block[BLOCK_BYTES];
    char file_path[80];
    snprintf(file_path, sizeof file_path, "%s/others", disk->path);
    if (!full) {
        assert_int_equal(unlink(file_path), 0);
        return;
    }
    int file = open(file_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    while (write(file, block, sizeof block) > 0) {
    }
    assert_int_equal(close(file), 0);
}

/* A file system of 64 MiB that this process alone sees. */
static bool mount_small(const char *path)
{
    if (unshare(CLONE_NEWNS) != 0) {
        return false;
    }
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mount("none", path, "tmpfs", 0, "size=64m") == 0;
}

/* ---- The processor ---- */

static void open_processor(struct fixture *fixture)
{
    struct bus_error error = {""};
    struct processor_config config = processor_config_default;
    config.kv = fixture->disk->kv;
    config.thread_count = 1;
    assert_int_equal(processor_open(&config, fixture->bus, &fixture->processor, &error), STATUS_OK);
    assert_int_equal(processor_join(fixture->processor, 0, &error), STATUS_OK);
}

static void close_processor(struct fixture *fixture)
{
    processor_leave(fixture->processor, 0);
    processor_close(fixture->processor);
}

static void set_up(struct fixture *fixture, struct disk *disk)
{
    struct bus_error error = {""};
    *fixture = (struct fixture){.disk = disk};
    snprintf(fixture->path, sizeof fixture->path, "/tmp/pawl-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->path));
    const struct bus_local_options options = {.path = fixture->path, .memory_bytes = (size_t)16 << 20};
    assert_int_equal(bus_local_open(&options, &fixture->bus, &error), STATUS_OK);
    assert_int_equal(topics_create(fixture->bus, STR("pawl"), PARTITIONS, &error), STATUS_OK);
    assert_int_equal(bus_topic_open(fixture->bus, STR("pawl.commands"), &fixture->commands, &error), STATUS_OK);
    assert_int_equal(disk->open(disk), STATUS_OK);
    open_processor(fixture);
}

static void tear_down(struct fixture *fixture)
{
    close_processor(fixture);
    kv_close(fixture->disk->kv);
    bus_close(fixture->bus);
    folder_remove(fixture->path);
}

/* Once around; no trouble of the disk's may end the thread. */
static void step(struct fixture *fixture)
{
    struct bus_error error = {""};
    bool idle;
    if (processor_step(fixture->processor, 0, 2, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    processor_restore(fixture->processor, &idle);
    processor_status(fixture->processor, &fixture->status);
}

static int64_t count(const struct fixture *fixture, enum counter counter)
{
    return counters_get(processor_counters(fixture->processor), counter);
}

/* Until so many partitions are active and parked, and so many records have gone to the dead letters. */
static void run_until(struct fixture *fixture, uint32_t active, uint32_t parked, int64_t letters)
{
    int steps = 0;
    do {
        assert_true(++steps < STEPS_MAX);
        step(fixture);
    } while (fixture->status.active != active || fixture->status.parked != parked ||
             count(fixture, COUNTER_DEAD_LETTERS) != letters);
}

static void run_for(struct fixture *fixture, int64_t ms)
{
    int64_t until_ms = bus_now_ms(fixture->bus) + ms;
    while (bus_now_ms(fixture->bus) < until_ms) {
        step(fixture);
    }
}

static void send_garbage(struct fixture *fixture, int records)
{
    struct bus_producer *producer;
    struct bus_error error = {""};
    const struct bus_message message = {.topic = fixture->commands, .partition = 0, .value = STR("{")};
    assert_int_equal(bus_producer_open(fixture->bus, &producer, &error), STATUS_OK);
    for (int at = 0; at < records; at++) {
        assert_int_equal(bus_producer_send(producer, &message, &error), STATUS_OK);
    }
    assert_int_equal(bus_producer_flush(producer, 60000, &error), STATUS_OK);
    bus_producer_close(producer);
}

static void expect_parked(const struct fixture *fixture)
{
    assert_false(fixture->status.ready);
    assert_int_equal(fixture->status.refused, 0);
    if (strstr(fixture->status.text, fixture->disk->says) == NULL) {
        fail_msg("parked by: %s", fixture->status.text);
    }
}

/* A transaction stands whose rows find no room; the next start finds none either. Nothing is lost or done twice. */
static void run_on(struct disk *disk)
{
    struct fixture fixture;
    set_up(&fixture, disk);
    send_garbage(&fixture, 5);
    run_until(&fixture, PARTITIONS, 0, 5);

    disk->fill(disk, true);
    send_garbage(&fixture, 3);
    run_until(&fixture, PARTITIONS - 1, 1, 8);
    expect_parked(&fixture);
    send_garbage(&fixture, 2);
    run_for(&fixture, 3000); /* it is tried again meanwhile, in vain */
    run_until(&fixture, PARTITIONS - 1, 1, 8);
    expect_parked(&fixture);
    assert_int_equal(count(&fixture, COUNTER_PARTITIONS_PARKED), 1); /* told once */

    disk->fill(disk, false);
    run_until(&fixture, PARTITIONS, 0, 10);
    assert_true(fixture.status.ready);

    disk->fill(disk, true);
    send_garbage(&fixture, 1);
    run_until(&fixture, PARTITIONS - 1, 1, 11);
    close_processor(&fixture);
    open_processor(&fixture);
    run_until(&fixture, 0, PARTITIONS, 0);
    expect_parked(&fixture);
    disk->fill(disk, false);
    send_garbage(&fixture, 1);
    run_until(&fixture, PARTITIONS, 0, 1);
    run_for(&fixture, 100);
    assert_int_equal(count(&fixture, COUNTER_DEAD_LETTERS), 1);
    tear_down(&fixture);
}

static void test_memory(void **state)
{
    (void)state;
    struct disk disk = {.open = open_memory, .fill = fill_memory, .says = "no space left"};
    run_on(&disk);
}

/* One that can't be read: the transaction never was, all rest, and are tried again; not for ever. */
static void test_broken(void **state)
{
    (void)state;
    struct disk disk = {.open = open_memory, .fill = break_memory, .says = "input or output failed"};
    struct fixture fixture;
    struct bus_error error = {""};
    enum status status;
    bool idle;
    int steps = 0;
    set_up(&fixture, &disk);
    send_garbage(&fixture, 5);
    run_until(&fixture, PARTITIONS, 0, 5);

    disk.fill(&disk, true);
    close_processor(&fixture);
    open_processor(&fixture);
    send_garbage(&fixture, 3);
    run_until(&fixture, 0, PARTITIONS, 0);
    expect_parked(&fixture);
    run_for(&fixture, 3000);
    expect_parked(&fixture);
    disk.fill(&disk, false);
    run_until(&fixture, PARTITIONS, 0, 3);

    disk.fill(&disk, true);
    send_garbage(&fixture, 1);
    do {
        assert_true(++steps < STEPS_MAX * 10);
        status = processor_step(fixture.processor, 0, 2, &error);
        processor_restore(fixture.processor, &idle);
    } while (status == STATUS_OK || status == STATUS_RETRIABLE);
    assert_int_equal(status, STATUS_FATAL);
    assert_non_null(strstr(error.text, "failed"));
    disk.fill(&disk, false);
    tear_down(&fixture);
}

static void test_small_file_system(void **state)
{
    (void)state;
    struct disk disk = {.open = open_small, .fill = fill_small, .path = "/tmp/pawl-disk-XXXXXX", .says = "no space left"};
    assert_non_null(mkdtemp(disk.path));
    bool mounted = mount_small(disk.path);
    if (mounted) {
        run_on(&disk);
        assert_int_equal(umount(disk.path), 0);
    }
    assert_int_equal(rmdir(disk.path), 0);
    if (!mounted) {
        skip(); /* not the right to */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_small_file_system),
    };
    return cmocka_run_group_tests_name("processor/full_disk", tests, NULL, NULL);
}
