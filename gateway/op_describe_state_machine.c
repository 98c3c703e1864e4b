#include "gateway/answer.h"
#include "gateway/operations_parts.h"
#include "gateway/subject.h"

enum status op_describe_state_machine(struct call *call)
{
    const struct definition *head;
    const struct definition *revision;
    bool refused;
    struct str text;
    TRY(subject_machine(call, call_text(call, "stateMachineArn"), &head, &refused));
    if (refused) {
        return STATUS_OK;
    }
    struct definition shown = *head;
    shown.definition = STR("{}"); /* the API: a definition that is not to be shown */
    if (!str_equal(call_text(call, "includedData"), STR("METADATA_ONLY"))) {
        TRY(view_revision(call->gateway->view, call->arena, head->state_machine_arn, head->revision_id, &revision));
        shown.definition = revision->definition;
    }
    TRY(answer_machine(call->arena, &shown, &text));
    return call_answer(call, text);
}
