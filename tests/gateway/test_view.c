#include "gateway/view.h"

#include "bus/bus_local.h"
#include "schemas/topics.h"
#include "tests/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define MACHINE STR("arn:aws:states:us-east-1:000000000000:stateMachine:m")
#define EXECUTION "arn:aws:states:us-east-1:000000000000:execution:m:"
#define SECOND_US 1000000
#define TRIES 500

struct fixture {
    char path[64];
    struct bus *bus;
    struct bus_producer *producer;
    struct kv *kv;
    struct codec *codec;
    struct arena *arena;
    struct view *view;
};

static void make_topic(struct fixture *fixture, const char *name, bool compact)
{
    struct bus_error error = {""};
    const struct bus_topic_config config = {
        .name = str_of(name),
        .partition_count = 1,
        .cleanup = compact ? BUS_CLEANUP_COMPACT : BUS_CLEANUP_DELETE,
        .retention_ms = -1,
        .delete_retention_ms = 3600000,
        .max_message_bytes = 1 << 20,
    };
    assert_int_equal(bus_topic_create(fixture->bus, &config, &error), STATUS_OK);
}

static void open_view(struct fixture *fixture)
{
    struct bus_error error = {""};
    const struct view_config config = {
        .bus = fixture->bus,
        .codec = fixture->codec,
        .prefix = STR("t"),
        .kv = fixture->kv,
        .wait_ms = 300,
    };
    assert_int_equal(view_open(&config, &fixture->view, &error), STATUS_OK);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct bus_error error = {""};
    snprintf(fixture->path, sizeof fixture->path, "/tmp/pawl-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->path));
    const struct bus_local_options options = {.path = fixture->path, .memory_bytes = (size_t)8 << 20};
    assert_int_equal(bus_local_open(&options, &fixture->bus, &error), STATUS_OK);
    make_topic(fixture, "t.definitions", true);
    make_topic(fixture, "t.executions", true);
    make_topic(fixture, "t.history", false);
    assert_int_equal(bus_producer_open(fixture->bus, &fixture->producer, &error), STATUS_OK);
    assert_int_equal(kv_memory_open(&fixture->kv), STATUS_OK);
    assert_int_equal(codec_create(&fixture->codec), STATUS_OK);
    fixture->arena = arena_create((size_t)64 << 20);
    open_view(fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    view_close(fixture->view);
    bus_producer_close(fixture->producer);
    kv_close(fixture->kv);
    bus_close(fixture->bus);
    codec_destroy(fixture->codec);
    arena_destroy(fixture->arena);
    folder_remove(fixture->path);
    free(fixture);
    return 0;
}

/* ---- Writing ---- */

static void send(struct fixture *fixture, const char *topic, struct str key, struct str value)
{
    struct bus_error error = {""};
    struct bus_message message = {.key = key, .value = value};
    assert_int_equal(bus_topic_open(fixture->bus, str_of(topic), &message.topic, &error), STATUS_OK);
    assert_int_equal(bus_producer_send(fixture->producer, &message, &error), STATUS_OK);
    assert_int_equal(bus_producer_flush(fixture->producer, 1000, &error), STATUS_OK);
}

static void send_machine(struct fixture *fixture, int64_t version)
{
    struct definition definition;
    struct str value;
    record_init(RECORD_definition, &definition);
    definition.state_machine_arn = MACHINE;
    definition.version = version;
    assert_int_equal(codec_encode(fixture->arena, CODEC_AVRO, SCHEMA_definition, RECORD_definition, &definition, &value),
                     STATUS_OK);
    send(fixture, "t.definitions", MACHINE, value);
}

static struct str execution_arn(struct fixture *fixture, const char *name)
{
    struct str arn;
    assert_int_equal(arena_format(fixture->arena, &arn, EXECUTION "%s", name), STATUS_OK);
    return arn;
}

/* version: the id of its last event; 0: of none. */
static void send_status_of(struct fixture *fixture, const char *name, int64_t start_us, const char *status, int64_t version)
{
    struct execution_status execution;
    struct str value;
    record_init(RECORD_execution_status, &execution);
    execution.execution_arn = execution_arn(fixture, name);
    execution.incarnation = start_us;
    execution.start_date = start_us;
    execution.state_machine_arn = MACHINE;
    execution.name = str_of(name);
    execution.status = str_of(status);
    execution.version = version;
    assert_int_equal(codec_encode(fixture->arena, CODEC_AVRO, SCHEMA_execution_status, RECORD_execution_status, &execution,
                                  &value),
                     STATUS_OK);
    send(fixture, "t.executions", execution.execution_arn, value);
}

static void send_status(struct fixture *fixture, const char *name, int64_t start_us, const char *status)
{
    send_status_of(fixture, name, start_us, status, 0);
}

static void send_event_of(struct fixture *fixture, const char *name, int64_t start_us, int64_t id, const char *type)
{
    struct history_event event;
    struct str value;
    record_init(RECORD_history_event, &event);
    event.execution_arn = execution_arn(fixture, name);
    event.incarnation = start_us;
    event.id = id;
    event.type = str_of(type);
    assert_int_equal(codec_encode(fixture->arena, CODEC_AVRO, SCHEMA_history_event, RECORD_history_event, &event, &value),
                     STATUS_OK);
    send(fixture, "t.history", event.execution_arn, value);
}

static void send_event(struct fixture *fixture, const char *name, int64_t start_us, int64_t id)
{
    send_event_of(fixture, name, start_us, id, "PassStateEntered");
}

/* ---- Waiting ---- */

struct waiting {
    struct view_wait wait;
    _Atomic int outcome; /* -1: not yet */
};

static void on_done(struct view_wait *wait, enum status status)
{
    atomic_store(&((struct waiting *)wait->owner)->outcome, (int)status);
}

static void begin_wait(struct fixture *fixture, struct waiting *waiting, const struct view_wait *wait)
{
    waiting->wait = *wait;
    waiting->wait.done = on_done;
    waiting->wait.owner = waiting;
    atomic_store(&waiting->outcome, -1);
    view_await(fixture->view, &waiting->wait);
}

static enum status end_wait(struct waiting *waiting)
{
    for (int tries = 0; tries < TRIES && atomic_load(&waiting->outcome) < 0; tries++) {
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000000L}, NULL);
    }
    assert_true(atomic_load(&waiting->outcome) >= 0);
    return (enum status)atomic_load(&waiting->outcome);
}

