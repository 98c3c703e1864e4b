#include "play.h"

#include "base/assert.h"
#include "base/hash.h"
#include "schemas/codec/codec.h"

#include <stdio.h>
#include <stdlib.h>

#define FUNCTION(name) "arn:aws:lambda:us-east-1:000000000000:function:" name
#define VERSIONED_MACHINES 3 /* a few, so that what they are asked meets */
#define RETRY "\"Retry\":[{\"ErrorEquals\":[\"Flaky\"],\"IntervalSeconds\":1,\"MaxAttempts\":5,\"BackoffRate\":1.5}]"

static const struct play_machine machines[MACHINES] = {
    {"pass", "STANDARD",
     "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"B\"},\"B\":{\"Type\":\"Succeed\"}}}", false,
     STR_INIT(""), NULL},
    {"task", "STANDARD",
     "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" FUNCTION(
         "work") "\"," RETRY
                 ",\"Next\":\"U\"},\"U\":{\"Type\":\"Task\",\"Resource\":\"" FUNCTION("more") "\"," RETRY
                                                                                              ",\"End\":true}}}",
     false, STR_INIT(""), NULL},
    {"wait", "STANDARD",
     "{\"StartAt\":\"V\",\"States\":{\"V\":{\"Type\":\"Wait\",\"Seconds\":1,\"Next\":\"X\"},"
     "\"X\":{\"Type\":\"Wait\",\"Seconds\":1,\"Next\":\"W\"},\"W\":{\"Type\":\"Wait\",\"Seconds\":3,\"Next\":\"T\"},"
     "\"T\":{\"Type\":\"Task\","
     "\"Resource\":\"" FUNCTION("work") "\"," RETRY ",\"End\":true}}}",
     false, STR_INIT(""), NULL},
    {"parallel", "STANDARD",
     "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"End\":true,\"Branches\":["
     "{\"StartAt\":\"L\",\"States\":{\"L\":{\"Type\":\"Task\",\"Resource\":\"" FUNCTION(
         "work") "\"," RETRY ",\"End\":true}}},"
                 "{\"StartAt\":\"R\",\"States\":{\"R\":{\"Type\":\"Task\",\"Resource\":\"" FUNCTION(
                     "more") "\"," RETRY ",\"End\":true}}}]}}}",
     false, STR_INIT(""), NULL},
    {"map", "STANDARD",
     "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"ItemsPath\":\"$.items\",\"MaxConcurrency\":2,\"End\":"
     "true,"
     "\"ItemProcessor\":{\"StartAt\":\"I\",\"States\":{\"I\":{\"Type\":\"Task\",\"Resource\":\"" FUNCTION(
         "work") "\"," RETRY ",\"End\":true}}}}}}",
     false, STR_INIT(""), NULL},
    {"timeout", "STANDARD",
     "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"TimeoutSeconds\":20,\"Resource\":\"" FUNCTION(
         "slow") "\",\"Catch\":[{\"ErrorEquals\":[\"States.ALL\"],\"Next\":\"C\"}],\"End\":true},\"C\":{\"Type\":"
                 "\"Pass\",\"End\":true}}}",
     true, STR_INIT(""), NULL},
    {"express", "EXPRESS",
     "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" FUNCTION("work") "\"," RETRY
                                                                                                ",\"End\":true}}}",
     true, STR_INIT(""), NULL},
    {"fail", "STANDARD",
     "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" FUNCTION(
         "work") "\",\"Catch\":[{\"ErrorEquals\":[\"Flaky\"],\"Next\":\"F\"}],\"End\":true},\"F\":{\"Type\":\"Fail\","
                 "\"Error\":\"E\","
                 "\"Cause\":\"C\"}}}",
     false, STR_INIT(""), NULL},
};

/* ---- Beginning ---- */

void play_create(struct world *world)
{
    struct play *play = calloc(1, sizeof *play);
    world->play = play;
    play->arena = arena_create((size_t)1 << 30);
    play->starts_left = 8 + chance_below(&world->chance, 14);
    for (int at = 0; at < MACHINES; at++) {
        struct findings findings = {0};
        play->machines[at] = machines[at];
        ASSERT(arena_format(play->arena, &play->machines[at].arn,
                            "arn:aws:states:us-east-1:000000000000:stateMachine:%s", machines[at].name) == STATUS_OK);
        enum machine_type type = strcmp(machines[at].type, "EXPRESS") == 0 ? MACHINE_EXPRESS : MACHINE_STANDARD;
        enum status status =
            machine_compile(play->arena, str_of(machines[at].definition), type, &play->machines[at].machine, &findings);
        if (status != STATUS_OK) {
            struct str message = STR("?");
            (void)(findings_message(play->arena, &findings, &message) == STATUS_OK);
            fprintf(stderr, "machine %s: %.*s\n", machines[at].name, STR_ARGS(message));
            abort();
        }
    }
}

