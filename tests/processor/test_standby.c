/* Standby copies: two processes over one embedded bus, stepped by the test. */
#include "processor/processor.h"

#include "bus/bus_local.h"
#include "kv/kv.h"
#include "processor/topics.h"
#include "tests/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define PARTITIONS 4
#define STARTS 200
#define MACHINE_ARN "arn:aws:states:us-east-1:000000000000:stateMachine:wait"

/* One process: its rows, its processor. */
struct process {
    struct kv *kv;
    struct processor *processor;
    struct processor_config config;
};

struct fixture {
    char path[64];
    struct bus *bus;
    struct process a;
    struct process b;
};

static void configure(struct process *process, const char *instance)
{
    process->config = processor_config_default;
    process->config.instance = str_of(instance);
    process->config.kv = process->kv;
}

static void process_start(struct fixture *fixture, struct process *process)
{
    struct bus_error error = {""};
    assert_int_equal(processor_open(&process->config, fixture->bus, &process->processor, &error), STATUS_OK);
    assert_int_equal(processor_join(process->processor, 0, &error), STATUS_OK);
}

static void process_step(struct process *process)
{
    struct bus_error error = {""};
    bool idle;
    if (process->processor == NULL) {
        return;
    }
    if (processor_step(process->processor, 0, 0, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    processor_restore(process->processor, &idle);
    processor_stand_by(process->processor, &idle);
    assert_int_equal(processor_follow(process->processor, &error), STATUS_OK);
}

/* As when it is killed: what it has on disk stays. */
static void process_kill(struct process *process)
{
    processor_close(process->processor);
    process->processor = NULL;
}

static struct processor_status status_of(const struct process *process)
{
    struct processor_status status;
    processor_status(process->processor, &status);
    return status;
}

static int64_t count_of(const struct process *process, enum counter counter)
{
    return counters_get(processor_counters(process->processor), counter);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct bus_error error = {""};
    snprintf(fixture->path, sizeof fixture->path, "/tmp/pawl-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->path));
    const struct bus_local_options options = {.path = fixture->path, .memory_bytes = (size_t)16 << 20};
    assert_int_equal(bus_local_open(&options, &fixture->bus, &error), STATUS_OK);
    assert_int_equal(topics_create(fixture->bus, STR("pawl"), PARTITIONS, &error), STATUS_OK);
    assert_int_equal(kv_memory_open(&fixture->a.kv), STATUS_OK);
    assert_int_equal(kv_memory_open(&fixture->b.kv), STATUS_OK);
    configure(&fixture->a, "a");
    configure(&fixture->b, "b");
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    struct process *processes[] = {&fixture->a, &fixture->b};
    for (size_t at = 0; at < 2; at++) {
        if (processes[at]->processor != NULL) {
            process_kill(processes[at]);
        }
        kv_close(processes[at]->kv);
    }
    bus_close(fixture->bus);
    folder_remove(fixture->path);
    free(fixture);
    return 0;
}

static void send(struct fixture *fixture, const char *text)
{
    struct bus_producer *producer;
    struct bus_error error = {""};
    const struct bus_topic *topic;
    assert_int_equal(bus_topic_open(fixture->bus, STR("pawl.commands"), &topic, &error), STATUS_OK);
    assert_int_equal(bus_producer_open(fixture->bus, &producer, &error), STATUS_OK);
    const struct bus_message message = {.topic = topic, .partition = 0, .value = str_of(text)};
    assert_int_equal(bus_producer_send(producer, &message, &error), STATUS_OK);
    assert_int_equal(bus_producer_flush(producer, 10000, &error), STATUS_OK);
    bus_producer_close(producer);
}

static void send_starts(struct fixture *fixture, int from)
{
    char text[256];
    for (int at = from; at < from + STARTS; at++) {
        snprintf(text, sizeof text, "{\"operation\":\"StartExecution\",\"stateMachineArn\":\"" MACHINE_ARN "\",\"name\":\"e%d\"}",
                 at);
        send(fixture, text);
    }
}

typedef bool (*condition_fn)(const struct fixture *fixture);

static void run_until(struct fixture *fixture, condition_fn is_over)
{
    int64_t until_ms = bus_now_ms(fixture->bus) + 60000;
    while (!is_over(fixture)) {
        assert_true(bus_now_ms(fixture->bus) < until_ms);
        process_step(&fixture->a);
        process_step(&fixture->b);
    }
}

static bool is_shared(const struct fixture *fixture)
{
    struct processor_status a = status_of(&fixture->a);
    struct processor_status b = status_of(&fixture->b);
    return a.active == PARTITIONS / 2 && b.active == PARTITIONS / 2;
}

static bool is_defined(const struct fixture *fixture)
{
    return count_of(&fixture->a, COUNTER_ROWS) + count_of(&fixture->b, COUNTER_ROWS) > 0;
}

static bool is_started(const struct fixture *fixture)
{
    return count_of(&fixture->a, COUNTER_EXECUTIONS_STARTED) + count_of(&fixture->b, COUNTER_EXECUTIONS_STARTED) >= STARTS;
}

static bool is_copied(const struct fixture *fixture)
{
    struct processor_status a = status_of(&fixture->a);
    struct processor_status b = status_of(&fixture->b);
    return is_shared(fixture) && a.standby.copies == PARTITIONS / 2 && a.standby.lag == 0 &&
           b.standby.copies == PARTITIONS / 2 && b.standby.lag == 0;
}

static bool b_has_all(const struct fixture *fixture)
{
    return status_of(&fixture->b).active == PARTITIONS;
}

static bool a_has_all(const struct fixture *fixture)
{
    return status_of(&fixture->a).active == PARTITIONS;
}

static void step_some(struct fixture *fixture)
{
    for (int at = 0; at < 100; at++) {
        process_step(&fixture->a);
        process_step(&fixture->b);
    }
}

/* Both, with work done by each and a copy of the other's. */
static void begin(struct fixture *fixture)
{
    process_start(fixture, &fixture->a);
    process_start(fixture, &fixture->b);
    run_until(fixture, is_shared);
    send(fixture, "{\"operation\":\"CreateStateMachine\",\"name\":\"wait\",\"definition\":{\"StartAt\":\"A\",\"States\":{\"A\":{"
                  "\"Type\":\"Wait\",\"Seconds\":3600,\"End\":true}}}}");
    run_until(fixture, is_defined);
    send_starts(fixture, 0);
    run_until(fixture, is_started);
    run_until(fixture, is_copied);
    step_some(fixture);
}

/* Commands that it did not pass on to another partition. */
static int64_t decided_by(const struct process *process)
{
    return count_of(process, COUNTER_COMMANDS) - count_of(process, COUNTER_FORWARDED);
}

/* What comes to the survivor is there already: its restores have next to nothing to read. */
static void test_takes_over(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture);
    int64_t copied = count_of(&fixture->b, COUNTER_STANDBY_ROWS);
    assert_true(copied > STARTS);
    int64_t restored = count_of(&fixture->b, COUNTER_RESTORED_ROWS);
    process_kill(&fixture->a);
    run_until(fixture, b_has_all);
    assert_int_equal(count_of(&fixture->b, COUNTER_RESTORED_ROWS), restored);
    assert_int_equal(status_of(&fixture->b).standby.copies, 0);

    /* And it goes on from there: the names are known, new ones are started. */
    int64_t started = count_of(&fixture->b, COUNTER_EXECUTIONS_STARTED);
    int64_t decided = decided_by(&fixture->b);
    send_starts(fixture, 0);
    send_starts(fixture, STARTS);
    while (decided_by(&fixture->b) < decided + 2 * STARTS) {
        process_step(&fixture->b);
    }
    assert_int_equal(count_of(&fixture->b, COUNTER_EXECUTIONS_STARTED), started + STARTS);
}

/* A process that comes back has its rows of before, and reads on; what it has no part in it follows again. */
static void test_comes_back(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture);
    process_kill(&fixture->a);
    run_until(fixture, b_has_all);
    process_start(fixture, &fixture->a);
    run_until(fixture, is_copied);
    assert_true(count_of(&fixture->a, COUNTER_RESTORED_ROWS) < STARTS / 4);
    process_kill(&fixture->b);
    run_until(fixture, a_has_all);
}

static void test_none(void **state)
{
    struct fixture *fixture = *state;
    fixture->a.config.standby_replicas = STANDBY_NONE;
    fixture->b.config.standby_replicas = STANDBY_NONE;
    process_start(fixture, &fixture->a);
    process_start(fixture, &fixture->b);
    run_until(fixture, is_shared);
    step_some(fixture);
    assert_int_equal(status_of(&fixture->b).standby.copies, 0);
    assert_int_equal(count_of(&fixture->b, COUNTER_STANDBY_ROWS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_takes_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_none, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("processor/standby", tests, NULL, NULL);
}
