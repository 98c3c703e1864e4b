/* Express executions are told and forgotten in one breath, and the API lists none of them: what the view knows of one is there
 * for StartSyncExecution and for answers about its tasks, until a minute after its end. */
#include "gateway/view_parts.h"

#include <stdlib.h>

#define KEPT_MS 60000

static enum status note_end(struct view *view, const struct execution_status *status)
{
    struct str arn = status->execution_arn;
    struct view_ended *ended = malloc(sizeof *ended + arn.length);
    TRY_NEW(ended);
    ended->next = NULL;
    ended->ended_ms = bus_now_ms(view->config.bus);
    ended->id = execution_id_of(arn, status->incarnation);
    ended->arn_length = arn.length;
    memcpy(ended->arn, arn.bytes, arn.length);
    if (view->ended_last != NULL) {
        view->ended_last->next = ended;
    } else {
        view->ended_first = ended;
    }
    view->ended_last = ended;
    return STATUS_OK;
}

enum status view_express_apply_status(struct view *view, const struct bus_record *record)
{
    struct codec_error error;
    struct view_key key;
    enum record_id type;
    void *value;
    if (record->value.bytes == NULL) {
        return STATUS_OK; /* the tombstone comes at once; the row stays for a while */
    }
    enum status status = codec_decode(view->config.codec, view->arena, SCHEMA_execution_status, record->value, &type, &value,
                                      &error);
    if (status == STATUS_INVALID || !view_keys_express(record->key, &key)) {
        return STATUS_CORRUPT;
    }
    TRY(status);
    const struct execution_status *execution = value;
    struct execution_id id = execution_id_of(execution->execution_arn, execution->incarnation);
    view->touched[view_slot_of_execution(&id)] = true;
    TRY(kv_batch_put(view->batch, view_key_text(&key), record->value));
    return str_equal(execution->status, STR("RUNNING")) ? STATUS_OK : note_end(view, execution);
}

enum status view_express_apply_event(struct view *view, const struct history_event *event)
{
    struct execution_id id = execution_id_of(event->execution_arn, event->incarnation);
    char bytes[VIEW_NUMBER_BYTES];
    struct view_key key;
    if (!view_keys_express_event(&id, &key)) {
        return STATUS_CORRUPT;
    }
    view_keys_number_write(event->id, bytes);
    view->touched[view_slot_of_execution(&id)] = true;
    return kv_batch_put(view->batch, view_key_text(&key), (struct str){bytes, sizeof bytes});
}

enum status view_express_forget(struct view *view, int64_t now_ms, bool *out_any)
{
    while (view->ended_first != NULL && now_ms - view->ended_first->ended_ms > KEPT_MS) {
        struct view_ended *ended = view->ended_first;
        struct view_key key;
        if (view_keys_express((struct str){ended->arn, ended->arn_length}, &key)) {
            TRY(kv_batch_delete(view->batch, view_key_text(&key)));
        }
        if (view_keys_express_event(&ended->id, &key)) {
            TRY(kv_batch_delete(view->batch, view_key_text(&key)));
        }
        view->ended_first = ended->next;
        view->ended_last = ended->next == NULL ? NULL : view->ended_last;
        free(ended);
        *out_any = true;
    }
    return STATUS_OK;
}

enum status view_express_clear(struct view *view)
{
    struct kv_error error;
    TRY(kv_delete_range(view->kv, STR("e"), STR("f"), &error));
    return kv_delete_range(view->kv, STR("w"), STR("x"), &error);
}

void view_express_drop(struct view *view)
{
    while (view->ended_first != NULL) {
        struct view_ended *ended = view->ended_first;
        view->ended_first = ended->next;
        free(ended);
    }
    view->ended_last = NULL;
}
