#include "machine_random.h"

#include "base/buffer.h"

#include <stdio.h>
#include <stdlib.h>

#define STATES_MAX 4
#define DEPTH_MAX 3
#define VARIABLES_MAX 64

enum kind { KIND_PASS, KIND_TASK, KIND_TIMED, KIND_WAIT, KIND_CHOICE, KIND_PARALLEL, KIND_MAP, KIND_SUCCEED, KIND_FAIL };

struct maker {
    struct random chance;
    struct buffer text;
    bool wild;
    bool all_jsonata;
    int names;                    /* given so far */
    int variables[VARIABLES_MAX]; /* assigned on every way to where we are */
    int variable_count;
};

struct level {
    int depth;
    int count;
    int first_name;
    enum kind kinds[STATES_MAX];
};

uint64_t random_below(struct random *random, uint64_t bound)
{
    uint64_t x = random->state += 0x9E3779B97F4A7C15u; /* splitmix64 */
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return (x ^ (x >> 31)) % bound;
}

static int any(struct maker *maker, int bound)
{
    return (int)random_below(&maker->chance, (uint64_t)bound);
}

static bool one_in(struct maker *maker, int n)
{
    return any(maker, n) == 0;
}

/* In a wild machine, now and then. */
static bool goes_wrong(struct maker *maker)
{
    return maker->wild && one_in(maker, 12);
}

static void must(enum status status)
{
    if (status != STATUS_OK) {
        abort();
    }
}

#define SAY(maker, ...) must(buffer_format(&(maker)->text, __VA_ARGS__))

static const char *prefix_of(enum kind kind)
{
    static const char *const prefixes[] = {"Pass", "Task", MACHINE_RANDOM_TIMED, "Wait", "Choice", "Parallel", "Map", "Succeed", "Fail"};
    return prefixes[kind];
}

static void say_name(struct maker *maker, const struct level *level, int index)
{
    SAY(maker, "\"%s%d\"", prefix_of(level->kinds[index]), level->first_name + index);
}

/* A state after `index`; in a wild machine sometimes any. */
static int later(struct maker *maker, const struct level *level, int index)
{
    return maker->wild && one_in(maker, 10) ? any(maker, level->count) : index + 1 + any(maker, level->count - index - 1);
}

static bool is_last(const struct level *level, int index)
{
    return index == level->count - 1;
}

static void say_next(struct maker *maker, const struct level *level, int index)
{
    if (is_last(level, index)) {
        SAY(maker, ",\"End\":true}");
        return;
    }
    SAY(maker, ",\"Next\":");
    say_name(maker, level, index + 1); /* so that every state can be reached */
    SAY(maker, "}");
}

static void say_machine(struct maker *maker, int depth);

/* ---- What states share ---- */

static void say_retry(struct maker *maker)
{
    if (!one_in(maker, 2)) {
        return;
    }
    SAY(maker, ",\"Retry\":[{\"ErrorEquals\":[\"%s\"],\"IntervalSeconds\":%d,\"MaxAttempts\":%d,\"BackoffRate\":%d.5%s}]",
        maker->wild && one_in(maker, 2) ? "E" : "States.ALL", 1 + any(maker, 3), any(maker, 3), 1 + any(maker, 2),
        one_in(maker, 3) ? ",\"JitterStrategy\":\"FULL\"" : "");
}

/* Where a Catcher drops what it caught, the outcome does not depend on which branch failed first. */
static void say_catch(struct maker *maker, const struct level *level, int index, bool jsonata)
{
    if (is_last(level, index) || one_in(maker, 3)) {
        return;
    }
    SAY(maker, ",\"Catch\":[{\"ErrorEquals\":[\"%s\"]", maker->wild && one_in(maker, 3) ? "States.Timeout" : "States.ALL");
    if (jsonata) {
        SAY(maker, ",\"Output\":\"{%% %s %%}\"", goes_wrong(maker) ? "$nope.x" : "$states.input");
    } else {
        SAY(maker, ",\"ResultPath\":%s", maker->wild && one_in(maker, 2) ? (one_in(maker, 3) ? "\"$.a.b\"" : "\"$.e\"") : "null");
    }
    SAY(maker, ",\"Next\":");
    say_name(maker, level, later(maker, level, index));
    SAY(maker, "}]");
}

