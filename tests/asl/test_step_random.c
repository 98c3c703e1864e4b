/* The transition under random machines and a random world: a seed makes a machine, its workers' behaviour, and what else
 * happens (doubled, late and early words of workers, a stop, time); after each event the history and the rows must be in
 * order. The first half of the seeds have a machine whose outcome depends on nothing but its workers' answers: it must be the
 * same whatever the order of the answers and the size of a step, and however often it was broken off and redriven.
 *
 *     test_asl_step_random [FIRST COUNT]      runs these seeds alone */
#include "machine_random.h"

#include "schemas/history_events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#define SEEDS 400
#define ROUNDS_MAX 300000
#define START_MS 1700000000000
#define MEMORY_BYTES_MAX ((size_t)1 << 30)
#define REDRIVES 4 /* of a run that is to be redriven */
#define POISON STR("States.Runtime") /* an error that no Retry and no Catch answers to */
#define LONG_MS (400LL * 24 * 3600 * 1000)

/* One run of a machine. */
struct play {
    struct random chance;
    struct interpreter *interpreter;
    uint64_t seed;
    bool wild;
    size_t events_seen;
    int redrives_left;                   /* how often it may still be broken off, and redriven */
    bool redriven;
    size_t ended;                        /* terminal events seen, since the last redrive */
    int64_t counts[HISTORY_EVENT_TYPE_COUNT]; /* events of each type */
};

static void check(const struct play *play, bool holds, const char *what)
{
    if (!holds) {
        for (size_t at = 0; at < interpreter_event_count(play->interpreter); at++) {
            const struct history_event *event = interpreter_event(play->interpreter, at);
            fprintf(stderr, "%lld %lld %.*s %.*s %.*s\n", (long long)event->id, (long long)event->previous_event_id,
                    STR_ARGS(event->type), STR_ARGS(event->name), STR_ARGS(event->cause));
        }
        fail_msg("seed %llu: %s", (unsigned long long)play->seed, what);
    }
}

static bool is_running(const struct play *play)
{
    const struct execution_status *status = interpreter_status(play->interpreter);
    return status != NULL && str_equal(status->status, STR("RUNNING"));
}

/* ---- Invariants ---- */

