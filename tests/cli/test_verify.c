/* `pawl verify` over forged topics: what must never be is found, and what may be is not. The bus is this process's. */
#include "asl/frame.h"
#include "base/hash.h"
#include "bus/bus_local.h"
#include "pawl.h"
#include "processor/topics.h"
#include "schemas/codec/codec.h"
#include "schemas/execution_statuses.h"
#include "schemas/history_events.h"
#include "state/keys.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#define ARN "arn:aws:states:us-east-1:000000000000:execution:m:e"
#define RUN_US 1700000000000000
#define LATER_MS 9999999999000

struct forge {
    struct pawl pawl;
    struct bus *bus;
    struct bus_producer *producer;
    struct arena *arena;
};

/* One record. Letters stand for topics: h history, x executions, t tasks.f, s state. */
struct forged {
    char topic;
    int64_t number;   /* h: id; x: version; s: sequence */
    const char *text; /* h: type; x: status, NULL for a tombstone; t: token; s: NULL for a row, else a commit row */
    int64_t second;   /* h: previous id; s: rows */
    int64_t shift;    /* partitions away from the right one; of x and h: µs added to the incarnation, when > 9 */
};

struct row {
    const char *name;
    const char *finding; /* NULL: none */
    struct forged records[10];
};

static void send(struct forge *forge, const char *prefix, const char *topic_name, struct str key, struct str value,
                 int64_t shift)
{
    struct bus_error error = {""};
    struct str name;
    const struct bus_topic *topic;
    assert_int_equal(arena_format(forge->arena, &name, "%s.%s", prefix, topic_name), STATUS_OK);
    assert_int_equal(bus_topic_open(forge->bus, name, &topic, &error), STATUS_OK);
    uint32_t count = bus_topic_partition_count(topic);
    struct bus_message message = {
        .topic = topic,
        .partition = (hash_partition(STR(ARN), count) + (uint32_t)shift) % count,
        .key = key,
        .value = value,
    };
    assert_int_equal(bus_producer_send(forge->producer, &message, &error), STATUS_OK);
}

static struct str encode(struct forge *forge, enum schema_id schema, enum record_id record, const void *value)
{
    struct str bytes = STR_NONE;
    assert_int_equal(codec_encode(forge->arena, CODEC_AVRO, schema, record, value, &bytes), STATUS_OK);
    return bytes;
}

static void send_event(struct forge *forge, const char *prefix, const struct forged *forged)
{
    struct history_event event;
    record_init(RECORD_history_event, &event);
    event.execution_arn = STR(ARN);
    event.incarnation = RUN_US + (forged->shift > 9 ? forged->shift : 0);
    event.id = forged->number;
    event.previous_event_id = forged->second;
    event.timestamp = event.incarnation + (forged->number < 0 ? 0 : 1000);
    event.type = str_of(forged->text);
    send(forge, prefix, "history", STR(ARN), encode(forge, SCHEMA_history_event, RECORD_history_event, &event),
         forged->shift > 9 ? 0 : forged->shift);
}

static void send_status(struct forge *forge, const char *prefix, const struct forged *forged)
{
    struct execution_status status;
    record_init(RECORD_execution_status, &status);
    status.execution_arn = STR(ARN);
    status.incarnation = RUN_US + forged->shift;
    status.version = forged->number;
    status.status = str_of(forged->text);
    status.start_date = RUN_US;
    struct str value = STR_NONE;
    if (forged->text != NULL) {
        value = encode(forge, SCHEMA_execution_status, RECORD_execution_status, &status);
    }
    send(forge, prefix, "executions", STR(ARN), value, 0);
}

static void send_request(struct forge *forge, const char *prefix, const struct forged *forged)
{
    struct task_request request;
    record_init(RECORD_task_request, &request);
    request.task_token = str_of(forged->text);
    request.execution_arn = STR(ARN);
    request.incarnation = RUN_US;
    request.parameters = STR("{}");
    send(forge, prefix, "tasks.f", STR(ARN), encode(forge, SCHEMA_task_request, RECORD_task_request, &request), forged->shift);
}

static void send_row(struct forge *forge, const char *prefix, const struct forged *forged)
{
    struct commit_row row;
    record_init(RECORD_commit_row, &row);
    row.sequence = forged->number;
    row.row_count = forged->second;
    row.commands_offset = forged->shift;
    bool commit = forged->text != NULL;
    struct str value = encode(forge, SCHEMA_state_row, RECORD_commit_row, &row);
    send(forge, prefix, "state", commit ? STR("c") : STR("u-row"), value, 0);
}

