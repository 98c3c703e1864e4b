#include "processor/emit.h"

#include "base/assert.h"
#include "base/limits.h"
#include "base/mutant.h"
#include "processor/headers.h"
#include "state/timers.h"

#include <inttypes.h>

/* A record of an output topic that is the execution's. */
struct output {
    enum topic_id topic;
    const struct bus_topic *handle;
    enum schema_id schema;
    enum record_id record;
    const void *value; /* NULL: a tombstone */
    struct str type;
    struct str id;
    int64_t time_us;
};

static enum status make_message(struct handling *handling, const struct emit_subject *subject, const struct output *output,
                                struct bus_message *out_message)
{
    struct headers headers;
    const struct headers_event event = {
        .topic = output->topic,
        .type = output->type,
        .source = subject->arn,
        .id = output->id,
        .time_us = output->time_us,
        .traceparent = subject->traceparent,
        .tracestate = subject->tracestate,
    };
    TRY(headers_of(handling, &event, &headers));
    *out_message = (struct bus_message){
        .topic = output->handle,
        .partition = handling->partition->id,
        .key = subject->arn,
        .headers = headers.items,
        .header_count = headers.count,
    };
    if (output->value != NULL) {
        TRY(codec_encode(handling->arena, handling->config->encodings[output->topic], output->schema, output->record,
                         output->value, &out_message->value));
    }
    return STATUS_OK;
}

static enum status send(struct handling *handling, const struct emit_subject *subject, const struct output *output)
{
    struct bus_message message;
    TRY(make_message(handling, subject, output, &message));
    return outbox_add(&handling->outbox, &message, topic_types[output->topic].max_message_bytes);
}

static enum status emit_history(struct handling *handling, const struct emit_subject *subject,
                                const struct effect *effect)
{
    const struct history_event *event = effect->history_event;
    struct str id;
    TRY(arena_format(handling->arena, &id, "%" PRId64 "-%" PRId64, event->incarnation, event->id));
    enum counter counter = counters_of_event(event->type, effect->heartbeat_missed);
    handling_count(handling, COUNTER_HISTORY_EVENTS);
    if (counter != COUNTER_COUNT) {
        handling_count(handling, counter);
    }
    if (effect->closed_task != NULL) {
        handling->notes.closed_task = effect->closed_task;
    }
    return send(handling, subject,
                &(struct output){
                    .topic = TOPIC_HISTORY,
                    .handle = topics_get(handling->topics, TOPIC_HISTORY),
                    .schema = SCHEMA_history_event,
                    .record = RECORD_history_event,
                    .value = event,
                    .type = STR("HistoryEvent"),
                    .id = id,
                    .time_us = event->timestamp,
                });
}

/* ---- Tasks ---- */

static struct output output_of(const struct task_request *request, const struct bus_topic *topic)
{
    return (struct output){
        .topic = TOPIC_TASKS,
        .handle = topic,
        .schema = SCHEMA_task_request,
        .record = RECORD_task_request,
        .value = request,
        .type = STR("TaskRequest"),
        .id = request->task_token,
        .time_us = request->scheduled_time,
    };
}

static enum status emit_task(struct handling *handling, const struct emit_subject *subject,
                             const struct effect_task *task)
{
    const struct bus_topic *topic = topics_route(handling->topics, task->route);
    const struct output output = output_of(task->request, topic);
    if (topic == NULL) {
        struct str *routes = arena_array(handling->arena, struct str, 1);
        TRY_NEW(routes);
        routes[0] = task->route;
        return handling_needs(handling, (struct need){.type = NEED_ROUTES, .routes = routes, .route_count = 1});
    }
    handling_count(handling, COUNTER_TASKS);
    return send(handling, subject, &output);
}

/* All of a request but its parameters and credentials is smaller than this. */
#define REQUEST_REST_BYTES_MAX (16 * 1024)

static bool is_blamed(const struct handling *handling, struct str route)
{
    return handling->blame != NULL && topics_route(handling->topics, route) == handling->blame->topic;
}

/* What is known of the route, and what is suspected for this record alone. */
static enum status find_limit(struct handling *handling, struct arena *arena, struct str route,
                              struct topics_route_limit *out_limit)
{
    const struct blame *blame = handling->blame;
    if (is_blamed(handling, route)) {
        out_limit->bytes_max = blame->too_large ? (int64_t)blame->bytes - 1 : 0;
        out_limit->refusal = str_of(blame->reason);
        return STATUS_OK;
    }
    return topics_route_limit(handling->topics, arena, route, out_limit);
}