/* The state's input goes on, with the result in a member or without it. */
static void say_output(struct maker *maker, bool jsonata, const char *result)
{
    int member = any(maker, 3);
    bool drop = one_in(maker, 3);
    if (!jsonata) {
        SAY(maker, ",\"ResultPath\":");
        if (drop) {
            SAY(maker, "null");
        } else {
            SAY(maker, "\"$.%s%d\"", goes_wrong(maker) ? "a.x" : "r", member);
        }
    } else if (drop) {
        SAY(maker, ",\"Output\":\"{%% $states.input %%}\"");
    } else {
        SAY(maker, ",\"Output\":\"{%% $merge([$states.input, {'r%d': %s}]) %%}\"", member, goes_wrong(maker) ? "$nope.y" : result);
    }
}

/* Variables of a first state that can't be caught are there for all after it, and inside them. */
static void say_assign(struct maker *maker, const struct level *level, int index, bool jsonata)
{
    if (maker->variable_count == VARIABLES_MAX || one_in(maker, 2)) {
        return;
    }
    int name = level->first_name + index;
    SAY(maker, jsonata ? ",\"Assign\":{\"v%d\":\"{%% $states.input.a %%}\"}" : ",\"Assign\":{\"v%d.$\":\"$\"}", name);
    if (index == 0 && level->kinds[index] == KIND_PASS) {
        maker->variables[maker->variable_count++] = name;
    }
}

/* ---- One function a kind ---- */

static void say_pass(struct maker *maker, const struct level *level, int index, bool jsonata)
{
    bool known = maker->variable_count > 0 && one_in(maker, 2);
    int variable = known ? maker->variables[any(maker, maker->variable_count)] : maker->wild && one_in(maker, 9) ? 9999 : -1;
    SAY(maker, "\"Type\":\"Pass\"");
    if (jsonata) {
        SAY(maker, ",\"Output\":\"{%% $merge([$states.input, {'j': ");
        if (variable >= 0) {
            SAY(maker, "$exists($v%d)", variable);
        } else {
            SAY(maker, "%s", goes_wrong(maker) ? "$nope" : "1");
        }
        SAY(maker, "}]) %%}\"");
    } else if (variable >= 0) {
        SAY(maker, ",\"Parameters\":{\"a.$\":\"$.a\",\"b.$\":\"$.b\",\"u.$\":\"$v%d\"}", variable);
    } else if (one_in(maker, 4)) {
        SAY(maker, ",\"Result\":\"%01500d\",\"ResultPath\":\"$.big\"", 0); /* too big for its frame's row */
    } else {
        SAY(maker, ",\"Parameters\":{\"a.$\":\"%s\",\"b.$\":\"$.b\"}", goes_wrong(maker) ? "$.nope" : "$.a");
    }
    say_assign(maker, level, index, jsonata);
    say_next(maker, level, index);
}

static void say_task(struct maker *maker, const struct level *level, int index, bool jsonata)
{
    bool timed = level->kinds[index] == KIND_TIMED;
    SAY(maker, "\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\"");
    if (timed) {
        SAY(maker, ",\"TimeoutSeconds\":%d", 5 + any(maker, 5));
    }
    if (maker->wild && timed && one_in(maker, 2)) {
        SAY(maker, ",\"HeartbeatSeconds\":%d", 1 + any(maker, 3));
    }
    if (jsonata) {
        SAY(maker, ",\"Arguments\":{\"x\":\"{%% $states.input.%s %%}\"}", goes_wrong(maker) ? "nope" : "a");
    } else if (one_in(maker, 2)) {
        SAY(maker, ",\"Parameters\":{\"x.$\":\"%s\"}", goes_wrong(maker) ? "$.nope" : "$.a");
    }
    say_output(maker, jsonata, "$states.result");
    say_retry(maker);
    say_catch(maker, level, index, jsonata);
    say_assign(maker, level, index, jsonata);
    say_next(maker, level, index);
}

