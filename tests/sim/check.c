/* The invariants (design, section 12), looked at from outside: topics and disks. */
#include "play.h"
#include "world.h"

#include "asl/interpreter.h"
#include "base/assert.h"
#include "base/hash.h"
#include "state/keys.h"
#include "state/restore.h"
#include "state/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define EXECUTIONS_MAX 400

struct execution {
    struct str arn;
    int64_t incarnation;
    int64_t last_id;
    struct str input;
    struct str end_type; /* of the event that ended it; STR_NONE: none */
    struct str end_output;
    struct str end_error;
    int64_t scheduled; /* …Scheduled events */
    int64_t tasks;     /* visible requests */
    int64_t accepted;  /* replies that name it */
    struct str status; /* of its status record; STR_NONE: none */
    int64_t transitions;
};

struct view {
    struct world *world;
    struct arena *arena;
    struct execution executions[EXECUTIONS_MAX];
    size_t count;
};

/* ---- Reading topics as they are committed ---- */

typedef void (*each_fn)(struct view *view, const struct bus_record *record);

static void each_visible(struct view *view, struct topic *topic, uint32_t partition, each_fn each)
{
    struct log *log = &topic->logs[partition];
    for (size_t at = 0; at < log->count; at++) {
        if (log_is_visible(log, at)) {
            each(view, &log->items[at].record);
        }
    }
}

static void each_of(struct view *view, const char *name, each_fn each)
{
    struct topic *topic = broker_topic(view->world->broker, name);
    for (uint32_t partition = 0; partition < topic->base.partition_count; partition++) {
        each_visible(view, topic, partition, each);
    }
}

static const void *decode(struct view *view, enum schema_id schema, const struct bus_record *record)
{
    enum record_id id;
    void *value;
    struct codec_error error;
    if (codec_decode(view->world->codec, view->arena, schema, record->value, &id, &value, &error) != STATUS_OK) {
        world_fail(view->world, "%.*s-%u@%lld can't be read: %.*s", STR_ARGS(record->topic->name), record->partition,
                   (long long)record->offset, STR_ARGS(error.message));
        return NULL;
    }
    return value;
}

static struct execution *find(struct view *view, struct str arn, int64_t incarnation)
{
    for (size_t at = 0; at < view->count; at++) {
        if (view->executions[at].incarnation == incarnation && str_equal(view->executions[at].arn, arn)) {
            return &view->executions[at];
        }
    }
    return NULL;
}

static void see_history(struct view *view, const struct bus_record *record)
{
    const struct history_event *event = decode(view, SCHEMA_history_event, record);
    if (event == NULL) {
        return;
    }
    struct execution *execution = find(view, event->execution_arn, event->incarnation);
    if (execution == NULL) {
        ASSERT(view->count < EXECUTIONS_MAX);
        execution = &view->executions[view->count++];
        *execution = (struct execution){.arn = event->execution_arn, .incarnation = event->incarnation};
    }
    if (event->id != execution->last_id + 1) {
        world_fail(view->world, "history of %.*s: event %" PRId64 " (%.*s) follows %" PRId64,
                   STR_ARGS(event->execution_arn), event->id, STR_ARGS(event->type), execution->last_id);
    }
    if (execution->end_type.bytes != NULL) {
        world_fail(view->world, "history of %.*s goes on after its end with %.*s", STR_ARGS(event->execution_arn),
                   STR_ARGS(event->type));
    }
    if (record->partition != hash_partition(event->execution_arn, view->world->partition_count)) {
        world_fail(view->world, "%.*s is on partition %u", STR_ARGS(event->execution_arn), record->partition);
    }
    execution->last_id = event->id;
    if (event->id == 1) {
        execution->input = event->input;
    }
    execution->scheduled += str_ends_with(event->type, STR("Scheduled"));
    execution->scheduled -=
        str_ends_with(event->type, STR("ScheduleFailed")) || str_equal(event->type, STR("TaskSubmitFailed"));
    if (str_starts_with(event->type, STR("Execution")) && event->id > 1) {
        execution->end_type = event->type;
        execution->end_output = event->output;
        execution->end_error = event->error;
    }
}