void play_destroy(struct world *world)
{
    arena_destroy(world->play->arena);
    free(world->play);
}

/* ---- Sending ---- */

static void send(struct world *world, const char *topic_name, uint32_t partition, struct str key, struct str value)
{
    struct bus_producer *producer;
    struct topic *topic = broker_topic(world->broker, topic_name);
    ASSERT(bus_producer_open(world->bus, &producer, NULL) == STATUS_OK);
    const struct bus_message message = {.topic = &topic->base, .partition = partition, .key = key, .value = value};
    ASSERT(bus_producer_send(producer, &message, NULL) == STATUS_OK);
    world_trace(world, "sent to %s-%u@%zu", topic_name, partition, topic->logs[partition].count - 1);
    bus_producer_close(producer);
}

/* Mostly where the key belongs, sometimes elsewhere. */
static uint32_t place(struct world *world, struct str arn)
{
    if (arn.length == 0 || chance_of(&world->chance, 1000)) {
        return chance_below(&world->chance, world->partition_count);
    }
    return hash_partition(arn, world->partition_count);
}

static enum codec_encoding encoding(struct world *world)
{
    return chance_of(&world->chance, 5000) ? CODEC_JSON : CODEC_AVRO;
}

static void send_command(struct world *world, enum record_id record, const void *value, struct str key)
{
    struct str bytes;
    ASSERT(codec_encode(world->play->arena, encoding(world), SCHEMA_command, record, value, &bytes) == STATUS_OK);
    send(world, "pawl.commands", place(world, key), key, bytes);
}

static struct play_command *new_command(struct world *world)
{
    struct play *play = world->play;
    ASSERT(play->command_count < COMMANDS_MAX);
    struct play_command *command = &play->commands[play->command_count];
    *command = (struct play_command){.is_start = false};
    snprintf(command->correlation_id, sizeof command->correlation_id, "c%zu", play->command_count++);
    return command;
}

static void send_create(struct world *world, int machine)
{
    struct play_machine *target = &world->play->machines[machine];
    struct play_command *command = new_command(world);
    struct create_state_machine create;
    command->is_create = true;
    command->machine = machine;
    record_init(RECORD_create_state_machine, &create);
    create.name = str_of(target->name);
    create.definition = str_of(target->definition);
    create.type = str_of(target->type);
    create.role_arn = STR("arn:aws:iam::000000000000:role/r");
    create.publish = machine < VERSIONED_MACHINES;
    create.reply_topic = STR("pawl.replies");
    create.reply_partition = 0;
    create.correlation_id = str_of(command->correlation_id);
    send_command(world, RECORD_create_state_machine, &create, target->arn);
}

/* The machine; or, of those that have some, a version or alias that may be there. */
static struct str start_target(struct world *world, int machine)
{
    struct play_machine *target = &world->play->machines[machine];
    struct str arn = target->arn;
    if (machine < VERSIONED_MACHINES && chance_of(&world->chance, 5000)) {
        uint32_t what = chance_below(&world->chance, 4);
        ASSERT(arena_format(world->play->arena, &arn, "%.*s:%s", STR_ARGS(target->arn),
                            what == 0   ? "1"
                            : what == 1 ? "2"
                                        : "live") == STATUS_OK);
    }
    return arn;
}

static void send_start(struct world *world)
{
    struct play *play = world->play;
    struct chance *chance = &world->chance;
    struct play_command *command = new_command(world);
    struct start_execution start;
    struct str arn = STR("");
    command->is_start = true;
    command->machine = (int)chance_below(chance, MACHINES);
    command->poison = chance_of(chance, 300);
    struct play_machine *target = &play->machines[command->machine];
    uint32_t number = chance_below(chance, 10);
    snprintf(command->input, sizeof command->input, "{\"n\":%u,\"items\":[%u,2,{\"x\":3},null]%s}", number, number,
             command->poison ? ",\"p\":\"POISON\"" : "");
    record_init(RECORD_start_execution, &start);
    start.state_machine_arn = start_target(world, command->machine);
    start.input = str_of(command->input);
    start.reply_topic = STR("pawl.replies");
    start.correlation_id = str_of(command->correlation_id);
    if (chance_of(chance, 6500)) {
        snprintf(command->name, sizeof command->name, "%s-%u", command->poison ? "bad" : "run", number);
        start.name = str_of(command->name);
        ASSERT(arena_format(play->arena, &arn, "arn:aws:states:us-east-1:000000000000:execution:%s:%s", target->name,
                            command->name) == STATUS_OK);
    }
    send_command(world, RECORD_start_execution, &start, arn);
    world_trace(world, "client: start %s of %s as %s", command->correlation_id, target->name,
                command->name[0] != 0 ? command->name : "(none)");
    play->starts_left--;
}