/* ---- The rows that go with a history ---- */

static void send_state(struct forge *forge, const char *prefix, const struct key *key, enum record_id record, const void *row)
{
    send(forge, prefix, "state", keys_published(key), encode(forge, SCHEMA_state_row, record, row), 0);
}

static enum execution_status_id status_after(const char *event)
{
    for (int status = 0; status < EXECUTION_STATUS_COUNT; status++) {
        static const char *const ends[EXECUTION_STATUS_COUNT] = {
            [EXECUTION_STATUS_SUCCEEDED] = "ExecutionSucceeded",
            [EXECUTION_STATUS_FAILED] = "ExecutionFailed",
        };
        if (ends[status] != NULL && strcmp(ends[status], event) == 0) {
            return (enum execution_status_id)status;
        }
    }
    return EXECUTION_STATUS_RUNNING;
}

static void send_timer(struct forge *forge, const char *prefix, const struct execution_id *id, int64_t frame)
{
    struct key key;
    struct timer_row row = {.phase_counter = 0};
    keys_timer(0, &(struct timer_key){LATER_MS, *id, frame}, &key);
    send_state(forge, prefix, &key, RECORD_timer_row, &row);
}

/* As if the execution of that event were in a Wait, or had ended. */
static void send_rows(struct forge *forge, const char *prefix, const struct forged *last)
{
    struct key key;
    struct execution_row row;
    struct name_row name = {.execution_arn = STR(ARN), .incarnation = RUN_US + (last->shift > 9 ? last->shift : 0)};
    struct execution_id id = execution_id_of(name.execution_arn, name.incarnation);
    record_init(RECORD_execution_row, &row);
    row.arn = name.execution_arn;
    row.incarnation = name.incarnation;
    row.status = status_after(last->text);
    row.last_event_id = last->number;
    row.last_time = name.incarnation;
    row.deadline_timer_due = LATER_MS * 1000;
    row.root.parent = FRAME_NO_PARENT;
    row.root.group = FRAME_NO_GROUP;
    row.root.phase = FRAME_GONE;
    if (row.status == EXECUTION_STATUS_RUNNING) {
        row.root.phase = FRAME_WAIT;
        row.root.deadline = LATER_MS * 1000;
        row.root.timer_due = LATER_MS * 1000;
        send_timer(forge, prefix, &id, FRAME_ROOT);
    }
    send_timer(forge, prefix, &id, -1);
    keys_execution(0, &id, &key);
    send_state(forge, prefix, &key, RECORD_execution_row, &row);
    keys_name(0, name.execution_arn, &key);
    send_state(forge, prefix, &key, RECORD_name_row, &name);
    send_row(forge, prefix, &(struct forged){'s', 1, "commit", 4 + (row.status == EXECUTION_STATUS_RUNNING), 0});
}

static void play(struct forge *forge, const char *prefix, const struct row *row)
{
    const struct forged *last = NULL;
    struct bus_error error = {""};
    struct str tasks;
    assert_int_equal(topics_create(forge->bus, str_of(prefix), 2, &error), STATUS_OK);
    assert_int_equal(arena_format(forge->arena, &tasks, "%s.tasks.f", prefix), STATUS_OK);
    const struct bus_topic_config config = {
        .name = tasks, .partition_count = 2, .retention_ms = -1, .max_message_bytes = 1000000};
    assert_int_equal(bus_topic_create(forge->bus, &config, &error), STATUS_OK);
    for (size_t at = 0; row->records[at].topic != '\0'; at++) {
        const struct forged *forged = &row->records[at];
        switch (forged->topic) {
        case 'h':
            last = forged;
            send_event(forge, prefix, forged);
            break;
        case 'x':
            send_status(forge, prefix, forged);
            break;
        case 't':
            send_request(forge, prefix, forged);
            break;
        case 's':
            send_row(forge, prefix, forged);
            break;
        default:
            send(forge, prefix, "history", STR(ARN), str_of(forged->text), 0);
        }
    }
    if (last != NULL) {
        send_rows(forge, prefix, last);
    }
    assert_int_equal(bus_producer_flush(forge->producer, 10000, &error), STATUS_OK);
}

