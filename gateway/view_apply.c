#include "gateway/view_parts.h"

#include "asl/arn.h"
#include "base/assert.h"

enum status view_decode(struct view *view, enum schema_id schema, struct str value, void **out_value)
{
    struct codec_error error;
    enum record_id record;
    enum status status = codec_decode(view->config.codec, view->arena, schema, value, &record, out_value, &error);
    return status == STATUS_INVALID ? STATUS_CORRUPT : status;
}

/* ---- Definitions ---- */

/* Counts the head one time more or less: a machine or activity that is there. */
static enum status count_head(struct view *view, struct str arn, struct str value, int64_t number)
{
    enum arn_type type = arn_type_of(arn);
    void *head;
    if (value.bytes == NULL || (type != ARN_MACHINE && type != ARN_ACTIVITY)) {
        return STATUS_OK;
    }
    TRY(view_decode(view, SCHEMA_definition, value, &head));
    if (str_equal(((const struct definition *)head)->status, STR("ACTIVE"))) {
        view_counts_add(view, type == ARN_MACHINE ? VIEW_COUNT_MACHINES : VIEW_COUNT_ACTIVITIES, number);
    }
    return STATUS_OK;
}

static enum status count_change(struct view *view, const struct view_key *key, const struct bus_record *record)
{
    struct str old;
    enum status status = kv_get(view->kv, view->batch, view->arena, view_key_text(key), &old);
    if (status == STATUS_OK) {
        TRY(count_head(view, record->key, old, -1));
    } else if (status != STATUS_NOT_FOUND) {
        return status;
    }
    return count_head(view, record->key, record->value, 1);
}

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
        TRY(count_change(view, &key, record));
    }
    if (record->value.bytes == NULL) {
        return kv_batch_delete(view->batch, view_key_text(&key));
    }
    return kv_batch_put(view->batch, view_key_text(&key), record->value);
}

/* ---- Executions ---- */

static bool is_running(const struct execution_status *status)
{
    return str_equal(status->status, STR("RUNNING"));
}

/* The API: a running one by its start or its latest redrive, any other by its end. */
static int64_t listed_us(const struct execution_status *status)
{
    if (is_running(status) || status->stop_date == RECORD_NONE) {
        return status->redrive_date == RECORD_NONE ? status->start_date : status->redrive_date;
    }
    return status->stop_date;
}

/* An execution is listed under its machine, and under the version and alias that it was started through. */
static enum status each_index(struct view *view, const struct execution_status *status,
                              enum status (*change)(struct kv_batch *batch, struct str key))
{
    const struct str arns[] = {status->state_machine_arn, status->state_machine_version_arn,
                               status->state_machine_alias_arn};
    struct view_index index = {.time_us = listed_us(status), .arn = status->execution_arn};
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
    TRY(view_decode(view, SCHEMA_execution_status, value, &old));
    const struct execution_status *execution = old;
    TRY(each_index(view, execution, kv_batch_delete));
    view_counts_add(view, VIEW_COUNT_RUNNING, is_running(execution) ? -1 : 0);
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

static enum status forget_execution(struct view *view, struct str arn)
{
    struct view_key key;
    if (!view_keys_execution(arn, &key)) {
        return STATUS_CORRUPT;
    }
    TRY(remove_old(view, view_key_text(&key), true));
    return kv_batch_delete(view->batch, view_key_text(&key));
}

static enum status apply_execution(struct view *view, const struct bus_record *record)
{
    void *value;
    bool held;
    if (is_express(record->key)) {
        return view_express_apply_status(view, record);
    }
    if (record->value.bytes == NULL) {
        TRY(view_pending_drop(view, record->key));
        return forget_execution(view, record->key);
    }
    TRY(view_decode(view, SCHEMA_execution_status, record->value, &value));
    TRY(view_pending_hold(view, record, value, &held));
    return held ? STATUS_OK : view_apply_status(view, record->key, value, record->value);
}

enum status view_apply_status(struct view *view, struct str arn, const struct execution_status *status, struct str bytes)
{
    struct view_key key;
    if (!view_keys_execution(arn, &key)) {
        return STATUS_CORRUPT;
    }
    struct execution_id id = execution_id_of(status->execution_arn, status->incarnation);
    TRY(remove_old(view, view_key_text(&key), false));
    TRY(each_index(view, status, put_empty));
    view_counts_add(view, VIEW_COUNT_RUNNING, is_running(status) ? 1 : 0);
    view->touched[view_slot_of_execution(&id)] = true;
    return kv_batch_put(view->batch, view_key_text(&key), bytes);
}

static enum status apply_event(struct view *view, const struct bus_record *record)
{
    struct view_key key;
    void *value;
    if (record->value.bytes == NULL) {
        return STATUS_OK;
    }
    TRY(view_decode(view, SCHEMA_history_event, record->value, &value));
    const struct history_event *event = value;
    if (is_express(record->key)) {
        return view_express_apply_event(view, event);
    }
    struct execution_id id = execution_id_of(event->execution_arn, event->incarnation);
    if (event->id < 0 || !view_keys_event(&id, event->id, &key)) {
        return STATUS_CORRUPT;
    }
    view->touched[view_slot_of_execution(&id)] = true;
    TRY(kv_batch_put(view->batch, view_key_text(&key), record->value));
    return view_pending_release(view, event);
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