static void send_stop(struct world *world)
{
    struct play *play = world->play;
    const struct play_command *started = &play->commands[chance_below(&world->chance, (uint32_t)play->command_count)];
    if (!started->is_start || started->name[0] == 0 || strcmp(play->machines[started->machine].type, "EXPRESS") == 0) {
        return;
    }
    struct stop_execution stop;
    struct play_command *command = new_command(world);
    record_init(RECORD_stop_execution, &stop);
    ASSERT(arena_format(play->arena, &stop.execution_arn, "arn:aws:states:us-east-1:000000000000:execution:%s:%s",
                        play->machines[started->machine].name, started->name) == STATUS_OK);
    stop.reply_topic = STR("pawl.replies");
    stop.correlation_id = str_of(command->correlation_id);
    play->stop_count++;
    send_command(world, RECORD_stop_execution, &stop, stop.execution_arn);
}

/* ---- Versions and aliases; each machine's alias is called live ---- */

static struct str qualified(struct world *world, const struct play_machine *machine, const char *qualifier)
{
    struct str arn;
    ASSERT(arena_format(world->play->arena, &arn, "%.*s:%s", STR_ARGS(machine->arn), qualifier) == STATUS_OK);
    return arn;
}

/* Of one that may be there, or not yet, or no more. */
static struct str some_version(struct world *world, const struct play_machine *machine)
{
    char number[16];
    snprintf(number, sizeof number, "%u", 1 + chance_below(&world->chance, 3));
    return qualified(world, machine, number);
}

static struct str some_routing(struct world *world, const struct play_machine *machine)
{
    struct str routing;
    uint32_t weight = chance_below(&world->chance, 101);
    ASSERT(arena_format(world->play->arena, &routing,
                        "[{\"stateMachineVersionArn\":\"%.*s:1\",\"weight\":%u},{\"stateMachineVersionArn\":\"%.*s:2\","
                        "\"weight\":%u}]",
                        STR_ARGS(machine->arn), weight, STR_ARGS(machine->arn), 100 - weight) == STATUS_OK);
    return routing;
}

#define TO_CLIENT(command, made)                                                                                       \
    (made)->reply_topic = STR("pawl.replies");                                                                         \
    (made)->correlation_id = str_of((command)->correlation_id)

/* The same definition in another role is another revision: whatever runs, the outcome is the same. */
static void send_change(struct world *world, const struct play_machine *machine)
{
    struct update_state_machine update;
    struct play_command *command = new_command(world);
    record_init(RECORD_update_state_machine, &update);
    update.state_machine_arn = machine->arn;
    update.publish = chance_of(&world->chance, 7000);
    ASSERT(arena_format(world->play->arena, &update.role_arn, "arn:aws:iam::000000000000:role/r%u",
                        chance_below(&world->chance, 4)) == STATUS_OK);
    TO_CLIENT(command, &update);
    send_command(world, RECORD_update_state_machine, &update, machine->arn);
}

static void send_publish(struct world *world, const struct play_machine *machine)
{
    struct publish_state_machine_version publish;
    struct play_command *command = new_command(world);
    record_init(RECORD_publish_state_machine_version, &publish);
    publish.state_machine_arn = machine->arn;
    TO_CLIENT(command, &publish);
    send_command(world, RECORD_publish_state_machine_version, &publish, machine->arn);
}

static void send_delete_version(struct world *world, const struct play_machine *machine)
{
    struct delete_state_machine_version delete;
    struct play_command *command = new_command(world);
    record_init(RECORD_delete_state_machine_version, &delete);
    delete.state_machine_version_arn = some_version(world, machine);
    TO_CLIENT(command, &delete);
    send_command(world, RECORD_delete_state_machine_version, &delete, machine->arn);
}

