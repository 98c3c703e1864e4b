#include "gateway/view_parts.h"

#include "base/assert.h"

/* ---- Definitions ---- */

static enum status apply_definition(struct view *view, const struct bus_record *record)
{
    struct view_key key;
    bool head = str_find(record->key, '#') == record->key.length;
    bool ok = head ? view_keys_head(record->key, &key) : view_keys_revision(record->key, &key);
    if (!ok) {
        return STATUS_CORRUPT;
    }
    if (head) {
        view->touched[view_slot_of_machine(record->key)] = true;
    }
    if (record->value.bytes == NULL) {
        return kv_batch_delete(view->batch, view_key_text(&key));
    }
    return kv_batch_put(view->batch, view_key_text(&key), record->value);
}

/* ---- Executions ---- */

/* An execution is listed under its machine, and under the version and alias that it was started through. */
static enum status each_index(struct view *view, const struct execution_status *status,
                              enum status (*change)(struct kv_batch *batch, struct str key))
{
    const struct str arns[] = {status->state_machine_arn, status->state_machine_version_arn,
                               status->state_machine_alias_arn};
    struct view_index index = {.start_us = status->start_date, .arn = status->execution_arn};
    struct view_key key;
    for (size_t at = 0; at < sizeof arns / sizeof *arns; at++) {
        if (arns[at].length == 0 || (at > 0 && str_equal(arns[at], arns[0]))) {
            continue;
        }
        index.machine_arn = arns[at];
        index.status = EXECUTION_STATUS_COUNT;
        if (!view_keys_index(&index, &key)) {
            return STATUS_CORRUPT;
        }
        TRY(change(view->batch, view_key_text(&key)));
        if (execution_status_of(status->status, &index.status)) {
            if (!view_keys_index(&index, &key)) {
                return STATUS_CORRUPT;
            }
            TRY(change(view->batch, view_key_text(&key)));
        }
    }
    return STATUS_OK;
}

static enum status put_empty(struct kv_batch *batch, struct str key)
{
    return kv_batch_put(batch, key, STR(""));
}

static enum status decode(struct view *view, enum schema_id schema, struct str value, void **out_value)
{
    struct codec_error error;
    enum record_id record;
    enum status status = codec_decode(view->config.codec, view->arena, schema, value, &record, out_value, &error);
    return status == STATUS_INVALID ? STATUS_CORRUPT : status;
}

/* Everything of the incarnation that the row tells of: its index rows, and its history when it is forgotten. */
static enum status remove_old(struct view *view, struct str key, bool forgotten)
{
    struct str value;
    void *old;
    enum status status = kv_get(view->kv, view->batch, view->arena, key, &value);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    TRY(status);
    TRY(decode(view, SCHEMA_execution_status, value, &old));
    const struct execution_status *execution = old;
    TRY(each_index(view, execution, kv_batch_delete));
    if (!forgotten) {
        return STATUS_OK;
    }
    struct execution_id id = execution_id_of(execution->execution_arn, execution->incarnation);
    struct view_key from;
    struct view_key to;
    struct kv_error error;
    if (!view_keys_event(&id, 0, &from) || !view_keys_event(&id, INT64_MAX, &to)) {
        return STATUS_CORRUPT;
    }
    return kv_delete_range(view->kv, view_key_text(&from), view_key_text(&to), &error);
}

static bool is_express(struct str arn)
{
    return str_find_str(arn, STR(":express:")) < arn.length;
}

static enum status apply_execution(struct view *view, const struct bus_record *record)
{
    struct view_key key;
    void *value;
    if (is_express(record->key)) {
        return view_express_apply_status(view, record);
    }
    if (!view_keys_execution(record->key, &key)) {
        return STATUS_CORRUPT;
    }
    if (record->value.bytes == NULL) {
        TRY(remove_old(view, view_key_text(&key), true));
        return kv_batch_delete(view->batch, view_key_text(&key));
    }
    TRY(decode(view, SCHEMA_execution_status, record->value, &value));
    const struct execution_status *status = value;
    struct execution_id id = execution_id_of(status->execution_arn, status->incarnation);
    TRY(remove_old(view, view_key_text(&key), false));
    TRY(each_index(view, status, put_empty));
    view->touched[view_slot_of_execution(&id)] = true;
    return kv_batch_put(view->batch, view_key_text(&key), record->value);
}

static enum status apply_event(struct view *view, const struct bus_record *record)
{
    struct view_key key;
    void *value;
    if (record->value.bytes == NULL) {
        return STATUS_OK;
    }
    TRY(decode(view, SCHEMA_history_event, record->value, &value));
    const struct history_event *event = value;
    if (is_express(record->key)) {
        return view_express_apply_event(view, event);
    }
    struct execution_id id = execution_id_of(event->execution_arn, event->incarnation);
    if (event->id < 0 || !view_keys_event(&id, event->id, &key)) {
        return STATUS_CORRUPT;
    }
    view->touched[view_slot_of_execution(&id)] = true;
    return kv_batch_put(view->batch, view_key_text(&key), record->value);
}

enum status view_apply(struct view *view, enum topic_id topic, const struct bus_record *record)
{
    if (record->key.bytes == NULL) {
        return STATUS_CORRUPT;
    }
    switch ((int)topic) {
    case TOPIC_DEFINITIONS:
        return apply_definition(view, record);
    case TOPIC_EXECUTIONS:
        return apply_execution(view, record);
    case TOPIC_HISTORY:
        return apply_event(view, record);
    case TOPIC_TASKS:
        return view_tasks_apply(view, record);
    }
    UNREACHABLE("topic of the view");
}
