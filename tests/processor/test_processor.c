/* The processor with its threads over the embedded bus: commands in, replies, histories and tasks out. */
#include "tests/processor/fixture.h"

#include "base/buffer.h"
#include "base/hash.h"
#include "kv/kv.h"
#include "processor/outbox.h"

#include <stdio.h>
#include <time.h>

static void assert_text(struct str actual, const char *expected)
{
    if (!str_equal(actual, str_of(expected))) {
        fail_msg("%.*s is not %s", STR_ARGS(actual), expected);
    }
}

static void test_definitions(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture_create(fixture, "m", PASS)->version, 1);
    assert_int_equal(fixture_create(fixture, "m", PASS)->version, 1); /* the same: idempotent */
    fixture_expect_refused(fixture, "\"operation\":\"CreateStateMachine\",\"name\":\"m\",\"definition\":" PASS_TWICE,
                   "StateMachineAlreadyExists", "State Machine Already Exists: '" MACHINE_ARN "m'");
    fixture_expect_refused(fixture, "\"operation\":\"CreateStateMachine\",\"name\":\"a b\",\"definition\":" PASS, "InvalidName",
                   "Invalid Name: 'a b'");
    fixture_expect_refused(
        fixture, "\"operation\":\"CreateStateMachine\",\"name\":\"x\",\"definition\":{\"StartAt\":\"A\"}",
        "InvalidDefinition",
        "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /'");
    fixture_expect_refused(
        fixture, "\"operation\":\"UpdateStateMachine\",\"stateMachineArn\":\"" MACHINE_ARN "no\",\"definition\":" PASS,
        "StateMachineDoesNotExist", "State Machine Does Not Exist: '" MACHINE_ARN "no'");
    fixture_expect_refused(
        fixture, "\"operation\":\"UpdateStateMachine\",\"stateMachineArn\":\"" MACHINE_ARN "m\"",
        "MissingRequiredParameter",
        "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified");
    assert_int_equal(fixture_expect_accepted(fixture, "\"operation\":\"UpdateStateMachine\",\"stateMachineArn\":\"" MACHINE_ARN
                                              "m\",\"definition\":" PASS_TWICE)
                         ->version,
                     2);
    assert_int_equal(
        fixture_expect_accepted(fixture, "\"operation\":\"DeleteStateMachine\",\"stateMachineArn\":\"" MACHINE_ARN "m\"")
            ->version,
        3);
    fixture_expect_accepted(fixture, "\"operation\":\"DeleteStateMachine\",\"stateMachineArn\":\"" MACHINE_ARN "never\"");
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    fixture_expect_refused(fixture, "\"operation\":\"StartExecution\",\"stateMachineArn\":\"" MACHINE_ARN "m\"",
                   "StateMachineDoesNotExist", "State Machine Does Not Exist: '" MACHINE_ARN "m'");
    /* Made again, its change numbers go on. */
    assert_int_equal(fixture_create(fixture, "m", PASS)->version, 4);
    fixture_expect_accepted(fixture, "\"operation\":\"StartExecution\",\"stateMachineArn\":\"" MACHINE_ARN
                             "m\",\"minDefinitionVersion\":4,\"name\":\"again\"");
    fixture_await_status(fixture, ":again", "SUCCEEDED");
}