/* What a redrive does again is not entered again. */
static void check_pairs(const struct play *play)
{
    const int64_t *counts = play->counts;
    if (play->redriven) {
        return;
    }
#define PAIR(type)                                                                                                     \
    check(play, counts[HISTORY_EVENT_##type##_STATE_ENTERED] >= counts[HISTORY_EVENT_##type##_STATE_EXITED],            \
          #type " exited without entered")
    PAIR(PASS);
    PAIR(CHOICE);
    PAIR(SUCCEED);
#undef PAIR
#define TRIPLE(type)                                                                                                   \
    check(play,                                                                                                        \
          counts[HISTORY_EVENT_##type##_STATE_ENTERED] >=                                                              \
              counts[HISTORY_EVENT_##type##_STATE_EXITED] + counts[HISTORY_EVENT_##type##_STATE_ABORTED],              \
          #type " exited or aborted without entered")
    TRIPLE(TASK);
    TRIPLE(WAIT);
    TRIPLE(PARALLEL);
    TRIPLE(MAP);
#undef TRIPLE
    check(play,
          counts[HISTORY_EVENT_LAMBDA_FUNCTION_SCHEDULED] >=
              counts[HISTORY_EVENT_LAMBDA_FUNCTION_SUCCEEDED] + counts[HISTORY_EVENT_LAMBDA_FUNCTION_FAILED] +
                  counts[HISTORY_EVENT_LAMBDA_FUNCTION_TIMED_OUT],
          "more task ends than tasks");
    int64_t open = counts[HISTORY_EVENT_MAP_ITERATION_STARTED] - counts[HISTORY_EVENT_MAP_ITERATION_SUCCEEDED] -
                   counts[HISTORY_EVENT_MAP_ITERATION_FAILED] - counts[HISTORY_EVENT_MAP_ITERATION_ABORTED];
    check(play, open >= 0, "an iteration ended twice");
    check(play, open == 0 || counts[HISTORY_EVENT_EXECUTION_SUCCEEDED] == 0, "an iteration outlived its execution");
}

static void check_events(struct play *play)
{
    for (; play->events_seen < interpreter_event_count(play->interpreter); play->events_seen++) {
        const struct history_event *event = interpreter_event(play->interpreter, play->events_seen);
        enum history_event_type type;
        check(play, history_event_type_of(event->type, &type), "an event of no type");
        check(play, event->id == (int64_t)play->events_seen + 1, "a gap in the ids");
        check(play, event->previous_event_id >= 0 && event->previous_event_id < event->id, "an event that names a later one");
        if (type == HISTORY_EVENT_EXECUTION_REDRIVEN) {
            check(play, play->ended == 1, "redriven before its end");
            play->ended = 0;
            play->redriven = true;
        }
        check(play, play->ended == 0, "an event after the end");
        play->counts[type]++;
        play->ended += type == HISTORY_EVENT_EXECUTION_SUCCEEDED || type == HISTORY_EVENT_EXECUTION_FAILED ||
                       type == HISTORY_EVENT_EXECUTION_ABORTED || type == HISTORY_EVENT_EXECUTION_TIMED_OUT;
    }
    struct interpreter_counts counts = interpreter_counts(play->interpreter);
    check(play, is_running(play) == (play->ended == 0), "the status is not the history's");
    check(play, counts.timers <= counts.frames + 2, "more timers than frames");
    check_pairs(play);
}

/* ---- The world ---- */

static void apply(struct play *play, const struct interpreter_task *task, struct step_event event, enum step_outcome *out_outcome)
{
    enum status status = task == NULL ? interpreter_apply(play->interpreter, event, out_outcome)
                                      : interpreter_answer(play->interpreter, task->request, event, out_outcome);
    check(play, status == STATUS_OK, "the step broke");
    check_events(play);
}

static uint64_t hash_text(uint64_t hash, struct str text)
{
    for (size_t at = 0; at < text.length; at++) {
        hash = (hash ^ (unsigned char)text.bytes[at]) * 1099511628211u;
    }
    return hash;
}

/* What the worker makes of the task depends on the task alone. */
static uint64_t fate(const struct play *play, const struct task_request *request)
{
    uint64_t hash = hash_text(1469598103934665603u ^ (play->seed >> 1), request->state_name);
    hash = (hash_text(hash, request->parameters) ^ (uint64_t)request->attempt) * 1099511628211u;
    return hash >> 20;
}

/* Whether the task's worker has died. It does so only where a time-out helps: MACHINE_RANDOM_TIMED begins the state's name. */
static bool is_silent(const struct play *play, const struct interpreter_task *task)
{
    return str_starts_with(task->request->state_name, STR(MACHINE_RANDOM_TIMED)) && fate(play, task->request) % 7 == 0;
}

static void answer(struct play *play, struct interpreter_task *task)
{
    enum step_outcome outcome = STEP_APPLIED;
    uint64_t result = fate(play, task->request);
    struct step_event event = {.type = result % 4 == 0 ? STEP_TASK_FAILED : STEP_TASK_SUCCEEDED};
    size_t before = interpreter_event_count(play->interpreter);
    if (event.type == STEP_TASK_FAILED) {
        event.error = play->wild && result % 8 == 0 ? STR("Other") : STR("E");
        event.cause = STR("cause");
    } else if (play->redrives_left > 0 && random_below(&play->chance, 6) == 0) {
        event.type = STEP_TASK_FAILED;
        event.error = POISON;
    } else {
        check(play,
              arena_format(interpreter_arena(play->interpreter), &event.output, "{\"v\":%d}", (int)(result / 4 % 10)) == STATUS_OK,
              "memory");
    }
    apply(play, task, event, &outcome);
    check(play, outcome == STEP_APPLIED || outcome == STEP_LATE || !is_running(play), "a task's answer was neither taken nor late");
    check(play, outcome == STEP_APPLIED || interpreter_event_count(play->interpreter) == before, "a late answer had an effect");
    before = interpreter_event_count(play->interpreter);
    apply(play, task, event, &outcome);
    check(play, outcome == STEP_LATE || outcome == STEP_UNKNOWN, "an answer was taken twice");
    check(play, interpreter_event_count(play->interpreter) == before, "a doubled answer had an effect");
}

/* A word about any task, open or not, that changes no outcome. */
static void say_something(struct play *play)
{
    static const enum step_event_type types[] = {STEP_TASK_HEARTBEAT, STEP_TASK_STARTED};
    size_t count = interpreter_task_count(play->interpreter);
    enum step_outcome outcome = STEP_APPLIED;
    if (count == 0) {
        return;
    }
    struct interpreter_task *task = interpreter_task(play->interpreter, random_below(&play->chance, count));
    if (task->answered) {
        apply(play, task, (struct step_event){.type = STEP_TASK_SUCCEEDED, .output = STR("\"late\"")}, &outcome);
        check(play, outcome != STEP_APPLIED, "a second answer was taken");
    } else if (!is_silent(play, task)) {
        apply(play, task, (struct step_event){.type = types[random_below(&play->chance, 2)], .worker_name = STR("w")}, &outcome);
    }
}

/* What broke off is taken up again; what failed by itself has its outcome. */
static void redrive(struct play *play)
{
    enum step_outcome outcome = STEP_APPLIED;
    const struct execution_status *status = interpreter_status(play->interpreter);
    bool broken_off = str_equal(status->status, STR("ABORTED")) || str_equal(status->error, POISON);
    if (play->redrives_left == 0 || (!play->wild && !broken_off)) {
        return;
    }
    play->redrives_left--;
    if (random_below(&play->chance, 2) == 0) {
        say_something(play); /* too late, or too early */
    }
    apply(play, NULL, (struct step_event){.type = STEP_REDRIVE}, &outcome);
    check(play, outcome == STEP_APPLIED || play->wild, "it was not redriven");
}

static struct interpreter_task *pick_task(struct play *play)
{
    struct interpreter_task *picked = NULL;
    size_t open = 0;
    for (size_t at = 0; at < interpreter_task_count(play->interpreter); at++) {
        struct interpreter_task *task = interpreter_task(play->interpreter, at);
        if (!task->answered && !is_silent(play, task) && random_below(&play->chance, ++open) == 0) {
            picked = task;
        }
    }
    return picked;
}

static void advance(struct play *play, int64_t to_ms)
{
    enum status status = interpreter_advance(play->interpreter, to_ms);
    check(play, status == STATUS_OK, "the step broke");
    check_events(play);
}

static void play_round(struct play *play)
{
    enum step_outcome outcome = STEP_APPLIED;
    advance(play, interpreter_now_ms(play->interpreter)); /* continuations */
    if (random_below(&play->chance, 4) == 0) {
        say_something(play);
    }
    if ((play->wild || play->redrives_left > 0) && random_below(&play->chance, play->wild ? 60 : 20) == 0) {
        apply(play, NULL, (struct step_event){.type = STEP_STOP, .error = STR("Stopped")}, &outcome);
        return;
    }
    if (play->wild && random_below(&play->chance, 8) == 0) {
        advance(play, interpreter_now_ms(play->interpreter) + (int64_t)random_below(&play->chance, 4000));
    }
    struct interpreter_task *task = pick_task(play);
    if (task != NULL) {
        answer(play, task);
    } else if (is_running(play)) {
        int64_t due_ms = interpreter_next_due_ms(play->interpreter);
        check(play, due_ms != INT64_MAX, "nothing is due, and it waits for nobody");
        advance(play, due_ms);
    }
}

/* ---- A run ---- */

struct outcome {
    struct str status;
    struct str output;
    size_t events;
    int64_t redrives;
    uint64_t history; /* a hash of it, as is */
};

static uint64_t hash_history(struct interpreter *interpreter)
{
    uint64_t hash = 1469598103934665603u;
    for (size_t at = 0; at < interpreter_event_count(interpreter); at++) {
        const struct history_event *event = interpreter_event(interpreter, at);
        const struct str columns[] = {event->type,  event->name,  event->input,             event->output,
                                      event->error, event->cause, event->assigned_variables};
        for (size_t column = 0; column < sizeof columns / sizeof *columns; column++) {
            hash = hash_text(hash, columns[column]);
        }
        hash = (hash ^ (uint64_t)event->previous_event_id ^ (uint64_t)event->timestamp) * 1099511628211u;
    }
    for (size_t at = 0; at < interpreter_task_count(interpreter); at++) {
        hash = hash_text(hash, interpreter_task(interpreter, at)->request->task_token);
    }
    return hash;
}

static void check_nothing_left(struct play *play)
{
    advance(play, interpreter_now_ms(play->interpreter) + LONG_MS);
    struct interpreter_counts counts = interpreter_counts(play->interpreter);
    check(play, counts.executions == 0, "an execution row is left");
    check(play, counts.frames == 0, "frames are left");
    check(play, counts.payloads == 0, "payloads are left");
    check(play, counts.timers == 0, "timers are left");
}

/* Plays the machine to its end; `chance` orders what happens, `effects_max` is a step's. */
static struct outcome play_machine(struct arena *arena, const struct random_machine *made, uint64_t seed, uint64_t chance,
                                   size_t effects_max, int redrives)
{
    struct step_config config = step_config_default;
    struct outcome outcome = {0};
    struct play play = {.chance = {chance}, .seed = seed, .wild = made->wild, .redrives_left = redrives};
    config.effects_max = effects_max;
    config.history_events_max = made->wild ? 400 : 0;
    const struct interpreter_options options = {
        .machine = made->machine,
        .config = &config,
        .express = made->express,
        .start_ms = START_MS,
        .seed = seed,
        .memory_bytes_max = MEMORY_BYTES_MAX,
    };
    assert_int_equal(interpreter_create(&options, &play.interpreter), STATUS_OK);
    check(&play, interpreter_start(play.interpreter, made->input) == STATUS_OK, "start");
    check_events(&play);
    for (int round = 0; is_running(&play); round++) {
        check(&play, round < ROUNDS_MAX, "it does not end");
        play_round(&play);
        if (!is_running(&play)) {
            redrive(&play);
        }
    }
    check(&play, interpreter_transitions(play.interpreter) == interpreter_status(play.interpreter)->transitions,
          "the use that was told is not the execution's");
    outcome.events = interpreter_event_count(play.interpreter);
    outcome.redrives = play.counts[HISTORY_EVENT_EXECUTION_REDRIVEN];
    outcome.history = hash_history(play.interpreter);
    assert_int_equal(arena_copy(arena, interpreter_status(play.interpreter)->status, &outcome.status), STATUS_OK);
    if (interpreter_status(play.interpreter)->output.bytes != NULL) {
        assert_int_equal(arena_copy(arena, interpreter_status(play.interpreter)->output, &outcome.output), STATUS_OK);
    }
    check_nothing_left(&play);
    interpreter_destroy(play.interpreter);
    return outcome;
}

static void check_same(const struct random_machine *made, uint64_t seed, const struct outcome *one, const struct outcome *other)
{
    if (!str_equal(one->status, other->status) || !str_equal(one->output, other->output)) {
        fprintf(stderr, "%.*s %.*s\n  and in another order %.*s %.*s\n  of %.*s\n  on %.*s\n", STR_ARGS(one->status),
                STR_ARGS(one->output), STR_ARGS(other->status), STR_ARGS(other->output), STR_ARGS(made->text), STR_ARGS(made->input));
        fail_msg("seed %llu: another order of answers gave another outcome", (unsigned long long)seed);
    }
}

/* How often a run of it was redriven. */
static int64_t run_seed(uint64_t seed)
{
    struct arena *arena = arena_create(MEMORY_BYTES_MAX);
    struct random_machine made;
    machine_random(arena, seed, &made);
    struct outcome first = play_machine(arena, &made, seed, seed, 0, 0);
    struct outcome again = play_machine(arena, &made, seed, seed, 0, 0);
    struct outcome small = play_machine(arena, &made, seed, seed + 1000000007, 20 + seed % 50, 0);
    int redrives = made.express ? 0 : REDRIVES;
    struct outcome redriven = play_machine(arena, &made, seed, seed + 2000000011, seed % 3 == 0 ? 0 : 20 + seed % 50, redrives);
    if (first.events != again.events || first.history != again.history) {
        fail_msg("seed %llu: the same seed gave another history", (unsigned long long)seed);
    }
    if (!made.wild) {
        check_same(&made, seed, &first, &small);
        check_same(&made, seed, &first, &redriven);
    }
    arena_destroy(arena);
    return redriven.redrives;
}

static void test_seeds(void **state)
{
    (void)state;
    int64_t redrives = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        redrives += run_seed(seed);
    }
    assert_true(redrives > SEEDS / 2); /* or the machines are too tame to show anything */
}

int main(int argument_count, char **arguments)
{
    if (argument_count == 3) {
        uint64_t first = strtoull(arguments[1], NULL, 10);
        uint64_t count = strtoull(arguments[2], NULL, 10);
        for (uint64_t seed = first; seed < first + count; seed++) {
            run_seed(seed);
        }
        return 0;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_seeds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