static enum status await_goal(struct fixture *fixture, const struct view_wait *wait)
{
    struct waiting waiting;
    begin_wait(fixture, &waiting, wait);
    return end_wait(&waiting);
}

static struct view_wait wait_for(struct fixture *fixture, enum view_goal goal, const char *name, int64_t start_us, int64_t id)
{
    struct str arn = execution_arn(fixture, name);
    return (struct view_wait){
        .goal = goal, .arn = arn, .execution = execution_id_of(arn, start_us), .incarnation = start_us, .version = id};
}

/* ---- Cases ---- */

static void test_machine(void **state)
{
    struct fixture *fixture = *state;
    const struct definition *head;
    struct waiting waiting;
    struct view_wait wait = {.goal = VIEW_MACHINE, .arn = MACHINE, .version = 2};
    assert_int_equal(view_machine(fixture->view, fixture->arena, MACHINE, &head), STATUS_NOT_FOUND);
    send_machine(fixture, 1);
    assert_int_equal(await_goal(fixture, &wait), STATUS_TIMED_OUT);
    begin_wait(fixture, &waiting, &wait);
    send_machine(fixture, 2);
    assert_int_equal(end_wait(&waiting), STATUS_OK);
    assert_int_equal(view_machine(fixture->view, fixture->arena, MACHINE, &head), STATUS_OK);
    assert_int_equal(head->version, 2);
    wait.goal = VIEW_MACHINE_GONE;
    wait.version = 3;
    begin_wait(fixture, &waiting, &wait);
    send(fixture, "t.definitions", MACHINE, STR_NONE);
    assert_int_equal(end_wait(&waiting), STATUS_OK);
    assert_int_equal(view_machine(fixture->view, fixture->arena, MACHINE, &head), STATUS_NOT_FOUND);
}

