/* How long a task took, as the effect of the event that ends it tells: of each attempt and kind of task. */
#include "asl/rows_single.h"
#include "asl/step.h"
#include "base/buffer.h"
#include "schemas/execution_statuses.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define START_MS 1700000000000
#define ACTIONS_MAX 6
#define TASK(resource, more)                                                                                           \
    "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" resource "\"," more "\"End\":true}}}"
#define ACTIVITY "arn:aws:states:us-east-1:000000000000:activity:a"
#define FUNCTION "arn:aws:lambda:us-east-1:000000000000:function:f"
#define CALLBACK "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
#define RETRY "\"Retry\":[{\"ErrorEquals\":[\"States.ALL\"],\"IntervalSeconds\":5,\"MaxAttempts\":1}],"
#define MESSAGE "\"Parameters\":{\"QueueUrl\":\"q\",\"MessageBody\":{\"t.$\":\"$$.Task.Token\"}},"

/* One execution of one frame: its row, its open task and its timer. */
struct single {
    struct arena *arena;
    const struct machine *machine;
    const struct execution_row *row;
    struct str token;
    struct effect_timer timer;
    struct execution_id id;
    struct env env;
    struct buffer seen; /* "kind whole schedule run; " in ms of each task that was closed */
};

static void see(struct single *single, const struct effect_closed_task *task)
{
    static const char *const kinds[] = {[RESOURCE_LAMBDA] = "lambda", [RESOURCE_ACTIVITY] = "activity", [RESOURCE_INTEGRATION] = "service"};
    struct buffer *seen = &single->seen;
    assert_int_equal(buffer_format(seen, "%s %" PRId64, kinds[task->kind], (task->closed - task->scheduled) / 1000), STATUS_OK);
    if (task->started != RECORD_NONE) {
        assert_int_equal(buffer_format(seen, " %" PRId64 " %" PRId64, (task->started - task->scheduled) / 1000,
                                       (task->closed - task->started) / 1000),
                         STATUS_OK);
    }
    assert_int_equal(buffer_format(seen, "; "), STATUS_OK);
}

static void carry_out(struct single *single, const struct effect *effect)
{
    if (effect->type == EFFECT_HISTORY_EVENT && effect->closed_task != NULL) {
        see(single, effect->closed_task);
    } else if (effect->type == EFFECT_TASK_REQUEST) {
        single->token = effect->task_request.request->task_token;
    } else if (effect->type == EFFECT_PUT_EXECUTION) {
        single->row = effect->execution;
    } else if (effect->type == EFFECT_PUT_TIMER && effect->timer.frame == 0) {
        single->timer = effect->timer;
    }
}

static void apply(struct single *single, struct step_event event)
{
    const struct rows rows = rows_single(&single->row);
    const struct step step = {
        .arena = single->arena, .machine = single->machine, .rows = &rows, .env = &single->env, .config = &step_config_default};
    struct effects effects;
    enum step_outcome outcome;
    event.execution = single->id;
    event.timer = single->timer;
    event.output = STR("1");
    event.error = STR("E");
    if (event.type != STEP_START && event.type != STEP_TIMER) {
        assert_int_equal(token_decode(single->arena, single->token, &event.token), STATUS_OK);
    }
    assert_int_equal(step_apply(&step, &event, &effects, &outcome), STATUS_OK);
    assert_int_equal(outcome, STEP_APPLIED);
    for (size_t at = 0; at < effects.count; at++) {
        carry_out(single, &effects.items[at]);
    }
}

static struct single start(struct arena *arena, const char *definition)
{
    static const struct step_start start = {.arn = STR_INIT("arn:aws:states:us-east-1:000000000000:execution:m:e"),
                                            .state_machine_arn = STR_INIT("arn:aws:states:us-east-1:000000000000:stateMachine:m"),
                                            .revision_id = STR_INIT("1"), .input = STR_INIT("{}"), .incarnation = START_MS * 1000};
    struct single single = {.arena = arena, .seen = buffer_in(arena), .env = {.now_ms = START_MS}};
    struct findings findings;
    assert_int_equal(machine_compile(arena, str_of(definition), MACHINE_STANDARD, &single.machine, &findings), STATUS_OK);
    single.id = execution_id_of(start.arn, start.incarnation);
    apply(&single, (struct step_event){.type = STEP_START, .start = &start});
    return single;
}

