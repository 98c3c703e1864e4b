/* `pawl verify` over what the engine itself wrote, executions in all the states that last: nothing is found; then one row after
 * the other is spoilt in the changelog, and each time that is. */
#include "asl/frame.h"
#include "asl/token.h"
#include "base/hash.h"
#include "bus/bus_local.h"
#include "pawl.h"
#include "schemas/codec/codec.h"
#include "schemas/execution_statuses.h"
#include "state/keys.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#define ROWS_MAX 400
#define CHANGES_MAX 8
#define HOUR_MS (3600LL * 1000)
#define ARN "arn:aws:states:us-east-1:000000000000:execution:"

static const struct {
    const char *file;
    const char *definition;
} machines[] = {
    {"wait.json", "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":3600,\"End\":true}}}"},
    {"task.json", "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:1:function:idle\","
                  "\"TimeoutSeconds\":3600,\"HeartbeatSeconds\":600,\"End\":true}}}"},
    {"patient.json", "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\","
                     "\"Resource\":\"arn:aws:states:::sqs:sendMessage.waitForTaskToken\","
                     "\"Parameters\":{\"QueueUrl\":\"q\",\"MessageBody\":{\"t.$\":\"$$.Task.Token\"}},\"End\":true}}}"},
    {"retry.json", "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:1:function:bad\","
                   "\"Retry\":[{\"ErrorEquals\":[\"States.ALL\"],\"IntervalSeconds\":3600}],\"End\":true}}}"},
    {"bad.json", "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:1:function:bad\","
                 "\"End\":true}}}"},
    {"both.json", "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"End\":true,\"Branches\":["
                  "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:1:function:bad\","
                  "\"End\":true}}},"
                  "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":3600,\"End\":true}}}]}}}"},
    {"each.json", "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"MaxConcurrency\":2,\"ItemsPath\":\"$\",\"End\":true,"
                  "\"ItemProcessor\":{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":3600,\"End\":true}}}}}}"},
    {"done.json", "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"End\":true,\"Branches\":["
                  "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}]}}}"},
    {"person.json", "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\","
                    "\"Resource\":\"arn:aws:states:us-east-1:000000000000:activity:approve\",\"End\":true}}}"},
};

/* Everything that lasts, each execution called by its machine's name but for what is redriven: "<machine>-again". */
static const struct pawl_step steps[] = {
    /* CreateActivity of "approve" */
    {"echo '{\"key\":\"YXJuOmF3czpzdGF0ZXM6dXMtZWFzdC0xOjAwMDAwMDAwMDAwMDphY3Rpdml0eTphcHByb3Zl\",'"
     "'\"value\":\"eyJvcGVyYXRpb24iOiJDcmVhdGVBY3Rpdml0eSIsIm5hbWUiOiJhcHByb3ZlIn0\"}' | "
     "$P topics write --topic pawl.commands",
     0, "\"partition\":0"},
    {"$P define wait.json && $P define task.json && $P define patient.json && $P define retry.json && $P define bad.json", 0, NULL},
    {"$P define both.json && $P define each.json && $P define done.json && $P define person.json", 0, NULL},
    {"$P define wait.json --name quick --type EXPRESS", 0, NULL},
    {"for m in wait task patient retry bad both done person quick; do $P start $m --name $m || exit 1; done", 0, NULL},
    {"$P start each --name each --input '[1,2,3]' && $P start wait --name stopped && $P stop wait/stopped", 0, NULL},
    {"$P start bad --name bad-again && $P start both --name both-again", 0, NULL},
    {"$P worker --task bad --exec 'exit 1' --jobs 8 --until-idle 1", 0, NULL},
    {"$P redrive bad/bad-again && $P redrive both/both-again", 0, NULL},
    {"$P list --count --text", 0, "RUNNING          9\n"},
    {"$P verify --json", 0, "\"broken\":0,\"parked\":0,\"late\":0}"},
};

struct live_row {
    struct str key;
    struct str value;
    int64_t offset;
};

struct world {
    struct pawl pawl;
    struct bus *bus;
    struct bus_producer *producer;
    const struct bus_topic *state;
    const struct bus_topic *commands;
    struct codec *codec;
    struct arena *arena;
    struct live_row rows[ROWS_MAX];
    size_t row_count;
    struct commit_row commit;
    struct str changed[CHANGES_MAX]; /* keys, and what they held; STR_NONE: nothing */
    struct str before[CHANGES_MAX];
    size_t change_count;
    struct str place; /* the key whose row is found to be wrong; STR_NONE: it is another topic's */
};

