#include "cli/bench_core.h"

#include "asl/rows_single.h"
#include "asl/step.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "schemas/codec/codec.h"

#include <stdlib.h>

#define TASKS_IN_CHAIN 10
#define PASSES_IN_CHAIN 40
#define ARENA_BYTES ((size_t)64 << 20)
#define LOOK_AT_CLOCK_EVERY 256

/* One execution: its row of now, in one of two arenas; a step reads from one and writes into the other. */
struct bench_state {
    struct arena *arenas[2];
    int present;
    const struct execution_row *execution;
    struct str token; /* of the open task */
    struct env env;
    const struct machine *machine;
    bool encode;
    uint64_t records;
    uint64_t bytes;
};

static double now_seconds(void)
{
    return (double)clock_us() / 1e6;
}

/* ---- Machines ---- */

static enum status chain(struct arena *arena, const char *state, int count, const struct machine **out_machine)
{
    struct buffer buffer = buffer_in(arena);
    struct findings findings;
    TRY(buffer_add(&buffer, STR("{\"StartAt\":\"S0\",\"States\":{")));
    for (int at = 0; at < count; at++) {
        TRY(buffer_format(&buffer, "%s\"S%d\":{%s,", at == 0 ? "" : ",", at, state));
        TRY(at + 1 < count ? buffer_format(&buffer, "\"Next\":\"S%d\"}", at + 1) : buffer_format(&buffer, "\"End\":true}"));
    }
    TRY(buffer_add(&buffer, STR("}}")));
    return machine_compile(arena, buffer_text(&buffer), MACHINE_STANDARD, out_machine, &findings);
}

static enum status payload(struct arena *arena, uint32_t bytes, struct str *out_text)
{
    char *text = arena_allocate(arena, bytes < 16 ? 16 : bytes);
    TRY_NEW(text);
    size_t length = bytes < 16 ? 16 : bytes;
    memset(text, 'x', length);
    memcpy(text, "{\"v\":\"", 6);
    memcpy(text + length - 2, "\"}", 2);
    *out_text = (struct str){text, length};
    return STATUS_OK;
}

/* ---- One step ---- */

static enum status encode(struct bench_state *state, struct arena *arena, enum schema_id schema, enum record_id record, const void *value)
{
    struct str bytes;
    state->records++;
    if (!state->encode) {
        return STATUS_OK;
    }
    TRY(codec_encode(arena, CODEC_AVRO, schema, record, value, &bytes));
    state->bytes += bytes.length;
    return STATUS_OK;
}

static enum status carry_out(struct bench_state *state, struct arena *arena, const struct effect *effect)
{
    switch (effect->type) {
    case EFFECT_HISTORY_EVENT:
        return encode(state, arena, SCHEMA_history_event, RECORD_history_event, effect->history_event);
    case EFFECT_TASK_REQUEST:
        state->token = effect->task_request.request->task_token;
        return encode(state, arena, SCHEMA_task_request, RECORD_task_request, effect->task_request.request);
    case EFFECT_PUT_EXECUTION:
        state->execution = effect->execution;
        return encode(state, arena, SCHEMA_state_row, RECORD_execution_row, effect->execution);
    case EFFECT_STATUS:
        return encode(state, arena, SCHEMA_execution_status, RECORD_execution_status, effect->status);
    case EFFECT_STATUS_TOMBSTONE:
    case EFFECT_DELETE_EXECUTION:
    case EFFECT_PUT_FRAME:
    case EFFECT_DELETE_FRAME:
    case EFFECT_PUT_PAYLOAD:
    case EFFECT_DELETE_PAYLOAD:
    case EFFECT_PUT_TIMER:
    case EFFECT_DELETE_TIMER:
    case EFFECT_USAGE:
    case EFFECT_TYPE_COUNT:
        break;
    }
    return STATUS_OK;
}

static enum status apply(struct bench_state *state, const struct step_event *event)
{
    const struct rows rows = rows_single(&state->execution);
    struct arena *arena = state->arenas[1 - state->present];
    const struct step step = {
        .arena = arena,
        .machine = state->machine,
        .rows = &rows,
        .env = &state->env,
        .config = &step_config_default,
    };
    struct effects effects;
    enum step_outcome outcome = STEP_APPLIED;
    TRY(step_apply(&step, event, &effects, &outcome));
    for (size_t at = 0; at < effects.count; at++) {
        TRY(carry_out(state, arena, &effects.items[at]));
    }
    /* What the next step reads lies in `arena`; what this one read can go. */
    arena_reset(state->arenas[state->present]);
    state->present = 1 - state->present;
    return STATUS_OK;
}

