#include "asl/stage.h"

#include "asl/step_parts.h"
#include "base/assert.h"

struct str stage_name(enum stage_type type)
{
    static const struct str names[] = {
#define STAGE(id, name) STR_INIT(name),
#include "asl/stages.def"
    };
    ASSERT((unsigned)type < STAGE_TYPE_COUNT);
    return names[type];
}

enum status step_observe(struct run *run, const struct run_frame *frame, enum stage_type type, const struct step_sight *sight)
{
    const struct stage_observer *observer = run->step->observer;
    if (observer == NULL) {
        return STATUS_OK;
    }
    struct data data = sight->data;
    struct stage stage = {
        .type = type,
        .state = run_state(run, frame)->name,
        .entered_event_id = frame->row.entered_event_id,
        .after_event_id = run->execution.last_event_id,
        .time_ms = run->step->env->now_ms,
        .index = sight->index,
        .given = sight->given,
        .path = sight->path_text,
    };
    if (sight->path != NULL && sight->path->use != PATH_USE_WHOLE) {
        stage.path = sight->path->use == PATH_USE_NOTHING ? STR("null") : path_text(sight->path->path);
        stage.given = true;
    }
    TRY(data_text(run->arena, &data, &stage.value));
    return observer->observe(observer->owner, &stage);
}

enum status step_observe_failure(struct run *run, const struct run_frame *frame, const struct failure *failure)
{
    struct value_member members[2];
    size_t count = 0;
    const struct value *object = NULL;
    const struct str texts[] = {failure->error, failure->cause};
    static const struct str keys[] = {STR_INIT("Error"), STR_INIT("Cause")};
    if (run->step->observer == NULL) {
        return STATUS_OK;
    }
    for (size_t at = 0; at < sizeof texts / sizeof texts[0]; at++) {
        if (texts[at].bytes != NULL) {
            members[count] = (struct value_member){.key = keys[at]};
            TRY(value_string(run->arena, texts[at], &members[count].value));
            count++;
        }
    }
    TRY(value_object(run->arena, members, count, &object));
    const struct step_sight sight = {.data = data_of_value(object), .given = true, .index = STAGE_NO_INDEX};
    return step_observe(run, frame, STAGE_FAILURE, &sight);
}