/* ---- The changelog ---- */

static struct live_row *row_at(struct world *world, struct str key)
{
    for (size_t at = 0; at < world->row_count; at++) {
        if (str_equal(world->rows[at].key, key)) {
            return &world->rows[at];
        }
    }
    return NULL;
}

static void *decode(struct world *world, struct str value)
{
    enum record_id type;
    void *row;
    struct codec_error error;
    assert_int_equal(codec_decode(world->codec, world->arena, SCHEMA_state_row, value, &type, &row, &error), STATUS_OK);
    return row;
}

static void keep(struct world *world, struct str key, struct str value, int64_t offset)
{
    struct live_row *row = row_at(world, key);
    if (row == NULL) {
        assert_true(world->row_count < ROWS_MAX);
        row = &world->rows[world->row_count++];
        assert_int_equal(arena_copy(world->arena, key, &row->key), STATUS_OK);
    }
    row->value = STR_NONE;
    if (value.bytes != NULL) {
        assert_int_equal(arena_copy(world->arena, value, &row->value), STATUS_OK);
    }
    row->offset = offset;
}

static void load(struct world *world)
{
    struct bus_error error;
    struct bus_reader *reader;
    struct bus_record record;
    int64_t begin;
    int64_t end;
    assert_int_equal(bus_bounds(world->bus, world->state, 0, true, &begin, &end, &error), STATUS_OK);
    assert_int_equal(bus_reader_open(world->bus, world->state, 0, begin, &reader, &error), STATUS_OK);
    while (bus_reader_next(reader, 200, &record, &error) == STATUS_OK) {
        keep(world, record.key, record.value, record.offset);
    }
    bus_reader_close(reader);
    world->commit = *(struct commit_row *)decode(world, row_at(world, STR("c"))->value);
}

static void write_row(struct world *world, struct str key, struct str value)
{
    struct bus_error error;
    int64_t begin;
    int64_t end;
    const struct bus_message message = {.topic = world->state, .partition = 0, .key = key, .value = value};
    assert_int_equal(bus_producer_flush(world->producer, 10000, &error), STATUS_OK);
    assert_int_equal(bus_bounds(world->bus, world->state, 0, true, &begin, &end, &error), STATUS_OK);
    assert_int_equal(bus_producer_send(world->producer, &message, &error), STATUS_OK);
    keep(world, key, value, end);
}

static struct str encode(struct world *world, enum record_id record, const void *row)
{
    struct str bytes = STR_NONE;
    assert_int_equal(codec_encode(world->arena, CODEC_AVRO, SCHEMA_state_row, record, row, &bytes), STATUS_OK);
    return bytes;
}

static void commit(struct world *world, size_t rows)
{
    struct bus_error error;
    world->commit.sequence++;
    world->commit.row_count = (int64_t)rows + 1;
    write_row(world, STR("c"), encode(world, RECORD_commit_row, &world->commit));
    assert_int_equal(bus_producer_flush(world->producer, 10000, &error), STATUS_OK);
}

/* ---- What a fault changes ---- */

static void change(struct world *world, const struct key *key, struct str value)
{
    struct str published;
    assert_int_equal(arena_copy(world->arena, keys_published(key), &published), STATUS_OK);
    const struct live_row *row = row_at(world, published);
    assert_true(world->change_count < CHANGES_MAX);
    world->before[world->change_count] = row == NULL ? STR_NONE : row->value;
    world->changed[world->change_count++] = published;
    write_row(world, published, value);
    world->place = published;
}

static void undo(struct world *world)
{
    size_t count = world->change_count;
    while (world->change_count > 0) {
        world->change_count--;
        write_row(world, world->changed[world->change_count], world->before[world->change_count]);
    }
    commit(world, count);
}