/* ---- Settled? ---- */

static bool inputs_are_done(struct world *world)
{
    static const char *const names[2] = {"pawl.commands", "pawl.results"};
    for (int input = 0; input < 2; input++) {
        struct topic *topic = broker_topic(world->broker, names[input]);
        for (uint32_t partition = 0; partition < world->partition_count; partition++) {
            struct log *log = &topic->logs[partition];
            int64_t next = broker_committed(world->broker, partition).next[input];
            for (size_t at = 0; at < log->count; at++) {
                if (log_is_visible(log, at) && (int64_t)at >= next) {
                    return false;
                }
            }
        }
    }
    return true;
}

bool world_is_settled(struct world *world)
{
    if (!play_is_over(world) || broker_open_count(world->broker) > 0 || !inputs_are_done(world)) {
        return false;
    }
    struct view *view = calloc(1, sizeof *view);
    view->world = world;
    view->arena = arena_create((size_t)1 << 30);
    each_of(view, "pawl.history", see_history);
    bool settled = true;
    for (size_t at = 0; at < view->count; at++) {
        if (view->executions[at].end_type.bytes == NULL) {
            world_trace(world, "open: %.*s after event %" PRId64, STR_ARGS(view->executions[at].arn),
                        view->executions[at].last_id);
            settled = false;
        }
    }
    arena_destroy(view->arena);
    free(view);
    return settled && world->failure[0] == 0;
}

/* ---- Executions ---- */

static void see_status(struct view *view, const struct bus_record *record)
{
    if (record->value.bytes == NULL) {
        return;
    }
    const struct execution_status *status = decode(view, SCHEMA_execution_status, record);
    if (status == NULL) {
        return;
    }
    struct execution *execution = find(view, status->execution_arn, status->incarnation);
    if (execution == NULL) {
        world_fail(view->world, "%.*s has a status but no history", STR_ARGS(status->execution_arn));
        return;
    }
    execution->status = status->status;
    execution->transitions = status->transitions;
}

static void see_task(struct view *view, const struct bus_record *record)
{
    const struct task_request *request = decode(view, SCHEMA_task_request, record);
    struct execution *execution = request == NULL ? NULL : find(view, request->execution_arn, request->incarnation);
    if (execution == NULL) {
        world_fail(view->world, "a task of an execution without history");
        return;
    }
    execution->tasks++;
}

static void check_ends(struct view *view)
{
    for (size_t at = 0; at < view->count; at++) {
        const struct execution *execution = &view->executions[at];
        struct str status;
        if (execution->tasks != execution->scheduled) {
            world_fail(view->world, "%.*s scheduled %" PRId64 " tasks, %" PRId64 " are visible",
                       STR_ARGS(execution->arn), execution->scheduled, execution->tasks);
        }
        if (arena_format(view->arena, &status, "Execution%.*s", STR_ARGS(execution->status)) != STATUS_OK ||
            execution->end_type.length != status.length ||
            strncasecmp(execution->end_type.bytes, status.bytes, status.length) != 0) {
            if (!(str_equal(execution->status, STR("TIMED_OUT")) &&
                  str_equal(execution->end_type, STR("ExecutionTimedOut")))) {
                world_fail(view->world, "%.*s ended with %.*s, but its status is %.*s", STR_ARGS(execution->arn),
                           STR_ARGS(execution->end_type), STR_ARGS(execution->status));
            }
        }
        for (size_t other = 0; other < at; other++) {
            if (str_equal(view->executions[other].arn, execution->arn) && !view->world->forgets) {
                world_fail(view->world, "%.*s ran twice", STR_ARGS(execution->arn));
            }
        }
    }
}

/* ---- The outcome is the plain interpreter's ---- */

static const struct play_machine *machine_of(const struct world *world, struct str arn)
{
    for (int at = 0; at < MACHINES; at++) {
        char part[64];
        snprintf(part, sizeof part, ":%s:", world->play->machines[at].name);
        if (str_find_str(arn, str_of(part)) < arn.length) {
            return &world->play->machines[at];
        }
    }
    return NULL;
}

