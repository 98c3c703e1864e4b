#include "gateway/answer.h"
#include "gateway/operations_parts.h"
#include "gateway/page.h"

static enum status each(void *owner, struct str position, const void *value)
{
    struct page *page = owner;
    const struct definition *definition = value;
    /* Others are versions, aliases and activities; one that is being deleted is as good as gone. */
    if (definition->kind.bytes != NULL || !str_equal(definition->status, STR("ACTIVE"))) {
        return STATUS_OK;
    }
    if (!page_has_room(page)) {
        return STATUS_END;
    }
    TRY(page_item_begin(page));
    TRY(answer_machine_item(&page->items, definition));
    return page_item_end(page, position);
}

enum status op_list_state_machines(struct call *call)
{
    struct page page;
    bool refused;
    TRY(page_begin(call, &page, &refused));
    if (refused) {
        return STATUS_OK;
    }
    const struct view_definitions query = {.prefix = STR(""), .position = page.position};
    TRY(view_each_definition(call->gateway->view, call->arena, &query, each, &page));
    return page_answer(&page, "stateMachines");
}