/* The execution of that name, to be changed. */
static struct execution_row *find(struct world *world, const char *name, struct execution_id *out_id)
{
    for (size_t at = 0; at < world->row_count; at++) {
        if (world->rows[at].key.bytes[0] == KEY_EXECUTION && world->rows[at].value.bytes != NULL) {
            struct execution_row *row = decode(world, world->rows[at].value);
            size_t length = strlen(name);
            struct str tail = str_from(row->arn, row->arn.length - length);
            bool named = str_equal(tail, str_of(name)) && row->arn.bytes[row->arn.length - length - 1] == ':';
            if (named || (row->express && strcmp(name, "quick") == 0)) {
                *out_id = execution_id_of(row->arn, row->incarnation);
                return row;
            }
        }
    }
    fail_msg("no execution %s", name);
    return NULL;
}

/* The first of its frames below the root that is in that phase. */
static struct frame_row *find_frame(struct world *world, const struct execution_id *id, enum frame_phase phase)
{
    struct key key;
    keys_of_execution(0, KEY_FRAME, id, &key);
    struct str prefix = keys_published(&key);
    for (size_t at = 0; at < world->row_count; at++) {
        const struct live_row *live = &world->rows[at];
        if (live->value.bytes != NULL && live->key.length > prefix.length &&
            memcmp(live->key.bytes, prefix.bytes, prefix.length) == 0) {
            struct frame_row *row = decode(world, live->value);
            if (row->phase == (int64_t)phase) {
                return row;
            }
        }
    }
    fail_msg("no such frame");
    return NULL;
}

static void put(struct world *world, const struct execution_id *id, const struct execution_row *row)
{
    struct key key;
    keys_execution(0, id, &key);
    change(world, &key, encode(world, RECORD_execution_row, row));
}

static void put_frame(struct world *world, const struct execution_id *id, const struct frame_row *row)
{
    struct key key;
    keys_frame(0, id, row->id, &key);
    change(world, &key, encode(world, RECORD_frame_row, row));
}

static void put_timer(struct world *world, const struct execution_id *id, int64_t frame, int64_t due_ms)
{
    struct key key;
    const struct timer_row row = {.phase_counter = 1};
    keys_timer(0, &(struct timer_key){due_ms, *id, frame}, &key);
    change(world, &key, encode(world, RECORD_timer_row, &row));
}

static void drop_timer(struct world *world, const struct execution_id *id, int64_t frame, int64_t due_us)
{
    struct key key;
    keys_timer(0, &(struct timer_key){due_us / 1000, *id, frame}, &key);
    change(world, &key, STR_NONE);
}

static void at_execution(struct world *world, const struct execution_id *id)
{
    struct key key;
    keys_execution(0, id, &key);
    assert_int_equal(arena_copy(world->arena, keys_published(&key), &world->place), STATUS_OK);
}

/* ---- Faults ---- */

static void no_row(struct world *world)
{
    struct execution_id id;
    struct key key;
    find(world, "wait", &id);
    keys_execution(0, &id, &key);
    change(world, &key, STR_NONE);
    world->place = STR_NONE;
}

static void another_event(struct world *world)
{
    struct execution_id id;
    struct execution_row *row = find(world, "wait", &id);
    row->last_event_id++;
    put(world, &id, row);
}

static void ended_row(struct world *world)
{
    struct execution_id id;
    struct execution_row *row = find(world, "wait", &id);
    row->status = EXECUTION_STATUS_FAILED;
    put(world, &id, row);
}

static void no_history(struct world *world)
{
    struct execution_id id;
    struct execution_row *row = find(world, "wait", &id);
    row->incarnation++;
    id = execution_id_of(row->arn, row->incarnation);
    put(world, &id, row);
}

static void free_name(struct world *world)
{
    struct execution_id id;
    struct key key;
    keys_name(0, find(world, "wait", &id)->arn, &key);
    change(world, &key, STR_NONE);
    at_execution(world, &id);
}

static void idle_name(struct world *world)
{
    struct key key;
    const struct name_row name = {.execution_arn = STR("arn:nobody"), .incarnation = 1};
    keys_name(0, name.execution_arn, &key);
    change(world, &key, encode(world, RECORD_name_row, &name));
}

static void left_payload(struct world *world)
{
    struct execution_id id;
    struct key key;
    const struct payload_row row = {.text = STR("1")};
    find(world, "done", &id);
    keys_payload(0, &id, &(struct payload_id){.scope = 1, .slot = PAYLOAD_OUTPUT}, &key);
    change(world, &key, encode(world, RECORD_payload_row, &row));
}

static void left_frame(struct world *world)
{
    struct execution_id from;
    struct execution_id id;
    find(world, "both", &from);
    find(world, "done", &id);
    put_frame(world, &id, find_frame(world, &from, FRAME_DOWN));
}

