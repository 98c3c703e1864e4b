#include "asl/redrive.h"
#include "gateway/answer.h"
#include "gateway/operations_parts.h"
#include "gateway/subject.h"

/* What RedriveExecution would say: STR_NONE, or why not. */
static enum status find_refusal(struct call *call, const struct execution_status *execution, struct str *out_reason)
{
    const struct definition *head;
    TRY(redrive_refusal(call->arena, execution, &call->gateway->config.step, call->now_ms * 1000, out_reason));
    if (out_reason->bytes != NULL) {
        return STATUS_OK;
    }
    enum status status = view_machine(call->gateway->view, call->arena, execution->state_machine_arn, &head);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && str_equal(head->status, STR("DELETING")))) {
        *out_reason = STR(REDRIVE_MACHINE_DELETING);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status op_describe_execution(struct call *call)
{
    const struct execution_status *execution;
    bool refused;
    struct str refusal;
    struct str text;
    TRY(subject_execution(call, &execution, &refused));
    if (refused) {
        return STATUS_OK;
    }
    bool with_data = !str_equal(call_text(call, "includedData"), STR("METADATA_ONLY"));
    TRY(find_refusal(call, execution, &refusal));
    TRY(answer_execution(call->arena, execution, with_data, refusal, &text));
    return call_answer(call, text);
}
