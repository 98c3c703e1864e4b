/* The machines that the client asks for: some that are there in every seed, each for one way to wait, and random ones. */
#include "play.h"

#include "base/assert.h"
#include "tests/asl/machine_random.h"

#include <stdio.h>
#include <stdlib.h>

#define FUNCTION(name) "arn:aws:lambda:us-east-1:000000000000:function:" name
#define RETRY "\"Retry\":[{\"ErrorEquals\":[\"Flaky\"],\"IntervalSeconds\":1,\"MaxAttempts\":5,\"BackoffRate\":1.5}]"

static const struct play_machine machines[MACHINES_FIXED] = {
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

static void add(struct play *play, int place, const struct play_machine *machine)
{
    play->machines[place] = *machine;
    ASSERT(arena_format(play->arena, &play->machines[place].arn, "arn:aws:states:us-east-1:000000000000:stateMachine:%s",
                        machine->name) == STATUS_OK);
}

static void add_fixed(struct play *play, int place)
{
    struct findings findings = {0};
    struct play_machine machine = machines[place];
    enum machine_type type = strcmp(machine.type, "EXPRESS") == 0 ? MACHINE_EXPRESS : MACHINE_STANDARD;
    if (machine_compile(play->arena, str_of(machine.definition), type, &machine.machine, &findings) != STATUS_OK) {
        struct str message = STR("?");
        (void)(findings_message(play->arena, &findings, &message) == STATUS_OK);
        fprintf(stderr, "machine %s: %.*s\n", machine.name, STR_ARGS(message));
        abort();
    }
    add(play, place, &machine);
}

static const char *as_string(struct arena *arena, struct str text)
{
    struct str copy;
    ASSERT(arena_format(arena, &copy, "%.*s%c", STR_ARGS(text), 0) == STATUS_OK);
    return copy.bytes;
}

static void add_random(struct play *play, int place)
{
    struct random_machine made;
    char name[16];
    snprintf(name, sizeof name, "random%d", place);
    machine_random(play->arena, chance_next(&play->chance) >> 16, &made);
    add(play, place,
        &(struct play_machine){
            .name = as_string(play->arena, str_of(name)),
            .type = made.express ? "EXPRESS" : "STANDARD",
            .definition = as_string(play->arena, made.text),
            .free = made.wild,
            .machine = made.machine,
        });
}

void play_make_machines(struct play *play)
{
    for (int at = 0; at < MACHINES; at++) {
        if (at < MACHINES_FIXED) {
            add_fixed(play, at);
        } else {
            add_random(play, at);
        }
    }
}
