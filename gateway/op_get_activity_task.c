#include "gateway/operations_parts.h"
#include "gateway/subject.h"

enum status op_get_activity_task(struct call *call)
{
    struct str arn = call_text(call, "activityArn");
    const struct definition *activity;
    bool refused;
    TRY(subject_activity(call, arn, &activity, &refused));
    return refused ? STATUS_OK : call_poll(call, arn, call_text(call, "workerName"));
}
