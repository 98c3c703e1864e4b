#include "gateway/answer.h"
#include "gateway/operations_parts.h"
#include "gateway/subject.h"

enum status op_describe_execution(struct call *call)
{
    const struct execution_status *execution;
    bool refused;
    struct str text;
    TRY(subject_execution(call, &execution, &refused));
    if (refused) {
        return STATUS_OK;
    }
    bool with_data = !str_equal(call_text(call, "includedData"), STR("METADATA_ONLY"));
    TRY(answer_execution(call->arena, execution, with_data, &text));
    return call_answer(call, text);
}
