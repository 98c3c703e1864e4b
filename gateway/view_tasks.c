/* Activity tasks: every gateway follows them, and claims them for those who poll (gateway/activities.h). */
#include "gateway/view_parts.h"

#include "base/assert.h"

#include <stdio.h>

#define ROUTE "activity"
#define LOOK_MS 1000 /* between two looks for a topic that is not there yet */

/* A topic that was made anew: what is known of the old one is of no use. */
static enum status check_mark(struct view *view, const struct bus_topic *handle)
{
    static const char last[] = {(char)0xFF};
    struct view_key key;
    struct view_key offsets;
    struct str mark;
    struct kv_error error;
    bool ok = view_keys_mark(TOPIC_TASKS, &key) && view_keys_offset(TOPIC_TASKS, 0, &offsets);
    ASSERT(ok);
    enum status status = kv_get(view->kv, NULL, view->arena, view_key_text(&key), &mark);
    if (status == STATUS_OK && str_equal(mark, bus_topic_mark(handle))) {
        return STATUS_OK;
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    char to[sizeof offsets.bytes];
    memcpy(to, offsets.bytes, offsets.length);
    memset(to + 2, last[0], offsets.length - 2); /* behind the kind and the topic */
    TRY(kv_delete_range(view->kv, view_key_text(&offsets), (struct str){to, offsets.length}, &error));
    TRY(kv_delete_range(view->kv, STR("a"), STR("b"), &error));
    TRY(kv_delete_range(view->kv, STR("y"), STR("z"), &error));
    TRY(kv_batch_put(view->batch, view_key_text(&key), bus_topic_mark(handle)));
    return kv_batch_write(view->batch, &error);
}

enum status view_tasks_look(struct view *view, int64_t now_ms, struct bus_error *out_error)
{
    const struct bus_topic *handle;
    char name[256];
    if (view->follows_tasks || view->config.task_came == NULL || now_ms - view->looked_for_tasks_ms < LOOK_MS) {
        return STATUS_OK;
    }
    view->looked_for_tasks_ms = now_ms;
    snprintf(name, sizeof name, "%.*s.%.*s.%s", STR_ARGS(view->config.prefix), STR_ARGS(topic_types[TOPIC_TASKS].name), ROUTE);
    enum status status = bus_topic_open(view->config.bus, str_of(name), &handle, out_error);
    if (status == STATUS_NOT_FOUND || status == STATUS_RETRIABLE || status == STATUS_TIMED_OUT) {
        return STATUS_OK;
    }
    TRY(status);
    view->follows_tasks = true;
    TRY(check_mark(view, handle));
    return view_add_readers(view, TOPIC_TASKS, handle, out_error);
}

enum status view_tasks_apply(struct view *view, const struct bus_record *record)
{
    struct codec_error error;
    enum record_id type;
    struct view_key key;
    void *value;
    if (record->value.bytes == NULL) {
        return STATUS_OK;
    }
    enum status status =
        codec_decode(view->config.codec, view->arena, SCHEMA_task_request, record->value, &type, &value, &error);
    if (status == STATUS_INVALID) {
        return STATUS_CORRUPT;
    }
    TRY(status);
    const struct task_request *request = value;
    const struct view_task task = {
        .activity_arn = request->resource,
        .time_us = request->scheduled_time,
        .partition = record->partition,
        .offset = record->offset,
    };
    if (!view_keys_task(&task, &key)) {
        return STATUS_CORRUPT;
    }
    struct view_notice *notice = arena_new(view->arena, struct view_notice);
    TRY_NEW(notice);
    TRY(arena_copy(view->arena, request->resource, &notice->activity_arn));
    TRY(arena_copy(view->arena, view_key_text(&key), &notice->key));
    notice->next = view->notices;
    view->notices = notice;
    return kv_batch_put(view->batch, view_key_text(&key), record->value);
}

void view_tasks_tell(struct view *view)
{
    for (struct view_notice *notice = view->notices; notice != NULL; notice = notice->next) {
        view->config.task_came(view->config.owner, notice->activity_arn, notice->key);
    }
    view->notices = NULL;
}
