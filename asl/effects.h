/* What a step asks of the world, in order (asl/effects.def). Everything lies in the step's arena. */
#ifndef PAWL_ASL_EFFECTS_H
#define PAWL_ASL_EFFECTS_H

#include "asl/resource.h"
#include "asl/route.h"
#include "asl/rows.h"

enum effect_type {
#define EFFECT(id, member, text) EFFECT_##id,
#include "asl/effects.def"
    EFFECT_TYPE_COUNT
};

/* A timer row: fires for the frame (TIMER_EXECUTION: for the execution itself) at due_ms. */
#define TIMER_EXECUTION (-1)

struct effect_timer {
    int64_t due_ms;
    int64_t frame;
    int64_t phase_counter;
};

struct effect_payload {
    struct payload_id id;
    struct str text;
};

struct effect_task {
    const struct task_request *request;
    struct str route; /* `<route>` of pawl.tasks.<route>, escaped */
};

/* A task that ended by a worker's word or timed out, and when; µs. */
struct effect_closed_task {
    enum resource_kind kind;
    int64_t scheduled;
    int64_t started; /* RECORD_NONE: no worker said */
    int64_t closed;
};

struct effect_usage {
    int64_t transitions;
    int64_t executions_started;
};

struct effect {
    enum effect_type type;
    bool heartbeat_missed; /* a history event …TimedOut: by a heartbeat, of which the event itself says nothing */
    union {
        struct {
            const struct history_event *history_event;
            const struct effect_closed_task *closed_task; /* NULL: the event closes none, or it is not known since when it was open */
        };
        struct effect_task task_request;
        const struct execution_status *status;
        const struct execution_row *execution;
        const struct frame_row *frame;
        int64_t frame_id;
        struct effect_payload payload;
        struct effect_timer timer;
        struct effect_usage usage;
    };
};

struct effects {
    struct arena *arena;
    struct effect *items;
    size_t count;
    size_t capacity;
};

static inline struct effects effects_in(struct arena *arena)
{
    return (struct effects){.arena = arena};
}

/* Room for one more effect at the end, zeroed but for its type. */
MUST_CHECK enum status effects_add(struct effects *effects, enum effect_type type, struct effect **out_effect);

#endif
