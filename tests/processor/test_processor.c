/* The processor with its threads over the embedded bus: commands in, replies, histories and tasks out. */
#include "processor/processor.h"

#include "base/buffer.h"
#include "base/hash.h"
#include "bus/bus_local.h"
#include "kv/kv.h"
#include "schemas/codec/codec.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define PARTITIONS 3
#define WAIT_MS 10000
#define MACHINE_ARN "arn:aws:states:us-east-1:000000000000:stateMachine:"
#define EXECUTION_ARN "arn:aws:states:us-east-1:000000000000:execution:"
#define PASS "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}"
#define PASS_TWICE                                                                                                     \
    "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"B\"},\"B\":{\"Type\":\"Pass\",\"End\":true}}}"
#define TASK                                                                                                           \
    "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:"    \
    "function:work\","                                                                                                 \
    "\"End\":true}}}"

struct fixture {
    char bus_path[64];
    char state_path[64];
    struct bus *bus;
    struct processor *processor;
    struct codec *codec;
    struct arena *arena;
    struct bus_reader *replies;
    int correlation;
};

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static void start_processor(struct fixture *fixture)
{
    struct bus_error error = {""};
    struct processor_config config = processor_config_default;
    struct processor_status status;
    config.state_dir = fixture->state_path;
    config.memory_bytes = (size_t)16 << 20;
    config.thread_count = 2;
    config.delete_linger_ms = 50;
    config.definition_wait_ms = 500;
    if (processor_open(&config, fixture->bus, &fixture->processor, &error) != STATUS_OK ||
        processor_start(fixture->processor, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    for (int at = 0; at < WAIT_MS; at++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        processor_status(fixture->processor, &status);
        if (status.ready && status.active == PARTITIONS) {
            return;
        }
    }
    fail_msg("not ready: %s", status.text);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct bus_error error = {""};
    const struct bus_topic *topic;
    snprintf(fixture->bus_path, sizeof fixture->bus_path, "/tmp/pawl-test-XXXXXX");
    snprintf(fixture->state_path, sizeof fixture->state_path, "/tmp/pawl-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->bus_path));
    assert_non_null(mkdtemp(fixture->state_path));
    const struct bus_local_options options = {.path = fixture->bus_path, .memory_bytes = (size_t)16 << 20};
    assert_int_equal(bus_local_open(&options, &fixture->bus, &error), STATUS_OK);
    assert_int_equal(topics_create(fixture->bus, STR("pawl"), PARTITIONS, &error), STATUS_OK);
    assert_int_equal(codec_create(&fixture->codec), STATUS_OK);
    fixture->arena = arena_create((size_t)256 << 20);
    assert_int_equal(bus_topic_open(fixture->bus, STR("pawl.replies"), &topic, &error), STATUS_OK);
    assert_int_equal(bus_reader_open(fixture->bus, topic, 0, 0, &fixture->replies, &error), STATUS_OK);
    start_processor(fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    processor_stop(fixture->processor);
    processor_close(fixture->processor);
    bus_reader_close(fixture->replies);
    bus_close(fixture->bus);
    codec_destroy(fixture->codec);
    arena_destroy(fixture->arena);
    nftw(fixture->bus_path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    nftw(fixture->state_path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(fixture);
    return 0;
}

/* ---- Sending and reading ---- */

static void send(struct fixture *fixture, const char *topic_name, uint32_t partition, struct str value)
{
    struct bus_producer *producer;
    struct bus_error error = {""};
    const struct bus_topic *topic;
    assert_int_equal(bus_topic_open(fixture->bus, str_of(topic_name), &topic, &error), STATUS_OK);
    assert_int_equal(bus_producer_open(fixture->bus, &producer, &error), STATUS_OK);
    const struct bus_message message = {.topic = topic, .partition = partition, .value = value};
    assert_int_equal(bus_producer_send(producer, &message, &error), STATUS_OK);
    assert_int_equal(bus_producer_flush(producer, WAIT_MS, &error), STATUS_OK);
    bus_producer_close(producer);
}

/* Sends a command in JSON, `members` without braces, to a partition that need not own it; its reply. */
static const struct reply *ask_at(struct fixture *fixture, uint32_t partition, const char *members)
{
    struct str value;
    struct bus_record record;
    struct bus_error error = {""};
    struct codec_error codec_error;
    enum record_id id;
    void *reply;
    struct str bytes;
    assert_int_equal(arena_format(fixture->arena, &value,
                                  "{%s,\"replyTopic\":\"pawl.replies\",\"correlationId\":\"c%d\"}", members,
                                  fixture->correlation++),
                     STATUS_OK);
    send(fixture, "pawl.commands", partition, value);
    if (bus_reader_next(fixture->replies, WAIT_MS, &record, &error) != STATUS_OK) {
        fail_msg("no reply to %s", members);
    }
    assert_int_equal(arena_copy(fixture->arena, record.value, &bytes), STATUS_OK);
    assert_int_equal(codec_decode(fixture->codec, fixture->arena, SCHEMA_reply, bytes, &id, &reply, &codec_error),
                     STATUS_OK);
    return reply;
}

static const struct reply *ask(struct fixture *fixture, const char *members)
{
    return ask_at(fixture, (uint32_t)fixture->correlation % PARTITIONS, members);
}

static void expect_refused(struct fixture *fixture, const char *members, const char *error, const char *message)
{
    const struct reply *reply = ask(fixture, members);
    if (!str_equal(reply->error, str_of(error)) || !str_equal(reply->message, str_of(message))) {
        fail_msg("%s: %.*s: %.*s", members, STR_ARGS(reply->error), STR_ARGS(reply->message));
    }
}

static const struct reply *expect_accepted(struct fixture *fixture, const char *members)
{
    const struct reply *reply = ask(fixture, members);
    if (reply->error.bytes != NULL) {
        fail_msg("%s: %.*s: %.*s", members, STR_ARGS(reply->error), STR_ARGS(reply->message));
    }
    return reply;
}

static void assert_text(struct str actual, const char *expected)
{
    if (!str_equal(actual, str_of(expected))) {
        fail_msg("%.*s is not %s", STR_ARGS(actual), expected);
    }
}

static const struct reply *create(struct fixture *fixture, const char *name, const char *definition)
{
    struct str members;
    assert_int_equal(arena_format(fixture->arena, &members,
                                  "\"operation\":\"CreateStateMachine\",\"name\":\"%s\",\"definition\":%s", name,
                                  definition),
                     STATUS_OK);
    return expect_accepted(fixture, members.bytes);
}

/* The committed records of a topic's partitions, decoded, until `count` of them with that key have been seen. */
static const void *find_record(struct fixture *fixture, const char *topic_name, enum schema_id schema,
                               const char *contains, size_t number)
{
    struct bus_error error = {""};
    const struct bus_topic *topic;
    assert_int_equal(bus_topic_open(fixture->bus, str_of(topic_name), &topic, &error), STATUS_OK);
    for (int tries = 0; tries < WAIT_MS / 20; tries++) {
        size_t seen = 0;
        for (uint32_t partition = 0; partition < bus_topic_partition_count(topic); partition++) {
            struct bus_reader *reader;
            struct bus_record record;
            const void *found = NULL;
            assert_int_equal(bus_reader_open(fixture->bus, topic, partition, 0, &reader, &error), STATUS_OK);
            while (found == NULL && bus_reader_next(reader, 5, &record, &error) == STATUS_OK) {
                enum record_id id;
                void *value;
                struct codec_error codec_error;
                struct str bytes;
                if (record.value.bytes == NULL || str_find_str(record.key, str_of(contains)) == record.key.length ||
                    seen++ != number) {
                    continue;
                }
                assert_int_equal(arena_copy(fixture->arena, record.value, &bytes), STATUS_OK);
                assert_int_equal(codec_decode(fixture->codec, fixture->arena, schema, bytes, &id, &value, &codec_error),
                                 STATUS_OK);
                found = value;
            }
            bus_reader_close(reader);
            if (found != NULL) {
                return found;
            }
        }
    }
    fail_msg("%s has no record %zu of %s", topic_name, number, contains);
    return NULL;
}

static const struct execution_status *await_status(struct fixture *fixture, const char *name, const char *status)
{
    for (size_t number = 0; number < 10; number++) {
        const struct execution_status *record =
            find_record(fixture, "pawl.executions", SCHEMA_execution_status, name, number);
        if (str_equal(record->status, str_of(status))) {
            return record;
        }
    }
    fail_msg("%s does not become %s", name, status);
    return NULL;
}

/* ---- Tests ---- */

static void test_definitions(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(create(fixture, "m", PASS)->version, 1);
    assert_int_equal(create(fixture, "m", PASS)->version, 1); /* the same: idempotent */
    expect_refused(fixture, "\"operation\":\"CreateStateMachine\",\"name\":\"m\",\"definition\":" PASS_TWICE,
                   "StateMachineAlreadyExists", "State Machine Already Exists: '" MACHINE_ARN "m'");
    expect_refused(fixture, "\"operation\":\"CreateStateMachine\",\"name\":\"a b\",\"definition\":" PASS, "InvalidName",
                   "Invalid Name: 'a b'");
    expect_refused(
        fixture, "\"operation\":\"CreateStateMachine\",\"name\":\"x\",\"definition\":{\"StartAt\":\"A\"}",
        "InvalidDefinition",
        "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /'");
    expect_refused(
        fixture, "\"operation\":\"UpdateStateMachine\",\"stateMachineArn\":\"" MACHINE_ARN "no\",\"definition\":" PASS,
        "StateMachineDoesNotExist", "State Machine Does Not Exist: '" MACHINE_ARN "no'");
    expect_refused(
        fixture, "\"operation\":\"UpdateStateMachine\",\"stateMachineArn\":\"" MACHINE_ARN "m\"",
        "MissingRequiredParameter",
        "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified");
    assert_int_equal(expect_accepted(fixture, "\"operation\":\"UpdateStateMachine\",\"stateMachineArn\":\"" MACHINE_ARN
                                              "m\",\"definition\":" PASS_TWICE)
                         ->version,
                     2);
    assert_int_equal(
        expect_accepted(fixture, "\"operation\":\"DeleteStateMachine\",\"stateMachineArn\":\"" MACHINE_ARN "m\"")
            ->version,
        3);
    expect_accepted(fixture, "\"operation\":\"DeleteStateMachine\",\"stateMachineArn\":\"" MACHINE_ARN "never\"");
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    expect_refused(fixture, "\"operation\":\"StartExecution\",\"stateMachineArn\":\"" MACHINE_ARN "m\"",
                   "StateMachineDoesNotExist", "State Machine Does Not Exist: '" MACHINE_ARN "m'");
    /* Made again, its change numbers go on. */
    assert_int_equal(create(fixture, "m", PASS)->version, 4);
    expect_accepted(fixture, "\"operation\":\"StartExecution\",\"stateMachineArn\":\"" MACHINE_ARN
                             "m\",\"minDefinitionVersion\":4,\"name\":\"again\"");
    await_status(fixture, ":again", "SUCCEEDED");
}

static void test_starts(void **state)
{
    struct fixture *fixture = *state;
    create(fixture, "t", TASK);
#define START(more) "\"operation\":\"StartExecution\",\"stateMachineArn\":\"" MACHINE_ARN "t\"" more
    const struct reply *first = expect_accepted(fixture, START(",\"name\":\"e\",\"input\":{\"a\": 1}"));
    const struct reply *second = expect_accepted(fixture, START(",\"name\":\"e\",\"input\":{\"a\": 1}"));
    assert_true(str_equal(first->data, second->data));
    assert_true(first->incarnation == second->incarnation);
    expect_refused(fixture, START(",\"name\":\"e\",\"input\":{\"a\": 2}"), "ExecutionAlreadyExists",
                   "Execution Already Exists: '" EXECUTION_ARN "t:e'");
    expect_refused(fixture, START(",\"name\":\"a b\""), "InvalidName", "Invalid Name: 'a b'");
    expect_refused(fixture, "\"operation\":\"StartExecution\",\"stateMachineArn\":\"x\"", "InvalidArn",
                   "Invalid Arn: 'Invalid ARN prefix: x'");
    expect_refused(fixture, "\"operation\":\"StartExecution\",\"stateMachineArn\":\"" MACHINE_ARN "no\"",
                   "StateMachineDoesNotExist", "State Machine Does Not Exist: '" MACHINE_ARN "no'");
    expect_refused(fixture, "\"operation\":\"StopExecution\",\"executionArn\":\"" EXECUTION_ARN "t:no\"",
                   "ExecutionDoesNotExist", "Execution Does Not Exist: '" EXECUTION_ARN "t:no'");
    expect_refused(
        fixture,
        "\"operation\":\"StopExecution\",\"executionArn\":\"arn:aws:states:us-east-1:000000000000:express:t:e:u\"",
        "InvalidArn", "Invalid Arn: 'Resource type not valid in this context: express'");
    expect_accepted(fixture,
                    "\"operation\":\"StopExecution\",\"executionArn\":\"" EXECUTION_ARN "t:e\",\"error\":\"E\"");
    await_status(fixture, ":t:e", "ABORTED");
    expect_accepted(fixture, "\"operation\":\"StopExecution\",\"executionArn\":\"" EXECUTION_ARN "t:e\"");
    /* Its name is taken until the retention is over. */
    expect_refused(fixture, START(",\"name\":\"e\",\"input\":{\"a\": 1}"), "ExecutionAlreadyExists",
                   "Execution Already Exists: '" EXECUTION_ARN "t:e'");
    /* Without a name it belongs to the partition that it came to. */
    for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
        const struct reply *reply = ask_at(fixture, partition, START(""));
        size_t at = str_find_str(reply->data, STR("arn:"));
        struct str arn = str_slice(str_from(reply->data, at), 0, str_find(str_from(reply->data, at), '"'));
        assert_int_equal(hash_partition(arn, PARTITIONS), partition);
    }
}

static void answer_task(struct fixture *fixture, struct str token, const char *output)
{
    struct str value;
    assert_int_equal(arena_format(fixture->arena, &value,
                                  "{\"type\":\"TaskSucceeded\",\"taskToken\":\"%.*s\",\"output\":%s}", STR_ARGS(token),
                                  output),
                     STATUS_OK);
    send(fixture, "pawl.results", 0, value);
}

static void test_task(void **state)
{
    struct fixture *fixture = *state;
    create(fixture, "t", TASK);
    expect_accepted(fixture, START(",\"name\":\"e\",\"input\":{\"a\":1}"));
    const struct task_request *request = find_record(fixture, "pawl.tasks.work", SCHEMA_task_request, ":t:e", 0);
    assert_true(str_equal(request->parameters, STR("{\"a\":1}")));
    answer_task(fixture, request->task_token, "{\"b\":2}");
    answer_task(fixture, request->task_token, "{\"b\":3}");
    await_status(fixture, ":t:e", "SUCCEEDED");
    const struct execution_status *status = find_record(fixture, "pawl.executions", SCHEMA_execution_status, ":t:e", 1);
    assert_true(str_equal(status->output, STR("{\"b\":2}")));
    const struct history_event *event = NULL;
    for (size_t at = 0; at < 7; at++) {
        event = find_record(fixture, "pawl.history", SCHEMA_history_event, ":t:e", at);
        assert_int_equal(event->id, (int64_t)at + 1);
    }
    assert_true(str_equal(event->type, STR("ExecutionSucceeded")));
}

/* A restart finds everything: rows from the store, and from the changelog when the store is gone. */
static void test_restart(void **state)
{
    struct fixture *fixture = *state;
    create(fixture, "t", TASK);
    for (int round = 0; round < 2; round++) {
        char members[200];
        char name[16];
        snprintf(members, sizeof members, START(",\"name\":\"r%d\""), round);
        snprintf(name, sizeof name, ":t:r%d", round);
        expect_accepted(fixture, members);
        const struct task_request *request = find_record(fixture, "pawl.tasks.work", SCHEMA_task_request, name, 0);
        processor_stop(fixture->processor);
        processor_close(fixture->processor);
        if (round == 1) {
            nftw(fixture->state_path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        }
        start_processor(fixture);
        answer_task(fixture, request->task_token, "1");
        await_status(fixture, name, "SUCCEEDED");
    }
}

/* What can't be handled goes to the dead letters, and the partition goes on. */
static void test_garbage(void **state)
{
    struct fixture *fixture = *state;
    static const char *const values[] = {
        "",
        "{",
        "{}",
        "nonsense",
        "\xC3\x01",
        "\xC3\x01"
        "12345678",
        "{\"operation\":\"Nothing\"}",
        "{\"operation\":\"StartExecution\"}",
        "{\"operation\":\"StartExecution\",\"stateMachineArn\":1}",
        "{\"operation\":\"StartExecution\",\"stateMachineArn\":\"" MACHINE_ARN "no\"}",
        "{\"type\":\"TaskSucceeded\",\"taskToken\":\"x\",\"output\":1}",
    };
    size_t count = sizeof values / sizeof *values;
    for (size_t at = 0; at < count; at++) {
        send(fixture, "pawl.commands", 1, str_of(values[at]));
        send(fixture, "pawl.results", 1, str_of(values[at]));
    }
    create(fixture, "m", PASS);
    const struct counters *counters = processor_counters(fixture->processor);
    for (int tries = 0; tries < WAIT_MS && counters_get(counters, COUNTER_DEAD_LETTERS) < (int64_t)(2 * count);
         tries++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_int_equal(counters_get(counters, COUNTER_DEAD_LETTERS), 2 * count);
    /* A reply topic of pawl's own is none. */
    send(fixture, "pawl.commands", 1,
         STR("{\"operation\":\"DeleteStateMachine\",\"stateMachineArn\":\"x\","
             "\"replyTopic\":\"pawl.state\",\"correlationId\":\"c\"}"));
    for (int tries = 0; tries < WAIT_MS && counters_get(counters, COUNTER_DEAD_LETTERS) < (int64_t)(2 * count + 1);
         tries++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_int_equal(counters_get(counters, COUNTER_DEAD_LETTERS), 2 * count + 1);
}

/* A state whose conditions take more memory, all together, than a step may. `first` is a state of the name F, before it. */
static void create_glutton(struct fixture *fixture, const char *name, const char *first)
{
    struct buffer text = buffer_in(fixture->arena);
    assert_int_equal(buffer_format(&text,
                                   "{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"F\",\"States\":{\"F\":{%s,\"Next\":\"G\"},"
                                   "\"W\":{\"Type\":\"Wait\",\"Seconds\":1000,\"End\":true},"
                                   "\"G\":{\"Type\":\"Choice\",\"Default\":\"W\",\"Choices\":[",
                                   first),
                     STATUS_OK);
    for (int at = 0; at < 12; at++) {
        assert_int_equal(buffer_format(&text, "%s{\"Condition\":\"{%% $count([1..300000].($ + %d)) = 0 %%}\",\"Next\":\"W\"}",
                                       at == 0 ? "" : ",", at),
                         STATUS_OK);
    }
    assert_int_equal(buffer_add(&text, STR("]}}}")), STATUS_OK);
    assert_int_equal(buffer_add_byte(&text, 0), STATUS_OK);
    create(fixture, name, text.bytes);
}

/* What an execution asks for too much is its failure, not the partition's. */
static void test_gluttons(void **state)
{
    struct fixture *fixture = *state;
    create_glutton(fixture, "now", "\"Type\":\"Pass\"");
    create_glutton(fixture, "later", "\"Type\":\"Wait\",\"Seconds\":1");
    expect_accepted(fixture, "\"operation\":\"StartExecution\",\"name\":\"e\",\"stateMachineArn\":\"" MACHINE_ARN "now\"");
    expect_accepted(fixture, "\"operation\":\"StartExecution\",\"name\":\"e\",\"stateMachineArn\":\"" MACHINE_ARN "later\"");
    assert_text(await_status(fixture, ":now:e", "FAILED")->error, "States.Runtime");
    assert_text(await_status(fixture, ":later:e", "FAILED")->error, "States.Runtime");
}

/* Puts the execution's root into a state that its machine does not have. */
static void spoil_row(struct fixture *fixture)
{
    struct kv *kv;
    struct kv_error error;
    struct kv_batch *batch;
    struct kv_cursor *cursor;
    struct codec_error codec_error;
    const struct kv_options options = {.path = fixture->state_path, .log = KV_LOG_NONE, .memory_bytes = (size_t)8 << 20};
    assert_int_equal(kv_rocksdb_open(&options, &kv, &error), STATUS_OK);
    assert_int_equal(kv_batch_create(kv, &batch), STATUS_OK);
    int spoiled = 0;
    for (uint16_t partition = 0; partition < PARTITIONS; partition++) {
        const char prefix[] = {(char)(partition >> 8), (char)partition, 'e'};
        struct str key;
        struct str value;
        enum record_id id;
        void *row;
        assert_int_equal(kv_cursor_open(kv, batch, (struct str){prefix, sizeof prefix}, STR(""), &cursor), STATUS_OK);
        while (kv_cursor_next(cursor, &key, &value) == STATUS_OK) {
            assert_int_equal(codec_decode(fixture->codec, fixture->arena, SCHEMA_state_row, value, &id, &row, &codec_error), STATUS_OK);
            ((struct execution_row *)row)->root.state = 99;
            assert_int_equal(codec_encode(fixture->arena, CODEC_AVRO, SCHEMA_state_row, id, row, &value), STATUS_OK);
            assert_int_equal(arena_copy(fixture->arena, key, &key), STATUS_OK);
            assert_int_equal(kv_batch_put(batch, key, value), STATUS_OK);
            spoiled++;
        }
        kv_cursor_close(cursor);
    }
    assert_int_equal(spoiled, 1);
    assert_int_equal(kv_batch_write(batch, &error), STATUS_OK);
    assert_int_equal(kv_flush(kv, &error), STATUS_OK);
    kv_batch_destroy(batch);
    kv_close(kv);
}

/* What trips an assertion is parked, and who asks for it is told so; the others go on. */
static void test_parked(void **state)
{
    struct fixture *fixture = *state;
    create(fixture, "t", "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":1,\"End\":true}}}");
    expect_accepted(fixture, START(",\"name\":\"bad\""));
    processor_stop(fixture->processor);
    processor_close(fixture->processor);
    spoil_row(fixture);
    start_processor(fixture);
    const struct counters *counters = processor_counters(fixture->processor);
    for (int tries = 0; tries < WAIT_MS && counters_get(counters, COUNTER_PARKED) == 0; tries++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    const struct reply *reply = ask(fixture, "\"operation\":\"StopExecution\",\"executionArn\":\"" EXECUTION_ARN "t:bad\"");
    assert_text(reply->error, "ExecutionParked");
    assert_true(str_starts_with(reply->message, STR("assertion failed: ")));
    expect_accepted(fixture, START(",\"name\":\"good\""));
    await_status(fixture, ":t:good", "SUCCEEDED");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_definitions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_starts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_task, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_restart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_garbage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_gluttons, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_parked, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("processor/processor", tests, NULL, NULL);
}
