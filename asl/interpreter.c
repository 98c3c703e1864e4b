#include "asl/interpreter.h"

#include "base/assert.h"


struct stored_payload {
    struct payload_id id;
    struct str text;
};

/* A vector in the arena. */
#define VECTOR(type)                                                                                                   \
    struct {                                                                                                           \
        type *items;                                                                                                   \
        size_t count;                                                                                                  \
        size_t capacity;                                                                                               \
    }

struct interpreter {
    struct arena *arena;
    const struct machine *machine;
    const struct step_config *config;
    const struct step_routes *routes;
    struct str arn;
    struct str state_machine_arn;
    struct str role_arn;
    bool express;
    struct execution_id id;
    struct env env;
    int64_t now_ms;
    const struct execution_row *execution;
    const struct execution_status *status;
    int64_t transitions;
    VECTOR(const struct frame_row *) frames; /* in order of id */
    VECTOR(struct stored_payload) payloads;
    VECTOR(struct effect_timer) timers;
    VECTOR(const struct history_event *) events;
    VECTOR(struct interpreter_task) tasks;
    bool observes;
    const struct value *context;
    const struct value *variables;
    VECTOR(struct stage) stages;
};

/* Room for one more item; the vector's members are given one by one, as C has no generics. */
static enum status grow(struct arena *arena, void **items, size_t item_bytes, size_t count, size_t *capacity)
{
    if (count < *capacity) {
        return STATUS_OK;
    }
    size_t more = *capacity == 0 ? 16 : *capacity * 2;
    void *moved = arena_allocate(arena, more * item_bytes);
    TRY_NEW(moved);
    if (count > 0) {
        memcpy(moved, *items, count * item_bytes);
    }
    *items = moved;
    *capacity = more;
    return STATUS_OK;
}

#define VECTOR_ADD(arena, vector, item)                                                                                \
    do {                                                                                                               \
        TRY(grow((arena), (void **)&(vector)->items, sizeof *(vector)->items, (vector)->count, &(vector)->capacity));  \
        (vector)->items[(vector)->count++] = (item);                                                                   \
    } while (0)

#define VECTOR_REMOVE(vector, index)                                                                                   \
    do {                                                                                                               \
        memmove(&(vector)->items[(index)], &(vector)->items[(index) + 1],                                              \
                ((vector)->count - (index) - 1) * sizeof *(vector)->items);                                            \
        (vector)->count--;                                                                                             \
    } while (0)

enum status interpreter_create(const struct interpreter_options *options, struct interpreter **out_interpreter)
{
    struct arena *arena = arena_create(options->memory_bytes_max);
    struct interpreter *interpreter = arena == NULL ? NULL : arena_new(arena, struct interpreter);
    if (interpreter == NULL) {
        arena_destroy(arena);
        return STATUS_LIMIT_EXCEEDED;
    }
    interpreter->arena = arena;
    interpreter->machine = options->machine;
    interpreter->routes = options->routes;
    interpreter->config = options->config != NULL ? options->config : &step_config_default;
    interpreter->arn = options->arn.bytes != NULL
                           ? options->arn
                           : STR("arn:aws:states:us-east-1:000000000000:execution:machine:run");
    interpreter->state_machine_arn = options->state_machine_arn.bytes != NULL
                                         ? options->state_machine_arn
                                         : STR("arn:aws:states:us-east-1:000000000000:stateMachine:machine");
    interpreter->role_arn =
        options->role_arn.bytes != NULL ? options->role_arn : STR("arn:aws:iam::000000000000:role/pawl");
    interpreter->express = options->express;
    interpreter->observes = options->observe;
    interpreter->context = options->context;
    interpreter->variables = options->variables;
    interpreter->now_ms = options->start_ms;
    memcpy(interpreter->env.seed, &options->seed, sizeof options->seed);
    *out_interpreter = interpreter;
    return STATUS_OK;
}

void interpreter_destroy(struct interpreter *interpreter)
{
    if (interpreter != NULL) {
        arena_destroy(interpreter->arena);
    }
}

/* ---- The rows port ---- */

static enum status get_execution(void *owner, struct arena *arena, const struct execution_id *id, const struct execution_row **out_row)
{
    (void)arena;
    (void)id;
    struct interpreter *interpreter = owner;
    if (interpreter->execution == NULL) {
        return STATUS_NOT_FOUND;
    }
    *out_row = interpreter->execution;
    return STATUS_OK;
}

