#include "gateway/view_parts.h"

#include "base/assert.h"

#define SWEEP_MS 1000
#define SWEEP_ROWS_MAX 1000

/* The row: when it was held back, then the record. */
static enum status make_row(struct view *view, int64_t now_ms, struct str record, struct str *out_row)
{
    char time[VIEW_NUMBER_BYTES];
    view_keys_number_write(now_ms, time);
    return arena_concat(view->arena, (struct str){time, sizeof time}, record, out_row);
}

static enum status has_event(struct view *view, const struct execution_status *status)
{
    struct execution_id id = execution_id_of(status->execution_arn, status->incarnation);
    struct view_key key;
    struct str value;
    if (!view_keys_event(&id, status->version, &key)) {
        return STATUS_CORRUPT;
    }
    return kv_get(view->kv, view->batch, view->arena, view_key_text(&key), &value);
}

static enum status drop_row(struct view *view, const struct view_key *key)
{
    view->pending_count--;
    return kv_batch_delete(view->batch, view_key_text(key));
}

enum status view_pending_drop(struct view *view, struct str arn)
{
    struct view_key key;
    struct str row;
    if (view->pending_count == 0 || !view_keys_pending(arn, &key)) {
        return STATUS_OK;
    }
    enum status status = kv_get(view->kv, view->batch, view->arena, view_key_text(&key), &row);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    TRY(status);
    return drop_row(view, &key);
}

enum status view_pending_hold(struct view *view, const struct bus_record *record, const struct execution_status *execution,
                              bool *out_held)
{
    struct view_key key;
    struct str row;
    *out_held = false;
    TRY(view_pending_drop(view, record->key));
    if (execution->version <= 0 || str_equal(execution->status, STR("RUNNING")) || !view_keys_pending(record->key, &key)) {
        return STATUS_OK;
    }
    enum status status = has_event(view, execution);
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    TRY(make_row(view, bus_now_ms(view->config.bus), record->value, &row));
    view->pending_count++;
    *out_held = true;
    return kv_batch_put(view->batch, view_key_text(&key), row);
}

static enum status decode_row(struct view *view, struct str row, void **out_execution)
{
    return view_decode(view, SCHEMA_execution_status, str_from(row, VIEW_NUMBER_BYTES), out_execution);
}

static enum status apply(struct view *view, const struct view_key *key, struct str arn, struct str row,
                         const struct execution_status *execution)
{
    TRY(drop_row(view, key));
    return view_apply_status(view, arn, execution, str_from(row, VIEW_NUMBER_BYTES));
}

enum status view_pending_release(struct view *view, const struct history_event *event)
{
    struct view_key key;
    struct str row;
    void *value;
    if (view->pending_count == 0 || !view_keys_pending(event->execution_arn, &key)) {
        return STATUS_OK;
    }
    enum status status = kv_get(view->kv, view->batch, view->arena, view_key_text(&key), &row);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    TRY(status);
    TRY(decode_row(view, row, &value));
    const struct execution_status *execution = value;
    if (event->incarnation != execution->incarnation || event->id < execution->version) {
        return STATUS_OK;
    }
    return apply(view, &key, event->execution_arn, row, execution);
}

/* ---- Those whose event does not come ---- */

static enum status count_rows(struct view *view, struct kv_cursor *cursor)
{
    struct str key;
    struct str value;
    enum status status = STATUS_OK;
    while ((status = kv_cursor_next(cursor, &key, &value)) == STATUS_OK) {
        view->pending_count++;
    }
    return status == STATUS_END ? STATUS_OK : status;
}

enum status view_pending_load(struct view *view)
{
    struct kv_cursor *cursor;
    view->pending_count = 0;
    TRY(kv_cursor_open(view->kv, NULL, STR("p"), STR("p"), &cursor));
    enum status status = count_rows(view, cursor);
    kv_cursor_close(cursor);
    return status;
}

struct sweep {
    struct view *view;
    struct str keys[SWEEP_ROWS_MAX];
    struct str rows[SWEEP_ROWS_MAX];
    size_t count;
};

/* Collected first: nothing may be written under a cursor. */
static enum status collect(struct sweep *sweep, struct kv_cursor *cursor)
{
    struct view *view = sweep->view;
    struct str key;
    struct str row;
    enum status status = STATUS_OK;
    while (sweep->count < SWEEP_ROWS_MAX && (status = kv_cursor_next(cursor, &key, &row)) == STATUS_OK) {
        /* All that there was has been read since, and its event was not among it: events are not kept for ever. */
        if (row.length < VIEW_NUMBER_BYTES || view_keys_number(row) + VIEW_PENDING_MS > view->idle_ms) {
            continue;
        }
        TRY(arena_copy(view->arena, key, &sweep->keys[sweep->count]));
        TRY(arena_copy(view->arena, row, &sweep->rows[sweep->count]));
        sweep->count++;
    }
    return status == STATUS_END ? STATUS_OK : status;
}

enum status view_pending_sweep(struct view *view, int64_t now_ms, bool *out_any)
{
    struct kv_cursor *cursor;
    bool due = now_ms - view->pending_swept_ms >= SWEEP_MS || now_ms < view->pending_swept_ms;
    if (view->pending_count == 0 || !due || !view->status.caught_up) {
        return STATUS_OK;
    }
    struct sweep *sweep = arena_new(view->arena, struct sweep);
    TRY_NEW(sweep);
    sweep->view = view;
    TRY(kv_cursor_open(view->kv, NULL, STR("p"), STR("p"), &cursor));
    enum status status = collect(sweep, cursor);
    kv_cursor_close(cursor);
    TRY(status);
    /* More than one sweep takes are due: the next round goes on. */
    view->pending_swept_ms = sweep->count == SWEEP_ROWS_MAX ? 0 : now_ms;
    for (size_t at = 0; at < sweep->count; at++) {
        struct view_key key;
        void *execution;
        struct str arn = str_from(sweep->keys[at], 1);
        bool ok = view_keys_pending(arn, &key);
        ASSERT(ok);
        TRY(decode_row(view, sweep->rows[at], &execution));
        TRY(apply(view, &key, arn, sweep->rows[at], execution));
        *out_any = true;
    }
    return STATUS_OK;
}