static enum status refusal(void *owner, struct arena *arena, struct str route, const struct task_request *request,
                           struct str *out_cause)
{
    const struct emit_routes *routes = owner;
    struct handling *handling = routes->handling;
    struct topics_route_limit limit;
    struct bus_message message;
    *out_cause = STR_NONE;
    TRY(find_limit(handling, arena, route, &limit));
    if (limit.bytes_max >= (int64_t)(request->parameters.length + request->credentials.length + REQUEST_REST_BYTES_MAX)) {
        return STATUS_OK;
    }
    const struct output output = output_of(request, NULL);
    TRY(make_message(handling, routes->subject, &output, &message));
    size_t bytes = outbox_message_bytes(&message) + OUTBOX_OVERHEAD_BYTES;
    if ((int64_t)bytes <= limit.bytes_max) {
        return STATUS_OK;
    }
    handling->notes.blamed |= is_blamed(handling, route);
    handling_count(handling, COUNTER_REFUSED_TASKS);
    struct str prefix = handling->config->prefix;
    if (limit.refusal.bytes != NULL) {
        return arena_format(arena, out_cause, "The task could not be sent to topic %.*s.tasks.%.*s: %.*s", STR_ARGS(prefix),
                            STR_ARGS(route), STR_ARGS(limit.refusal));
    }
    return arena_format(arena, out_cause,
                        "The task could not be sent to topic %.*s.tasks.%.*s: its request of %zu bytes is larger than the "
                        "topic takes (max.message.bytes %" PRId64 ")",
                        STR_ARGS(prefix), STR_ARGS(route), bytes, limit.bytes_max);
}