static void test_starts(void **state)
{
    struct fixture *fixture = *state;
    fixture_create(fixture, "t", TASK);
    const struct reply *first = fixture_expect_accepted(fixture, START("t", ",\"name\":\"e\",\"input\":{\"a\": 1}"));
    const struct reply *second = fixture_expect_accepted(fixture, START("t", ",\"name\":\"e\",\"input\":{\"a\": 1}"));
    assert_true(str_equal(first->data, second->data));
    assert_true(first->incarnation == second->incarnation);
    fixture_expect_refused(fixture, START("t", ",\"name\":\"e\",\"input\":{\"a\": 2}"), "ExecutionAlreadyExists",
                   "Execution Already Exists: '" EXECUTION_ARN "t:e'");
    fixture_expect_refused(fixture, START("t", ",\"name\":\"a b\""), "InvalidName", "Invalid Name: 'a b'");
    fixture_expect_refused(fixture, "\"operation\":\"StartExecution\",\"stateMachineArn\":\"x\"", "InvalidArn",
                   "Invalid Arn: 'Invalid ARN prefix: x'");
    fixture_expect_refused(fixture, "\"operation\":\"StartExecution\",\"stateMachineArn\":\"" MACHINE_ARN "no\"",
                   "StateMachineDoesNotExist", "State Machine Does Not Exist: '" MACHINE_ARN "no'");
    fixture_expect_refused(fixture, "\"operation\":\"StopExecution\",\"executionArn\":\"" EXECUTION_ARN "t:no\"",
                   "ExecutionDoesNotExist", "Execution Does Not Exist: '" EXECUTION_ARN "t:no'");
    fixture_expect_refused(
        fixture,
        "\"operation\":\"StopExecution\",\"executionArn\":\"arn:aws:states:us-east-1:000000000000:express:t:e:u\"",
        "InvalidArn", "Invalid Arn: 'Resource type not valid in this context: express'");
    fixture_expect_accepted(fixture,
                    "\"operation\":\"StopExecution\",\"executionArn\":\"" EXECUTION_ARN "t:e\",\"error\":\"E\"");
    fixture_await_status(fixture, ":t:e", "ABORTED");
    fixture_expect_accepted(fixture, "\"operation\":\"StopExecution\",\"executionArn\":\"" EXECUTION_ARN "t:e\"");
    /* Its name is taken until the retention is over. */
    fixture_expect_refused(fixture, START("t", ",\"name\":\"e\",\"input\":{\"a\": 1}"), "ExecutionAlreadyExists",
                   "Execution Already Exists: '" EXECUTION_ARN "t:e'");
    /* Without a name it belongs to the partition that it came to. */
    for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
        const struct reply *reply = fixture_ask_at(fixture, partition, START("t", ""));
        size_t at = str_find_str(reply->data, STR("arn:"));
        struct str arn = str_slice(str_from(reply->data, at), 0, str_find(str_from(reply->data, at), '"'));
        assert_int_equal(hash_partition(arn, PARTITIONS), partition);
    }
}

#define RESUME(execution) "\"operation\":\"ResumeExecution\",\"executionArn\":\"" EXECUTION_ARN execution "\""
#define REDRIVE(execution, more) "\"operation\":\"RedriveExecution\",\"executionArn\":\"" EXECUTION_ARN execution "\"" more

static void fail_task(struct fixture *fixture, struct str token)
{
    struct str value;
    assert_int_equal(arena_format(fixture->arena, &value,
                                  "{\"type\":\"TaskFailed\",\"taskToken\":\"%.*s\",\"error\":\"E\"}", STR_ARGS(token)),
                     STATUS_OK);
    fixture_send(fixture, "pawl.results", 0, value);
}

static void answer_task(struct fixture *fixture, struct str token, const char *output)
{
    struct str value;
    assert_int_equal(arena_format(fixture->arena, &value,
                                  "{\"type\":\"TaskSucceeded\",\"taskToken\":\"%.*s\",\"output\":%s}", STR_ARGS(token),
                                  output),
                     STATUS_OK);
    fixture_send(fixture, "pawl.results", 0, value);
}

static void test_task(void **state)
{
    struct fixture *fixture = *state;
    fixture_create(fixture, "t", TASK);
    fixture_expect_accepted(fixture, START("t", ",\"name\":\"e\",\"input\":{\"a\":1}"));
    const struct task_request *request = fixture_find(fixture, "pawl.tasks.work", SCHEMA_task_request, ":t:e", 0);
    assert_true(str_equal(request->parameters, STR("{\"a\":1}")));
    answer_task(fixture, request->task_token, "{\"b\":2}");
    answer_task(fixture, request->task_token, "{\"b\":3}");
    fixture_await_status(fixture, ":t:e", "SUCCEEDED");
    const struct execution_status *status = fixture_find(fixture, "pawl.executions", SCHEMA_execution_status, ":t:e", 1);
    assert_true(str_equal(status->output, STR("{\"b\":2}")));
    const struct history_event *event = NULL;
    for (size_t at = 0; at < 7; at++) {
        event = fixture_find(fixture, "pawl.history", SCHEMA_history_event, ":t:e", at);
        assert_int_equal(event->id, (int64_t)at + 1);
    }
    assert_true(str_equal(event->type, STR("ExecutionSucceeded")));
}

