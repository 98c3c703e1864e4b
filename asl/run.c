#include "asl/run.h"

#include "asl/variables.h"
#include "base/assert.h"
#include "base/limits.h"

/* Room for one more item in a vector of the arena. */
static enum status grow(struct arena *arena, void **items, size_t item_bytes, uint32_t count, uint32_t *capacity)
{
    if (count < *capacity) {
        return STATUS_OK;
    }
    uint32_t more = *capacity == 0 ? 8 : *capacity * 2;
    void *moved = arena_allocate(arena, more * item_bytes);
    TRY_NEW(moved);
    if (count > 0) {
        memcpy(moved, *items, count * item_bytes);
    }
    *items = moved;
    *capacity = more;
    return STATUS_OK;
}

/* Where the id is, or would be, among the slots; there is always a free one. */
static uint32_t *frame_slot(const struct run *run, int64_t id)
{
    uint32_t mask = run->frame_slot_count - 1;
    uint32_t at = (uint32_t)((uint64_t)id * 0x9E3779B97F4A7C15u >> 32) & mask;
    while (run->frame_slots[at] != 0 && run->frames[run->frame_slots[at] - 1]->row.id != id) {
        at = (at + 1) & mask;
    }
    return &run->frame_slots[at];
}

/* Keeps at most half of the slots in use. */
static enum status grow_slots(struct run *run)
{
    if (2 * (run->frame_count + 1) <= run->frame_slot_count) {
        return STATUS_OK;
    }
    run->frame_slot_count = run->frame_slot_count == 0 ? 8 : run->frame_slot_count * 2;
    run->frame_slots = arena_array(run->arena, uint32_t, run->frame_slot_count);
    TRY_NEW(run->frame_slots);
    for (uint32_t at = 0; at < run->frame_count; at++) {
        *frame_slot(run, run->frames[at]->row.id) = at + 1;
    }
    return STATUS_OK;
}

static enum status add_frame(struct run *run, const struct frame_row *row, bool stored, struct run_frame **out_frame)
{
    TRY(grow(run->arena, (void **)&run->frames, sizeof(struct run_frame *), run->frame_count, &run->frame_capacity));
    TRY(grow_slots(run));
    struct run_frame *frame = arena_new(run->arena, struct run_frame);
    TRY_NEW(frame);
    frame->row = *row;
    frame->stored = stored;
    frame->stored_input = stored && row->input.bytes == NULL && row->phase != FRAME_SWEEP && row->phase != FRAME_WALK;
    frame->stored_pages = stored ? row->variable_pages : 0;
    frame->stored_timer_ms = stored && row->timer_due != RECORD_NONE ? row->timer_due / 1000 : RECORD_NONE;
    frame->stored_timer_phase = row->phase_counter;
    frame->timer_ms = frame->stored_timer_ms;
    *frame_slot(run, row->id) = run->frame_count + 1;
    run->frames[run->frame_count++] = frame;
    *out_frame = frame;
    return STATUS_OK;
}

enum status run_load(struct run *run)
{
    const struct execution_row *row = NULL;
    struct run_frame *root = NULL;
    TRY(run->step->rows->execution(run->step->rows->owner, run->arena, &run->id, &row));
    run->execution = *row;
    run->execution_stored = true;
    return add_frame(run, &row->root, true, &root);
}

enum status run_execution_input(struct run *run, struct data **out_input)
{
    if (!run->execution_input_known) {
        struct str text = run->execution.input;
        if (text.bytes == NULL) {
            const struct payload_id id = {.scope = FRAME_ROOT, .slot = PAYLOAD_EXECUTION_INPUT};
            TRY(run_payload_get(run, &id, &text));
        }
        run->execution_input = data_of_text(text);
        run->execution_input_known = true;
    }
    *out_input = &run->execution_input;
    return STATUS_OK;
}

static enum status add_timer_effect(struct run *run, enum effect_type type, int64_t due_ms, int64_t frame, int64_t phase_counter)
{
    struct effect *effect = NULL;
    TRY(effects_add(run->effects, type, &effect));
    effect->timer = (struct effect_timer){.due_ms = due_ms, .frame = frame, .phase_counter = phase_counter};
    return STATUS_OK;
}