/* An activity that was not seen may have been published a moment ago: that is known when the topic was read to its end. */
static enum status has_activity(void *owner, struct str arn, bool *out_exists)
{
    const struct emit_routes *routes = owner;
    struct handling *handling = routes->handling;
    struct definition_head head;
    enum status status = definitions_head(handling->definitions, handling->arena, arn, &head);
    if (status == STATUS_NOT_FOUND && (handling->attempt == NULL || !handling->attempt->definition_awaited)) {
        return handling_needs(handling, (struct need){.type = NEED_DEFINITION});
    }
    *out_exists = status == STATUS_OK && head.kind == DEFINITION_ACTIVITY;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

struct step_routes emit_routes(struct emit_routes *owner)
{
    return (struct step_routes){.owner = owner, .refusal = refusal, .has_activity = has_activity};
}

/* ---- The execution ---- */

static enum status emit_status(struct handling *handling, const struct emit_subject *subject,
                               const struct execution_status *status)
{
    struct str id;
    if (status->stop_date != RECORD_NONE && execution_status_of(status->status, &handling->notes.usage_end)) {
        handling->notes.usage_machine_arn = subject->state_machine_arn;
        handling->notes.usage_time_us = status->stop_date - status->start_date;
    }
    TRY(arena_format(handling->arena, &id, "%" PRId64 "-%" PRId64 "-%.*s", status->incarnation, status->version,
                     STR_ARGS(status->status)));
    return send(handling, subject,
                &(struct output){
                    .topic = TOPIC_EXECUTIONS,
                    .handle = topics_get(handling->topics, TOPIC_EXECUTIONS),
                    .schema = SCHEMA_execution_status,
                    .record = RECORD_execution_status,
                    .value = status,
                    .type = STR("ExecutionStatus"),
                    .id = id,
                    .time_us = handling_now_us(handling),
                });
}

/* The ARN's present incarnation is forgotten; a later one is not ours to forget. */
static enum status emit_tombstone(struct handling *handling, const struct emit_subject *subject)
{
    const struct name_row *name;
    struct store *store = &handling->partition->store;
    enum status status = store_name(store, handling->arena, subject->arn, &name);
    if (status == STATUS_OK && name->incarnation != subject->incarnation) {
        return STATUS_OK;
    }
    if (status == STATUS_OK) {
        struct key key;
        keys_name(store->partition, subject->arn, &key);
        TRY(store_delete(store, &key));
    } else if (status != STATUS_NOT_FOUND) {
        return status;
    }
    return send(handling, subject,
                &(struct output){
                    .topic = TOPIC_EXECUTIONS,
                    .handle = topics_get(handling->topics, TOPIC_EXECUTIONS),
                    .type = STR("ExecutionStatus"),
                    .id = STR("forgotten"),
                    .time_us = handling_now_us(handling),
                });
}

static enum status emit_row(struct handling *handling, const struct emit_subject *subject, const struct effect *effect)
{
    struct store *store = &handling->partition->store;
    struct key key;
    struct payload_row payload;
    switch (effect->type) {
    case EFFECT_PUT_EXECUTION:
        keys_execution(store->partition, &subject->id, &key);
        return store_put(store, &key, RECORD_execution_row, effect->execution);
    case EFFECT_DELETE_EXECUTION:
        keys_execution(store->partition, &subject->id, &key);
        return store_delete(store, &key);
    case EFFECT_PUT_FRAME:
        keys_frame(store->partition, &subject->id, effect->frame->id, &key);
        return store_put(store, &key, RECORD_frame_row, effect->frame);
    case EFFECT_DELETE_FRAME:
        keys_frame(store->partition, &subject->id, effect->frame_id, &key);
        return store_delete(store, &key);
    case EFFECT_PUT_PAYLOAD:
        record_init(RECORD_payload_row, &payload);
        payload.text = effect->payload.text;
        keys_payload(store->partition, &subject->id, &effect->payload.id, &key);
        return store_put(store, &key, RECORD_payload_row, &payload);
    case EFFECT_DELETE_PAYLOAD:
        keys_payload(store->partition, &subject->id, &effect->payload.id, &key);
        return store_delete(store, &key);
    case EFFECT_HISTORY_EVENT:
    case EFFECT_TASK_REQUEST:
    case EFFECT_STATUS:
    case EFFECT_STATUS_TOMBSTONE:
    case EFFECT_PUT_TIMER:
    case EFFECT_DELETE_TIMER:
    case EFFECT_USAGE:
    case EFFECT_TYPE_COUNT:
        break;
    }
    UNREACHABLE("effect on a row");
}

static bool is_fired(const struct handling *handling, const struct timer_key *timer)
{
    return handling->timer != NULL && handling->timer->due_ms == timer->due_ms &&
           handling->timer->frame == timer->frame && execution_id_equal(&handling->timer->execution, &timer->execution);
}

static enum status emit_timer(struct handling *handling, const struct emit_subject *subject,
                              const struct effect *effect)
{
    struct store *store = &handling->partition->store;
    const struct timer_key timer = {
        .due_ms = effect->timer.due_ms,
        .execution = subject->id,
        .frame = effect->timer.frame,
    };
    if (MUTANT(NO_CONTINUATION) && effect->type == EFFECT_PUT_TIMER && timer.due_ms <= handling->env->now_ms) {
        return STATUS_OK;
    }
    if (effect->type == EFFECT_PUT_TIMER) {
        return timers_put(store, &timer, effect->timer.phase_counter);
    }
    if (MUTANT(FIRE_TIMER_TWICE) && is_fired(handling, &timer)) {
        return STATUS_OK;
    }
    return timers_delete(store, &timer);
}

static void emit_usage(struct handling *handling, const struct emit_subject *subject, const struct effect_usage *usage)
{
    handling->notes.usage_machine_arn = subject->state_machine_arn;
    handling->notes.usage_transitions += usage->transitions;
    handling->notes.usage_executions_started += usage->executions_started;
    handling->notes.counts[COUNTER_TRANSITIONS] += usage->transitions;
    handling->notes.counts[COUNTER_EXECUTIONS_STARTED] += usage->executions_started;
}

static enum status emit_one(struct handling *handling, const struct emit_subject *subject, const struct effect *effect)
{
    switch (effect->type) {
    case EFFECT_HISTORY_EVENT:
        return emit_history(handling, subject, effect);
    case EFFECT_TASK_REQUEST:
        return emit_task(handling, subject, &effect->task_request);
    case EFFECT_STATUS:
        return emit_status(handling, subject, effect->status);
    case EFFECT_STATUS_TOMBSTONE:
        return emit_tombstone(handling, subject);
    case EFFECT_PUT_EXECUTION:
    case EFFECT_DELETE_EXECUTION:
    case EFFECT_PUT_FRAME:
    case EFFECT_DELETE_FRAME:
    case EFFECT_PUT_PAYLOAD:
    case EFFECT_DELETE_PAYLOAD:
        return emit_row(handling, subject, effect);
    case EFFECT_PUT_TIMER:
    case EFFECT_DELETE_TIMER:
        return emit_timer(handling, subject, effect);
    case EFFECT_USAGE:
        emit_usage(handling, subject, &effect->usage);
        return STATUS_OK;
    case EFFECT_TYPE_COUNT:
        break;
    }
    UNREACHABLE("effect type");
}

enum status emit_effects(struct handling *handling, const struct emit_subject *subject, const struct effects *effects,
                         int64_t *out_last_event_id)
{
    *out_last_event_id = 0;
    for (size_t at = 0; at < effects->count; at++) {
        const struct effect *effect = &effects->items[at];
        TRY(emit_one(handling, subject, effect));
        if (effect->type == EFFECT_HISTORY_EVENT) {
            *out_last_event_id = effect->history_event->id;
        }
    }
    return STATUS_OK;
}