static bool answer_open_tasks(struct interpreter *interpreter)
{
    bool any = false;
    for (size_t at = 0; at < interpreter_task_count(interpreter); at++) {
        const struct interpreter_task *task = interpreter_task(interpreter, at);
        if (task->answered) {
            continue;
        }
        struct step_event event = {.type = STEP_TASK_SUCCEEDED};
        enum step_outcome outcome;
        if (!play_answer_of(interpreter_arena(interpreter), task->request->state_name, task->request->parameters,
                            task->request->attempt, &event.output, &event.error)) {
            event.type = STEP_TASK_FAILED;
        }
        ASSERT(interpreter_answer(interpreter, task->request, event, &outcome) == STATUS_OK);
        any = true;
    }
    return any;
}

static void compare_with_plain(struct view *view, const struct execution *execution)
{
    const struct play_machine *machine = machine_of(view->world, execution->arn);
    if (machine == NULL || machine->timed || str_equal(execution->end_type, STR("ExecutionAborted"))) {
        return;
    }
    struct interpreter *interpreter;
    const struct interpreter_options options = {
        .machine = machine->machine,
        .arn = execution->arn,
        .start_ms = 1700000000000,
        .memory_bytes_max = (size_t)64 << 20,
    };
    ASSERT(interpreter_create(&options, &interpreter) == STATUS_OK);
    ASSERT(interpreter_start(interpreter, execution->input) == STATUS_OK);
    for (int rounds = 0; rounds < 100 && str_equal(interpreter_status(interpreter)->status, STR("RUNNING")); rounds++) {
        if (!answer_open_tasks(interpreter)) {
            ASSERT(interpreter_advance(interpreter, interpreter_next_due_ms(interpreter)) == STATUS_OK);
        }
    }
    const struct execution_status *plain = interpreter_status(interpreter);
    struct str output = execution->end_output.bytes == NULL ? STR("") : execution->end_output;
    struct str plain_output = plain->output.bytes == NULL ? STR("") : plain->output;
    if (!str_equal(plain->status, execution->status) || !str_equal(plain_output, output)) {
        world_fail(view->world, "%.*s is %.*s with %.*s; plainly it is %.*s with %.*s", STR_ARGS(execution->arn),
                   STR_ARGS(execution->status), STR_ARGS(output), STR_ARGS(plain->status), STR_ARGS(plain_output));
    }
    interpreter_destroy(interpreter);
}

/* ---- Every command is answered once ---- */

static int reply_counts[COMMANDS_MAX];

static void see_reply(struct view *view, const struct bus_record *record)
{
    const struct reply *reply = decode(view, SCHEMA_reply, record);
    if (reply == NULL) {
        return;
    }
    int number = atoi(reply->correlation_id.bytes + 1);
    ASSERT(number >= 0 && number < COMMANDS_MAX);
    reply_counts[number]++;
    const struct play_command *command = &view->world->play->commands[number];
    if (!command->is_start || reply->error.bytes != NULL) {
        return;
    }
    if (command->poison) {
        world_fail(view->world, "the poisoned start %s was accepted", command->correlation_id);
    }
    for (size_t at = 0; at < view->count; at++) {
        struct execution *execution = &view->executions[at];
        if (execution->incarnation == reply->incarnation &&
            str_find_str(reply->data, execution->arn) < reply->data.length) {
            execution->accepted++;
            if (!str_equal(execution->input, str_of(command->input))) {
                world_fail(view->world, "%s was accepted as %.*s, whose input is another", command->correlation_id,
                           STR_ARGS(execution->arn));
            }
            return;
        }
    }
    world_fail(view->world, "%s was accepted with %.*s, which never ran", command->correlation_id,
               STR_ARGS(reply->data));
}

static size_t letter_count;
static size_t poison_letter_count;

