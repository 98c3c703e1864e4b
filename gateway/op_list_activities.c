#include "asl/arn.h"
#include "gateway/answer.h"
#include "gateway/operations_parts.h"
#include "gateway/page.h"
#include "schemas/definition_kinds.h"

static enum status each(void *owner, struct str position, const void *value)
{
    struct page *page = owner;
    const struct definition *activity = value;
    struct answer answer;
    struct str text;
    if (!str_equal(activity->kind, DEFINITION_KIND_ACTIVITY)) {
        return STATUS_OK;
    }
    if (!page_has_room(page)) {
        return STATUS_END;
    }
    TRY(answer_begin(page->call->arena, &answer));
    TRY(answer_text(&answer, "activityArn", activity->resource_arn));
    TRY(answer_text(&answer, "name", activity->name));
    TRY(answer_time(&answer, "creationDate", activity->creation_date));
    TRY(answer_end(&answer, &text));
    TRY(page_item_begin(page));
    TRY(buffer_add(&page->items, text));
    return page_item_end(page, position);
}

enum status op_list_activities(struct call *call)
{
    struct page page;
    struct view_definitions query;
    bool refused;
    TRY(page_begin(call, &page, &refused));
    if (refused) {
        return STATUS_OK;
    }
    query.position = page.position;
    TRY(arn_activity(call->arena, &call->gateway->config.step, STR(""), &query.prefix));
    TRY(view_each_definition(call->gateway->view, call->arena, &query, each, &page));
    return page_answer(&page, "activities");
}