/* Where the frame is, or would be. */
static size_t frame_index(const struct interpreter *interpreter, int64_t id)
{
    size_t at = 0;
    while (at < interpreter->frames.count && interpreter->frames.items[at]->id < id) {
        at++;
    }
    return at;
}

static bool has_frame(const struct interpreter *interpreter, size_t index, int64_t id)
{
    return index < interpreter->frames.count && interpreter->frames.items[index]->id == id;
}

static enum status get_frame(void *owner, struct arena *arena, const struct execution_id *id, int64_t frame,
                             const struct frame_row **out_row)
{
    (void)arena;
    (void)id;
    struct interpreter *interpreter = owner;
    size_t index = frame_index(interpreter, frame);
    if (!has_frame(interpreter, index, frame)) {
        return STATUS_NOT_FOUND;
    }
    *out_row = interpreter->frames.items[index];
    return STATUS_OK;
}

static enum status get_frames(void *owner, struct arena *arena, const struct execution_id *id, int64_t from, size_t count_max,
                              const struct frame_row ***out_rows, size_t *out_count)
{
    (void)id;
    struct interpreter *interpreter = owner;
    size_t first = frame_index(interpreter, from);
    size_t count = interpreter->frames.count - first;
    count = count < count_max ? count : count_max;
    const struct frame_row **rows = arena_array(arena, const struct frame_row *, count);
    TRY_NEW(rows);
    for (size_t at = 0; at < count; at++) {
        rows[at] = interpreter->frames.items[first + at];
    }
    *out_rows = rows;
    *out_count = count;
    return STATUS_OK;
}

static size_t payload_index(const struct interpreter *interpreter, const struct payload_id *id)
{
    size_t at = 0;
    while (at < interpreter->payloads.count &&
           (interpreter->payloads.items[at].id.scope != id->scope || interpreter->payloads.items[at].id.slot != id->slot ||
            interpreter->payloads.items[at].id.index != id->index)) {
        at++;
    }
    return at;
}

static enum status get_payload(void *owner, struct arena *arena, const struct execution_id *id, const struct payload_id *payload,
                               struct str *out_text)
{
    (void)arena;
    (void)id;
    struct interpreter *interpreter = owner;
    size_t at = payload_index(interpreter, payload);
    if (at == interpreter->payloads.count) {
        return STATUS_NOT_FOUND;
    }
    *out_text = interpreter->payloads.items[at].text;
    return STATUS_OK;
}

static enum status get_payloads(void *owner, struct arena *arena, const struct execution_id *id, int64_t scope, size_t count_max,
                                struct payload_id **out_payloads, size_t *out_count)
{
    (void)id;
    struct interpreter *interpreter = owner;
    struct payload_id *payloads = arena_array(arena, struct payload_id, interpreter->payloads.count);
    TRY_NEW(payloads);
    size_t count = 0;
    for (size_t at = 0; at < interpreter->payloads.count && count < count_max; at++) {
        if (scope < 0 || interpreter->payloads.items[at].id.scope == scope) {
            payloads[count++] = interpreter->payloads.items[at].id;
        }
    }
    *out_payloads = payloads;
    *out_count = count;
    return STATUS_OK;
}

/* ---- Effects ---- */

static enum status put_frame(struct interpreter *interpreter, const struct frame_row *row)
{
    size_t index = frame_index(interpreter, row->id);
    if (has_frame(interpreter, index, row->id)) {
        interpreter->frames.items[index] = row;
        return STATUS_OK;
    }
    VECTOR_ADD(interpreter->arena, &interpreter->frames, row);
    memmove(&interpreter->frames.items[index + 1], &interpreter->frames.items[index],
            (interpreter->frames.count - index - 1) * sizeof(struct frame_row *));
    interpreter->frames.items[index] = row;
    return STATUS_OK;
}

static enum status put_payload(struct interpreter *interpreter, const struct effect_payload *payload)
{
    const struct stored_payload stored = {payload->id, payload->text};
    size_t at = payload_index(interpreter, &payload->id);
    if (at < interpreter->payloads.count) {
        interpreter->payloads.items[at] = stored;
        return STATUS_OK;
    }
    VECTOR_ADD(interpreter->arena, &interpreter->payloads, stored);
    return STATUS_OK;
}

static void delete_payload(struct interpreter *interpreter, const struct payload_id *id)
{
    size_t at = payload_index(interpreter, id);
    if (at < interpreter->payloads.count) {
        VECTOR_REMOVE(&interpreter->payloads, at);
    }
}