static void see_letter(struct view *view, const struct bus_record *record)
{
    for (size_t at = 0; at < record->header_count; at++) {
        world_trace(view->world, "dead letter %zu: %.*s: %.*s", letter_count, STR_ARGS(record->headers[at].name),
                    STR_ARGS(record->headers[at].value));
    }
    letter_count++;
    if (record->value.bytes != NULL && str_find_str(record->value, STR("POISON")) < record->value.length) {
        poison_letter_count++;
    }
}

static void check_replies(struct view *view)
{
    struct world *world = view->world;
    const struct play *play = world->play;
    size_t poison_unanswered = 0;
    memset(reply_counts, 0, sizeof reply_counts);
    letter_count = 0;
    poison_letter_count = 0;
    each_of(view, "pawl.replies", see_reply);
    each_of(view, "pawl.dead-letters", see_letter);
    for (size_t at = 0; at < play->command_count; at++) {
        if (play->commands[at].poison && reply_counts[at] == 0) {
            poison_unanswered++;
        } else if (reply_counts[at] != 1) {
            world_fail(world, "command c%zu has %d replies", at, reply_counts[at]);
        }
    }
    if (poison_letter_count != poison_unanswered || letter_count != play->garbage_count + poison_unanswered) {
        world_fail(world, "%zu dead letters (%zu of them poisoned) for %zu bad records and %zu poisoned ones",
                   letter_count, poison_letter_count, play->garbage_count, poison_unanswered);
    }
    for (size_t at = 0; at < view->count; at++) {
        if (view->executions[at].accepted == 0) {
            world_fail(world, "%.*s ran, but nobody was told", STR_ARGS(view->executions[at].arn));
        }
    }
}

/* ---- Use is counted once ---- */

static int64_t usage_transitions[MACHINES];
static int64_t usage_starts[MACHINES];

static void add_use(struct view *view, struct str machine_arn, int64_t transitions, int64_t starts)
{
    for (int at = 0; at < MACHINES; at++) {
        if (str_equal(view->world->play->machines[at].arn, machine_arn)) {
            usage_transitions[at] += transitions;
            usage_starts[at] += starts;
        }
    }
}

static void see_usage(struct view *view, const struct bus_record *record)
{
    const struct usage *usage = decode(view, SCHEMA_usage, record);
    if (usage != NULL) {
        add_use(view, usage->state_machine_arn, usage->transitions, usage->executions_started);
    }
}

static void check_usage(struct view *view)
{
    each_of(view, "pawl.usage", see_usage);
    for (int at = 0; at < MACHINES; at++) {
        const struct play_machine *machine = &view->world->play->machines[at];
        int64_t transitions = 0;
        int64_t starts = 0;
        for (size_t number = 0; number < view->count; number++) {
            if (machine_of(view->world, view->executions[number].arn) == machine) {
                transitions += view->executions[number].transitions;
                starts++;
            }
        }
        if (starts != usage_starts[at] || transitions != usage_transitions[at]) {
            world_fail(view->world,
                       "usage of %s: %" PRId64 " starts and %" PRId64 " transitions are told, %" PRId64 " and %" PRId64
                       " happened",
                       machine->name, usage_starts[at], usage_transitions[at], starts, transitions);
        }
    }
}

/* ---- Rows ---- */

struct fold {
    struct str *keys;
    struct str *values;
    size_t count;
    int64_t sequence;
    int64_t rows_since;
    const struct commit_row *commit;
};

static void fold_put(struct fold *fold, struct str key, struct str value)
{
    for (size_t at = 0; at < fold->count; at++) {
        if (str_equal(fold->keys[at], key)) {
            fold->values[at] = value;
            if (value.bytes == NULL) {
                fold->count--;
                fold->keys[at] = fold->keys[fold->count];
                fold->values[at] = fold->values[fold->count];
            }
            return;
        }
    }
    if (value.bytes != NULL) {
        fold->keys[fold->count] = key;
        fold->values[fold->count++] = value;
    }
}

