#include "gateway/operations_parts.h"
#include "gateway/subject.h"

/* There is no Distributed Map yet, and so there are no runs of one. */
enum status op_describe_map_run(struct call *call)
{
    struct str arn = call_text(call, "mapRunArn");
    bool refused;
    TRY(subject_check_resource(call, arn, STR("mapRun"), &refused));
    return refused ? STATUS_OK : call_refuse_quoting(call, STR("ResourceNotFound"), "Resource not found", arn);
}
