#include "gateway/answer.h"
#include "gateway/operations_parts.h"
#include "gateway/page.h"

static enum status each(void *owner, struct str position, const void *value)
{
    struct page *page = owner;
    const struct definition *definition = value;
    if (definition->kind.bytes != NULL) {
        return STATUS_OK; /* a version, an alias, an activity */
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
    TRY(view_each_machine(call->gateway->view, call->arena, page.position, each, &page));
    return page_answer(&page, "stateMachines");
}
