#include "asl/step_parts.h"

#include "base/assert.h"

static struct history_event *new_event(struct run *run, enum history_event_type type, int64_t previous_event_id)
{
    struct history_event *event = arena_new(run->arena, struct history_event);
    if (event != NULL) {
        event->execution_arn = run->execution.arn;
        event->incarnation = run->execution.incarnation;
        event->state_machine_arn = run->execution.state_machine_arn;
        event->previous_event_id = previous_event_id;
        event->timestamp = run->execution.last_time;
        event->type = history_event_type_name(type);
        event->timeout_in_seconds = RECORD_NONE;
        event->heartbeat_in_seconds = RECORD_NONE;
        event->index = RECORD_NONE;
        event->length = RECORD_NONE;
        event->redrive_count = RECORD_NONE;
    }
    return event;
}

enum status history_add(struct run *run, enum history_event_type type, int64_t previous_event_id, struct history_event **out_event)
{
    struct effect *effect = NULL;
    struct history_event *event = new_event(run, type, previous_event_id);
    TRY_NEW(event);
    *out_event = event;
    /* The last id is kept for the event that says how it ended. */
    int64_t cap = run->step->config->history_events_max;
    if (cap > 0 && run->execution.last_event_id + 1 >= cap && !history_event_is_end(type)) {
        run->history_full = true;
        event->id = run->execution.last_event_id;
        return STATUS_OK;
    }
    event->id = ++run->execution.last_event_id;
    run->execution_dirty = true;
    TRY(effects_add(run->effects, EFFECT_HISTORY_EVENT, &effect));
    effect->history_event = event;
    return STATUS_OK;
}

enum status history_add_frame(struct run *run, struct run_frame *frame, enum history_event_type type,
                              struct history_event **out_event)
{
    TRY(history_add(run, type, frame->row.previous_event_id, out_event));
    frame->row.previous_event_id = (*out_event)->id;
    frame->dirty = true;
    return STATUS_OK;
}

enum history_event_type history_entered(enum state_type type)
{
    static const enum history_event_type types[] = {
#define STATE(id, name, parse, enter) HISTORY_EVENT_##id##_STATE_ENTERED,
#include "asl/states.def"
    };
    return types[type];
}

enum history_event_type history_exited(enum state_type type)
{
    switch (type) {
    case STATE_PASS:
        return HISTORY_EVENT_PASS_STATE_EXITED;
    case STATE_TASK:
        return HISTORY_EVENT_TASK_STATE_EXITED;
    case STATE_CHOICE:
        return HISTORY_EVENT_CHOICE_STATE_EXITED;
    case STATE_WAIT:
        return HISTORY_EVENT_WAIT_STATE_EXITED;
    case STATE_SUCCEED:
        return HISTORY_EVENT_SUCCEED_STATE_EXITED;
    case STATE_PARALLEL:
        return HISTORY_EVENT_PARALLEL_STATE_EXITED;
    case STATE_MAP:
        return HISTORY_EVENT_MAP_STATE_EXITED;
    case STATE_FAIL: /* has none */
    case STATE_TYPE_COUNT:
        break;
    }
    UNREACHABLE("state type that is left");
}