static void fold_log(struct view *view, uint32_t partition, struct fold *fold)
{
    struct log *log = &broker_topic(view->world->broker, "pawl.state")->logs[partition];
    fold->keys = arena_array(view->arena, struct str, log->count + 1);
    fold->values = arena_array(view->arena, struct str, log->count + 1);
    for (size_t at = 0; at < log->count; at++) {
        const struct bus_record *record = &log->items[at].record;
        if (!log_is_visible(log, at)) {
            continue;
        }
        fold_put(fold, record->key, record->value);
        fold->rows_since++;
        if (record->key.length == 1 && record->key.bytes[0] == KEY_COMMIT) {
            fold->commit = decode(view, SCHEMA_state_row, record);
            if (fold->commit == NULL || fold->commit->sequence != fold->sequence + 1 ||
                fold->commit->row_count != fold->rows_since) {
                world_fail(view->world,
                           "pawl.state-%u@%zu: commit %" PRId64 " of %" PRId64 " rows after commit %" PRId64
                           " and %" PRId64 " rows",
                           partition, at, fold->commit == NULL ? -1 : fold->commit->sequence,
                           fold->commit == NULL ? -1 : fold->commit->row_count, fold->sequence, fold->rows_since);
                return;
            }
            fold->sequence = fold->commit->sequence;
            fold->rows_since = 0;
        }
    }
    if (fold->rows_since > 0) {
        world_fail(view->world, "pawl.state-%u ends with %" PRId64 " rows without commit row", partition,
                   fold->rows_since);
    }
}

static void check_positions(struct view *view, uint32_t partition, const struct fold *fold)
{
    struct bus_position group = broker_committed(view->world->broker, partition);
    int64_t commands = fold->commit == NULL ? BUS_OFFSET_NONE : fold->commit->commands_offset;
    int64_t results = fold->commit == NULL ? BUS_OFFSET_NONE : fold->commit->results_offset;
    if (group.next[0] != commands || group.next[1] != results) {
        world_fail(view->world,
                   "partition %u: the group stands at %" PRId64 " and %" PRId64 ", the commit row at %" PRId64
                   " and %" PRId64,
                   partition, group.next[0], group.next[1], commands, results);
    }
}

static void check_disk(struct view *view, struct kv *kv, const char *whose, uint32_t partition, const struct fold *fold)
{
    struct key from;
    struct key to;
    struct kv_cursor *cursor;
    size_t count = 0;
    keys_partition(partition, &from, &to);
    ASSERT(kv_cursor_open(kv, NULL, keys_stored(&from), keys_stored(&from), &cursor) == STATUS_OK);
    struct str key;
    struct str value;
    while (kv_cursor_next(cursor, &key, &value) == STATUS_OK) {
        struct str published = str_from(key, KEYS_PARTITION_BYTES);
        if (published.bytes[0] == KEY_OFFSET) {
            continue;
        }
        bool same = false;
        for (size_t at = 0; at < fold->count && !same; at++) {
            same = str_equal(fold->keys[at], published) && str_equal(fold->values[at], value);
        }
        if (!same) {
            world_fail(view->world, "%s, partition %u: a row of kind %c is not that of the changelog", whose, partition,
                       published.bytes[0]);
        }
        count++;
    }
    kv_cursor_close(cursor);
    if (count != fold->count) {
        world_fail(view->world, "%s, partition %u: %zu rows, the changelog gives %zu", whose, partition, count,
                   fold->count);
    }
}

/* Whether the log puts this value, or deletes the row, from `from` on. */
static bool is_put_later(struct log *log, size_t from, struct str key, struct str value)
{
    for (size_t at = from; at < log->count; at++) {
        const struct bus_record *record = &log->items[at].record;
        if (log_is_visible(log, at) && str_equal(record->key, key) &&
            (value.bytes == NULL ? record->value.bytes == NULL
                                 : record->value.bytes != NULL && str_equal(record->value, value))) {
            return true;
        }
    }
    return false;
}

static struct str folded(const struct fold *fold, struct str key)
{
    for (size_t at = 0; at < fold->count; at++) {
        if (str_equal(fold->keys[at], key)) {
            return fold->values[at];
        }
    }
    return STR_NONE;
}

