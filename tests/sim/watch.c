#include "watch.h"

#include "base/assert.h"
#include "base/hash.h"
#include "state/keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

typedef void (*watch_fn)(struct watch *watch, const struct bus_record *record);

/* How far a topic was read. */
struct watch_position {
    struct watch_position *next;
    struct topic *topic;
    watch_fn see; /* NULL: nothing of it is of interest here */
    int64_t *offsets;
};

const void *watch_decode(struct watch *watch, enum schema_id schema, const struct bus_record *record)
{
    enum record_id id;
    void *value;
    struct codec_error error;
    if (codec_decode(watch->world->codec, watch->arena, schema, record->value, &id, &value, &error) != STATUS_OK) {
        world_fail(watch->world, "%.*s-%u@%lld can't be read: %.*s", STR_ARGS(record->topic->name), record->partition,
                   (long long)record->offset, STR_ARGS(error.message));
        return NULL;
    }
    return value;
}

/* arn:aws:states:<region>:<account>:<execution or express>:<machine>:… */
static struct str machine_name(struct str arn)
{
    for (int colons = 0; colons < 6; colons++) {
        arn = str_from(arn, str_find_str(arn, STR(":")) + 1);
    }
    return (struct str){arn.bytes, str_find_str(arn, STR(":"))};
}

const struct play_machine *watch_machine_of(const struct watch *watch, struct str arn)
{
    struct str name = machine_name(arn);
    for (int at = 0; at < MACHINES; at++) {
        if (str_equal(name, str_of(watch->world->play->machines[at].name))) {
            return &watch->world->play->machines[at];
        }
    }
    return NULL;
}

void watch_add_use(struct watch *watch, struct str machine_arn, int64_t transitions, int64_t starts)
{
    for (int at = 0; at < MACHINES; at++) {
        if (str_equal(watch->world->play->machines[at].arn, machine_arn)) {
            watch->uses[at].transitions += transitions;
            watch->uses[at].starts += starts;
        }
    }
}

/* ---- One function a topic. Those of one transaction become visible one after the other: any may come first. ---- */

static struct watched *find(struct watch *watch, struct str arn, int64_t incarnation)
{
    for (size_t at = 0; at < watch->execution_count; at++) {
        if (watch->executions[at].incarnation == incarnation && str_equal(watch->executions[at].arn, arn)) {
            return &watch->executions[at];
        }
    }
    if (watch->execution_count == watch->execution_capacity) {
        watch->execution_capacity = watch->execution_capacity == 0 ? 64 : watch->execution_capacity * 2;
        watch->executions = realloc(watch->executions, watch->execution_capacity * sizeof *watch->executions);
    }
    struct watched *execution = &watch->executions[watch->execution_count++];
    *execution = (struct watched){.arn = arn, .incarnation = incarnation};
    return execution;
}

static void add_event(struct watched *execution, const struct history_event *event)
{
    if (execution->event_count == execution->event_capacity) {
        execution->event_capacity = execution->event_capacity == 0 ? 16 : execution->event_capacity * 2;
        execution->events =
            realloc(execution->events, execution->event_capacity * sizeof(const struct history_event *));
    }
    execution->events[execution->event_count++] = event;
}

static void see_history(struct watch *watch, const struct bus_record *record)
{
    const struct history_event *event = watch_decode(watch, SCHEMA_history_event, record);
    if (event == NULL) {
        return;
    }
    struct watched *execution = find(watch, event->execution_arn, event->incarnation);
    if (event->id != (int64_t)execution->event_count + 1) {
        world_fail(watch->world, "history of %.*s: event %" PRId64 " (%.*s) follows %zu", STR_ARGS(event->execution_arn),
                   event->id, STR_ARGS(event->type), execution->event_count);
        return;
    }
    if (event->previous_event_id < 0 || event->previous_event_id >= event->id) {
        world_fail(watch->world, "history of %.*s: event %" PRId64 " is preceded by %" PRId64,
                   STR_ARGS(event->execution_arn), event->id, event->previous_event_id);
    }
    if (str_equal(event->type, STR("ExecutionRedriven"))) {
        execution->redriven++;
        execution->end = NULL;
    } else if (execution->end != NULL) {
        world_fail(watch->world, "history of %.*s goes on after its end with %.*s", STR_ARGS(event->execution_arn),
                   STR_ARGS(event->type));
    }
    if (execution->event_count > 0 && event->timestamp < execution->events[execution->event_count - 1]->timestamp) {
        world_fail(watch->world, "history of %.*s: event %" PRId64 " is before the one it follows",
                   STR_ARGS(event->execution_arn), event->id);
    }
    if (record->partition != hash_partition(event->execution_arn, watch->world->partition_count)) {
        world_fail(watch->world, "%.*s is on partition %u", STR_ARGS(event->execution_arn), record->partition);
    }
    if (str_starts_with(event->type, STR("Execution"))) {
        world_trace(watch->world, "seen: %.*s of %.*s", STR_ARGS(event->type), STR_ARGS(event->execution_arn));
    }
    add_event(execution, event);
    execution->scheduled += str_ends_with(event->type, STR("Scheduled"));
    execution->scheduled -=
        str_ends_with(event->type, STR("ScheduleFailed")) || str_equal(event->type, STR("TaskSubmitFailed"));
    if (str_starts_with(event->type, STR("Execution")) && event->id > 1 && !str_equal(event->type, STR("ExecutionRedriven"))) {
        execution->end = event;
    }
}

