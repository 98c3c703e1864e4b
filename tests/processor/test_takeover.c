/* What a take-over makes of positions that don't fit: those of the group, of the commit row and of the input topics
 * (design, section 3, 6). Stepped by the test, over the embedded bus. */
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

#define PARTITIONS 2
#define STEPS_MAX 20000

struct fixture {
    char path[64];
    struct bus *bus;
    struct kv *kv;
    const struct bus_topic *inputs[2];
};

static void set_up(struct fixture *fixture)
{
    struct bus_error error = {""};
    snprintf(fixture->path, sizeof fixture->path, "/tmp/pawl-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->path));
    const struct bus_local_options options = {.path = fixture->path, .memory_bytes = (size_t)16 << 20};
    assert_int_equal(bus_local_open(&options, &fixture->bus, &error), STATUS_OK);
    assert_int_equal(topics_create(fixture->bus, STR("pawl"), PARTITIONS, &error), STATUS_OK);
    assert_int_equal(bus_topic_open(fixture->bus, STR("pawl.commands"), &fixture->inputs[0], &error), STATUS_OK);
    assert_int_equal(bus_topic_open(fixture->bus, STR("pawl.results"), &fixture->inputs[1], &error), STATUS_OK);
    assert_int_equal(kv_memory_open(&fixture->kv), STATUS_OK);
}

static void tear_down(struct fixture *fixture)
{
    kv_close(fixture->kv);
    bus_close(fixture->bus);
    folder_remove(fixture->path);
}

/* Runs the processor until all partitions are active or refused, and all input is read. */
static void run(struct fixture *fixture, bool accept_loss, struct processor_status *out_status)
{
    struct processor *processor;
    struct bus_error error = {""};
    struct processor_config config = processor_config_default;
    config.kv = fixture->kv;
    config.thread_count = 1;
    config.accept_loss = accept_loss;
    assert_int_equal(processor_open(&config, fixture->bus, &processor, &error), STATUS_OK);
    assert_int_equal(processor_join(processor, 0, &error), STATUS_OK);
    *out_status = (struct processor_status){.assigned = 0};
    for (int quiet = 0, steps = 0; quiet < 20; steps++) {
        bool idle;
        assert_true(steps < STEPS_MAX);
        if (processor_step(processor, 0, 2, &error) != STATUS_OK) {
            fail_msg("%s", error.text);
        }
        processor_restore(processor, &idle);
        processor_status(processor, out_status);
        quiet = out_status->active + out_status->refused == PARTITIONS ? quiet + 1 : 0;
    }
    processor_leave(processor, 0);
    processor_close(processor);
}

static void send_garbage(struct fixture *fixture, int count)
{
    struct bus_producer *producer;
    struct bus_error error = {""};
    const struct bus_message message = {.topic = fixture->inputs[0], .partition = 0, .value = STR("{")};
    assert_int_equal(bus_producer_open(fixture->bus, &producer, &error), STATUS_OK);
    for (int at = 0; at < count; at++) {
        assert_int_equal(bus_producer_send(producer, &message, &error), STATUS_OK);
    }
    assert_int_equal(bus_producer_flush(producer, 60000, &error), STATUS_OK);
    bus_producer_close(producer);
}

/* ---- Somebody else in the group ---- */

static void count_assigned(void *owner, const uint32_t *partitions, size_t count)
{
    (void)partitions;
    *(size_t *)owner += count;
}

static void ignore(void *owner, const uint32_t *partitions, size_t count)
{
    (void)owner, (void)partitions, (void)count;
}

/* Commits these offsets of partition 0 in the processors' group. */
static void meddle(struct fixture *fixture, int64_t commands, int64_t results)
{
    size_t assigned = 0;
    struct bus_member *member;
    struct bus_error error = {""};
    struct bus_record record;
    const struct bus_member_config config = {
        .group = STR("pawl-processor"),
        .instance = STR("meddler"),
        .topics = {fixture->inputs[0], fixture->inputs[1]},
        .events = {&assigned, count_assigned, ignore, ignore},
    };
    const struct bus_position position = {.partition = 0, .next = {commands, results}};
    assert_int_equal(bus_member_open(fixture->bus, &config, &member, &error), STATUS_OK);
    for (int steps = 0;; steps++) {
        if (assigned == PARTITIONS) { /* a callback counts */
            break;
        }
        assert_true(steps < STEPS_MAX);
        assert_int_equal(bus_member_poll(member, 2, &record, &error), STATUS_END);
    }
    assert_int_equal(bus_begin(member, &error), STATUS_OK);
    assert_int_equal(bus_commit(member, &position, 1, &error), STATUS_OK);
    bus_member_leave(member);
}

static void meddle_before_all(struct fixture *fixture)
{
    meddle(fixture, 0, 0);
}

static void meddle_back(struct fixture *fixture)
{
    struct processor_status status;
    send_garbage(fixture, 5);
    run(fixture, false, &status);
    assert_int_equal(status.active, PARTITIONS);
    meddle(fixture, 2, 0);
}

static void meddle_to_the_same(struct fixture *fixture)
{
    struct processor_status status;
    send_garbage(fixture, 5);
    run(fixture, false, &status);
    meddle(fixture, 5, 0);
}

/* Records are deleted before they are read. */
static void trim(struct fixture *fixture)
{
    struct processor_status status;
    struct bus_error error;
    send_garbage(fixture, 5);
    run(fixture, false, &status);
    send_garbage(fixture, 4);
    assert_int_equal(bus_trim(fixture->bus, fixture->inputs[0], 0, 7, &error), STATUS_OK);
}

static void nothing(struct fixture *fixture)
{
    (void)fixture;
}

static void test_positions(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*before)(struct fixture *fixture);
        const char *refusal; /* NULL: none */
    } cases[] = {
        {"new", nothing, NULL},
        {"the same", meddle_to_the_same, NULL},
        {"no commit row", meddle_before_all, "the group stands at 0 and 0, but the changelog has no commit row"},
        {"the group is behind", meddle_back, "the commit row says 5 and 0, the group 2 and 0"},
        {"input is gone", trim, "has offsets 7 to 9, but 5 is to be read next"},
    };
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        struct fixture fixture;
        struct processor_status status;
        print_message("%s\n", cases[at].name);
        set_up(&fixture);
        cases[at].before(&fixture);
        run(&fixture, false, &status);
        if (cases[at].refusal == NULL) {
            assert_int_equal(status.active, PARTITIONS);
            tear_down(&fixture);
            continue;
        }
        assert_int_equal(status.refused, 1);
        assert_int_equal(status.active, PARTITIONS - 1); /* the other one works */
        assert_non_null(strstr(status.text, "partition 0"));
        if (strstr(status.text, cases[at].refusal) == NULL) {
            fail_msg("refused by: %s", status.text);
        }
        /* Only whoever says that he accepts the loss goes on. */
        run(&fixture, true, &status);
        assert_int_equal(status.active, PARTITIONS);
        run(&fixture, false, &status);
        tear_down(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positions),
    };
    return cmocka_run_group_tests_name("processor/takeover", tests, NULL, NULL);
}
