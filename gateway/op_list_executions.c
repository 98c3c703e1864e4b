#include "gateway/answer.h"
#include "gateway/operations_parts.h"
#include "gateway/page.h"
#include "gateway/subject.h"

#define LOOKED_AT_MAX 10000 /* for one page, when the redrive filter leaves out most */

struct listing {
    struct page page;
    struct str redrive_filter;
    int64_t looked_at;
};

static bool passes(const struct listing *listing, const struct execution_status *execution)
{
    if (listing->redrive_filter.bytes == NULL) {
        return true;
    }
    return (execution->redrive_count > 0) == str_equal(listing->redrive_filter, STR("REDRIVEN"));
}

static enum status each(void *owner, struct str position, const void *value)
{
    struct listing *listing = owner;
    const struct execution_status *execution = value;
    if (!page_has_room(&listing->page)) {
        return STATUS_END;
    }
    if (!passes(listing, execution)) {
        listing->page.full = ++listing->looked_at >= LOOKED_AT_MAX;
        return listing->page.full ? page_skip(&listing->page, position) : STATUS_OK;
    }
    struct str text;
    TRY(page_item_begin(&listing->page));
    TRY(answer_execution_item(listing->page.call->arena, execution, &text));
    TRY(buffer_add(&listing->page.items, text));
    return page_item_end(&listing->page, position);
}

enum status op_list_executions(struct call *call)
{
    struct listing listing = {.redrive_filter = call_text(call, "redriveFilter")};
    struct view_executions query = {
        .machine_arn = call_text(call, "stateMachineArn"),
        .status = EXECUTION_STATUS_COUNT,
    };
    const struct definition *head;
    bool refused;
    struct str status_filter = call_text(call, "statusFilter");
    if ((query.machine_arn.bytes == NULL) == (call_text(call, "mapRunArn").bytes == NULL)) {
        return call_refuse(call, STR("ValidationException"),
                           "Exactly one of the fields [stateMachineArn, mapRunArn] must be specified");
    }
    if (query.machine_arn.bytes == NULL) {
        TRY(subject_check_resource(call, call_text(call, "mapRunArn"), STR("mapRun"), &refused));
        return refused ? STATUS_OK
                       : call_refuse_quoting(call, STR("ResourceNotFound"), "Resource not found",
                                             call_text(call, "mapRunArn"));
    }
    TRY(page_begin(call, &listing.page, &refused));
    if (refused) {
        return STATUS_OK;
    }
    TRY(subject_machine(call, query.machine_arn, &head, &refused));
    if (refused) {
        return STATUS_OK;
    }
    if (str_equal(head->type, STR("EXPRESS"))) {
        return call_refuse(call, STR("StateMachineTypeNotSupported"),
                           "This operation is not supported by this type of state machine");
    }
    query.position = listing.page.position;
    if (status_filter.bytes != NULL && !execution_status_of(status_filter, &query.status)) {
        return page_answer(&listing.page, "executions"); /* a status that no execution of pawl has */
    }
    TRY(view_each_execution(call->gateway->view, call->arena, &query, each, &listing));
    return page_answer(&listing.page, "executions");
}