static void orphan(struct world *world)
{
    struct execution_id id;
    find(world, "both", &id);
    struct frame_row *frame = find_frame(world, &id, FRAME_DOWN);
    id.bytes[0] ^= 1;
    put_frame(world, &id, frame);
}

static void left_express(struct world *world)
{
    struct execution_id id;
    struct execution_row *row = find(world, "quick", &id);
    row->status = EXECUTION_STATUS_SUCCEEDED;
    put(world, &id, row);
}

static void no_end_timer(struct world *world)
{
    struct execution_id id;
    drop_timer(world, &id, -1, find(world, "wait", &id)->deadline_timer_due);
    find(world, "wait", &id);
    at_execution(world, &id);
}

static void no_cleaner(struct world *world)
{
    struct execution_id id;
    int64_t due = find(world, "stopped", &id)->deadline_timer_due;
    drop_timer(world, &id, -1, due);
    at_execution(world, &id);
}

static void no_timer_row(struct world *world)
{
    struct execution_id id;
    int64_t due = find(world, "wait", &id)->root.timer_due;
    drop_timer(world, &id, FRAME_ROOT, due);
    at_execution(world, &id);
}

static void no_timer(struct world *world)
{
    struct execution_id id;
    struct execution_row *row = find(world, "retry", &id);
    drop_timer(world, &id, FRAME_ROOT, row->root.timer_due);
    row->root.timer_due = RECORD_NONE;
    put(world, &id, row);
}

static void no_task_timer(struct world *world)
{
    struct execution_id id;
    struct execution_row *row = find(world, "task", &id);
    drop_timer(world, &id, FRAME_ROOT, row->root.timer_due);
    row->root.timer_due = RECORD_NONE;
    put(world, &id, row);
}

static void late_timer(struct world *world)
{
    struct execution_id id;
    struct execution_row *row = find(world, "task", &id);
    drop_timer(world, &id, FRAME_ROOT, row->root.timer_due);
    row->root.timer_due = row->root.deadline; /* the heartbeat is missed before */
    put_timer(world, &id, FRAME_ROOT, row->root.timer_due / 1000);
    put(world, &id, row);
}

static void idle_timer(struct world *world)
{
    struct execution_id id;
    find(world, "wait", &id);
    put_timer(world, &id, FRAME_ROOT, 1);
}

/* Moves the Wait's timer into the past. */
static void overdue(struct world *world)
{
    struct execution_id id;
    struct execution_row *row = find(world, "wait", &id);
    int64_t due_ms = bus_now_ms(world->bus) - HOUR_MS;
    drop_timer(world, &id, FRAME_ROOT, row->root.timer_due);
    row->root.timer_due = due_ms * 1000;
    put(world, &id, row);
    put_timer(world, &id, FRAME_ROOT, due_ms);
}

static void overdue_and_parked(struct world *world)
{
    struct execution_id id;
    overdue(world);
    struct execution_row *row = find(world, "wait", &id);
    row->parked = STR("it broke");
    put(world, &id, row);
}

/* That, and another as late, which the last commit fires. */
static void catching_up(struct world *world)
{
    struct execution_id id;
    int64_t due_ms = bus_now_ms(world->bus) - HOUR_MS;
    find(world, "stopped", &id);
    put_timer(world, &id, 1, due_ms);
    overdue(world);
    commit(world, world->change_count);
    drop_timer(world, &id, 1, due_ms * 1000);
}

static void other_token(struct world *world)
{
    struct execution_id id;
    struct execution_row *row = find(world, "patient", &id);
    row->root.token_bits = STR("0123456789abcdef");
    put(world, &id, row);
}

static void no_token(struct world *world)
{
    struct execution_id id;
    struct execution_row *row = find(world, "person", &id);
    row->root.token_bits = STR_NONE;
    put(world, &id, row);
}

static void no_frame(struct world *world)
{
    struct execution_id id;
    struct key key;
    find(world, "each", &id);
    struct frame_row *frame = find_frame(world, &id, FRAME_WAIT);
    drop_timer(world, &id, frame->id, frame->timer_due);
    keys_frame(0, &id, frame->id, &key);
    change(world, &key, STR_NONE);
    at_execution(world, &id);
}

