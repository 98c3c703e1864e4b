#include "asl/arn.h"
#include "gateway/answer.h"
#include "gateway/operations_parts.h"
#include "gateway/subject.h"

/* A version or alias has no tags of its own, and is not asked for them. */
static enum status check(struct call *call, struct str arn, bool *out_refused)
{
    enum arn_type type = arn_type_of(arn);
    *out_refused = false;
    if (type == ARN_QUALIFIED) {
        *out_refused = true;
        return call_refuse_quoting(call, STR("ResourceNotFound"), "Resource not found", arn);
    }
    return type == ARN_MACHINE || type == ARN_ACTIVITY ? STATUS_OK : subject_check_arn(call, arn, ARN_MACHINE, out_refused);
}

enum status op_list_tags_for_resource(struct call *call)
{
    struct str arn = call_text(call, "resourceArn");
    const struct definition *resource;
    struct answer answer;
    struct str text;
    bool refused;
    TRY(check(call, arn, &refused));
    if (refused) {
        return STATUS_OK;
    }
    enum status status = view_machine(call->gateway->view, call->arena, arn, &resource);
    if (status == STATUS_NOT_FOUND) {
        return call_refuse_quoting(call, STR("ResourceNotFound"), "Resource not found", arn);
    }
    TRY(status);
    TRY(answer_begin(call->arena, &answer));
    TRY(answer_json(&answer, "tags", resource->tags.bytes == NULL ? STR("[]") : resource->tags));
    TRY(answer_end(&answer, &text));
    return call_answer(call, text);
}