/* The rows of a disk against the changelog up to `end`: each is as it says, or newer. */
static void compare_past(struct view *view, struct kv *kv, const char *whose, uint32_t partition,
                         const struct fold *fold, size_t end)
{
    struct log *log = &broker_topic(view->world->broker, "pawl.state")->logs[partition];
    struct key from;
    struct key to;
    struct kv_cursor *cursor;
    struct str key;
    struct str value;
    keys_partition(partition, &from, &to);
    ASSERT(kv_cursor_open(kv, NULL, keys_stored(&from), keys_stored(&from), &cursor) == STATUS_OK);
    while (kv_cursor_next(cursor, &key, &value) == STATUS_OK) {
        struct str published = str_from(key, KEYS_PARTITION_BYTES);
        struct str expected = folded(fold, published);
        bool same = expected.bytes != NULL && str_equal(expected, value);
        if (published.bytes[0] != KEY_OFFSET && !same && !is_put_later(log, end, published, value)) {
            world_fail(view->world, "%s, partition %u: a row of kind %c is older than the offset row, %zu", whose,
                       partition, published.bytes[0], end);
        }
    }
    kv_cursor_close(cursor);
    for (size_t at = 0; at < fold->count; at++) {
        ASSERT(keys_of_published(partition, fold->keys[at], &from) == STATUS_OK);
        if (kv_get(kv, NULL, view->arena, keys_stored(&from), &value) != STATUS_OK &&
            !is_put_later(log, end, fold->keys[at], STR_NONE)) {
            world_fail(view->world, "%s, partition %u: a row of kind %c is missing, the offset row is %zu", whose,
                       partition, fold->keys[at].bytes[0], end);
        }
    }
}

/* A disk as it was left, before any restore: the changelog's rows up to its offset row, some of them newer perhaps, as a
 * restore that was broken off leaves them, but none older (rule 11). */
static void check_past(struct view *view, struct kv *kv, const char *whose, uint32_t partition)
{
    struct log *log = &broker_topic(view->world->broker, "pawl.state")->logs[partition];
    struct key key;
    struct str value;
    struct fold fold = {.keys = arena_array(view->arena, struct str, log->count + 1),
                        .values = arena_array(view->arena, struct str, log->count + 1)};
    keys_kind(partition, KEY_OFFSET, &key);
    if (kv_get(kv, NULL, view->arena, keys_stored(&key), &value) != STATUS_OK) {
        return;
    }
    const struct bus_record stored = {.topic = &broker_topics(view->world->broker)->base, .value = value};
    const struct offset_row *row = decode(view, SCHEMA_state_row, &stored);
    for (size_t at = 0; row != NULL && at < (size_t)row->offset && at < log->count; at++) {
        if (log_is_visible(log, at)) {
            fold_put(&fold, log->items[at].record.key, log->items[at].record.value);
        }
    }
    if (row != NULL) {
        compare_past(view, kv, whose, partition, &fold, (size_t)row->offset);
    }
}

static void restore_disk(struct view *view, struct kv *kv, uint32_t partition)
{
    struct restore *restore;
    struct bus_error error = {""};
    bool done = false;
    enum status status = STATUS_OK;
    const struct restore_config config = {
        .bus = view->world->bus,
        .kv = kv,
        .codec = view->world->codec,
        .topic = &broker_topic(view->world->broker, "pawl.state")->base,
        .partition = partition,
        .delete_retention_ms = topic_types[TOPIC_STATE].delete_retention_ms,
    };
    ASSERT(restore_create(&config, &restore) == STATUS_OK);
    while (!done && status == STATUS_OK) {
        status = restore_step(restore, 7, 0, &done, &error);
    }
    if (status != STATUS_OK) {
        world_fail(view->world, "partition %u can't be restored: %s", partition, error.text);
    }
    restore_destroy(restore);
}