static void delete_timer(struct interpreter *interpreter, const struct effect_timer *timer)
{
    for (size_t at = 0; at < interpreter->timers.count; at++) {
        if (interpreter->timers.items[at].due_ms == timer->due_ms && interpreter->timers.items[at].frame == timer->frame) {
            VECTOR_REMOVE(&interpreter->timers, at);
            return;
        }
    }
}

static enum status put_timer(struct interpreter *interpreter, const struct effect_timer *timer)
{
    delete_timer(interpreter, timer); /* a row of that key is replaced */
    VECTOR_ADD(interpreter->arena, &interpreter->timers, *timer);
    return STATUS_OK;
}

static enum status add_task(struct interpreter *interpreter, const struct effect_task *task)
{
    const struct interpreter_task added = {task->request, task->route, false};
    VECTOR_ADD(interpreter->arena, &interpreter->tasks, added);
    return STATUS_OK;
}

static enum status add_event(struct interpreter *interpreter, const struct history_event *event)
{
    VECTOR_ADD(interpreter->arena, &interpreter->events, event);
    return STATUS_OK;
}

static enum status carry_out(struct interpreter *interpreter, const struct effect *effect)
{
    size_t index = 0;
    switch (effect->type) {
    case EFFECT_HISTORY_EVENT:
        return add_event(interpreter, effect->history_event);
    case EFFECT_TASK_REQUEST:
        return add_task(interpreter, &effect->task_request);
    case EFFECT_STATUS:
        interpreter->status = effect->status;
        return STATUS_OK;
    case EFFECT_STATUS_TOMBSTONE:
        return STATUS_OK; /* the last status stays to be seen */
    case EFFECT_PUT_EXECUTION:
        interpreter->execution = effect->execution;
        return STATUS_OK;
    case EFFECT_DELETE_EXECUTION:
        interpreter->execution = NULL;
        return STATUS_OK;
    case EFFECT_PUT_FRAME:
        return put_frame(interpreter, effect->frame);
    case EFFECT_DELETE_FRAME:
        index = frame_index(interpreter, effect->frame_id);
        if (has_frame(interpreter, index, effect->frame_id)) {
            VECTOR_REMOVE(&interpreter->frames, index);
        }
        return STATUS_OK;
    case EFFECT_PUT_PAYLOAD:
        return put_payload(interpreter, &effect->payload);
    case EFFECT_DELETE_PAYLOAD:
        delete_payload(interpreter, &effect->payload.id);
        return STATUS_OK;
    case EFFECT_PUT_TIMER:
        return put_timer(interpreter, &effect->timer);
    case EFFECT_DELETE_TIMER:
        delete_timer(interpreter, &effect->timer);
        return STATUS_OK;
    case EFFECT_USAGE:
        interpreter->transitions += effect->usage.transitions;
        return STATUS_OK;
    case EFFECT_TYPE_COUNT:
        break;
    }
    UNREACHABLE("effect type");
}

static enum status keep_stage(void *owner, const struct stage *stage)
{
    struct interpreter *interpreter = owner;
    VECTOR_ADD(interpreter->arena, &interpreter->stages, *stage);
    return STATUS_OK;
}

enum status interpreter_apply(struct interpreter *interpreter, struct step_event event, enum step_outcome *out_outcome)
{
    const struct rows rows = {interpreter, get_execution, get_frame, get_payload, get_frames, get_payloads};
    interpreter->env.now_ms = interpreter->now_ms;
    const struct stage_observer observer = {interpreter, keep_stage};
    const struct step step = {
        .arena = interpreter->arena,
        .machine = interpreter->machine,
        .rows = &rows,
        .env = &interpreter->env,
        .config = interpreter->config,
        .observer = interpreter->observes ? &observer : NULL,
        .routes = interpreter->routes,
        .context = interpreter->context,
        .variables = interpreter->variables,
    };
    struct effects effects;
    event.execution = interpreter->id;
    TRY(step_apply(&step, &event, &effects, out_outcome));
    for (size_t at = 0; at < effects.count; at++) {
        TRY(carry_out(interpreter, &effects.items[at]));
    }
    return STATUS_OK;
}

