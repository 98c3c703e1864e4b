#include "gateway/operations_parts.h"
#include "gateway/subject.h"

/* There is no Distributed Map yet, and so there are no runs of one. */
enum status op_update_map_run(struct call *call)
{
    struct str arn = call_text(call, "mapRunArn");
    bool refused;
    TRY(subject_check_resource(call, arn, STR("mapRun"), &refused));
    if (refused) {
        return STATUS_OK;
    }
    if (!call_has(call, "maxConcurrency") && !call_has(call, "toleratedFailureCount") &&
        !call_has(call, "toleratedFailurePercentage")) {
        return call_refuse(call, STR("ValidationException"),
                           "At least one of the fields [maxConcurrency, toleratedFailurePercentage, toleratedFailureCount] "
                           "must be specified");
    }
    return call_refuse_quoting(call, STR("ResourceNotFound"), "Resource not found", arn);
}