static void say_wait(struct maker *maker, const struct level *level, int index, bool jsonata)
{
    SAY(maker, "\"Type\":\"Wait\"");
    if (one_in(maker, 2)) {
        SAY(maker, ",\"Seconds\":%d", any(maker, 4));
    } else {
        SAY(maker, jsonata ? ",\"Seconds\":\"{%% $states.input.a %%}\"" : ",\"SecondsPath\":\"$.a\"");
    }
    say_next(maker, level, index);
}

static void say_choice(struct maker *maker, const struct level *level, int index, bool jsonata)
{
    SAY(maker, jsonata ? "\"Type\":\"Choice\",\"Choices\":[{\"Condition\":\"{%% $states.input.a > %d %%}\",\"Next\":"
                       : "\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.a\",\"NumericGreaterThan\":%d,\"Next\":",
        1 + any(maker, 2));
    say_name(maker, level, index + 1);
    SAY(maker, "}]");
    if (!goes_wrong(maker)) {
        SAY(maker, ",\"Default\":");
        say_name(maker, level, later(maker, level, index));
    }
    SAY(maker, "}");
}

static void say_parallel(struct maker *maker, const struct level *level, int index, bool jsonata)
{
    SAY(maker, "\"Type\":\"Parallel\",\"Branches\":[");
    for (int left = any(maker, 3); left >= 0; left--) {
        say_machine(maker, level->depth + 1);
        SAY(maker, left > 0 ? "," : "]");
    }
    say_output(maker, jsonata, "$states.result");
    say_retry(maker);
    say_catch(maker, level, index, jsonata);
    say_assign(maker, level, index, jsonata);
    say_next(maker, level, index);
}

static void say_map(struct maker *maker, const struct level *level, int index, bool jsonata)
{
    SAY(maker, "\"Type\":\"Map\",\"MaxConcurrency\":%d", any(maker, 4));
    if (jsonata) {
        SAY(maker, ",\"Items\":\"{%% $states.input.%s %%}\"", goes_wrong(maker) ? "a" : "b");
        SAY(maker, ",\"ItemSelector\":{\"a\":\"{%% $states.context.Map.Item.%s %%}\",\"b\":[1,2]}", goes_wrong(maker) ? "Nope" : "Value");
    } else {
        SAY(maker, ",\"ItemsPath\":\"%s\"", goes_wrong(maker) ? "$.a" : "$.b");
        SAY(maker, ",\"ItemSelector\":{\"a.$\":\"%s\",\"b\":[1,2]}", goes_wrong(maker) ? "$.nope" : "$$.Map.Item.Value");
    }
    SAY(maker, ",\"ItemProcessor\":");
    say_machine(maker, level->depth + 1);
    say_output(maker, jsonata, "$states.result");
    say_retry(maker);
    say_catch(maker, level, index, jsonata);
    say_assign(maker, level, index, jsonata);
    say_next(maker, level, index);
}

/* ---- A machine ---- */