static void see_status(struct watch *watch, const struct bus_record *record)
{
    if (record->value.bytes == NULL) {
        return;
    }
    const struct execution_status *status = watch_decode(watch, SCHEMA_execution_status, record);
    if (status != NULL) {
        struct watched *execution = find(watch, status->execution_arn, status->incarnation);
        world_trace(watch->world, "seen: %.*s is %.*s, %" PRId64 " transitions", STR_ARGS(status->execution_arn),
                    STR_ARGS(status->status), status->transitions);
        execution->status = status->status;
        execution->transitions = status->transitions;
    }
}

static void see_task(struct watch *watch, const struct bus_record *record)
{
    const struct task_request *request = watch_decode(watch, SCHEMA_task_request, record);
    if (request != NULL) {
        find(watch, request->execution_arn, request->incarnation)->tasks++;
    }
}

static void see_reply(struct watch *watch, const struct bus_record *record)
{
    const struct reply *reply = watch_decode(watch, SCHEMA_reply, record);
    if (reply == NULL) {
        return;
    }
    size_t number = strtoul(reply->correlation_id.bytes + 1, NULL, 10);
    ASSERT(number < COMMANDS_MAX);
    if (watch->replied[number]) {
        world_fail(watch->world, "command c%zu has a second reply", number);
        return;
    }
    watch->replied[number] = true;
    watch->replies[watch->reply_count++] = (struct watch_reply){number, reply};
}

static void see_letter(struct watch *watch, const struct bus_record *record)
{
    for (size_t at = 0; at < record->header_count; at++) {
        world_trace(watch->world, "dead letter %zu: %.*s: %.*s", watch->letter_count,
                    STR_ARGS(record->headers[at].name), STR_ARGS(record->headers[at].value));
    }
    watch->letter_count++;
    if (record->value.bytes != NULL && str_find_str(record->value, STR("POISON")) < record->value.length) {
        watch->poison_letter_count++;
    }
}

static void see_usage(struct watch *watch, const struct bus_record *record)
{
    const struct usage *usage = watch_decode(watch, SCHEMA_usage, record);
    if (usage != NULL) {
        watch_add_use(watch, usage->state_machine_arn, usage->transitions, usage->executions_started);
    }
}

/* The log proves itself (rule 12). */
static void see_row(struct watch *watch, const struct bus_record *record)
{
    struct watch_commits *commits = &watch->commits[record->partition];
    commits->rows_since++;
    if (record->key.length != 1 || record->key.bytes[0] != KEY_COMMIT) {
        return;
    }
    const struct commit_row *row = watch_decode(watch, SCHEMA_state_row, record);
    if (row != NULL && (row->sequence != commits->sequence + 1 || row->row_count != commits->rows_since)) {
        world_fail(watch->world,
                   "pawl.state-%u@%" PRId64 ": commit %" PRId64 " of %" PRId64 " rows after commit %" PRId64 " and %" PRId64
                   " rows",
                   record->partition, record->offset, row->sequence, row->row_count, commits->sequence,
                   commits->rows_since);
    }
    if (row != NULL) {
        *commits = (struct watch_commits){.sequence = row->sequence, .last = row};
    }
}

/* ---- Reading ---- */

static watch_fn seer_of(struct str name)
{
    static const struct {
        const char *name;
        watch_fn see;
    } seers[] = {
        {"pawl.history", see_history},      {"pawl.executions", see_status}, {"pawl.replies", see_reply},
        {"pawl.dead-letters", see_letter}, {"pawl.usage", see_usage},       {"pawl.state", see_row},
    };
    for (size_t at = 0; at < sizeof seers / sizeof *seers; at++) {
        if (str_equal(name, str_of(seers[at].name))) {
            return seers[at].see;
        }
    }
    return str_starts_with(name, STR("pawl.tasks.")) ? see_task : NULL;
}

static struct watch_position *position_of(struct watch *watch, struct topic *topic)
{
    struct watch_position *position = watch->positions;
    while (position != NULL && position->topic != topic) {
        position = position->next;
    }
    if (position == NULL) {
        position = arena_new(watch->arena, struct watch_position);
        *position = (struct watch_position){
            .next = watch->positions,
            .topic = topic,
            .see = seer_of(topic->base.name),
            .offsets = arena_array(watch->arena, int64_t, topic->base.partition_count),
        };
        memset(position->offsets, 0, topic->base.partition_count * sizeof *position->offsets);
        watch->positions = position;
    }
    return position;
}

static void read_on(struct watch *watch, struct watch_position *position, uint32_t partition)
{
    struct log *log = &position->topic->logs[partition];
    int64_t end = log_stable_end(log);
    while (position->offsets[partition] < end && watch->world->failure[0] == 0) {
        size_t index = (size_t)position->offsets[partition]++;
        if (log_is_visible(log, index)) {
            position->see(watch, &log->items[index].record);
        }
    }
}

void watch_read(struct watch *watch)
{
    for (struct topic *topic = broker_topics(watch->world->broker); topic != NULL; topic = topic->next) {
        struct watch_position *position = position_of(watch, topic);
        for (uint32_t partition = 0; position->see != NULL && partition < topic->base.partition_count; partition++) {
            read_on(watch, position, partition);
        }
    }
}

struct watch *watch_create(struct world *world)
{
    struct watch *watch = calloc(1, sizeof *watch);
    watch->world = world;
    watch->arena = arena_create((size_t)2 << 30);
    return watch;
}

void watch_destroy(struct watch *watch)
{
    for (size_t at = 0; at < watch->execution_count; at++) {
        free(watch->executions[at].events);
    }
    free(watch->executions);
    arena_destroy(watch->arena);
    free(watch);
}
