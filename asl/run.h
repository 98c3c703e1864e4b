/* One step at work: the execution's rows as they become, the queue of frames that can go on, and what is to be written when
 * all of them wait. For asl/ alone.
 *
 * Frames and payloads are changed in memory; run_flush turns what differs from the store into effects, each row once. */
#ifndef PAWL_ASL_RUN_H
#define PAWL_ASL_RUN_H

#include "asl/data.h"
#include "asl/frame.h"
#include "asl/machine_parts.h"
#include "asl/retry.h"
#include "asl/step.h"
#include "base/limits.h"
#include "schemas/execution_statuses.h"
#include "schemas/history_events.h"

#define RUN_INLINE_BYTES_MAX 1024 /* a payload up to here lies in its frame's row: one row a step of a small workflow */

struct run_frame {
    struct frame_row row;
    struct data input;     /* raw input of the present state, once loaded or set */
    const struct value *variables; /* of this scope alone, once loaded or set: an object (asl/variables.h) */
    struct str *variable_pages;    /* their texts as they are in the store, once loaded: stored_pages */
    bool input_known;
    bool stored;           /* a row of it is in the store */
    bool dirty;
    bool deleted;
    bool queued;
    bool catching;         /* a Catcher is at work: what fails in it is not the state's to answer */
    bool stored_input;     /* a payload row of its input is in the store */
    bool input_changed;
    bool variables_changed;
    int64_t stored_pages;    /* payload rows of its variables in the store */
    int64_t stored_timer_ms; /* due time of its timer row in the store; RECORD_NONE: none */
    int64_t stored_timer_phase;
    int64_t timer_ms;      /* as it shall be; RECORD_NONE: none */
    struct run_frame *doomed_child; /* while frames are taken down: the first of those below it, */
    struct run_frame *doomed_next;  /* and the next beside it */
};

/* A payload row that this step wrote (text) or deleted (text.bytes == NULL). */
struct run_payload {
    struct payload_id id;
    struct str text;
    bool stored; /* it is in the store */
};

struct run {
    const struct step *step;
    struct arena *arena;
    struct effects *effects;
    const struct machine *machine;
    struct execution_id id;
    struct execution_row execution;
    bool execution_stored;
    bool execution_dirty;
    struct data execution_input;
    bool execution_input_known;
    struct run_frame **frames;
    uint32_t frame_count;
    uint32_t frame_capacity;
    uint32_t *frame_slots; /* hash of ids: 1 + index in `frames`; 0: free */
    uint32_t frame_slot_count;
    int64_t *queue; /* ids of frames, first come first served */
    uint32_t queue_head;
    uint32_t queue_count;
    uint32_t queue_capacity;
    struct run_payload *payloads;
    uint32_t payload_count;
    uint32_t payload_capacity;
    const struct value *items_page; /* of a Map: the latest that was parsed in the step; NULL: none */
    int64_t items_group;
    int64_t items_page_index;
    bool execution_deleted; /* its row goes: nothing of it is written any more */
    bool forgotten;         /* its status is to be tombstoned */
    bool status_changed;    /* the status is to be published, with */
    struct str status_output;
    uint32_t states_entered;
    size_t arena_used;       /* before the step */
    size_t payload_bytes;    /* of inputs and outputs that states took and gave; counts towards STEP_OUTPUT_BYTES_MAX */
    uint32_t rows_estimated; /* rows that the flush will write, roughly; counts towards STEP_EFFECTS_MAX */
    int64_t transitions; /* of this step, as AWS meters them */
    int64_t executions_started;
    bool history_full;
};

/* ---- The execution ---- */

static inline bool run_is_open(const struct run *run)
{
    return run->execution.status == EXECUTION_STATUS_RUNNING;
}

/* Loads the execution. STATUS_NOT_FOUND. */
MUST_CHECK enum status run_load(struct run *run);

/* The execution's own input. */
MUST_CHECK enum status run_execution_input(struct run *run, struct data **out_input);

/* Arms the execution's own timer (deadline, later clean-up) for due_ms; RECORD_NONE: takes it away. */
MUST_CHECK enum status run_arm_execution(struct run *run, int64_t due_ms);

/* ---- Frames ---- */

/* The frame, loaded once. STATUS_NOT_FOUND also when this step deleted it. */
MUST_CHECK enum status run_frame(struct run *run, int64_t id, struct run_frame **out_frame);

/* Whether the frame is still part of the execution: no ancestor has gone on without it. */
MUST_CHECK enum status run_frame_is_alive(struct run *run, const struct run_frame *frame, bool *out_alive);

/* Whether it runs since the execution's latest redrive, or there was none. */
bool run_frame_is_current(const struct run *run, const struct run_frame *frame);

/* A new frame in `parent`'s present group, about to enter the start of `submachine`. */
MUST_CHECK enum status run_frame_new(struct run *run, const struct run_frame *parent, int64_t index, uint32_t submachine,
                                     struct run_frame **out_frame);

/* Takes the frame's row, payloads and timer away. */
MUST_CHECK enum status run_frame_delete(struct run *run, struct run_frame *frame);

const struct state *run_state(const struct run *run, const struct run_frame *frame);

/* Puts the frame into a phase: earlier timers no longer match. due_ms RECORD_NONE: no timer. */
void run_phase(struct run *run, struct run_frame *frame, enum frame_phase phase, int64_t due_ms);

/* Lets the frame go on in this step, or at a continuation when the step has done enough. */
MUST_CHECK enum status run_queue(struct run *run, struct run_frame *frame);

/* Raw input of the present state. */
MUST_CHECK enum status run_input(struct run *run, struct run_frame *frame, struct data **out_input);
void run_set_input(struct run *run, struct run_frame *frame, struct data input);

/* How many effects the step may have, roughly. */
static inline size_t run_effects_max(const struct run *run)
{
    return run->step->config->effects_max > 0 ? run->step->config->effects_max : STEP_EFFECTS_MAX;
}

/* Whether the step has done enough for once (run_effects_max, STEP_STATES_MAX, STEP_OUTPUT_BYTES_MAX, STEP_MEMORY_BYTES_MAX). */
bool run_is_full(const struct run *run);

/* ---- Payload rows ---- */

MUST_CHECK enum status run_payload_get(struct run *run, const struct payload_id *id, struct str *out_text);
MUST_CHECK enum status run_payload_put(struct run *run, const struct payload_id *id, struct str text);
MUST_CHECK enum status run_payload_delete(struct run *run, const struct payload_id *id);

/* ---- The end of the step ---- */

MUST_CHECK enum status run_flush(struct run *run);

#endif