static void say_state(struct maker *maker, const struct level *level, int index)
{
    bool jsonata = maker->all_jsonata || one_in(maker, 3);
    say_name(maker, level, index);
    SAY(maker, ":{%s", jsonata && !maker->all_jsonata ? "\"QueryLanguage\":\"JSONata\"," : "");
    switch (level->kinds[index]) {
    case KIND_PASS:
        say_pass(maker, level, index, jsonata);
        return;
    case KIND_TASK:
    case KIND_TIMED:
        say_task(maker, level, index, jsonata);
        return;
    case KIND_WAIT:
        say_wait(maker, level, index, jsonata);
        return;
    case KIND_CHOICE:
        say_choice(maker, level, index, jsonata);
        return;
    case KIND_PARALLEL:
        say_parallel(maker, level, index, jsonata);
        return;
    case KIND_MAP:
        say_map(maker, level, index, jsonata);
        return;
    case KIND_SUCCEED:
        SAY(maker, "\"Type\":\"Succeed\"}");
        return;
    case KIND_FAIL:
        SAY(maker, "\"Type\":\"Fail\",\"Error\":\"E\",\"Cause\":\"cause\"}");
        return;
    }
    abort();
}

static enum kind pick_kind(struct maker *maker, int depth, bool first, bool last)
{
    for (;;) {
        enum kind kind = (enum kind)any(maker, KIND_FAIL + 1);
        bool ends = kind == KIND_SUCCEED || kind == KIND_FAIL;
        bool nests = kind == KIND_PARALLEL || kind == KIND_MAP;
        if ((kind == KIND_CHOICE && last) || (nests && depth == DEPTH_MAX) || (ends && (first || !last || !one_in(maker, 3)))) {
            continue;
        }
        return kind;
    }
}

static void say_machine(struct maker *maker, int depth)
{
    struct level level = {.depth = depth, .count = 1 + any(maker, STATES_MAX), .first_name = maker->names};
    int variables = maker->variable_count;
    maker->names += level.count;
    for (int at = 0; at < level.count; at++) {
        level.kinds[at] = pick_kind(maker, depth, at == 0, at == level.count - 1);
    }
    SAY(maker, "{");
    if (depth == 0 && maker->all_jsonata) {
        SAY(maker, "\"QueryLanguage\":\"JSONata\",");
    }
    if (depth == 0 && maker->wild && one_in(maker, 3)) {
        SAY(maker, "\"TimeoutSeconds\":%d,", 1 + any(maker, 20));
    }
    SAY(maker, "\"StartAt\":");
    say_name(maker, &level, 0);
    SAY(maker, ",\"States\":{");
    for (int at = 0; at < level.count; at++) {
        say_state(maker, &level, at);
        SAY(maker, is_last(&level, at) ? "}}" : ",");
    }
    maker->variable_count = variables;
}

static struct str make_input(struct arena *arena, struct maker *maker)
{
    struct buffer input = buffer_in(arena);
    int items = one_in(maker, 20) ? any(maker, 300) : any(maker, 4);
    must(buffer_format(&input, "{\"a\":%d,\"b\":[", 1 + any(maker, 3)));
    for (int at = 0; at < items; at++) {
        must(buffer_format(&input, at == 0 ? "%d" : ",%d", 1 + at % 3));
    }
    must(buffer_format(&input, "]}"));
    return buffer_text(&input);
}

void machine_random(struct arena *arena, uint64_t seed, struct random_machine *out_machine)
{
    struct maker maker = {.chance = {seed * 77777}, .text = buffer_in(arena), .wild = seed % 2 == 1};
    struct findings findings;
    struct str message;
    maker.all_jsonata = one_in(&maker, 4);
    *out_machine = (struct random_machine){.wild = maker.wild, .express = one_in(&maker, 4)};
    say_machine(&maker, 0);
    out_machine->text = buffer_text(&maker.text);
    out_machine->input = make_input(arena, &maker);
    enum machine_type type = out_machine->express ? MACHINE_EXPRESS : MACHINE_STANDARD;
    if (machine_compile(arena, out_machine->text, type, &out_machine->machine, &findings) != STATUS_OK) {
        must(findings_message(arena, &findings, &message));
        fprintf(stderr, "seed %llu: %.*s\n%.*s\n", (unsigned long long)seed, STR_ARGS(message), STR_ARGS(out_machine->text));
        abort();
    }
}