enum status run_arm_execution(struct run *run, int64_t due_ms)
{
    int64_t armed = run->execution.deadline_timer_due;
    if (armed != RECORD_NONE) {
        TRY(add_timer_effect(run, EFFECT_DELETE_TIMER, armed / 1000, TIMER_EXECUTION, 0));
    }
    run->execution.deadline_timer_due = due_ms == RECORD_NONE ? RECORD_NONE : due_ms * 1000;
    run->execution_dirty = true;
    return due_ms == RECORD_NONE ? STATUS_OK : add_timer_effect(run, EFFECT_PUT_TIMER, due_ms, TIMER_EXECUTION, 0);
}

/* ---- Frames ---- */

enum status run_frame(struct run *run, int64_t id, struct run_frame **out_frame)
{
    uint32_t known = run->frame_slot_count == 0 ? 0 : *frame_slot(run, id);
    if (known != 0) {
        *out_frame = run->frames[known - 1];
        return (*out_frame)->deleted ? STATUS_NOT_FOUND : STATUS_OK;
    }
    const struct frame_row *row = NULL;
    TRY(run->step->rows->frame(run->step->rows->owner, run->arena, &run->id, id, &row));
    return add_frame(run, row, true, out_frame);
}

enum status run_frame_is_alive(struct run *run, const struct run_frame *frame, bool *out_alive)
{
    int64_t group = frame->row.group;
    int64_t id = frame->row.parent;
    *out_alive = true;
    for (int depth = 0; id != FRAME_NO_PARENT; depth++) {
        ASSERT(depth <= MACHINE_DEPTH_MAX + 1);
        struct run_frame *parent = NULL;
        enum status status = run_frame(run, id, &parent);
        bool elsewhere = status == STATUS_OK && (parent->row.phase != FRAME_CHILDREN || parent->row.child_group != group);
        if (status == STATUS_NOT_FOUND || elsewhere) {
            *out_alive = false;
            return STATUS_OK;
        }
        TRY(status);
        group = parent->row.group;
        id = parent->row.parent;
    }
    return STATUS_OK;
}

bool run_frame_is_current(const struct run *run, const struct run_frame *frame)
{
    return (frame->row.redrive == RECORD_NONE ? 0 : frame->row.redrive) == run->execution.redrive_count;
}

static void row_init(struct frame_row *row)
{
    *row = (struct frame_row){
        .parent = FRAME_NO_PARENT,
        .group = FRAME_NO_GROUP,
        .child_group = FRAME_NO_GROUP,
        .deadline = RECORD_NONE,
        .heartbeat_ms = RECORD_NONE,
        .heartbeat_deadline = RECORD_NONE,
        .scheduled_time = RECORD_NONE,
        .started_time = RECORD_NONE,
        .timer_due = RECORD_NONE,
        .redrive = RECORD_NONE,
        .walked = RECORD_NONE,
    };
}

enum status run_frame_new(struct run *run, const struct run_frame *parent, int64_t index, uint32_t submachine,
                          struct run_frame **out_frame)
{
    struct frame_row row;
    row_init(&row);
    row.id = run->execution.next_frame_id++;
    row.machine = submachine;
    row.state = run->machine->submachines[submachine].start_at;
    row.index = index;
    row.redrive = run->execution.redrive_count > 0 ? run->execution.redrive_count : RECORD_NONE;
    if (parent != NULL) {
        row.parent = parent->row.id;
        row.group = parent->row.child_group;
    }
    run->execution_dirty = true;
    run->rows_estimated++;
    TRY(add_frame(run, &row, false, out_frame));
    (*out_frame)->dirty = true;
    return STATUS_OK;
}

