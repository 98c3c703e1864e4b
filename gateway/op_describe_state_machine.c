#include "gateway/answer.h"
#include "gateway/operations_parts.h"
#include "gateway/subject.h"
#include "schemas/definition_kinds.h"

/* Of an alias, which has no definition of its own, the machine's. */
static enum status described(struct call *call, const struct definition **out_head, bool *out_refused)
{
    struct str arn = call_text(call, "stateMachineArn");
    TRY(subject_machine(call, arn, out_head, out_refused));
    if (!*out_refused && str_equal((*out_head)->kind, DEFINITION_KIND_ALIAS)) {
        return subject_machine(call, subject_machine_arn(arn), out_head, out_refused);
    }
    return STATUS_OK;
}

enum status op_describe_state_machine(struct call *call)
{
    const struct definition *head;
    const struct definition *revision;
    bool refused;
    struct str text;
    TRY(described(call, &head, &refused));
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