static void all_done(struct world *world)
{
    struct execution_id id;
    struct execution_row *row = find(world, "each", &id);
    row->root.child_started = row->root.child_count;
    row->root.child_done = row->root.child_count;
    put(world, &id, row);
}

static void no_more(struct world *world)
{
    struct execution_id id;
    struct execution_row *row = find(world, "each", &id);
    row->root.child_limit = 3;
    put(world, &id, row);
}

static void down(struct world *world)
{
    struct execution_id id;
    find(world, "both-again", &id);
    struct frame_row *frame = find_frame(world, &id, FRAME_TASK);
    frame->phase = FRAME_DOWN;
    put_frame(world, &id, frame);
}

static void not_redriven(struct world *world)
{
    struct execution_id id;
    find(world, "both-again", &id);
    struct frame_row *frame = find_frame(world, &id, FRAME_TASK);
    frame->redrive = RECORD_NONE;
    put_frame(world, &id, frame);
}

static void no_continuation(struct world *world)
{
    struct execution_id id;
    struct execution_row *row = find(world, "bad-again", &id);
    row->root.phase = FRAME_REDRIVE;
    put(world, &id, row);
}

static void no_status(struct world *world)
{
    struct execution_id id;
    struct execution_row *row = find(world, "wait", &id);
    row->status = INT32_MAX;
    put(world, &id, row);
}

static void no_phase(struct world *world)
{
    struct execution_id id;
    struct execution_row *row = find(world, "wait", &id);
    row->root.phase = -1;
    put(world, &id, row);
}

static void no_count(struct world *world)
{
    struct execution_id id;
    struct execution_row *row = find(world, "each", &id);
    row->root.child_started = INT64_MAX;
    row->root.child_done = -2;
    put(world, &id, row);
}

static void no_time(struct world *world)
{
    struct execution_id id;
    find(world, "wait", &id);
    put_timer(world, &id, FRAME_ROOT, INT64_MIN);
}

static void another_row(struct world *world)
{
    struct key key;
    struct execution_id id;
    const struct name_row name = {.execution_arn = STR("arn:nobody"), .incarnation = 1};
    find(world, "wait", &id);
    keys_execution(0, &id, &key);
    change(world, &key, encode(world, RECORD_name_row, &name));
}

static const struct {
    const char *name;
    void (*plant)(struct world *world);
    const char *finding; /* in the row's place, or anywhere for a topic's; NULL: none, then */
    const char *note;
} faults[] = {
    {"the row of a running execution is gone", no_row, ARN "wait:wait runs, and has no row", NULL},
    {"another last event", another_event, "row: " ARN "wait:wait: its last event is 3", NULL},
    {"another status", ended_row, "row: " ARN "wait:wait is FAILED, and by its history RUNNING", NULL},
    {"no history", no_history, "row: an execution has a row, and no history", NULL},
    {"the name is free", free_name, "row: " ARN "wait:wait: its name is free", NULL},
    {"a name is left", idle_name, "left: a name of an execution that is not there", NULL},
    {"a payload is left", left_payload, "left: " ARN "done:done has ended, and a payload of it is left", NULL},
    {"a frame is left", left_frame, "left: " ARN "done:done has ended, and a frame of it is left", NULL},
    {"a frame of nobody", orphan, "left: a frame of an execution that is not there", NULL},
    {"Express is left", left_express, "has ended, and was Express", NULL},
    {"no end", no_end_timer, "timer: " ARN "wait:wait has no timer for its end", NULL},
    {"never forgotten", no_cleaner, "timer: " ARN "wait:stopped has no timer that forgets it", NULL},
    {"a timer row is gone", no_timer_row, ARN "wait:wait: frame 0 waits for a timer that is not there", NULL},
    {"a retry without a timer", no_timer, ARN "retry:retry: frame 0 waits for a time, and has no timer", NULL},
    {"a time-out without a timer", no_task_timer, ARN "task:task: frame 0 waits for a time, and has no timer", NULL},
    {"a timer that is too late", late_timer, ARN "task:task: frame 0 has a timer that is later than what it waits for", NULL},
    {"a timer of nobody", idle_timer, ARN "wait:wait: nobody waits for the timer", NULL},
    {"overdue", overdue, "timer: a timer of " ARN "wait:wait, frame 0, is overdue by 36", NULL},
    {"overdue and parked", overdue_and_parked, NULL, ARN "wait:wait is parked"},
    {"overdue, and it is being worked off", catching_up, NULL, "1 timers are late, by up to 36"},
    {"a task that was not asked for", other_token, ARN "patient:patient: frame 0 waits for a task that was never asked for", NULL},
    {"a task without a token", no_token, ARN "person:person: frame 0 is at a task, and nobody can answer it", NULL},
    {"an iteration is gone", no_frame, ARN "each:each: frame 0 waits for 2 children, and there are 1", NULL},
    {"all iterations are done", all_done, ARN "each:each: frame 0 waits for children that are all done", NULL},
    {"an iteration is not started", no_more, ARN "each:each: frame 0 is to start children, and no timer makes it", NULL},
    {"a branch is down", down, "is down, and what is around it waits for it", NULL},
    {"a branch was not redriven", not_redriven, "was not redriven, and nothing comes to it", NULL},
    {"a status that is none", no_status, "row: " ARN "wait:wait has a status that is none", NULL},
    {"a phase that is none", no_phase, "wait: " ARN "wait:wait: frame 0 is in no phase that there is", NULL},
    {"a count that is none", no_count, "wait: " ARN "each:each: frame 0 has lost count of its children", NULL},
    {"a time that is none", no_time, "timer: " ARN "wait:wait: nobody waits for the timer", NULL},
    {"no continuation", no_continuation, ARN "bad:bad-again: frame 0 is to go on, and no timer makes it", NULL},
};