enum status run_frame_delete(struct run *run, struct run_frame *frame)
{
    struct effect *effect = NULL;
    ASSERT(frame->row.id != FRAME_ROOT && !frame->deleted);
    frame->deleted = true;
    frame->dirty = false;
    if (frame->stored_input) {
        TRY(run_payload_delete(run, &(struct payload_id){.scope = frame->row.id, .slot = PAYLOAD_INPUT}));
    }
    for (int64_t page = 0; page < frame->stored_pages; page++) {
        TRY(run_payload_delete(run, &(struct payload_id){.scope = frame->row.id, .slot = PAYLOAD_VARIABLES, .index = page}));
    }
    if (frame->stored_timer_ms != RECORD_NONE) {
        TRY(add_timer_effect(run, EFFECT_DELETE_TIMER, frame->stored_timer_ms, frame->row.id, 0));
    }
    if (frame->stored) {
        TRY(effects_add(run->effects, EFFECT_DELETE_FRAME, &effect));
        effect->frame_id = frame->row.id;
    }
    return STATUS_OK;
}

const struct state *run_state(const struct run *run, const struct run_frame *frame)
{
    ASSERT(frame->row.state >= 0 && frame->row.state < (int64_t)run->machine->state_count);
    return &run->machine->states[frame->row.state];
}

void run_phase(struct run *run, struct run_frame *frame, enum frame_phase phase, int64_t due_ms)
{
    (void)run;
    frame->row.phase = phase;
    frame->row.phase_counter++;
    frame->timer_ms = due_ms;
    frame->dirty = true;
}

bool run_is_full(const struct run *run)
{
    return run->effects->count + run->rows_estimated + run->payload_count >= run_effects_max(run) * 9 / 10 ||
           run->states_entered >= STEP_STATES_MAX || run->payload_bytes >= STEP_OUTPUT_BYTES_MAX ||
           run->step->env->work >= STEP_WORK_MAX / 3 ||
           arena_used(run->arena) - run->arena_used >= STEP_MEMORY_BYTES_MAX;
}

enum status run_queue(struct run *run, struct run_frame *frame)
{
    if (frame->queued) {
        return STATUS_OK;
    }
    if (run->queue_head > 0 && run->queue_head == run->queue_count) {
        run->queue_head = 0;
        run->queue_count = 0;
    }
    TRY(grow(run->arena, (void **)&run->queue, sizeof(int64_t), run->queue_count, &run->queue_capacity));
    run->queue[run->queue_count++] = frame->row.id;
    frame->queued = true;
    return STATUS_OK;
}

enum status run_input(struct run *run, struct run_frame *frame, struct data **out_input)
{
    if (!frame->input_known) {
        struct str text = frame->row.input;
        if (text.bytes == NULL) {
            TRY(run_payload_get(run, &(struct payload_id){.scope = frame->row.id, .slot = PAYLOAD_INPUT}, &text));
        }
        frame->input = data_of_text(text);
        frame->input_known = true;
    }
    *out_input = &frame->input;
    return STATUS_OK;
}

void run_set_input(struct run *run, struct run_frame *frame, struct data input)
{
    (void)run;
    frame->input = input;
    frame->input_known = true;
    frame->input_changed = true;
    frame->dirty = true;
}

/* ---- Payload rows ---- */

static struct run_payload *find_payload(struct run *run, const struct payload_id *id)
{
    for (uint32_t at = 0; at < run->payload_count; at++) {
        const struct payload_id *other = &run->payloads[at].id;
        if (other->scope == id->scope && other->slot == id->slot && other->index == id->index) {
            return &run->payloads[at];
        }
    }
    return NULL;
}

enum status run_payload_get(struct run *run, const struct payload_id *id, struct str *out_text)
{
    const struct run_payload *payload = find_payload(run, id);
    if (payload != NULL) {
        *out_text = payload->text;
        return payload->text.bytes == NULL ? STATUS_NOT_FOUND : STATUS_OK;
    }
    return run->step->rows->payload(run->step->rows->owner, run->arena, &run->id, id, out_text);
}

static enum status payload_entry(struct run *run, const struct payload_id *id, bool stored, struct run_payload **out_payload)
{
    *out_payload = find_payload(run, id);
    if (*out_payload == NULL) {
        TRY(grow(run->arena, (void **)&run->payloads, sizeof(struct run_payload), run->payload_count, &run->payload_capacity));
        *out_payload = &run->payloads[run->payload_count++];
        **out_payload = (struct run_payload){.id = *id, .stored = stored};
    }
    return STATUS_OK;
}

