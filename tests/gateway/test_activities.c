/* Who may wait for an activity's tasks. */
#include "gateway/activities.h"

#include "bus/bus_local.h"
#include "kv/kv.h"
#include "tests/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define ACTIVITY STR("arn:aws:states:us-east-1:000000000000:activity:a")
#define WORKERS_MAX 3
#define TRIES 3000

struct fixture {
    char path[64];
    struct bus *bus;
    struct kv *kv;
    struct codec *codec;
    struct activities *activities;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct bus_error error = {""};
    snprintf(fixture->path, sizeof fixture->path, "/tmp/pawl-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->path));
    const struct bus_local_options options = {.path = fixture->path, .memory_bytes = (size_t)8 << 20};
    assert_int_equal(bus_local_open(&options, &fixture->bus, &error), STATUS_OK);
    assert_int_equal(kv_memory_open(&fixture->kv), STATUS_OK);
    assert_int_equal(codec_create(&fixture->codec), STATUS_OK);
    const struct activities_config config = {
        .bus = fixture->bus, .kv = fixture->kv, .codec = fixture->codec, .poll_ms = 60000, .workers_max = WORKERS_MAX};
    assert_int_equal(activities_open(&config, &fixture->activities), STATUS_OK);
    assert_int_equal(activities_start(fixture->activities, NULL, NULL), STATUS_OK); /* no task comes: neither is asked */
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    activities_close(fixture->activities);
    kv_close(fixture->kv);
    bus_close(fixture->bus);
    codec_destroy(fixture->codec);
    folder_remove(fixture->path);
    free(fixture);
    return 0;
}

struct worker {
    struct activities_poller poller;
    atomic_bool gone;
    atomic_int looks;   /* whether it has gone */
    atomic_int outcome; /* -1: it waits */
};

static bool is_gone(struct activities_poller *poller)
{
    struct worker *worker = poller->owner;
    atomic_fetch_add(&worker->looks, 1);
    return atomic_load(&worker->gone);
}

static void done(struct activities_poller *poller, enum status status, const struct task_request *task)
{
    struct worker *worker = poller->owner;
    assert_null(task);
    atomic_store(&worker->outcome, (int)status);
}

static void come(struct fixture *fixture, struct worker *worker)
{
    worker->outcome = -1;
    worker->poller = (struct activities_poller){
        .activity_arn = ACTIVITY, .worker_name = STR_NONE, .is_gone = is_gone, .done = done, .owner = worker};
    activities_poll(fixture->activities, &worker->poller);
}

static void await_at_least(const atomic_int *number, int least)
{
    for (int tries = 0; tries < TRIES && atomic_load(number) < least; tries++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_true(atomic_load(number) >= least);
}

/* As many wait as may, however often those who have hung up were looked for. */
static void test_quota(void **state)
{
    struct fixture *fixture = *state;
    static struct worker workers[6];
    come(fixture, &workers[0]);
    come(fixture, &workers[1]);
    await_at_least(&workers[1].looks, 2);
    int looks = atomic_load(&workers[0].looks);
    come(fixture, &workers[2]);
    assert_int_equal(workers[0].looks, looks); /* the next look by the thread is a second away: nobody had to count */
    assert_int_equal(workers[2].outcome, -1);
    come(fixture, &workers[3]);
    assert_int_equal(workers[3].outcome, STATUS_REFUSED);
    atomic_store(&workers[1].gone, true);
    come(fixture, &workers[4]);
    assert_int_equal(workers[4].outcome, -1); /* in the place of the one who has gone, at once */
    await_at_least(&workers[1].outcome, STATUS_OK);
    come(fixture, &workers[5]);
    assert_int_equal(workers[5].outcome, STATUS_REFUSED);
    activities_stop(fixture->activities);
    assert_int_equal(workers[0].outcome, STATUS_OK);
    assert_int_equal(workers[2].outcome, STATUS_OK);
    assert_int_equal(workers[4].outcome, STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_quota, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("gateway/activities", tests, NULL, NULL);
}
