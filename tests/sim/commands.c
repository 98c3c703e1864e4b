/* The client: state machines, versions, aliases, starts, stops, redrives, and what is no command at all. */
#include "play.h"

#include "base/assert.h"
#include "schemas/codec/codec.h"

#include <stdio.h>
#include <string.h>

static void send_command(struct world *world, enum record_id record, const void *value, struct str key)
{
    struct str bytes;
    ASSERT(codec_encode(world->play->arena, play_encoding(world), SCHEMA_command, record, value, &bytes) == STATUS_OK);
    play_send(world, "pawl.commands", play_partition(world, key), key, bytes);
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
    command->machine = machine;
    record_init(RECORD_create_state_machine, &create);
    create.name = str_of(target->name);
    create.definition = str_of(target->definition);
    create.type = str_of(target->type);
    create.role_arn = STR("arn:aws:iam::000000000000:role/r");
    create.publish = machine < MACHINES_VERSIONED;
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
    if (machine < MACHINES_VERSIONED && chance_of(&world->play->chance, 5000)) {
        uint32_t what = chance_below(&world->play->chance, 4);
        ASSERT(arena_format(world->play->arena, &arn, "%.*s:%s", STR_ARGS(target->arn),
                            what == 0   ? "1"
                            : what == 1 ? "2"
                                        : "live") == STATUS_OK);
    }
    return arn;
}

/* Of executions that have the same name, the same: `items` is for the map, `a` and `b` are for random machines. */
static void make_input(struct play_command *command, uint32_t number)
{
    char numbers[64] = "";
    for (uint32_t at = 0; at < (number == 9 ? 20 : number % 4); at++) {
        snprintf(numbers + strlen(numbers), sizeof numbers - strlen(numbers), "%s%u", at == 0 ? "" : ",", 1 + at % 3);
    }
    snprintf(command->input, sizeof command->input, "{\"n\":%u,\"items\":[%u,2,{\"x\":3},null],\"a\":%u,\"b\":[%s]%s}",
             number, number, 1 + number % 3, numbers, command->poison ? ",\"p\":\"POISON\"" : "");
}

static void send_start(struct world *world)
{
    struct play *play = world->play;
    struct chance *chance = &world->play->chance;
    struct play_command *command = new_command(world);
    struct start_execution start;
    struct str arn = STR("");
    command->is_start = true;
    command->machine = chance_of(chance, 5000) ? (int)chance_below(chance, MACHINES_FIXED)
                                              : MACHINES_FIXED + (int)chance_below(chance, MACHINES_RANDOM);
    command->poison = chance_of(chance, 300);
    struct play_machine *target = &play->machines[command->machine];
    uint32_t number = chance_below(chance, 10);
    make_input(command, number);
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

/* The ARN of an execution that was asked for by name; STR_NONE: what was drawn is none. */
static struct str some_execution(struct world *world)
{
    struct play *play = world->play;
    const struct play_command *started = &play->commands[chance_below(&play->chance, (uint32_t)play->command_count)];
    struct str arn = STR_NONE;
    if (started->is_start && started->name[0] != 0 && strcmp(play->machines[started->machine].type, "EXPRESS") != 0) {
        ASSERT(arena_format(play->arena, &arn, "arn:aws:states:us-east-1:000000000000:execution:%s:%s",
                            play->machines[started->machine].name, started->name) == STATUS_OK);
    }
    return arn;
}

static void send_stop(struct world *world)
{
    struct stop_execution stop;
    struct str arn = some_execution(world);
    if (arn.bytes == NULL) {
        return;
    }
    struct play_command *command = new_command(world);
    record_init(RECORD_stop_execution, &stop);
    stop.execution_arn = arn;
    stop.reply_topic = STR("pawl.replies");
    stop.correlation_id = str_of(command->correlation_id);
    world_trace(world, "client: stop %.*s", STR_ARGS(arn));
    send_command(world, RECORD_stop_execution, &stop, arn);
}

static void send_one_redrive(struct world *world, struct str arn, const char *token)
{
    struct redrive_execution redrive;
    struct play_command *command = new_command(world);
    command->redrives = arn;
    snprintf(command->token, sizeof command->token, "%s", token);
    record_init(RECORD_redrive_execution, &redrive);
    redrive.execution_arn = arn;
    redrive.client_token = command->token[0] != 0 ? str_of(command->token) : STR_NONE;
    redrive.reply_topic = STR("pawl.replies");
    redrive.correlation_id = str_of(command->correlation_id);
    world_trace(world, "client: redrive %.*s, token %s", STR_ARGS(arn), command->token[0] != 0 ? command->token : "(none)");
    send_command(world, RECORD_redrive_execution, &redrive, arn);
}

/* Without a token; or with one, and then perhaps again, as by a client that heard nothing. */
static void send_redrive(struct world *world)
{
    struct play *play = world->play;
    struct str arn = some_execution(world);
    char token[24] = "";
    if (arn.bytes == NULL) {
        return;
    }
    if (chance_of(&play->chance, 6000)) {
        snprintf(token, sizeof token, "t%zu", play->command_count);
    }
    send_one_redrive(world, arn, token);
    if (token[0] != 0 && chance_of(&play->chance, 5000)) {
        send_one_redrive(world, arn, token);
    }
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
    snprintf(number, sizeof number, "%u", 1 + chance_below(&world->play->chance, 3));
    return qualified(world, machine, number);
}

static struct str some_routing(struct world *world, const struct play_machine *machine)
{
    struct str routing;
    uint32_t weight = chance_below(&world->play->chance, 101);
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
    update.publish = chance_of(&world->play->chance, 7000);
    ASSERT(arena_format(world->play->arena, &update.role_arn, "arn:aws:iam::000000000000:role/r%u",
                        chance_below(&world->play->chance, 4)) == STATUS_OK);
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
    if (chance_of(&world->play->chance, 6000)) {
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
    const struct play_machine *machine = &world->play->machines[chance_below(&world->play->chance, MACHINES_VERSIONED)];
    uint32_t what = chance_below(&world->play->chance, 100);
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
    } else if (chance_of(&world->play->chance, 500)) {
        play_send(world, "pawl.commands", chance_below(&world->play->chance, world->partition_count), STR("k"),
             STR("{\"operation\":"));
        play->garbage_count++;
    } else if (chance_of(&world->play->chance, 400) && play->command_count < COMMANDS_MAX / 2) {
        send_create(world, (int)chance_below(&world->play->chance, MACHINES));
    } else if (chance_of(&world->play->chance, 1000) && play->command_count < COMMANDS_MAX / 2) {
        send_stop(world);
    } else if (chance_of(&world->play->chance, 1000) && play->command_count < COMMANDS_MAX / 2) {
        send_redrive(world);
    } else if (chance_of(&world->play->chance, 1500) && play->command_count < COMMANDS_MAX / 2) {
        send_version_command(world);
    } else if (play->starts_left > 0) {
        send_start(world);
    }
}
