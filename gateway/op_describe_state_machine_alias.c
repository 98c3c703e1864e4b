#include "gateway/answer.h"
#include "gateway/operations_parts.h"
#include "gateway/subject.h"
#include "schemas/definition_kinds.h"

static enum status tell(struct call *call, const struct definition *alias)
{
    struct answer answer;
    struct str text;
    TRY(answer_begin(call->arena, &answer));
    TRY(answer_text(&answer, "stateMachineAliasArn", alias->resource_arn));
    TRY(answer_text(&answer, "name", alias->name));
    TRY(answer_text(&answer, "description", alias->description));
    TRY(answer_json(&answer, "routingConfiguration", alias->routing_configuration));
    TRY(answer_time(&answer, "creationDate", alias->creation_date));
    TRY(answer_time(&answer, "updateDate", alias->update_date));
    TRY(answer_end(&answer, &text));
    return call_answer(call, text);
}

enum status op_describe_state_machine_alias(struct call *call)
{
    struct str arn = call_text(call, "stateMachineAliasArn");
    const struct definition *alias;
    bool refused;
    TRY(subject_check_arn(call, arn, ARN_QUALIFIED, &refused));
    if (refused) {
        return STATUS_OK;
    }
    enum status status = view_machine(call->gateway->view, call->arena, arn, &alias);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !str_equal(alias->kind, DEFINITION_KIND_ALIAS))) {
        return call_refuse(call, STR("ResourceNotFound"), "Request references a resource that does not exist.");
    }
    TRY(status);
    return tell(call, alias);
}
