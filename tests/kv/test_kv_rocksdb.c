#include "tests/kv/kv_suite.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MEMORY_BYTES ((size_t)16 * 1024 * 1024)
#define SKIPPED 77

static enum status try_open(const char *path, enum kv_log log, struct kv **out_kv, struct kv_error *out_error)
{
    struct kv_options options = {.path = path, .log = log, .memory_bytes = MEMORY_BYTES};
    return kv_rocksdb_open(&options, out_kv, out_error);
}

static struct kv *open_at(const char *path, enum kv_log log)
{
    struct kv *kv = NULL;
    struct kv_error error = {{0}};
    if (try_open(path, log, &kv, &error) != STATUS_OK) {
        print_message("%s\n", error.text);
        fail();
    }
    return kv;
}

struct owner {
    char *path;
    enum kv_log log;
};

static struct kv *open_fresh(void *owner)
{
    struct owner *fresh = owner;
    fresh->path = kv_suite_folder();
    return open_at(fresh->path, fresh->log);
}

static void close_fresh(void *owner, struct kv *kv)
{
    kv_close(kv);
    kv_suite_folder_remove(((struct owner *)owner)->path);
}

static void test_reopen(void **state)
{
    (void)state;
    static const enum kv_log logs[] = {KV_LOG_NONE, KV_LOG_SYNC};
    for (size_t at = 0; at < 2; at++) {
        char *path = kv_suite_folder();
        struct arena *arena = arena_create(65536);
        struct kv *kv = open_at(path, logs[at]);
        kv_suite_put(kv, "a", "1");
        struct kv_error error;
        struct kv *second = NULL;
        assert_int_equal(try_open(path, logs[at], &second, &error), STATUS_IO); /* locked */
        print_message("%s\n", error.text);
        kv_close(kv);
        kv = open_at(path, logs[at]);
        assert_string_equal(kv_suite_get(kv, arena, "a"), "1");
        kv_close(kv);
        arena_destroy(arena);
        kv_suite_folder_remove(path);
    }
}

/* The child writes rows 1, 2, 3 … in order, two keys a batch, flushes after 500 and dies without closing. */
static void write_and_die(const char *path, enum kv_log log)
{
    struct kv *kv = open_at(path, log);
    struct kv_batch *batch = NULL;
    bool good = kv_batch_create(kv, &batch) == STATUS_OK;
    for (int number = 1; good && number <= 1000; number++) {
        char text[16];
        snprintf(text, sizeof text, "%04d", number);
        good = kv_batch_put(batch, str_of(text), STR("")) == STATUS_OK;
        good = good && kv_batch_put(batch, STR("last"), str_of(text)) == STATUS_OK;
        good = good && kv_batch_write(batch, NULL) == STATUS_OK;
        if (number == 500) {
            good = good && kv_flush(kv, NULL) == STATUS_OK;
        }
    }
    if (!good) {
        _exit(1);
    }
    raise(SIGKILL);
}

/* Runs this program anew as a child: a forked one would lack RocksDB's threads. `how` is 0 or 1 (kv_log), or f: fill.
 */
static int run_child(const char *path, const char *how)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        execl("/proc/self/exe", "test_kv_rocksdb", path, how, (char *)NULL);
        _exit(126);
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    return result;
}

static void check_after_kill(enum kv_log log, int least)
{
    char *path = kv_suite_folder();
    int result = run_child(path, log == KV_LOG_NONE ? "0" : "1");
    assert_true(WIFSIGNALED(result));
    struct arena *arena = arena_create(1024 * 1024);
    struct kv *kv = open_at(path, log);
    int last = atoi(kv_suite_get(kv, arena, "last"));
    assert_true(last >= least);
    for (int number = 1; number <= 1000; number++) {
        char text[16];
        snprintf(text, sizeof text, "%04d", number);
        assert_string_equal(kv_suite_get(kv, arena, text), number <= last ? "" : "(none)");
    }
    kv_close(kv);
    arena_destroy(arena);
    kv_suite_folder_remove(path);
}

static void test_kill(void **state)
{
    (void)state;
    check_after_kill(KV_LOG_NONE, 500);
    check_after_kill(KV_LOG_SYNC, 1000);
}

/* Writes junk over the first bytes of each file whose name ends so. */
static void spoil(const char *path, const char *suffix)
{
    DIR *folder = opendir(path);
    assert_non_null(folder);
    int count = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (str_ends_with(str_of(entry->d_name), str_of(suffix))) {
            int file = openat(dirfd(folder), entry->d_name, O_WRONLY | O_TRUNC);
            assert_true(file >= 0);
            assert_int_equal(write(file, "junk", 4), 4);
            close(file);
            count++;
        }
    }
    closedir(folder);
    assert_true(count > 0);
}