static const struct row rows[] = {
    {"nothing", NULL, {{0}}},
    {"whole", NULL,
     {{'h', 1, "ExecutionStarted", 0, 0}, {'h', 2, "ExecutionSucceeded", 1, 0}, {'x', 1, "RUNNING", 0, 0},
      {'x', 2, "SUCCEEDED", 0, 0}, {0}}},
    {"running", NULL, {{'h', 1, "ExecutionStarted", 0, 0}, {'x', 1, "RUNNING", 0, 0}, {0}}},
    {"a task", NULL,
     {{'h', 1, "ExecutionStarted", 0, 0}, {'h', 2, "LambdaFunctionScheduled", 1, 0}, {'t', 0, "a", 0, 0},
      {'x', 1, "RUNNING", 0, 0}, {0}}},
    {"a task that could not be sent", NULL,
     {{'h', 1, "ExecutionStarted", 0, 0}, {'h', 2, "LambdaFunctionScheduled", 1, 0},
      {'h', 3, "LambdaFunctionScheduleFailed", 2, 0}, {'h', 4, "ExecutionFailed", 3, 0}, {'x', 4, "FAILED", 0, 0}, {0}}},
    {"a task that was sent all the same", "scheduled 0 tasks, and 1 were asked for",
     {{'h', 1, "ExecutionStarted", 0, 0}, {'h', 2, "TaskScheduled", 1, 0}, {'h', 3, "TaskSubmitFailed", 2, 0},
      {'t', 0, "a", 0, 0}, {'x', 1, "RUNNING", 0, 0}, {0}}},
    {"again", NULL,
     {{'h', 1, "ExecutionStarted", 0, 0}, {'h', 2, "ExecutionFailed", 1, 0}, {'h', 1, "ExecutionStarted", 0, 50000},
      {'x', 1, "RUNNING", 0, 50000}, {0}}},
    {"redriven", NULL,
     {{'h', 1, "ExecutionStarted", 0, 0}, {'h', 2, "ExecutionFailed", 1, 0}, {'h', 3, "ExecutionRedriven", 2, 0},
      {'x', 3, "RUNNING", 0, 0}, {0}}},
    {"changelog", NULL, {{'s', 1, "commit", 1, 0}, {'s', 0, NULL, 0, 0}, {'s', 2, "commit", 2, 0}, {0}}},
    {"gone", NULL, {{'x', 2, "SUCCEEDED", 0, 0}, {'x', 0, NULL, 0, 0}, {0}}},
    {"gap", "history: " ARN ": event 3 where 2 is due",
     {{'h', 1, "ExecutionStarted", 0, 0}, {'h', 3, "PassStateEntered", 1, 0}, {'x', 1, "RUNNING", 0, 0}, {0}}},
    {"twice", "history: " ARN ": event 1 where 2 is due",
     {{'h', 1, "ExecutionStarted", 0, 0}, {'h', 1, "ExecutionStarted", 0, 0}, {'x', 1, "RUNNING", 0, 0}, {0}}},
    {"begins late", "history: " ARN ": event 2 where 1 is due",
     {{'h', 2, "PassStateEntered", 0, 0}, {'x', 1, "RUNNING", 0, 0}, {0}}},
    {"names itself", "event 2 names event 2",
     {{'h', 1, "ExecutionStarted", 0, 0}, {'h', 2, "PassStateEntered", 2, 0}, {'x', 1, "RUNNING", 0, 0}, {0}}},
    {"after the end", "PassStateEntered after ExecutionSucceeded",
     {{'h', 1, "ExecutionStarted", 0, 0}, {'h', 2, "ExecutionSucceeded", 1, 0}, {'h', 3, "PassStateEntered", 1, 0},
      {'x', 2, "RUNNING", 0, 0}, {0}}},
    {"redriven after success", "history: " ARN ": ExecutionRedriven after ExecutionSucceeded",
     {{'h', 1, "ExecutionStarted", 0, 0}, {'h', 2, "ExecutionSucceeded", 1, 0}, {'h', 3, "ExecutionRedriven", 2, 0},
      {'x', 3, "RUNNING", 0, 0}, {0}}},
    {"redriven while it runs", "history: " ARN ": ExecutionRedriven before an end",
     {{'h', 1, "ExecutionStarted", 0, 0}, {'h', 2, "ExecutionRedriven", 1, 0}, {'x', 2, "RUNNING", 0, 0}, {0}}},
    {"no such type", "there is no event type Nothing", {{'h', 1, "Nothing", 0, 0}, {'x', 1, "RUNNING", 0, 0}, {0}}},
    {"elsewhere", "belongs on partition", {{'h', 1, "ExecutionStarted", 0, 1}, {0}}},
    {"wrong status", "offset 0: status: " ARN " is SUCCEEDED, and by its history FAILED",
     {{'h', 1, "ExecutionStarted", 0, 0}, {'h', 2, "ExecutionFailed", 1, 0}, {'x', 2, "SUCCEEDED", 0, 0}, {0}}},
    {"still running", "is RUNNING, and by its history FAILED",
     {{'h', 1, "ExecutionStarted", 0, 0}, {'h', 2, "ExecutionFailed", 1, 0}, {'x', 1, "RUNNING", 0, 0}, {0}}},
    {"wrong version", "offset 0: status: " ARN " ended with event 2, its status says 7",
     {{'h', 1, "ExecutionStarted", 0, 0}, {'h', 2, "ExecutionFailed", 1, 0}, {'x', 7, "FAILED", 0, 0}, {0}}},
    {"old status", "the status is of an earlier run", {{'h', 1, "ExecutionStarted", 0, 50000}, {'x', 1, "RUNNING", 0, 0}, {0}}},
    {"no history", "offset 0: status: " ARN " has a status, and no history", {{'x', 1, "RUNNING", 0, 0}, {0}}},
    {"lost task", "offset 1: task: " ARN " scheduled 1 tasks, and 0 were asked for",
     {{'h', 1, "ExecutionStarted", 0, 0}, {'h', 2, "TaskScheduled", 1, 0}, {'x', 1, "RUNNING", 0, 0}, {0}}},
    {"doubled task", "scheduled 1 tasks, and 2 were asked for",
     {{'h', 1, "ExecutionStarted", 0, 0}, {'h', 2, "TaskScheduled", 1, 0}, {'t', 0, "a", 0, 0}, {'t', 0, "b", 0, 0},
      {'x', 1, "RUNNING", 0, 0}, {0}}},
    {"same token", "was there before",
     {{'h', 1, "ExecutionStarted", 0, 0}, {'h', 2, "TaskScheduled", 1, 0}, {'t', 0, "a", 0, 0}, {'t', 0, "a", 0, 0},
      {'x', 1, "RUNNING", 0, 0}, {0}}},
    {"commit lost", "commit: commit 3 follows 1", {{'s', 1, "commit", 1, 0}, {'s', 3, "commit", 1, 0}, {0}}},
    {"row lost", "counts 3 rows, there are 2", {{'s', 1, "commit", 1, 0}, {'s', 0, NULL, 0, 0}, {'s', 2, "commit", 3, 0}, {0}}},
    {"torn", "offset 1: commit: 1 rows of the changelog lie behind its last commit", {{'s', 1, "commit", 1, 0}, {'s', 0, NULL, 0, 0}, {0}}},
    {"past the end", "ends at 0, and was read up to 5", {{'s', 1, "commit", 1, 5}, {0}}},
    {"back", "the inputs' positions go back", {{'s', 1, "commit", 1, 5}, {'s', 2, "commit", 1, 4}, {0}}},
    {"garbage", "readable: HistoryEvent: begins with byte", {{'?', 0, "garbage", 0, 0}, {0}}},
};