/* A start is seen when both its status and its events are; a stop when it does not run any more. */
static void test_execution(void **state)
{
    struct fixture *fixture = *state;
    struct waiting waiting;
    struct view_wait started = wait_for(fixture, VIEW_STARTED, "e", SECOND_US, 2);
    struct view_wait stopped = wait_for(fixture, VIEW_STOPPED, "e", SECOND_US, 3);
    begin_wait(fixture, &waiting, &started);
    send_status(fixture, "e", SECOND_US, "RUNNING");
    send_event(fixture, "e", SECOND_US, 1);
    nanosleep(&(struct timespec){.tv_nsec = 50 * 1000000L}, NULL);
    assert_int_equal(atomic_load(&waiting.outcome), -1);
    send_event(fixture, "e", SECOND_US, 2);
    assert_int_equal(end_wait(&waiting), STATUS_OK);
    begin_wait(fixture, &waiting, &stopped);
    send_event(fixture, "e", SECOND_US, 3);
    send_status(fixture, "e", SECOND_US, "ABORTED");
    assert_int_equal(end_wait(&waiting), STATUS_OK);
}

/* Who has ended an execution, by its task or by starting it, is told when the end is shown, not only its event. */
static void test_event_with_its_end(void **state)
{
    static const enum view_goal goals[] = {VIEW_EVENT, VIEW_STARTED, VIEW_EVENT};
    static const char *const types[] = {"ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut"};
    static const char *const ends[] = {"SUCCEEDED", "FAILED", "TIMED_OUT"};
    struct fixture *fixture = *state;
    for (size_t at = 0; at < 3; at++) {
        struct waiting waiting;
        struct view_wait wait = wait_for(fixture, goals[at], ends[at], SECOND_US, 2);
        send_status_of(fixture, ends[at], SECOND_US, "RUNNING", 1);
        send_event(fixture, ends[at], SECOND_US, 1);
        send_event_of(fixture, ends[at], SECOND_US, 2, types[at]);
        begin_wait(fixture, &waiting, &wait);
        nanosleep(&(struct timespec){.tv_nsec = 100 * 1000000L}, NULL);
        assert_int_equal(atomic_load(&waiting.outcome), -1);
        send_status_of(fixture, ends[at], SECOND_US, ends[at], 2);
        assert_int_equal(end_wait(&waiting), STATUS_OK);
    }
}

struct listed {
    char text[256];
    int most;
};

static enum status list_name(void *owner, struct str position, const void *value)
{
    struct listed *listed = owner;
    const struct execution_status *execution = value;
    (void)position;
    size_t length = strlen(listed->text);
    snprintf(listed->text + length, sizeof listed->text - length, "%.*s ", STR_ARGS(execution->name));
    return --listed->most == 0 ? STATUS_END : STATUS_OK;
}

static void expect_list(struct fixture *fixture, enum execution_status_id status, const char *wanted)
{
    struct listed listed = {.most = 100};
    const struct view_executions query = {.machine_arn = MACHINE, .status = status, .position = STR_NONE};
    assert_int_equal(view_each_execution(fixture->view, fixture->arena, &query, list_name, &listed), STATUS_OK);
    assert_string_equal(listed.text, wanted);
}

static enum status list_id(void *owner, struct str position, const void *value)
{
    struct listed *listed = owner;
    (void)position;
    size_t length = strlen(listed->text);
    snprintf(listed->text + length, sizeof listed->text - length, "%lld ",
             (long long)((const struct history_event *)value)->id);
    return --listed->most == 0 ? STATUS_END : STATUS_OK;
}

static void expect_events(struct fixture *fixture, const char *name, bool reverse, int most, const char *wanted)
{
    struct listed listed = {.most = most};
    const struct view_events query = {
        .execution = execution_id_of(execution_arn(fixture, name), SECOND_US),
        .id = reverse ? INT64_MAX : 1,
        .reverse = reverse,
    };
    assert_int_equal(view_each_event(fixture->view, fixture->arena, &query, list_id, &listed), STATUS_OK);
    assert_string_equal(listed.text, wanted);
}

