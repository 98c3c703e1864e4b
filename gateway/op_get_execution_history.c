#include "gateway/operations_parts.h"
#include "gateway/page.h"
#include "gateway/subject.h"
#include "schemas/codec/history_event.h"

#include <inttypes.h>

struct history {
    struct page page;
    bool with_data;
};

static enum status each(void *owner, struct str position, const void *value)
{
    struct history *history = owner;
    const struct history_event *event = value;
    struct page *page = &history->page;
    (void)position;
    if (!page_has_room(page)) {
        return STATUS_END;
    }
    struct str id;
    TRY(arena_format(page->call->arena, &id, "%" PRId64, event->id));
    TRY(page_item_begin(page));
    TRY(history->with_data ? history_event_to_aws(&page->items, event)
                           : history_event_to_aws_without_data(&page->items, event));
    return page_item_end(page, id);
}

enum status op_get_execution_history(struct call *call)
{
    struct history history = {.with_data = call_boolean(call, "includeExecutionData", true)};
    const struct execution_status *execution;
    bool refused;
    TRY(subject_execution(call, &execution, &refused));
    if (refused) {
        return STATUS_OK;
    }
    TRY(page_begin(call, &history.page, &refused));
    if (refused) {
        return STATUS_OK;
    }
    struct view_events query = {
        .execution = execution_id_of(execution->execution_arn, execution->incarnation),
        .reverse = call_boolean(call, "reverseOrder", false),
    };
    query.id = query.reverse ? INT64_MAX : 1;
    int64_t last;
    if (history.page.position.bytes != NULL && str_to_int64(history.page.position, &last)) {
        query.id = query.reverse ? last - 1 : last + 1;
    }
    TRY(view_each_event(call->gateway->view, call->arena, &query, each, &history));
    return page_answer(&history.page, "events");
}
