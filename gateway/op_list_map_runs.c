#include "gateway/operations_parts.h"
#include "gateway/page.h"
#include "gateway/subject.h"

/* There is no Distributed Map yet, and so there are no runs of one. */
enum status op_list_map_runs(struct call *call)
{
    const struct execution_status *execution;
    struct page page;
    bool refused;
    TRY(subject_execution(call, &execution, &refused));
    if (refused) {
        return STATUS_OK;
    }
    TRY(page_begin(call, &page, &refused));
    return refused ? STATUS_OK : page_answer(&page, "mapRuns");
}