static void fill(struct fixture *fixture)
{
    send_status(fixture, "a", SECOND_US, "RUNNING");
    send_status(fixture, "b", 2 * SECOND_US, "RUNNING");
    send_status(fixture, "c", 3 * SECOND_US, "RUNNING");
    send_status(fixture, "b", 2 * SECOND_US, "FAILED");
    for (int64_t id = 1; id <= 11; id++) {
        send_event(fixture, "a", SECOND_US, id);
    }
    struct view_wait wait = wait_for(fixture, VIEW_STARTED, "a", SECOND_US, 11);
    assert_int_equal(await_goal(fixture, &wait), STATUS_OK);
    wait = wait_for(fixture, VIEW_STOPPED, "b", 2 * SECOND_US, 1);
    send_event(fixture, "b", 2 * SECOND_US, 1);
    assert_int_equal(await_goal(fixture, &wait), STATUS_OK);
}

static void expect_filled(struct fixture *fixture)
{
    expect_list(fixture, EXECUTION_STATUS_COUNT, "c b a ");
    expect_list(fixture, EXECUTION_STATUS_RUNNING, "c a ");
    expect_list(fixture, EXECUTION_STATUS_FAILED, "b ");
    expect_list(fixture, EXECUTION_STATUS_SUCCEEDED, "");
    expect_events(fixture, "a", false, 100, "1 2 3 4 5 6 7 8 9 10 11 ");
    expect_events(fixture, "a", true, 3, "11 10 9 ");
    expect_events(fixture, "c", true, 3, "");
}

static void test_lists(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    expect_filled(fixture);
    /* Forgotten: with its history, its place in the lists, and for those who wait for nothing of it. */
    send(fixture, "t.executions", execution_arn(fixture, "a"), STR_NONE);
    send_machine(fixture, 1);
    struct view_wait wait = {.goal = VIEW_MACHINE, .arn = MACHINE, .version = 1};
    assert_int_equal(await_goal(fixture, &wait), STATUS_OK);
    for (int tries = 0; tries < TRIES; tries++) {
        const struct execution_status *execution;
        if (view_execution(fixture->view, fixture->arena, execution_arn(fixture, "a"), &execution) == STATUS_NOT_FOUND) {
            break;
        }
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000000L}, NULL);
    }
    expect_list(fixture, EXECUTION_STATUS_COUNT, "c b ");
    expect_events(fixture, "a", false, 100, "");
}

static bool is_shown(struct fixture *fixture, const char *name, const char *wanted)
{
    const struct execution_status *shown;
    enum status status = view_execution(fixture->view, fixture->arena, execution_arn(fixture, name), &shown);
    return wanted == NULL ? status == STATUS_NOT_FOUND : status == STATUS_OK && str_equal(shown->status, str_of(wanted));
}

static void await_shown(struct fixture *fixture, const char *name, const char *wanted)
{
    for (int tries = 0; tries < 2 * TRIES && !is_shown(fixture, name, wanted); tries++) {
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000000L}, NULL);
    }
    assert_true(is_shown(fixture, name, wanted));
}