enum status run_payload_put(struct run *run, const struct payload_id *id, struct str text)
{
    struct run_payload *payload = NULL;
    TRY(payload_entry(run, id, false, &payload));
    payload->text = text;
    return STATUS_OK;
}

enum status run_payload_delete(struct run *run, const struct payload_id *id)
{
    struct run_payload *payload = NULL;
    TRY(payload_entry(run, id, true, &payload));
    payload->text = STR_NONE;
    return STATUS_OK;
}

/* ---- The end of the step ---- */

/* Keeps the input in the row when it is small, else in a payload row of its own. */
static enum status place_input(struct run *run, struct run_frame *frame)
{
    const struct payload_id id = {.scope = frame->row.id, .slot = PAYLOAD_INPUT};
    struct str text;
    TRY(data_text(run->arena, &frame->input, &text));
    if (text.length <= RUN_INLINE_BYTES_MAX) {
        frame->row.input = text;
        return frame->stored_input ? run_payload_delete(run, &id) : STATUS_OK;
    }
    frame->row.input = STR_NONE;
    return run_payload_put(run, &id, text);
}

static enum status flush_timer(struct run *run, struct run_frame *frame)
{
    bool moved = frame->timer_ms != frame->stored_timer_ms;
    if (moved && frame->stored_timer_ms != RECORD_NONE) {
        TRY(add_timer_effect(run, EFFECT_DELETE_TIMER, frame->stored_timer_ms, frame->row.id, 0));
    }
    frame->row.timer_due = frame->timer_ms == RECORD_NONE ? RECORD_NONE : frame->timer_ms * 1000;
    if (frame->timer_ms != RECORD_NONE && (moved || frame->stored_timer_phase != frame->row.phase_counter)) {
        TRY(add_timer_effect(run, EFFECT_PUT_TIMER, frame->timer_ms, frame->row.id, frame->row.phase_counter));
    }
    return STATUS_OK;
}

static enum status flush_frame(struct run *run, struct run_frame *frame)
{
    struct effect *effect = NULL;
    if (frame->input_changed) {
        TRY(place_input(run, frame));
    }
    if (frame->variables_changed) {
        TRY(variables_place(run, frame));
    }
    TRY(flush_timer(run, frame));
    if (frame->row.id == FRAME_ROOT) {
        run->execution.root = frame->row;
        run->execution_dirty = true;
        return STATUS_OK;
    }
    TRY(effects_add(run->effects, EFFECT_PUT_FRAME, &effect));
    effect->frame = &frame->row;
    return STATUS_OK;
}

static enum status flush_payloads(struct run *run)
{
    for (uint32_t at = 0; at < run->payload_count; at++) {
        const struct run_payload *payload = &run->payloads[at];
        struct effect *effect = NULL;
        if (payload->text.bytes == NULL && !payload->stored) {
            continue; /* made and used up within the step */
        }
        TRY(effects_add(run->effects, payload->text.bytes == NULL ? EFFECT_DELETE_PAYLOAD : EFFECT_PUT_PAYLOAD, &effect));
        effect->payload = (struct effect_payload){.id = payload->id, .text = payload->text};
    }
    return STATUS_OK;
}

enum status run_flush(struct run *run)
{
    struct effect *effect = NULL;
    for (uint32_t at = 0; at < run->frame_count; at++) {
        if (run->frames[at]->dirty) {
            TRY(flush_frame(run, run->frames[at]));
        }
    }
    TRY(flush_payloads(run));
    if (run->execution_dirty && !run->execution_deleted) {
        TRY(effects_add(run->effects, EFFECT_PUT_EXECUTION, &effect));
        effect->execution = &run->execution;
    }
    if (run->transitions > 0 || run->executions_started > 0) {
        TRY(effects_add(run->effects, EFFECT_USAGE, &effect));
        effect->usage = (struct effect_usage){run->transitions, run->executions_started};
    }
    return STATUS_OK;
}
