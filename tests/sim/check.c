/* The invariants (design, section 12), looked at from outside, when all is over. */
#include "watch.h"

#include "base/assert.h"

#include <inttypes.h>

/* ---- Settled? ---- */

/* Read to the end, behind markers and aborted records too: what may be deleted is behind nobody. */
static bool inputs_are_done(struct world *world)
{
    static const char *const names[2] = {"pawl.commands", "pawl.results"};
    for (int input = 0; input < 2; input++) {
        struct topic *topic = broker_topic(world->broker, names[input]);
        for (uint32_t partition = 0; partition < world->partition_count; partition++) {
            int64_t next = broker_committed(world->broker, partition).next[input];
            int64_t end = (int64_t)topic->logs[partition].count;
            if (end > 0 && next < end) {
                world_trace(world, "%s-%u is committed up to %" PRId64 " of %" PRId64, names[input], partition, next, end);
                return false;
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
    watch_read(world->watch);
    for (size_t at = 0; at < world->watch->execution_count; at++) {
        const struct watched *execution = &world->watch->executions[at];
        if (execution->end == NULL) {
            world_trace(world, "open: %.*s after event %zu", STR_ARGS(execution->arn), execution->event_count);
            return false;
        }
    }
    return world->failure[0] == 0;
}

/* ---- Executions ---- */

/* "ExecutionTimedOut" is TIMED_OUT. */
static bool is_end_of(struct str type, struct str status)
{
    struct str name = str_from(type, strlen("Execution"));
    return str_equal(status, STR("TIMED_OUT")) ? str_equal(name, STR("TimedOut"))
                                               : name.length == status.length &&
                                                     strncasecmp(name.bytes, status.bytes, status.length) == 0;
}

static void check_ends(struct watch *watch)
{
    struct world *world = watch->world;
    for (size_t at = 0; at < watch->execution_count && world->failure[0] == 0; at++) {
        const struct watched *execution = &watch->executions[at];
        if (execution->end == NULL) {
            world_fail(world, "%.*s has a status or a task, but no end", STR_ARGS(execution->arn));
            return;
        }
        if (execution->tasks != execution->scheduled) {
            world_fail(world, "%.*s scheduled %" PRId64 " tasks, %" PRId64 " are visible", STR_ARGS(execution->arn),
                       execution->scheduled, execution->tasks);
        }
        if (!is_end_of(execution->end->type, execution->status)) {
            world_fail(world, "%.*s ended with %.*s, but its status is %.*s", STR_ARGS(execution->arn),
                       STR_ARGS(execution->end->type), STR_ARGS(execution->status));
        }
        for (size_t other = 0; other < at; other++) {
            if (str_equal(watch->executions[other].arn, execution->arn) && !world->forgets) {
                world_fail(world, "%.*s ran twice", STR_ARGS(execution->arn));
            }
        }
    }
}

/* ---- Every command is answered once, and what was accepted ran ---- */

static void check_reply(struct watch *watch, const struct watch_reply *told)
{
    const struct play_command *command = &watch->world->play->commands[told->command];
    const struct reply *reply = told->reply;
    if (!command->is_start || reply->error.bytes != NULL) {
        return;
    }
    if (command->poison) {
        world_fail(watch->world, "the poisoned start %s was accepted", command->correlation_id);
    }
    for (size_t at = 0; at < watch->execution_count; at++) {
        struct watched *execution = &watch->executions[at];
        if (execution->incarnation == reply->incarnation &&
            str_find_str(reply->data, execution->arn) < reply->data.length) {
            execution->accepted++;
            if (!str_equal(execution->events[0]->input, str_of(command->input))) {
                world_fail(watch->world, "%s was accepted as %.*s, whose input is another", command->correlation_id,
                           STR_ARGS(execution->arn));
            }
            return;
        }
    }
    world_fail(watch->world, "%s was accepted with %.*s, which never ran", command->correlation_id,
               STR_ARGS(reply->data));
}

static void check_replies(struct watch *watch)
{
    struct world *world = watch->world;
    const struct play *play = world->play;
    size_t poison_unanswered = 0;
    for (size_t at = 0; at < watch->reply_count; at++) {
        check_reply(watch, &watch->replies[at]);
    }
    for (size_t at = 0; at < play->command_count; at++) {
        if (play->commands[at].poison && !watch->replied[at]) {
            poison_unanswered++;
        } else if (!watch->replied[at]) {
            world_fail(world, "command c%zu has no reply", at);
        }
    }
    if (watch->poison_letter_count != poison_unanswered ||
        watch->letter_count != play->garbage_count + poison_unanswered) {
        world_fail(world, "%zu dead letters (%zu of them poisoned) for %zu bad records and %zu poisoned ones",
                   watch->letter_count, watch->poison_letter_count, play->garbage_count, poison_unanswered);
    }
    for (size_t at = 0; at < watch->execution_count; at++) {
        if (watch->executions[at].accepted == 0) {
            world_fail(world, "%.*s ran, but nobody was told", STR_ARGS(watch->executions[at].arn));
        }
    }
}

/* ---- A redrive that was accepted happened once, and with its token no second time ---- */

static bool was_accepted(const struct watch *watch, size_t command)
{
    for (size_t at = 0; at < watch->reply_count; at++) {
        if (watch->replies[at].command == command) {
            return watch->replies[at].reply->error.bytes == NULL;
        }
    }
    return false;
}

static void check_redrives_of(struct watch *watch, struct str arn)
{
    const struct play *play = watch->world->play;
    int64_t accepted = 0;
    int64_t repeated = 0; /* of these, with the token of another */
    int64_t redriven = 0;
    for (size_t at = 0; at < play->command_count; at++) {
        const struct play_command *command = &play->commands[at];
        if (str_equal(command->redrives, arn) && was_accepted(watch, at)) {
            accepted++;
            repeated += at > 0 && command->token[0] != 0 && strcmp(command->token, play->commands[at - 1].token) == 0 &&
                        was_accepted(watch, at - 1);
        }
    }
    for (size_t at = 0; at < watch->execution_count; at++) {
        redriven += str_equal(watch->executions[at].arn, arn) ? watch->executions[at].redriven : 0;
    }
    /* A token that is used again after 15 minutes is a new one. */
    if (redriven < accepted - repeated || redriven > accepted) {
        world_fail(watch->world,
                   "%.*s was redriven %" PRId64 " times; %" PRId64 " redrives were accepted, %" PRId64 " of them repeated",
                   STR_ARGS(arn), redriven, accepted, repeated);
    }
}

static void check_redrives(struct watch *watch)
{
    const struct play *play = watch->world->play;
    for (size_t at = 0; at < play->command_count; at++) {
        if (play->commands[at].redrives.bytes != NULL) {
            check_redrives_of(watch, play->commands[at].redrives);
        }
    }
    for (size_t at = 0; at < watch->execution_count; at++) {
        if (watch->executions[at].redriven > 0) {
            check_redrives_of(watch, watch->executions[at].arn);
        }
    }
}

/* ---- Use is counted once ---- */

static void check_usage(struct watch *watch)
{
    for (int at = 0; at < MACHINES; at++) {
        const struct play_machine *machine = &watch->world->play->machines[at];
        struct watch_use happened = {0};
        for (size_t number = 0; number < watch->execution_count; number++) {
            if (watch_machine_of(watch, watch->executions[number].arn) == machine) {
                happened.transitions += watch->executions[number].transitions;
                happened.starts++;
            }
        }
        const struct watch_use *told = &watch->uses[at];
        if (happened.starts != told->starts || happened.transitions != told->transitions) {
            world_fail(watch->world,
                       "usage of %s: %" PRId64 " starts and %" PRId64 " transitions are told, %" PRId64 " and %" PRId64
                       " happened",
                       machine->name, told->starts, told->transitions, happened.starts, happened.transitions);
        }
    }
}

void check_all(struct world *world)
{
    watch_read(world->watch);
    check_ends(world->watch);
    if (world->failure[0] == 0) {
        check_replies(world->watch);
        check_redrives(world->watch);
    }
    if (world->failure[0] == 0) {
        check_outcomes(world);
    }
    if (world->failure[0] == 0) {
        check_rows(world);
        check_usage(world->watch);
        check_definitions(world);
    }
}