/* The topics are read at any distance: an end is shown with its last event, not before, and not as often as it comes. */
static void test_end_with_its_event(void **state)
{
    struct fixture *fixture = *state;
    send_status_of(fixture, "e", SECOND_US, "RUNNING", 1);
    send_event(fixture, "e", SECOND_US, 1);
    await_shown(fixture, "e", "RUNNING");
    send_status_of(fixture, "e", SECOND_US, "FAILED", 3);
    send_event(fixture, "e", SECOND_US, 2);
    send_status(fixture, "later", SECOND_US, "RUNNING");
    await_shown(fixture, "later", "RUNNING");
    assert_true(is_shown(fixture, "e", "RUNNING"));
    expect_list(fixture, EXECUTION_STATUS_FAILED, "");

    view_close(fixture->view); /* what is held back outlives it */
    open_view(fixture);
    send_status(fixture, "last", SECOND_US, "RUNNING");
    await_shown(fixture, "last", "RUNNING");
    assert_true(is_shown(fixture, "e", "RUNNING"));
    send_event(fixture, "e", SECOND_US, 3);
    await_shown(fixture, "e", "FAILED");
    expect_list(fixture, EXECUTION_STATUS_FAILED, "e ");

    /* Redriven before its end was shown; then forgotten. */
    send_status_of(fixture, "e", SECOND_US, "FAILED", 9);
    send_status_of(fixture, "e", SECOND_US, "RUNNING", 10);
    await_shown(fixture, "e", "RUNNING");
    send_event(fixture, "e", SECOND_US, 9);
    send_status_of(fixture, "e", SECOND_US, "ABORTED", 12);
    send(fixture, "t.executions", execution_arn(fixture, "e"), STR_NONE);
    await_shown(fixture, "e", NULL);
    send_event(fixture, "e", SECOND_US, 12);
    send_status(fixture, "end", SECOND_US, "RUNNING");
    await_shown(fixture, "end", "RUNNING");
    assert_true(is_shown(fixture, "e", NULL));
}

/* Events are not kept as long as statuses may be. */
static void test_end_without_event(void **state)
{
    struct fixture *fixture = *state;
    send_status_of(fixture, "e", SECOND_US, "SUCCEEDED", 5);
    send_status(fixture, "later", SECOND_US, "RUNNING");
    await_shown(fixture, "later", "RUNNING");
    assert_true(is_shown(fixture, "e", NULL));
    await_shown(fixture, "e", "SUCCEEDED");
}

/* A view that is opened again goes on; one whose store is lost, or torn, or another cluster's, is made anew. */
static void test_again(void **state)
{
    struct fixture *fixture = *state;
    struct kv_error error;
    fill(fixture);
    for (int round = 0; round < 3; round++) {
        view_close(fixture->view);
        if (round == 1) {
            kv_memory_crash(fixture->kv);
        } else if (round == 2) {
            assert_int_equal(kv_delete_range(fixture->kv, STR("h"), STR("n"), &error), STATUS_OK);
            assert_int_equal(kv_delete_range(fixture->kv, STR("b"), STR("c"), &error), STATUS_OK);
        }
        open_view(fixture);
        struct view_wait wait = wait_for(fixture, VIEW_STOPPED, "b", 2 * SECOND_US, 1);
        assert_int_equal(await_goal(fixture, &wait), STATUS_OK);
        wait = wait_for(fixture, VIEW_STARTED, "a", SECOND_US, 11);
        assert_int_equal(await_goal(fixture, &wait), STATUS_OK);
        expect_filled(fixture);
    }
}

/* What is no record of ours is passed over. */
static void test_nonsense(void **state)
{
    struct fixture *fixture = *state;
    send(fixture, "t.executions", execution_arn(fixture, "x"), STR("nonsense"));
    send(fixture, "t.executions", STR_NONE, STR("nonsense"));
    send(fixture, "t.history", execution_arn(fixture, "x"), STR("{"));
    send(fixture, "t.definitions", STR(""), STR(""));
    fill(fixture);
    expect_filled(fixture);
}

/* Who waits when it ends is told. */
static void test_stop(void **state)
{
    struct fixture *fixture = *state;
    struct waiting waiting;
    struct view_wait wait = {.goal = VIEW_MACHINE, .arn = MACHINE, .version = 9, .wait_ms = 60000};
    begin_wait(fixture, &waiting, &wait);
    view_stop(fixture->view);
    assert_int_equal(end_wait(&waiting), STATUS_RETRIABLE);
    begin_wait(fixture, &waiting, &wait);
    assert_int_equal(end_wait(&waiting), STATUS_RETRIABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_machine, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_execution, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_event_with_its_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_end_with_its_event, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_end_without_event, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nonsense, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stop, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
