#include "processor/dead_letter.h"
#include "processor/handle_parts.h"
#include "state/timers.h"

enum status handle_apply(struct handling *handling, const struct step_event *event, const struct machine *machine,
                         const struct emit_subject *subject, struct effects *effects, enum step_outcome *out_outcome)
{
    struct rows rows = store_rows(&handling->partition->store);
    struct emit_routes owner = {handling, subject};
    const struct step_routes routes = emit_routes(&owner);
    const struct step step = {
        .arena = handling->arena,
        .machine = machine,
        .rows = &rows,
        .env = handling->env,
        .config = &handling->config->step,
        .routes = &routes,
    };
    int64_t wall_ms = handling->env->now_ms;
    enum status status = step_apply(&step, event, effects, out_outcome);
    handling->env->now_ms = wall_ms; /* raised to this execution's time; the next one has its own */
    return status;
}

enum status handle_step(struct handling *handling, const struct execution_row *row, const struct step_event *event,
                        enum step_outcome *out_outcome, struct reply_version *out_version)
{
    const struct machine *machine;
    enum status status = handling_machine(handling, row->state_machine_arn, row->revision_id, &machine);
    if (status == STATUS_NOT_FOUND || status == STATUS_INVALID) {
        /* Published before the execution started, and kept for longer than it may live: this can't be. */
        *out_outcome = STEP_UNKNOWN;
        *out_version = (struct reply_version){row->incarnation, row->last_event_id};
        TRY(handle_park(handling, row, STR("the revision of its definition is gone or can't be read")));
        return handling->record == NULL
                   ? STATUS_OK
                   : dead_letter_add(handling, STR("InternalError"), STR("the execution's definition is gone"));
    }
    TRY(status);
    struct effects effects = effects_in(handling->arena);
    const struct emit_subject subject = {
        .id = event->execution,
        .arn = row->arn,
        .incarnation = row->incarnation,
        .state_machine_arn = row->state_machine_arn,
        .traceparent = row->traceparent,
        .tracestate = row->tracestate,
    };
    TRY(handle_apply(handling, event, machine, &subject, &effects, out_outcome));
    int64_t last_event_id;
    TRY(emit_effects(handling, &subject, &effects, &last_event_id));
    *out_version = (struct reply_version){row->incarnation, last_event_id > 0 ? last_event_id : row->last_event_id};
    return STATUS_OK;
}