/* A restart finds everything: rows from the store, and from the changelog when the store is gone. */
static void test_restart(void **state)
{
    struct fixture *fixture = *state;
    fixture_create(fixture, "t", TASK);
    for (int round = 0; round < 2; round++) {
        char members[200];
        char name[16];
        snprintf(members, sizeof members, START("t", ",\"name\":\"r%d\""), round);
        snprintf(name, sizeof name, ":t:r%d", round);
        fixture_expect_accepted(fixture, members);
        const struct task_request *request = fixture_find(fixture, "pawl.tasks.work", SCHEMA_task_request, name, 0);
        fixture_stop_processor(fixture);
        if (round == 1) {
            fixture_lose_disk(fixture);
        }
        fixture_start_processor(fixture);
        answer_task(fixture, request->task_token, "1");
        fixture_await_status(fixture, name, "SUCCEEDED");
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
        fixture_send(fixture, "pawl.commands", 1, str_of(values[at]));
        fixture_send(fixture, "pawl.results", 1, str_of(values[at]));
    }
    fixture_create(fixture, "m", PASS);
    const struct counters *counters = processor_counters(fixture->processor);
    for (int tries = 0; tries < WAIT_MS && counters_get(counters, COUNTER_DEAD_LETTERS) < (int64_t)(2 * count);
         tries++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_int_equal(counters_get(counters, COUNTER_DEAD_LETTERS), 2 * count);
    /* A reply topic of pawl's own is none. */
    fixture_send(fixture, "pawl.commands", 1,
         STR("{\"operation\":\"DeleteStateMachine\",\"stateMachineArn\":\"x\","
             "\"replyTopic\":\"pawl.state\",\"correlationId\":\"c\"}"));
    for (int tries = 0; tries < WAIT_MS && counters_get(counters, COUNTER_DEAD_LETTERS) < (int64_t)(2 * count + 1);
         tries++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_int_equal(counters_get(counters, COUNTER_DEAD_LETTERS), 2 * count + 1);
}

/* What can't be read is answered where its header wants it, and is a dead letter all the same. */
static void test_unreadable(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *topic;
        struct str value;
        const char *problem; /* in the message */
    } rows[] = {
        {"pawl.commands", STR_INIT("nonsense"), "begins with byte 6e"},
        {"pawl.commands", STR_INIT("{\"operation\":\"DeleteActivity\",\"activityArn\":\"\\ud83d\"}"), "half of a surrogate pair"},
        {"pawl.results", STR_INIT("{\"type\":\"TaskStarted\",\"taskToken\":\"x\",\"workerName\":\"\\ud83d\"}"), "half of a surrogate pair"},
        {"pawl.results", {NULL, 0}, "has no value"},
    };
    size_t count = sizeof rows / sizeof *rows;
    for (size_t at = 0; at < count; at++) {
        fixture_send_addressed(fixture, rows[at].topic, 1, rows[at].value, "pawl.replies-0@mine");
        const struct reply *reply = fixture_reply(fixture);
        if (!str_equal(reply->correlation_id, STR("mine")) || !str_equal(reply->error, STR("InvalidRecord")) ||
            str_find_str(reply->message, str_of(rows[at].problem)) == reply->message.length) {
            fail_msg("%s: %.*s: %.*s", rows[at].topic, STR_ARGS(reply->error), STR_ARGS(reply->message));
        }
    }
    static const char *const nowhere[] = {"pawl.replies-99@mine", "pawl.state-0@mine", "none-0@mine", "pawl.replies"};
    for (size_t at = 0; at < sizeof nowhere / sizeof *nowhere; at++) {
        fixture_send_addressed(fixture, "pawl.commands", 1, STR("nonsense"), nowhere[at]);
        count++;
    }
    fixture_create(fixture, "m", PASS); /* the next reply is this one's */
    fixture_expect_accepted(fixture, START("m", ",\"name\":\"b\""));
    const struct counters *counters = processor_counters(fixture->processor);
    for (int tries = 0; tries < WAIT_MS && counters_get(counters, COUNTER_DEAD_LETTERS) < (int64_t)count; tries++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_int_equal(counters_get(counters, COUNTER_DEAD_LETTERS), count);
}

/* What is nested deeper than JSON may be is the sender's mistake, not an error of ours. */
static void test_deep(void **state)
{
    struct fixture *fixture = *state;
    static const char too_deep[] =
        "Invalid State Machine Execution Input: 'Document nesting depth (513) exceeds the maximum allowed (512)'";
    static const struct {
        const char *before;
        size_t depth;
        const char *after;
        const char *error; /* NULL: accepted */
        const char *message;
    } rows[] = {
        {START("p", ",\"input\":"), 512, "", NULL, NULL},
        {START("p", ",\"input\":"), 513, "", "InvalidExecutionInput", too_deep},
        {START("p", ",\"input\":"), 200000, "", "InvalidExecutionInput", too_deep},
        {"\"operation\":\"CreateStateMachine\",\"name\":\"x\",\"definition\":", 600, "", "InvalidDefinition", NULL},
        {"\"operation\":\"CreateStateMachine\",\"name\":\"x\",\"definition\":\"", 600, "\"", "InvalidDefinition", NULL},
    };
    fixture_create(fixture, "p", PASS);
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct buffer members = buffer_in(fixture->arena);
        assert_int_equal(buffer_add(&members, str_of(rows[at].before)), STATUS_OK);
        for (size_t depth = 0; depth < 2 * rows[at].depth; depth++) {
            assert_int_equal(buffer_add_byte(&members, depth < rows[at].depth ? '[' : ']'), STATUS_OK);
        }
        assert_int_equal(buffer_add(&members, str_of(rows[at].after)), STATUS_OK);
        assert_int_equal(buffer_add_byte(&members, 0), STATUS_OK);
        const struct reply *reply = fixture_ask(fixture, members.bytes);
        print_message("%zu: %.*s: %.*s\n", rows[at].depth, STR_ARGS(reply->error), (int)(reply->message.length % 200),
                      reply->message.bytes);
        if (rows[at].error == NULL) {
            assert_null(reply->error.bytes);
        } else {
            assert_true(str_equal(reply->error, str_of(rows[at].error)));
        }
        if (rows[at].message != NULL) {
            assert_true(str_equal(reply->message, str_of(rows[at].message)));
        }
    }
}

/* A result that is too deep can't be answered: it is a dead letter, and the task goes on. */
static void test_deep_result(void **state)
{
    struct fixture *fixture = *state;
    fixture_create(fixture, "t", TASK);
    fixture_expect_accepted(fixture, START("t", ",\"name\":\"deep\""));
    const struct task_request *request = fixture_find(fixture, "pawl.tasks.work", SCHEMA_task_request, ":t:deep", 0);
    struct buffer output = buffer_in(fixture->arena);
    for (size_t depth = 0; depth < 2000; depth++) {
        assert_int_equal(buffer_add_byte(&output, depth < 1000 ? '[' : ']'), STATUS_OK);
    }
    assert_int_equal(buffer_add_byte(&output, 0), STATUS_OK);
    answer_task(fixture, request->task_token, output.bytes);
    fixture_await_count(fixture, COUNTER_DEAD_LETTERS, 1);
    answer_task(fixture, request->task_token, "1");
    fixture_await_status(fixture, ":t:deep", "SUCCEEDED");
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
    fixture_create(fixture, name, text.bytes);
}

/* What an execution asks for too much is its failure, not the partition's. */
static void test_gluttons(void **state)
{
    struct fixture *fixture = *state;
    create_glutton(fixture, "now", "\"Type\":\"Pass\"");
    create_glutton(fixture, "later", "\"Type\":\"Wait\",\"Seconds\":1");
    fixture_expect_accepted(fixture, START("now", ",\"name\":\"e\""));
    fixture_expect_accepted(fixture, START("later", ",\"name\":\"e\""));
    assert_text(fixture_await_status(fixture, ":now:e", "FAILED")->error, "States.Runtime");
    assert_text(fixture_await_status(fixture, ":later:e", "FAILED")->error, "States.Runtime");
}

/* Puts the root of the only execution into the state of that number; which it was in. */
static int64_t swap_state(struct fixture *fixture, int64_t state)
{
    int64_t before = -1;
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
            before = ((struct execution_row *)row)->root.state;
            ((struct execution_row *)row)->root.state = state;
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
    return before;
}

/* A line of the log that has all of them. */
static void expect_line(const char *log, const char *first, const char *second, const char *third)
{
    for (const char *line = log; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
        line += *line == '\n';
        size_t length = strcspn(line, "\n");
        struct str text = {line, length};
        if (str_find_str(text, str_of(first)) < length && str_find_str(text, str_of(second)) < length &&
            str_find_str(text, str_of(third)) < length) {
            return;
        }
    }
    fail_msg("no line with %s, %s and %s in:\n%s", first, second, third, log);
}

/* What trips an assertion is parked, and the operator is told so, who can end it; the others go on. */
static void test_parked(void **state)
{
    struct fixture *fixture = *state;
    fixture_create(fixture, "t", "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":1,\"End\":true}}}");
    fixture_expect_accepted(fixture, START("t", ",\"name\":\"bad\""));
    fixture_stop_processor(fixture);
    (void)swap_state(fixture, 99);
    fixture_log_begin(fixture);
    fixture_start_processor(fixture);
    fixture_await_count(fixture, COUNTER_PARKED, 1);
    fixture_expect_accepted(fixture, STOP("t:bad"));
    fixture_await_status(fixture, ":t:bad", "ABORTED");
    fixture_expect_accepted(fixture, START("t", ",\"name\":\"good\""));
    fixture_await_status(fixture, ":t:good", "SUCCEEDED");
    const char *log = fixture_log_end(fixture);
    expect_line(log, "event=execution_parked", "execution=" EXECUTION_ARN "t:bad by=timer-", "reason=\"assertion failed: ");
    expect_line(log, "event=timer_given_up", "what=timer-", "reason=\"assertion failed: ");
}

/* A parked execution is taken up by command: it breaks again while nothing is mended, and goes on where it was when it is. */
static void test_resumed(void **state)
{
    struct fixture *fixture = *state;
    fixture_create(fixture, "t", "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":1,\"End\":true}}}");
    fixture_expect_accepted(fixture, START("t", ",\"name\":\"bad\""));
    fixture_expect_refused(fixture, RESUME("t:bad"), "ExecutionNotParked", "Execution is not parked: '" EXECUTION_ARN "t:bad'");
    fixture_stop_processor(fixture);
    int64_t mended = swap_state(fixture, 99);
    fixture_start_processor(fixture);
    fixture_await_count(fixture, COUNTER_PARKED, 1);
    fixture_expect_refused(fixture, RESUME("t:none"), "ExecutionDoesNotExist",
                           "Execution Does Not Exist: '" EXECUTION_ARN "t:none'");
    const struct reply *reply = fixture_expect_accepted(fixture, RESUME("t:bad"));
    assert_true(str_starts_with(reply->data, STR("{\"resumeDate\":")));
    fixture_await_count(fixture, COUNTER_PARKED, 2);
    fixture_stop_processor(fixture);
    assert_int_equal(swap_state(fixture, mended), 99);
    fixture_start_processor(fixture);
    uint32_t stranger = (hash_partition(STR(EXECUTION_ARN "t:bad"), PARTITIONS) + 1) % PARTITIONS;
    assert_null(fixture_ask_at(fixture, stranger, RESUME("t:bad"))->error.bytes);
    fixture_await_status(fixture, ":t:bad", "SUCCEEDED");
    assert_string_equal(fixture_types(fixture, ":t:bad", 4),
                        "ExecutionStarted WaitStateEntered WaitStateExited ExecutionSucceeded");
    fixture_expect_refused(fixture, RESUME("t:bad"), "ExecutionNotParked", "Execution is not parked: '" EXECUTION_ARN "t:bad'");
}

/* A redrive is told by reply, status and history; it is the owner's, whoever reads it; a restart forgets nothing of it. */
static void test_redrive(void **state)
{
    struct fixture *fixture = *state;
    fixture_create(fixture, "t", TASK);
    fixture_expect_accepted(fixture, START("t", ",\"name\":\"e\""));
    const struct task_request *first = fixture_find(fixture, "pawl.tasks.work", SCHEMA_task_request, ":t:e", 0);
    fixture_expect_refused(fixture, REDRIVE("t:e", ""), "ExecutionNotRedrivable", "Execution is RUNNING and cannot be redriven");
    fail_task(fixture, first->task_token);
    fixture_await_status(fixture, ":t:e", "FAILED");
    uint32_t stranger = (hash_partition(STR(EXECUTION_ARN "t:e"), PARTITIONS) + 1) % PARTITIONS;
    const struct reply *reply = fixture_ask_at(fixture, stranger, REDRIVE("t:e", ",\"clientToken\":\"x\""));
    assert_null(reply->error.bytes);
    assert_true(str_starts_with(reply->data, STR("{\"redriveDate\":")));
    struct str date;
    assert_int_equal(arena_copy(fixture->arena, reply->data, &date), STATUS_OK);
    const struct task_request *second = fixture_find(fixture, "pawl.tasks.work", SCHEMA_task_request, ":t:e", 1);
    assert_int_equal(second->attempt, 0);
    assert_false(str_equal(second->task_token, first->task_token));
    const struct execution_status *status = fixture_find(fixture, "pawl.executions", SCHEMA_execution_status, ":t:e", 2);
    assert_true(str_equal(status->status, STR("RUNNING")));
    assert_true(status->stop_date == RECORD_NONE && status->error.bytes == NULL);
    fixture_stop_processor(fixture);
    fixture_lose_disk(fixture);
    fixture_start_processor(fixture);
    reply = fixture_expect_accepted(fixture, REDRIVE("t:e", ",\"clientToken\":\"x\""));
    assert_true(str_equal(reply->data, date));
    answer_task(fixture, first->task_token, "\"late\"");
    answer_task(fixture, second->task_token, "7");
    status = fixture_await_status(fixture, ":t:e", "SUCCEEDED");
    assert_int_equal(status->redrive_count, 1);
    assert_true(status->redrive_date != RECORD_NONE);
    assert_true(str_equal(status->output, STR("7")));
    assert_string_equal(fixture_types(fixture, ":t:e", 12),
                        "ExecutionStarted TaskStateEntered LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionFailed "
                        "ExecutionFailed ExecutionRedriven LambdaFunctionScheduled LambdaFunctionStarted "
                        "LambdaFunctionSucceeded TaskStateExited ExecutionSucceeded");
    fixture_expect_refused(fixture, REDRIVE("t:no", ""), "ExecutionDoesNotExist",
                           "Execution Does Not Exist: '" EXECUTION_ARN "t:no'");
    fixture_expect_refused(fixture, REDRIVE("t:e", ",\"clientToken\":\"\""), "ValidationException",
                           "1 validation error detected: Value at 'clientToken' failed to satisfy constraint: Member must have "
                           "length between 1 and 64");
}

/* The figures of machine t, once `executions` of it have succeeded. */
static void expect_succeeded(struct fixture *fixture, int executions)
{
    struct str expected;
    struct str text = STR("");
    struct metrics_page page;
    assert_int_equal(arena_format(fixture->arena, &expected, "pawl_executions_succeeded_total{state_machine=\"" MACHINE_ARN "t\"} %d\n",
                                  executions),
                     STATUS_OK);
    for (int tries = 0; tries < 200; tries++) {
        metrics_page_init(&page, fixture->arena);
        assert_int_equal(processor_show(fixture->processor, &page), STATUS_OK);
        assert_int_equal(metrics_page_text(&page, &text), STATUS_OK);
        if (str_find_str(text, expected) < text.length) {
            return;
        }
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    fail_msg("no %.*s in:\n%.*s", STR_ARGS(expected), STR_ARGS(text));
}

/* A step that is taken back was not: the end that it came to, with a status too large for its topic, is not counted. */
static void test_taken_back(void **state)
{
    struct fixture *fixture = *state;
    size_t length = (RECORD_BYTES_MAX - OUTBOX_OVERHEAD_BYTES) / 2 - 2; /* with its quotes twice in a record, and no more */
    char *input = arena_allocate(fixture->arena, length + 1);
    struct str start;
    fixture_create(fixture, "t", PASS);
    fixture_stop_processor(fixture);
    fixture->config.step.payload_bytes_max = length + 2;
    fixture_start_processor(fixture);
    memset(input, 'x', length);
    input[length] = '\0';
    assert_int_equal(arena_format(fixture->arena, &start, START("t", ",\"name\":\"large\",\"input\":\"%s\""), input),
                     STATUS_OK);
    (void)fixture_ask(fixture, start.bytes);
    fixture_await_count(fixture, COUNTER_DEAD_LETTERS, 1);
    fixture_expect_accepted(fixture, START("t", ",\"name\":\"small\""));
    fixture_await_status(fixture, ":t:small", "SUCCEEDED");
    expect_succeeded(fixture, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_definitions, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_starts, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_task, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_redrive, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_restart, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_garbage, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_unreadable, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_gluttons, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_parked, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_resumed, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_deep, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_taken_back, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_deep_result, fixture_set_up, fixture_tear_down),
    };
    return cmocka_run_group_tests_name("processor/processor", tests, NULL, NULL);
}