/* ---- The runs ---- */

static void expect(struct world *world, const char *finding, const char *note)
{
    struct str place = STR_NONE;
    struct live_row *row = world->place.bytes == NULL ? NULL : row_at(world, world->place);
    int code = pawl_run(&world->pawl, "$P verify --text --set topics.prefix=pawl");
    if (row != NULL) {
        assert_int_equal(arena_format(world->arena, &place, "pawl.state, partition 0, offset %" PRId64 ": ", row->offset), STATUS_OK);
    }
    const char *at = finding == NULL ? NULL : strstr(world->pawl.output, finding);
    const char *line = at;
    while (line != NULL && line > world->pawl.output && line[-1] != '\n') {
        line--;
    }
    if (code != (finding == NULL ? 0 : 7) || (finding != NULL && at == NULL) ||
        (line != NULL && place.bytes != NULL && strncmp(line, place.bytes, place.length) != 0) ||
        (note != NULL && strstr(world->pawl.output, note) == NULL)) {
        fail_msg("exit code %d\n%s\nexpected %s%s%s", code, world->pawl.output, place.bytes == NULL ? "" : place.bytes,
                 finding == NULL ? "nothing" : finding, note == NULL ? "" : note);
    }
}

static void open_topics(struct world *world)
{
    struct bus_error error = {""};
    char path[128];
    snprintf(path, sizeof path, "%s/state/bus", world->pawl.folder);
    const struct bus_local_options options = {.path = path, .memory_bytes = 16 * 1024 * 1024};
    assert_int_equal(bus_local_open(&options, &world->bus, &error), STATUS_OK);
    snprintf(path, sizeof path, "%s/state/socket", world->pawl.folder);
    assert_int_equal(bus_local_serve(world->bus, path, &error), STATUS_OK);
    assert_int_equal(bus_producer_open(world->bus, &world->producer, &error), STATUS_OK);
    assert_int_equal(bus_topic_open(world->bus, STR("pawl.state"), &world->state, &error), STATUS_OK);
    assert_int_equal(bus_topic_open(world->bus, STR("pawl.commands"), &world->commands, &error), STATUS_OK);
}

static void test_faults(struct world *world)
{
    for (size_t at = 0; at < sizeof faults / sizeof *faults; at++) {
        print_message("%s\n", faults[at].name);
        int64_t expected = world->commit.sequence;
        faults[at].plant(world);
        /* Rows that a fault has committed by itself don't count in the next commit. */
        commit(world, world->commit.sequence == expected ? world->change_count : 1);
        expect(world, faults[at].finding, faults[at].note);
        undo(world);
    }
    expect(world, NULL, NULL);
}