static void test_corrupt(void **state)
{
    (void)state;
    static const char *const suffixes[] = {".sst", "CURRENT"};
    for (size_t at = 0; at < 2; at++) {
        char *path = kv_suite_folder();
        struct kv *kv = open_at(path, KV_LOG_NONE);
        kv_suite_put(kv, "a", "1");
        assert_int_equal(kv_flush(kv, NULL), STATUS_OK);
        kv_close(kv);
        spoil(path, suffixes[at]);
        struct kv_error error = {{0}};
        enum status status = try_open(path, KV_LOG_NONE, &kv, &error);
        print_message("%s: %s\n", suffixes[at], error.text);
        assert_int_equal(status, STATUS_CORRUPT);
        kv_suite_folder_remove(path);
    }
}

static void test_missing_folder(void **state)
{
    (void)state;
    struct kv *kv = NULL;
    struct kv_error error = {{0}};
    assert_int_equal(try_open("/proc/no/such", KV_LOG_NONE, &kv, &error), STATUS_IO);
    assert_true(error.text[0] != 0);
}

/* A disk of 32 MiB at `path`, seen by this process only; false when the system does not let us. */
static bool mount_small_disk(const char *path)
{
    char map[64];
    int length = snprintf(map, sizeof map, "0 %u 1\n", (unsigned)getuid());
    if (unshare(CLONE_NEWNS) != 0) {
        if (unshare(CLONE_NEWNS | CLONE_NEWUSER) != 0) {
            return false;
        }
        int file = open("/proc/self/uid_map", O_WRONLY);
        bool mapped = file >= 0 && write(file, map, (size_t)length) == length;
        close(file);
        if (!mapped) {
            return false;
        }
    }
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mount("none", path, "tmpfs", 0, "size=32m") == 0;
}

/* Fills the small disk, and requires that the batch outlives the failure. */
static int fill_disk(const char *path)
{
    if (!mount_small_disk(path)) {
        return SKIPPED;
    }
    struct kv *kv = NULL;
    struct kv_batch *batch = NULL;
    if (try_open(path, KV_LOG_SYNC, &kv, NULL) != STATUS_OK || kv_batch_create(kv, &batch) != STATUS_OK) {
        return 1;
    }
    static char value[300000];
    for (int number = 0; number < 200; number++) {
        for (size_t at = 0; at < sizeof value; at++) {
            value[at] = (char)rand();
        }
        char key[16];
        snprintf(key, sizeof key, "%d", number);
        if (kv_batch_put(batch, str_of(key), (struct str){value, sizeof value}) != STATUS_OK) {
            return 2;
        }
        struct kv_error error = {{0}};
        enum status status = kv_batch_write(batch, &error);
        if (status == STATUS_OK) {
            continue;
        }
        struct arena *arena = arena_create((size_t)1024 * 1024);
        struct str got;
        bool good = status == STATUS_FULL && kv_batch_count(batch) == 1;
        good = good && kv_get(kv, NULL, arena, str_of(key), &got) == STATUS_NOT_FOUND;
        good = good && kv_get(kv, batch, arena, str_of(key), &got) == STATUS_OK;
        print_message("after %d: %s\n", number, error.text);
        return good ? 0 : 3;
    }
    return 4;
}

static void test_disk_full(void **state)
{
    (void)state;
    char *path = kv_suite_folder();
    int result = run_child(path, "f");
    assert_true(WIFEXITED(result));
    kv_suite_folder_remove(path);
    if (WEXITSTATUS(result) == SKIPPED) {
        skip();
    }
    assert_int_equal(WEXITSTATUS(result), 0);
}

static int child_main(const char *path, const char *how)
{
    if (how[0] == 'f') {
        int result = fill_disk(path);
        fflush(stdout);
        _exit(result);
    }
    write_and_die(path, how[0] == '0' ? KV_LOG_NONE : KV_LOG_SYNC);
    return 1;
}

int main(int argument_count, char **arguments)
{
    if (argument_count == 3) {
        return child_main(arguments[1], arguments[2]);
    }
    struct owner none = {.log = KV_LOG_NONE};
    struct owner sync = {.log = KV_LOG_SYNC};
    const struct kv_suite none_suite = {.owner = &none, .open = open_fresh, .close = close_fresh};
    const struct kv_suite sync_suite = {.owner = &sync, .open = open_fresh, .close = close_fresh};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disk_full), cmocka_unit_test(test_reopen),         cmocka_unit_test(test_kill),
        cmocka_unit_test(test_corrupt),   cmocka_unit_test(test_missing_folder),
    };
    cmocka_set_test_filter(getenv("PAWL_TEST_FILTER"));
    return cmocka_run_group_tests(tests, NULL, NULL) + kv_suite_run("kv_rocksdb, no log", &none_suite) +
           kv_suite_run("kv_rocksdb, log", &sync_suite);
}