static void send_alias(struct world *world, const struct play_machine *machine)
{
    struct create_state_machine_alias create;
    struct update_state_machine_alias update;
    struct play_command *command = new_command(world);
    if (chance_of(&world->chance, 6000)) {
        record_init(RECORD_create_state_machine_alias, &create);
        create.name = STR("live");
        create.routing_configuration = some_routing(world, machine);
        TO_CLIENT(command, &create);
        send_command(world, RECORD_create_state_machine_alias, &create, machine->arn);
        return;
    }
    record_init(RECORD_update_state_machine_alias, &update);
    update.state_machine_alias_arn = qualified(world, machine, "live");
    update.routing_configuration = some_routing(world, machine);
    TO_CLIENT(command, &update);
    send_command(world, RECORD_update_state_machine_alias, &update, machine->arn);
}

static void send_delete_alias(struct world *world, const struct play_machine *machine)
{
    struct delete_state_machine_alias delete;
    struct play_command *command = new_command(world);
    record_init(RECORD_delete_state_machine_alias, &delete);
    delete.state_machine_alias_arn = qualified(world, machine, "live");
    TO_CLIENT(command, &delete);
    send_command(world, RECORD_delete_state_machine_alias, &delete, machine->arn);
}

static void send_version_command(struct world *world)
{
    const struct play_machine *machine = &world->play->machines[chance_below(&world->chance, VERSIONED_MACHINES)];
    uint32_t what = chance_below(&world->chance, 100);
    if (what < 35) {
        send_change(world, machine);
    } else if (what < 55) {
        send_publish(world, machine);
    } else if (what < 80) {
        send_alias(world, machine);
    } else if (what < 92) {
        send_delete_version(world, machine);
    } else {
        send_delete_alias(world, machine);
    }
}

void play_client(struct world *world)
{
    struct play *play = world->play;
    if (play->command_count < MACHINES) {
        send_create(world, (int)play->command_count);
    } else if (chance_of(&world->chance, 500)) {
        send(world, "pawl.commands", chance_below(&world->chance, world->partition_count), STR("k"),
             STR("{\"operation\":"));
        play->garbage_count++;
    } else if (chance_of(&world->chance, 400) && play->command_count < COMMANDS_MAX / 2) {
        send_create(world, (int)chance_below(&world->chance, MACHINES));
    } else if (chance_of(&world->chance, 1000) && play->command_count < COMMANDS_MAX / 2) {
        send_stop(world);
    } else if (chance_of(&world->chance, 1500) && play->command_count < COMMANDS_MAX / 2) {
        send_version_command(world);
    } else if (play->starts_left > 0) {
        send_start(world);
    }
}

/* ---- Workers ---- */

bool play_answer_of(struct arena *arena, struct str state_name, struct str parameters, int64_t attempt,
                    struct str *out_output, struct str *out_error)
{
    const struct str parts[] = {state_name, parameters};
    uint8_t digest[SHA256_BYTES];
    hash_sha256(parts, 2, digest);
    if (attempt < digest[0] % 4) {
        *out_error = STR("Flaky");
        return false;
    }
    ASSERT(arena_format(arena, out_output, "{\"by\":\"%.*s\",\"attempt\":%lld,\"hash\":%u}", STR_ARGS(state_name),
                        (long long)attempt, digest[1]) == STATUS_OK);
    return true;
}

static struct str copy(struct play *play, struct str text)
{
    struct str result;
    ASSERT(arena_copy(play->arena, text, &result) == STATUS_OK);
    return result;
}

static void plan_answers(struct world *world, size_t task)
{
    struct play *play = world->play;
    struct chance *chance = &world->chance;
    bool slow = str_find_str(play->tasks[task].arn, STR(":timeout:")) < play->tasks[task].arn.length;
    if (slow && chance_of(chance, 4000)) {
        return;
    }
    uint32_t count = chance_of(chance, 2500) ? 2 : 1;
    for (uint32_t at = 0; at < count; at++) {
        ASSERT(play->answer_count < 2 * TASKS_MAX);
        play->answers[play->answer_count++] = (struct play_answer){
            .task = task,
            .due_ms = broker_now_ms(world->broker) + chance_below(chance, chance_of(chance, 2000) ? 30000 : 300),
        };
    }
}

