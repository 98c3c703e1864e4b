#include "processor/handling.h"

#include "base/assert.h"

enum status handling_machine(struct handling *handling, struct str arn, struct str revision_id,
                             const struct machine **out_machine)
{
    ASSERT(handling->use == NULL);
    enum status status = definitions_use(handling->definitions, arn, revision_id, &handling->use);
    if (status == STATUS_RETRIABLE) {
        return handling_needs(handling, (struct need){.type = NEED_MACHINE, .arn = arn, .revision_id = revision_id});
    }
    /* A revision that is named was published: however long it takes, until the end was read it may be there. */
    if (status == STATUS_NOT_FOUND && (handling->attempt == NULL || !handling->attempt->definition_awaited)) {
        return handling_needs(handling, (struct need){.type = NEED_DEFINITION});
    }
    TRY(status);
    *out_machine = definition_use_machine(handling->use);
    return STATUS_OK;
}