enum status interpreter_start(struct interpreter *interpreter, struct str input)
{
    enum step_outcome outcome = STEP_APPLIED;
    struct step_start *start = arena_new(interpreter->arena, struct step_start);
    TRY_NEW(start);
    *start = (struct step_start){
        .arn = interpreter->arn,
        .state_machine_arn = interpreter->state_machine_arn,
        .revision_id = STR("1"),
        .role_arn = interpreter->role_arn,
        .express = interpreter->express,
        .input = input,
        .incarnation = interpreter->now_ms * 1000,
    };
    interpreter->id = execution_id_of(start->arn, start->incarnation);
    return interpreter_apply(interpreter, (struct step_event){.type = STEP_START, .start = start}, &outcome);
}

enum status interpreter_answer(struct interpreter *interpreter, const struct task_request *request, struct step_event event,
                               enum step_outcome *out_outcome)
{
    TRY(token_decode(interpreter->arena, request->task_token, &event.token));
    if (event.type == STEP_TASK_SUCCEEDED || event.type == STEP_TASK_FAILED) {
        for (size_t at = 0; at < interpreter->tasks.count; at++) {
            interpreter->tasks.items[at].answered |= interpreter->tasks.items[at].request == request;
        }
    }
    return interpreter_apply(interpreter, event, out_outcome);
}

/* The index of the timer that is due first; `count` when there is none. The execution's own is left out when it has ended:
 * that is clean-up in weeks. */
static size_t first_timer(const struct interpreter *interpreter)
{
    size_t first = interpreter->timers.count;
    for (size_t at = 0; at < interpreter->timers.count; at++) {
        if (first == interpreter->timers.count || interpreter->timers.items[at].due_ms < interpreter->timers.items[first].due_ms) {
            first = at;
        }
    }
    return first;
}

int64_t interpreter_next_due_ms(const struct interpreter *interpreter)
{
    size_t first = first_timer(interpreter);
    return first == interpreter->timers.count ? INT64_MAX : interpreter->timers.items[first].due_ms;
}

enum status interpreter_fire(struct interpreter *interpreter)
{
    size_t first = first_timer(interpreter);
    enum step_outcome outcome = STEP_APPLIED;
    if (first == interpreter->timers.count) {
        return STATUS_OK;
    }
    const struct effect_timer timer = interpreter->timers.items[first];
    interpreter->now_ms = timer.due_ms > interpreter->now_ms ? timer.due_ms : interpreter->now_ms;
    return interpreter_apply(interpreter, (struct step_event){.type = STEP_TIMER, .timer = timer}, &outcome);
}

enum status interpreter_advance(struct interpreter *interpreter, int64_t to_ms)
{
    while (interpreter_next_due_ms(interpreter) <= to_ms) {
        TRY(interpreter_fire(interpreter));
    }
    interpreter->now_ms = to_ms > interpreter->now_ms ? to_ms : interpreter->now_ms;
    return STATUS_OK;
}

int64_t interpreter_now_ms(const struct interpreter *interpreter)
{
    return interpreter->now_ms;
}

const struct execution_status *interpreter_status(const struct interpreter *interpreter)
{
    return interpreter->status;
}

bool interpreter_is_running(const struct interpreter *interpreter)
{
    return interpreter->status != NULL && str_equal(interpreter->status->status, STR("RUNNING"));
}

size_t interpreter_event_count(const struct interpreter *interpreter)
{
    return interpreter->events.count;
}

const struct history_event *interpreter_event(const struct interpreter *interpreter, size_t index)
{
    ASSERT(index < interpreter->events.count);
    return interpreter->events.items[index];
}

size_t interpreter_stage_count(const struct interpreter *interpreter)
{
    return interpreter->stages.count;
}

const struct stage *interpreter_stage(const struct interpreter *interpreter, size_t index)
{
    return &interpreter->stages.items[index];
}

size_t interpreter_task_count(const struct interpreter *interpreter)
{
    return interpreter->tasks.count;
}

struct interpreter_task *interpreter_task(struct interpreter *interpreter, size_t index)
{
    ASSERT(index < interpreter->tasks.count);
    return &interpreter->tasks.items[index];
}

struct interpreter_counts interpreter_counts(const struct interpreter *interpreter)
{
    return (struct interpreter_counts){
        .executions = interpreter->execution != NULL,
        .frames = interpreter->frames.count,
        .payloads = interpreter->payloads.count,
        .timers = interpreter->timers.count,
    };
}

int64_t interpreter_transitions(const struct interpreter *interpreter)
{
    return interpreter->transitions;
}

struct arena *interpreter_arena(struct interpreter *interpreter)
{
    return interpreter->arena;
}