static void test_rows(void **state)
{
    struct forge *forge = *state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        char prefix[16];
        char command[128];
        snprintf(prefix, sizeof prefix, "v%zu", at);
        print_message("%s\n", rows[at].name);
        play(forge, prefix, &rows[at]);
        snprintf(command, sizeof command, "$P verify --text --set topics.prefix=%s --set retention.days=36500", prefix);
        const struct pawl_step step = {command, rows[at].finding == NULL ? 0 : 7, rows[at].finding};
        pawl_play(&forge->pawl, &step, 1);
    }
}

static int set_up(void **state)
{
    static struct forge forge;
    struct bus_error error = {""};
    char path[128];
    pawl_init(&forge.pawl);
    snprintf(path, sizeof path, "%s/state", forge.pawl.folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/state/bus", forge.pawl.folder);
    const struct bus_local_options options = {.path = path, .memory_bytes = 16 * 1024 * 1024};
    if (bus_local_open(&options, &forge.bus, &error) != STATUS_OK) {
        return 1;
    }
    snprintf(path, sizeof path, "%s/state/socket", forge.pawl.folder);
    if (bus_local_serve(forge.bus, path, &error) != STATUS_OK ||
        bus_producer_open(forge.bus, &forge.producer, &error) != STATUS_OK) {
        return 1;
    }
    forge.arena = arena_create(16 * 1024 * 1024);
    *state = &forge;
    return 0;
}

static int tear_down(void **state)
{
    struct forge *forge = *state;
    bus_producer_close(forge->producer);
    bus_close(forge->bus);
    arena_destroy(forge->arena);
    pawl_clear(&forge->pawl);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