static enum status start(struct bench_state *state, struct str input, struct step_event *out_event)
{
    static const struct step_start template = {
        .arn = STR_INIT("arn:aws:states:us-east-1:000000000000:execution:bench:0123456789abcdef"),
        .state_machine_arn = STR_INIT("arn:aws:states:us-east-1:000000000000:stateMachine:bench"),
        .revision_id = STR_INIT("6f9d6a3e-0c1e-4c53-9d0f-2b5f4f3e8a11"),
        .role_arn = STR_INIT("arn:aws:iam::000000000000:role/pawl"),
        .incarnation = 1700000000000000,
    };
    struct step_start now = template;
    now.input = input;
    *out_event = (struct step_event){.type = STEP_START, .start = &now, .execution = execution_id_of(now.arn, now.incarnation)};
    state->execution = NULL;
    return apply(state, out_event);
}

/* Chains of tasks, one after the other, until the time is over. */
static enum status run_tasks(struct bench_state *state, struct str text, double seconds, double *out_rate)
{
    double began = now_seconds();
    uint64_t steps = 0;
    uint64_t records_before = state->records;
    uint64_t bytes_before = state->bytes;
    uint64_t step_records = 0;
    uint64_t step_bytes = 0;
    do {
        for (int round = 0; round < LOOK_AT_CLOCK_EVERY / TASKS_IN_CHAIN; round++) {
            struct step_event event;
            TRY(start(state, text, &event));
            for (int task = 0; task < TASKS_IN_CHAIN; task++) {
                struct step_event result = {.type = STEP_TASK_SUCCEEDED, .execution = event.execution, .output = text};
                records_before = state->records;
                bytes_before = state->bytes;
                TRY(token_decode(state->arenas[state->present], state->token, &result.token));
                TRY(apply(state, &result));
                if (task == 0) {
                    step_records = state->records - records_before;
                    step_bytes = state->bytes - bytes_before;
                }
            }
            steps += TASKS_IN_CHAIN;
        }
    } while (now_seconds() - began < seconds);
    *out_rate = (double)steps / (now_seconds() - began);
    state->records = step_records;
    state->bytes = step_bytes;
    return STATUS_OK;
}

static enum status run_passes(struct bench_state *state, struct str text, double seconds, double *out_rate)
{
    double began = now_seconds();
    uint64_t steps = 0;
    do {
        for (int round = 0; round < LOOK_AT_CLOCK_EVERY; round++) {
            struct step_event event;
            TRY(start(state, text, &event));
        }
        steps += (uint64_t)LOOK_AT_CLOCK_EVERY * PASSES_IN_CHAIN;
    } while (now_seconds() - began < seconds);
    *out_rate = (double)steps / (now_seconds() - began);
    return STATUS_OK;
}

static enum status measure(struct arena *arena, const struct bench_core_options *options, struct bench_core_figures *figures)
{
    struct bench_state state = {.arenas = {arena_create(ARENA_BYTES), arena_create(ARENA_BYTES)}, .env = {.now_ms = 1700000000000}};
    const struct machine *tasks = NULL;
    const struct machine *passes = NULL;
    struct str text;
    enum status status = state.arenas[0] == NULL || state.arenas[1] == NULL ? STATUS_LIMIT_EXCEEDED : STATUS_OK;
    double *rates[2][2] = {{&figures->task_steps_built, &figures->pass_steps_built},
                           {&figures->task_steps_encoded, &figures->pass_steps_encoded}};
    if (status == STATUS_OK) {
        status = payload(arena, options->payload_bytes, &text);
    }
    if (status == STATUS_OK) {
        status = chain(arena, "\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:bench\"",
                       TASKS_IN_CHAIN, &tasks);
    }
    if (status == STATUS_OK) {
        status = chain(arena, "\"Type\":\"Pass\"", PASSES_IN_CHAIN, &passes);
    }
    for (int encoded = 0; encoded < 2 && status == STATUS_OK; encoded++) {
        state.encode = encoded == 1;
        state.machine = tasks;
        status = run_tasks(&state, text, options->seconds, rates[encoded][0]);
        figures->records_per_task_step = (double)state.records;
        figures->bytes_per_task_step = (double)state.bytes;
        state.machine = passes;
        if (status == STATUS_OK) {
            status = run_passes(&state, text, options->seconds, rates[encoded][1]);
        }
    }
    arena_destroy(state.arenas[0]);
    arena_destroy(state.arenas[1]);
    return status;
}

enum status bench_core_run(const struct bench_core_options *options, struct bench_core_figures *out_figures)
{
    struct bench_core_figures figures = {0};
    struct arena *arena = arena_create(ARENA_BYTES);
    TRY_NEW(arena);
    enum status status = measure(arena, options, &figures);
    arena_destroy(arena);
    if (status == STATUS_OK) {
        *out_figures = figures;
    }
    return status;
}