struct action {
    int64_t after_ms;
    enum step_event_type type; /* STEP_START: there are no more */
};

static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *definition;
        struct action actions[ACTIONS_MAX];
        const char *seen;
    } rows[] = {
        {TASK(ACTIVITY, ""), {{20, STEP_TASK_STARTED}, {300, STEP_TASK_SUCCEEDED}}, "activity 320 20 300; "},
        {TASK(FUNCTION, ""), {{20, STEP_TASK_STARTED}, {300, STEP_TASK_SUCCEEDED}}, "lambda 320 20 300; "},
        {TASK(CALLBACK, MESSAGE), {{20, STEP_TASK_STARTED}, {300, STEP_TASK_SUCCEEDED}}, "service 320 20 300; "},
        {TASK(FUNCTION, ""), {{20, STEP_TASK_STARTED}, {5, STEP_TASK_STARTED}, {300, STEP_TASK_FAILED}}, "lambda 325 20 305; "},
        {TASK(FUNCTION, ""), {{300, STEP_TASK_SUCCEEDED}}, "lambda 300; "},
        {TASK(CALLBACK, MESSAGE), {{300, STEP_TASK_SUBMITTED}, {40, STEP_TASK_STARTED}, {1, STEP_TASK_FAILED}}, "service 341; "},
        {TASK(ACTIVITY, "\"TimeoutSeconds\":2,"), {{2000, STEP_TIMER}}, "activity 2000; "},
        {TASK(FUNCTION, "\"TimeoutSeconds\":2,"), {{500, STEP_TASK_STARTED}, {1500, STEP_TIMER}}, "lambda 2000 500 1500; "},
        {TASK(CALLBACK, MESSAGE "\"HeartbeatSeconds\":2,"), {{2000, STEP_TIMER}}, "service 2000; "},
        {TASK(ACTIVITY, RETRY),
         {{10, STEP_TASK_STARTED}, {20, STEP_TASK_FAILED}, {5000, STEP_TIMER}, {40, STEP_TASK_STARTED}, {3, STEP_TASK_SUCCEEDED}},
         "activity 30 10 20; activity 43 40 3; "},
        {TASK(FUNCTION, RETRY "\"TimeoutSeconds\":1,"),
         {{10, STEP_TASK_STARTED}, {990, STEP_TIMER}, {5000, STEP_TIMER}, {7, STEP_TASK_FAILED}}, "lambda 1000 10 990; lambda 7; "},
    };
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct arena *arena = arena_create((size_t)16 << 20);
        struct single single = start(arena, rows[at].definition);
        for (const struct action *action = rows[at].actions; action->type != STEP_START; action++) {
            single.env.now_ms += action->after_ms;
            apply(&single, (struct step_event){.type = action->type});
        }
        if (!str_equal(buffer_text(&single.seen), str_of(rows[at].seen))) {
            fail_msg("row %zu: %.*s", at, STR_ARGS(buffer_text(&single.seen)));
        }
        assert_int_equal(single.row->root.scheduled_time, RECORD_NONE);
        assert_int_equal(single.row->root.started_time, RECORD_NONE);
        arena_destroy(arena);
    }
}

/* A row of before says nothing of the times: nothing is told, and all else goes on. */
static void test_unknown(void **state)
{
    (void)state;
    struct arena *arena = arena_create((size_t)16 << 20);
    struct single single = start(arena, TASK(ACTIVITY, ""));
    struct execution_row row = *single.row;
    assert_int_equal(row.root.scheduled_time, START_MS * 1000);
    row.root.scheduled_time = RECORD_NONE;
    single.row = &row;
    single.env.now_ms += 10;
    apply(&single, (struct step_event){.type = STEP_TASK_STARTED});
    apply(&single, (struct step_event){.type = STEP_TASK_SUCCEEDED});
    assert_int_equal(buffer_text(&single.seen).length, 0);
    assert_int_equal(single.row->status, EXECUTION_STATUS_SUCCEEDED);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_unknown),
    };
    return cmocka_run_group_tests_name("asl/task_times", tests, NULL, NULL);
}
