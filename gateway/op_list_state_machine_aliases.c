#include "gateway/answer.h"
#include "gateway/operations_parts.h"
#include "gateway/page.h"
#include "gateway/subject.h"
#include "schemas/definition_kinds.h"

struct aliases {
    struct page page;
    struct str version; /* in quotes: only those that name it; STR_NONE: all */
};

static enum status each(void *owner, struct str position, const void *value)
{
    struct aliases *aliases = owner;
    const struct definition *alias = value;
    struct answer answer;
    struct str text;
    if (!str_equal(alias->kind, DEFINITION_KIND_ALIAS)) {
        return STATUS_OK;
    }
    if (aliases->version.bytes != NULL &&
        str_find_str(alias->routing_configuration, aliases->version) == alias->routing_configuration.length) {
        return STATUS_OK;
    }
    if (!page_has_room(&aliases->page)) {
        return STATUS_END;
    }
    TRY(answer_begin(aliases->page.call->arena, &answer));
    TRY(answer_text(&answer, "stateMachineAliasArn", alias->resource_arn));
    TRY(answer_time(&answer, "creationDate", alias->creation_date));
    TRY(answer_end(&answer, &text));
    TRY(page_item_begin(&aliases->page));
    TRY(buffer_add(&aliases->page.items, text));
    return page_item_end(&aliases->page, position);
}

static enum status check_machine(struct call *call, struct str arn, bool *out_refused)
{
    const struct definition *head;
    const struct definition *version;
    *out_refused = false;
    TRY(subject_machine(call, subject_machine_arn(arn), &head, out_refused));
    if (*out_refused) {
        return STATUS_OK;
    }
    if (!str_equal(head->status, STR("ACTIVE"))) {
        *out_refused = true;
        return call_refuse_quoting(call, STR("StateMachineDeleting"), "State Machine is being deleted", arn);
    }
    enum status status = view_machine(call->gateway->view, call->arena, arn, &version);
    *out_refused = status == STATUS_NOT_FOUND;
    return !*out_refused ? status
                         : call_refuse(call, STR("ResourceNotFound"), "Request references a resource that does not exist.");
}

enum status op_list_state_machine_aliases(struct call *call)
{
    struct str arn = call_text(call, "stateMachineArn");
    struct aliases aliases = {.version = STR_NONE};
    struct view_definitions query;
    bool refused;
    TRY(page_begin(call, &aliases.page, &refused));
    if (refused) {
        return STATUS_OK;
    }
    TRY(check_machine(call, arn, &refused));
    if (refused) {
        return STATUS_OK;
    }
    if (arn_type_of(arn) == ARN_QUALIFIED) {
        TRY(arena_format(call->arena, &aliases.version, "\"%.*s\"", STR_ARGS(arn)));
    }
    query.position = aliases.page.position;
    TRY(arena_concat(call->arena, subject_machine_arn(arn), STR(":"), &query.prefix));
    TRY(view_each_definition(call->gateway->view, call->arena, &query, each, &aliases));
    return page_answer(&aliases.page, "stateMachineAliases");
}