/* All that was due has fired, and is gone. */
static void check_timers(struct view *view, uint32_t partition, const struct fold *fold)
{
    for (size_t at = 0; at < fold->count; at++) {
        struct key key;
        struct timer_key timer;
        if (fold->keys[at].bytes[0] != KEY_TIMER) {
            continue;
        }
        ASSERT(keys_of_published(partition, fold->keys[at], &key) == STATUS_OK);
        if (!keys_read_timer(keys_stored(&key), &timer)) {
            world_fail(view->world, "partition %u: a timer's key can't be read", partition);
        } else if (timer.due_ms < broker_now_ms(view->world->broker) - 60000) {
            world_fail(view->world,
                       "partition %u: a timer of frame %" PRId64 " that was due at %" PRId64 " is still there",
                       partition, timer.frame, timer.due_ms);
        }
    }
}

/* Of what was forgotten, nothing is left. */
static void check_forgotten(struct view *view, uint32_t partition, const struct fold *fold)
{
    for (size_t at = 0; at < fold->count && view->world->forgets; at++) {
        struct key key;
        struct timer_key timer;
        ASSERT(keys_of_published(partition, fold->keys[at], &key) == STATUS_OK);
        bool of_execution = memchr("efpn", fold->keys[at].bytes[0], 4) != NULL ||
                            (keys_read_timer(keys_stored(&key), &timer) && timer.frame >= TIMER_EXECUTION);
        if (of_execution) {
            world_fail(view->world, "partition %u: a row of kind %c is left of an execution that was forgotten",
                       partition, fold->keys[at].bytes[0]);
        }
    }
}

static void count_unpublished(struct view *view, const struct fold *fold)
{
    for (size_t at = 0; at < fold->count; at++) {
        if (fold->keys[at].bytes[0] == KEY_USAGE) {
            const struct bus_record record = {.topic = &broker_topics(view->world->broker)->base,
                                              .value = fold->values[at]};
            const struct usage_row *row = decode(view, SCHEMA_state_row, &record);
            if (row != NULL) {
                add_use(view, row->state_machine_arn, row->transitions, row->executions_started);
            }
        }
    }
}

static void check_rows(struct view *view)
{
    struct world *world = view->world;
    struct kv *fresh;
    ASSERT(kv_memory_open(&fresh) == STATUS_OK);
    for (uint32_t partition = 0; partition < world->partition_count; partition++) {
        struct fold fold = {.count = 0};
        fold_log(view, partition, &fold);
        check_positions(view, partition, &fold);
        check_timers(view, partition, &fold);
        check_forgotten(view, partition, &fold);
        restore_disk(view, fresh, partition);
        check_disk(view, fresh, "a fresh disk", partition, &fold);
        for (int at = 0; at < world->process_count && world->failure[0] == 0; at++) {
            struct process *process = &world->processes[at];
            if (process->kv != NULL) {
                check_past(view, process->kv, process->instance, partition);
                restore_disk(view, process->kv, partition);
                check_disk(view, process->kv, process->instance, partition, &fold);
            }
        }
        count_unpublished(view, &fold);
    }
    kv_close(fresh);
}

void check_all(struct world *world)
{
    struct view *view = calloc(1, sizeof *view);
    view->world = world;
    view->arena = arena_create((size_t)2 << 30);
    memset(usage_transitions, 0, sizeof usage_transitions);
    memset(usage_starts, 0, sizeof usage_starts);
    each_of(view, "pawl.history", see_history);
    each_of(view, "pawl.executions", see_status);
    for (struct topic *topic = broker_topics(world->broker); topic != NULL; topic = topic->next) {
        if (str_starts_with(topic->base.name, STR("pawl.tasks."))) {
            for (uint32_t partition = 0; partition < topic->base.partition_count; partition++) {
                each_visible(view, topic, partition, see_task);
            }
        }
    }
    check_ends(view);
    for (size_t at = 0; at < view->count && world->failure[0] == 0; at++) {
        compare_with_plain(view, &view->executions[at]);
    }
    check_replies(view);
    check_rows(view);
    check_usage(view);
    check_definitions(world);
    arena_destroy(view->arena);
    free(view);
}