/* Whose input lies unread may be late. */
static void test_unread(struct world *world)
{
    struct bus_error error;
    const struct bus_message message = {.topic = world->commands, .key = STR("k"), .value = STR("{}")};
    assert_int_equal(bus_producer_send(world->producer, &message, &error), STATUS_OK);
    overdue(world);
    commit(world, world->change_count);
    expect(world, NULL, "1 timers are late, by up to 36");
    expect(world, NULL, "while commands or results are unread");
    undo(world);
}

static void trim(struct world *world, const char *name, bool whole)
{
    struct bus_error error = {""};
    const struct bus_topic *topic;
    int64_t begin;
    int64_t end;
    assert_int_equal(bus_topic_open(world->bus, str_of(name), &topic, &error), STATUS_OK);
    assert_int_equal(bus_bounds(world->bus, topic, 0, true, &begin, &end, &error), STATUS_OK);
    assert_int_equal(bus_trim(world->bus, topic, 0, whole ? end : begin + (end - begin) / 2, &error), STATUS_OK);
    print_message("%s is trimmed\n", name);
    expect(world, NULL, NULL);
}

/* The answer to the task of "task"; until it is read, nothing is wrong with it. */
static void test_answered(struct world *world)
{
    struct bus_error error = {""};
    const struct bus_topic *results;
    struct execution_id id;
    struct task_succeeded answer = {.output = STR("1")};
    struct str value;
    int64_t begin;
    const struct execution_row *row = find(world, "task", &id);
    struct token token = {.arn_murmur2 = hash_murmur2(row->arn), .execution = id, .attempt = (uint32_t)row->root.retry_total};
    memcpy(token.bits, row->root.token_bits.bytes, TOKEN_BITS_BYTES);
    assert_int_equal(token_encode(world->arena, &token, &answer.task_token), STATUS_OK);
    assert_int_equal(codec_encode(world->arena, CODEC_AVRO, SCHEMA_task_result, RECORD_task_succeeded, &answer, &value), STATUS_OK);
    assert_int_equal(bus_topic_open(world->bus, STR("pawl.results"), &results, &error), STATUS_OK);
    const struct bus_message message = {.topic = results, .key = row->arn, .value = value};
    assert_int_equal(bus_producer_send(world->producer, &message, &error), STATUS_OK);
    assert_int_equal(bus_producer_flush(world->producer, 10000, &error), STATUS_OK);
    expect(world, NULL, NULL);
    assert_int_equal(bus_bounds(world->bus, results, 0, true, &begin, &world->commit.results_offset, &error), STATUS_OK);
    commit(world, 0);
    world->place = STR_NONE;
    expect(world, ": wait: " ARN "task:task: frame 0 waits for a task whose answer was read", NULL);
    assert_non_null(strstr(world->pawl.output, "pawl.results, partition 0, offset "));
    trim(world, "pawl.results", true);
}

/* It stays in the log whatever is done. */
static void test_another_row(struct world *world)
{
    another_row(world);
    commit(world, world->change_count);
    expect(world, "readable: is not the row that its key says", NULL);
}

static void test_all(void **state)
{
    struct world *world = *state;
    char command[2048];
    for (size_t at = 0; at < sizeof machines / sizeof *machines; at++) {
        snprintf(command, sizeof command, "printf '%%s' '%s' > %s", machines[at].definition, machines[at].file);
        assert_int_equal(pawl_run(&world->pawl, command), 0);
    }
    pawl_start_dev(&world->pawl, "--set topics.partitions=1");
    pawl_play(&world->pawl, steps, sizeof steps / sizeof *steps);
    print_message("%s\n", world->pawl.output);
    assert_int_equal(pawl_stop_dev(&world->pawl, SIGTERM), 0);
    open_topics(world);
    load(world);
    expect(world, NULL, NULL);
    test_faults(world);
    test_unread(world);
    test_answered(world);
    trim(world, "pawl.tasks.idle", true);
    trim(world, "pawl.history", false);
    trim(world, "pawl.history", true);
    test_another_row(world);
}

static int set_up(void **state)
{
    static struct world world;
    pawl_init(&world.pawl);
    world.arena = arena_create(256 * 1024 * 1024);
    *state = &world;
    return codec_create(&world.codec) == STATUS_OK && world.arena != NULL ? 0 : 1;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    if (world->producer != NULL) {
        bus_producer_close(world->producer);
    }
    if (world->bus != NULL) {
        bus_close(world->bus);
    }
    codec_destroy(world->codec);
    arena_destroy(world->arena);
    pawl_clear(&world->pawl);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