static void read_task(struct world *world, const struct bus_record *record)
{
    struct play *play = world->play;
    enum record_id id;
    void *value;
    struct codec_error error;
    ASSERT(play->task_count < TASKS_MAX);
    enum status status =
        codec_decode(world->codec, play->arena, SCHEMA_task_request, record->value, &id, &value, &error);
    if (status != STATUS_OK) {
        world_fail(world, "a task request can't be read: %.*s", STR_ARGS(error.message));
        return;
    }
    const struct task_request *request = value;
    struct play_task *task = &play->tasks[play->task_count];
    task->token = copy(play, request->task_token);
    task->arn = copy(play, request->execution_arn);
    task->state_name = copy(play, request->state_name);
    task->parameters = copy(play, request->parameters);
    task->attempt = request->attempt;
    for (size_t at = 0; at < play->task_count; at++) {
        if (str_equal(play->tasks[at].token, task->token)) {
            world_fail(world, "the task with token %.*s of %.*s is visible twice", STR_ARGS(task->token),
                       STR_ARGS(task->arn));
        }
    }
    world_trace(world, "worker: task %zu %.*s attempt %lld of %.*s", play->task_count, STR_ARGS(task->state_name),
                (long long)task->attempt, STR_ARGS(task->arn));
    plan_answers(world, play->task_count++);
}

/* The next visible task of any route. */
static void read_tasks(struct world *world)
{
    struct play *play = world->play;
    int number = 0;
    for (struct topic *topic = broker_topics(world->broker); topic != NULL; topic = topic->next) {
        if (!str_starts_with(topic->base.name, STR("pawl.tasks."))) {
            continue;
        }
        /* Topics are put in front: count from the end. */
        int place_of = 0;
        for (struct topic *other = topic->next; other != NULL; other = other->next) {
            place_of += str_starts_with(other->base.name, STR("pawl.tasks."));
        }
        number++;
        for (uint32_t partition = 0; partition < topic->base.partition_count; partition++) {
            struct log *log = &topic->logs[partition];
            int64_t end = log_stable_end(log);
            int64_t *position = &play->positions[place_of][partition];
            while (*position < end) {
                size_t index = (size_t)(*position)++;
                if (log_is_visible(log, index)) {
                    read_task(world, &log->items[index].record);
                    if (world->failure[0] != 0) {
                        return;
                    }
                }
            }
        }
    }
    (void)number;
}

static void send_answer(struct world *world, const struct play_task *task)
{
    struct play *play = world->play;
    struct str output;
    struct str error;
    struct str bytes;
    uint32_t partition = place(world, task->arn);
    world_trace(world, "worker: answers task %zu", (size_t)(task - play->tasks));
    if (chance_of(&world->chance, 1500)) {
        struct task_heartbeat heartbeat;
        record_init(RECORD_task_heartbeat, &heartbeat);
        heartbeat.task_token = task->token;
        ASSERT(codec_encode(play->arena, encoding(world), SCHEMA_task_result, RECORD_task_heartbeat, &heartbeat,
                            &bytes) == STATUS_OK);
        send(world, "pawl.results", partition, task->arn, bytes);
    }
    if (play_answer_of(play->arena, task->state_name, task->parameters, task->attempt, &output, &error)) {
        struct task_succeeded succeeded;
        record_init(RECORD_task_succeeded, &succeeded);
        succeeded.task_token = task->token;
        succeeded.output = output;
        ASSERT(codec_encode(play->arena, encoding(world), SCHEMA_task_result, RECORD_task_succeeded, &succeeded,
                            &bytes) == STATUS_OK);
    } else {
        struct task_failed failed;
        record_init(RECORD_task_failed, &failed);
        failed.task_token = task->token;
        failed.error = error;
        ASSERT(codec_encode(play->arena, encoding(world), SCHEMA_task_result, RECORD_task_failed, &failed, &bytes) ==
               STATUS_OK);
    }
    send(world, "pawl.results", partition, task->arn, bytes);
}

void play_worker(struct world *world)
{
    struct play *play = world->play;
    read_tasks(world);
    for (size_t at = 0; at < play->answer_count; at++) {
        if (play->answers[at].due_ms <= broker_now_ms(world->broker)) {
            const struct play_task *task = &play->tasks[play->answers[at].task];
            play->answers[at] = play->answers[--play->answer_count];
            send_answer(world, task);
            break;
        }
    }
    /* An old answer once more. */
    if (world->chaos && play->task_count > 0 && chance_of(&world->chance, 300)) {
        send_answer(world, &play->tasks[chance_below(&world->chance, (uint32_t)play->task_count)]);
    }
}

bool play_is_over(const struct world *world)
{
    return world->play->starts_left == 0 && world->play->answer_count == 0;
}
