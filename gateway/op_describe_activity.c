#include "gateway/answer.h"
#include "gateway/operations_parts.h"
#include "gateway/subject.h"

enum status op_describe_activity(struct call *call)
{
    const struct definition *activity;
    struct answer answer;
    struct str text;
    bool refused;
    TRY(subject_activity(call, call_text(call, "activityArn"), &activity, &refused));
    if (refused) {
        return STATUS_OK;
    }
    TRY(answer_begin(call->arena, &answer));
    TRY(answer_text(&answer, "activityArn", activity->resource_arn));
    TRY(answer_text(&answer, "name", activity->name));
    TRY(answer_time(&answer, "creationDate", activity->creation_date));
    TRY(answer_json(&answer, "encryptionConfiguration",
                    activity->encryption_configuration.bytes != NULL ? activity->encryption_configuration
                                                                     : STR("{\"type\":\"AWS_OWNED_KEY\"}")));
    TRY(answer_end(&answer, &text));
    return call_answer(call, text);
}
