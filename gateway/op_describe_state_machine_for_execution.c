#include "gateway/answer.h"
#include "gateway/operations_parts.h"
#include "gateway/subject.h"

enum status op_describe_state_machine_for_execution(struct call *call)
{
    const struct execution_status *execution;
    const struct definition *revision;
    bool refused;
    struct str text;
    TRY(subject_execution(call, &execution, &refused));
    if (refused) {
        return STATUS_OK;
    }
    TRY(view_revision(call->gateway->view, call->arena, execution->state_machine_arn, execution->revision_id, &revision));
    struct definition shown = *revision;
    if (str_equal(call_text(call, "includedData"), STR("METADATA_ONLY"))) {
        shown.definition = STR("{}"); /* the API: one that is not to be shown */
    }
    TRY(answer_machine_of_execution(call->arena, &shown, &text));
    return call_answer(call, text);
}
